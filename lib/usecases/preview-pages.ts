import * as z from "zod/mini";
import { allPlaces, entriesOf, holdersOf, includes, levelOf, mayStillEnter, openingGrants, reachingPlaces, type Grant, type Level, type Location, type Place } from "../domain/access.ts";
import type { Case, Folder } from "../domain/case.ts";
import type { Job } from "../domain/job.ts";
import { idOf, isId, type CaseId, type ContactId, type DocumentId, type FolderId, type GrantId, type MemberId, type RecipientId, type ShareId } from "../domain/ids.ts";
import type { Contact } from "../domain/people.ts";
import { invalid, Refusal } from "../domain/refusal.ts";
import { linkState, type Share } from "../domain/share.ts";
import type { Instant } from "../domain/time.ts";
import { staffed, type Staffing } from "./cases.ts";
import { wayFor } from "./folders.ts";
import { plannedGrant, type GrantInput } from "./grants.ts";
import type { Step } from "./jobs.ts";
import type { Ports } from "./ports.ts";
import { foldersAround } from "./tree.ts";

/** A change that somebody thinks about. */
export type Proposal =
  | { readonly give: GrantInput }
  | { readonly revoke: GrantId }
  | { readonly move: ({ readonly folderId: FolderId } | { readonly documentId: DocumentId }) & { readonly to: FolderId | null } }
  | { readonly inherit: { readonly folderId: FolderId; readonly value: boolean } }
  | { readonly team: Staffing };

/** A person whom the change would give more, or leave with less. Of the firm's own people, whoever enters a case may all that a level says; whoever has a link reads. */
export interface Difference {
  readonly who: { readonly contactId: ContactId } | { readonly memberId: MemberId } | { readonly recipientId: RecipientId; readonly shareId: ShareId };
  readonly name: string;
  readonly before: Level | null;
  readonly after: Level | null;
}

/**
 * Where a change is felt first: at the place that a grant stands on, or at what moves or stops. Whoever neither gains nor loses
 * there neither gains nor loses anywhere below it, because what is below inherits from above only through it.
 */
interface Shift {
  /** Null where it was deleted: nothing opens it. */
  readonly before: Location | null;
  readonly after: Location | null;
  readonly given?: Grant;
  readonly revoked?: Grant;
}

/** Where to look for people: the contacts of the case's client, whoever holds a grant on a place, the firm itself, or whoever has a link into the case. */
type Source = { readonly contact: ContactId } | { readonly client: Case["clientId"] } | { readonly place: Place } | { readonly firm: true } | { readonly links: true };
interface Plan {
  readonly kase: Case;
  readonly sources: readonly Source[];
  readonly differences: (people: People) => Promise<Difference[]>;
}
interface People { readonly contacts: readonly Contact[]; readonly members: readonly Member[]; readonly shares: readonly Share[] }
const nobody: People = { contacts: [], members: [], shares: [] };
type Member = NonNullable<Awaited<ReturnType<Ports["people"]["member"]>>>;
export type PreviewDeps = Pick<Ports, "cases" | "people" | "documents" | "grants" | "shares" | "firm">;
type Deps = PreviewDeps;

/** Whom it is about: a person found on two ways is one. */
export const keyOf = ({ who }: Difference): string => ("contactId" in who ? who.contactId : "memberId" in who ? who.memberId : who.recipientId);
export const gains = ({ before, after }: Pick<Difference, "before" | "after">): boolean => after !== null && !includes(before, after);

/** Which source is being read, and how far. */
export type Position = readonly [source: number, after: string | null];
export const beginning: Position = [0, null];

/**
 * Who would gain and who would lose, a page of people at a time.
 * @throws Refusal where the change itself would be refused.
 */
