import * as z from "zod/mini";
import { idOf } from "./ids.ts";
import { instant } from "./time.ts";

/** Facts arrive in any order, twice or never; a version's state is what they add up to. */
const facts = z.object({
  /** The uploader said that the upload is complete. */
  completed: z.optional(instant),
  /** S3 said what it holds under this version's key. */
  stored: z.optional(z.object({ at: instant, s3VersionId: z.string(), size: z.int(), sha256: z.string() })),
  /** The malware scan's word on that very S3 version. */
  verdict: z.optional(z.object({ at: instant, s3VersionId: z.string(), result: z.enum(["clean", "threats", "unsupported", "failed"]) })),
  /** The object carries the tag without which no presigning role may read it. */
  released: z.optional(instant),
});
export type Facts = z.infer<typeof facts>;

/** One immutable set of bytes of a document, under an S3 key of its own. */
export const version = z.object({
  versionId: idOf("version"), documentId: idOf("document"), caseId: idOf("case"), number: z.int(), draft: z.boolean(),
  contentType: z.string(), size: z.int(), sha256: z.string(), uploadedBy: z.string(), createdAt: instant, publishedAt: z.optional(instant),
  scan: z.boolean(), facts, revision: z.int(),
});
export type Version = z.infer<typeof version>;

export const versionStates = ["pending", "received", "scanning", "available", "quarantined", "rejected"] as const;
export type VersionState = (typeof versionStates)[number];

/** The bytes that S3 holds are the announced ones. */
export const bytesMatch = ({ size, sha256, facts: { stored } }: Pick<Version, "size" | "sha256" | "facts">): boolean =>
  stored?.size === size && stored.sha256 === sha256;

/** May the object be tagged as released: complete, the announced bytes, and clean by the scan of exactly these bytes. */
export const mayRelease = (it: Version): boolean => {
  const { completed, stored, verdict } = it.facts;
  if (completed === undefined || !bytesMatch(it)) return false;
  return !it.scan || (verdict?.result === "clean" && verdict.s3VersionId === stored?.s3VersionId);
};

/** The state that callers see. Only `available` versions can be read, and only once the tag is on the object. */
export const stateOf = (it: Version): VersionState => {
  const { stored, verdict, released } = it.facts;
  if (stored === undefined) return "pending";
  if (!bytesMatch(it)) return "rejected";
  if (verdict?.result === "threats" && verdict.s3VersionId === stored.s3VersionId) return "quarantined";
  if (!mayRelease(it)) return it.facts.completed === undefined ? "received" : "scanning";
  return released === undefined ? "scanning" : "available";
};

/** What clients may read of a document: a copy of the published version's facts, so that a list needs no second read. */
const published = z.object({
  versionId: idOf("version"), number: z.int(), size: z.int(), sha256: z.string(), contentType: z.string(), s3VersionId: z.string(), publishedAt: instant,
});
export type Published = z.infer<typeof published>;

/** A document of a case. `folderPath` (outermost first) is a hint; `folderId` is the truth. */
export const document = z.object({
  documentId: idOf("document"), caseId: idOf("case"), folderId: z.optional(idOf("folder")), folderPath: z.array(idOf("folder")), name: z.string(),
  versionCount: z.int(), published: z.optional(published), createdAt: instant, revision: z.int(),
});
export type Document = z.infer<typeof document>;

/** The object's key holds ids only: a name never becomes part of a key, a header or a path. */
export const objectKey = (it: Pick<Version, "documentId" | "versionId">): string => `${it.documentId}/${it.versionId}`;

/** @returns the ids in a key of ours, or null for an object that is not one of ours. */
export const parseObjectKey = (key: string) => {
  const [documentId, versionId, ...rest] = key.split("/");
  const parsed = z.object({ documentId: idOf("document"), versionId: idOf("version") }).safeParse({ documentId, versionId });
  return parsed.success && rest.length === 0 ? parsed.data : null;
};

// Types that a browser can be trusted to save under; everything else leaves as bytes (ASVS V3.2.1: nothing runs in our origin).
const safeTypes = new Set([
  "application/pdf", "application/dicom", "application/xml", "text/plain", "text/csv", "image/jpeg", "image/png", "image/gif", "image/webp", "image/tiff",
  "application/zip", "application/msword", "application/vnd.ms-excel", "application/vnd.oasis.opendocument.text",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
]);
export const safeContentType = (announced: string): string => (safeTypes.has(announced.toLowerCase()) ? announced.toLowerCase() : "application/octet-stream");

/**
 * The `Content-Disposition` that gives a download its name in every browser: an ASCII fallback and the name as it is.
 * RFC 6266 with RFC 8187; S3 refuses header values outside ISO-8859-1, so the fallback holds letters, digits, `.`, `_`, `-` and spaces only.
 */
export const attachment = (name: string): string => {
  const whole = name.toWellFormed();
  const ascii = whole.normalize("NFKD").replaceAll(/\p{Mn}/gu, "").replaceAll(/[^A-Za-z0-9._ -]/gu, "_");
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(ascii)?.[0] ?? "";
  const fallback = `${ascii.slice(0, ascii.length - extension.length).slice(0, 150)}${extension}`;
  const extended = encodeURIComponent(whole).replaceAll(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename="${fallback}"; filename*=UTF-8''${extended}`;
};
