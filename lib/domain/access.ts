import * as z from "zod/mini";
import type { Case, Folder } from "./case.ts";
import type { AuditEvent, Grouping } from "./event.ts";
import type { FirmProfile } from "./firm.ts";
import { idOf, type CaseId, type ClientId, type ContactId, type DocumentId, type FolderId, type MemberId } from "./ids.ts";
import type { Role } from "./people.ts";
import { instant, isOver, type Instant } from "./time.ts";

/*
 * Every rule of who may do what, and nothing else: no reads, no clock, no words for people. First the people of the firm, then those it serves.
 */

/**
 * What a staff route does, in the words of a role: `assign` says who works on a case and whether it is restricted, `administer` is the firm's
 * settings, its members and its totals.
 */
export type StaffAct = "read" | "write" | "assign" | "administer";

const staffActs: Readonly<Record<Role, readonly StaffAct[]>> = {
  admin: ["read", "write", "assign", "administer"],
  adviser: ["read", "write", "assign"],
  assistant: ["read", "write"],
};
export const staffMay = (role: Role, act: StaffAct): boolean => staffActs[role].includes(act);

/** A person of the firm as the rules see them; an assistant works for advisers. */
export interface StaffMember { readonly memberId: MemberId; readonly role: Role; readonly advisers: readonly MemberId[] }
/** A case as the rules see it. */
export type Guarded = Pick<Case, "adviserId" | "team" | "restricted" | "brokenGlass">;
export type Firm = Pick<FirmProfile, "adviserCases">;

/** The adviser in charge is of the team, named in it or not. */
const isOfTeam = (kase: Guarded, id: MemberId): boolean => kase.adviserId === id || kase.team.includes(id);

interface Entry {
  readonly roles: readonly Role[];
  /** Leads into cases that are restricted to their team, too. */
  readonly restricted: boolean;
  readonly holds: (who: StaffMember, kase: Guarded, firm: Firm, now: Instant) => boolean;
}

/** The ways into a case; where none holds, the case does not exist for the person who asks. */
const entries = {
  "team": { roles: ["admin", "adviser", "assistant"], restricted: true, holds: (who, kase) => isOfTeam(kase, who.memberId) },
  "assistant-of-team": { roles: ["assistant"], restricted: false, holds: (who, kase) => who.advisers.some((it) => isOfTeam(kase, it)) },
  "every-adviser": { roles: ["adviser"], restricted: false, holds: (_who, _kase, firm) => firm.adviserCases === "all" },
  "assistant-of-every-adviser": { roles: ["assistant"], restricted: false, holds: (who, _kase, firm) => firm.adviserCases === "all" && who.advisers.length > 0 },
  "administrator": { roles: ["admin"], restricted: false, holds: () => true },
  "break-glass": { roles: ["admin"], restricted: true, holds: (who, kase, _firm, now) => kase.brokenGlass.some((it) => it.memberId === who.memberId && !isOver(it.until, now)) },
} as const satisfies Readonly<Record<string, Entry>>;
export type StaffEntry = keyof typeof entries;
export const staffEntries = Object.keys(entries) as [StaffEntry, ...StaffEntry[]]; // Object.keys forgets the names of a closed list

/** The ways by which this person enters the case now; none means that it does not exist for them. */
export const entriesOf = (who: StaffMember, kase: Guarded, firm: Firm, now: Instant): StaffEntry[] =>
  staffEntries.filter((name) => {
    const it: Entry = entries[name];
    return it.roles.includes(who.role) && (it.restricted || !kase.restricted) && it.holds(who, kase, firm, now);
  });
export const mayEnter = (who: StaffMember, kase: Guarded, firm: Firm, now: Instant): boolean => entriesOf(who, kase, firm, now).length > 0;

/**
 * What somebody of the firm began goes on without them only while they could still do it themselves: their links open, and their bytes are published, as long
 * as they are not suspended and the case is theirs to enter.
 */
export const mayStillEnter = (who: StaffMember & { readonly suspended: boolean }, kase: Guarded, firm: Firm, now: Instant): boolean =>
  !who.suspended && mayEnter(who, kase, firm, now);

/** Only an administrator breaks the glass, and only of a case that is shut to them. */
export const mayBreakGlass = (who: StaffMember, kase: Guarded): boolean => who.role === "admin" && kase.restricted;

/** Totals over clients, services and advisers hold restricted cases too: they are for administrators. Sums of cases and documents are for whoever may enter the case. */
export const mayReadTotals = (role: Role, grouping: Grouping): boolean => grouping === "case" || grouping === "document" || staffMay(role, "administer");

/**
 * A record is for whoever may enter its case, and that glass was broken for every administrator; where it names no case, it is for administrators and for
 * whoever it is of. One that names a case of nothing, or a share or job of no case, is for administrators alone: else whoever asked for one could tell by the
 * record of their own refusal whether there is one that they may not see.
 */
export const mayReadRecord = (who: StaffMember, { action, who: actor, about }: Pick<AuditEvent, "action" | "who" | "about">, kase: Guarded | null, firm: Firm, now: Instant): boolean => {
  if (kase !== null) return mayEnter(who, kase, firm, now) || (staffMay(who.role, "administer") && action === "cases.break-glass");
  return staffMay(who.role, "administer") || ([about.caseId, about.shareId, about.jobId].every((it) => it === undefined) && "id" in actor && actor.id === who.memberId);
};

