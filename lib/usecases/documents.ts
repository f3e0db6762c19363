import { maxDepth, type Folder } from "../domain/case.ts";
import { objectKey, stateOf, type Document, type Published, type Version } from "../domain/document.ts";
import type { CaseId, DocumentId, FolderId, VersionId } from "../domain/ids.ts";
import { newId } from "../domain/ids.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { invalid, Refusal } from "../domain/refusal.ts";
import type { Instant } from "../domain/time.ts";
import { enterCase } from "./cases.ts";
import { found } from "./people.ts";
import type { Ports, SignedUpload } from "./ports.ts";
import type { Request } from "./request.ts";

type Staff = Request<StaffPrincipal>;
type Deps = Pick<Ports, "ledger" | "cases" | "documents" | "objects" | "firm" | "malwareScan">;

/** S3 takes up to 5 GB in one PUT; above 100 MB AWS advises parts, which can be resumed. */
export const singlePutLimit = 100 * 1024 ** 2;

export const createFolder = ({ ledger, cases, documents }: Pick<Ports, "ledger" | "cases" | "documents">) =>
  async (request: Staff, caseId: CaseId, input: { name: string; parentId?: FolderId | undefined; inherit?: boolean | undefined }): Promise<Folder> => {
    await enterCase({ cases }, request, caseId);
    const ancestors = await pathTo(documents, caseId, input.parentId, "body.parentId");
    if (ancestors.length >= maxDepth) throw invalid("body.parentId", `Is ${maxDepth} levels deep already.`);
    const folder: Folder = {
      folderId: newId("folder", new Date(request.now)), caseId, ...(input.parentId && { parentId: input.parentId }), ancestors, name: input.name,
      inherit: input.inherit ?? true, createdAt: request.now, revision: 1,
    };
    await ledger.commit(request, [documents.addFolder(folder)], { about: { folderId: folder.folderId } });
    return folder;
  };

/** The folder's ancestors and itself, outermost first; nothing for the case's root. */
const pathTo = async (documents: Ports["documents"], caseId: CaseId, folderId: FolderId | undefined, field: string): Promise<FolderId[]> => {
  if (folderId === undefined) return [];
  const folder = await documents.folder(caseId, folderId);
  if (folder === null) throw invalid(field, "Is not a folder of this case.");
  return [...folder.ancestors, folder.folderId];
};

export interface Announcement {
  readonly contentType: string;
  readonly size: number;
  readonly sha256?: string | undefined;
  readonly draft?: boolean | undefined;
}
export interface Announced {
  readonly document: Document;
  readonly version: Version;
  readonly upload: SignedUpload;
}

/** @throws Refusal `too_large` above the firm's limit, `invalid_request` where one PUT does not do. */
const newVersion = ({ firm, malwareScan }: Pick<Deps, "firm" | "malwareScan">, request: Staff, of: { caseId: CaseId; documentId: DocumentId; number: number }, it: Announcement): Version => {
  if (it.size > firm.maxUploadBytes) throw new Refusal("too_large", `The firm takes files of at most ${firm.maxUploadBytes} bytes.`, [{ path: "body.size", message: `Is more than ${firm.maxUploadBytes}.` }]);
  if (it.size > singlePutLimit) throw new Refusal("too_large", `A file of more than ${singlePutLimit} bytes cannot be sent in one piece.`, [{ path: "body.size", message: `Is more than ${singlePutLimit}.` }]);
  if (it.sha256 === undefined) throw invalid("body.sha256", "Is needed for a file sent in one piece.");
  return {
    versionId: newId("version", new Date(request.now)), ...of, draft: it.draft ?? false, contentType: it.contentType, size: it.size, sha256: it.sha256,
    uploadedBy: request.principal.memberId, createdAt: request.now, scan: malwareScan, facts: {}, revision: 1,
  };
};

/** Announces a document: its name is taken, and the upload may bring exactly these bytes, once. */
export const announceDocument = (deps: Deps) =>
  async (request: Staff, caseId: CaseId, input: Announcement & { name: string; folderId?: FolderId | undefined }): Promise<Announced> => {
    const { ledger, documents, objects } = deps;
    await enterCase(deps, request, caseId);
    const folderPath = await pathTo(documents, caseId, input.folderId, "body.folderId");
    const document: Document = {
      documentId: newId("document", new Date(request.now)), caseId, ...(input.folderId && { folderId: input.folderId }), folderPath, name: input.name,
      versionCount: 1, createdAt: request.now, revision: 1,
    };
    const version = newVersion(deps, request, { caseId, documentId: document.documentId, number: 1 }, input);
    const upload = await objects.signUpload(objectKey(version), version);
    await ledger.commit(request, [documents.addDocument(document, version)], { about: { documentId: document.documentId, versionId: version.versionId } });
    return { document, version, upload };
  };

