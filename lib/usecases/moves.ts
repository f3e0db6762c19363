import type { Folder } from "../domain/case.ts";
import type { Document } from "../domain/document.ts";
import type { CaseId, DocumentId, FolderId, JobId } from "../domain/ids.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { decidedAnew, type Decision } from "./anew.ts";
import { enterDocument } from "./documents.ts";
import { enterFolder, pathTo, wayFor } from "./folders.ts";
import { beginJob } from "./jobs.ts";
import { sameRevision } from "./people.ts";
import type { Ports } from "./ports.ts";
import type { Request } from "./request.ts";

/** Renames and moves: each is one write that holds at once for everybody. */
type Staff = Request<StaffPrincipal>;
type Deps = Pick<Ports, "ledger" | "cases" | "firm" | "documents" | "jobs">;

/** A folder after its change, and the job that tells what lies below of a move. */
export interface Refiled { readonly folder: Folder; readonly jobId?: JobId }

export const changeFolder = (deps: Deps) =>
  async (request: Staff, caseId: CaseId, folderId: FolderId, input: { revision: number; name?: string | undefined; parentId?: FolderId | null | undefined; inherit?: boolean | undefined }): Promise<Refiled> =>
    decidedAnew(deps, request, async () => {
      const before = await enterFolder(deps, request, caseId, folderId);
      sameRevision(before, input.revision);
      const { parentId: from, ...rest } = before;
      const to = input.parentId === undefined ? from : (input.parentId ?? undefined);
      const changed = { ...rest, name: input.name ?? before.name, inherit: input.inherit ?? before.inherit, revision: before.revision + 1 };
      if (to === from) {
        const folder: Folder = { ...changed, ...(from && { parentId: from }) };
        return { changes: [deps.documents.changeFolder(before, folder)], result: { folder } };
      }
      const folder: Folder = { ...changed, ...(to && { parentId: to }), ancestors: await wayFor(deps.documents, before, to, "body.parentId") };
      return tellingBelow(deps, request, before, folder);
    });

/** A folder put somewhere, with the job that refreshes the hints below it. */
export const tellingBelow = ({ documents, jobs }: Pick<Ports, "documents" | "jobs">, request: Staff, before: Folder, folder: Folder): Decision<Refiled> => {
  const { caseId, folderId } = folder;
  const job = beginJob({ jobs }, request, { kind: "hints", caseId, input: { caseId, folderId } });
  return { changes: [documents.changeFolder(before, folder), job.change], about: { jobId: job.jobId }, result: { folder, jobId: job.jobId } };
};

export const changeDocument = (deps: Omit<Deps, "jobs">) =>
  async (request: Staff, caseId: CaseId, documentId: DocumentId, input: { revision: number; name?: string | undefined; folderId?: FolderId | null | undefined }): Promise<Document> =>
    decidedAnew(deps, request, async () => {
      const before = await enterDocument(deps, request, caseId, documentId);
      sameRevision(before, input.revision);
      const { folderId: from, ...rest } = before;
      const to = input.folderId === undefined ? from : (input.folderId ?? undefined);
      const document: Document = {
        ...rest, ...(to && { folderId: to }), name: input.name ?? before.name, revision: before.revision + 1,
        ...(to !== from && { folderPath: await pathTo(deps.documents, caseId, to, "body.folderId") }),
      };
      return { changes: [deps.documents.changeDocument(before, document)], result: document };
    });
