import * as z from "zod/mini";
import { line } from "./text.ts";

const isPlainHttps = (text: string): boolean => {
  const url = URL.parse(text);
  return url?.protocol === "https:" && url.username === "" && url.password === "" && !text.includes("#");
};
/** An address that browsers are sent to or that AWS reads from: https, no credentials, no fragment (RFC 6749 section 3.1.2). */
const httpsUrl = z.string().check(z.maxLength(1000, "Is longer than 1,000 characters."), z.refine(isPlainHttps, "Is not an https address such as https://despacho.example.com/signed-in."));

const reservedByCognito = new Set(["cognito", "facebook", "google", "loginwithamazon", "signinwithapple"]);
const addresses = z.array(httpsUrl).check(z.maxLength(20, "Has more than 20 addresses."));
const signOn = {
  /** As Cognito keeps it, with the links of everyone under it: it must not change. */
  name: z.string().check(
    z.regex(/^[A-Za-z][A-Za-z0-9-]{2,31}$/, "Is not a name of 3 to 32 letters, digits and dashes, a letter first."),
    z.refine((name) => !reservedByCognito.has(name.toLowerCase()), "Is a name that Cognito keeps for itself."),
  ),
  callbackUrls: addresses.check(z.minLength(1, "Is empty: nobody could come back signed in.")),
  signOutUrls: z._default(addresses, []),
  domainPrefix: z.optional(z.string().check(z.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "Is not a name of up to 63 lower-case letters, digits and dashes."))),
};
/** Entra's endpoints for everyone: whoever makes a tenant of their own writes any address into its users. */
const everyTenant = /^https:\/\/(login\.microsoftonline\.com|sts\.windows\.net)\/(common|organizations|consumers)(\/|$)/i;

/** The firm's own provider, through which its staff sign in. What it says of an e-mail address is believed: it opens the account invited under it. */
export const staffSso = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("saml"), ...signOn, metadataUrl: httpsUrl,
    emailAttribute: z._default(line(200), "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"),
  }),
  z.strictObject({
    kind: z.literal("oidc"), ...signOn,
    issuer: httpsUrl.check(z.refine((issuer) => !everyTenant.test(issuer), "Lets in people of every organisation: name the firm's own tenant.")),
    clientId: line(200),
    clientSecretName: z.string().check(z.regex(/^legajo\/[\w/+=.@-]{1,500}$/, "Is not the name of a secret in Secrets Manager such as legajo/ferrer/staff-sso: the secret itself never stands here.")),
  }),
], { error: "Is not one of saml, oidc." });

/** Where the browsers of staff are sent to sign in; Cognito's own domain, whose prefix is unique in a region. */
export const signOnDomainOf = ({ firm, staffSso: sso }: { readonly firm: string; readonly staffSso?: { readonly domainPrefix?: string | undefined } | undefined }): string => sso?.domainPrefix ?? `legajo-${firm}-staff`;
/** Cognito refuses a domain with one of its own words in it, anywhere: of a firm called Lawson too. */
export const hasWordOfAws = (prefix: string): boolean => /aws|amazon|cognito/.test(prefix);
