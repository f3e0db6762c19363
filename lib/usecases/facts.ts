import type { Case } from "../domain/case.ts";
import { answersFor, mayRelease, objectKey, parseObjectKey, saysMore, stateOf, type Facts, type Version } from "../domain/document.ts";
import type { DocumentId, VersionId } from "../domain/ids.ts";
import { Refusal } from "../domain/refusal.ts";
import type { SystemPrincipal } from "../domain/principal.ts";
import { backOff } from "./back-off.ts";
import { publishedOf } from "./documents.ts";
import type { Change, Ports } from "./ports.ts";
import { Trail, type Request } from "./request.ts";
import { mayStillUpload } from "./upload-ways.ts";

/** What is learnt about uploads from outside: facts on versions, in any order, twice or never. */
export type FactsDeps = Pick<Ports, "ledger" | "people" | "cases" | "documents" | "grants" | "objects" | "firm">;
type Deps = FactsDeps;
type System = Request<SystemPrincipal>;

export type Verdict = NonNullable<Facts["verdict"]>["result"];

/** S3 stored an object. What it holds is asked of S3 itself: an event is a hint, and may be forged or late. */
export const objectStored = (deps: Deps) =>
  async (request: System, key: string, s3VersionId: string): Promise<void> => {
    const ids = parseObjectKey(key);
    if (ids === null) return;
    const held = await deps.objects.describe(key, s3VersionId);
    if (held === null) return;
    await addFacts(deps, request, ids, "version.stored", (version) => newlyStored(request, version, held));
  };

/** A key is written once: a second S3 version of it is nobody's upload and says nothing, and so does what comes after the upload was given up. */
const newlyStored = ({ now }: System, { facts: { stored, aborted } }: Version, held: NonNullable<Awaited<ReturnType<Ports["objects"]["describe"]>>>): Partial<Facts> | null =>
  (stored === undefined && aborted === undefined ? { stored: { at: now, ...held } } : null);

/** The scan's word on one S3 version. A word on any other, or on one that S3 does not hold, is not about our bytes: it must not be taken for the word that is to come. Of several words the one that says most counts. */
export const objectScanned = (deps: Deps) =>
  async (request: System, key: string, s3VersionId: string, result: Verdict): Promise<void> => {
    const ids = parseObjectKey(key);
    if (ids === null || (await deps.objects.describe(key, s3VersionId)) === null) return;
    await addFacts(deps, request, ids, "version.scanned", ({ facts: { stored, verdict } }) => {
      if (stored !== undefined && stored.s3VersionId !== s3VersionId) return null;
      // A word that came before S3's own event may have been about other bytes.
      const before = stored === undefined || verdict?.s3VersionId === s3VersionId ? verdict : undefined;
      return saysMore(result, before) ? { verdict: { at: request.now, s3VersionId, result } } : null;
    });
  };

/** Looks again at a version whose upload was said to be complete, or which staff released. S3 is asked where its own event has not come: it may never. */
export const lookAgain = (deps: Deps) =>
  async (request: System, documentId: DocumentId, versionId: VersionId): Promise<void> => {
    const read = await deps.documents.version(documentId, versionId);
    const held = read === null || read.facts.stored ? null : await deps.objects.describe(objectKey(read));
    await addFacts(deps, request, { documentId, versionId }, "version.stored", (version) => held && newlyStored(request, version, held));
  };

const attempts = 10;

/** Adds a fact, and takes the version as far as its facts now allow. */
const addFacts = async (deps: Deps, request: System, ids: { documentId: DocumentId; versionId: VersionId }, action: string, learn: (version: Version) => Partial<Facts> | null): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    try {
      const read = await deps.documents.version(ids.documentId, ids.versionId);
      if (read === null || read.purgedAt !== undefined) return;
      const kase = await deps.cases.get(read.caseId);
      const step = requestOf(request, action, { ...ids, caseId: read.caseId, ...(kase && { clientId: kase.clientId, adviserId: kase.adviserId }) });
      const news = learn(read);
      const version: Version = news ? { ...read, facts: { ...read.facts, ...news }, revision: read.revision + 1 } : read;
      // Threats are news for people: their record has a name of its own, which a mail to the adviser waits for. Clients lose the version in the same write.
      const isAlarm = stateOf(version) === "quarantined" && stateOf(read) !== "quarantined";
      if (news && isAlarm) await deps.ledger.commit(step, [deps.documents.setFacts(read, version.facts), ...(await withdrawal(deps, read))], { action: "version.quarantined" });
      else if (news) await deps.ledger.commit(step, [deps.documents.setFacts(read, version.facts)]);
      await goOn(deps, requestOf(request, "version.released", step.trail.about), version, kase);
      return;
    } catch (error) {
      // Another fact was written meanwhile: look again.
      if (!(error instanceof Refusal) || !(error.code === "stale" || error.code === "conflict") || attempt === attempts) throw error;
      await backOff(attempt, 5);
    }
  }
};

/** What clients have of the document, where it is this version; the one before is not brought back: staff say which they shall have. */
const withdrawal = async ({ documents }: Deps, { caseId, documentId, versionId }: Version): Promise<readonly Change[]> => {
  const document = await documents.get(caseId, documentId);
  return document?.published?.versionId === versionId ? [documents.withdraw(document)] : [];
};

const goOn = async (deps: Deps, request: System, version: Version, kase: Case | null): Promise<void> => {
  const { ledger, documents, objects } = deps;
  const { stored } = version.facts;
  if (stored === undefined) return;
  if (stateOf(version) === "quarantined") {
    // At every word, and whatever `released` says: another event may have been about to tag it. Whoever tagged and could not write the fact comes by here.
    await objects.withhold(objectKey(version), stored.s3VersionId);
    return;
  }
  if (!mayRelease(version)) return;
  let released = version;
  if (version.facts.released === undefined) {
    await objects.release(objectKey(version), stored.s3VersionId);
    released = { ...version, facts: { ...version.facts, released: request.now }, revision: version.revision + 1 };
    await ledger.commit(request, [documents.setFacts(version, released.facts)]);
  }
  if (released.draft || released.publishedAt !== undefined) return;
  const document = await documents.get(released.caseId, released.documentId);
  if (document === null || (document.publishedUpTo ?? 0) >= released.number) return;
  // What nobody answers for who still may put it there is for staff to publish.
  const who = answersFor(released);
  if (who === null || kase === null || !(await mayStillUpload(deps, who, kase, document, request.now))) return;
  await ledger.commit(requestOf(request, "version.published", request.trail.about), [documents.publish(document, released, publishedOf(released, request.now))]);
};

/** Each step of a consumer leaves its own record. */
const requestOf = (request: System, action: string, about: Trail["about"]): System => ({ ...request, trail: new Trail(action, request.trail.requestId, undefined, about) });
