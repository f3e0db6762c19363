import { includes, levelOf, mayGoOnUploading, mayStillEnter } from "../domain/access.ts";
import type { Case } from "../domain/case.ts";
import type { Document, Version } from "../domain/document.ts";
import { isId, type CaseId, type ContactId, type DocumentId, type FolderId, type MemberId, type VersionId } from "../domain/ids.ts";
import type { ContactPrincipal, Principal, StaffPrincipal } from "../domain/principal.ts";
import { notFound, Refusal } from "../domain/refusal.ts";
import type { Instant } from "../domain/time.ts";
import { enterCase } from "./cases.ts";
import { enterDocument, enterVersion } from "./documents.ts";
import { pathTo } from "./folders.ts";
import type { Ports } from "./ports.ts";
import { grantsOpening } from "./reach.ts";
import type { Request } from "./request.ts";

/** How somebody comes to where they upload: all that differs between the people of the firm and those it serves. */
export interface Way<P extends Principal> {
  readonly uploaderOf: (who: P) => MemberId | ContactId;
  /** @returns the folders around a new document, outermost first. @throws Refusal where this person adds nothing. */
  readonly toFolder: (request: Request<P>, caseId: CaseId, folderId: FolderId | undefined) => Promise<readonly FolderId[]>;
  readonly toVersion: (request: Request<P>, caseId: CaseId, documentId: DocumentId, versionId: VersionId) => Promise<{ readonly document: Document; readonly version: Version }>;
}

/** Staff enter by the case's door, and finish whatever anybody began. */
export const staffWay = (deps: Pick<Ports, "cases" | "firm" | "documents">): Way<StaffPrincipal> => ({
  uploaderOf: (who) => who.memberId,
  async toFolder(request, caseId, folderId) {
    await enterCase(deps, request, caseId);
    return pathTo(deps.documents, caseId, folderId, "body.folderId");
  },
  async toVersion(request, caseId, documentId, versionId) {
    const document = await enterDocument(deps, request, caseId, documentId);
    return { document, version: await enterVersion(deps, request, documentId, versionId) };
  },
});

/**
 * Contacts add documents where a grant lets them `upload`, and finish what they began themselves, as long as it does. Whatever else there is, does not exist
 * for them; where they may read and no more, they are told so.
 */
export const contactWay = (deps: Pick<Ports, "cases" | "grants" | "documents">): Way<ContactPrincipal> => {
  const heldAt = async ({ principal, now }: Request<ContactPrincipal>, kase: Case, place: Parameters<typeof grantsOpening>[3]) =>
    levelOf(await grantsOpening(deps, principal, kase, place, now));
  return {
    uploaderOf: (who) => who.contactId,
    async toFolder(request, caseId, folderId) {
      request.trail.concerns({ caseId, ...(folderId && { folderId }) });
      const [kase, folder] = await Promise.all([deps.cases.get(caseId), folderId === undefined ? undefined : deps.documents.folder(caseId, folderId)]);
      if (kase === null || folder === null) throw notFound();
      request.trail.concerns({ clientId: kase.clientId, adviserId: kase.adviserId });
      const held = await heldAt(request, kase, folder ? { folder } : {});
      if (held === null) throw notFound();
      if (!includes(held, "upload")) throw new Refusal("forbidden", "You may read what is here, and add nothing to it.");
      return pathTo(deps.documents, caseId, folderId, "body.folderId");
    },
    async toVersion(request, caseId, documentId, versionId) {
      request.trail.concerns({ caseId, documentId, versionId });
      const [kase, document, version] = await Promise.all([deps.cases.get(caseId), deps.documents.get(caseId, documentId), deps.documents.version(documentId, versionId)]);
      if (kase === null || document === null || version === null) throw notFound();
      request.trail.concerns({ clientId: kase.clientId, adviserId: kase.adviserId });
      if (!mayGoOnUploading(request.principal.contactId, version, await heldAt(request, kase, { document }))) throw notFound();
      return { document, version };
    },
  };
};

/**
 * Might this person put the document's bytes there now, if they asked? A URL lives longer than a right: what is published by itself comes past the rules of a
 * request, staff by the case's door, contacts by their grant.
 */
export const mayStillUpload = async (deps: Pick<Ports, "people" | "firm" | "documents" | "grants">, who: MemberId | ContactId, kase: Case, document: Document, now: Instant): Promise<boolean> => {
  if (isId("member", who)) {
    const member = await deps.people.member(who);
    return member !== null && mayStillEnter(member, kase, deps.firm, now);
  }
  const contact = await deps.people.contact(who);
  return contact !== null && !contact.suspended && includes(levelOf(await grantsOpening(deps, contact, kase, { document }, now)), "upload");
};
