import * as z from "zod/mini";
import { deletion, type Deletion } from "./case.ts";
import { idOf, isId, type ContactId, type MemberId } from "./ids.ts";
import { instant, type Instant } from "./time.ts";

/** Facts arrive in any order, twice or never; a version's state is what they add up to. */
const facts = z.object({
  /** Somebody said that the upload is complete. */
  completed: z.optional(instant),
  /** Who said so: staff finish what others began. */
  completedBy: z.optional(z.union([idOf("member"), idOf("contact")])),
  /** The composite checksum of the parts that the uploader named; written before S3 is asked to join them, so that whatever it makes of them is known beforehand. */
  sealed: z.optional(z.object({ at: instant, sha256: z.string() })),
  /**
   * S3 said what it holds under this version's key; the checksum of joined parts is a composite, which ends in their number. `encoding` is a
   * `Content-Encoding` that the uploader sent along, which no signature of a URL can forbid.
   */
  stored: z.optional(z.object({ at: instant, s3VersionId: z.string(), size: z.int(), sha256: z.string(), encoding: z.optional(z.string()) })),
  /** The malware scan's word on that very S3 version. */
  verdict: z.optional(z.object({ at: instant, s3VersionId: z.string(), result: z.enum(["clean", "threats", "unsupported", "failed"]) })),
  /** The word of staff in place of a scan that could not give one. */
  waived: z.optional(z.object({ at: instant, by: idOf("member"), reason: z.string() })),
  /** The object was given the tag without which no presigning role may read it. Threats that are found later take it back. */
  released: z.optional(instant),
  /** The upload was given up: by its uploader, or by the sweep when its time was over. */
  aborted: z.optional(instant),
  /** What a given-up upload left in S3 was removed. */
  swept: z.optional(instant),
});
export type Facts = z.infer<typeof facts>;

/** One immutable set of bytes of a document, under an S3 key of its own. */
export const version = z.object({
  versionId: idOf("version"), documentId: idOf("document"), caseId: idOf("case"), number: z.int(), draft: z.boolean(),
  contentType: z.string(), size: z.int(), uploadedBy: z.union([idOf("member"), idOf("contact")]), createdAt: instant, publishedAt: z.optional(instant),
  /** Of the whole file, as announced; a file that comes in parts may leave it out, and nobody has compared it. */
  sha256: z.optional(z.string()),
  /** How a file above the limit of a single PUT is divided, and S3's id of the upload that collects the parts. */
  multipart: z.optional(z.object({ uploadId: z.string(), partSize: z.int(), partCount: z.int() })),
  /** Its bytes are gone for good; what is left says which bytes they were and who brought them. */
  purgedAt: z.optional(instant),
  scan: z.boolean(), facts, revision: z.int(),
});
export type Version = z.infer<typeof version>;

/**
 * `pending`: S3 holds nothing yet. `received`: it does, and the uploader has not said so. `scanning`: waits for the scan or for the tag. `held`: the scan could
 * give no word, staff may. `available`: can be read. `quarantined`: threats. `rejected`: S3 holds other bytes than announced. `aborted`: the upload was given up,
 * which unlike `rejected` is nothing to look into. `purged`: its bytes are gone for good.
 */
export const versionStates = ["pending", "received", "scanning", "held", "available", "quarantined", "rejected", "aborted", "purged"] as const;
export type VersionState = (typeof versionStates)[number];

/**
 * The bytes that S3 holds are the announced ones: the whole file's hash of a single PUT, the composite of the parts that the uploader named. Under an encoding
 * they are not: whoever downloads would get what it decodes to, which nobody hashed and nobody scanned.
 */
export const bytesMatch = ({ size, sha256, multipart, facts: { stored, sealed } }: Pick<Version, "size" | "sha256" | "multipart" | "facts">): boolean => {
  const expected = multipart ? sealed?.sha256 : sha256;
  return expected !== undefined && stored?.size === size && stored.sha256 === expected && stored.encoding === undefined;
};

/** The scan's word on the bytes that S3 holds, if it has one. */
const verdictOn = ({ stored, verdict }: Facts) => (stored !== undefined && verdict?.s3VersionId === stored.s3VersionId ? verdict.result : null);

/** The scan has the announced bytes, and has not spoken. */
export const isUnheard = (it: Version): boolean => it.scan && bytesMatch(it) && verdictOn(it.facts) === null;

/** The scan spoke and said neither clean nor threats: nobody knows, and staff may answer for it. */
const isUndecided = (facts: Facts): boolean => ["unsupported", "failed"].includes(verdictOn(facts) ?? "");

