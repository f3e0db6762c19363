import * as z from "zod/mini";
import { levels, type Grant } from "../domain/access.ts";
import { caseStatuses, type Case, type Folder, type TimelineEntry } from "../domain/case.ts";
import { compositeIn, isScanned, stateOf, versionStates, type Document, type Published, type Version } from "../domain/document.ts";
import { idOf, isId } from "../domain/ids.ts";
import { jobKinds, jobResult, jobStates, type Job } from "../domain/job.ts";
import { roles, type Client, type Contact, type Member } from "../domain/people.ts";
import { linkState } from "../domain/share.ts";
import { localeTag } from "../domain/text.ts";
import { instant, type Instant } from "../domain/time.ts";
import type { HandOut } from "../usecases/documents.ts";
import type { signParts } from "../usecases/parts.ts";
import type { Refiled } from "../usecases/moves.ts";
import type { CaseForClient, Given } from "../usecases/reading.ts";
import type { ShareInUse } from "../usecases/shares.ts";
import type { Announced, UploadTarget } from "../usecases/uploads.ts";

/**
 * What leaves, by schema: what a reply does not name here cannot leave. Each view is a reply's schema and the function that fills it.
 * Views for clients hold no storage key, no internal note, no other participant and no staff address.
 */
const etag = z.string();
/** Of what is written once: grants and entries. */
const unchanging = "1";
const etagOf = (it: { readonly revision: number }): string => String(it.revision);

export const memberView = z.object({ memberId: idOf("member"), email: z.string(), name: z.string(), role: z.enum(roles), advisers: z.array(idOf("member")), suspended: z.boolean(), status: z.enum(["inviting", "active"]), createdAt: instant, etag });
export const viewMember = (it: Member): z.infer<typeof memberView> => ({ ...it, status: it.account, etag: etagOf(it) });

export const clientView = z.object({ clientId: idOf("client"), name: z.string(), taxId: z.optional(z.string()), notes: z.optional(z.string()), createdAt: instant, etag });
export const viewClient = (it: Client): z.infer<typeof clientView> => ({ ...it, etag: etagOf(it) });

export const contactView = z.object({
  contactId: idOf("contact"), clientIds: z.array(idOf("client")), email: z.string(), name: z.string(), locale: localeTag, phone: z.optional(z.string()),
  organisation: z.optional(z.string()), suspended: z.boolean(), status: z.enum(["inviting", "active"]), createdAt: instant, etag,
});
export const viewContact = (it: Contact): z.infer<typeof contactView> => ({ ...it, status: it.account, etag: etagOf(it) });

export const caseView = z.object({
  caseId: idOf("case"), clientId: idOf("client"), adviserId: idOf("member"), team: z.array(idOf("member")), restricted: z.boolean(),
  brokenGlass: z.array(z.object({ memberId: idOf("member"), until: instant })), reference: z.string(), title: z.string(), status: z.enum(caseStatuses), createdAt: instant, updatedAt: instant, etag,
});
export const viewCase = (it: Case): z.infer<typeof caseView> => ({ ...it, etag: etagOf(it) });

export const entryView = z.object({ entryId: idOf("timelineEntry"), text: z.string(), visibleToClient: z.boolean(), occurredAt: instant, author: z.optional(idOf("member")), kind: z.optional(z.enum(["break-glass"])), etag });
export const viewEntry = (it: TimelineEntry): z.infer<typeof entryView> => ({ ...it, etag: unchanging });

export const folderView = z.object({ folderId: idOf("folder"), caseId: idOf("case"), parentId: z.optional(idOf("folder")), name: z.string(), inherit: z.boolean(), createdAt: instant, etag });
export const viewFolder = (it: Folder): z.infer<typeof folderView> => ({ ...it, etag: etagOf(it) });

/** A folder after its change; where it was moved, `jobId` says which job tells what lies in it, which nobody has to wait for. */
export const refiledView = z.object({ ...folderView.shape, jobId: z.optional(idOf("job")) });
export const viewRefiled = ({ folder, jobId }: Refiled): z.infer<typeof refiledView> => ({ ...viewFolder(folder), ...(jobId && { jobId }) });

/** `sha256` is of the whole file, where it was announced; of a file that came in parts S3 verified `composite`, the hash of the parts' hashes. */
const checksum = { sha256: z.optional(z.string()), checksumType: z.enum(["full", "composite"]), composite: z.optional(z.object({ sha256: z.string(), partSize: z.int() })) };
const checksumTypeOf = ({ composite }: Pick<Published, "composite">) => (composite ? "composite" as const : "full" as const);
const publishedView = z.object({ versionId: idOf("version"), number: z.int(), size: z.int(), ...checksum, contentType: z.string(), scanned: z.boolean(), publishedAt: instant });
export const documentView = z.object({
  documentId: idOf("document"), caseId: idOf("case"), folderId: z.optional(idOf("folder")), name: z.string(), versionCount: z.int(),
  published: z.nullable(publishedView), createdAt: instant, etag,
});
export const viewDocument = (it: Document): z.infer<typeof documentView> => ({ ...it, published: it.published ? { ...it.published, checksumType: checksumTypeOf(it.published) } : null, etag: etagOf(it) });

