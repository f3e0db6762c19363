import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Facts, Version } from "../../lib/domain/document.ts";
import { newId } from "../../lib/domain/ids.ts";
import { compositeOf, divisionOf, dueAt, singlePutLimit, sizeOfPart } from "../../lib/domain/upload.ts";

const mebibyte = 1024 ** 2;

describe("a file's parts", () => {
  it("are such as S3 takes, and add up to the file, whatever its size", () => {
    fc.assert(fc.property(fc.integer({ min: singlePutLimit + 1, max: 5 * 1024 ** 4 }), (size) => {
      const division = divisionOf(size);
      expect(division.partCount).toBeLessThanOrEqual(10_000);
      expect(division.partSize % mebibyte).toBe(0);
      expect(division.partSize).toBeGreaterThanOrEqual(5 * mebibyte);
      expect(division.partSize).toBeLessThanOrEqual(5 * 1024 ** 3);
      const last = sizeOfPart(size, division, division.partCount);
      expect(last).toBeGreaterThan(0);
      expect(last).toBeLessThanOrEqual(division.partSize);
      expect(division.partSize * (division.partCount - 1) + last).toBe(size);
    }), { numRuns: 2000 });
  });

  it("are of 16 MiB until there would be too many of them", () => {
    expect(divisionOf(singlePutLimit + 1)).toEqual({ partSize: 16 * mebibyte, partCount: 7 });
    expect(divisionOf(10_000 * 16 * mebibyte)).toEqual({ partSize: 16 * mebibyte, partCount: 10_000 });
    expect(divisionOf(10_000 * 16 * mebibyte + 1)).toEqual({ partSize: 17 * mebibyte, partCount: 9_412 });
    expect(sizeOfPart(32 * mebibyte, { partSize: 16 * mebibyte, partCount: 2 }, 2)).toBe(16 * mebibyte);
  });

  it("have a composite that S3 computes the same: the hash of their hashes, and how many", () => {
    const hashes = ["one", "two"].map((text) => createHash("sha256").update(text).digest());
    expect(compositeOf(hashes.map((it) => ({ sha256: it.toString("hex") })))).toBe(`${createHash("sha256").update(Buffer.concat(hashes)).digest("hex")}-2`);
  });
});

describe("an unfinished upload", () => {
  const at = "2026-11-22T10:15:00.000Z";
  const stored = { at, s3VersionId: "s", size: 10, sha256: "a".repeat(64) } as const;
  const due = (facts: Facts, more: Partial<Version> = {}): string | null => dueAt({
    versionId: newId("version", new Date()), documentId: newId("document", new Date()), caseId: newId("case", new Date()), number: 1, draft: false, contentType: "application/pdf", size: 10, sha256: "a".repeat(64),
    uploadedBy: newId("member", new Date()), createdAt: at, scan: true, facts, revision: 1, ...more,
  });

  it("is looked at after a week, and a day after it was given up", () => {
    expect(due({})).toBe("2026-11-29T10:15:00.000Z");
    expect(due({ completed: at })).toBe("2026-11-29T10:15:00.000Z");
    expect(due({ stored: { ...stored, size: 11 } })).toBe("2026-11-29T10:15:00.000Z");
    expect(due({ aborted: "2026-11-25T00:00:00.000Z" })).toBe("2026-11-26T00:00:00.000Z");
    expect(due({ aborted: "2026-11-25T00:00:00.000Z", stored })).toBe("2026-11-26T00:00:00.000Z");
  });

  it("whose scan says nothing is looked at a day after its bytes came", () => {
    expect(due({ stored })).toBe("2026-11-23T10:15:00.000Z");
    expect(due({ stored, verdict: { at, s3VersionId: "another", result: "clean" } })).toBe("2026-11-23T10:15:00.000Z");
    expect(due({ stored }, { scan: false })).toBeNull();
  });

  it("is finished when S3 holds the announced bytes and the scan has spoken, or nothing is left of it", () => {
    for (const result of ["clean", "threats", "unsupported", "failed"] as const) expect(due({ stored, verdict: { at, s3VersionId: "s", result } })).toBeNull();
    expect(due({ aborted: at, swept: at })).toBeNull();
    expect(due({}, { purgedAt: at })).toBeNull();
  });
});
