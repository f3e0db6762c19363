import { objectKey, type Version } from "../domain/document.ts";
import { isOver, plusSeconds, type Instant } from "../domain/time.ts";
import { dueAt } from "../domain/upload.ts";

/** One S3 version of an object, or a marker that says it was deleted, as S3 lists them. */
export interface ListedObject { readonly key: string; readonly s3VersionId: string; readonly size: number; readonly at: Instant; readonly isMarker: boolean }
/** An upload in parts that is not over. */
export interface ListedUpload { readonly key: string; readonly uploadId: string; readonly at: Instant }

export interface Findings {
  readonly versions: number;
  readonly objects: number;
  /** S3 versions that no version of a document names, or only one whose bytes were to be gone: bytes that nobody can reach and somebody pays for. */
  readonly orphans: readonly ListedObject[];
  /** Uploads in parts that no version collects. */
  readonly strays: readonly ListedUpload[];
  /** Versions whose bytes S3 says it stored, and does not hold: nothing cleans these, somebody must look. */
  readonly lost: readonly Version[];
  /** Unfinished versions whose time is over: the sweep's work, if it did not run. */
  readonly overdue: readonly Version[];
}

/** What is younger may belong to a request that is still being answered: parts are begun a moment before their version is written. */
const graceSeconds = 3600;

/**
 * Compares what the table says with what S3 holds. The table is read first: what is announced meanwhile is younger than the grace. Whatever
 * lies under the key of a version whose bytes are not known yet is left alone.
 */
export const reconcile = async (versions: AsyncIterable<Version>, objects: AsyncIterable<ListedObject>, uploads: AsyncIterable<ListedUpload>, now: Instant): Promise<Findings> => {
  const known = new Map<string, Version>();
  for await (const it of versions) known.set(objectKey(it), it);
  const isOld = (at: Instant): boolean => isOver(plusSeconds(at, graceSeconds), now);
  const orphans: ListedObject[] = [];
  const held = new Set<string>();
  let count = 0;
  for await (const it of objects) {
    count++;
    const version = known.get(it.key);
    const named = version?.facts.stored?.s3VersionId;
    const isGone = version === undefined || version.purgedAt !== undefined || version.facts.swept !== undefined;
    if (!isGone && it.s3VersionId === named) held.add(it.key);
    else if (isOld(it.at) && (isGone || named !== undefined)) orphans.push(it);
  }
  const strays: ListedUpload[] = [];
  for await (const it of uploads) if (isOld(it.at) && known.get(it.key)?.multipart?.uploadId !== it.uploadId) strays.push(it);
  const all = [...known];
  return {
    versions: known.size, objects: count, orphans, strays,
    lost: all.flatMap(([key, it]) => (it.facts.stored !== undefined && it.facts.swept === undefined && it.purgedAt === undefined && !held.has(key) ? [it] : [])),
    overdue: all.flatMap(([, it]) => (isOver(dueAt(it) ?? undefined, now) ? [it] : [])),
  };
};
