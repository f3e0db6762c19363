import { oneLine } from "../text/html.ts";
import type { Locale } from "../text/locale.ts";
import { wordsIn } from "../text/catalogue.ts";
import type { FirmBrand } from "../http/pages/brand.ts";
import { mailOf, type Mail } from "./letter.ts";

interface InvitationView {
  readonly firm: FirmBrand;
  readonly locale: Locale;
  readonly name: string;
  readonly email: string;
  /** Only the local cloud, whose user pool sends no mail, writes a password into one. */
  readonly password?: string | undefined;
}

export interface ContactInvitationView extends InvitationView {
  readonly portalUrl: string;
}

export interface MemberInvitationView extends InvitationView {
  readonly role: "admin" | "adviser" | "assistant";
  readonly signInUrl: string;
}

const passwordLine = ({ locale, password }: InvitationView): readonly string[] => (password === undefined ? [] : [`${wordsIn(locale).mail.password}: ${password}`]);

/** Tells a client or collaborator where their space is. */
export const contactInvitation = (view: ContactInvitationView): Mail => {
  const { hello, contact: words } = wordsIn(view.locale).mail;
  const firm = oneLine(view.firm.name);
  return mailOf({
    firm: view.firm,
    locale: view.locale,
    subject: words.subject(firm),
    greeting: hello(oneLine(view.name)),
    opening: [words.intro(firm), words.account(view.email), ...passwordLine(view)],
    button: { label: words.open, href: view.portalUrl },
    closing: [words.why(firm)],
  });
};

/** Tells a person of the firm where they work. */
export const memberInvitation = (view: MemberInvitationView): Mail => {
  const { hello, member: words } = wordsIn(view.locale).mail;
  const firm = oneLine(view.firm.name);
  return mailOf({
    firm: view.firm,
    locale: view.locale,
    subject: words.subject(firm),
    greeting: hello(oneLine(view.name)),
    opening: [words.intro(firm, words.roles[view.role]), words.account(view.email), ...passwordLine(view)],
    button: { label: words.open, href: view.signInUrl },
    closing: [words.why(firm)],
  });
};
