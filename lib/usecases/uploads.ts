import { bytesMatch, objectKey, type Document, type Version } from "../domain/document.ts";
import type { CaseId, DocumentId, FolderId, MemberId, ContactId, VersionId } from "../domain/ids.ts";
import { newId } from "../domain/ids.ts";
import type { Principal, StaffPrincipal } from "../domain/principal.ts";
import { invalid, Refusal } from "../domain/refusal.ts";
import { divisionOf, singlePutLimit, type Division } from "../domain/upload.ts";
import { decidedAnew, type Decision } from "./anew.ts";
import { enterDocument } from "./documents.ts";
import { joinParts, type NamedPart } from "./parts.ts";
import type { Ports, SignedUpload } from "./ports.ts";
import type { Request } from "./request.ts";
import type { Way } from "./upload-ways.ts";

/** What an uploader does: announce bytes, send them to S3, say that they are there, or give up. What S3 and the scan say of them is in `facts.ts`. */
type Deps = Pick<Ports, "ledger" | "documents" | "objects" | "firm" | "malwareScan">;

export interface Announcement {
  readonly contentType: string;
  readonly size: number;
  readonly sha256?: string | undefined;
  readonly draft?: boolean | undefined;
}
/** Where the bytes go: one URL, or parts for which URLs are asked. */
export type UploadTarget = ({ readonly kind: "single" } & SignedUpload) | ({ readonly kind: "multipart" } & Division);
export interface Announced {
  readonly document: Document;
  readonly version: Version;
  readonly upload: UploadTarget;
}

type NewVersion = Announcement & { readonly caseId: CaseId; readonly documentId: DocumentId; readonly number: number; readonly uploadedBy: MemberId | ContactId };

/** @throws Refusal `too_large` above the firm's limit, `invalid_request` without the hash that a single PUT signs. */
const newVersion = async ({ firm, malwareScan, objects }: Deps, { now }: Request, { sha256, draft = false, ...it }: NewVersion): Promise<Version> => {
  if (it.size > firm.maxUploadBytes) throw new Refusal("too_large", `The firm takes files of at most ${firm.maxUploadBytes} bytes.`, [{ path: "body.size", message: `Is more than ${firm.maxUploadBytes}.` }]);
  const version: Version = { versionId: newId("version", new Date(now)), ...it, draft, ...(sha256 !== undefined && { sha256 }), createdAt: now, scan: malwareScan, facts: {}, revision: 1 };
  if (it.size > singlePutLimit) return { ...version, multipart: { uploadId: await objects.beginParts(objectKey(version), it.contentType), ...divisionOf(it.size) } };
  if (sha256 === undefined) throw invalid("body.sha256", "Is needed for a file sent in one piece.");
  return version;
};

const targetOf = async (objects: Ports["objects"], version: Version): Promise<UploadTarget> => {
  const { multipart, sha256, size, contentType } = version;
  if (multipart !== undefined) return { kind: "multipart", ...multipart };
  if (sha256 === undefined) throw new TypeError(`Version ${version.versionId} comes in one piece and has no hash.`);
  return { kind: "single", ...(await objects.signUpload(objectKey(version), { size, contentType, sha256 })) };
};

/** Writes what was announced. Parts that S3 began to collect for an announcement that is refused after all are ended at once. */
const announce = async ({ objects }: Deps, version: Version, commit: () => Promise<Omit<Announced, "upload">>): Promise<Announced> => {
  try {
    const upload = await targetOf(objects, version);
    return { ...(await commit()), upload };
  } catch (error) {
    // Where it cannot be told whether the commit went through, the upload is left: whoever repeats the request may find it written.
    if (version.multipart && error instanceof Refusal && error.code !== "unavailable") await objects.dropParts(objectKey(version), version.multipart.uploadId).catch(() => undefined);
    throw error;
  }
};

/** Announces a document: its name is taken, and the upload may bring exactly these bytes, once. */
export const announceDocument = <P extends Principal>(deps: Deps, way: Way<P>) =>
  async (request: Request<P>, caseId: CaseId, { name, folderId, ...input }: Announcement & { name: string; folderId?: FolderId | undefined }): Promise<Announced> => {
    // Who adds nothing there begins nothing in S3.
    const wayThere = firstRead(await way.toFolder(request, caseId, folderId), () => way.toFolder(request, caseId, folderId));
    const documentId = newId("document", new Date(request.now));
    const version = await newVersion(deps, request, { ...input, caseId, documentId, number: 1, uploadedBy: way.uploaderOf(request.principal) });
    return announce(deps, version, () => decidedAnew(deps, request, async () => {
      const document: Document = { documentId, caseId, ...(folderId && { folderId }), folderPath: [...(await wayThere())], name, versionCount: 1, createdAt: request.now, revision: 1 };
      return { changes: [deps.documents.addDocument(document, version)], about: { documentId, versionId: version.versionId }, result: { document, version } };
    }));
  };

/** What was read already, and after that read again: the first decision needs no second look. */
const firstRead = <T>(read: T, again: () => Promise<T>): (() => Promise<T>) => {
  let isFirst = true;
  return async () => {
    if (!isFirst) return again();
    isFirst = false;
    return read;
  };
};

