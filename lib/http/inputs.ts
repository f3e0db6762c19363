import * as z from "zod/mini";
import { levels } from "../domain/access.ts";
import { idOf } from "../domain/ids.ts";
import { instant } from "../domain/time.ts";

/** What several routes take: the change itself, and its dry run. */

const resource = z.strictObject({ folderId: z.optional(idOf("folder")), documentId: z.optional(idOf("document")) })
  .check(z.refine((it) => it.folderId === undefined || it.documentId === undefined, { path: ["documentId"], error: "Name a folder or a document, or neither for the whole case." }));

/** A grant: to whom, on what, how much, until when. */
export const grantInput = z.strictObject({
  principal: z.union([z.strictObject({ contactId: idOf("contact") }), z.strictObject({ clientId: idOf("client") })]), resource, level: z.enum(levels), expiresAt: z.optional(instant),
});

/** Who works on a case beside its adviser, and whether it exists for anyone else. */
export const staffing = {
  adviserId: z.optional(idOf("member")), restricted: z.optional(z.boolean()), team: z.optional(z.array(idOf("member")).check(z.maxLength(50, "Has more than 50 members."))),
};