const versionForClients = z.object({
  versionId: idOf("version"), documentId: idOf("document"), number: z.int(), state: z.enum(versionStates), contentType: z.string(), size: z.int(),
  ...checksum, sha256Verified: z.boolean(), multipart: z.optional(z.object({ partSize: z.int(), partCount: z.int() })), scanned: z.boolean(), createdAt: instant, publishedAt: z.optional(instant), etag,
});
export const versionView = z.object({
  ...versionForClients.shape, draft: z.boolean(), uploadedBy: z.union([idOf("member"), idOf("contact")]),
  released: z.optional(z.object({ at: instant, by: idOf("member"), reason: z.string() })),
});
/** A whole file's hash is called verified where S3 compared it: it does for a single PUT, and not for parts. */
export const viewVersion = (it: Version): z.infer<typeof versionView> => ({
  ...it, state: stateOf(it), checksumType: it.multipart ? "composite" : "full", ...compositeIn(it), sha256Verified: it.multipart === undefined && it.facts.stored?.sha256 === it.sha256,
  scanned: isScanned(it), ...(it.facts.waived && { released: it.facts.waived }), etag: etagOf(it),
});

export const itemView = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("folder"), ...folderView.shape }),
  z.object({ kind: z.literal("document"), ...documentView.shape }),
]);
type AnyItem = { readonly kind: "folder"; readonly folder: Folder } | { readonly kind: "document"; readonly document: Document };
export const viewItem = (it: AnyItem): z.infer<typeof itemView> => (it.kind === "folder" ? { kind: "folder", ...viewFolder(it.folder) } : { kind: "document", ...viewDocument(it.document) });

const signedUpload = { url: z.string(), headers: z.record(z.string(), z.string()), expiresAt: instant };
const uploadView = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("single"), method: z.literal("PUT"), ...signedUpload }),
  z.object({ kind: z.literal("multipart"), partSize: z.int(), partCount: z.int() }),
]);
const deletion = { caseId: idOf("case"), name: z.string(), deletedAt: instant, deletedBy: idOf("member"), restorableUntil: instant, etag };
/** What was deleted, and where it lay. */
export const deletedView = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("folder"), folderId: idOf("folder"), parentId: z.optional(idOf("folder")), ...deletion }),
  z.object({ kind: z.literal("document"), documentId: idOf("document"), folderId: z.optional(idOf("folder")), ...deletion }),
]);
export const viewDeleted = (item: AnyItem): z.infer<typeof deletedView> => {
  const { deleted } = item.kind === "folder" ? item.folder : item.document;
  if (deleted === undefined) throw new TypeError("What is not deleted is in no bin.");
  const said = { deletedAt: deleted.at, deletedBy: deleted.by, restorableUntil: deleted.until };
  return item.kind === "folder" ? { kind: "folder", ...item.folder, ...said, etag: etagOf(item.folder) } : { kind: "document", ...item.document, ...said, etag: etagOf(item.document) };
};

export const announcedView = z.object({ document: documentView, version: versionView, upload: uploadView });
const viewUpload = (it: UploadTarget): z.infer<typeof uploadView> => (it.kind === "single" ? { ...it, method: "PUT", headers: { ...it.headers } } : it);
export const viewAnnounced = (it: Announced): z.infer<typeof announcedView> => ({ document: viewDocument(it.document), version: viewVersion(it.version), upload: viewUpload(it.upload) });
export const signedPartsView = z.object({ parts: z.array(z.object({ partNumber: z.int(), method: z.literal("PUT"), ...signedUpload })) });
export const viewSignedParts = (parts: Awaited<ReturnType<ReturnType<typeof signParts>>>): z.infer<typeof signedPartsView> => ({ parts: parts.map((it) => ({ ...it, method: "PUT", headers: { ...it.headers } })) });
export const heldPartView = z.object({ partNumber: z.int(), size: z.int(), etag: z.string(), sha256: z.string() });

export const handOutView = z.object({ url: z.string(), expiresAt: instant, fileName: z.string(), size: z.int(), ...checksum });
export const viewHandOut = (it: HandOut): z.infer<typeof handOutView> => ({ ...it, checksumType: checksumTypeOf(it) });

export const grantView = z.object({
  grantId: idOf("grant"), caseId: idOf("case"), principal: z.union([z.object({ contactId: idOf("contact") }), z.object({ clientId: idOf("client") })]),
  resource: z.object({ folderId: z.optional(idOf("folder")), documentId: z.optional(idOf("document")) }), level: z.enum(levels),
  expiresAt: z.optional(instant), createdAt: instant, givenBy: idOf("member"), etag,
});
export const viewGrant = ({ holder, place, ...it }: Grant): z.infer<typeof grantView> => ({
  ...it, etag: unchanging,
  principal: isId("contact", holder) ? { contactId: holder } : isId("client", holder) ? { clientId: holder } : unreachable(holder),
  resource: isId("folder", place) ? { folderId: place } : isId("document", place) ? { documentId: place } : {},
});
const unreachable = (it: never): never => { throw new TypeError(`No holder: ${String(it)}`); };

