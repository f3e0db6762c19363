import * as z from "zod/mini";
import { deletion, folder, type Folder } from "../../domain/case.ts";
import { document, publishing, purgedVersion, version, type Document, type Version } from "../../domain/document.ts";
import { idOf } from "../../domain/ids.ts";
import { dueAt } from "../../domain/upload.ts";
import { isOver } from "../../domain/time.ts";
import type { Documents, Item } from "../../usecases/ports.ts";
import type { Page } from "../../usecases/request.ts";
import { filedItem, filingIn, isFolder, keyOf } from "./filed.ts";
import { deletedList, deletedPage, keys, nameKeys } from "./keys.ts";
import { cannotFail } from "./ledger.ts";
import type { Table } from "./table.ts";
import { together, writesOf } from "./writes.ts";

/** A page of a folder mixes folders and documents; each says by its id what it is. */
const filed = z.union([folder, document]);
const itemOf = (it: Folder | Document): Item => (isFolder(it) ? { kind: "folder", folder: it } : { kind: "document", document: it });
const item = z.pipe(filed, z.transform(itemOf));

/** What the shape of a case's tree needs of a folder: 10,000 folders are read in five queries. */
const inTree = z.object({ folderId: idOf("folder"), parentId: z.optional(idOf("folder")), deleted: z.optional(deletion) });

export const documentsIn = (table: Table): Documents => {
  const write = writesOf(table);
  const filing = filingIn(table);
  /** An unfinished upload stands in the list of those by the instant at which somebody must look at it, and leaves it when it is finished. */
  const versionItem = (it: Version) => {
    const due = dueAt(it);
    return { ...it, ...(due !== null && { list: "UPLOADS", listKey: nameKeys.upload(due, it.versionId) }) };
  };

  return {
    folder: (caseId, id) => table.get(keys.folder(caseId, id), folder),
    folders: (caseId, ids) => table.batch(ids.map((id) => keys.folder(caseId, id)), folder),
    get: (caseId, id) => table.get(keys.document(caseId, id), document),
    byIds: (caseId, ids) => table.batch(ids.map((id) => keys.document(caseId, id)), document),
    items: (caseId, folderId, page, audience) =>
      table.page({ partition: caseId, index: audience === "staff" ? "byName" : "byNameForClients", startsWith: nameKeys.page(folderId) }, page, item),
    async folderTree(caseId) {
      const all: z.infer<typeof inTree>[] = [];
      for (let after: string | null = null; ;) {
        const page: Page<z.infer<typeof inTree>> = await table.page({ partition: caseId, startsWith: "FOLDER#" }, { limit: 3000, after }, inTree);
        all.push(...page.items);
        if (page.next === null) return all;
        after = page.next;
      }
    },
    async trash(caseId, now, page) {
      const position = (it: Folder | Document) => JSON.stringify({ ...keyOf(it), nameKey: filedItem(it).nameKey });
      const deleted = await table.filteredPage({ partition: caseId, index: "byName", startsWith: deletedPage, newestFirst: true }, page, filed, (it) => !isOver(it.deleted?.until, now), position);
      return { items: deleted.items.map(itemOf), next: deleted.next };
    },
    dueTrash: (now, page) => table.page({ partition: deletedList, index: "lists", between: ["0", `${now}~`] }, page, item),
    version: (documentId, id) => table.get(keys.version(documentId, id), version),
    versions: (documentId, page) => table.page({ partition: documentId, startsWith: "VERSION#", newestFirst: true }, page, version),

    addFolder: (it) => together(...filing.add(it)),
    changeFolder: (before, after) => together(...filing.refile(before, after)),
    dropFolder: (it) => together(...filing.remove(it)),
    purgeVersion: (it, now) => write.replace(keys.version(it.documentId, it.versionId), purgedVersion(it, now), cannotFail),
    changeDocument: (before, after) => together(...filing.refile(before, after)),
    addDocument: (it, first) => together(
      ...filing.add(it),
      write.create(keys.version(it.documentId, first.versionId), versionItem(first)),
    ),
    addVersion: (of, it) => together(
      filing.update(of, { ...of, versionCount: it.number, revision: of.revision + 1 }),
      write.create(keys.version(of.documentId, it.versionId), versionItem(it)),
    ),
    setFacts: (it, facts) => write.replace(keys.version(it.documentId, it.versionId), { ...versionItem({ ...it, facts }), revision: it.revision + 1 }),
    dropDocument: (of) => together(...filing.remove(of)),
    dropVersion: (it) => write.remove(keys.version(it.documentId, it.versionId), "revision = :before", { ":before": it.revision }, cannotFail),
    dueUploads: (now, page) => table.page({ partition: "UPLOADS", index: "lists", between: ["0", `${now}~`] }, page, version),
    setHint: (it, path) => filing.setHint(it.kind === "folder" ? it.folder : it.document, path),
    withdraw(of) {
      const { published: _, ...rest } = of;
      return filing.update(of, { ...rest, revision: of.revision + 1 });
    },
    publish: (of, it, published) => together(
      filing.update(of, publishing(of, published)),
      write.replace(keys.version(it.documentId, it.versionId), { ...versionItem(it), draft: false, publishedAt: published.publishedAt, revision: it.revision + 1 }),
    ),
  };
};
