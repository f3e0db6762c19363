import * as z from "zod/mini";
import { idOf } from "../../domain/ids.ts";
import type { StaffPrincipal } from "../../domain/principal.ts";
import { fileName } from "../../domain/text.ts";
import { entered, enterCase } from "../../usecases/cases.ts";
import { downloadForStaff, enterDocument } from "../../usecases/documents.ts";
import { createFolder, enterFolder } from "../../usecases/folders.ts";
import { found } from "../../usecases/people.ts";
import type { Ports } from "../../usecases/ports.ts";
import { liveFolder } from "../../usecases/tree.ts";
import { bind, made, paged, pageOf } from "../route.ts";
import { documentView, folderView, handOutView, itemView, viewDocument, viewFolder, viewHandOut, viewItem } from "../views.ts";

const route = bind<StaffPrincipal>();
const inCase = { caseId: idOf("case") };
const ofDocument = { ...inCase, documentId: idOf("document") };
const folderId = z.optional(idOf("folder"));

/** What lies in a case: folders and documents. */
export const documentBindings = (ports: Pick<Ports, "ledger" | "cases" | "documents" | "objects" | "firm">) => ({
  "folders.create": route({
    params: z.object(inCase), body: z.strictObject({ name: fileName, parentId: folderId, inherit: z.optional(z.boolean()) }), reply: folderView, status: 201,
    location: (it, params) => `/staff/cases/${params.caseId}/folders/${it.folderId}`,
    run: async (request, { params, body }) => viewFolder(await createFolder(ports)(request, params.caseId, body)),
    again: async (request, about) => {
      const { caseId } = await enterCase(ports, request, made(about.caseId));
      return viewFolder(found(await liveFolder(ports, caseId, made(about.folderId))));
    },
  }),
  "folders.read": route({
    params: z.object({ ...inCase, folderId: idOf("folder") }), reply: folderView, run: async (request, { params }) => viewFolder(await enterFolder(ports, request, params.caseId, params.folderId)),
  }),
  "items.list": route({
    list: true, params: z.object(inCase), query: z.strictObject({ folderId }), reply: pageOf(itemView),
    early: ({ caseId }, query) => Promise.all([ports.cases.get(caseId), query.folderId === undefined ? null : liveFolder(ports, caseId, query.folderId)]),
    run: async (request, { params: { caseId }, query, page }, early) => {
      if (query.folderId !== undefined) request.trail.concerns({ folderId: query.folderId });
      // The page is read beside what decides about it; whoever is refused does not see it.
      const items = ports.documents.items(caseId, query.folderId, page, "staff");
      items.catch(() => undefined); // whoever is refused before it is awaited must not end the process
      await entered(ports, request, caseId, early.then(([kase]) => kase));
      if (query.folderId !== undefined) found((await early)[1]);
      return paged(await items, viewItem);
    },
  }),
  "documents.read": route({ params: z.object(ofDocument), reply: documentView, run: async (request, { params }) => viewDocument(await enterDocument(ports, request, params.caseId, params.documentId)) }),
  "documents.download": route({
    params: z.object(ofDocument), body: z.optional(z.strictObject({ versionId: z.optional(idOf("version")) })), reply: handOutView,
    run: async (request, { params, body }) => viewHandOut(await downloadForStaff(ports)(request, params.caseId, params.documentId, body?.versionId)),
  }),
});
