import * as z from "zod/mini";
import { idOf } from "../domain/ids.ts";
import { instant } from "../domain/time.ts";

/** What the share page says in JSON, to a page of the firm's own that stands in front. */

/** Before the link was opened: who sends, and what opening asks; no name, count or size of a file. */
export const doorView = z.object({
  state: z.literal("closed"), firm: z.object({ name: z.string() }), senderName: z.string(), message: z.optional(z.string()), expiresAt: instant,
  asks: z.object({ passcode: z.boolean(), code: z.boolean() }),
});

export const sharedView = z.object({
  items: z.array(z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("folder"), folderId: idOf("folder"), name: z.string() }),
    z.object({ kind: z.literal("document"), documentId: idOf("document"), name: z.string(), contentType: z.string(), size: z.int(), sha256: z.optional(z.string()), scanned: z.boolean(), publishedAt: instant }),
  ])),
  nextCursor: z.nullable(z.string()),
});

export const sharedFileView = z.object({ url: z.string(), expiresAt: instant, fileName: z.string() });

/** What opening and downloading take in JSON: nothing is asked for yet. */
export const visitInput = z.optional(z.strictObject({}));

/** Where in the shared folder, and how far. */
export const listQuery = z.strictObject({ folder: z.optional(idOf("folder")), cursor: z.optional(z.string()) });
