import { maxDepth, type Folder } from "../domain/case.ts";
import { newId, type CaseId, type FolderId } from "../domain/ids.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { invalid } from "../domain/refusal.ts";
import { decidedAnew } from "./anew.ts";
import { enterCase } from "./cases.ts";
import { found } from "./people.ts";
import type { Ports } from "./ports.ts";
import type { Request } from "./request.ts";
import { foldersAround, liveFolder } from "./tree.ts";

type Staff = Request<StaffPrincipal>;
type Deps = Pick<Ports, "ledger" | "cases" | "firm" | "documents">;

export const createFolder = (deps: Deps) =>
  async (request: Staff, caseId: CaseId, input: { name: string; parentId?: FolderId | undefined; inherit?: boolean | undefined }): Promise<Folder> => {
    await enterCase(deps, request, caseId);
    return decidedAnew(deps, request, async () => {
      const ancestors = await pathTo(deps.documents, caseId, input.parentId, "body.parentId");
      if (ancestors.length >= maxDepth) throw tooDeep("body.parentId");
      const folder: Folder = {
        folderId: newId("folder", new Date(request.now)), caseId, ...(input.parentId && { parentId: input.parentId }), ancestors, name: input.name,
        inherit: input.inherit ?? true, createdAt: request.now, revision: 1,
      };
      return { changes: [deps.documents.addFolder(folder)], about: { folderId: folder.folderId }, result: folder };
    });
  };

const tooDeep = (field: string) => invalid(field, `Is too deep: folders lie in one another ${maxDepth} levels deep at most.`);

/** What a folder's verbs begin with: it exists for this person, and so do all around it. */
export const enterFolder = async (deps: Pick<Ports, "cases" | "firm" | "documents">, request: Staff, caseId: CaseId, folderId: FolderId): Promise<Folder> => {
  request.trail.concerns({ folderId });
  const [, folder] = await Promise.all([enterCase(deps, request, caseId), liveFolder(deps, caseId, folderId)]);
  return found(folder);
};

/**
 * The way to a folder that something is put into, by parents, as it is now: outermost first, itself last; nothing for the case's root.
 * @throws Refusal naming the field where there is no such folder, or it or one around it is deleted.
 */
export const pathTo = async (documents: Ports["documents"], caseId: CaseId, folderId: FolderId | undefined, field: string): Promise<FolderId[]> => {
  if (folderId === undefined) return [];
  const folder = await documents.folder(caseId, folderId);
  const around = folder && (await foldersAround({ documents }, caseId, folderId, [...folder.ancestors, folderId]));
  if (around === null) throw invalid(field, "Is not a folder of this case.");
  return around.map((it) => it.folderId).toReversed();
};

/**
 * The way to where a folder is put, which must not lead through the folder itself, nor end deeper than what it holds can bear. That holds when
 * it is written: every folder of the way is checked in the same transaction to lie where it was read to lie, so that of two moves that would
 * make a circle together one finds the other's folder moved. A folder that is made below at the same moment may come to lie too deep:
 * then nobody comes to it, until what is above it is moved up.
 */
export const wayFor = async (documents: Ports["documents"], it: Folder, to: FolderId | undefined, field: string): Promise<FolderId[]> => {
  const way = await pathTo(documents, it.caseId, to, field);
  if (way.includes(it.folderId)) throw invalid(field, "Lies in the folder that is moved.");
  if (way.length > 0 && way.length + heightOf(await documents.folderTree(it.caseId), it.folderId) > maxDepth) throw tooDeep(field);
  return way;
};

/**
 * Levels of folders in a folder, itself included, without what was deleted: bringing that back measures again. The case's folders come in a few queries; level
 * by level it would be one for each.
 */
const heightOf = (tree: Awaited<ReturnType<Ports["documents"]["folderTree"]>>, id: FolderId): number => {
  const inside = Map.groupBy(tree.filter((it) => it.deleted === undefined), (it) => it.parentId);
  let level: readonly FolderId[] = [id];
  let height = 0;
  // Only a case whose tree goes round has more levels than may be: the move is refused either way.
  for (; level.length > 0 && height <= maxDepth; height++) level = level.flatMap((it) => (inside.get(it) ?? []).map((child) => child.folderId));
  return height;
};
