import { createHmac, timingSafeEqual } from "node:crypto";
import { epochSeconds, plusSeconds, type Instant } from "../domain/time.ts";

/**
 * Stamps say "until when" under a MAC and are stored nowhere: the session of a person who opened a link, and the nonce of a page's
 * forms. Both belong to one link by its hash, and die with the link, which is read anew on every request.
 */
export type StampUse = "session" | "form";
const lifeSeconds = { session: 15 * 60, form: 24 * 3600 } as const satisfies Record<StampUse, number>;

const mac = (key: string, use: StampUse, linkHash: string, until: string): Buffer => createHmac("sha256", key).update(`${use}|${linkHash}|${until}`).digest();

export const makeStamp = (key: string, use: StampUse, linkHash: string, now: Instant): string => {
  const until = String(epochSeconds(plusSeconds(now, lifeSeconds[use])));
  return `${until}.${mac(key, use, linkHash, until).toString("base64url")}`;
};

export const isStamp = (key: string, use: StampUse, linkHash: string, stamp: string | undefined, now: Instant): boolean => {
  const [until, given, ...rest] = (stamp ?? "").split(".");
  if (until === undefined || given === undefined || rest.length > 0 || !/^\d{1,12}$/.test(until)) return false;
  const expected = mac(key, use, linkHash, until);
  const bytes = Buffer.from(given, "base64url");
  return bytes.length === expected.length && timingSafeEqual(bytes, expected) && Number(until) > epochSeconds(now);
};

// `__Secure-` makes browsers refuse it over plain http anywhere but on this machine.
export const cookieName = "__Secure-legajo";

/** This path only: the cookie of one link is never sent to another. Lax, because people arrive from their mail. */
export const sessionCookie = (stamp: string, path: string): string => `${cookieName}=${stamp}; Path=${path}; Max-Age=${lifeSeconds.session}; HttpOnly; Secure; SameSite=Lax`;

export const sessionIn = (cookies: readonly string[] | undefined): string | undefined =>
  cookies?.map((it) => it.trim()).find((it) => it.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
