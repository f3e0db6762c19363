import * as z from "zod/mini";
import { idOf } from "../../domain/ids.ts";
import type { ContactPrincipal } from "../../domain/principal.ts";
import type { Ports } from "../../usecases/ports.ts";
import { contactWay } from "../../usecases/upload-ways.ts";
import { announceDocument } from "../../usecases/uploads.ts";
import { bind } from "../route.ts";
import { clientAnnouncedView, clientVersionView, viewClientAnnounced, viewVersion } from "../views.ts";
import { announcedAgain, announcedFile, uploadBindings } from "./uploads.ts";

const route = bind<ContactPrincipal>();

/** What contacts add where they may: documents that nobody else has touched yet, never a draft and never another version. */
export const clientUploadBindings = (ports: Pick<Ports, "ledger" | "cases" | "documents" | "grants" | "objects" | "firm" | "malwareScan">) => {
  const way = contactWay(ports);
  const { listParts, signParts, complete, abort } = uploadBindings(ports, way, clientVersionView, viewVersion);
  return {
    "client.announce": route({
      params: z.object({ caseId: idOf("case") }), body: z.strictObject(announcedFile), reply: clientAnnouncedView, status: 201, again: announcedAgain(ports, way, viewClientAnnounced),
      location: (it, params) => `/client/cases/${params.caseId}/documents/${it.document.documentId}/versions/${it.version.versionId}/parts`,
      run: async (request, { params, body }) => viewClientAnnounced(await announceDocument(ports, way)(request, params.caseId, body)),
    }),
    "client.parts": listParts,
    "client.sign-parts": signParts,
    "client.complete": complete,
    "client.abort": abort,
  };
};
