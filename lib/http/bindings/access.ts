import * as z from "zod/mini";
import { levels, staffEntries } from "../../domain/access.ts";
import { idOf } from "../../domain/ids.ts";
import type { StaffPrincipal } from "../../domain/principal.ts";
import { instant } from "../../domain/time.ts";
import type { Ports } from "../../usecases/ports.ts";
import { preview } from "../../usecases/preview.ts";
import type { Difference, Proposal } from "../../usecases/preview-pages.ts";
import { explainAccess, type Because } from "../../usecases/why.ts";
import { bind, PutOff } from "../route.ts";
import { grantInput, staffing } from "../inputs.ts";
import { grantView, viewGrant } from "../views.ts";

const route = bind<StaffPrincipal>();

const { grantId, principal, resource, level } = grantView.shape;
const held = { grantId, principal, resource, level, expiresAt: z.optional(instant) };
const becauseView = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("entry"), entry: z.enum(staffEntries) }),
  z.object({ kind: z.literal("grant"), ...held, through: z.array(idOf("folder")) }),
  z.object({ kind: z.literal("stopped"), ...held, by: idOf("folder") }),
  z.object({ kind: z.enum(["inside", "over", "not-meant"]), ...held }),
  z.object({ kind: z.enum(["suspended", "deleted", "not-published"]) }),
]);
const viewBecause = (it: Because): z.infer<typeof becauseView> => {
  switch (it.kind) {
    case "entry": return it;
    case "grant": return { kind: it.kind, ...viewGrant(it.grant), through: [...it.through] };
    case "stopped": return { kind: it.kind, ...viewGrant(it.grant), by: it.by };
    case "inside": case "over": case "not-meant": return { kind: it.kind, ...viewGrant(it.grant) };
    case "suspended": case "deleted": case "not-published": return { kind: it.kind };
  }
};

const question = z.strictObject({
  contactId: z.optional(idOf("contact")), memberId: z.optional(idOf("member")), caseId: idOf("case"), folderId: z.optional(idOf("folder")), documentId: z.optional(idOf("document")),
}).check(
  z.refine((it) => (it.contactId === undefined) !== (it.memberId === undefined), { path: ["contactId"], error: "Name either a contact or a member of the firm." }),
  z.refine((it) => it.folderId === undefined || it.documentId === undefined, { path: ["documentId"], error: "Name a folder or a document, or neither for the case." }),
);
type Query = z.infer<typeof question>;
const whoOf = ({ contactId, memberId }: Query) => {
  if (contactId !== undefined) return { contactId };
  if (memberId !== undefined) return { memberId };
  throw new TypeError("A question about nobody, which its schema refuses.");
};

const differenceView = z.object({
  contactId: z.optional(idOf("contact")), memberId: z.optional(idOf("member")), recipientId: z.optional(idOf("recipient")), shareId: z.optional(idOf("share")), name: z.string(), before: z.nullable(z.enum(levels)), after: z.nullable(z.enum(levels)),
});
const viewDifference = ({ who, ...it }: Difference): z.infer<typeof differenceView> => ({ ...who, ...it });

const moveInput = z.strictObject({ folderId: z.optional(idOf("folder")), documentId: z.optional(idOf("document")), to: z.nullable(idOf("folder")) })
  .check(z.refine((it) => (it.folderId === undefined) !== (it.documentId === undefined), { path: ["folderId"], error: "Name either a folder or a document." }));

/** One of five changes, each with the fields of its own. */
const proposal = z.strictObject({
  ...z.partial(grantInput).shape, revoke: z.optional(idOf("grant")), move: z.optional(moveInput),
  inherit: z.optional(z.strictObject({ folderId: idOf("folder"), value: z.boolean() })), team: z.optional(z.strictObject(staffing)),
}).check(
  z.refine((it) => [it.principal, it.revoke, it.move, it.inherit, it.team].filter((change) => change !== undefined).length === 1, "Name one change: a grant's principal, revoke, move, inherit or team."),
  z.refine((it) => it.principal === undefined || it.resource !== undefined, { path: ["resource"], error: "Is missing." }),
  z.refine((it) => it.principal === undefined || it.level !== undefined, { path: ["level"], error: "Is missing." }),
);
const proposalOf = ({ principal, resource, level, expiresAt, revoke, move, inherit, team }: z.infer<typeof proposal>): Proposal => {
  if (principal && resource && level) return { give: { principal, resource, level, expiresAt } };
  if (revoke) return { revoke };
  if (move?.folderId) return { move: { folderId: move.folderId, to: move.to } };
  if (move?.documentId) return { move: { documentId: move.documentId, to: move.to } };
  if (inherit) return { inherit };
  if (team) return { team };
  throw new TypeError("A dry run of nothing, which its schema refuses.");
};

/** Why somebody sees something, and who would. */
export const accessBindings = (ports: Pick<Ports, "ledger" | "jobs" | "cases" | "people" | "documents" | "grants" | "shares" | "firm">) => ({
  "access.explain": route({
    query: question, reply: z.object({ allowed: z.boolean(), level: z.nullable(z.enum(levels)), because: z.array(becauseView) }),
    run: async (request, { query }) => {
      const { because, ...access } = await explainAccess(ports)(request, { ...query, who: whoOf(query) });
      return { ...access, because: because.map(viewBecause) };
    },
  }),
  "grants.preview": route({
    params: z.object({ caseId: idOf("case") }), orJob: true, body: proposal, reply: z.object({ gains: z.array(differenceView), loses: z.array(differenceView) }),
    run: async (request, { params, body }) => {
      const found = await preview(ports)(request, params.caseId, proposalOf(body));
      if ("jobId" in found) return new PutOff(found);
      return { gains: found.gains.map(viewDifference), loses: found.loses.map(viewDifference) };
    },
  }),
});
