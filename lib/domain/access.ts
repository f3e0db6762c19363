import * as z from "zod/mini";
import type { Folder } from "./case.ts";
import { idOf, type CaseId, type ClientId, type ContactId, type DocumentId, type FolderId } from "./ids.ts";
import type { Role } from "./people.ts";
import { instant, isOver, type Instant } from "./time.ts";

/** `read` lists and downloads; nothing lets a client change or delete. */
export const levels = ["read"] as const;
export type Level = (typeof levels)[number];

/** Who holds a grant: one contact, or every contact of a client. */
export type Holder = ContactId | ClientId;
/** What a grant or a share opens: the case, or one folder or document of it. */
export type Place = CaseId | FolderId | DocumentId;

export const grant = z.object({
  grantId: idOf("grant"), caseId: idOf("case"), holder: z.union([idOf("contact"), idOf("client")]),
  place: z.union([idOf("case"), idOf("folder"), idOf("document")]), level: z.enum(levels), expiresAt: z.optional(instant), createdAt: instant, givenBy: idOf("member"),
});
export type Grant = z.infer<typeof grant>;

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

/** The grants among `grants` that open `location` to one of `holders` at `now`. None is the default. */
export const openingGrants = (location: Location, holders: readonly Holder[], grants: readonly Grant[], now: Instant): Grant[] => {
  const places = new Set<Place>(reachingPlaces(location));
  return grants.filter((it) => it.caseId === location.caseId && holders.includes(it.holder) && places.has(it.place) && !isOver(it.expiresAt, now));
};

/** What a staff route does, in the words of a role. */
export type StaffAct = "read" | "write" | "administer";

/** Who of the firm may do what: administrators everything, advisers and assistants the work on cases. */
const staffActs: Readonly<Record<Role, readonly StaffAct[]>> = {
  admin: ["read", "write", "administer"],
  adviser: ["read", "write"],
  assistant: ["read", "write"],
};
export const staffMay = (role: Role, act: StaffAct): boolean => staffActs[role].includes(act);
