import { holdersOf, isMeantFor, mayEnter, mayHold, type Grant } from "../domain/access.ts";
import type { Case, Folder, TimelineEntry } from "../domain/case.ts";
import type { Document } from "../domain/document.ts";
import { isId, type CaseId, type DocumentId, type FolderId } from "../domain/ids.ts";
import type { ContactPrincipal, ViewerPrincipal } from "../domain/principal.ts";
import { invalid, notFound } from "../domain/refusal.ts";
import { isOver } from "../domain/time.ts";
import { signed, type HandOut } from "./documents.ts";
import type { Item, Ports } from "./ports.ts";
import { grantsOpening, holdsAny, isPlace, publishedDocument, topmost, withoutClosedFolders } from "./reach.ts";
import type { Page, PageRequest, Request } from "./request.ts";
import { liveAmong } from "./tree.ts";

/** What signed-in contacts do: they read. Every verb decides anew from consistent reads, and nothing here writes but the record. */
type Contact = Request<ContactPrincipal>;
/** A contact, or staff who look as a contact. Whatever leads to the bytes themselves takes a contact alone. */
type Reader = Request<ContactPrincipal | ViewerPrincipal>;

const contactOf = ({ principal }: Reader): ContactPrincipal => (principal.kind === "viewer" ? principal.contact : principal);

/** Looking as a contact is no way into a case that the person who looks may not enter. */
const isShownTo = ({ principal, now }: Reader, kase: Case, firm: Ports["firm"]): boolean => principal.kind === "contact" || mayEnter(principal.member, kase, firm, now);

export interface CaseForClient {
  readonly kase: Case;
  readonly adviserName: string;
}

const withAdviser = async ({ people }: Pick<Ports, "people">, cases: readonly Case[]): Promise<CaseForClient[]> => {
  const names = await people.names(cases.map((it) => it.adviserId));
  return cases.map((kase) => ({ kase, adviserName: names.get(kase.adviserId) ?? "" }));
};

export const myCases = ({ cases, grants, people, firm }: Pick<Ports, "cases" | "grants" | "people" | "firm">) =>
  async (request: Reader, page: PageRequest): Promise<Page<CaseForClient>> => {
    const who = contactOf(request);
    return grants.casesOf(holdersOf(who), page, async (held) => {
      const known = await cases.byIds(held.map((it) => it.caseId));
      const open = await Promise.all(held.map(async ({ caseId, endless }) => {
        const kase = known.get(caseId);
        if (kase === undefined || !isShownTo(request, kase, firm)) return [];
        // One without an end is enough to know of, except where it takes a look whether it is meant for this contact.
        const isSure = endless && !kase.restricted && mayHold(who, kase);
        return isSure || (await holdsAny({ grants }, who, caseId, Promise.resolve(kase), request.now)) ? [kase] : [];
      }));
      const byId = new Map((await withAdviser({ people }, open.flat())).map((it) => [it.kase.caseId, it]));
      return held.map(({ caseId }) => byId.get(caseId) ?? null);
    });
  };

export const readCase = ({ people, ...deps }: Pick<Ports, "cases" | "grants" | "people" | "firm">) =>
  async (request: Reader, caseId: CaseId): Promise<CaseForClient> => {
    const kase = await enter(deps, request, caseId);
    const [read] = await withAdviser({ people }, [kase]);
    if (read === undefined) throw notFound();
    return read;
  };

/** The story of a case is for those who were given the whole case, not for the expert who got one document of it. */
export const readTimeline = (deps: Pick<Ports, "cases" | "grants" | "documents" | "firm">) =>
  async (request: Reader, caseId: CaseId, page: PageRequest): Promise<Page<TimelineEntry>> => {
    const kase = await enter(deps, request, caseId);
    if ((await grantsOpening(deps, contactOf(request), kase, {}, request.now)).length === 0) throw notFound();
    return deps.cases.timeline(caseId, page, true);
  };

const enter = async ({ cases, grants, firm }: Pick<Ports, "cases" | "grants" | "firm">, request: Reader, caseId: CaseId, read: Promise<Case | null> = cases.get(caseId)): Promise<Case> => {
  request.trail.concerns({ caseId });
  const [kase, holds] = await Promise.all([read, holdsAny({ grants }, contactOf(request), caseId, read, request.now)]);
  if (kase === null || !holds || !isShownTo(request, kase, firm)) throw notFound();
  request.trail.concerns({ clientId: kase.clientId, adviserId: kase.adviserId });
  return kase;
};

