import type { Folder } from "../../domain/case.ts";
import type { Document } from "../../domain/document.ts";
import type { CaseId, FolderId } from "../../domain/ids.ts";
import { Refusal } from "../../domain/refusal.ts";
import { deletedList, keys, nameKeys, type Key } from "./keys.ts";
import { cannotFail, staleRevision, type TableChange } from "./ledger.ts";
import type { Table } from "./table.ts";
import { writesOf } from "./writes.ts";

/*
 * How folders and documents lie in a case: what lists them, what holds their names, and the conditions under which something is put into a
 * folder. A deleted thing leaves its folder's page and gives up its name; what lies inside a deleted folder stays as it is.
 */

export const isFolder = (it: Folder | Document): it is Folder => "ancestors" in it;
const parentOf = (it: Folder | Document): FolderId | undefined => (isFolder(it) ? it.parentId : it.folderId);
const hintOf = (it: Folder | Document): readonly FolderId[] => (isFolder(it) ? it.ancestors : it.folderPath);
export const keyOf = (it: Folder | Document): Key => (isFolder(it) ? keys.folder(it.caseId, it.folderId) : keys.document(it.caseId, it.documentId));
const idOf = (it: Folder | Document): string => (isFolder(it) ? it.folderId : it.documentId);

const nameTaken = (name: string) => (): Refusal =>
  new Refusal("conflict", `This folder holds something called “${name}” already.`, [{ path: "body.name", message: `“${name}” is taken in this folder.` }]);
const shifted = (): Refusal => new Refusal("conflict", "A folder on the way was moved or deleted at the same moment. Read it again.");

/** The condition that a thing lies where it was read to lie. */
const lying = (field: "parentId" | "folderId", parent: FolderId | undefined) => ({
  condition: parent === undefined ? `attribute_exists(pk) AND attribute_not_exists(${field})` : `${field} = :parent`,
  values: parent === undefined ? {} : { ":parent": parent },
});

/** An item with what lists it: its folder's page or, once deleted, the bin of its case and the firm's list of what is due to go. */
export const filedItem = (it: Folder | Document) => {
  if ("purgedAt" in it && it.purgedAt !== undefined) return { ...it, nameKey: undefined };
  if (it.deleted !== undefined) return { ...it, nameKey: nameKeys.deleted(it.deleted.at, idOf(it)), list: deletedList, listKey: nameKeys.due(it.deleted.until, idOf(it)) };
  const sort = isFolder(it) ? nameKeys.folder(it.parentId, it.name, it.folderId) : nameKeys.document(it.folderId, it.name, it.documentId);
  return { ...it, nameKey: sort, ...((isFolder(it) || it.published) && { clientNameKey: sort }) };
};

export const filingIn = (table: Table) => {
  const write = writesOf(table);
  const nameOf = (it: Folder | Document): Key | null => (it.deleted === undefined ? keys.name(it.caseId, parentOf(it), it.name) : null);
  const takesName = (it: Folder | Document, name: Key) => write.create(name, {}, nameTaken(it.name));

  /** Every folder on the way lies where it was read to lie and is not deleted: at the moment of the write the way is the true one. */
  const standing = (caseId: CaseId, path: readonly FolderId[]): TableChange[] => path.map((id, index) => {
    const { condition, values } = lying("parentId", path[index - 1]);
    return write.check(keys.folder(caseId, id), `${condition} AND attribute_not_exists(deleted)`, values, shifted);
  });

  /** A thing anew, unless it was changed since it was read; a hint that was refreshed meanwhile would be lost, and counts as a change. */
  const replace = (before: Folder | Document, after: Folder | Document, otherwise: () => Refusal = staleRevision): TableChange => {
    const hint = { condition: `${isFolder(before) ? "ancestors" : "folderPath"} = :hint`, values: { ":hint": hintOf(before) } };
    return write.replace(keyOf(after), filedItem(after), otherwise, hint);
  };

  return {
    /** A new thing under a way that its own hint names. */
    add: (it: Folder | Document): TableChange[] => [write.create(keyOf(it), filedItem(it)), takesName(it, keys.name(it.caseId, parentOf(it), it.name)), ...standing(it.caseId, hintOf(it))],
    /** The same thing after something else about it changed. */
    update: (before: Document, after: Document): TableChange => replace(before, after, cannotFail),
    /** A thing renamed, moved, deleted or brought back: its name is given up and taken, and wherever it is put, the way is there. */
    refile(before: Folder | Document, after: Folder | Document): TableChange[] {
      const [from, to] = [nameOf(before), nameOf(after)];
      const isPut = after.deleted === undefined && (before.deleted !== undefined || parentOf(before) !== parentOf(after));
      return [
        replace(before, after),
        ...(from !== null && from.sk !== to?.sk ? [write.giveUp(from)] : []), ...(to !== null && to.sk !== from?.sk ? [takesName(after, to)] : []),
        ...(isPut ? standing(after.caseId, hintOf(after)) : []),
      ];
    },
    /** The way to a thing, told anew; nothing else of it changes, nor does its revision. */
    setHint(it: Folder | Document, path: readonly FolderId[]): TableChange {
      const { condition, values } = lying(isFolder(it) ? "parentId" : "folderId", parentOf(it));
      return write.update(keyOf(it), `SET ${isFolder(it) ? "ancestors" : "folderPath"} = :path`, { ":path": path, ...values }, condition, cannotFail);
    },
    /** For good. */
    remove: (it: Folder | Document): TableChange[] => {
      const name = nameOf(it);
      return [write.remove(keyOf(it), "revision = :before", { ":before": it.revision }, cannotFail), ...(name ? [write.giveUp(name)] : [])];
    },
  };
};
