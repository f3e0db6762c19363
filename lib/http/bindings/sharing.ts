import * as z from "zod/mini";
import { idOf } from "../../domain/ids.ts";
import type { StaffPrincipal } from "../../domain/principal.ts";
import { emailAddress, line, localeTag, paragraph } from "../../domain/text.ts";
import { instant } from "../../domain/time.ts";
import { enterCase } from "../../usecases/cases.ts";
import { giveGrant, lookedAt, revokeGrant } from "../../usecases/grants.ts";
import { found } from "../../usecases/people.ts";
import type { Ports } from "../../usecases/ports.ts";
import { createShare, readShare, revokeRecipient, revokeShare } from "../../usecases/shares.ts";
import { grantInput } from "../inputs.ts";
import { bind, made, paged, pageOf } from "../route.ts";
import { grantView, sharedView, shareView, viewGrant, viewShared } from "../views.ts";

const route = bind<StaffPrincipal>();
const inCase = z.object({ caseId: idOf("case") });
const ofShare = z.object({ shareId: idOf("share") });
const none = z.void();

const shareInput = z.strictObject({
  folderId: z.optional(idOf("folder")),
  documentIds: z.optional(z.array(idOf("document")).check(z.minLength(1, "Is empty."), z.maxLength(100, "Has more than 100 documents."))),
  recipients: z.array(z.strictObject({ email: emailAddress, name: z.optional(line(120)), locale: z.optional(localeTag) })).check(z.minLength(1, "Is empty."), z.maxLength(40, "Has more than 40 recipients.")),
  message: z.optional(paragraph(2000)),
  expiresAt: z.optional(instant),
  maxDownloads: z.optional(z.int().check(z.gte(1, "Is less than 1."), z.lte(1000, "Is more than 1,000."))),
}).check(z.refine((it) => (it.folderId === undefined) !== (it.documentIds === undefined), { path: ["folderId"], error: "Name either a folder or documents." }));

/** Grants for people who sign in, links for people who do not. */
export const sharingBindings = (ports: Pick<Ports, "ledger" | "people" | "cases" | "documents" | "grants" | "shares" | "links" | "firm">) => ({
  "grants.list": route({
    list: true, params: inCase, reply: pageOf(grantView),
    run: async (request, { params, page }) => {
      await enterCase(ports, request, params.caseId);
      return paged(await ports.grants.list(params.caseId, page), viewGrant);
    },
  }),
  "grants.give": route({
    params: inCase, reply: grantView, status: 201, location: (it, params) => `/staff/cases/${params.caseId}/grants/${it.grantId}`,
    body: grantInput, early: ({ caseId }, _query, body) => Promise.all([ports.cases.get(caseId), lookedAt(ports, caseId, body)]),
    run: async (request, { params, body }, early) => viewGrant(await giveGrant(ports)(request, params.caseId, body, early)),
    again: async (request, about) => {
      const { caseId } = await enterCase(ports, request, made(about.caseId));
      return viewGrant(found(await ports.grants.get(caseId, made(about.grantId))));
    },
  }),
  "grants.revoke": route({
    params: z.object({ ...inCase.shape, grantId: idOf("grant") }), ifMatch: "optional", reply: none, status: 204,
    early: ({ caseId, grantId }) => Promise.all([ports.cases.get(caseId), ports.grants.get(caseId, grantId)]),
    run: async (request, { params, revision }, early) => revokeGrant(ports)(request, params.caseId, params.grantId, revision, early),
  }),
  "shares.list": route({
    list: true, params: inCase, reply: pageOf(shareView),
    run: async (request, { params, page }) => {
      await enterCase(ports, request, params.caseId);
      return paged(await ports.shares.list(params.caseId, page), (share) => viewShared({ share, links: new Map() }, request.now).share);
    },
  }),
  "shares.create": route({
    params: inCase, body: shareInput, reply: sharedView, status: 201, location: (it) => `/staff/shares/${it.share.shareId}`,
    run: async (request, { params, body }) => {
      const share = await createShare(ports)(request, params.caseId, body);
      const links = await ports.shares.links(share.recipients.map((it) => it.linkHash));
      return viewShared({ share, links: new Map(links.map((it) => [it.recipientId, it])) }, request.now);
    },
    again: async (request, about) => viewShared(await readShare(ports)(request, made(about.shareId)), request.now),
  }),
  "shares.read": route({ params: ofShare, reply: sharedView, run: async (request, { params }) => viewShared(await readShare(ports)(request, params.shareId), request.now) }),
  "shares.revoke": route({
    params: ofShare, ifMatch: "optional", reply: none, status: 204, run: async (request, { params, revision }) => revokeShare(ports)(request, params.shareId, revision),
  }),
  "shares.revoke-recipient": route({
    params: z.object({ ...ofShare.shape, recipientId: idOf("recipient") }), reply: none, status: 204,
    run: async (request, { params }) => revokeRecipient(ports)(request, params.shareId, params.recipientId),
  }),
});
