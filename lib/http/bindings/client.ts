import * as z from "zod/mini";
import { idOf } from "../../domain/ids.ts";
import type { ContactPrincipal } from "../../domain/principal.ts";
import { localeTag } from "../../domain/text.ts";
import type { Ports } from "../../usecases/ports.ts";
import { downloadForContact, listItems, myCases, readCase, readTimeline, sharedWithMe } from "../../usecases/reading.ts";
import type { Bindings } from "../api.ts";
import { bind, paged, pageOf } from "../route.ts";
import { clientUploadBindings } from "./client-uploads.ts";
import { clientCaseView, clientEntryView, clientItemView, givenView, handOutView, viewClientCase, viewClientItem, viewGiven, viewHandOut } from "../views.ts";

const route = bind<ContactPrincipal>();
const inCase = z.object({ caseId: idOf("case") });

/** What a client or collaborator sees, and adds. */
export const clientBindings = (ports: Pick<Ports, "ledger" | "people" | "cases" | "documents" | "grants" | "objects" | "firm" | "malwareScan">): Bindings<"client"> => ({
  ...clientUploadBindings(ports),
  "client.me": route({
    reply: z.object({ contactId: idOf("contact"), name: z.string(), locale: localeTag, firm: z.object({ name: z.string(), phone: z.string() }) }),
    run: ({ principal }) => Promise.resolve({ ...principal, firm: ports.firm }),
  }),
  "client.cases": route({ list: true, reply: pageOf(clientCaseView), run: async (request, { page }) => paged(await myCases(ports)(request, page), viewClientCase) }),
  "client.case": route({ params: inCase, reply: clientCaseView, run: async (request, { params }) => viewClientCase(await readCase(ports)(request, params.caseId)) }),
  "client.timeline": route({ list: true, params: inCase, reply: pageOf(clientEntryView), run: async (request, { params, page }) => paged(await readTimeline(ports)(request, params.caseId, page), (it) => it) }),
  "client.items": route({
    list: true, params: inCase, query: z.strictObject({ folderId: z.optional(idOf("folder")) }), reply: pageOf(clientItemView),
    early: ({ caseId }, { folderId }) => Promise.all([ports.cases.get(caseId), folderId === undefined ? null : ports.documents.folder(caseId, folderId)]),
    run: async (request, { params, query, page }, early) => paged(await listItems(ports)(request, params.caseId, query.folderId, page, early), viewClientItem),
  }),
  "client.shared-with-me": route({ list: true, reply: pageOf(givenView), run: async (request, { page }) => paged(await sharedWithMe(ports)(request, page), viewGiven) }),
  "client.download": route({
    params: z.object({ ...inCase.shape, documentId: idOf("document") }), reply: handOutView,
    early: ({ caseId, documentId }) => Promise.all([ports.cases.get(caseId), ports.documents.get(caseId, documentId)]),
    run: async (request, { params }, early) => viewHandOut(await downloadForContact(ports)(request, params.caseId, params.documentId, early)),
  }),
});
