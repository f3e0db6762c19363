import type { Deletion, Folder } from "../domain/case.ts";
import type { Document } from "../domain/document.ts";
import type { CaseId, DocumentId, FolderId } from "../domain/ids.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { notFound, Refusal } from "../domain/refusal.ts";
import { isOver, plusDays } from "../domain/time.ts";
import { decidedAnew } from "./anew.ts";
import { enterCase } from "./cases.ts";
import { enterDocument } from "./documents.ts";
import { enterFolder, pathTo, wayFor } from "./folders.ts";
import { tellingBelow, type Refiled } from "./moves.ts";
import { found, sameRevision } from "./people.ts";
import type { Ports } from "./ports.ts";
import type { Request } from "./request.ts";

/**
 * Deleting and bringing back. A deletion is one write on one item: what lies inside is shut with it, because every way to it leads through. It
 * is promised to be undoable until an instant that the item itself names.
 */
type Staff = Request<StaffPrincipal>;
type Deps = Pick<Ports, "ledger" | "cases" | "firm" | "documents" | "jobs" | "retentionDays">;

const deletionOf = ({ principal, now }: Staff, { retentionDays }: Pick<Deps, "retentionDays">): Deletion => ({ at: now, by: principal.memberId, until: plusDays(now, retentionDays) });

export const deleteFolder = (deps: Omit<Deps, "jobs">) =>
  async (request: Staff, caseId: CaseId, folderId: FolderId, read: number | null): Promise<void> =>
    decidedAnew(deps, request, async () => {
      const before = await enterFolder(deps, request, caseId, folderId);
      if (read !== null) sameRevision(before, read);
      return { changes: [deps.documents.changeFolder(before, { ...before, deleted: deletionOf(request, deps), revision: before.revision + 1 })], result: undefined };
    });

export const deleteDocument = (deps: Omit<Deps, "jobs">) =>
  async (request: Staff, caseId: CaseId, documentId: DocumentId, read: number | null): Promise<void> =>
    decidedAnew(deps, request, async () => {
      const before = await enterDocument(deps, request, caseId, documentId);
      if (read !== null) sameRevision(before, read);
      return { changes: [deps.documents.changeDocument(before, { ...before, deleted: deletionOf(request, deps), revision: before.revision + 1 })], result: undefined };
    });

/** What lay there, if it still can be brought back. @throws Refusal `conflict` for what is not deleted, `gone` once its time is over. */
const restorable = <T extends Folder | Document>(it: T | null, { now }: Staff): T => {
  const { deleted, ...rest } = found(it);
  // What is gone for good is gone for whoever asks, whatever is kept of it.
  if ("purgedAt" in rest && rest.purgedAt !== undefined) throw notFound();
  if (deleted === undefined) throw new Refusal("conflict", "This is not deleted.");
  if (isOver(deleted.until, now)) throw new Refusal("gone", "The time in which this could be brought back is over.");
  return found(it);
};

/** Where a thing is put back: where the caller says, else where it lay. @throws Refusal `conflict` naming the field where that place is gone. */
const backTo = async (field: string, said: FolderId | null | undefined, lay: FolderId | undefined, wayTo: (to: FolderId | undefined) => Promise<FolderId[]>): Promise<{ readonly to: FolderId | undefined; readonly way: FolderId[] }> => {
  const to = said === undefined ? lay : (said ?? undefined);
  try {
    return { to, way: await wayTo(to) };
  } catch (error) {
    if (said !== undefined || !(error instanceof Refusal) || error.code !== "invalid_request") throw error;
    throw new Refusal("conflict", "It cannot be put back where it lay: that folder is deleted itself, or has no room below it. Say where to put it.", [{ path: field, message: "Is needed: null is the case's root." }]);
  }
};

/** Brings a folder back with all that is in it; every grant and share that reached it reaches it again. */
export const restoreFolder = (deps: Deps) =>
  async (request: Staff, caseId: CaseId, folderId: FolderId, input: { name?: string | undefined; parentId?: FolderId | null | undefined }): Promise<Refiled> => {
    request.trail.concerns({ folderId });
    await enterCase(deps, request, caseId);
    return decidedAnew(deps, request, async () => {
      const before = restorable(await deps.documents.folder(caseId, folderId), request);
      const { deleted: _, parentId: lay, ...rest } = before;
      const { to, way } = await backTo("body.parentId", input.parentId, lay, (there) => wayFor(deps.documents, before, there, "body.parentId"));
      // Jobs pass by what is deleted: the hints below may be older than the folder's own.
      return tellingBelow(deps, request, before, { ...rest, ...(to && { parentId: to }), ancestors: way, name: input.name ?? before.name, revision: before.revision + 1 });
    });
  };

export const restoreDocument = (deps: Omit<Deps, "jobs">) =>
  async (request: Staff, caseId: CaseId, documentId: DocumentId, input: { name?: string | undefined; folderId?: FolderId | null | undefined }): Promise<Document> => {
    request.trail.concerns({ documentId });
    await enterCase(deps, request, caseId);
    return decidedAnew(deps, request, async () => {
      const before = restorable(await deps.documents.get(caseId, documentId), request);
      const { deleted: _, folderId: lay, ...rest } = before;
      const { to, way } = await backTo("body.folderId", input.folderId, lay, (there) => pathTo(deps.documents, caseId, there, "body.folderId"));
      const document: Document = { ...rest, ...(to && { folderId: to }), folderPath: way, name: input.name ?? before.name, revision: before.revision + 1 };
      return { changes: [deps.documents.changeDocument(before, document)], result: document };
    });
  };
