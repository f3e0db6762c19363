import type { FirmProfile } from "../lib/domain/firm.ts";

/** A mail that Cognito itself sends; `{####}` is the code. */
export interface CodeMail {
  readonly subject: string;
  readonly body: string;
}

type Wording = (firm: string, phone: string) => CodeMail;

const signIn: Readonly<Record<FirmProfile["locale"], Wording>> = {
  es: (firm, phone) => ({ subject: "Su código de acceso", body: `Su código para entrar en ${firm}: {####}. Si no lo ha pedido usted, no lo comparta con nadie y llámenos al ${phone}.` }),
  ca: (firm, phone) => ({ subject: "El seu codi d’accés", body: `El seu codi per entrar a ${firm}: {####}. Si no l’ha demanat vostè, no el comparteixi amb ningú i truqui’ns al ${phone}.` }),
  en: (firm, phone) => ({ subject: "Your sign-in code", body: `Your code to sign in to ${firm}: {####}. If you did not ask for it, share it with no one and call us on ${phone}.` }),
};

const confirming: Readonly<Record<FirmProfile["locale"], Wording>> = {
  es: (firm, phone) => ({ subject: "Su código de confirmación", body: `Su código para ${firm}: {####}. Si no lo ha pedido usted, llámenos al ${phone}.` }),
  ca: (firm, phone) => ({ subject: "El seu codi de confirmació", body: `El seu codi per a ${firm}: {####}. Si no l’ha demanat vostè, truqui’ns al ${phone}.` }),
  en: (firm, phone) => ({ subject: "Your confirmation code", body: `Your code for ${firm}: {####}. If you did not ask for it, call us on ${phone}.` }),
};

/** What a client reads who signs in by e-mail. */
export const signInCode = ({ locale, name, phone }: FirmProfile): CodeMail => signIn[locale](name, phone);
/** What a person reads who has forgotten a password. */
export const confirmingCode = ({ locale, name, phone }: FirmProfile): CodeMail => confirming[locale](name, phone);
