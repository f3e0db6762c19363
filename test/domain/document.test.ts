import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answersFor, attachment, compositeIn, isScanned, mayRelease, objectKey, parseObjectKey, safeContentType, saysMore, stateOf, type Facts, type Version } from "../../lib/domain/document.ts";
import { newId } from "../../lib/domain/ids.ts";
import { fileName } from "../../lib/domain/text.ts";

const at = "2026-11-22T10:15:00.000Z";
const sha256 = "a".repeat(64);
const composite = `${"c".repeat(64)}-7`;
const versionWith = (facts: Facts, scan = true, more: Partial<Version> = {}): Version => ({
  versionId: newId("version", new Date()), documentId: newId("document", new Date()), caseId: newId("case", new Date()), number: 1, draft: false, contentType: "application/pdf", size: 10, sha256,
  uploadedBy: newId("member", new Date()), createdAt: at, scan, facts, revision: 1, ...more,
});
const multipart = { uploadId: "u", partSize: 2, partCount: 7 } as const;
const stored = { at, s3VersionId: "s1", size: 10, sha256 } as const;
const clean = { at, s3VersionId: "s1", result: "clean" } as const;
const waived: NonNullable<Facts["waived"]> = { at, by: newId("member", new Date()), reason: "Encrypted by the notary; scanned at the office." };

