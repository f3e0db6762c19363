import { unseen } from "../domain/text.ts";

/** Markup that was written here or escaped here; plain text can not be mistaken for it. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
  toString(): string {
    return this.markup;
  }
}

/** What may stand in a template: text is escaped, markup and lists of markup stay, `undefined` and `false` leave nothing. */
export type Interpolation = string | number | Html | readonly Html[] | undefined | false;

// What no name may hold is not shown either, wherever it came from; line breaks and tabs stay, because messages have them.
const everyUnseen = new RegExp(unseen, "gv");
const lineBreaks = /\r\n?|[\u0085\u2028\u2029]/gu;

/** Text as the eye sees it: no controls, no bidirectional overrides, no half characters; line breaks become `\n`. */
export const visible = (text: string): string => text.toWellFormed().replace(lineBreaks, "\n").replace(everyUnseen, (mark) => (mark === "\n" || mark === "\t" ? mark : ""));

/** The same on one line, so that a name can never begin a line of its own in a mail or end a header. */
export const oneLine = (text: string): string => visible(text).replace(/\s+/gu, " ").trim();

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Safe between tags and inside quoted attributes. */
export const escape = (text: string): string => visible(text).replace(/[&<>"']/gu, (sign) => entities[sign] ?? "");

const render = (value: Interpolation): string => {
  if (value === undefined || value === false) return "";
  if (value instanceof Html) return value.markup;
  if (typeof value === "object") return value.map((it) => it.markup).join("");
  return escape(String(value));
};

/** The only way from text to markup. Attributes must be quoted. */
export const html = (strings: TemplateStringsArray, ...values: readonly Interpolation[]): Html =>
  new Html(strings.reduce((before, string, index) => before + render(values[index - 1]) + string));

/** A name that someone typed, in its own direction: a Hebrew or Arabic name does not turn the sentence around it. */
export const nameOf = (text: string): Html => html`<bdi>${oneLine(text)}</bdi>`;
