import * as z from "zod/mini";
import { idOf } from "./ids.ts";
import { localeTag } from "./text.ts";
import { instant, isOver, type Instant } from "./time.ts";

/** What a link set opens: one folder with all that is in it, or up to 100 documents of one case. */
const selection = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("folder"), folderId: idOf("folder") }),
  z.object({ kind: z.literal("documents"), documentIds: z.array(idOf("document")) }),
]);

/** A link set sent by e-mail; each recipient has a link of their own. */
export const share = z.object({
  shareId: idOf("share"), caseId: idOf("case"), clientId: idOf("client"), sharedBy: idOf("member"), senderName: z.string(), selection,
  message: z.optional(z.string()), expiresAt: instant, maxDownloads: z.optional(z.int()), revokedAt: z.optional(instant),
  recipients: z.array(z.object({ recipientId: idOf("recipient"), email: z.string(), name: z.optional(z.string()), locale: localeTag, linkHash: z.string() })),
  createdAt: instant, revision: z.int(),
});
export type Share = z.infer<typeof share>;

/**
 * One recipient's link, found by the SHA-256 of its token: all that decides whether it opens, so that one read answers and one
 * conditional write counts. `generation` and `keyVersion` say how the token was derived; the token itself is stored nowhere.
 */
export const link = z.object({
  linkHash: z.string(), shareId: idOf("share"), recipientId: idOf("recipient"), caseId: idOf("case"), clientId: idOf("client"), sharedBy: idOf("member"), locale: localeTag,
  generation: z.int(), keyVersion: z.string(), expiresAt: instant, revokedAt: z.optional(instant), maxDownloads: z.optional(z.int()), downloads: z.int(),
  openedAt: z.optional(instant),
  /** The way to a shared folder when it was shared, itself last: a hint that saves reads. What is shown is decided by the share and by parents. */
  folderPath: z.optional(z.array(idOf("folder"))),
});
export type Link = z.infer<typeof link>;

export type LinkState = "open" | "revoked" | "expired";
export const linkState = (it: Link, now: Instant): LinkState => (it.revokedAt ? "revoked" : isOver(it.expiresAt, now) ? "expired" : "open");
