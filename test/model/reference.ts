/**
 * Who may see what, said a second time and as plainly as possible: no index, no hint, no batch, no clock of its own, and nothing of the
 * code that it judges. Ids are whatever the system gave; `null` is the case itself.
 */
export type Level = "read" | "upload";
export type Spot = { readonly kind: "case" } | { readonly kind: "folder" | "document"; readonly id: string };
export interface Folder { parent: string | null; name: string; inherit: boolean; deleted: boolean }
export interface Document { folder: string | null; name: string; published: boolean; deleted: boolean; readonly version: string }
/** `given` and the other instants are the world's own clock when it happened. */
export interface Grant { readonly holder: string; readonly spot: Spot; readonly level: Level; readonly given: number; readonly until: number }
export interface Share { readonly sharer: string; readonly folder: string | null; readonly documents: readonly string[]; revoked: boolean }
export interface Member { role: "admin" | "adviser" | "assistant"; advisers: readonly string[]; suspended: boolean }
/** `joined`: when the client got this contact. */
export interface Contact { client: string | null; joined: number; suspended: boolean }
export interface World {
  readonly adviserCases: "own" | "all";
  now: number;
  readonly members: Map<string, Member>;
  readonly contacts: Map<string, Contact>;
  adviser: string; team: readonly string[]; restricted: boolean;
  /** When the case was last restricted. */
  walled: number;
  readonly glass: Map<string, number>;
  readonly folders: Map<string, Folder>;
  readonly documents: Map<string, Document>;
  readonly grants: Map<string, Grant>;
  readonly shares: Map<string, Share>;
}

export const sameSpot = (a: Spot, b: Spot): boolean => a.kind === b.kind && (a.kind === "case" || b.kind === "case" || a.id === b.id);
const containerOf = (world: World, spot: Spot): string | null => (spot.kind === "document" ? (world.documents.get(spot.id)?.folder ?? null) : spot.kind === "folder" ? spot.id : null);

/** The folders around a spot, itself first where it is one, up to the root; null where one of them, or it, was deleted. */
export const pathOf = (world: World, spot: Spot): string[] | null => {
  if (spot.kind === "document" && world.documents.get(spot.id)?.deleted !== false) return null;
  const path: string[] = [];
  for (let at = containerOf(world, spot); at !== null; at = world.folders.get(at)?.parent ?? null) {
    if (world.folders.get(at)?.deleted !== false) return null;
    path.push(at);
  }
  return path;
};

/** The grants that open a spot to a contact, one by one: on the spot, or on anything around it with no stop on the way out. */
export const openingGrants = (world: World, contact: string, spot: Spot): string[] => {
  const path = pathOf(world, spot);
  if (path === null) return [];
  const open: Spot[] = spot.kind === "document" ? [spot] : [];
  let stopped = false;
  for (const id of path) {
    if (!stopped) open.push({ kind: "folder", id });
    stopped ||= world.folders.get(id)?.inherit === false;
  }
  if (!stopped) open.push({ kind: "case" });
  return [...world.grants].flatMap(([id, it]) => (holds(world, contact, it) && open.some((spotted) => sameSpot(spotted, it.spot)) ? [id] : []));
};
const holds = (world: World, contact: string, it: Grant): boolean => it.until > world.now && (it.holder === contact || holdsAsClient(world, contact, it));
/** What the client was given, its contacts have; behind a wall those whom it had when the grant was given or the wall went up. */
const holdsAsClient = (world: World, contact: string, it: Grant): boolean => {
  const { client, joined } = world.contacts.get(contact) ?? { client: null, joined: 0 };
  return it.holder === client && (!world.restricted || joined <= it.given || joined <= world.walled);
};

/** What the grants allow; whether the person may come in at all, and whether there is a version to see, is asked apart. */
export const levelOf = (world: World, contact: string, spot: Spot): Level | null => {
  const levels = openingGrants(world, contact, spot).map((id) => world.grants.get(id)?.level);
  return levels.includes("upload") ? "upload" : levels.includes("read") ? "read" : null;
};
const isPublished = (world: World, spot: Spot): boolean => spot.kind !== "document" || world.documents.get(spot.id)?.published === true;
export const maySee = (world: World, contact: string, spot: Spot): boolean => world.contacts.get(contact)?.suspended === false && levelOf(world, contact, spot) !== null && isPublished(world, spot);
export const knowsCase = (world: World, contact: string): boolean => world.contacts.get(contact)?.suspended === false && [...world.grants.values()].some((it) => holds(world, contact, it));

/** Does a request of this person get past the door at all? */
export const knowsMember = (world: World, id: string): boolean => world.members.get(id)?.suspended === false;

/** May this person of the firm enter the case now? */
export const mayEnter = (world: World, id: string): boolean => {
  const member = world.members.get(id);
  if (member === undefined || member.suspended) return false;
  const works = (who: string): boolean => who === world.adviser || world.team.includes(who);
  if (works(id)) return true;
  if (member.role === "admin") return !world.restricted || (world.glass.get(id) ?? 0) > world.now;
  if (world.restricted) return false;
  if (member.role === "assistant") return member.advisers.some(works) || (member.advisers.length > 0 && world.adviserCases === "all");
  return world.adviserCases === "all";
};

