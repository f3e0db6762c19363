import { JwtVerifier } from "aws-jwt-verify";
import { SimpleJwksCache, type JwksCache } from "aws-jwt-verify/jwk";
import * as z from "zod/mini";

/** One pool's word on who somebody is. https in every deployed configuration, by type; the local emulator's loopback aside. */
export interface Issuer {
  readonly issuer: `https://${string}` | `http://127.0.0.1:${string}`;
  readonly clientId: string;
  /** The other app client of the same pool, of those who come through the firm's own identity provider. */
  readonly ssoClientId?: string | undefined;
}

/** What is believed of an access token: who it is for, and when they signed in (`iat` renews on refresh, `auth_time` does not). */
export interface VerifiedToken {
  readonly sub: string;
  readonly signedInAt: Date;
}

const claims = z.object({ sub: z.string().check(z.minLength(1)), token_use: z.literal("access"), client_id: z.string(), exp: z.number(), iat: z.number(), auth_time: z.number(), nbf: z.optional(z.number()) });

/** A clock may be so far off from Cognito's. */
const skewSeconds = 300;
/** Unknown keys are looked for so often at the most: a flood of invented key ids must not become a flood of fetches. */
const refetchAfterMs = 10_000;
/** While no keys are known at all, good tokens are refused too: a fetch that failed is tried again sooner. */
const retryAfterMs = 1000;

/**
 * Verifies access tokens of one pool: signature (RS256), issuer, app client, kind and times, the same checks on AWS and locally.
 * aws-jwt-verify alone accepts a token without `exp`, with `iat` ahead, with a `crit` header and with members twice (measured on 5.2.1).
 *
 * What cannot be verified because the keys never came is refused like the rest, not called unavailable: nobody could tell such a token from
 * an invented one, and whoever floods a cold function while the key endpoint is down would choose the answer. It lasts a second after the
 * endpoint is back. On AWS the gateway's authorizer, which keeps the keys for two hours, has refused strangers by then.
 * @returns null for every token that is not to be believed, whatever is wrong with it, and when keys cannot be fetched.
 */
export const verifierOf = ({ issuer, clientId, ssoClientId }: Issuer, clock: () => Date): ((token: string) => Promise<VerifiedToken | null>) => {
  const verifier = JwtVerifier.create(
    // Times are checked below, against the one clock that everything else goes by.
    { issuer, audience: null, jwksUri: `${issuer}/.well-known/jwks.json`, graceSeconds: Number.MAX_SAFE_INTEGER },
    { jwksCache: boundedKeys() },
  );
  return async (token) => {
    if (!hasPlainParts(token)) return null;
    let payload: unknown;
    try {
      payload = await verifier.verify(token);
    } catch {
      return null;
    }
    const parsed = claims.safeParse(payload);
    if (!parsed.success) return null;
    const { sub, client_id, exp, iat, auth_time, nbf } = parsed.data;
    const now = clock().getTime() / 1000;
    if ((client_id !== clientId && client_id !== ssoClientId) || exp <= now || iat > now + skewSeconds || auth_time > now + skewSeconds || (nbf ?? 0) > now + skewSeconds) return null;
    return { sub, signedInAt: new Date(auth_time * 1000) };
  };
};

const headerNames = new Set(["alg", "kid", "typ"]);

/** Three parts, a header with nothing that asks for more than a signature check (RFC 7515 section 4.1.11), and no member twice. */
const hasPlainParts = (token: string): boolean => {
  const [header, payload, , ...rest] = token.split(".");
  if (token.length > 8192 || header === undefined || payload === undefined || rest.length > 0) return false;
  const texts = [header, payload].map((part) => Buffer.from(part, "base64url").toString("utf8"));
  const [headerObject, payloadObject] = texts.map(parseObject);
  if (!headerObject || !payloadObject || headerObject["alg"] !== "RS256") return false;
  if (!Object.keys(headerObject).every((name) => headerNames.has(name))) return false;
  return texts.every((text) => !repeatsAMember(text));
};

const parseObject = (text: string): Record<string, unknown> | null => {
  try {
    const parsed: unknown = JSON.parse(text);
    return z.record(z.string(), z.unknown()).safeParse(parsed).data ?? null;
  } catch {
    return null;
  }
};

/** Counts members as they are parsed: JSON.parse keeps only the last of two, and two readers may disagree which one counts. */
const repeatsAMember = (text: string): boolean => {
  let written = 0;
  for (const { 0: match } of text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:?)/g)) if (match.endsWith(":")) written += 1;
  let kept = 0;
  JSON.parse(text, (_, value: unknown) => {
    if (value !== null && typeof value === "object" && !Array.isArray(value)) kept += Object.keys(value).length;
    return value;
  });
  return written !== kept;
};

/**
 * The pool's keys, fetched once and again at most once in ten seconds for a key id that is not among them; until they have come for the first
 * time, once in a second. Whoever comes during a fetch waits for it: the first tokens after a start are as good as later ones.
 */
const boundedKeys = (): JwksCache => {
  const cache = new SimpleJwksCache({
    fetcher: {
      fetch: async (uri) => {
        const response = await fetch(uri, { signal: AbortSignal.timeout(3000), redirect: "error" });
        if (!response.ok) throw new Error(`The key endpoint answered ${response.status}.`);
        return await response.arrayBuffer();
      },
    },
  });
  let nextFetch = 0;
  let known = false;
  let fetching: Promise<unknown> | null = null;
  const fetchAnew = async (uri: string): Promise<void> => {
    try {
      await cache.getJwks(uri);
      known = true;
    } finally {
      nextFetch = Date.now() + (known ? refetchAfterMs : retryAfterMs);
      fetching = null;
    }
  };
  return {
    addJwks: (uri, jwks) => { cache.addJwks(uri, jwks); },
    getJwks: (uri) => cache.getJwks(uri),
    getCachedJwk: (uri, jwt) => cache.getCachedJwk(uri, jwt),
    getJwk: async (uri, jwt) => {
      try {
        return cache.getCachedJwk(uri, jwt);
      } catch {
        if (fetching === null && Date.now() < nextFetch) throw new Error("An unknown key.");
        fetching ??= fetchAnew(uri);
        await fetching;
        return cache.getCachedJwk(uri, jwt);
      }
    },
  };
};