describe("a version's state", () => {
  const cases: readonly (readonly [string, Facts, boolean, string])[] = [
    ["nothing is known", {}, true, "pending"],
    ["only the uploader says it is complete", { completed: at }, true, "pending"],
    ["only the scan spoke", { verdict: clean }, true, "pending"],
    ["the uploader and the scan spoke, and S3 holds nothing", { completed: at, verdict: clean }, true, "pending"],
    ["the bytes are there", { stored }, true, "received"],
    ["the bytes are there and clean, and the tag is not on them yet", { stored, verdict: clean }, true, "scanning"],
    ["the bytes are there, clean and tagged, though the uploader never said so", { stored, verdict: clean, released: at }, true, "available"],
    ["the scan has not spoken", { completed: at, stored }, true, "scanning"],
    ["the scan could not read it", { completed: at, stored, verdict: { ...clean, result: "unsupported" } }, true, "held"],
    ["the scan failed", { completed: at, stored, verdict: { ...clean, result: "failed" } }, true, "held"],
    ["the scan could not read other bytes", { completed: at, stored, verdict: { ...clean, s3VersionId: "s2", result: "unsupported" } }, true, "scanning"],
    ["staff released it, and the tag is not on it yet", { completed: at, stored, verdict: { ...clean, result: "unsupported" }, waived }, true, "scanning"],
    ["staff released it", { completed: at, stored, verdict: { ...clean, result: "failed" }, waived, released: at }, true, "available"],
    ["staff released it and threats were found after all", { completed: at, stored, verdict: { ...clean, result: "threats" }, waived, released: at }, true, "quarantined"],
    ["staff released what the scan has not spoken of", { completed: at, stored, waived }, true, "scanning"],
    ["the upload was given up", { aborted: at }, true, "aborted"],
    ["the upload was given up and the bytes came late", { aborted: at, completed: at, stored, verdict: clean, released: at }, true, "aborted"],
    ["the scan spoke of other bytes", { completed: at, stored, verdict: { ...clean, s3VersionId: "s2" }, released: at }, true, "scanning"],
    ["the tag is not on the object yet", { completed: at, stored, verdict: clean }, true, "scanning"],
    ["all is said and done", { completed: at, stored, verdict: clean, released: at }, true, "available"],
    ["the firm scans nothing", { completed: at, stored, released: at }, false, "available"],
    ["the scan found something", { completed: at, stored, verdict: { ...clean, result: "threats" } }, true, "quarantined"],
    ["the scan found something in what was released", { completed: at, stored, verdict: { ...clean, result: "threats" }, released: at }, true, "quarantined"],
    ["S3 holds more bytes", { completed: at, stored: { ...stored, size: 11 }, verdict: clean, released: at }, true, "rejected"],
    ["S3 holds other bytes", { completed: at, stored: { ...stored, sha256: "b".repeat(64) }, verdict: clean, released: at }, true, "rejected"],
    ["S3 holds them under an encoding", { completed: at, stored: { ...stored, encoding: "br" }, verdict: clean, released: at }, true, "rejected"],
    ["S3 knows no checksum", { completed: at, stored: { ...stored, sha256: "" }, verdict: clean, released: at }, true, "rejected"],
  ];
  for (const [when, facts, scan, state] of cases) it(`is ${state} when ${when}`, () => { expect(stateOf(versionWith(facts, scan))).toBe(state); });

  const facts = fc.record({
    completed: fc.constant<Facts["completed"]>(at), waived: fc.constant<Facts["waived"]>(waived), aborted: fc.constant<Facts["aborted"]>(at), sealed: fc.constantFrom<Facts["sealed"][]>({ at, sha256: composite }, { at, sha256: `${"d".repeat(64)}-7` }),
    stored: fc.record({ at: fc.constant<typeof at>(at), s3VersionId: fc.constantFrom("s1", "s2"), size: fc.constantFrom(10, 11), sha256: fc.constantFrom(sha256, "b".repeat(64), composite), encoding: fc.constantFrom(undefined, undefined, "br") }),
    verdict: fc.record({ at: fc.constant<typeof at>(at), s3VersionId: fc.constantFrom("s1", "s2"), result: fc.constantFrom("clean" as const, "threats" as const, "unsupported" as const, "failed" as const) }),
    released: fc.constant<Facts["released"]>(at),
  }, { requiredKeys: [] });

  it("is never available without the announced bytes, the tag, and a clean scan of those very bytes or the word of staff where it could not tell", () => {
    fc.assert(fc.property(facts, fc.boolean(), fc.boolean(), (it, scan, inParts) => {
      const known = it as Facts;
      const version = versionWith(known, scan, inParts ? { multipart } : {});
      if (stateOf(version) !== "available") return;
      expect([known.released, known.aborted]).toEqual([at, undefined]);
      expect(known.stored).toMatchObject({ size: 10, sha256: inParts ? known.sealed?.sha256 : sha256, encoding: undefined });
      if (scan) expect(known.verdict?.s3VersionId).toBe(known.stored?.s3VersionId);
      if (scan) expect(known.waived ? ["clean", "unsupported", "failed"] : ["clean"]).toContain(known.verdict?.result);
      expect(mayRelease(version)).toBe(true);
    }), { numRuns: 5000 });
  });

  it("in parts is known by the composite of the parts that were named", () => {
    const inParts = (facts: Facts): string => stateOf(versionWith(facts, true, { multipart }));
    const joined = { ...stored, sha256: composite };
    expect(inParts({})).toBe("pending");
    expect(inParts({ sealed: { at, sha256: composite } })).toBe("pending");
    expect(inParts({ sealed: { at, sha256: composite }, stored: joined })).toBe("received");
    expect(inParts({ sealed: { at, sha256: composite }, stored: joined, verdict: clean, released: at })).toBe("available");
    expect(inParts({ sealed: { at, sha256: `${"d".repeat(64)}-7` }, stored: joined, verdict: clean, released: at })).toBe("rejected");
    expect(inParts({ sealed: { at, sha256: composite }, stored: { ...joined, size: 9 }, verdict: clean })).toBe("rejected");
    // What nobody named is nobody's, were it the announced hash itself.
    expect(inParts({ stored, verdict: clean, released: at })).toBe("rejected");
  });

  it("tells a composite when S3 has verified it, and not before", () => {
    const [sealed, joined] = [{ at, sha256: composite } as const, { ...stored, sha256: composite } as const];
    expect(compositeIn(versionWith({ sealed, stored: joined }, true, { multipart }))).toEqual({ composite: { sha256: composite, partSize: multipart.partSize } });
    const unverified: readonly Facts[] = [{ sealed }, { sealed, stored }, { stored: joined }];
    for (const facts of unverified) expect(compositeIn(versionWith(facts, true, { multipart }))).toEqual({});
  });

  it("comes from the words that say most, whatever their order", () => {
    const words = ["clean", "threats", "unsupported", "failed"] as const;
    fc.assert(fc.property(fc.shuffledSubarray([...words, ...words], { minLength: 1 }), (said) => {
      let verdict: Facts["verdict"];
      for (const result of said) if (saysMore(result, verdict)) verdict = { at, s3VersionId: "s1", result };
      const most = said.includes("threats") ? ["threats"] : said.includes("clean") ? ["clean"] : ["unsupported", "failed"];
      expect(most).toContain(verdict?.result);
    }));
  });

  it("says that nobody scanned it where the firm does not, or staff let it through", () => {
    expect([isScanned(versionWith({})), isScanned(versionWith({}, false)), isScanned(versionWith({ waived }))]).toEqual([true, false, false]);
  });
});

describe("who answers for a version", () => {
  const [member, contact, colleague] = [newId("member", new Date()), newId("contact", new Date()), newId("member", new Date())];
  it.each([
    ["the member who announced it, said to be complete or not", member, {}, member],
    ["whoever said that it is complete", member, { completed: at, completedBy: colleague }, colleague],
    ["nobody, for a contact's that was not said to be", contact, {}, null],
    ["the contact who said so", contact, { completed: at, completedBy: contact }, contact],
    ["a member who said it for a contact", contact, { completed: at, completedBy: colleague }, colleague],
    ["the uploader, where it was not yet written down who said so", contact, { completed: at }, contact],
  ] as const)("is %s", (_, uploadedBy, facts, who) => {
    expect(answersFor(versionWith(facts, true, { uploadedBy }))).toBe(who);
  });
});

