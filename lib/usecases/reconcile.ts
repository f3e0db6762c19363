import { objectKey, parseObjectKey, type Version } from "../domain/document.ts";
import type { About } from "../domain/event.ts";
import type { SystemPrincipal } from "../domain/principal.ts";
import { isOver, plusSeconds, type Instant } from "../domain/time.ts";
import { dueAt } from "../domain/upload.ts";
import type { Ports } from "./ports.ts";
import type { Request } from "./request.ts";

/** One S3 version of an object, or a marker that says it was deleted, as S3 lists them. */
export interface ListedObject { readonly key: string; readonly s3VersionId: string; readonly size: number; readonly at: Instant; readonly isMarker: boolean }
/** An upload in parts that is not over. */
export interface ListedUpload { readonly key: string; readonly uploadId: string; readonly at: Instant }

/** Everything that a bucket holds. */
export interface Bucket {
  objects(): AsyncIterable<ListedObject>;
  uploads(): AsyncIterable<ListedUpload>;
  deleteObject(it: ListedObject): Promise<void>;
  abort(it: ListedUpload): Promise<void>;
}

export interface Findings {
  readonly versions: number;
  readonly objects: number;
  /** S3 versions that no version of a document names while the one that it names is there, or whose bytes were to be gone: nobody can reach them and somebody pays. */
  readonly orphans: readonly ListedObject[];
  /** Uploads in parts that no version collects. */
  readonly strays: readonly ListedUpload[];
  /** Versions whose bytes S3 says it stored, and does not hold. Nothing cleans these, nor what else lies under their keys, which may be the only copy: somebody must look. */
  readonly lost: readonly Version[];
  /** Unfinished uploads, and silent scans, whose time is over: the sweep's work, if it did not run. */
  readonly overdue: readonly Version[];
}

/** What is younger may belong to a request that is still being answered: parts are begun a moment before their version is written. */
const graceSeconds = 3600;

/** GuardDuty's own, which it writes to see whether it may. */
const validationKey = "malware-protection-resource-validation-object";

const isGone = (it: Version | null | undefined): boolean => !it || it.purgedAt !== undefined || it.facts.swept !== undefined;

/**
 * Compares what the table says with what S3 holds. The table is read first: what is announced meanwhile is younger than the grace. Whatever
 * lies under the key of a version whose bytes are not known yet, or not there, is left alone.
 */
export const reconcile = async ({ documents }: Pick<Ports, "documents">, versions: AsyncIterable<Version>, bucket: Bucket, now: Instant): Promise<Findings> => {
  const known = new Map<string, Version>();
  for await (const it of versions) known.set(objectKey(it), it);
  const isOld = (at: Instant): boolean => isOver(plusSeconds(at, graceSeconds), now);
  const candidates: ListedObject[] = [];
  const held = new Set<string>();
  let count = 0;
  for await (const it of bucket.objects()) {
    count++;
    const version = known.get(it.key);
    const named = version?.facts.stored?.s3VersionId;
    if (!isGone(version) && it.s3VersionId === named) held.add(it.key);
    else if (isOld(it.at) && it.key !== validationKey && (isGone(version) || named !== undefined)) candidates.push(it);
  }
  // S3 lists a key's newest version first: what is named comes after what is not.
  const orphans = candidates.filter((it) => isGone(known.get(it.key)) || held.has(it.key));
  const strays: ListedUpload[] = [];
  for await (const it of bucket.uploads()) if (isOld(it.at) && known.get(it.key)?.multipart?.uploadId !== it.uploadId) strays.push(it);
  const all = [...known];
  const lost: Version[] = [];
  for (const [key, it] of all) {
    // Purged or swept since the table was read, it was rightly not there.
    if (it.facts.stored !== undefined && !isGone(it) && !held.has(key) && !isGone(await documents.version(it.documentId, it.versionId))) lost.push(it);
  }
  return {
    versions: known.size, objects: count, orphans, strays, lost,
    overdue: all.flatMap(([, it]) => (isOver(dueAt(it) ?? undefined, now) ? [it] : [])),
  };
};

/**
 * Removes what nobody names, each in the register before it goes. A version is read once more: the table was read long before the last object was listed,
 * and perhaps by a clock that is fast.
 */
export const clean = async ({ ledger, documents, bucket }: Pick<Ports, "ledger" | "documents"> & { readonly bucket: Bucket }, request: (action: string, about: About) => Request<SystemPrincipal>, { orphans, strays }: Findings): Promise<void> => {
  const read = async (key: string) => {
    const ids = parseObjectKey(key);
    return { about: ids ?? {}, version: ids && (await documents.version(ids.documentId, ids.versionId)) };
  };
  for (const it of orphans) {
    const { about, version } = await read(it.key);
    if (!isGone(version) && [undefined, it.s3VersionId].includes(version?.facts.stored?.s3VersionId)) continue;
    await ledger.commit(request("objects.cleaned", about), []);
    await bucket.deleteObject(it);
  }
  for (const it of strays) {
    const { about, version } = await read(it.key);
    if (version?.multipart?.uploadId === it.uploadId) continue;
    await ledger.commit(request("uploads.cleaned", about), []);
    await bucket.abort(it);
  }
};
