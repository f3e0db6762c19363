import { compositeIn, isScanned, objectKey, stateOf, type Document, type Published, type Version } from "../domain/document.ts";
import type { CaseId, DocumentId, VersionId } from "../domain/ids.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Instant } from "../domain/time.ts";
import { decidedAnew } from "./anew.ts";
import { enterCase } from "./cases.ts";
import { found } from "./people.ts";
import type { Ports } from "./ports.ts";
import type { Request } from "./request.ts";
import { liveDocument } from "./tree.ts";

type Staff = Request<StaffPrincipal>;

/** Makes an available version the one that clients get: staff's word on a draft, or on an earlier version. */
export const publishVersion = (deps: Pick<Ports, "ledger" | "cases" | "firm" | "documents">) =>
  async (request: Staff, caseId: CaseId, documentId: DocumentId, versionId: VersionId): Promise<Version> =>
    decidedAnew(deps, request, async () => {
      const document = await enterDocument(deps, request, caseId, documentId);
      const version = await enterVersion(deps, request, documentId, versionId);
      if (stateOf(version) !== "available") throw new Refusal("locked", "This version is not available: it was not uploaded, not scanned, or did not pass.");
      if (document.published?.versionId === versionId) return { changes: [], result: version };
      return { changes: [deps.documents.publish(document, version, publishedOf(version, request.now))], result: { ...version, draft: false, publishedAt: request.now, revision: version.revision + 1 } };
    });

/**
 * Staff answer, with a reason, for a version on which the scan could give no word. The reason stays on the version, the register tells who did it; only
 * the consumer that this event wakes may tag the object.
 */
export const releaseVersion = (deps: Pick<Ports, "ledger" | "cases" | "firm" | "documents">) =>
  async (request: Staff, caseId: CaseId, documentId: DocumentId, versionId: VersionId, reason: string): Promise<Version> => {
    await enterDocument(deps, request, caseId, documentId);
    const version = await enterVersion(deps, request, documentId, versionId);
    const state = stateOf(version);
    if (state === "quarantined") throw new Refusal("locked", "The scan found threats in this version: nobody may release it.");
    if (state !== "held" && version.facts.waived === undefined) throw new Refusal("conflict", `This version is ${state}: only one that is held needs to be released.`);
    const facts = { ...version.facts, waived: version.facts.waived ?? { at: request.now, by: request.principal.memberId, reason } };
    await deps.ledger.commit(request, version.facts.waived ? [] : [deps.documents.setFacts(version, facts)]);
    return version.facts.waived ? version : { ...version, facts, revision: version.revision + 1 };
  };

export const publishedOf = (it: Version, publishedAt: Instant): Published => {
  if (it.facts.stored === undefined) throw new TypeError(`Version ${it.versionId} holds no bytes that could be published.`);
  const { versionId, number, size, sha256, contentType } = it;
  return { versionId, number, size, ...(sha256 !== undefined && { sha256 }), contentType, s3VersionId: it.facts.stored.s3VersionId, publishedAt, ...compositeIn(it), scanned: isScanned(it) };
};

/** What a document's verbs begin with: it exists for this person, and so do all the folders around it. */
export const enterDocument = async (deps: Pick<Ports, "cases" | "firm" | "documents">, request: Staff, caseId: CaseId, documentId: DocumentId): Promise<Document> => {
  request.trail.concerns({ documentId });
  const [, document] = await Promise.all([enterCase(deps, request, caseId), liveDocument(deps, caseId, documentId)]);
  return found(document);
};

/** The list of its versions is a document's record: it stays when their bytes are gone for good, so that which version somebody got can be told for ever. */
export const enterHistory = async (deps: Pick<Ports, "cases" | "firm" | "documents">, request: Staff, caseId: CaseId, documentId: DocumentId): Promise<void> => {
  request.trail.concerns({ documentId });
  const [, document] = await Promise.all([enterCase(deps, request, caseId), deps.documents.get(caseId, documentId)]);
  if (document?.purgedAt === undefined) await enterDocument(deps, request, caseId, documentId);
};

export const enterVersion = async ({ documents }: Pick<Ports, "documents">, request: Staff, documentId: DocumentId, versionId: VersionId): Promise<Version> => {
  request.trail.concerns({ versionId });
  return found(await documents.version(documentId, versionId));
};

/** What a download hands out: a URL for a minute, and what the bytes must be. */
export interface HandOut {
  readonly url: string;
  readonly expiresAt: Instant;
  readonly fileName: string;
  readonly size: number;
  /** Of the whole file, where it was announced; for a file that came in parts S3 verified the composite, and nobody this. */
  readonly sha256?: string | undefined;
  readonly composite?: Published["composite"];
}

/** Staff may read any version that is available, the published one by default. The hand-out is recorded before it leaves. */
export const downloadForStaff = (deps: Pick<Ports, "ledger" | "cases" | "firm" | "documents" | "objects">) =>
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
  return { url, expiresAt, fileName: document.name, size: it.size, sha256: it.sha256, composite: it.composite };
};