/** Announces another version of a document, which the firm alone does. */
export const announceVersion = (deps: Deps & Pick<Ports, "cases">) =>
  async (request: Request<StaffPrincipal>, caseId: CaseId, documentId: DocumentId, input: Announcement): Promise<Announced> => {
    const known = await enterDocument(deps, request, caseId, documentId);
    const documentNow = firstRead(known, () => enterDocument(deps, request, caseId, documentId));
    const announced = await newVersion(deps, request, { ...input, caseId, documentId, number: known.versionCount + 1, uploadedBy: request.principal.memberId });
    return announce(deps, announced, () => decidedAnew(deps, request, async () => {
      const document = await documentNow();
      const version = { ...announced, number: document.versionCount + 1 };
      return { changes: [deps.documents.addVersion(document, version)], about: { versionId: version.versionId }, result: { document: { ...document, versionCount: version.number, revision: document.revision + 1 }, version } };
    }));
  };

/** The same announcement again, with a URL signed anew. */
export const announcedBefore = <P extends Principal>(deps: Deps, way: Way<P>) =>
  async (request: Request<P>, caseId: CaseId, documentId: DocumentId, versionId: VersionId): Promise<Announced> => {
    const { document, version } = await way.toVersion(request, caseId, documentId, versionId);
    if (version.facts.aborted !== undefined) throw new Refusal("conflict", "What this request announced was given up since.");
    return { document, version, upload: await targetOf(deps.objects, version) };
  };

/**
 * Says that the bytes are there, which S3 is asked; what S3 and the scan say then is theirs. Saying it again changes nothing, and finishes what a crash or
 * a lost answer left open.
 */
export const completeVersion = <P extends Principal>(deps: Pick<Ports, "ledger" | "documents" | "objects">, way: Way<P>) =>
  async (request: Request<P>, caseId: CaseId, documentId: DocumentId, versionId: VersionId, named: readonly NamedPart[] | undefined): Promise<Version> => {
    const { ledger, documents, objects } = deps;
    for (let attempt = 1; ; attempt++) {
      const read = await way.toVersion(request, caseId, documentId, versionId);
      if (read.version.facts.aborted !== undefined) throw new Refusal("conflict", "This upload was given up: announce the file again.");
      if (named !== undefined && read.version.multipart === undefined) throw invalid("body.parts", "Is for a file that comes in parts; this one comes in one piece.");
      try {
        const version = read.version.multipart && !isThere(read.version) ? await joinParts(deps, request, read.version, named) : read.version;
        if (!isThere(version) && !version.multipart && !(await objects.exists(objectKey(version)))) throw new Refusal("conflict", "S3 holds nothing of this version yet: send the bytes first.");
        if (version.facts.completed !== undefined) {
          await ledger.commit(request, []);
          return version;
        }
        const facts = { ...version.facts, completed: request.now, completedBy: way.uploaderOf(request.principal) };
        await ledger.commit(request, [documents.setFacts(version, facts)]);
        return { ...version, facts, revision: version.revision + 1 };
      } catch (error) {
        // S3's event or the verdict was written meanwhile: facts add up in any order.
        if (!(error instanceof Refusal) || error.code !== "stale" || attempt === 5) throw error;
      }
    }
  };
const isThere = (version: Version): boolean => version.facts.stored !== undefined;

/**
 * Gives an upload up, at once: S3 drops its parts, and a document that has nothing else gives its name back. Its URL is good for minutes yet; what it
 * brings is nobody's, and the sweep removes it.
 */
export const abortVersion = <P extends Principal>(deps: Pick<Ports, "ledger" | "documents" | "objects">, way: Way<P>) =>
  async (request: Request<P>, caseId: CaseId, documentId: DocumentId, versionId: VersionId): Promise<Version> => {
    const ended = await decidedAnew(deps, request, async (): Promise<Decision<Version>> => {
      const { document, version } = await way.toVersion(request, caseId, documentId, versionId);
      if (version.facts.aborted !== undefined) return { changes: [], result: version };
      if (bytesMatch(version) || (version.facts.completed !== undefined && version.facts.stored === undefined)) throw new Refusal("conflict", "S3 holds these bytes already: the upload is complete.");
      return ending(deps.documents, request, document, version);
    });
    if (ended.multipart) await deps.objects.dropParts(objectKey(ended), ended.multipart.uploadId);
    return ended;
  };

/**
 * What giving up and the sweep have in common. The document changes with each of its uploads that ends, so that of two that end at once the later sees that
 * nothing is left. S3 is told after the fact is written: a crash between the two leaves an upload that the sweep will end. */
export const ending = async (documents: Ports["documents"], { now }: Request, document: Document | null, version: Version): Promise<Decision<Version>> => {
  const facts = { ...version.facts, aborted: now };
  // What lies in the bin stays there for its time, and the purge takes it.
  const isLast = document !== null && document.published === undefined && document.deleted === undefined && (await everyOtherWasGivenUp(documents, version));
  const ofDocument = document === null ? [] : [isLast ? documents.dropDocument(document) : documents.changeDocument(document, { ...document, revision: document.revision + 1 })];
  return { changes: [documents.setFacts(version, facts), ...ofDocument], result: { ...version, facts, revision: version.revision + 1 } };
};

const everyOtherWasGivenUp = async (documents: Ports["documents"], { documentId, versionId }: Version): Promise<boolean> => {
  for (let after: string | null = null; ;) {
    const page: Awaited<ReturnType<typeof documents.versions>> = await documents.versions(documentId, { limit: 100, after });
    if (page.items.some((it) => it.versionId !== versionId && it.facts.aborted === undefined)) return false;
    if (page.next === null) return true;
    after = page.next;
  }
};