export const announceVersion = (deps: Deps) =>
  async (request: Staff, caseId: CaseId, documentId: DocumentId, input: Announcement): Promise<Announced> => {
    const { ledger, documents, objects } = deps;
    const document = await enterDocument(deps, request, caseId, documentId);
    const number = document.versionCount + 1;
    const version = newVersion(deps, request, { caseId, documentId, number }, input);
    const upload = await objects.signUpload(objectKey(version), version);
    await ledger.commit(request, [documents.addVersion(document, version)], { about: { versionId: version.versionId } });
    return { document: { ...document, versionCount: number, revision: document.revision + 1 }, version, upload };
  };

/** Says that the bytes are there; S3 and the scan say the rest. Saying it again changes nothing. */
export const completeVersion = (deps: Pick<Ports, "ledger" | "cases" | "documents">) =>
  async (request: Staff, caseId: CaseId, documentId: DocumentId, versionId: VersionId): Promise<Version> => {
    const { ledger, documents } = deps;
    await enterDocument(deps, request, caseId, documentId);
    for (let attempt = 1; ; attempt++) {
      const version = await enterVersion(deps, request, documentId, versionId);
      const facts = { ...version.facts, completed: version.facts.completed ?? request.now };
      try {
        await ledger.commit(request, version.facts.completed ? [] : [documents.setFacts(version, facts)]);
        return version.facts.completed ? version : { ...version, facts, revision: version.revision + 1 };
      } catch (error) {
        // S3's event or the verdict was written meanwhile: facts add up in any order.
        if (!(error instanceof Refusal) || error.code !== "stale" || attempt === 5) throw error;
      }
    }
  };

/** Makes an available version the one that clients get: staff's word on a draft, or on an earlier version. */
export const publishVersion = (deps: Pick<Ports, "ledger" | "cases" | "documents">) =>
  async (request: Staff, caseId: CaseId, documentId: DocumentId, versionId: VersionId): Promise<Version> => {
    const document = await enterDocument(deps, request, caseId, documentId);
    const version = await enterVersion(deps, request, documentId, versionId);
    if (stateOf(version) !== "available") throw new Refusal("locked", "This version is not available: it was not uploaded, not scanned, or did not pass.");
    if (document.published?.versionId === versionId) {
      await deps.ledger.commit(request, []);
      return version;
    }
    await deps.ledger.commit(request, [deps.documents.publish(document, version, publishedOf(version, request.now))]);
    return { ...version, draft: false, publishedAt: request.now, revision: version.revision + 1 };
  };

export const publishedOf = (it: Version, publishedAt: Instant): Published => {
  if (it.facts.stored === undefined) throw new TypeError(`Version ${it.versionId} holds no bytes that could be published.`);
  const { versionId, number, size, sha256, contentType } = it;
  return { versionId, number, size, sha256, contentType, s3VersionId: it.facts.stored.s3VersionId, publishedAt };
};

export const enterDocument = async (deps: Pick<Ports, "cases" | "documents">, request: Staff, caseId: CaseId, documentId: DocumentId): Promise<Document> => {
  request.trail.concerns({ documentId });
  const [, document] = await Promise.all([enterCase(deps, request, caseId), deps.documents.get(caseId, documentId)]);
  return found(document);
};

const enterVersion = async ({ documents }: Pick<Ports, "documents">, request: Staff, documentId: DocumentId, versionId: VersionId): Promise<Version> => {
  request.trail.concerns({ versionId });
  return found(await documents.version(documentId, versionId));
};

/** What a download hands out: a URL for a minute, and what the bytes must be. */
export interface HandOut {
  readonly url: string;
  readonly expiresAt: Instant;
  readonly fileName: string;
  readonly size: number;
  readonly sha256: string;
}

/** Staff may read any version that is available, the published one by default. The hand-out is recorded before it leaves. */
export const downloadForStaff = (deps: Pick<Ports, "ledger" | "cases" | "documents" | "objects">) =>
  async (request: Staff, caseId: CaseId, documentId: DocumentId, versionId: VersionId | undefined): Promise<HandOut> => {
    const document = await enterDocument(deps, request, caseId, documentId);
    const wanted = versionId ?? document.published?.versionId;
    if (wanted === undefined) throw new Refusal("locked", "No version of this document is published yet: name one that is available.");
    const version = await enterVersion(deps, request, documentId, wanted);
    if (stateOf(version) !== "available") throw new Refusal("locked", "This version is not available: it was not uploaded, not scanned, or did not pass.");
    const handOut = await signed(deps.objects, document, publishedOf(version, version.publishedAt ?? request.now));
    await deps.ledger.commit(request, []);
    return handOut;
  };

export const signed = async (objects: Ports["objects"], document: Document, it: Published): Promise<HandOut> => {
  const { url, expiresAt } = await objects.signDownload(objectKey({ documentId: document.documentId, versionId: it.versionId }), { ...it, fileName: document.name });
  return { url, expiresAt, fileName: document.name, size: it.size, sha256: it.sha256 };
};
