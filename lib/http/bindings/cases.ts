import * as z from "zod/mini";
import { caseStatuses } from "../../domain/case.ts";
import { objectKey } from "../../domain/document.ts";
import type { About } from "../../domain/event.ts";
import { idOf } from "../../domain/ids.ts";
import type { StaffPrincipal } from "../../domain/principal.ts";
import { fileName, foldName, line, paragraph } from "../../domain/text.ts";
import { instant } from "../../domain/time.ts";
import { addTimelineEntry, changeCase, createCase, entered, enterCase } from "../../usecases/cases.ts";
import { announceDocument, announceVersion, completeVersion, createFolder, downloadForStaff, enterDocument, publishVersion } from "../../usecases/documents.ts";
import { found } from "../../usecases/people.ts";
import type { Ports } from "../../usecases/ports.ts";
import { bind, made, paged, pageOf } from "../route.ts";
import {
  announcedView, caseView, documentView, entryView, folderView, handOutView, itemView, versionView,
  viewAnnounced, viewCase, viewDocument, viewEntry, viewFolder, viewHandOut, viewItem, viewVersion,
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

/** Cases and what lies in them. */
export const caseBindings = (ports: Pick<Ports, "ledger" | "people" | "cases" | "documents" | "objects" | "firm" | "malwareScan">) => ({
  "cases.list": route({
    list: true, reply: pageOf(caseView),
    query: z.strictObject({ status: z.optional(z.enum(caseStatuses)), clientId: z.optional(idOf("client")), adviserId: z.optional(idOf("member")), q: z.optional(line(100)) }),
    run: async (_, { query, page }) => {
      const words = query.q === undefined ? [] : foldName(query.q).split(/\s+/);
      return paged(await ports.cases.list(page, (it) =>
        (query.status === undefined || it.status === query.status) && (query.clientId === undefined || it.clientId === query.clientId)
        && (query.adviserId === undefined || it.adviserId === query.adviserId) && words.every((word) => foldName(`${it.reference} ${it.title}`).includes(word))), viewCase);
    },
  }),
  "cases.create": route({
    body: z.strictObject({ clientId: idOf("client"), reference: line(60), title: line(200), adviserId: z.optional(idOf("member")) }), reply: caseView, status: 201,
    location: (it) => `/staff/cases/${it.caseId}`, run: async (request, { body }) => viewCase(await createCase(ports)(request, body)),
    again: async (_, about) => viewCase(found(await ports.cases.get(made(about.caseId)))),
  }),
  "cases.read": route({ params: z.object(inCase), reply: caseView, run: async (request, { params }) => viewCase(await enterCase(ports, request, params.caseId)) }),
  "cases.change": route({
    params: z.object(inCase), ifMatch: "required", reply: caseView,
    body: z.strictObject({ title: z.optional(line(200)), status: z.optional(z.enum(caseStatuses)), adviserId: z.optional(idOf("member")) }),
    run: async (request, { params, body, revision }) => viewCase(await changeCase(ports)(request, params.caseId, { ...body, revision })),
  }),
  "timeline.list": route({
    list: true, params: z.object(inCase), reply: pageOf(entryView),
    run: async (request, { params, page }) => {
      await enterCase(ports, request, params.caseId);
      return paged(await ports.cases.timeline(params.caseId, page, false), viewEntry);
    },
  }),
  "timeline.add": route({
    params: z.object(inCase), body: z.strictObject({ text: paragraph(4000), visibleToClient: z.boolean(), occurredAt: z.optional(instant) }), reply: entryView, status: 201,
    location: (_, params) => `/staff/cases/${params.caseId}/timeline`,
    run: async (request, { params, body }) => viewEntry(await addTimelineEntry(ports)(request, params.caseId, body)),
    again: async (_, about) => viewEntry(found(await ports.cases.entry(made(about.caseId), made(about.entryId)))),
  }),
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
      await entered(request, caseId, early.then(([kase]) => kase));
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