describe("an object's key", () => {
  it("holds two ids and nothing else, and is read back as them", () => {
    const { documentId, versionId } = versionWith({});
    expect(objectKey({ documentId, versionId })).toMatch(/^doc_[0-9a-z]{26}\/ver_[0-9a-z]{26}$/);
    expect(parseObjectKey(objectKey({ documentId, versionId }))).toEqual({ documentId, versionId });
  });

  it("of another shape is nobody's", () => {
    const { documentId, versionId } = versionWith({});
    for (const key of ["", "x", documentId, `${documentId}/`, `/${documentId}/${versionId}`, `${documentId}/${versionId}/`, `${documentId}/${versionId}/x`, `${versionId}/${documentId}`, `${documentId}/../${versionId}`, `${documentId}/${versionId}\n`, `${documentId}/${versionId.toUpperCase()}`])
      expect(parseObjectKey(key), key).toBeNull();
  });
});

describe("a download's type", () => {
  it("is kept for documents and pictures, whatever the case of its letters", () => { expect([safeContentType("application/pdf"), safeContentType("IMAGE/PNG")]).toEqual(["application/pdf", "image/png"]); });
  it("is plain bytes for whatever a browser might run", () => {
    for (const type of ["text/html", "TEXT/HTML", "image/svg+xml", "application/xhtml+xml", "text/javascript", "application/javascript", "text/xml", "multipart/related", "message/rfc822", "text/html;charset=utf-8", "x/y", ""])
      expect(safeContentType(type), type).toBe("application/octet-stream");
  });
});

/** RFC 6266 with RFC 8187, as a browser reads it. */
const read = (header: string): { readonly fallback: string; readonly name: string } => {
  const [, fallback, extended] = /^attachment; filename="([^"\\]*)"; filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]*)$/.exec(header) ?? [];
  if (fallback === undefined || extended === undefined) throw new Error(`Not a header that a browser can read: ${header}`);
  return { fallback, name: decodeURIComponent(extended) };
};

describe("a download's name", () => {
  it("is what the person called the file, in every script", () => {
    for (const name of ["Escritura nº 3 — «Núñez».pdf", "عقد بيع.pdf", "合同（最终版）.pdf", "👩🏽‍⚖️ 判决 🏛️.pdf", `${"ñ".repeat(246)}.pdf`, `${"👍".repeat(246)}.pdf`, `"quoted" 'and' (more)*.pdf`, "100% ; a=b, c.pdf", "a%0d%0aSet-Cookie: x=1.pdf"])
      expect(read(attachment(name)).name).toBe(name);
  });

  it("has a fallback of plain letters that keeps what ASCII can say", () => {
    expect(read(attachment("Núñez y Peña.pdf")).fallback).toBe("Nunez y Pena.pdf");
    expect(read(attachment('a"b\\c;d.pdf')).fallback).toBe("a_b_c_d.pdf");
  });

  it("keeps the extension in the fallback of a long name, so that an old program knows what to open it with", () => {
    expect(read(attachment(`${"x".repeat(246)}.pdf`)).fallback).toMatch(/\.pdf$/);
  });

  const accepted = fc.string({ unit: "binary", minLength: 1, maxLength: 260 }).filter((name) => fileName.safeParse(name).success).map((name) => fileName.parse(name));
  const nasty = fc.string({ unit: fc.constantFrom('"', "'", "\\", ";", "=", "%", "*", "(", ")", ",", " ", ".", "a", "ñ", "😀", "ﬀ", "＂", "；", "％", "‘", "´"), minLength: 1, maxLength: 60 }).filter((name) => fileName.safeParse(name).success).map((name) => fileName.parse(name));

  it("never breaks out of the header, and decodes to itself", () => {
    fc.assert(fc.property(fc.oneof(accepted, nasty), (name) => {
      const header = attachment(name);
      expect(header).toMatch(/^[\x20-\x7e]+$/);
      const { fallback, name: decoded } = read(header);
      expect(decoded).toBe(name);
      expect(fallback).toMatch(/^[A-Za-z0-9._ -]*$/);
    }), { numRuns: 3000 });
  });

  it("does not break on names that were never accepted: line breaks, halves of characters", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 40 }).map((text) => `${text}\r\nX: 1\ud800`), (name) => {
      expect(attachment(name)).toMatch(/^attachment; filename="[A-Za-z0-9._ -]*"; filename\*=UTF-8''[A-Za-z0-9!#$&+.^_`|~%-]*$/);
    }));
  });
});
