import { createHash } from "node:crypto";
import { bytesMatch, isUnheard, type Version } from "./document.ts";
import { plusDays, type Instant } from "./time.ts";

const mebibyte = 1024 ** 2;

/** S3 takes up to 5 GB in one PUT; above 100 MB AWS advises parts, which can be resumed. */
export const singlePutLimit = 100 * mebibyte;

/**
 * S3 takes parts of 5 MiB to 5 GiB (the last may be smaller), at most 10,000 of them. Each is hashed before it is sent, which a browser does in one
 * piece of memory, and a broken line loses at most one: 16 MiB, and only files above 156 GiB need larger ones.
 */
const smallestPart = 16 * mebibyte;
export const maxParts = 10_000;

export interface Division { readonly partSize: number; readonly partCount: number }
export const divisionOf = (size: number): Division => {
  const partSize = Math.max(smallestPart, Math.ceil(size / maxParts / mebibyte) * mebibyte);
  return { partSize, partCount: Math.ceil(size / partSize) };
};

/** Every part is of the same size but the last, which has what is left. */
export const sizeOfPart = (size: number, { partSize, partCount }: Division, partNumber: number): number =>
  partNumber < partCount ? partSize : size - partSize * (partCount - 1);

/** S3's composite checksum: the hash of the parts' hashes one after the other, and how many they were. */
export const compositeOf = (parts: readonly { readonly sha256: string }[]): string => {
  const hash = createHash("sha256");
  for (const { sha256 } of parts) hash.update(sha256, "hex");
  return `${hash.digest("hex")}-${parts.length}`;
};

/** Long enough for a large file over a slow line with a weekend in between. The bucket's own rule ends abandoned parts after the same time. */
export const uploadDays = 7;
/** A URL signed before an upload was given up lives for a quarter of an hour, and S3 lets a part finish that had begun: what came late is removed a day later. */
const remainsDays = 1;
/** A scan takes minutes. One that has said nothing for a day never will: its plan did not exist yet, or no longer. */
const silenceDays = 1;

/** When somebody must look at an upload that is not finished: to give it up, to speak for a silent scan, or to remove what a given-up one left in S3. Null when there is nothing to do. */
export const dueAt = (it: Version): Instant | null => {
  const { aborted, swept, stored } = it.facts;
  if (swept !== undefined || it.purgedAt !== undefined) return null;
  if (aborted !== undefined) return plusDays(aborted, remainsDays);
  if (stored !== undefined && isUnheard(it)) return plusDays(stored.at, silenceDays);
  return bytesMatch(it) ? null : plusDays(it.createdAt, uploadDays);
};
