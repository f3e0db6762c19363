import { holdersOf, isMeantFor, openingGrants, type Grant, type Location, type Served } from "../domain/access.ts";
import type { Case, Folder } from "../domain/case.ts";
import type { Document } from "../domain/document.ts";
import { isId, type CaseId } from "../domain/ids.ts";
import type { ContactPrincipal } from "../domain/principal.ts";
import { notFound, Refusal } from "../domain/refusal.ts";
import { nameInOrder } from "../domain/text.ts";
import { isOver, type Instant } from "../domain/time.ts";
import type { Item, Ports } from "./ports.ts";
import { foldersAround, liveAmong } from "./tree.ts";

type Deps = Pick<Ports, "documents" | "grants">;

/** The grants that open a document or a folder (or the case, without either) to this person now; none means no. */
export const grantsOpening = async (deps: Deps, who: Served, kase: Case, place: { document?: Document; folder?: Folder }, now: Instant): Promise<readonly Grant[]> => {
  const { caseId } = kase;
  const { document, folder } = place;
  if (document?.deleted !== undefined) return [];
  const innermost = document?.folderId ?? folder?.folderId;
  const hint = document?.folderPath ?? (folder ? [...folder.ancestors, folder.folderId] : []);
  const holders = holdersOf(who);
  const guess = [...(document ? [document.documentId] : []), ...hint, caseId];
  // One step: the folders of the hinted path, and every grant that could stand on it.
  const [folders, hinted] = await Promise.all([foldersAround(deps, caseId, innermost, hint), deps.grants.find(caseId, holders, guess)]);
  if (folders === null) return [];
  const location: Location = { caseId, folders, ...(document && { documentId: document.documentId }) };
  const moved = folders.map((it) => it.folderId).filter((id) => !hint.includes(id));
  const grants = moved.length === 0 ? hinted : [...hinted, ...(await deps.grants.find(caseId, holders, moved))];
  return openingGrants(location, who, kase, grants, now);
};

/** Does this person hold anything in the case that is not over? Only then does the case exist for them. */
export const holdsAny = async ({ grants }: Pick<Deps, "grants">, who: ContactPrincipal, caseId: CaseId, read: Promise<Case | null>, now: Instant): Promise<boolean> => {
  const perHolder = await Promise.all(holdersOf(who).map(async (holder) => {
    for (let after: string | null = null; ;) {
      // The first look is enough for nearly everybody. What is over stays, and may be thousands.
      const page: Awaited<ReturnType<typeof grants.ofHolder>> = await grants.ofHolder(caseId, holder, { limit: after === null ? 25 : 1000, after });
      const kase = await read;
      if (kase === null) return false;
      if (page.items.some((it) => !isOver(it.expiresAt, now) && isMeantFor(it, who, kase))) return true;
      if (page.next === null) return false;
      after = page.next;
    }
  }));
  return perHolder.includes(true);
};

/** What of a folder's page this person may see: all but inner folders that stop inheritance and hold no grant of their own. */
export const withoutClosedFolders = async ({ grants }: Pick<Deps, "grants">, who: ContactPrincipal, kase: Case, items: readonly Item[], now: Instant): Promise<readonly Item[]> => {
  const closed = items.flatMap((it) => (it.kind === "folder" && !it.folder.inherit ? [it.folder.folderId] : []));
  if (closed.length === 0) return items;
  const held = await grants.find(kase.caseId, holdersOf(who), closed);
  const opened = new Set(held.filter((it) => !isOver(it.expiresAt, now) && isMeantFor(it, who, kase)).map((it) => it.place));
  return items.filter((it) => it.kind === "document" || it.folder.inherit || opened.has(it.folder.folderId));
};

/** The document that clients may read. What is not published does not exist for them. */
export const publishedDocument = (document: Document | null): Document & { published: NonNullable<Document["published"]> } => {
  if (document?.published === undefined || document.deleted !== undefined) throw notFound();
  return { ...document, published: document.published };
};

/** Where a thing stands in a list, as in a folder's page: folders before documents, then by folded name; the id tells equal names apart. */
const placeOf = (it: Item): string => (it.kind === "folder" ? `0#${nameInOrder(it.folder.name)}#${it.folder.folderId}` : `1#${nameInOrder(it.document.name)}#${it.document.documentId}`);

export const isPlace = (text: string): boolean => /^[01]#/.test(text);

/** At most this many grants of one person in one case are weighed for the topmost view. */
const grantsWeighed = 1000;

/** The topmost things that a person was given in a case: what lies inside another of them is found there. Folders first, by name. */
export const topmost = async (deps: Deps, who: ContactPrincipal, kase: Case, now: Instant): Promise<readonly { readonly item: Item; readonly place: string }[]> => {
  const { caseId } = kase;
  const held: Grant[] = [];
  for (const holder of holdersOf(who)) {
    for (let after: string | null = null; ;) {
      const page: Awaited<ReturnType<typeof deps.grants.ofHolder>> = await deps.grants.ofHolder(caseId, holder, { limit: grantsWeighed, after });
      held.push(...page.items.filter((it) => !isOver(it.expiresAt, now) && isMeantFor(it, who, kase)));
      if (held.length > grantsWeighed) throw new Refusal("too_large", "You were given too many single things in this case to show them in one list.");
      if (page.next === null) break;
      after = page.next;
    }
  }
  // Revoked since it was seen that they hold something.
  if (held.length === 0) throw notFound();
  const places = new Set(held.map((it) => it.place));
  const [folders, documents] = await Promise.all([
    deps.documents.folders(caseId, [...places].filter((it) => isId("folder", it))),
    deps.documents.byIds(caseId, [...places].filter((it) => isId("document", it))),
  ]);
  const live = await liveAmong(deps, caseId, [...folders, ...documents.filter((it) => it.published)]);
  const items = live.flatMap(({ it, around }): Item[] => {
    const isFolder = "ancestors" in it;
    const above = isFolder ? around.slice(1) : around;
    const stop = isFolder && !it.inherit ? 0 : above.findIndex((folder) => !folder.inherit) + 1 || above.length;
    if (above.slice(0, stop).some((folder) => places.has(folder.folderId))) return [];
    return [isFolder ? { kind: "folder", folder: it } : { kind: "document", document: it }];
  });
  return items.map((item) => ({ item, place: placeOf(item) })).toSorted((a, b) => (a.place < b.place ? -1 : 1));
};
