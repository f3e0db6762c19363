/** Conditional requests: on a write, which S3 decides at the moment the object becomes visible, and on a read. */
import type { StoredObject, Version } from "./bucket.ts";
import { S3Error } from "./errors.ts";

type Headers = ReadonlyMap<string, string>;

/** Throws unless the write may happen on top of these versions. */
export function checkWriteConditions(headers: Headers, key: string, versions: readonly Version[]): void {
  const ifNoneMatch = headers.get("if-none-match");
  const ifMatch = headers.get("if-match");
  // "If-None-Match ... expects the '*' (asterisk) character"; a delete marker on top counts as no object.
  if (ifNoneMatch !== undefined && ifNoneMatch !== "*") throw new S3Error("NotImplemented");
  const [latest] = versions;
  const current = latest?.kind === "object" ? latest : undefined;
  if (ifNoneMatch !== undefined && current !== undefined) throw failed("If-None-Match");
  if (ifMatch === undefined) return;
  if (current === undefined) throw new S3Error("NoSuchKey", { details: { Key: key } });
  if (!names(ifMatch, current)) throw failed("If-Match");
}

/** Throws 412 when a read's condition fails; tells whether the caller's copy is still good (304). */
export function notModified(headers: Headers, object: StoredObject): boolean {
  const ifMatch = headers.get("if-match");
  const ifNoneMatch = headers.get("if-none-match");
  // Whole seconds, as Last-Modified says them.
  const modified = Math.floor(Date.parse(object.lastModified) / 1000) * 1000;
  // "If both If-Match and If-Unmodified-Since are present and If-Match is true, S3 returns 200"; likewise If-None-Match decides alone.
  if (ifMatch !== undefined && !names(ifMatch, object)) throw failed("If-Match");
  if (ifMatch === undefined && modified > time(headers.get("if-unmodified-since"), Infinity)) throw failed("If-Unmodified-Since");
  if (ifNoneMatch !== undefined) return names(ifNoneMatch, object);
  return modified <= time(headers.get("if-modified-since"), -Infinity);
}

const names = (list: string, { etag }: StoredObject): boolean =>
  list.split(",").some((entry) => ["*", etag, `"${etag}"`, `W/"${etag}"`].includes(entry.trim()));

const failed = (condition: string): S3Error => new S3Error("PreconditionFailed", { details: { Condition: condition } });

function time(text: string | undefined, otherwise: number): number {
  const value = Date.parse(text ?? "");
  return Number.isNaN(value) ? otherwise : value;
}
