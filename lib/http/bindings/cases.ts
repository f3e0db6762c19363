import * as z from "zod/mini";
import { mayEnter } from "../../domain/access.ts";
import { caseStatuses } from "../../domain/case.ts";
import { idOf } from "../../domain/ids.ts";
import type { StaffPrincipal } from "../../domain/principal.ts";
import { foldName, line, paragraph } from "../../domain/text.ts";
import { instant } from "../../domain/time.ts";
import { addTimelineEntry, breakGlass, changeCase, createCase, enterCase } from "../../usecases/cases.ts";
import { found } from "../../usecases/people.ts";
import type { Ports } from "../../usecases/ports.ts";
import { staffing } from "../inputs.ts";
import { bind, made, paged, pageOf } from "../route.ts";
import { caseView, entryView, viewCase, viewEntry } from "../views.ts";

const route = bind<StaffPrincipal>();
const inCase = { caseId: idOf("case") };

/** Cases and their story. */
export const caseBindings = (ports: Pick<Ports, "ledger" | "people" | "cases" | "firm">) => ({
  "cases.list": route({
    list: true, reply: pageOf(caseView),
    query: z.strictObject({ status: z.optional(z.enum(caseStatuses)), clientId: z.optional(idOf("client")), adviserId: z.optional(idOf("member")), q: z.optional(line(100)) }),
    run: async ({ principal, now }, { query, page }) => {
      const words = query.q === undefined ? [] : foldName(query.q).split(/\s+/);
      return paged(await ports.cases.list(page, (it) =>
        mayEnter(principal, it, ports.firm, now) && (query.status === undefined || it.status === query.status) && (query.clientId === undefined || it.clientId === query.clientId)
        && (query.adviserId === undefined || it.adviserId === query.adviserId) && words.every((word) => foldName(`${it.reference} ${it.title}`).includes(word))), viewCase);
    },
  }),
  "cases.create": route({
    body: z.strictObject({ clientId: idOf("client"), reference: line(60), title: line(200), ...staffing }), reply: caseView, status: 201,
    location: (it) => `/staff/cases/${it.caseId}`, run: async (request, { body }) => viewCase(await createCase(ports)(request, body)),
    again: async (request, about) => viewCase(await enterCase(ports, request, made(about.caseId))),
  }),
  "cases.read": route({ params: z.object(inCase), reply: caseView, run: async (request, { params }) => viewCase(await enterCase(ports, request, params.caseId)) }),
  "cases.change": route({
    params: z.object(inCase), ifMatch: "required", reply: caseView,
    body: z.strictObject({ title: z.optional(line(200)), status: z.optional(z.enum(caseStatuses)), ...staffing }),
    run: async (request, { params, body, revision }) => viewCase(await changeCase(ports)(request, params.caseId, { ...body, revision })),
  }),
  "cases.break-glass": route({
    params: z.object(inCase), body: z.strictObject({ reason: paragraph(1000) }), reply: caseView,
    run: async (request, { params, body }) => viewCase(await breakGlass(ports)(request, params.caseId, body.reason)),
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
    again: async (request, about) => {
      const { caseId } = await enterCase(ports, request, made(about.caseId));
      return viewEntry(found(await ports.cases.entry(caseId, made(about.entryId))));
    },
  }),
});
