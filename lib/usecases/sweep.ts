import * as z from "zod/mini";
import { isUnheard, objectKey, type Version } from "../domain/document.ts";
import type { Job } from "../domain/job.ts";
import type { SystemPrincipal } from "../domain/principal.ts";
import { isOver } from "../domain/time.ts";
import { dueAt } from "../domain/upload.ts";
import { revokeOn } from "./grants.ts";
import type { Step } from "./jobs.ts";
import type { Ports } from "./ports.ts";
import { Trail, type Request } from "./request.ts";
import { Round } from "./round.ts";
import { ending } from "./uploads.ts";

type Deps = Pick<Ports, "ledger" | "cases" | "documents" | "grants" | "objects">;
type System = Request<SystemPrincipal>;

/**
 * Cleans up after uploads that nobody finished, in two visits, and speaks for a scan that never did. At the end of its week an upload is looked for once more (S3's event may have been lost)
 * and given up where S3 holds nothing; a day later, when no URL of it is good any more, what it left in S3 goes. May run twice at once and stop anywhere.
 * Each is visited once in a round: one that others must go on with first, or that cannot be dealt with, does not keep those behind it.
 * @returns how many were visited, and whether the list goes on.
 */
export const sweepUploads = (deps: Deps) =>
  async (request: System, round: Round, limit: number): Promise<{ readonly swept: number; readonly more: boolean }> => {
    const due = await deps.documents.dueUploads(request.now, { limit, after: round.after });
    let swept = 0;
    for (const candidate of due.items) if ((await round.attempt({ documentId: candidate.documentId, versionId: candidate.versionId }, () => visit(deps, request, candidate))) === true) swept++;
    round.after = due.next;
    return { swept, more: due.next !== null };
  };

/** Grants, or versions: a transaction holds twice as many. */
const mostGrants = 50;
export const sweepInput = z.strictObject({});
const perStep = 25;
export const sweepStep = async (deps: Deps, job: Pick<Job, "position">, _input: unknown, request: System): Promise<Step> => {
  const round = new Round(job);
  const { swept, more } = await sweepUploads(deps)(request, round, perStep);
  return { changes: [], did: swept, position: more ? round.position : round.end() };
};

/** Decides from the version as it is now: the index that named it may be behind. */
const visit = async (deps: Deps, request: System, { documentId, versionId }: Version): Promise<boolean> => {
  const isDue = (version: Version | null): version is Version => version !== null && isOver(dueAt(version) ?? undefined, request.now);
  const read = await deps.documents.version(documentId, versionId);
  if (!isDue(read)) return false;
  if (read.facts.aborted !== undefined) await removeRemains(deps, request, read);
  else if (isUnheard(read)) await endSilence(deps, request, read);
  else if (read.facts.stored === undefined && (await deps.objects.exists(objectKey(read)))) await tell(deps, request, read);
  else await giveUp(deps, request, read);
  return true;
};

/** A scan that says nothing has failed, so that staff may answer for the version. A word that comes after all counts for more (`saysMore`). */
const endSilence = async (deps: Deps, request: System, version: Version): Promise<void> => {
  const { stored } = version.facts;
  if (stored === undefined) return;
  const kase = await deps.cases.get(version.caseId);
  const step = stepOf(request, "version.unheard", version, kase && { clientId: kase.clientId, adviserId: kase.adviserId });
  await deps.ledger.commit(step, [deps.documents.setFacts(version, { ...version.facts, verdict: { at: request.now, s3VersionId: stored.s3VersionId, result: "failed" } })]);
};

/** S3 holds what it never told of: the record brings the consumer that reads objects, which this one may not. */
const tell = async ({ ledger }: Deps, request: System, version: Version): Promise<void> => {
  await ledger.commit(stepOf(request, "version.found", version, null), []);
};

const giveUp = async (deps: Deps, request: System, version: Version): Promise<void> => {
  const [kase, document] = await Promise.all([deps.cases.get(version.caseId), deps.documents.get(version.caseId, version.documentId)]);
  const step = stepOf(request, "version.aborted", version, kase && { clientId: kase.clientId, adviserId: kase.adviserId });
  await deps.ledger.commit(step, (await ending(deps.documents, step, document, version)).changes);
  if (version.multipart) await deps.objects.dropParts(objectKey(version), version.multipart.uploadId);
};

/** The object goes before the fact: after a crash between the two there is nothing left to delete, and deleting nothing succeeds. */
const removeRemains = async (deps: Deps, request: System, version: Version): Promise<void> => {
  const { ledger, documents, objects } = deps;
  if (version.multipart) await objects.dropParts(objectKey(version), version.multipart.uploadId);
  await objects.discard(objectKey(version));
  const isOrphan = (await documents.get(version.caseId, version.documentId)) === null;
  // What was given on a document of which nothing ever came; what is left is the next visit's.
  if (isOrphan && (await revokeOn(deps, request, { caseId: version.caseId }, version.documentId, mostGrants)) === mostGrants) return;
  // And the versions that were swept while the document was still there.
  const before = isOrphan ? (await documents.versions(version.documentId, { limit: mostGrants, after: null })).items.filter((it) => it.facts.swept !== undefined) : [];
  const changes = isOrphan ? [version, ...before].map((it) => documents.dropVersion(it)) : [documents.setFacts(version, { ...version.facts, swept: request.now })];
  await ledger.commit(stepOf(request, "version.swept", version, null), changes);
};

/** Each upload leaves a record of its own. */
const stepOf = (request: System, action: string, { caseId, documentId, versionId }: Version, more: Trail["about"] | null): System =>
  ({ ...request, trail: new Trail(action, request.trail.requestId, undefined, { caseId, documentId, versionId, ...more }) });
