import * as z from "zod/mini";
import { idOf } from "./ids.ts";
import type { Principal } from "./principal.ts";
import { refusalCodes } from "./refusal.ts";
import { instant } from "./time.ts";

/** What a request or an event is about: ids only, each a key that people ask the access register by. */
export const about = z.object({
  clientId: z.optional(idOf("client")), caseId: z.optional(idOf("case")), adviserId: z.optional(idOf("member")),
  folderId: z.optional(idOf("folder")), documentId: z.optional(idOf("document")), versionId: z.optional(idOf("version")),
  shareId: z.optional(idOf("share")), recipientId: z.optional(idOf("recipient")), grantId: z.optional(idOf("grant")),
  contactId: z.optional(idOf("contact")), memberId: z.optional(idOf("member")), entryId: z.optional(idOf("timelineEntry")), jobId: z.optional(idOf("job")),
});
export type About = z.infer<typeof about>;

const actor = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("member"), id: idOf("member") }),
  z.object({ kind: z.literal("contact"), id: idOf("contact") }),
  z.object({ kind: z.literal("recipient"), id: idOf("recipient") }),
  z.object({ kind: z.literal("system"), id: z.string() }),
  z.object({ kind: z.literal("anonymous") }),
]);
export type Actor = z.infer<typeof actor>;

export const actorOf = (principal: Principal): Actor => {
  switch (principal.kind) {
    case "viewer": return actorOf(principal.member);
    case "member": return { kind: "member", id: principal.memberId };
    case "contact": return { kind: "contact", id: principal.contactId };
    case "recipient": return { kind: "recipient", id: principal.recipientId };
    case "system": return { kind: "system", id: principal.name };
    case "anonymous": return { kind: "anonymous" };
  }
};

/**
 * One record of the access register, and at the same time the event that leaves by the outbox: it is written in the transaction of
 * the change it tells of, and the table's stream carries it to the bus. Who, when (UTC), what, from where, allowed or refused and why
 * (RD 1720/2007 art. 103).
 */
export const auditEvent = z.object({
  eventId: idOf("event"), at: instant, action: z.string(), who: actor, about,
  /** The contact whose view a member of staff looked at. */
  onBehalfOf: z.optional(idOf("contact")),
  result: z.enum(["granted", "refused"]), reason: z.optional(z.enum([...refusalCodes, "internal"])),
  /** Network address and browser of the caller: the one part that erasure may remove (ADR 0003). */
  source: z.optional(z.object({ ip: z.string(), userAgent: z.string() })),
  requestId: z.string(),
});
export type AuditEvent = z.infer<typeof auditEvent>;

/** The services whose use the firm counts, and the actions that count: one use by people the firm serves, one preview by staff who look as a contact. */
export const services = ["cases", "documents", "shares"] as const;
export type Service = (typeof services)[number];
const serviceOf: Readonly<Record<string, Service>> = {
  "client.case": "cases", "client.timeline": "cases", "client.items": "cases",
  "client.download": "documents", "share.download": "documents", "share.open": "shares",
  "view-as.cases": "cases", "view-as.case": "cases", "view-as.timeline": "cases", "view-as.items": "cases", "view-as.shared-with-me": "cases",
};

/** @returns the service that this event counts for, and as what; null where it counts for nothing: staff's own work, scanners, refusals. */
export const countedAs = (event: AuditEvent): { readonly service: Service; readonly as: "use" | "preview" } | null => {
  const service = serviceOf[event.action];
  if (service === undefined || event.result !== "granted") return null;
  if (event.who.kind === "contact" || event.who.kind === "recipient") return { service, as: "use" };
  return event.onBehalfOf === undefined ? null : { service, as: "preview" };
};

export const countedActions = Object.keys(serviceOf);

/** Groupings of the access statistics. */
export const groupings = ["client", "service", "case", "document", "adviser"] as const;
export type Grouping = (typeof groupings)[number];
