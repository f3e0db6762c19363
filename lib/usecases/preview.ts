import { entriesOf, levelOf, levels, openingGrants, reachingPlaces, staffMay, type Grant, type Level, type Location, type Place } from "../domain/access.ts";
import type { Case, Folder } from "../domain/case.ts";
import { isId, type CaseId, type ContactId, type FolderId, type GrantId, type MemberId } from "../domain/ids.ts";
import type { Contact } from "../domain/people.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { invalid, notFound } from "../domain/refusal.ts";
import type { Instant } from "../domain/time.ts";
import { enterCase, mayNotAssign, staffed, type Staffing } from "./cases.ts";
import { plannedGrant, type GrantInput } from "./grants.ts";
import type { Ports } from "./ports.ts";
import { foldersAround, holdersOf } from "./reach.ts";
import type { Request } from "./request.ts";

/** A change that somebody thinks about. */
export type Proposal =
  | { readonly give: GrantInput }
  | { readonly revoke: GrantId }
  | { readonly move: { readonly folderId: FolderId; readonly to: FolderId | null } }
  | { readonly inherit: { readonly folderId: FolderId; readonly value: boolean } }
  | { readonly team: Staffing };

/** A person whom the change would give more, or leave with less. Of the firm's own people, whoever enters a case may all that a level says. */
export interface Difference {
  readonly who: { readonly contactId: ContactId } | { readonly memberId: MemberId };
  readonly name: string;
  readonly before: Level | null;
  readonly after: Level | null;
}

/**
 * Where a change is felt first: at the place that a grant stands on, or at the folder that moves or stops. Whoever neither gains nor loses
 * there neither gains nor loses anywhere below it, because what is below inherits from above only through it.
 */
interface Shift {
  /** Null where it was deleted: nothing opens it. */
  readonly before: Location | null;
  readonly after: Location | null;
  readonly given?: Grant;
  readonly revoked?: Grant;
}

/** Where to look for people: the contacts of the case's client, whoever holds a grant on a place, or the firm itself. */
type Source = { readonly contact: ContactId } | { readonly client: Case["clientId"] } | { readonly place: Place } | { readonly firm: true };
interface Plan {
  readonly kase: Case;
  readonly sources: readonly Source[];
  readonly differences: (people: People) => Promise<Difference[]>;
}
interface People { readonly contacts: readonly Contact[]; readonly members: readonly Member[] }
type Member = NonNullable<Awaited<ReturnType<Ports["people"]["member"]>>>;
type Deps = Pick<Ports, "cases" | "people" | "documents" | "grants" | "firm">;
type Staff = Request<StaffPrincipal>;

/** More people than this are looked at by a job. */
const mostPeople = 1000;

export interface Preview { readonly gains: readonly Difference[]; readonly loses: readonly Difference[] }

const rank = (level: Level | null): number => (level === null ? -1 : levels.indexOf(level));
export const gains = ({ before, after }: Pick<Difference, "before" | "after">): boolean => rank(after) > rank(before);

