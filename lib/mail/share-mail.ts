import { oneLine, visible } from "../text/html.ts";
import { formatDateTime, type Locale } from "../text/locale.ts";
import { wordsIn } from "../text/catalogue.ts";
import type { FirmBrand } from "../http/pages/brand.ts";
import { mailOf, type Mail } from "./letter.ts";

/** A link for one recipient. It has no field for a case's title or a document's name: a mailbox is not a safe. */
export interface ShareMailView {
  readonly firm: FirmBrand;
  readonly locale: Locale;
  readonly senderName: string;
  readonly recipientName?: string | undefined;
  readonly message?: string | undefined;
  readonly link: string;
  readonly expiresAt: string;
  readonly asksPasscode: boolean;
  /** The link takes the place of an earlier one. */
  readonly renewed?: boolean | undefined;
}

/** "Bufete Ferrer y Asociados le ha enviado documentos". */
export const shareMail = (view: ShareMailView): Mail => {
  const { firm, locale, recipientName, message, link, expiresAt, asksPasscode, renewed } = view;
  const { hello, helloNobody, share: words } = wordsIn(locale).mail;
  const [name, sender, recipient] = [oneLine(firm.name), oneLine(view.senderName), oneLine(recipientName ?? "")];
  return mailOf({
    firm,
    locale,
    subject: renewed === true ? words.subjectRenewed(name) : words.subject(name),
    greeting: recipient === "" ? helloNobody : hello(recipient),
    opening: [renewed === true ? words.introRenewed(sender, name) : words.intro(sender, name)],
    quote: message === undefined || visible(message).trim() === "" ? undefined : { label: words.message, text: message },
    button: { label: words.open, href: link },
    closing: [words.until(formatDateTime(expiresAt, locale, firm.timeZone)), ...(asksPasscode ? [words.passcode] : []), words.personal],
  });
};
