import * as z from "zod/mini";
import { firmProfile } from "./domain/firm.ts";

const text = z.string().check(z.minLength(1));
const https = z.templateLiteral(["https://", text]);

/** Environments hold text alone. */
const days = z.pipe(z.string().check(z.regex(/^[1-9]\d{0,3}$/)), z.transform(Number));

/** The firm's profile travels as JSON in one variable. */
const profile = z.pipe(
  z.string(),
  z.pipe(z.transform((json: string): unknown => JSON.parse(json)), firmProfile),
);

const table = { TABLE_NAME: text } as const;
const bucket = { BUCKET_NAME: text } as const;
const firm = { FIRM: profile } as const;
const malwareScan = { MALWARE_SCAN: z.enum(["on", "off"]) } as const;
const publicUrl = { PUBLIC_URL: https } as const;
const linkKey = { LINK_KEY_SECRET: text } as const;
const cursorKey = { CURSOR_KEY_SECRET: text } as const;
const staffPool = { STAFF_POOL_ID: text, STAFF_POOL_CLIENT_ID: text, STAFF_ISSUER: https } as const;
/** Where the firm's staff come through a provider of their own: its name in the pool, and the app client of that way in. */
const staffSso = { STAFF_SSO_PROVIDER: z.optional(text), STAFF_SSO_CLIENT_ID: z.optional(text) } as const;
const clientPool = { CLIENT_POOL_ID: text, CLIENT_POOL_CLIENT_ID: text, CLIENT_ISSUER: https } as const;

/**
 * What each function reads from its environment, and nothing else. `infra/` types its environments from these slices, so that a missing
 * variable does not compile. Issuers and links are https by type: only `local/` builds a configuration without this schema.
 */
export const environments = {
  "staff-api": z.object({ ...table, ...bucket, ...firm, ...linkKey, ...cursorKey, ...staffPool, ...staffSso, CLIENT_POOL_ID: text, ...malwareScan, RETENTION_DAYS: days }),
  "client-api": z.object({ ...table, ...bucket, ...firm, ...cursorKey, ...clientPool, ...malwareScan }),
  "share-page": z.object({ ...table, ...bucket, ...firm, ...linkKey, ...cursorKey, BUCKET_ORIGIN: https }),
  "document-state": z.object({ ...table, ...bucket, ...firm }),
  "notify": z.object({ ...table, ...firm, ...linkKey, ...publicUrl, PORTAL_URL: https, MAIL_SENDER: text, MAIL_REPLY_TO: z.optional(text), MAIL_CONFIGURATION_SET: text, MAIL_REGION: text, STAFF_APP_URL: https }),
  "stats": z.object({ ...table }),
  "jobs": z.object({ ...table, ...bucket, ...firm }),
} as const;

export type FunctionName = keyof typeof environments;
export type Environment<F extends FunctionName> = z.input<(typeof environments)[F]>;
type Parsed<F extends FunctionName> = z.infer<(typeof environments)[F]>;

/** A function's configuration after parsing; the local cloud may name http endpoints where a deployed one may not. */
export type Config<F extends FunctionName> = { readonly [K in keyof Parsed<F>]: Parsed<F>[K] extends `https://${string}` ? `https://${string}` | `http://127.0.0.1:${string}` : Parsed<F>[K] };

/** @throws Error naming the variables that are missing or wrong, never their values. */
export const readConfig = <F extends FunctionName>(name: F, env: NodeJS.ProcessEnv): Parsed<F> => {
  const parsed = environments[name].safeParse(env);
  if (!parsed.success) throw new Error(`The environment of ${name} is wrong at ${parsed.error.issues.map((issue) => issue.path.join(".")).join(", ")}.`);
  return parsed.data as Parsed<F>;
  // The cast picks the member of the union that `name` selects: indexing by a generic key loses the pairing of schema and output.
};
