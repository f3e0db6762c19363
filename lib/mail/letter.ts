import { Html, html, oneLine, visible } from "../text/html.ts";
import type { Locale } from "../text/locale.ts";
import { wordsIn } from "../text/catalogue.ts";
import { dialled, type FirmBrand } from "../http/pages/brand.ts";
import { paletteOf, paper, type Palette } from "../http/pages/colour.ts";

/** A mail, ready to be sent: both bodies say the same. */
export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** What a mail says, before it is text or HTML. Written once, so that the two can not differ. */
export interface Letter {
  readonly firm: FirmBrand;
  readonly locale: Locale;
  readonly subject: string;
  readonly greeting: string;
  /** Who writes and why. */
  readonly opening: readonly string[];
  /** Words of a person of the firm, kept apart from ours. */
  readonly quote?: { readonly label: string; readonly text: string } | undefined;
  readonly button: { readonly label: string; readonly href: string };
  /** Until when, with what account, and the like. */
  readonly closing: readonly string[];
  /** What to do about a mail that seems false; without it, not to open the link and whom to call. */
  readonly doubt?: string | undefined;
}

const quoteLines = (text: string): readonly string[] => visible(text).trim().split("\n").map((it) => it.trimEnd());

const bareLink = ({ locale }: Letter): string => wordsIn(locale).mail.bareLink;
const doubt = (letter: Letter, phone: string): string => letter.doubt ?? wordsIn(letter.locale).mail.unexpected(phone);
const phoneLabel = ({ locale }: Letter): string => `${wordsIn(locale).firm.phone}: `;

const textOf = (letter: Letter): string => {
  const { firm, greeting, opening, quote, button, closing } = letter;
  const said = quote === undefined ? [] : [`${quote.label}\n\n${quoteLines(quote.text).map((it) => `> ${it}`.trimEnd()).join("\n")}`];
  const signature = [firm.name, firm.address, phoneLabel(letter) + firm.phone].map(oneLine).join("\n");
  const link = `${button.label}:\n${button.href}`;
  return `${[...[greeting, ...opening].map(oneLine), ...said, link, ...closing.map(oneLine), doubt(letter, oneLine(firm.phone)), signature].join("\n\n")}\n`;
};

const serif = "Georgia,'Times New Roman',serif";
const sans = "-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";

// Mail readers that know colour schemes get their own colours; those that invert on their own find plain ones, with nothing in images.
const darkStyle = ({ line }: Palette): string =>
  [
    ":root{color-scheme:light dark;supported-color-schemes:light dark}",
    `@media (prefers-color-scheme:dark){body,.paper{background:${paper.night}!important}`,
    ".ink{color:#eceff1!important}.quiet,.quiet a{color:#b0b8c0!important}",
    `.quote{border-color:#3a4148!important}.rule,.edge{border-color:${line.night}!important}}`,
  ].join("");

const paragraph = (line: string): Html => html`<p class="ink" style="margin:0 0 16px;color:#14171a">${line}</p>\n`;
/** A number stays on one line of a phone's narrow mail. */
const unbroken = (number: string): string => number.replaceAll(" ", "\u00a0");

// A table, because Outlook gives padding and colour to cells only.
const buttonOf = ({ label, href }: Letter["button"], { fill, text, line }: Palette): Html => {
  const style = `display:inline-block;padding:14px 28px;color:${text};font:bold 18px/1.3 ${sans};text-decoration:none`;
  return html`<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:24px 0"><tr>
<td class="edge" bgcolor="${fill}" style="border:2px solid ${line.day};border-radius:4px;background:${fill}"><a href="${href}" style="${style}">${label}</a></td>
</tr></table>`;
};

const htmlOf = (letter: Letter): string => {
  const { firm, locale, subject, greeting, opening, quote, button, closing } = letter;
  const palette = paletteOf(firm.colour);
  const [name, address, phone] = [oneLine(firm.name), oneLine(firm.address), oneLine(firm.phone)];
  const said = quote !== undefined && html`<p class="quiet" style="margin:0 0 8px;color:#4b535b">${quote.label}</p>
<blockquote class="ink quote" dir="auto" style="margin:0 0 24px;padding:0 0 0 16px;border-left:3px solid #d3d8dd;color:#14171a">${quoteLines(quote.text).map((it, index) => html`${index > 0 && html`<br>`}${it}`)}</blockquote>`;
  return html`<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${subject}</title>
<style>${new Html(darkStyle(palette))}</style>
</head>
<body style="margin:0;padding:0;background:${paper.day}">
<table class="paper" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:${paper.day}"><tr><td align="center" style="padding:32px 20px">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" border="0" style="width:100%;max-width:600px"><tr><td style="font:17px/1.55 ${sans};overflow-wrap:anywhere;word-break:break-word">
<p class="ink rule" style="margin:0 0 28px;padding:0 0 14px;border-bottom:3px solid ${palette.line.day};color:#14171a;font:bold 20px/1.3 ${serif}">${name}</p>
${[greeting, ...opening].map(oneLine).map(paragraph)}${said}
${buttonOf(button, palette)}
<p class="quiet" style="margin:0 0 24px;color:#4b535b;font-size:15px">${bareLink(letter)}<br><a href="${button.href}" style="color:#4b535b;word-break:break-all">${button.href}</a></p>
${closing.map(oneLine).map(paragraph)}${paragraph(doubt(letter, unbroken(phone)))}<p class="quiet quote" style="margin:32px 0 0;padding:16px 0 0;border-top:1px solid #d3d8dd;color:#4b535b;font-size:15px">${name}<br>${address}<br>${phoneLabel(letter)}<a href="${dialled(firm.phone)}" style="color:#4b535b">${phone}</a></p>
</td></tr></table>
</td></tr></table>
</body>
</html>
`.markup;
};

/** Text first; the HTML says the same in the firm's dress. */
export const mailOf = (letter: Letter): Mail => {
  const subject = oneLine(letter.subject);
  return { subject, text: textOf(letter), html: htmlOf({ ...letter, subject }) };
};