/** A job of no case is for whoever started it; what the firm's own schedule began is for administrators. A case's are for whoever may enter it. */
export const mayReadJob = (who: StaffMember, { startedBy }: { readonly startedBy?: MemberId | undefined }): boolean =>
  startedBy === undefined ? staffMay(who.role, "administer") : startedBy === who.memberId;

/** Nobody changes their own role or suspends themselves, so that whoever administers the firm cannot lock everybody out alone. */
export const mayChangeMember = (who: StaffMember, memberId: MemberId): boolean => staffMay(who.role, "administer") && who.memberId !== memberId;

/**
 * Levels, each with all before it: `read` lists and downloads, `upload` adds documents. Nothing lets a client change or delete.
 */
export const levels = ["read", "upload"] as const;
export type Level = (typeof levels)[number];
export const includes = (held: Level | null, needed: Level): boolean => held !== null && levels.indexOf(held) >= levels.indexOf(needed);

/** A contact as the rules see them; `since` says when they were invited for each client. */
export interface Served { readonly contactId: ContactId; readonly clientIds: readonly ClientId[]; readonly since: Readonly<Record<string, Instant>> }
/** A case as its grants see it. */
export type Walled = Pick<Case, "clientId" | "restricted" | "restrictedAt">;

/** Who holds a grant: one contact, or every contact of a client. */
export type Holder = ContactId | ClientId;
/** What a grant or a share opens: the case, or one folder or document of it. */
export type Place = CaseId | FolderId | DocumentId;

export const grant = z.object({
  grantId: idOf("grant"), caseId: idOf("case"), holder: z.union([idOf("contact"), idOf("client")]),
  place: z.union([idOf("case"), idOf("folder"), idOf("document")]), level: z.enum(levels), expiresAt: z.optional(instant), createdAt: instant, givenBy: idOf("member"),
});
export type Grant = z.infer<typeof grant>;

/** Who can hold a grant in a case: its client, the client's contacts, and collaborators. A contact of other clients alone would learn that this client exists (E6). */
export const mayHold = (holder: { readonly clientId: ClientId } | { readonly clientIds: readonly ClientId[] }, { clientId }: Pick<Case, "clientId">): boolean =>
  "clientId" in holder ? holder.clientId === clientId : holder.clientIds.length === 0 || holder.clientIds.includes(clientId);

/** A contact goes on with an upload that they began themselves, as long as they may add documents there. */
export const mayGoOnUploading = (contactId: ContactId, { uploadedBy }: { readonly uploadedBy: string }, held: Level | null): boolean => uploadedBy === contactId && includes(held, "upload");

/** Where something lies: the folders around it, innermost first, each as its own item says now. */
export interface Location {
  readonly caseId: CaseId;
  readonly documentId?: DocumentId;
  readonly folders: readonly Pick<Folder, "folderId" | "inherit">[];
}

/**
 * The places from which a grant reaches this location, nearest first. Grants are inherited downwards until a folder that stops
 * inheritance: what lies in it is reached from it and from inside it, never from above. There are no deny rules.
 */
export const reachingPlaces = (location: Location): Place[] => {
  const places: Place[] = location.documentId ? [location.documentId] : [];
  for (const folder of location.folders) {
    places.push(folder.folderId);
    if (!folder.inherit) return places;
  }
  return [...places, location.caseId];
};

/** Every place a grant could stand on above this location, whether or not inheritance stops on the way. */
export const allPlaces = ({ caseId, documentId, folders }: Location): Place[] => [...(documentId ? [documentId] : []), ...folders.map((it) => it.folderId), caseId];

/** Whoever can hold a grant for this contact: themselves, and each client they are a contact of. */
export const holdersOf = ({ contactId, clientIds }: Pick<Served, "contactId" | "clientIds">): readonly Holder[] => [contactId, ...clientIds];

/**
 * Is a grant meant for this contact? Once a case is restricted, a client's grant is for the contacts whom the client had when it was given or when the wall
 * went up: whoever is invited later, by anybody of the firm, is let in by name. And a grant to somebody who is now a contact of other clients alone rests.
 */
export const isMeantFor = (it: Pick<Grant, "holder" | "createdAt">, who: Served, kase: Walled): boolean => {
  if (!holdersOf(who).includes(it.holder) || !mayHold(who, kase)) return false;
  const joined = who.since[it.holder];
  return !kase.restricted || joined === undefined || [it.createdAt, kase.restrictedAt].some((then) => then !== undefined && joined <= then);
};

/** The grants among `grants` that open `location` to a contact at `now`. None is the default. */
export const openingGrants = (location: Location, who: Served, kase: Walled, grants: readonly Grant[], now: Instant): Grant[] => {
  const places = new Set<Place>(reachingPlaces(location));
  return grants.filter((it) => it.caseId === location.caseId && isMeantFor(it, who, kase) && places.has(it.place) && !isOver(it.expiresAt, now));
};

/** What these grants allow together: the most that one of them does. */
export const levelOf = (grants: readonly Pick<Grant, "level">[]): Level | null =>
  levels.findLast((level) => grants.some((it) => it.level === level)) ?? null;