/** A folder's page; without a folder, the case's root for whoever was given the case, and for others the topmost things they were given. */
export const listItems = (deps: Pick<Ports, "cases" | "grants" | "documents" | "firm">) =>
  async (request: Reader, caseId: CaseId, folderId: FolderId | undefined, page: PageRequest, reads: Promise<readonly [Case | null, Folder | null]>): Promise<Page<Item>> => {
    const { now, trail } = request;
    const who = contactOf(request);
    const shown = async (kase: Case, { items, next }: Page<Item>): Promise<Page<Item>> => ({ items: await withoutClosedFolders(deps, who, kase, items, now), next });
    trail.concerns({ caseId, ...(folderId && { folderId }) });
    if (folderId === undefined) {
      const kase = await enter(deps, request, caseId, reads.then(([it]) => it));
      if ((await grantsOpening(deps, who, kase, {}, now)).length === 0) return after(await topmost(deps, who, kase, now), page);
      return shown(kase, await deps.documents.items(caseId, undefined, page, "clients"));
    }
    const [kase, folder] = await reads;
    if (folder === null || kase === null || !isShownTo(request, kase, deps.firm)) throw notFound();
    // The page is read beside what decides about it; whoever is refused does not see it.
    const [opening, items] = await Promise.all([grantsOpening(deps, who, kase, { folder }, now), deps.documents.items(caseId, folderId, page, "clients")]);
    if (opening.length === 0) throw notFound();
    trail.concerns({ clientId: kase.clientId, adviserId: kase.adviserId });
    return shown(kase, items);
  };

/** The position is the place of the last thing shown, not its number: what comes or goes meanwhile neither repeats nor hides another. */
const after = <T>(all: readonly { readonly item: T; readonly place: string }[], page: PageRequest): Page<T> => {
  // Given the whole case when the cursor was made: it is a position in another list.
  if (page.after !== null && !isPlace(page.after)) throw invalid("query.cursor", "Is not a cursor of this list.");
  const left = page.after === null ? all : all.filter((it) => it.place > (page.after ?? ""));
  const shown = left.slice(0, page.limit);
  return { items: shown.map((it) => it.item), next: left.length > page.limit ? (shown.at(-1)?.place ?? null) : null };
};

/** A thing that was given, with what it is called now. */
export interface Given {
  readonly grant: Grant;
  readonly kase: Case;
  readonly folder: Folder | null;
  readonly document: Document | null;
}

/** Newest first, not expanded, without what is over, deleted or not published. */
export const sharedWithMe = ({ grants, ...deps }: Pick<Ports, "grants" | "cases" | "documents" | "firm">) =>
  async (request: Reader, page: PageRequest): Promise<Page<Given>> => grants.given(holdersOf(contactOf(request)), page, asShown(deps, request));

/** What each grant is shown as; null for what is not to be seen now. */
const asShown = ({ cases, documents, firm }: Pick<Ports, "cases" | "documents" | "firm">, request: Reader) =>
  async (given: readonly Grant[]): Promise<(Given | null)[]> => {
    const live = given.filter((it) => !isOver(it.expiresAt, request.now));
    // Two steps: the cases, and what of each case was given, then the folders around it, all by exact keys.
    const perCase = [...Map.groupBy(live, (it) => it.caseId)];
    const [known, ...things] = await Promise.all([
      cases.byIds(perCase.map(([caseId]) => caseId)),
      ...perCase.map(async ([caseId, of]) => {
        const [folders, files] = await Promise.all([
          documents.folders(caseId, of.flatMap(({ place }) => (isId("folder", place) ? [place] : []))), documents.byIds(caseId, of.flatMap(({ place }) => (isId("document", place) ? [place] : []))),
        ]);
        return Promise.all([liveAmong({ documents }, caseId, folders), liveAmong({ documents }, caseId, files)]);
      }),
    ]);
    const folderBy = new Map(things.flatMap(([folders]) => folders).map(({ it }) => [it.folderId, it]));
    const documentBy = new Map(things.flatMap(([, files]) => files).map(({ it }) => [it.documentId, it]));
    return given.map((grant): Given | null => {
      const kase = known.get(grant.caseId);
      if (kase === undefined || isOver(grant.expiresAt, request.now) || !isMeantFor(grant, contactOf(request), kase) || !isShownTo(request, kase, firm)) return null;
      const { place } = grant;
      if (isId("case", place)) return { grant, kase, folder: null, document: null };
      if (isId("folder", place)) {
        const folder = folderBy.get(place);
        return folder ? { grant, kase, folder, document: null } : null;
      }
      const document = documentBy.get(place);
      return document?.published ? { grant, kase, folder: null, document } : null;
    });
  };

/** Decided again on every request; the record is written before the URL leaves. */
export const downloadForContact = (deps: Pick<Ports, "ledger" | "cases" | "grants" | "documents" | "objects">) =>
  async (request: Contact, caseId: CaseId, documentId: DocumentId, reads: Promise<readonly [Case | null, Document | null]>): Promise<HandOut> => {
    request.trail.concerns({ caseId, documentId });
    const [kase, read] = await reads;
    if (kase === null) throw notFound();
    const document = publishedDocument(read);
    if ((await grantsOpening(deps, request.principal, kase, { document }, request.now)).length === 0) throw notFound();
    const handOut = await signed(deps.objects, document, document.published);
    await deps.ledger.commit(request, [], { about: { clientId: kase.clientId, adviserId: kase.adviserId, versionId: document.published.versionId } });
    return handOut;
  };
