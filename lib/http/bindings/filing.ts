import * as z from "zod/mini";
import { idOf } from "../../domain/ids.ts";
import type { StaffPrincipal } from "../../domain/principal.ts";
import { fileName } from "../../domain/text.ts";
import { enterCase } from "../../usecases/cases.ts";
import { changeDocument, changeFolder } from "../../usecases/moves.ts";
import type { Ports } from "../../usecases/ports.ts";
import { deleteDocument, deleteFolder, restoreDocument, restoreFolder } from "../../usecases/trash.ts";
import { bind, paged, pageOf } from "../route.ts";
import { deletedView, documentView, refiledView, viewDeleted, viewDocument, viewRefiled } from "../views.ts";

const route = bind<StaffPrincipal>();
const inCase = { caseId: idOf("case") };
const ofFolder = z.object({ ...inCase, folderId: idOf("folder") });
const ofDocument = z.object({ ...inCase, documentId: idOf("document") });
const none = z.void();

const name = z.optional(fileName);
/** Null is the case's root. */
const place = z.optional(z.nullable(idOf("folder")));

/** Renames, moves, deletes and brings back what lies in a case. */
export const filingBindings = (ports: Pick<Ports, "ledger" | "cases" | "documents" | "jobs" | "firm" | "retentionDays">) => ({
  "folders.change": route({
    params: ofFolder, ifMatch: "required", body: z.strictObject({ name, parentId: place, inherit: z.optional(z.boolean()) }), reply: refiledView,
    run: async (request, { params, body, revision }) => viewRefiled(await changeFolder(ports)(request, params.caseId, params.folderId, { ...body, revision })),
  }),
  "folders.delete": route({
    params: ofFolder, ifMatch: "optional", reply: none, status: 204, run: async (request, { params, revision }) => deleteFolder(ports)(request, params.caseId, params.folderId, revision),
  }),
  "folders.restore": route({
    params: ofFolder, body: z.optional(z.strictObject({ name, parentId: place })), reply: refiledView,
    run: async (request, { params, body }) => viewRefiled(await restoreFolder(ports)(request, params.caseId, params.folderId, body ?? {})),
  }),
  "documents.change": route({
    params: ofDocument, ifMatch: "required", body: z.strictObject({ name, folderId: place }), reply: documentView,
    run: async (request, { params, body, revision }) => viewDocument(await changeDocument(ports)(request, params.caseId, params.documentId, { ...body, revision })),
  }),
  "documents.delete": route({
    params: ofDocument, ifMatch: "optional", reply: none, status: 204, run: async (request, { params, revision }) => deleteDocument(ports)(request, params.caseId, params.documentId, revision),
  }),
  "documents.restore": route({
    params: ofDocument, body: z.optional(z.strictObject({ name, folderId: place })), reply: documentView,
    run: async (request, { params, body }) => viewDocument(await restoreDocument(ports)(request, params.caseId, params.documentId, body ?? {})),
  }),
  "trash.list": route({
    list: true, params: z.object(inCase), reply: pageOf(deletedView),
    run: async (request, { params, page }) => {
      await enterCase(ports, request, params.caseId);
      return paged(await ports.documents.trash(params.caseId, request.now, page), viewDeleted);
    },
  }),
});