export const pagesOf = async (deps: Deps, asked: Asked, kase: Case, proposal: Proposal): Promise<(position: Position) => Promise<Page>> => {
  const plan = "team" in proposal ? await planOfTeam(deps, asked.now, kase, proposal.team) : await planOfShift(deps, asked.now, kase, await shiftOf(deps, asked, kase, proposal));
  return async ([index, after]) => {
    const source = plan.sources[index];
    if (source === undefined) return { differences: [], seen: 0, next: null };
    const { people, next } = await peopleOf(deps, kase.caseId, source, after);
    const following: Position | null = next !== null ? [index, next] : index + 1 < plan.sources.length ? [index + 1, null] : null;
    const live = { contacts: people.contacts.filter((it) => !it.suspended), members: people.members.filter((it) => !it.suspended), shares: people.shares.filter((it) => it.revokedAt === undefined) };
    // A share that is revoked takes its read too.
    const seen = live.contacts.length + live.members.length + people.shares.reduce((sum, it) => sum + (it.revokedAt === undefined ? it.recipients.length : 1), 0);
    return { differences: (await plan.differences(live)).filter((it) => it.before !== it.after), seen, next: following };
  };
};
interface Page { readonly differences: readonly Difference[]; readonly seen: number; readonly next: Position | null }
/** Who asks, and for which instant. */
export interface Asked { readonly now: Instant; readonly memberId: MemberId }

/** The input of a job that looks at more people than one request can. */
export const previewInput = z.object({ memberId: idOf("member"), proposal: z.custom<Proposal>() });

/** One step of such a job: a page of people, as of the instant at which the question was asked. */
export const previewStep = async ({ jobs, ...deps }: Deps & Pick<Ports, "jobs">, job: Job, { memberId, proposal }: z.infer<typeof previewInput>): Promise<Step> => {
  const kase = job.caseId === undefined ? null : await deps.cases.get(job.caseId);
  if (kase === null) return { changes: [], position: null, did: 0 };
  const read = await askedStill(pagesOf(deps, { now: job.createdAt, memberId }, kase, proposal));
  // What it asks about was changed meanwhile, perhaps as it proposed: nobody waits for the rest.
  if (read === null) return { changes: [], position: null, did: 0 };
  const { differences, seen, next } = await read(job.position === null ? beginning : positionIn.parse(JSON.parse(job.position)));
  return {
    changes: differences.map((it) => jobs.addResult(job, keyOf(it), { kind: gains(it) ? "gains" : "loses", ...it.who, name: it.name, before: it.before, after: it.after })),
    position: next && JSON.stringify(next), did: seen,
  };
};
const askedStill = async <T>(pages: Promise<T>): Promise<T | null> => {
  try {
    return await pages;
  } catch (error) {
    if (error instanceof Refusal && error.code === "invalid_request") return null;
    throw error;
  }
};
const positionIn = z.tuple([z.int(), z.nullable(z.string())]);

/** A step of a job writes a result for each, the job and its record: 100 writes fit a transaction. */
const pageSize = 90;
/** Of 40 recipients each at most. */
const sharesAtOnce = 2;
const peopleOf = async ({ people, grants, shares }: Deps, caseId: CaseId, source: Source, after: string | null): Promise<{ readonly people: People; readonly next: string | null }> => {
  const page = { limit: pageSize, after };
  if ("firm" in source) {
    const { items, next } = await people.members(page);
    return { people: { ...nobody, members: items }, next };
  }
  if ("links" in source) {
    const { items, next } = await shares.list(caseId, { limit: sharesAtOnce, after });
    return { people: { ...nobody, shares: items }, next };
  }
  if ("contact" in source) return { people: { ...nobody, contacts: await people.contactsBy([source.contact]) }, next: null };
  if ("client" in source) {
    const { items, next } = await people.contactsOf(source.client, page);
    return { people: { ...nobody, contacts: items }, next };
  }
  const { items, next } = await grants.onPlace(caseId, source.place, page);
  const holders = items.flatMap(({ holder }) => (isId("contact", holder) ? [holder] : []));
  return { people: { ...nobody, contacts: await people.contactsBy(holders) }, next };
};

