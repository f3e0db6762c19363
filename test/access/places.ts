import { randomBytes } from "node:crypto";
import { expectOk, sendBytes, sha256Of, uploadDocument, type Caller } from "../../local/caller.ts";
import { newId } from "../../lib/domain/ids.ts";
import type { Person, TestFirm } from "../api/firm.ts";

/** What stands in a case, by the names that paths and bodies know it by. */
export interface Ids {
  readonly caseId: string; readonly clientId: string; readonly contactId: string; readonly memberId: string; readonly folderId: string; readonly deletedFolder: string;
  readonly documentId: string; readonly versionId: string; readonly unsent: string; readonly deletedDocument: string; readonly releasedDocument: string; readonly releasedVersion: string;
  readonly inParts: string; readonly partsVersion: string; readonly unsentVersion: string; readonly grantId: string; readonly shareId: string; readonly recipientId: string; readonly jobId: string;
}
/** A case and whoever tends it: makes what a cell changes, so that no other cell sees the change. */
export interface Place extends Ids { readonly tender: Caller; readonly team: readonly string[] }

const bytes = randomBytes(500);
export const announcement = { contentType: "application/pdf", size: bytes.length, sha256: sha256Of(bytes) };
export const inParts = { contentType: "application/zip", size: 104_857_601 };

let names = 0;
export const uniqueName = (): string => `Thing ${++names}`;
export const uniqueEmail = (): string => `person${++names}.${randomBytes(3).toString("hex")}@elsewhere.example`;

export const newFolder = async ({ tender, caseId }: Place, more: object = {}): Promise<string> => (await expectOk(tender("POST", `/staff/cases/${caseId}/folders`, { name: uniqueName(), ...more }))).folderId;
export const announce = async (call: Caller, caseId: string, more: object = {}, side = "staff"): Promise<{ documentId: string; versionId: string }> => {
  const { document, version } = await expectOk(call("POST", `/${side}/cases/${caseId}/documents`, { name: uniqueName(), ...announcement, ...more }));
  return { documentId: document.documentId, versionId: version.versionId };
};
/** The same, with its bytes on their way. */
export const announceAndSend = async (call: Caller, caseId: string, more: object = {}, side = "staff"): Promise<{ documentId: string; versionId: string }> => {
  const { document, version, upload } = await expectOk(call("POST", `/${side}/cases/${caseId}/documents`, { name: uniqueName(), ...announcement, ...more }));
  await sendBytes(upload, bytes);
  return { documentId: document.documentId, versionId: version.versionId };
};
export const newGrant = async (place: Place): Promise<string> =>
  (await expectOk(place.tender("POST", `/staff/cases/${place.caseId}/grants`, { principal: { contactId: place.contactId }, resource: { folderId: await newFolder(place) }, level: "read" }))).grantId;
export const newShare = async ({ tender, caseId, documentId }: Place): Promise<{ shareId: string; recipientId: string }> => {
  const { share, recipients } = await expectOk(tender("POST", `/staff/cases/${caseId}/shares`, { documentIds: [documentId], recipients: [{ email: uniqueEmail() }] }));
  return { shareId: share.shareId, recipientId: recipients[0].recipientId };
};
export const remove = async ({ tender, caseId }: Place, path: string): Promise<void> => { await expectOk(tender("DELETE", `/staff/cases/${caseId}/${path}`)); };

/** A case of `lead` with one of everything that a route could ask for. */
export const makePlace = async (firm: TestFirm, lead: Person, { clientId, contactId, team, restricted }: { clientId: string; contactId: string; team: readonly string[]; restricted: boolean }): Promise<Place> => {
  const tender = lead.call;
  const { caseId } = await expectOk(tender("POST", "/staff/cases", { clientId, reference: uniqueName(), title: uniqueName(), adviserId: lead.id, team, restricted }));
  const none = noPlace();
  const bare: Place = { ...none, caseId, clientId, contactId, tender, team };
  await expectOk(tender("POST", `/staff/cases/${caseId}/grants`, { principal: { contactId }, resource: {}, level: "read" }));
  const [folderId, deletedFolder, moved] = [await newFolder(bare), await newFolder(bare), await newFolder(bare)];
  const { documentId, versionId } = await uploadDocument(tender, caseId, { name: `${uniqueName()}.pdf`, contentType: "application/pdf", bytes, folderId });
  const [unsent, gone, parts] = [await announce(tender, caseId), await announce(tender, caseId), await announce(tender, caseId, inParts)];
  await remove(bare, `folders/${deletedFolder}`);
  await remove(bare, `documents/${gone.documentId}`);
  firm.scanner.mode = "UNSUPPORTED";
  const released = await announceAndSend(tender, caseId, { draft: true });
  await firm.settle();
  await firm.bus.idle();
  firm.scanner.mode = "auto";
  await expectOk(tender("POST", `/staff/cases/${caseId}/documents/${released.documentId}/versions/${released.versionId}/release`, { reason: "Encrypted by the notary." }));
  const { jobId } = await expectOk(tender("PATCH", `/staff/cases/${caseId}/folders/${moved}`, { parentId: folderId }, { "if-match": '"1"' }));
  const half: Place = { ...bare, folderId, documentId };
  return {
    ...half, deletedFolder, versionId, unsent: unsent.documentId, unsentVersion: unsent.versionId, deletedDocument: gone.documentId, releasedDocument: released.documentId, releasedVersion: released.versionId,
    inParts: parts.documentId, partsVersion: parts.versionId, grantId: await newGrant(half), ...(await newShare(half)), jobId,
  };
};

/** Ids of nothing. */
export const noPlace = (): Place => {
  const at = new Date();
  const [folderId, documentId, versionId] = [() => newId("folder", at), () => newId("document", at), () => newId("version", at)];
  return {
    caseId: newId("case", at), clientId: newId("client", at), contactId: newId("contact", at), memberId: newId("member", at), folderId: folderId(), deletedFolder: folderId(), documentId: documentId(), versionId: versionId(),
    unsent: documentId(), unsentVersion: versionId(), deletedDocument: documentId(), releasedDocument: documentId(), releasedVersion: versionId(), inParts: documentId(), partsVersion: versionId(),
    grantId: newId("grant", at), shareId: newId("share", at), recipientId: newId("recipient", at), jobId: newId("job", at), team: [], tender: async () => ({ status: 404, headers: new Headers(), body: {} }),
  };
};
