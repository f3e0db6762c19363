import { randomBytes } from "node:crypto";
import { ulid } from "ulid";
import * as z from "zod/mini";

/** The kinds of thing that have an id of our own, and the prefix that makes an id say what it is in a log. */
const prefixes = {
  member: "mem", client: "cli", contact: "con", case: "cas", folder: "fol", document: "doc", version: "ver",
  grant: "gra", share: "sha", recipient: "rcp", event: "evt", timelineEntry: "tim", httpRequest: "req", job: "job",
} as const;

export type Kind = keyof typeof prefixes;
/** `cas_01jd…`: a prefix and a ULID in lower case. Opaque to callers; sortable by creation for us. */
export type Id<K extends Kind> = `${(typeof prefixes)[K]}_${string}`;

export type MemberId = Id<"member">;
export type ClientId = Id<"client">;
export type ContactId = Id<"contact">;
export type CaseId = Id<"case">;
export type FolderId = Id<"folder">;
export type DocumentId = Id<"document">;
export type VersionId = Id<"version">;
export type GrantId = Id<"grant">;
export type ShareId = Id<"share">;
export type RecipientId = Id<"recipient">;
export type EventId = Id<"event">;
export type JobId = Id<"job">;

/** A schema for ids of one kind. Crockford's alphabet leaves no room for a key delimiter, a path or a quote. */
export const idOf = <K extends Kind>(kind: K) =>
  z.templateLiteral([`${prefixes[kind]}_`, z.string().check(z.regex(/^[0-9a-hjkmnp-tv-z]{26}$/))]) as z.ZodMiniTemplateLiteral<Id<K>>;
// The cast names for each kind what the literal already is: TypeScript widens a template built from a generic key.

/** What kind of thing an id is of: its prefix says. */
export const isId = <K extends Kind>(kind: K, id: string): id is Id<K> => id.startsWith(`${prefixes[kind]}_`);

/** 80 random bits behind 48 bits of time: unique without coordination, and never a secret. One draw for the sixteen letters; a seventeenth would throw. */
export const newId = <K extends Kind>(kind: K, at: Date): Id<K> => {
  const random = randomBytes(16);
  let drawn = 0;
  return `${prefixes[kind]}_${ulid(at.getTime(), () => random.readUInt8(drawn++) / 256).toLowerCase()}`;
};
