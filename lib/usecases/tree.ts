import { maxDepth, type Folder } from "../domain/case.ts";
import type { CaseId, FolderId } from "../domain/ids.ts";
import type { Ports } from "./ports.ts";

/** A place and the folders that are said to be around it, outermost first. */
export interface Hinted { readonly innermost: FolderId | undefined; readonly hint: readonly FolderId[] }

/** The folders of a case as they are now, each read once. */
export interface Tree {
  /** Reads what these hints name, all in one batch. */
  ahead(places: readonly Hinted[]): Promise<void>;
  /**
   * The folders around a place, innermost first. Hints only save reads: the way leads from parent to parent, and a folder that no hint
   * named is read by itself.
   * @returns null where it is shut to everybody: a folder on the way is gone or deleted, the way is longer than any may be, or goes round.
   */
  around(innermost: FolderId | undefined): Promise<readonly Folder[] | null>;
}

export const treeOf = ({ documents }: Pick<Ports, "documents">, caseId: CaseId): Tree => {
  const known = new Map<FolderId, Folder | null>();
  return {
    async ahead(places) {
      const wanted = new Set(places.flatMap(({ innermost, hint }) => (innermost === undefined ? [] : [...hint, innermost])));
      for (const it of await documents.folders(caseId, [...wanted].filter((id) => !known.has(id)))) known.set(it.folderId, it);
    },
    async around(innermost) {
      const path: Folder[] = [];
      for (let next = innermost; next !== undefined;) {
        const folder: Folder | null = known.get(next) ?? (await documents.folder(caseId, next));
        known.set(next, folder);
        // A circle is longer than any path may be, too.
        if (folder === null || folder.deleted !== undefined || path.length === maxDepth) return null;
        path.push(folder);
        next = folder.parentId;
      }
      return path;
    },
  };
};
