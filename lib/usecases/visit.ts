import { mayStillEnter, reachingPlaces } from "../domain/access.ts";
import type { Folder } from "../domain/case.ts";
import type { Document } from "../domain/document.ts";
import type { CaseId, DocumentId, FolderId } from "../domain/ids.ts";
import type { RecipientPrincipal } from "../domain/principal.ts";
import { notFound, Refusal } from "../domain/refusal.ts";
import { linkState, type Link, type LinkState, type Share } from "../domain/share.ts";
import { plusSeconds, type Instant } from "../domain/time.ts";
import { signed, type HandOut } from "./documents.ts";
import type { Ports } from "./ports.ts";
import { publishedDocument } from "./reach.ts";
import type { PageRequest, Request } from "./request.ts";
import { linkHashOf } from "./shares.ts";
import { foldersAround, liveAmong } from "./tree.ts";

/** What people do who hold a link: look at the door, open it, list, download. Nobody signs in; the link is the proof. */
type Visit = Request<RecipientPrincipal>;

/** A link and what it belongs to, as far as it may be known: an unknown or revoked link belongs to nothing. */
export type Door =
  | { readonly state: "gone" }
  | { readonly state: Exclude<LinkState, "revoked">; readonly link: Link };

/** One read opens a link. A malformed token is hashed like any other: it is nobody's. */
export const findDoor = ({ shares }: Pick<Ports, "shares">) =>
  async (token: string, now: Instant): Promise<Door> => {
    const link = await shares.link(linkHashOf(token));
    if (link === null) return { state: "gone" };
    const state = linkState(link, now);
    return state === "revoked" ? { state: "gone" } : { state, link };
  };

/** The person's own gesture: what counts as opened. */
export const openLink = (deps: Admission & Pick<Ports, "ledger" | "shares">) =>
  async (request: Visit, link: Link): Promise<void> => {
    await admit(deps, request, link);
    await use(deps, link, () => deps.ledger.commit(request, [deps.shares.open(link, request.now)]));
  };

/** Writes on a link under the condition that it is open. One that was revoked meanwhile is of nothing, as one that was revoked before. */
const use = async ({ shares }: Pick<Ports, "shares">, { linkHash }: Link, commit: () => Promise<unknown>): Promise<void> => {
  try {
    await commit();
  } catch (error) {
    if (error instanceof Refusal && error.code === "gone" && (await shares.link(linkHash))?.revokedAt !== undefined) throw notFound();
    throw error;
  }
};

type Admission = Pick<Ports, "cases" | "people" | "firm">;

/** Whoever sent the link must still be one who may. Beside every step that shows or hands out something, never after it. */
export const admit = async ({ cases, people, firm }: Admission, { trail, now }: Pick<Visit, "trail" | "now">, { caseId, sharedBy }: Link): Promise<void> => {
  const [kase, sharer] = await Promise.all([cases.get(caseId), people.member(sharedBy)]);
  if (kase === null || sharer === null || !mayStillEnter(sharer, kase, firm, now)) throw notFound();
  trail.concerns({ adviserId: kase.adviserId });
};

export interface Listing {
  readonly share: Share;
  /** From the shared folder to the one that is shown; empty for a selection. */
  readonly path: readonly Folder[];
  readonly folders: readonly Folder[];
  readonly documents: readonly (Document & { published: NonNullable<Document["published"]> })[];
  /** When this recipient last fetched each document. */
  readonly fetched: ReadonlyMap<DocumentId, Instant>;
  readonly next: string | null;
}

