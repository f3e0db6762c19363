import * as z from "zod/mini";
import { about, groupings } from "../../domain/event.ts";
import { idOf } from "../../domain/ids.ts";
import type { StaffPrincipal } from "../../domain/principal.ts";
import { instant, monthOf } from "../../domain/time.ts";
import type { Ports } from "../../usecases/ports.ts";
import { readRegister, readStatistics, type NamedEvent } from "../../usecases/register.ts";
import { bind, paged, pageOf } from "../route.ts";

const route = bind<StaffPrincipal>();

const eventView = z.object({
  eventId: idOf("event"), at: instant, who: z.object({ kind: z.enum(["member", "contact", "recipient", "system", "anonymous"]), id: z.nullable(z.string()), name: z.nullable(z.string()) }),
  onBehalfOf: z.nullable(z.object({ contactId: idOf("contact"), name: z.nullable(z.string()) })), action: z.string(), resource: about, result: z.enum(["granted", "refused"]), reason: z.optional(z.string()),
  source: z.nullable(z.object({ ip: z.string(), userAgent: z.string() })), requestId: z.string(),
});
const viewEvent = ({ event, name, contactName }: NamedEvent): z.infer<typeof eventView> => ({
  ...event, who: { kind: event.who.kind, id: "id" in event.who ? event.who.id : null, name }, onBehalfOf: event.onBehalfOf ? { contactId: event.onBehalfOf, name: contactName } : null, resource: event.about, source: event.source ?? null,
});

const month = z.string().check(z.regex(/^\d{4}-(0[1-9]|1[0-2])$/, "Is not a month such as 2026-11."));

/** Who did what, and how much. */
export const registerBindings = (ports: Pick<Ports, "register" | "people" | "shares" | "statistics" | "cases" | "documents" | "firm">) => ({
  "audit.list": route({
    list: true, reply: pageOf(eventView),
    query: z.strictObject({
      caseId: z.optional(idOf("case")), clientId: z.optional(idOf("client")), contactId: z.optional(idOf("contact")), recipientId: z.optional(idOf("recipient")), documentId: z.optional(idOf("document")),
      from: z.optional(instant), to: z.optional(instant), result: z.optional(z.enum(["granted", "refused"])),
    }),
    run: async (request, { query, page }) => paged(await readRegister(ports)(request, query, page), viewEvent),
  }),
  "statistics.access": route({
    query: z.strictObject({ groupBy: z.enum(groupings), from: z.optional(month), to: z.optional(month) }),
    reply: z.object({ items: z.array(z.object({ key: z.string(), label: z.string(), count: z.int(), people: z.int(), previews: z.int() })), from: z.string(), to: z.string() }),
    run: async (request, { query }) => {
      const to = query.to ?? monthOf(request.now);
      const from = query.from ?? to;
      return { items: [...(await readStatistics(ports)(request, query.groupBy, from, to))], from, to };
    },
  }),
});
