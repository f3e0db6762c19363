import * as z from "zod/mini";
import { idOf } from "./ids.ts";
import { instant } from "./time.ts";

export const caseStatuses = ["open", "waiting", "closed"] as const;

/** A matter (expediente) that the firm handles for one client, with one adviser in charge. */
export const kase = z.object({
  caseId: idOf("case"), clientId: idOf("client"), adviserId: idOf("member"),
  /** Who works on the case beside its adviser; where it is `restricted`, it exists for nobody else (a conflict wall). */
  team: z._default(z.array(idOf("member")), []), restricted: z._default(z.boolean(), false), restrictedAt: z.optional(instant),
  /** Administrators who gave a reason to enter a restricted case, each until when; the reasons stand in its timeline. */
  brokenGlass: z._default(z.array(z.object({ memberId: idOf("member"), until: instant })), []),
  reference: z.string(), title: z.string(),
  status: z.enum(caseStatuses), createdAt: instant, updatedAt: instant, revision: z.int(),
});
export type Case = z.infer<typeof kase>;

/** One line of a case's story (evolución); `break-glass` is the reason that an administrator gave to enter it. */
export const timelineEntry = z.object({
  entryId: idOf("timelineEntry"), text: z.string(), visibleToClient: z.boolean(), occurredAt: instant, author: z.optional(idOf("member")),
  kind: z.optional(z.enum(["break-glass"])),
});
export type TimelineEntry = z.infer<typeof timelineEntry>;

/** A share and a grant open a folder, some documents, or the case; a folder tree is at most this deep, so that a decision is one batch of 100 keys. */
export const maxDepth = 32;

/** Who deleted a thing, when, and until when it can be brought back: promised then, whatever the firm's retention becomes later. */
export const deletion = z.object({ at: instant, by: idOf("member"), until: instant });
export type Deletion = z.infer<typeof deletion>;

/**
 * A folder of a case. `ancestors` (outermost first) is a hint that saves reads; `parentId` is the truth, so that a move is one write.
 */
export const folder = z.object({
  folderId: idOf("folder"), caseId: idOf("case"), parentId: z.optional(idOf("folder")), ancestors: z.array(idOf("folder")),
  name: z.string(), inherit: z.boolean(), deleted: z.optional(deletion), createdAt: instant, revision: z.int(),
});
export type Folder = z.infer<typeof folder>;
