import * as z from "zod/mini";
import { folder, type Folder } from "../../domain/case.ts";
import { document, version, type Document, type Version } from "../../domain/document.ts";
import type { FolderId } from "../../domain/ids.ts";
import { Refusal } from "../../domain/refusal.ts";
import { dueAt } from "../../domain/upload.ts";
import type { Documents, Item } from "../../usecases/ports.ts";
import { keys, nameKeys } from "./keys.ts";
import { cannotFail } from "./ledger.ts";
import type { Table } from "./table.ts";
import { together, writesOf } from "./writes.ts";

const nameTaken = (): Refusal => new Refusal("conflict", "This folder holds something with this name already.", [{ path: "body.name", message: "Is taken in this folder." }]);

/** The condition that a thing lies where it was read to lie. */
const lying = (field: "parentId" | "folderId", parent: FolderId | undefined): string => (parent === undefined ? `attribute_exists(pk) AND attribute_not_exists(${field})` : `${field} = :parent`);
const lies = (parent: FolderId | undefined) => (parent === undefined ? {} : { ":parent": parent });

/** A page of a folder mixes folders and documents; each says by its id what it is. */
const item = z.union([
  z.pipe(folder, z.transform((it: Folder): Item => ({ kind: "folder", folder: it }))),
  z.pipe(document, z.transform((it: Document): Item => ({ kind: "document", document: it }))),
]);

export const documentsIn = (table: Table): Documents => {
  const write = writesOf(table);
  const folderItem = (it: Folder) => {
    const sort = nameKeys.folder(it.parentId, it.name, it.folderId);
    return { ...it, nameKey: sort, clientNameKey: sort };
  };
  const documentItem = (it: Document) => {
    const sort = nameKeys.document(it.folderId, it.name, it.documentId);
    return { ...it, nameKey: sort, ...(it.published && { clientNameKey: sort }) };
  };
  /** An unfinished upload stands in the list of those by the instant at which somebody must look at it, and leaves it when it is finished. */
  const versionItem = (it: Version) => {
    const due = dueAt(it);
    return { ...it, ...(due !== null && { list: "UPLOADS", listKey: nameKeys.upload(due, it.versionId) }) };
  };
  const takesName = (it: Folder | Document, parent: Folder["parentId"]) => write.create(keys.name(it.caseId, parent, it.name), {}, nameTaken);

  return {
    folder: (caseId, id) => table.get(keys.folder(caseId, id), folder),
    folders: (caseId, ids) => table.batch(ids.map((id) => keys.folder(caseId, id)), folder),
    get: (caseId, id) => table.get(keys.document(caseId, id), document),
    byIds: (caseId, ids) => table.batch(ids.map((id) => keys.document(caseId, id)), document),
    items: (caseId, folderId, page, audience) =>
      table.page({ partition: caseId, index: audience === "staff" ? "byName" : "byNameForClients", startsWith: nameKeys.page(folderId) }, page, item),
    version: (documentId, id) => table.get(keys.version(documentId, id), version),
    versions: (documentId, page) => table.page({ partition: documentId, startsWith: "VERSION#", newestFirst: true }, page, version),

    addFolder: (it) => together(write.create(keys.folder(it.caseId, it.folderId), folderItem(it)), takesName(it, it.parentId)),
    addDocument: (it, first) => together(
      write.create(keys.document(it.caseId, it.documentId), documentItem(it)),
      takesName(it, it.folderId),
      write.create(keys.version(it.documentId, first.versionId), versionItem(first)),
    ),
    addVersion: (of, it) => together(
      write.replace(keys.document(of.caseId, of.documentId), documentItem({ ...of, versionCount: it.number, revision: of.revision + 1 }), cannotFail),
      write.create(keys.version(of.documentId, it.versionId), versionItem(it)),
    ),
    setFacts: (it, facts) => write.replace(keys.version(it.documentId, it.versionId), { ...versionItem({ ...it, facts }), revision: it.revision + 1 }),
    dropDocument: (of) => together(
      write.remove(keys.document(of.caseId, of.documentId), "revision = :before", { ":before": of.revision }, cannotFail),
      write.remove(keys.name(of.caseId, of.folderId, of.name)),
    ),
    dropVersion: (it) => write.remove(keys.version(it.documentId, it.versionId), "revision = :before", { ":before": it.revision }, cannotFail),
    dueUploads: (now, page) => table.page({ partition: "UPLOADS", index: "lists", between: ["0", `${now}~`] }, page, version),
    setHint: (it, path) => it.kind === "folder"
      ? write.update(keys.folder(it.folder.caseId, it.folder.folderId), "SET ancestors = :path", { ":path": path, ...lies(it.folder.parentId) }, lying("parentId", it.folder.parentId), cannotFail)
      : write.update(keys.document(it.document.caseId, it.document.documentId), "SET folderPath = :path", { ":path": path, ...lies(it.document.folderId) }, lying("folderId", it.document.folderId), cannotFail),
    withdraw: ({ published: _, ...of }) => write.replace(keys.document(of.caseId, of.documentId), documentItem({ ...of, revision: of.revision + 1 }), cannotFail),
    publish: (of, it, published) => together(
      write.replace(keys.document(of.caseId, of.documentId), documentItem({ ...of, published, revision: of.revision + 1 }), cannotFail),
      write.replace(keys.version(it.documentId, it.versionId), { ...versionItem(it), draft: false, publishedAt: published.publishedAt, revision: it.revision + 1 }),
    ),
  };
};