/** @returns null where so many people are touched that a job has to look at them. */
export const previewNow = (deps: Deps) =>
  async (request: Staff, caseId: CaseId, proposal: Proposal): Promise<Preview | null> => {
    const read = await previewPages(deps)(request, caseId, proposal);
    const found = new Map<string, Difference>();
    let seen = 0;
    for (let position: Position | null = beginning; position !== null; ) {
      const page: Awaited<ReturnType<typeof read>> = await read(position);
      seen += page.seen;
      if (seen > mostPeople) return null;
      for (const it of page.differences) found.set(Object.values(it.who).join(), it);
      position = page.next;
    }
    const all = [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return { gains: all.filter(gains), loses: all.filter((it) => !gains(it)) };
  };

/** Which source is being read, and how far. */
export type Position = readonly [source: number, after: string | null];
export const beginning: Position = [0, null];

/**
 * Who would gain and who would lose, a page of people at a time; nothing is changed.
 * @throws Refusal where the change itself would be refused.
 */
export const previewPages = (deps: Deps) =>
  async (request: Staff, caseId: CaseId, proposal: Proposal): Promise<(position: Position) => Promise<{ readonly differences: readonly Difference[]; readonly seen: number; readonly next: Position | null }>> => {
    const kase = await enterCase(deps, request, caseId);
    const plan = "team" in proposal ? await planOfTeam(deps, request, kase, proposal.team) : await planOfShift(deps, request.now, kase, await shiftOf(deps, request, kase, proposal));
    return async ([index, after]) => {
      const source = plan.sources[index];
      if (source === undefined) return { differences: [], seen: 0, next: null };
      const { people, next } = await peopleOf(deps, kase.caseId, source, after);
      const following: Position | null = next !== null ? [index, next] : index + 1 < plan.sources.length ? [index + 1, null] : null;
      const live = { contacts: people.contacts.filter((it) => !it.suspended), members: people.members.filter((it) => !it.suspended) };
      return { differences: (await plan.differences(live)).filter((it) => it.before !== it.after), seen: live.contacts.length + live.members.length, next: following };
    };
  };

const pageSize = 100;
const peopleOf = async ({ people, grants }: Deps, caseId: CaseId, source: Source, after: string | null): Promise<{ readonly people: People; readonly next: string | null }> => {
  const page = { limit: pageSize, after };
  if ("firm" in source) {
    const { items, next } = await people.members(page);
    return { people: { contacts: [], members: items }, next };
  }
  if ("contact" in source) return { people: { contacts: await people.contactsBy([source.contact]), members: [] }, next: null };
  if ("client" in source) {
    const { items, next } = await people.contactsOf(source.client, page);
    return { people: { contacts: items, members: [] }, next };
  }
  const { items, next } = await grants.onPlace(caseId, source.place, page);
  const holders = items.flatMap(({ holder }) => (isId("contact", holder) ? [holder] : []));
  return { people: { contacts: await people.contactsBy(holders), members: [] }, next };
};

const planOfTeam = async ({ people, firm }: Deps, { principal, now }: Staff, kase: Case, change: Staffing): Promise<Plan> => {
  if (!staffMay(principal.role, "assign")) throw mayNotAssign();
  const after: Case = { ...kase, ...(await staffed({ people }, kase, change, "body.team.")) };
  const levelIn = (it: Member, of: Case): Level | null => (entriesOf(it, of, firm, now).length > 0 ? "upload" : null);
  return {
    kase, sources: [{ firm: true }],
    differences: async ({ members }) => members.map((it) => ({ who: { memberId: it.memberId }, name: it.name, before: levelIn(it, kase), after: levelIn(it, after) })),
  };
};

const planOfShift = async (deps: Deps, now: Instant, kase: Case, shift: Shift): Promise<Plan> => {
  const [before, after] = [shift.before, shift.after].map((it) => (it === null ? [] : reachingPlaces(it))) as [Place[], Place[]]; // map forgets that they are two
  const level = (at: Location | null, who: Contact, grants: readonly Grant[]): Level | null => at && levelOf(openingGrants(at, holdersOf(who), grants, now));
  const places = [...new Set([...before, ...after])];
  return {
    kase, sources: await sourcesOf(deps, kase, shift, places.filter((it) => before.includes(it) !== after.includes(it))),
    async differences({ contacts }) {
      const holders = [...new Set(contacts.flatMap(holdersOf))];
      const grants = await deps.grants.find(kase.caseId, holders, places);
      const then = [...grants.filter((it) => it.grantId !== shift.revoked?.grantId), ...(shift.given ? [shift.given] : [])];
      return contacts.map((it) => ({ who: { contactId: it.contactId }, name: it.name, before: level(shift.before, it, grants), after: level(shift.after, it, then) }));
    },
  };
};

/** Only who holds something on a place that begins or ceases to reach, or who is given or loses the grant itself, can be touched. */
const sourcesOf = async ({ grants }: Deps, { caseId, clientId }: Case, { given, revoked }: Shift, moved: readonly Place[]): Promise<Source[]> => {
  const holder = (given ?? revoked)?.holder;
  if (holder !== undefined) return isId("contact", holder) ? [{ contact: holder }] : [{ client: clientId }];
  const ofClient = moved.length === 0 ? [] : await grants.find(caseId, [clientId], moved);
  return [...(ofClient.length > 0 ? [{ client: clientId }] : []), ...moved.map((place) => ({ place }))];
};

const shiftOf = async (deps: Deps, request: Staff, kase: Case, proposal: Exclude<Proposal, { readonly team: unknown }>): Promise<Shift> => {
  const { caseId } = kase;
  if ("give" in proposal) {
    const given = await plannedGrant(deps, request, kase, proposal.give);
    const at = await locationOf(deps, caseId, given.place);
    return { before: at, after: at, given };
  }
  if ("revoke" in proposal) {
    const revoked = await deps.grants.get(caseId, proposal.revoke);
    if (revoked === null) throw invalid("body.revoke", "Is not a grant of this case.");
    const at = await locationOf(deps, caseId, revoked.place);
    return { before: at, after: at, revoked };
  }
  const [field, folderId] = "move" in proposal ? ["body.move", proposal.move.folderId] as const : ["body.inherit", proposal.inherit.folderId] as const;
  const [folder, ...above] = await pathOf(deps, caseId, folderId, `${field}.folderId`);
  if (folder === undefined) throw notFound();
  const before: Location = { caseId, folders: [folder, ...above] };
  if ("inherit" in proposal) return { before, after: { caseId, folders: [{ ...folder, inherit: proposal.inherit.value }, ...above] } };
  const to = proposal.move.to === null ? [] : await pathOf(deps, caseId, proposal.move.to, "body.move.to");
  if (to.some((it) => it.folderId === folderId)) throw invalid("body.move.to", "Lies inside the folder that would move.");
  return { before, after: { caseId, folders: [folder, ...to] } };
};

/** The folder and those around it, innermost first. @throws Refusal where there is none, or it was deleted. */
const pathOf = async (deps: Deps, caseId: CaseId, folderId: FolderId, field: string): Promise<readonly Folder[]> => {
  const folder = await deps.documents.folder(caseId, folderId);
  const path = folder && (await foldersAround(deps, caseId, folderId, [...folder.ancestors, folderId]));
  if (path === null) throw invalid(field, "Is not a folder of this case.");
  return path;
};

/** A grant stays on the place it was given on, deleted or not. */
const locationOf = async (deps: Deps, caseId: CaseId, place: Place): Promise<Location | null> => {
  if (isId("case", place)) return { caseId, folders: [] };
  const document = isId("document", place) ? await deps.documents.get(caseId, place) : null;
  const folder = isId("folder", place) ? await deps.documents.folder(caseId, place) : null;
  const folders = await foldersAround(deps, caseId, document ? document.folderId : folder?.folderId, document ? document.folderPath : folder ? [...folder.ancestors, folder.folderId] : []);
  if ((document ?? folder) === null || folders === null) return null;
  return { caseId, folders, ...(document && { documentId: document.documentId }) };
};
