import { objectKey, type Document, type Version } from "../domain/document.ts";
import type { CaseId, DocumentId, FolderId, VersionId } from "../domain/ids.ts";
import { newId } from "../domain/ids.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { invalid, Refusal } from "../domain/refusal.ts";
import { enterCase } from "./cases.ts";
import { enterDocument, enterVersion } from "./documents.ts";
import { pathTo } from "./folders.ts";
import type { Ports, SignedUpload } from "./ports.ts";
import type { Request } from "./request.ts";

/** What an uploader does: announce bytes, send them to S3, say that they are there. What S3 and the scan say of them is in `facts.ts`. */
type Staff = Request<StaffPrincipal>;
type Deps = Pick<Ports, "ledger" | "cases" | "documents" | "objects" | "firm" | "malwareScan">;

/** S3 takes up to 5 GB in one PUT; above 100 MB AWS advises parts, which can be resumed. */
export const singlePutLimit = 100 * 1024 ** 2;

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
export const completeVersion = (deps: Pick<Ports, "ledger" | "cases" | "firm" | "documents">) =>
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
