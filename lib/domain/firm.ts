import * as z from "zod/mini";
import { hasWordOfAws, signOnDomainOf, staffSso } from "./sign-on.ts";
import { emailAddress, line, localeTag } from "./text.ts";

const bounded = (low: number, high: number) => z.int().check(z.gte(low, `Is less than ${low}.`), z.lte(high, `Is more than ${high}.`));
const httpsOrigin = z.string().check(z.regex(/^https:\/\/[a-z0-9.-]+(:\d+)?$/, "Is not an https origin such as https://clientes.example.com."));

/** What a firm says of itself to the people it serves, and the limits its staff work within. */
export const firmProfile = z.strictObject({
  name: line(120),
  locale: z._default(localeTag, "es"),
  timeZone: z._default(z.enum(["Europe/Madrid", "Atlantic/Canary", "Europe/Andorra"]), "Europe/Madrid"),
  colour: z._default(z.string().check(z.regex(/^#[0-9a-f]{6}$/, "Is not a colour such as #1f4e79.")), "#1f4e79"),
  logo: z.optional(z.string().check(z.regex(/^data:image\/(png|svg\+xml);base64,[A-Za-z0-9+/=]+$/, "Is not a data: URI of a PNG or SVG image."), z.maxLength(2000, "Is longer than 2,000 characters: Lambda's environment holds 4 KB."))),
  phone: line(40),
  address: line(200),
  /** Advisers enter the cases they work on, or all that are not restricted; the safer one unless the firm says otherwise. */
  adviserCases: z._default(z.enum(["own", "all"]), "own"),
  maxShareDays: z._default(bounded(1, 365), 90),
  defaultShareDays: z._default(bounded(1, 365), 30),
  maxUploadBytes: z._default(bounded(1, 5 * 1024 ** 4), 10 * 1024 ** 3),
});
export type FirmProfile = z.infer<typeof firmProfile>;

/** `firms/<name>.json`: the ceiling and the seed of one firm's stack, validated before anything is synthesized. */
export const firmSettings = z.strictObject({
  firm: z.string().check(z.regex(/^[a-z][a-z0-9-]{1,19}$/, "Is not a name of 2 to 20 lower-case letters, digits and dashes, which prefixes every resource.")),
  account: z.optional(z.string().check(z.regex(/^\d{12}$/, "Is not an AWS account id of 12 digits."))),
  region: z._default(z.enum(["eu-west-1", "eu-west-3", "eu-central-1", "eu-south-2", "eu-north-1"]), "eu-west-1"),
  mailRegion: z.optional(z.enum(["eu-west-1", "eu-west-3", "eu-central-1", "eu-north-1"])),
  profile: firmProfile,
  mail: z.strictObject({ sender: emailAddress, replyTo: z.optional(emailAddress) }),
  publicUrl: z.optional(httpsOrigin),
  portalUrl: z.optional(httpsOrigin),
  origins: z._default(z.array(httpsOrigin).check(z.maxLength(20, "Has more than 20 origins.")), []),
  malwareScan: z._default(z.boolean(), true),
  staffSso: z.optional(staffSso),
  retentionDays: z._default(bounded(1, 3650), 90),
  throttle: z._default(z.strictObject({ requestsPerSecond: bounded(1, 10_000), burst: bounded(1, 5_000) }), { requestsPerSecond: 100, burst: 200 }),
}).check(
  z.refine((settings) => settings.region !== "eu-south-2" || settings.mailRegion !== undefined, { path: ["mailRegion"], error: "Is missing: SES does not exist in eu-south-2." }),
  z.refine((settings) => settings.profile.defaultShareDays <= settings.profile.maxShareDays, { path: ["profile", "defaultShareDays"], error: "Is more than maxShareDays." }),
  z.refine((settings) => settings.staffSso?.kind !== "oidc" || settings.staffSso.clientSecretName.startsWith(`legajo/${settings.firm}/`), { path: ["staffSso", "clientSecretName"], error: "Is not under this firm's own name: legajo/<firm>/…" }),
  z.refine((settings) => settings.staffSso === undefined || !hasWordOfAws(signOnDomainOf(settings)), { path: ["staffSso", "domainPrefix"], error: "Has aws, amazon or cognito in it, or is missing where the firm's name has: Cognito refuses such a domain." }),
);
export type FirmSettings = z.infer<typeof firmSettings>;
