import { maxDepth, type Folder } from "../domain/case.ts";
import type { Document } from "../domain/document.ts";
import type { CaseId, DocumentId, FolderId } from "../domain/ids.ts";
import type { Ports } from "./ports.ts";

type Deps = Pick<Ports, "documents">;

/** The folders of a case as they are now, each read once. */
interface Tree {
  /** Reads what these hints name, all in one batch. */
  ahead(hints: readonly FolderId[]): Promise<void>;
  /**
   * The folders around a place, innermost first. Hints only save reads: the way leads from parent to parent, and a folder that no hint
   * named is read by itself, then what its own hint names.
   * @returns null where it is shut to everybody: a folder on the way is gone or deleted, the way is longer than any may be, or goes round.
   */
  around(innermost: FolderId | undefined): Promise<readonly Folder[] | null>;
}

export const treeOf = ({ documents }: Deps, caseId: CaseId): Tree => {
  const known = new Map<FolderId, Folder | null>();
  const ahead: Tree["ahead"] = async (hints) => {
    for (const it of await documents.folders(caseId, hints.filter((id) => !known.has(id)))) known.set(it.folderId, it);
  };
  /** Its own hint names what comes next: below a move whose hints are not told yet, two reads and not one for each level. */
  const alone = async (id: FolderId): Promise<Folder | null> => {
    const folder = await documents.folder(caseId, id);
    known.set(id, folder);
    if (folder?.deleted === undefined) await ahead(folder?.ancestors ?? []);
    return folder;
  };
  return {
    ahead,
    async around(innermost) {
      const path: Folder[] = [];
      for (let next = innermost; next !== undefined;) {
        const folder: Folder | null = known.get(next) ?? (await alone(next));
        // A circle is longer than any path may be, too.
        if (folder === null || folder.deleted !== undefined || path.length === maxDepth) return null;
        path.push(folder);
        next = folder.parentId;
      }
      return path;
    },
  };
};

/**
 * The folders around a place, innermost first, as they are now. The hint saves reads: all its folders come in one batch. It is believed
 * only where each folder's parent is the next of the path; from the folder that disagrees on, parents are followed.
 * @returns null where nobody comes: see `Tree.around`.
 */
export const foldersAround = async (deps: Deps, caseId: CaseId, innermost: FolderId | undefined, hint: readonly FolderId[]): Promise<readonly Folder[] | null> => {
  if (innermost === undefined) return [];
  const tree = treeOf(deps, caseId);
  await tree.ahead([...hint, innermost]);
  return tree.around(innermost);
};

/** The folder in which a thing lies or which it is, and what is said to be around it. */
const hinted = (it: Folder | Document): readonly FolderId[] => ("ancestors" in it ? [...it.ancestors, it.folderId] : [...it.folderPath, ...(it.folderId ? [it.folderId] : [])]);

/** A thing that somebody can come to, and the folders around it, innermost first: of a folder, itself is the first. */
export interface Live<T> { readonly it: T; readonly around: readonly Folder[] }

/** Those of these that somebody can come to: neither they nor a folder around them is deleted. All their folders come in one batch. */
export const liveAmong = async <T extends Folder | Document>(deps: Deps, caseId: CaseId, things: readonly T[]): Promise<Live<T>[]> => {
  const tree = treeOf(deps, caseId);
  const standing = things.filter((it) => it.deleted === undefined);
  await tree.ahead(standing.flatMap(hinted));
  const ways = await Promise.all(standing.map(async (it) => ({ it, around: await tree.around(it.folderId) })));
  return ways.flatMap(({ it, around }) => (around === null ? [] : [{ it, around }]));
};

export const liveFolder = async (deps: Deps, caseId: CaseId, id: FolderId): Promise<Folder | null> => liveOrNone(deps, caseId, await deps.documents.folder(caseId, id));
export const liveDocument = async (deps: Deps, caseId: CaseId, id: DocumentId): Promise<Document | null> => liveOrNone(deps, caseId, await deps.documents.get(caseId, id));
const liveOrNone = async <T extends Folder | Document>(deps: Deps, caseId: CaseId, it: T | null): Promise<T | null> => (it && (await liveAmong(deps, caseId, [it]))[0]?.it) ?? null;
