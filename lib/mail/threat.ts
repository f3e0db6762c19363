import { oneLine } from "../text/html.ts";
import { wordsIn } from "../text/catalogue.ts";
import type { Locale } from "../text/locale.ts";
import type { FirmBrand } from "../http/pages/brand.ts";
import { mailOf, type Mail } from "./letter.ts";

export interface ThreatMailView {
  readonly firm: FirmBrand;
  readonly locale: Locale;
  /** Of the person of the firm who reads it. */
  readonly name: string;
  readonly caseReference: string;
  readonly documentName: string;
  readonly staffAppUrl: string;
}

/** Tells whoever works on a case that a document of theirs is locked. It goes to the firm's own people alone, so it may name the document. */
export const threatMail = (view: ThreatMailView): Mail => {
  const { hello, threat: words } = wordsIn(view.locale).mail;
  return mailOf({
    firm: view.firm, locale: view.locale, subject: words.subject, greeting: hello(oneLine(view.name)),
    opening: [words.intro(oneLine(view.caseReference)), words.file(oneLine(view.documentName))],
    button: { label: words.open, href: view.staffAppUrl },
    closing: [words.advice, words.why(oneLine(view.firm.name))],
    doubt: words.doubt,
  });
};
