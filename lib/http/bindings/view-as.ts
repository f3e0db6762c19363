import * as z from "zod/mini";
import { idOf } from "../../domain/ids.ts";
import type { StaffPrincipal } from "../../domain/principal.ts";
import type { Ports } from "../../usecases/ports.ts";
import { listItems, myCases, readCase, readTimeline, sharedWithMe } from "../../usecases/reading.ts";
import { viewAs } from "../../usecases/view-as.ts";
import { bind, paged, pageOf } from "../route.ts";
import { clientCaseView, clientEntryView, clientItemView, givenView, viewClientCase, viewClientItem, viewGiven } from "../views.ts";

const route = bind<StaffPrincipal>();
const contact = z.object({ contactId: idOf("contact") });
const inCase = z.object({ ...contact.shape, caseId: idOf("case") });

/** A contact's own routes, seen by staff: the same verbs, the same bodies, nothing to change and nothing to download. */
export const viewAsBindings = (ports: Pick<Ports, "people" | "cases" | "documents" | "grants" | "firm">) => {
  const as = viewAs(ports);
  return {
    "view-as.cases": route({
      list: true, params: contact, reply: pageOf(clientCaseView),
      run: async (request, { params, page }) => paged(await myCases(ports)(await as(request, params.contactId), page), viewClientCase),
    }),
    "view-as.case": route({
      params: inCase, reply: clientCaseView,
      run: async (request, { params }) => viewClientCase(await readCase(ports)(await as(request, params.contactId), params.caseId)),
    }),
    "view-as.timeline": route({
      list: true, params: inCase, reply: pageOf(clientEntryView),
      run: async (request, { params, page }) => paged(await readTimeline(ports)(await as(request, params.contactId), params.caseId, page), (it) => it),
    }),
    "view-as.items": route({
      list: true, params: inCase, query: z.strictObject({ folderId: z.optional(idOf("folder")) }), reply: pageOf(clientItemView),
      early: ({ caseId }, { folderId }) => Promise.all([ports.cases.get(caseId), folderId === undefined ? null : ports.documents.folder(caseId, folderId)]),
      run: async (request, { params, query, page }, early) => paged(await listItems(ports)(await as(request, params.contactId), params.caseId, query.folderId, page, early), viewClientItem),
    }),
    "view-as.shared-with-me": route({
      list: true, params: contact, reply: pageOf(givenView),
      run: async (request, { params, page }) => paged(await sharedWithMe(ports)(await as(request, params.contactId), page), viewGiven),
    }),
  };
};
