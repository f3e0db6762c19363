import * as z from "zod/mini";
import { objectKey } from "../../domain/document.ts";
import type { About } from "../../domain/event.ts";
import { idOf } from "../../domain/ids.ts";
import type { StaffPrincipal } from "../../domain/principal.ts";
import { fileName } from "../../domain/text.ts";
import { entered, enterCase } from "../../usecases/cases.ts";
import { downloadForStaff, enterDocument, publishVersion } from "../../usecases/documents.ts";
import { createFolder } from "../../usecases/folders.ts";
import { found } from "../../usecases/people.ts";
import type { Ports } from "../../usecases/ports.ts";
import { announceDocument, announceVersion, completeVersion } from "../../usecases/uploads.ts";
import { bind, made, paged, pageOf } from "../route.ts";
import {
  announcedView, documentView, folderView, handOutView, itemView, versionView,
  viewAnnounced, viewDocument, viewFolder, viewHandOut, viewItem, viewVersion,
} from "../views.ts";

const route = bind<StaffPrincipal>();
const inCase = { caseId: idOf("case") };
const ofDocument = { ...inCase, documentId: idOf("document") };
const ofVersion = { ...ofDocument, versionId: idOf("version") };
const folderId = z.optional(idOf("folder"));

const announcement = {
  // RFC 6838: a type, a subtype, no parameters. It goes into a signed header.
  contentType: z.string().check(z.maxLength(127), z.regex(/^[A-Za-z0-9][\w.+-]*\/[A-Za-z0-9][\w.+-]*$/, "Is not a media type such as application/pdf.")),
  size: z.int().check(z.gte(1, "Is less than 1 byte.")),
  sha256: z.optional(z.string().check(z.regex(/^[0-9a-f]{64}$/, "Is not 64 hexadecimal digits in lower case."))),
  draft: z.optional(z.boolean()),
};

/** The same announcement, with an upload URL signed anew. */
const announcedAgain = ({ documents, objects }: Pick<Ports, "documents" | "objects">) => async (_: unknown, about: About) => {
  const [document, version] = await Promise.all([documents.get(made(about.caseId), made(about.documentId)), documents.version(made(about.documentId), made(about.versionId))]);
  const announced = found(version);
  return viewAnnounced({ document: found(document), version: announced, upload: await objects.signUpload(objectKey(announced), announced) });
};

/** What lies in a case: folders, documents and their versions. */
export const documentBindings = (ports: Pick<Ports, "ledger" | "cases" | "documents" | "objects" | "firm" | "malwareScan">) => ({
  "folders.create": route({
    params: z.object(inCase), body: z.strictObject({ name: fileName, parentId: folderId, inherit: z.optional(z.boolean()) }), reply: folderView, status: 201,
    location: (it, params) => `/staff/cases/${params.caseId}/folders/${it.folderId}`,
    run: async (request, { params, body }) => viewFolder(await createFolder(ports)(request, params.caseId, body)),
    again: async (_, about) => viewFolder(found(await ports.documents.folder(made(about.caseId), made(about.folderId)))),
  }),
  "folders.read": route({
    params: z.object({ ...inCase, folderId: idOf("folder") }), reply: folderView,
    run: async (request, { params }) => {
      request.trail.concerns({ folderId: params.folderId });
      await enterCase(ports, request, params.caseId);
      return viewFolder(found(await ports.documents.folder(params.caseId, params.folderId)));
    },
  }),
  "items.list": route({
    list: true, params: z.object(inCase), query: z.strictObject({ folderId }), reply: pageOf(itemView),
    early: ({ caseId }, query) => Promise.all([ports.cases.get(caseId), query.folderId === undefined ? null : ports.documents.folder(caseId, query.folderId)]),
    run: async (request, { params: { caseId }, query, page }, early) => {
      await entered(ports, request, caseId, early.then(([kase]) => kase));
      if (query.folderId !== undefined) {
        request.trail.concerns({ folderId: query.folderId });
        found((await early)[1]);
      }
      return paged(await ports.documents.items(caseId, query.folderId, page, "staff"), viewItem);
    },
  }),
  "documents.announce": route({
    params: z.object(inCase), body: z.strictObject({ ...announcement, name: fileName, folderId }), reply: announcedView, status: 201,
    location: (it, params) => `/staff/cases/${params.caseId}/documents/${it.document.documentId}`,
    run: async (request, { params, body }) => viewAnnounced(await announceDocument(ports)(request, params.caseId, body)), again: announcedAgain(ports),
  }),
  "documents.read": route({ params: z.object(ofDocument), reply: documentView, run: async (request, { params }) => viewDocument(await enterDocument(ports, request, params.caseId, params.documentId)) }),
  "documents.download": route({
    params: z.object(ofDocument), body: z.optional(z.strictObject({ versionId: z.optional(idOf("version")) })), reply: handOutView,
    run: async (request, { params, body }) => viewHandOut(await downloadForStaff(ports)(request, params.caseId, params.documentId, body?.versionId)),
  }),
  "versions.list": route({
    list: true, params: z.object(ofDocument), reply: pageOf(versionView),
    run: async (request, { params, page }) => {
      await enterDocument(ports, request, params.caseId, params.documentId);
      return paged(await ports.documents.versions(params.documentId, page), viewVersion);
    },
  }),
  "versions.announce": route({
    params: z.object(ofDocument), body: z.strictObject(announcement), reply: announcedView, status: 201,
    location: (it, params) => `/staff/cases/${params.caseId}/documents/${params.documentId}/versions/${it.version.versionId}`,
    run: async (request, { params, body }) => viewAnnounced(await announceVersion(ports)(request, params.caseId, params.documentId, body)), again: announcedAgain(ports),
  }),
  "versions.complete": route({ params: z.object(ofVersion), reply: versionView, run: async (request, { params }) => viewVersion(await completeVersion(ports)(request, params.caseId, params.documentId, params.versionId)) }),
  "versions.publish": route({ params: z.object(ofVersion), reply: versionView, run: async (request, { params }) => viewVersion(await publishVersion(ports)(request, params.caseId, params.documentId, params.versionId)) }),
});