/** What the link shows now: a shared folder is the folder as it is today, a selection its documents that are still published. */
export const listShared = ({ shares, documents, register, ...deps }: Admission & Pick<Ports, "shares" | "documents" | "register">) =>
  async (request: Visit, link: Link, folderId: FolderId | undefined, page: PageRequest): Promise<Listing> => {
    // The folder is read beside what decides about it; whoever is refused does not see it.
    const asked = folderId ?? link.folderPath?.at(-1);
    const [share, fetched, read] = await Promise.all([
      shares.get(link.shareId), fetchedBy({ register }, request), asked === undefined ? null : lookInto({ documents }, link, asked, page), admit(deps, request, link),
    ]);
    if (share === null) throw notFound();
    if (share.selection.kind === "documents") {
      if (folderId !== undefined) throw notFound();
      const order = new Map(share.selection.documentIds.map((id, index) => [id, index]));
      const live = await liveAmong({ documents }, link.caseId, await documents.byIds(link.caseId, share.selection.documentIds));
      const found = live.map(({ it }) => it);
      const published = found.toSorted((a, b) => (order.get(a.documentId) ?? 0) - (order.get(b.documentId) ?? 0)).flatMap((it) => (it.published ? [{ ...it, published: it.published }] : []));
      return { share, path: [], folders: [], documents: published, fetched, next: null };
    }
    const shared = share.selection.folderId;
    const shown = folderId ?? shared;
    const { around, items } = read !== null && asked === shown ? read : await lookInto({ documents }, link, shown, page);
    const path = around && pathWithin(link.caseId, around, shared, shown);
    if (path === null) throw notFound();
    return {
      share, path, fetched, next: items.next,
      folders: items.items.flatMap((it) => (it.kind === "folder" && it.folder.inherit ? [it.folder] : [])),
      documents: items.items.flatMap((it) => (it.kind === "document" && it.document.published ? [{ ...it.document, published: it.document.published }] : [])),
    };
  };

/** A folder's page, and the folders around it: of the shared folder the link hints at them, of others their own item does. */
const lookInto = async ({ documents }: Pick<Ports, "documents">, { caseId, folderPath = [] }: Link, id: FolderId, page: PageRequest) => {
  const around = async (): Promise<readonly Folder[] | null> => foldersAround({ documents }, caseId, id, folderPath.at(-1) === id ? folderPath : [...((await documents.folder(caseId, id))?.ancestors ?? []), id]);
  const [way, items] = await Promise.all([around(), documents.items(caseId, id, page, "clients")]);
  return { around: way, items };
};

/** The folders from the shared one to the one asked for, or null where it does not lie inside: a link shows neither siblings nor parents. */
const pathWithin = (caseId: CaseId, around: readonly Folder[], shared: FolderId, shown: FolderId): readonly Folder[] | null => {
  if (shown === shared) return around.slice(0, 1);
  // A folder that stops inheritance is not opened from above, by a link no more than by a grant.
  if (!reachingPlaces({ caseId, folders: around }).includes(shared)) return null;
  return around.slice(0, around.findIndex((it) => it.folderId === shared) + 1).toReversed();
};

const fetchedBy = async ({ register }: Pick<Ports, "register">, request: Visit): Promise<ReadonlyMap<DocumentId, Instant>> => {
  const { principal, now } = request;
  const keep = (event: { action: string; result: string }) => event.action === "share.download" && event.result === "granted";
  const { items } = await register.list({ by: { kind: "person", id: principal.recipientId }, from: plusSeconds(now, -400 * 86_400), to: plusSeconds(now, 1), keep }, { limit: 100, after: null });
  return new Map(items.toReversed().flatMap((event) => (event.about.documentId ? [[event.about.documentId, event.at] as const] : [])));
};

/** One download: decided, signed, then counted and recorded in one write, so that nothing is counted that was not handed out. */
export const downloadShared = (deps: Admission & Pick<Ports, "ledger" | "shares" | "documents" | "objects">) =>
  async (request: Visit, link: Link, documentId: DocumentId): Promise<HandOut> => {
    const { ledger, shares, documents, objects } = deps;
    request.trail.concerns({ documentId });
    const [share, read] = await Promise.all([shares.get(link.shareId), documents.get(link.caseId, documentId), admit(deps, request, link)]);
    const document = publishedDocument(read);
    if (share === null || !(await isShared({ documents }, share, document))) throw notFound();
    const handOut = await signed(objects, document, document.published);
    await use(deps, link, () => ledger.commit(request, [shares.count(link, request.now)], { about: { versionId: document.published.versionId } }));
    return handOut;
  };

const isShared = async ({ documents }: Pick<Ports, "documents">, { selection, caseId }: Share, document: Document): Promise<boolean> => {
  if (selection.kind === "documents" && !selection.documentIds.includes(document.documentId)) return false;
  const folders = await foldersAround({ documents }, caseId, document.folderId, document.folderPath);
  if (selection.kind === "documents") return folders !== null;
  return folders !== null && reachingPlaces({ caseId, folders }).includes(selection.folderId);
};