const planOfTeam = async (deps: Deps, now: Instant, kase: Case, change: Staffing): Promise<Plan> => {
  const after: Case = { ...kase, ...(await staffed(deps, now, kase, change, "body.team.")) };
  const levelIn = (it: Member, of: Case): Level | null => (entriesOf(it, of, deps.firm, now).length > 0 ? "upload" : null);
  // A wall that falls lets in those contacts of the client who were invited after it went up.
  const places = kase.restricted && !after.restricted ? await placesOfClient(deps, kase) : [];
  return {
    kase, sources: [{ firm: true }, { links: true }, ...(places.length > 0 ? [{ client: kase.clientId }] : [])],
    async differences({ members, contacts, shares }) {
      const grants = await deps.grants.find(kase.caseId, contacts.flatMap(holdersOf), places.flatMap(allPlaces));
      const felt = contacts.flatMap((it): Difference[] => {
        const levels = places.map((place) => [kase, after].map((of) => levelOf(openingGrants(place, it, of, grants, now))));
        const gained = levels.find(([then, thereafter]) => then !== thereafter);
        return gained ? [{ who: { contactId: it.contactId }, name: it.name, before: gained[0] ?? null, after: gained[1] ?? null }] : [];
      });
      const ofLinks = await byLinks(deps, now, shares, async (it, sharer) => {
        const [then, thereafter] = [kase, after].map((of) => mayStillEnter(sharer, of, deps.firm, now)) as [boolean, boolean]; // map forgets that they are two
        // Of what was deleted a link shows nothing, whoever sent it.
        return then === thereafter || (await Promise.all(placesOf(it).map((place) => locationOf(deps, kase.caseId, place)))).every((at) => at === null) ? [false, false] : [then, thereafter];
      });
      return [...members.map((it) => ({ who: { memberId: it.memberId }, name: it.name, before: levelIn(it, kase), after: levelIn(it, after) })), ...felt, ...ofLinks];
    },
  };
};
const placesOf = ({ selection }: Share): readonly (FolderId | DocumentId)[] => (selection.kind === "folder" ? [selection.folderId] : selection.documentIds);

/** What links open, before and after: to each recipient whose link is neither revoked nor over, of a share whose sharer is known. */
const byLinks = async ({ people, shares }: Deps, now: Instant, of: readonly Share[], opens: (it: Share, sharer: Member) => Promise<readonly [before: boolean, after: boolean]>): Promise<Difference[]> => {
  const all = await Promise.all(of.map(async (it): Promise<Difference[]> => {
    const sharer = await people.member(it.sharedBy);
    const [before, after] = sharer === null ? [false, false] : await opens(it, sharer);
    if (before === after) return [];
    const open = new Set((await shares.links(it.recipients.map(({ linkHash }) => linkHash))).filter((link) => linkState(link, now) === "open").map((link) => link.linkHash));
    return it.recipients.filter(({ linkHash }) => open.has(linkHash))
      .map(({ recipientId, email }) => ({ who: { recipientId, shareId: it.shareId }, name: email, before: before ? "read" : null, after: after ? "read" : null }));
  }));
  return all.flat();
};

/** Where the client as a whole was given something in its case. */
const placesOfClient = async (deps: Deps, { caseId, clientId }: Case): Promise<Location[]> => {
  const places = new Set<Place>();
  for (let after: string | null = null; ;) {
    const page: Awaited<ReturnType<Deps["grants"]["ofHolder"]>> = await deps.grants.ofHolder(caseId, clientId, { limit: 1000, after });
    for (const { place } of page.items) places.add(place);
    if (page.next === null) break;
    after = page.next;
  }
  return (await Promise.all([...places].map((place) => locationOf(deps, caseId, place)))).filter((it) => it !== null);
};

const planOfShift = async (deps: Deps, now: Instant, kase: Case, shift: Shift): Promise<Plan> => {
  const [before, after] = [shift.before, shift.after].map((it) => (it === null ? [] : reachingPlaces(it))) as [Place[], Place[]]; // map forgets that they are two
  const level = (at: Location | null, who: Contact, grants: readonly Grant[]): Level | null => at && levelOf(openingGrants(at, who, kase, grants, now));
  const places = [...new Set([...before, ...after])];
  return {
    kase, sources: await sourcesOf(deps, kase, shift, places.filter((it) => before.includes(it) !== after.includes(it))),
    async differences({ contacts, shares }) {
      const holders = [...new Set(contacts.flatMap(holdersOf))];
      const grants = await deps.grants.find(kase.caseId, holders, places);
      const then = [...grants.filter((it) => it.grantId !== shift.revoked?.grantId), ...(shift.given ? [shift.given] : [])];
      const ofLinks = await byLinks(deps, now, shares, ({ selection }, sharer) => {
        const reaches = (reaching: readonly Place[]): boolean => selection.kind === "folder" && reaching.includes(selection.folderId) && mayStillEnter(sharer, kase, deps.firm, now);
        return Promise.resolve([reaches(before), reaches(after)]);
      });
      return [...contacts.map((it) => ({ who: { contactId: it.contactId }, name: it.name, before: level(shift.before, it, grants), after: level(shift.after, it, then) })), ...ofLinks];
    },
  };
};

