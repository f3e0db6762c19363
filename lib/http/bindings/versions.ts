import * as z from "zod/mini";
import { idOf } from "../../domain/ids.ts";
import type { StaffPrincipal } from "../../domain/principal.ts";
import { paragraph } from "../../domain/text.ts";
import { enterHistory, publishVersion, releaseVersion } from "../../usecases/documents.ts";
import type { Ports } from "../../usecases/ports.ts";
import { staffWay } from "../../usecases/upload-ways.ts";
import { announceDocument, announceVersion } from "../../usecases/uploads.ts";
import { bind, paged, pageOf } from "../route.ts";
import { announcedView, versionView, viewAnnounced, viewVersion } from "../views.ts";
import { announcedAgain, announcedBytes, announcedFile, uploadBindings } from "./uploads.ts";

const route = bind<StaffPrincipal>();
const inCase = z.object({ caseId: idOf("case") });
const ofDocument = z.object({ ...inCase.shape, documentId: idOf("document") });
const ofVersion = z.object({ ...ofDocument.shape, versionId: idOf("version") });
const draft = z.optional(z.boolean());

/** The bytes of documents, from their announcement on. */
export const versionBindings = (ports: Pick<Ports, "ledger" | "cases" | "documents" | "objects" | "firm" | "malwareScan">) => {
  const way = staffWay(ports);
  const again = announcedAgain(ports, way, viewAnnounced);
  const { listParts, signParts, complete, abort } = uploadBindings(ports, way, versionView, viewVersion);
  return {
    "documents.announce": route({
      params: inCase, body: z.strictObject({ ...announcedFile, draft }), reply: announcedView, status: 201, again,
      location: (it, params) => `/staff/cases/${params.caseId}/documents/${it.document.documentId}`,
      run: async (request, { params, body }) => viewAnnounced(await announceDocument(ports, way)(request, params.caseId, body)),
    }),
    "versions.list": route({
      list: true, params: ofDocument, reply: pageOf(versionView),
      run: async (request, { params, page }) => {
        await enterHistory(ports, request, params.caseId, params.documentId);
        return paged(await ports.documents.versions(params.documentId, page), viewVersion);
      },
    }),
    "versions.announce": route({
      params: ofDocument, body: z.strictObject({ ...announcedBytes, draft }), reply: announcedView, status: 201, again,
      location: (it, params) => `/staff/cases/${params.caseId}/documents/${params.documentId}/versions/${it.version.versionId}`,
      run: async (request, { params, body }) => viewAnnounced(await announceVersion(ports)(request, params.caseId, params.documentId, body)),
    }),
    "parts.list": listParts,
    "parts.sign": signParts,
    "versions.complete": complete,
    "versions.abort": abort,
    "versions.publish": route({ params: ofVersion, reply: versionView, run: async (request, { params }) => viewVersion(await publishVersion(ports)(request, params.caseId, params.documentId, params.versionId)) }),
    "versions.release": route({
      params: ofVersion, body: z.strictObject({ reason: paragraph(1000) }), reply: versionView,
      run: async (request, { params, body }) => viewVersion(await releaseVersion(ports)(request, params.caseId, params.documentId, params.versionId, body.reason)),
    }),
  };
};
