import * as z from "zod/mini";
import type { Deletion, Folder } from "../domain/case.ts";
import { objectKey, purged, type Document, type Version } from "../domain/document.ts";
import type { About } from "../domain/event.ts";
import type { Job } from "../domain/job.ts";
import type { SystemPrincipal } from "../domain/principal.ts";
import { isOver, plusSeconds, type Instant } from "../domain/time.ts";
import { revokeOn } from "./grants.ts";
import type { Step } from "./jobs.ts";
import type { Item, Ports } from "./ports.ts";
import { Trail, type Page, type Request } from "./request.ts";
import { Round } from "./round.ts";

/** What was deleted and whose time is over goes for good: the grants on it, the bytes from S3, the names from the table. */
type System = Request<SystemPrincipal>;
type Deps = Pick<Ports, "ledger" | "cases" | "documents" | "grants" | "objects" | "jobs">;

export const purgeInput = z.strictObject({});

/** Documents, folders and grants: of each some calls and a transaction, and a step's minute holds many times as many. */
const mostThings = 50;
/** Bringing back ends an hour before: a request that began in time is answered long before the first byte goes. */
export const lastDue = (now: Instant): Instant => plusSeconds(now, -3600);

/**
 * Takes what is due one after the other; each grant, document and folder is a transaction of its own with its record, so that a kill in between
 * leaves nothing to undo. The list of what is due may be behind: what it names is read again before anything is touched.
 */
export const purgeStep = async (deps: Deps, job: Job, _input: unknown, request: System): Promise<Step> => {
  const round = new Round(job);
  let left = mostThings;
  while (left > 0) {
    const { items: [candidate], next } = await deps.documents.dueTrash(lastDue(request.now), { limit: 1, after: round.after });
    const most = left;
    if (candidate !== undefined) left -= (await round.attempt(aboutOf(candidate), () => (candidate.kind === "document" ? purgeDeleted(deps, request, job, candidate.document, most) : purgeFolder(deps, request, job, round, candidate.folder, most)))) ?? 1;
    // What was not finished is the next step's first.
    if (left <= 0) break;
    if (next === null) return { changes: [], did: mostThings - left, position: round.end() };
    round.after = next;
  }
  return { changes: [], did: mostThings - left, position: round.position };
};

const isDue = (it: Folder | Document | null, now: Instant): it is (Folder | Document) & { deleted: Deletion } => it?.deleted !== undefined && isOver(it.deleted.until, lastDue(now));

/** @returns how much was done: at least `most` where the document is not finished. */
const purgeDeleted = async (deps: Deps, request: System, job: Job, { caseId, documentId }: Document, most: number): Promise<number> => {
  const document = await deps.documents.get(caseId, documentId);
  if (document === null || document.purgedAt !== undefined || !isDue(document, request.now)) return 0;
  return purgeDocument(deps, request, job, document, document.deleted, most);
};

/** Objects go before the records of them change: after a kill in between, deleting what is gone succeeds. @returns as above. */
const purgeDocument = async (deps: Deps, request: System, job: Job, document: Document, deleted: Deletion, most: number): Promise<number> => {
  const { ledger, documents, objects, cases, jobs } = deps;
  const { caseId, documentId } = document;
  const revoked = await revokeOn(deps, request, { caseId, jobId: job.jobId }, documentId, most);
  if (revoked >= most) return revoked;
  const kase = await cases.get(caseId);
  const about = { caseId, documentId, jobId: job.jobId, ...(kase && { clientId: kase.clientId, adviserId: kase.adviserId }) };
  for (let after: string | null = null; ;) {
    const page: Awaited<ReturnType<typeof documents.versions>> = await documents.versions(documentId, { limit: 50, after });
    const held = page.items.filter((it) => it.purgedAt === undefined);
    for (const version of held) await discard(objects, version);
    const changes = held.map((it) => documents.purgeVersion(it, request.now));
    after = page.next;
    if (after === null) {
      const result = jobs.addResult(job, documentId, { kind: "purged", caseId, documentId, versions: document.versionCount });
      await ledger.commit(stepOf(request, "documents.purged", about), [...changes, documents.changeDocument(document, purged(document, deleted, request.now)), result]);
      return revoked + 1;
    }
    if (changes.length > 0) await ledger.commit(stepOf(request, "versions.purged", about), changes);
  }
};

const discard = async (objects: Ports["objects"], version: Version): Promise<void> => {
  if (version.multipart && version.facts.stored === undefined) await objects.dropParts(objectKey(version), version.multipart.uploadId);
  await objects.discard(objectKey(version));
};

/** So many things of one folder may fail before what is left of it waits for tomorrow: S3 may not answer at all. */
const mostFailures = 10;

/**
 * The innermost first, so that nothing is left without a way to it. What cannot be dealt with stays with the folders around it, and the rest goes all the same.
 * @returns how much was done or tried: at least `most` where the folder is not finished.
 */
const purgeFolder = async (deps: Deps, request: System, job: Job, round: Round, { caseId, folderId }: Folder, most: number): Promise<number> => {
  const root = await deps.documents.folder(caseId, folderId);
  if (!isDue(root, request.now) || !("ancestors" in root)) return 0;
  const open: Folder[] = [root];
  const stuck = new Set<string>();
  let [did, failures] = [0, 0];
  for (let innermost = open.at(-1); innermost !== undefined && did < most && failures < mostFailures; innermost = open.at(-1)) {
    const { items, isEmpty } = await untried(deps, innermost, stuck, most - did);
    const [first] = items;
    if (first?.kind === "folder") {
      open.push(first.folder);
      continue;
    }
    for (const it of items) {
      if (it.kind !== "document" || did >= most) continue;
      const done = await round.attempt(aboutOf(it), () => purgeDocument(deps, request, job, it.document, root.deleted, most - did));
      if (done === null) stuck.add(it.document.documentId);
      failures += done === null ? 1 : 0;
      did += done ?? 1;
    }
    if (first !== undefined) continue;
    if (!isEmpty) {
      stuck.add(innermost.folderId);
      open.pop();
      continue;
    }
    did += await revokeOn(deps, request, { caseId, jobId: job.jobId }, innermost.folderId, most - did);
    if (did >= most) break;
    await deps.ledger.commit(stepOf(request, "folders.purged", { caseId, folderId: innermost.folderId, jobId: job.jobId }), [deps.documents.dropFolder(innermost)]);
    open.pop();
    did += 1;
  }
  return did;
};

const aboutOf = (it: Item): About => (it.kind === "folder" ? { caseId: it.folder.caseId, folderId: it.folder.folderId } : { caseId: it.document.caseId, documentId: it.document.documentId });

/** The first page of a folder on which something is not stuck, without what is; and whether the folder holds nothing at all. */
const untried = async ({ documents }: Deps, { caseId, folderId }: Folder, stuck: ReadonlySet<string>, limit: number): Promise<{ readonly items: readonly Item[]; readonly isEmpty: boolean }> => {
  let isEmpty = true;
  for (let after: string | null = null; ;) {
    const page: Page<Item> = await documents.items(caseId, folderId, { limit, after }, "staff");
    const items = page.items.filter((it) => !stuck.has(it.kind === "folder" ? it.folder.folderId : it.document.documentId));
    isEmpty &&= page.items.length === 0;
    if (items.length > 0 || page.next === null) return { items, isEmpty };
    after = page.next;
  }
};

const stepOf = (request: System, action: string, about: Trail["about"]): System => ({ ...request, trail: new Trail(action, request.trail.requestId, undefined, about) });