/** What lies directly in a folder, or in the root, as ids. */
const inside = (world: World, folder: string | null): Spot[] => [
  ...[...world.folders].flatMap(([id, it]) => (it.parent === folder ? [{ kind: "folder" as const, id }] : [])),
  ...[...world.documents].flatMap(([id, it]) => (it.folder === folder ? [{ kind: "document" as const, id }] : [])),
];
const idOf = (spot: Spot): string => (spot.kind === "case" ? "" : spot.id);
const heldOn = (world: World, contact: string, spot: Spot): boolean => [...world.grants.values()].some((it) => holds(world, contact, it) && sameSpot(it.spot, spot));

/** A contact's view of a folder, of the root where they hold the case, and of the topmost things they hold elsewhere; null is a 404. */
export const listOf = (world: World, contact: string, folder: string | null): string[] | null => {
  const spot: Spot = folder === null ? { kind: "case" } : { kind: "folder", id: folder };
  if (!knowsCase(world, contact)) return null;
  if (maySee(world, contact, spot)) return inside(world, folder).filter((it) => maySee(world, contact, it)).map(idOf);
  if (folder !== null) return null;
  const held: Spot[] = [...world.grants.values()].filter((it) => holds(world, contact, it) && it.spot.kind !== "case").map((it) => it.spot);
  const distinct = held.filter((it, index) => held.findIndex((other) => sameSpot(other, it)) === index && maySee(world, contact, it));
  return distinct.filter((it) => !isWithinAnother(world, contact, it)).map(idOf);
};
/** Is it found by opening a folder that the contact holds, going in step by step? */
const isWithinAnother = (world: World, contact: string, spot: Spot): boolean => {
  const [first, ...rest] = pathOf(world, spot) ?? [];
  const above = spot.kind === "folder" ? rest : first === undefined ? [] : [first, ...rest];
  if (spot.kind === "folder" && world.folders.get(spot.id)?.inherit === false) return false;
  for (const id of above) {
    if (heldOn(world, contact, { kind: "folder", id })) return true;
    if (world.folders.get(id)?.inherit === false) return false;
  }
  return false;
};
export const sharedWith = (world: World, contact: string): string[] =>
  [...world.grants].flatMap(([id, it]) => (holds(world, contact, it) && pathOf(world, it.spot) !== null && isPublished(world, it.spot) ? [id] : []));

/** What staff find in a folder, or in the root; null where it, or one around it, was deleted. */
export const staffList = (world: World, folder: string | null): string[] | null =>
  (folder !== null && pathOf(world, { kind: "folder", id: folder }) === null ? null : inside(world, folder).filter((it) => pathOf(world, it) !== null).map(idOf));
/** What was deleted itself, wherever it lay. */
export const binOf = ({ folders, documents }: World): string[] => [...folders, ...documents].flatMap(([id, it]) => (it.deleted ? [id] : []));

/** What a link shows first; null is a link of nothing. */
export const behindLink = (world: World, { sharer, folder, documents, revoked }: Share): string[] | null => {
  if (revoked || !mayEnter(world, sharer)) return null;
  const shown = (spot: Spot): boolean => pathOf(world, spot) !== null && isPublished(world, spot);
  if (folder === null) return documents.map((id) => ({ kind: "document" as const, id })).filter(shown).map(idOf);
  if (!shown({ kind: "folder", id: folder })) return null;
  return inside(world, folder).filter((it) => shown(it) && (it.kind !== "folder" || world.folders.get(it.id)?.inherit === true)).map(idOf);
};

/** Does a link open this spot, published or not? */
export const reachedByLink = (world: World, { sharer, folder, documents, revoked }: Share, spot: Spot): boolean => {
  const path = pathOf(world, spot);
  if (revoked || !mayEnter(world, sharer) || path === null || spot.kind === "case") return false;
  if (folder === null) return documents.includes(spot.id);
  const stop = path.findIndex((id) => world.folders.get(id)?.inherit === false);
  return path.slice(0, stop === -1 ? path.length : stop + 1).includes(folder);
};

/** Is the name free in a folder, compared as people read it? */
export const isFree = (world: World, folder: string | null, name: string, but: string | null = null): boolean =>
  !inside(world, folder).some((it) => it.kind !== "case" && it.id !== but && fold((world.folders.get(it.id) ?? world.documents.get(it.id))?.name ?? "") === fold(name) && (world.folders.get(it.id) ?? world.documents.get(it.id))?.deleted === false);
const fold = (name: string): string => name.normalize("NFKC").toLowerCase();

/** Is the first folder the second, or somewhere inside it? */
export const isInside = (world: World, folder: string | null, other: string): boolean => folder !== null && (folder === other || isInside(world, world.folders.get(folder)?.parent ?? null, other));

export const everySpot = (world: World): Spot[] => [
  { kind: "case" }, ...[...world.folders.keys()].map((id) => ({ kind: "folder" as const, id })), ...[...world.documents.keys()].map((id) => ({ kind: "document" as const, id })),
];
export const copyOf = (world: World): World => structuredClone(world);
