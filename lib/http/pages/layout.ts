import { Html, html, nameOf, oneLine } from "../../text/html.ts";
import type { Locale } from "../../text/locale.ts";
import { wordsIn } from "../../text/catalogue.ts";
import { dialled, ruleOf, signOf, type FirmBrand } from "./brand.ts";
import { style } from "./style.ts";

/** What every page knows. */
export interface PageView {
  readonly firm: FirmBrand;
  readonly locale: Locale;
}

const contactOf = ({ firm, locale }: PageView): Html => html`<footer>
<p><strong>${nameOf(firm.name)}</strong></p>
<p>${nameOf(firm.address)}</p>
<p>${wordsIn(locale).firm.phone}: <a href="${dialled(firm.phone)}">${nameOf(firm.phone)}</a></p>
</footer>`;

/** A whole document: the firm at the top, one thing in the middle, whom to call at the end. */
export const pageOf = (view: PageView, title: string, content: Html): string =>
  html`<!doctype html>
<html lang="${view.locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<meta name="format-detection" content="telephone=no">
<link rel="icon" href="data:,">
<title>${oneLine(title)}</title>
<style>${new Html(style)}</style>
</head>
<body>
<div class="page">
<header>
${signOf(view.firm)}
${ruleOf(view.firm)}
</header>
<main>
${content}
</main>
${contactOf(view)}
</div>
</body>
</html>
`.markup;

/** The field that proves that a form was posted from a page of ours. */
export const nonceField = (nonce: string): Html => html`<input type="hidden" name="nonce" value="${nonce}">`;

/** The firm's number, large, where calling is what there is to do. */
export const callUs = (firm: FirmBrand): Html => html`<p class="call"><a href="${dialled(firm.phone)}">${nameOf(firm.phone)}</a></p>`;