/** May the object be tagged as released: the announced bytes, and clean by the scan of exactly these bytes, or let through by staff where the scan could not tell. */
export const mayRelease = (it: Version): boolean => {
  if (it.facts.aborted !== undefined || !bytesMatch(it)) return false;
  return !it.scan || verdictOn(it.facts) === "clean" || (it.facts.waived !== undefined && isUndecided(it.facts));
};

/** The state that callers see. Only `available` versions can be read, and only once the tag is on the object. */
export const stateOf = (it: Version): VersionState => {
  const { completed, stored, released, aborted } = it.facts;
  if (it.purgedAt !== undefined) return "purged";
  if (stored !== undefined && !bytesMatch(it)) return "rejected";
  if (aborted !== undefined) return "aborted";
  if (stored === undefined) return "pending";
  if (verdictOn(it.facts) === "threats") return "quarantined";
  if (mayRelease(it)) return released === undefined ? "scanning" : "available";
  if (isUndecided(it.facts)) return "held";
  return completed === undefined ? "received" : "scanning";
};

/** Who answers for these bytes: whoever said that they are complete, else whoever of the firm announced them. For a contact's that never were said to be, nobody does. */
export const answersFor = ({ uploadedBy, facts: { completed, completedBy } }: Pick<Version, "uploadedBy" | "facts">): MemberId | ContactId | null =>
  completedBy ?? (completed === undefined && isId("contact", uploadedBy) ? null : uploadedBy);

// What is known less gives way to what is known better, so that words add up to the same in any order.
const weights = { failed: 0, unsupported: 0, clean: 1, threats: 2 } as const;
/** Does this word say more than the one before it on the same bytes? */
export const saysMore = (result: keyof typeof weights, before: Facts["verdict"]): boolean => before === undefined || weights[result] > weights[before.result];

/** Did the scan find these bytes clean, or is it still to speak? What the firm does not scan, what the scan could not read and what staff let through says so in every list. */
export const isScanned = ({ scan, facts }: Pick<Version, "scan" | "facts">): boolean => scan && facts.waived === undefined && !isUndecided(facts);

/** What clients may read of a document: a copy of the published version's facts, so that a list needs no second read. */
const published = z.object({
  versionId: idOf("version"), number: z.int(), size: z.int(), sha256: z.optional(z.string()), contentType: z.string(), s3VersionId: z.string(), publishedAt: instant,
  /** The checksum that S3 verified of a file that came in parts. */
  composite: z.optional(z.object({ sha256: z.string(), partSize: z.int() })),
  scanned: z._default(z.boolean(), true),
});
export type Published = z.infer<typeof published>;

/** The checksum that S3 verified of a file that came in parts, as a field of whatever tells of it. */
export const compositeIn = ({ multipart, facts: { sealed, stored } }: Pick<Version, "multipart" | "facts">): Pick<Published, "composite"> =>
  (multipart && sealed && stored?.sha256 === sealed.sha256 ? { composite: { sha256: sealed.sha256, partSize: multipart.partSize } } : {});

/** A document of a case. `folderPath` (outermost first) is a hint; `folderId` is the truth. */
export const document = z.object({
  documentId: idOf("document"), caseId: idOf("case"), folderId: z.optional(idOf("folder")), folderPath: z.array(idOf("folder")), name: z.string(),
  /** `publishedUpTo`: the highest number that clients ever got; what is older is published by staff alone, whatever they took back meanwhile. */
  versionCount: z.int(), published: z.optional(published), publishedUpTo: z.optional(z.int()), deleted: z.optional(deletion), purgedAt: z.optional(instant), createdAt: instant, revision: z.int(),
});
export type Document = z.infer<typeof document>;

/** A document with the version that clients get from now on. */
export const publishing = (it: Document, published: Published): Document => ({ ...it, published, publishedUpTo: Math.max(it.publishedUpTo ?? 0, published.number), revision: it.revision + 1 });

/** What stays of a document for good: whose it was and that it is gone, no name and no place. Its versions tell which bytes there were. */
export const purged = ({ documentId, caseId, versionCount, createdAt, revision }: Document, deleted: Deletion, now: Instant): Document =>
  ({ documentId, caseId, folderPath: [], name: "", versionCount, deleted, purgedAt: now, createdAt, revision: revision + 1 });
/** What stays of a version: which bytes they were, who brought them, what the scan said and when clients could get them. No words of people. */
export const purgedVersion = (it: Version, now: Instant): Version => {
  const { stored, sealed, verdict } = it.facts;
  return { ...it, scan: isScanned(it), facts: { ...(stored && { stored }), ...(sealed && { sealed }), ...(verdict && { verdict }) }, purgedAt: now, revision: it.revision + 1 };
};

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
