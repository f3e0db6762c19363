import * as z from "zod/mini";
import { idOf } from "./ids.ts";
import { localeTag } from "./text.ts";
import { instant } from "./time.ts";

export const roles = ["admin", "adviser", "assistant"] as const;
export type Role = (typeof roles)[number];

/**
 * `inviting` until the sign-in account exists: inviting again finishes what a crash left open. `keyVersion` says which key the first
 * password is derived with.
 */
const account = { account: z.enum(["inviting", "active"]), sub: z.optional(z.string()), keyVersion: z.string() };

/** A person of the firm. */
export const member = z.object({
  memberId: idOf("member"), email: z.string(), name: z.string(), role: z.enum(roles), suspended: z.boolean(), ...account,
  /** Whom an assistant works for: they have what these have. */
  advisers: z._default(z.array(idOf("member")), []),
  createdAt: instant, revision: z.int(),
});
export type Member = z.infer<typeof member>;

/** The person or company that the firm serves. */
export const client = z.object({
  clientId: idOf("client"), name: z.string(), taxId: z.optional(z.string()), notes: z.optional(z.string()), createdAt: instant, revision: z.int(),
});
export type Client = z.infer<typeof client>;

/** When a contact was invited for each of their clients, by the client's id. */
const joined = z._default(z.record(z.string(), instant), {});

/** A person who signs in or receives links, for one client or several; a collaborator is a contact of no client. */
export const contact = z.object({
  contactId: idOf("contact"), clientIds: z.array(idOf("client")), since: joined, email: z.string(), name: z.string(), locale: localeTag,
  phone: z.optional(z.string()), organisation: z.optional(z.string()), suspended: z.boolean(), ...account, createdAt: instant, revision: z.int(),
});
export type Contact = z.infer<typeof contact>;

/** What every request of a signed-in person reads: our id and all that can shut the door, in one item. */
export const identity = z.object({
  sub: z.string(),
  suspended: z.boolean(),
  /** Tokens of sign-ins before this instant are refused, however long their signature lives. */
  tokensValidAfter: instant,
  person: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("member"), memberId: idOf("member"), role: z.enum(roles), advisers: z._default(z.array(idOf("member")), []), name: z.string() }),
    z.object({ kind: z.literal("contact"), contactId: idOf("contact"), clientIds: z.array(idOf("client")), since: joined, name: z.string(), locale: localeTag }),
  ]),
});
export type Identity = z.infer<typeof identity>;