/** Only who holds something on a place that begins or ceases to reach, or has a link to it, or who is given or loses the grant itself, can be touched. */
const sourcesOf = async ({ grants }: Deps, { caseId, clientId }: Case, { given, revoked }: Shift, moved: readonly Place[]): Promise<Source[]> => {
  const holder = (given ?? revoked)?.holder;
  if (holder !== undefined) return isId("contact", holder) ? [{ contact: holder }] : [{ client: clientId }];
  const ofClient = moved.length === 0 ? [] : await grants.find(caseId, [clientId], moved);
  return [...(ofClient.length > 0 ? [{ client: clientId }] : []), ...moved.map((place) => ({ place })), ...(moved.some((it) => isId("folder", it)) ? [{ links: true } as const] : [])];
};

const shiftOf = async (deps: Deps, asked: Asked, kase: Case, proposal: Exclude<Proposal, { readonly team: unknown }>): Promise<Shift> => {
  const { caseId } = kase;
  if ("give" in proposal) {
    const given = await plannedGrant(deps, asked, kase, proposal.give);
    const at = await locationOf(deps, caseId, given.place);
    return { before: at, after: at, given };
  }
  if ("revoke" in proposal) {
    const revoked = await deps.grants.get(caseId, proposal.revoke);
    if (revoked === null) throw invalid("body.revoke", "Is not a grant of this case.");
    const at = await locationOf(deps, caseId, revoked.place);
    return { before: at, after: at, revoked };
  }
  if ("inherit" in proposal) {
    const { folderId, value } = proposal.inherit;
    const [folder, ...above] = await pathOf(deps, caseId, folderId, "body.inherit.folderId");
    return { before: { caseId, folders: [folder, ...above] }, after: { caseId, folders: [{ ...folder, inherit: value }, ...above] } };
  }
  const { move } = proposal;
  const to = move.to === null ? [] : await pathOf(deps, caseId, move.to, "body.move.to");
  if ("documentId" in move) {
    const { documentId } = move;
    const before = await locationOf(deps, caseId, documentId);
    if (before === null) throw invalid("body.move.documentId", "Is not a document of this case.");
    return { before, after: { caseId, documentId, folders: to } };
  }
  const [folder, ...above] = await pathOf(deps, caseId, move.folderId, "body.move.folderId");
  await wayFor(deps.documents, folder, move.to ?? undefined, "body.move.to");
  return { before: { caseId, folders: [folder, ...above] }, after: { caseId, folders: [folder, ...to] } };
};

/** The folder and those around it, innermost first. @throws Refusal where there is none, or it was deleted. */
const pathOf = async (deps: Deps, caseId: CaseId, folderId: FolderId, field: string): Promise<readonly [Folder, ...Folder[]]> => {
  const folder = await deps.documents.folder(caseId, folderId);
  const [innermost, ...above] = (folder && (await foldersAround(deps, caseId, folderId, [...folder.ancestors, folderId]))) ?? [];
  if (innermost === undefined) throw invalid(field, "Is not a folder of this case.");
  return [innermost, ...above];
};

/** A grant stays on the place it was given on, deleted or not. */
const locationOf = async (deps: Deps, caseId: CaseId, place: Place): Promise<Location | null> => {
  if (isId("case", place)) return { caseId, folders: [] };
  const document = isId("document", place) ? await deps.documents.get(caseId, place) : null;
  const folder = isId("folder", place) ? await deps.documents.folder(caseId, place) : null;
  const folders = await foldersAround(deps, caseId, document ? document.folderId : folder?.folderId, document ? document.folderPath : folder ? [...folder.ancestors, folder.folderId] : []);
  if ((document ?? folder) === null || document?.deleted || folders === null) return null;
  return { caseId, folders, ...(document && { documentId: document.documentId }) };
};