export const shareView = z.object({
  shareId: idOf("share"), caseId: idOf("case"), sharedBy: idOf("member"), folderId: z.optional(idOf("folder")), documentIds: z.optional(z.array(idOf("document"))),
  message: z.optional(z.string()), expiresAt: instant, maxDownloads: z.optional(z.int()), revoked: z.boolean(), createdAt: instant, etag,
});
export const recipientView = z.object({
  recipientId: idOf("recipient"), email: z.string(), name: z.optional(z.string()), locale: localeTag, status: z.enum(["sent", "opened", "expired", "revoked"]),
  openedAt: z.optional(instant), downloads: z.int(),
});
export const sharedView = z.object({ share: shareView, recipients: z.array(recipientView) });
export const viewShared = ({ share, links }: ShareInUse, now: Instant): z.infer<typeof sharedView> => ({
  share: {
    ...share, ...(share.selection.kind === "folder" ? { folderId: share.selection.folderId } : { documentIds: share.selection.documentIds }),
    revoked: share.revokedAt !== undefined, etag: etagOf(share),
  },
  recipients: share.recipients.map((recipient) => {
    const link = links.get(recipient.recipientId);
    const state = link ? linkState(link, now) : "revoked";
    return { ...recipient, status: state === "open" ? (link?.openedAt ? "opened" : "sent") : state, ...(link?.openedAt && { openedAt: link.openedAt }), downloads: link?.downloads ?? 0 };
  }),
});

export const jobView = z.object({
  jobId: idOf("job"), kind: z.enum(jobKinds), caseId: z.optional(idOf("case")), startedBy: z.optional(idOf("member")), state: z.enum(jobStates), done: z.int(), total: z.optional(z.int()),
  createdAt: instant, finishedAt: z.optional(instant), etag,
});
export const viewJob = (it: Job): z.infer<typeof jobView> => ({ ...it, etag: etagOf(it) });
export const resultView = jobResult;

export const clientCaseView = z.object({
  caseId: idOf("case"), reference: z.string(), title: z.string(), status: z.enum(caseStatuses), adviser: z.object({ name: z.string() }), createdAt: instant, updatedAt: instant, etag,
});
export const viewClientCase = ({ kase, adviserName }: CaseForClient): z.infer<typeof clientCaseView> => ({ ...kase, adviser: { name: adviserName }, etag: etagOf(kase) });

export const clientEntryView = z.object({ entryId: idOf("timelineEntry"), text: z.string(), occurredAt: instant });
const clientDocument = z.object({ documentId: idOf("document"), caseId: idOf("case"), folderId: z.optional(idOf("folder")), name: z.string(), contentType: z.string(), size: z.int(), ...checksum, scanned: z.boolean(), publishedAt: instant });
const clientFolder = z.object({ folderId: idOf("folder"), caseId: idOf("case"), name: z.string() });
export const clientItemView = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("folder"), ...clientFolder.shape }),
  z.object({ kind: z.literal("document"), ...clientDocument.shape }),
]);
const published = (it: Document) => {
  if (it.published === undefined) throw new TypeError(`Document ${it.documentId} is not published: it must not reach a client.`);
  return { ...it, ...it.published, checksumType: checksumTypeOf(it.published) };
};
export const clientAnnouncedView = z.object({ document: z.object({ documentId: idOf("document"), ...clientFolder.shape, folderId: z.optional(idOf("folder")) }), version: versionForClients, upload: uploadView });
/** Their own upload, which nobody else has touched yet. */
export const viewClientAnnounced = (it: Announced): z.infer<typeof clientAnnouncedView> => ({ document: it.document, version: viewVersion(it.version), upload: viewUpload(it.upload) });
export const clientVersionView = versionForClients;
export const viewClientItem = (it: AnyItem): z.infer<typeof clientItemView> => (it.kind === "folder" ? { kind: "folder", ...it.folder } : { kind: "document", ...published(it.document) });

export const givenView = z.object({
  grantId: idOf("grant"), kind: z.enum(["case", "folder", "document"]), name: z.string(), case: z.object({ caseId: idOf("case"), reference: z.string(), title: z.string() }),
  folderId: z.optional(idOf("folder")), documentId: z.optional(idOf("document")), level: z.enum(levels), expiresAt: z.optional(instant), givenAt: instant,
});
export const viewGiven = ({ grant, kase, folder, document }: Given): z.infer<typeof givenView> => ({
  grantId: grant.grantId, kind: folder ? "folder" : document ? "document" : "case", name: folder?.name ?? document?.name ?? kase.title, case: kase,
  ...(folder && { folderId: folder.folderId }), ...(document && { documentId: document.documentId }), level: grant.level, ...(grant.expiresAt && { expiresAt: grant.expiresAt }), givenAt: grant.createdAt,
});
