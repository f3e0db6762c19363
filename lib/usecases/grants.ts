import { mayHold, type Grant, type Level, type Place } from "../domain/access.ts";
import type { Case } from "../domain/case.ts";
import type { CaseId, ClientId, ContactId, DocumentId, FolderId, GrantId, MemberId } from "../domain/ids.ts";
import type { About } from "../domain/event.ts";
import { isId, newId } from "../domain/ids.ts";
import type { StaffPrincipal, SystemPrincipal } from "../domain/principal.ts";
import { invalid, Refusal } from "../domain/refusal.ts";
import type { Instant } from "../domain/time.ts";
import { decidedAnew } from "./anew.ts";
import { entered } from "./cases.ts";
import { found, sameRevision } from "./people.ts";
import type { Ports } from "./ports.ts";
import { Trail, type Request } from "./request.ts";
import { liveDocument, liveFolder } from "./tree.ts";

type Staff = Request<StaffPrincipal>;
type Deps = Pick<Ports, "ledger" | "cases" | "firm" | "documents" | "grants" | "people">;

export interface GrantInput {
  readonly principal: { readonly contactId: ContactId } | { readonly clientId: ClientId };
  readonly resource: { readonly folderId?: FolderId | undefined; readonly documentId?: DocumentId | undefined };
  readonly level: Level;
  readonly expiresAt?: Instant | undefined;
}

/** Gives a contact or a whole client access to a case, a folder or a document of it. */
export const giveGrant = ({ ledger, firm, documents, grants, people }: Omit<Deps, "cases">) =>
  async (request: Staff, caseId: CaseId, input: GrantInput, reads: Promise<readonly [Case | null, LookedAt]>): Promise<Grant> => {
    const kase = await entered({ firm }, request, caseId, reads.then(([read]) => read));
    const grant = await plannedGrant({ documents, people }, { now: request.now, memberId: request.principal.memberId }, kase, input, (await reads)[1]);
    await ledger.commit(request, [grants.give(grant)], { about: { grantId: grant.grantId, ...aboutOf(grant) } });
    return grant;
  };

/** What a grant would be on and who would hold it, as they are now: does not depend on who asks. */
export const lookedAt = ({ documents, people }: Pick<Ports, "documents" | "people">, caseId: CaseId, { principal, resource: { folderId, documentId } }: Pick<GrantInput, "principal" | "resource">) => Promise.all([
  folderId && liveFolder({ documents }, caseId, folderId), documentId && liveDocument({ documents }, caseId, documentId), "contactId" in principal ? people.contact(principal.contactId) : null,
]);
type LookedAt = Awaited<ReturnType<typeof lookedAt>>;

/** The grant that an input asks for. @throws Refusal naming the field where nobody could be given this. */
export const plannedGrant = async (deps: Pick<Ports, "documents" | "people">, { now, memberId }: { readonly now: Instant; readonly memberId: MemberId }, kase: Case, input: GrantInput, known?: LookedAt): Promise<Grant> => {
  const { caseId } = kase;
  const { folderId, documentId } = input.resource;
  const [folder, document, contact] = known ?? (await lookedAt(deps, caseId, input));
  if (input.expiresAt !== undefined && input.expiresAt <= now) throw invalid("body.expiresAt", "Is over already.");
  if (folder === null) throw invalid("body.resource.folderId", "Is not a folder of this case.");
  if (document === null) throw invalid("body.resource.documentId", "Is not a document of this case.");
  const place: Place = folderId ?? documentId ?? caseId;

  if ("clientId" in input.principal) {
    if (!mayHold(input.principal, kase)) throw invalid("body.principal.clientId", "Is not the client of this case.");
  } else {
    if (contact === null) throw invalid("body.principal.contactId", "Is not a contact of the firm.");
    if (!mayHold(contact, kase)) throw invalid("body.principal.contactId", "Is a contact of another client.");
  }

  const holder = "clientId" in input.principal ? input.principal.clientId : input.principal.contactId;
  return {
    grantId: newId("grant", new Date(now)), caseId, holder, place, level: input.level, ...(input.expiresAt && { expiresAt: input.expiresAt }),
    createdAt: now, givenBy: memberId,
  };
};

/** Who and what a grant is about: its record is found by the folder or document it opens and by the contact who holds it. */
const aboutOf = ({ holder, place }: Grant): About => ({
  ...(isId("contact", holder) && { contactId: holder }), ...(isId("folder", place) && { folderId: place }), ...(isId("document", place) && { documentId: place }),
});

/** A grant never changes: it is given and revoked. */
export const onlyRevision = 1;

/** The next request of whoever held it is decided without it. */
export const revokeGrant = ({ ledger, firm, grants }: Pick<Ports, "ledger" | "firm" | "grants">) =>
  async (request: Staff, caseId: CaseId, grantId: GrantId, read: number | null, reads: Promise<readonly [Case | null, Grant | null]>): Promise<void> => {
    await entered({ firm }, request, caseId, reads.then(([kase]) => kase));
    request.trail.concerns({ grantId });
    const grant = found((await reads)[1]);
    request.trail.concerns(aboutOf(grant));
    if (read !== null) sameRevision({ revision: onlyRevision }, read);
    // Whether it is the person's last grant may change at the same moment: that keeps no door open.
    await decidedAnew({ ledger }, request, async () => ({ changes: [await grants.revoke(grant)], result: undefined }));
  };

/**
 * Takes back what was given on a thing that is gone for good: it opens nothing any more, and whoever holds nothing else in the case is not to know of it. Each
 * grant is a transaction with its own record. @returns how many went: `most` where more may be left.
 */
export const revokeOn = async ({ ledger, cases, grants }: Pick<Ports, "ledger" | "cases" | "grants">, request: Request<SystemPrincipal>, about: About & { readonly caseId: CaseId }, place: Place, most: number): Promise<number> => {
  const { items } = await grants.onPlace(about.caseId, place, { limit: most, after: null });
  const kase = items.length === 0 ? null : await cases.get(about.caseId);
  for (const it of items) {
    const trail = new Trail("grants.revoked", request.trail.requestId, undefined, { ...about, ...(kase && { clientId: kase.clientId, adviserId: kase.adviserId }), grantId: it.grantId, ...aboutOf(it) });
    try {
      await decidedAnew({ ledger }, { ...request, trail }, async () => ({ changes: [await grants.revoke(it)], result: undefined }));
    } catch (error) {
      // Somebody else took it back at the same moment.
      if (!(error instanceof Refusal) || error.code !== "not_found") throw error;
    }
  }
  return items.length;
};
