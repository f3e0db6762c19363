import { maxDepth, type Folder } from "../domain/case.ts";
import type { CaseId, FolderId } from "../domain/ids.ts";
import { newId } from "../domain/ids.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { invalid } from "../domain/refusal.ts";
import { enterCase } from "./cases.ts";
import type { Ports } from "./ports.ts";
import type { Request } from "./request.ts";

type Staff = Request<StaffPrincipal>;

export const createFolder = ({ ledger, cases, firm, documents }: Pick<Ports, "ledger" | "cases" | "firm" | "documents">) =>
  async (request: Staff, caseId: CaseId, input: { name: string; parentId?: FolderId | undefined; inherit?: boolean | undefined }): Promise<Folder> => {
    await enterCase({ cases, firm }, request, caseId);
    const ancestors = await pathTo(documents, caseId, input.parentId, "body.parentId");
    if (ancestors.length >= maxDepth) throw invalid("body.parentId", `Is ${maxDepth} levels deep already.`);
    const folder: Folder = {
      folderId: newId("folder", new Date(request.now)), caseId, ...(input.parentId && { parentId: input.parentId }), ancestors, name: input.name,
      inherit: input.inherit ?? true, createdAt: request.now, revision: 1,
    };
    await ledger.commit(request, [documents.addFolder(folder)], { about: { folderId: folder.folderId } });
    return folder;
  };

/** The folder's ancestors and itself, outermost first; nothing for the case's root. */
export const pathTo = async (documents: Ports["documents"], caseId: CaseId, folderId: FolderId | undefined, field: string): Promise<FolderId[]> => {
  if (folderId === undefined) return [];
  const folder = await documents.folder(caseId, folderId);
  if (folder === null) throw invalid(field, "Is not a folder of this case.");
  return [...folder.ancestors, folder.folderId];
};
