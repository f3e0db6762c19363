import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import * as z from "zod/mini";
import { invalid } from "../domain/refusal.ts";
import type { Instant } from "../domain/time.ts";
import { plusSeconds } from "../domain/time.ts";

/** What a cursor is good for: this caller, this route with these parameters. It goes in as associated data and cannot be exchanged. */
export interface CursorScope {
  readonly caller: string;
  readonly request: string;
}

const lifeSeconds = 24 * 3600;
const content = z.tuple([z.string(), z.string()]);
const refused = () => invalid("query.cursor", "Is not a cursor of this list, or is more than a day old: begin again without it.");

const keyOf = (secret: string): Buffer => Buffer.from(hkdfSync("sha256", secret, "", "cursor", 32));
const associated = ({ caller, request }: CursorScope): Buffer => Buffer.from(JSON.stringify([caller, request]));

/** AES-256-GCM: a cursor shows nothing of the table's keys, and a byte changed or a caller exchanged makes it nobody's. */
export const sealCursor = (secret: string, scope: CursorScope, position: string, now: Instant): string => {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", keyOf(secret), nonce).setAAD(associated(scope));
  const sealed = Buffer.concat([cipher.update(JSON.stringify([plusSeconds(now, lifeSeconds), position]), "utf8"), cipher.final()]);
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString("base64url");
};

/** @throws Refusal `invalid_request` for every cursor that is not this caller's for this list, whatever is wrong with it. */
export const openCursor = (secret: string, scope: CursorScope, cursor: string, now: Instant): string => {
  const bytes = Buffer.from(cursor, "base64url");
  // Buffer ignores letters that are not of the alphabet, and bits that fill up the last one: one cursor has one spelling.
  if (bytes.length < 29 || bytes.toString("base64url") !== cursor) throw refused();
  try {
    const decipher = createDecipheriv("aes-256-gcm", keyOf(secret), bytes.subarray(0, 12)).setAAD(associated(scope));
    decipher.setAuthTag(bytes.subarray(-16));
    const text = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString("utf8");
    const [until, position] = content.parse(JSON.parse(text));
    if (until > now) return position;
  } catch {
    throw refused();
  }
  throw refused();
};
