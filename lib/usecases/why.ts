import { allPlaces, entriesOf, holdersOf, isMeantFor, levelOf, openingGrants, reachingPlaces, type Grant, type Level, type Location, type StaffEntry } from "../domain/access.ts";
import type { Case } from "../domain/case.ts";
import type { Document } from "../domain/document.ts";
import { isId, type CaseId, type ContactId, type DocumentId, type FolderId, type MemberId } from "../domain/ids.ts";
import type { Contact } from "../domain/people.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { invalid } from "../domain/refusal.ts";
import { isOver, type Instant } from "../domain/time.ts";
import { enterCase } from "./cases.ts";
import type { Ports } from "./ports.ts";
import { foldersAround } from "./tree.ts";
import type { Request } from "./request.ts";

/** What opens a place to a person, and what stands in the way. */
export type Because =
  /** Leads a person of the firm into the case. */
  | { readonly kind: "entry"; readonly entry: StaffEntry }
  /** Opens the place, inherited through these folders, outermost first. */
  | { readonly kind: "grant"; readonly grant: Grant; readonly through: readonly FolderId[] }
  /** Lies deeper in the case, which exists for the person because of it. */
  | { readonly kind: "inside"; readonly grant: Grant }
  | { readonly kind: "stopped"; readonly grant: Grant; readonly by: FolderId }
  | { readonly kind: "over"; readonly grant: Grant }
  /** A client's, in a restricted case, and this contact came later; or their own, and they are now of other clients alone. */
  | { readonly kind: "not-meant"; readonly grant: Grant }
  | { readonly kind: "suspended" | "deleted" | "not-published" };
export interface Access { readonly allowed: boolean; readonly level: Level | null; readonly because: readonly Because[] }

export interface Question {
  readonly who: { readonly contactId: ContactId } | { readonly memberId: MemberId };
  readonly caseId: CaseId;
  readonly folderId?: FolderId | undefined;
  readonly documentId?: DocumentId | undefined;
}
type Deps = Pick<Ports, "cases" | "people" | "documents" | "grants" | "firm">;

/** Why somebody may or may not see a case, a folder or a document, by the reads and the rules that decide it. */
export const explainAccess = (deps: Deps) =>
  async (request: Request<StaffPrincipal>, { who, ...place }: Question): Promise<Access> => {
    const kase = await enterCase(deps, request, place.caseId);
    request.trail.concerns({ ...who, ...(place.folderId && { folderId: place.folderId }), ...(place.documentId && { documentId: place.documentId }) });
    if ("memberId" in who) return ofMember(deps, kase, who.memberId, await placeOf(deps, place), request.now);
    const contact = await deps.people.contact(who.contactId);
    if (contact === null) throw invalid("query.contactId", "Is not a contact of the firm.");
    return ofContact(deps, kase, contact, await placeOf(deps, place), request.now);
  };

/** What is asked about, and the folders around it: null where it or one of them was deleted. */
interface PlaceAsked { readonly isCase: boolean; readonly document: Document | undefined; readonly location: Location | null }
const placeOf = async (deps: Deps, { caseId, folderId, documentId }: Omit<Question, "who">): Promise<PlaceAsked> => {
  const [folder, document] = await Promise.all([folderId && deps.documents.folder(caseId, folderId), documentId && deps.documents.get(caseId, documentId)]);
  if (folder === null) throw invalid("query.folderId", "Is not a folder of this case.");
  if (document === null) throw invalid("query.documentId", "Is not a document of this case.");
  const hint = document ? document.folderPath : folder ? [...folder.ancestors, folder.folderId] : [];
  const folders = await foldersAround(deps, caseId, document ? document.folderId : folder?.folderId, hint);
  const isDeleted = folders === null || document?.deleted !== undefined;
  return { isCase: folder === undefined && document === undefined, document, location: isDeleted ? null : { caseId, folders, ...(document && { documentId: document.documentId }) } };
};
const deleted: Access = { allowed: false, level: null, because: [{ kind: "deleted" }] };

/** Inside a case, everything is open to whoever of the firm may enter it, as long as it is not deleted. */
const ofMember = async ({ people, firm }: Deps, kase: Case, memberId: MemberId, { location }: PlaceAsked, now: Instant): Promise<Access> => {
  const member = await people.member(memberId);
  if (member === null) throw invalid("query.memberId", "Is not a member of the firm.");
  if (location === null) return deleted;
  const because: Because[] = entriesOf(member, kase, firm, now).map((entry) => ({ kind: "entry", entry }));
  if (member.suspended) return { allowed: false, level: null, because: [...because, { kind: "suspended" }] };
  return { allowed: because.length > 0, level: because.length > 0 ? "upload" : null, because };
};

const ofContact = async (deps: Deps, kase: Case, contact: Contact, { isCase, document, location }: PlaceAsked, now: Instant): Promise<Access> => {
  if (location === null) return deleted;
  const grants = await deps.grants.find(kase.caseId, holdersOf(contact), allPlaces(location));
  const opening = openingGrants(location, contact, kase, grants, now);
  const inside = isCase && opening.length === 0 ? await grantsInside(deps, contact, kase, now) : [];
  const obstacles: Because[] = [...(contact.suspended ? [{ kind: "suspended" as const }] : []), ...(document && !document.published ? [{ kind: "not-published" as const }] : [])];
  const allowed = opening.length + inside.length > 0 && obstacles.length === 0;
  return {
    allowed, level: allowed ? levelOf(opening) : null,
    because: [
      ...obstacles, ...opening.map((grant): Because => ({ kind: "grant", grant, through: throughTo(location, grant) })), ...inside.map((grant): Because => ({ kind: "inside", grant })),
      ...grants.flatMap((grant) => obstacleOf(location, grant, isMeantFor(grant, contact, kase), now)),
    ],
  };
};

/** The folders between a grant's place and the location, outermost first. */
const throughTo = (location: Location, { place }: Grant): FolderId[] => {
  if (place === location.documentId) return [];
  const ids = location.folders.map((it) => it.folderId);
  const from = isId("folder", place) ? ids.indexOf(place) : ids.length;
  return ids.slice(0, from).toReversed();
};

const obstacleOf = (location: Location, grant: Grant, isMeant: boolean, now: Instant): Because[] => {
  if (isOver(grant.expiresAt, now)) return [{ kind: "over", grant }];
  if (!isMeant) return [{ kind: "not-meant", grant }];
  const reaching = reachingPlaces(location);
  const by = reaching.findLast((it) => isId("folder", it));
  return reaching.includes(grant.place) || by === undefined ? [] : [{ kind: "stopped", grant, by }];
};

/** So many of what somebody holds in a case are named. */
const mostInside = 25;
/** A case exists for whoever holds anything in it: some of what they hold. What is over stays among it, and may be thousands. */
const grantsInside = async ({ grants }: Deps, contact: Contact, kase: Case, now: Instant): Promise<Grant[]> => {
  const perHolder = await Promise.all(holdersOf(contact).map(async (holder) => {
    const live: Grant[] = [];
    for (let after: string | null = null; ;) {
      const page: Awaited<ReturnType<typeof grants.ofHolder>> = await grants.ofHolder(kase.caseId, holder, { limit: after === null ? 100 : 1000, after });
      live.push(...page.items.filter((it) => !isOver(it.expiresAt, now) && isMeantFor(it, contact, kase)));
      if (live.length >= mostInside || page.next === null) return live;
      after = page.next;
    }
  }));
  return perHolder.flat().slice(0, mostInside);
};
