import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { brotliCompressSync } from "node:zlib";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { singlePutLimit } from "../../lib/domain/upload.ts";
import { expectOk, sha256Of, uploadDocument } from "../../local/caller.ts";
import { bytesOf, openDesk } from "./desk.ts";
import { announce, complete, put, putObject, stateOf, tagsOf, verdictEvent, versionNow } from "./probe.ts";

const samples = join(import.meta.dirname, "../../../shared/samples");
const maxUploadBytes = 200 * 1024 ** 2;
const { firm, caseId, clientId, staffDownload, clientDownload, clientSees, publish, uploaded } = await openDesk({ maxUploadBytes });

describe("documents", () => {
  afterAll(() => firm.stop());

  describe("an announcement", () => {
    const good = { name: "Never stored.pdf", contentType: "application/pdf", size: 10, sha256: "a".repeat(64) };
    const { sha256: _, ...hashless } = good;
    const refused: readonly (readonly [string, Record<string, unknown>, number, string, string?])[] = [
      ["no bytes", { ...good, size: 0 }, 400, "body.size"],
      ["fewer bytes than none", { ...good, size: -1 }, 400, "body.size"],
      ["half a byte", { ...good, size: 10.5 }, 400, "body.size"],
      ["a size in words", { ...good, size: "10" }, 400, "body.size"],
      ["more bytes than there are numbers", { ...good, size: 2 ** 53 }, 400, "body.size"],
      ["more than the firm takes", { ...good, size: maxUploadBytes + 1 }, 413, "body.size", `Is more than ${maxUploadBytes}.`],
      ["a hash in capitals", { ...good, sha256: "A".repeat(64) }, 400, "body.sha256"],
      ["a hash in base64", { ...good, sha256: Buffer.alloc(32).toString("base64") }, 400, "body.sha256"],
      ["a hash too short", { ...good, sha256: "a".repeat(63) }, 400, "body.sha256"],
      ["a hash with a line break behind it", { ...good, sha256: `${"a".repeat(64)}\n` }, 400, "body.sha256"],
      ["no hash", hashless, 400, "body.sha256"],
      ["a type with a line break", { ...good, contentType: "application/pdf\r\nx-amz-acl: public-read" }, 400, "body.contentType"],
      ["a type with parameters", { ...good, contentType: "text/html; charset=utf-8" }, 400, "body.contentType"],
      ["no type", { ...good, contentType: "" }, 400, "body.contentType"],
      ["a path for a name", { ...good, name: "../../etc/passwd" }, 400, "body.name"],
      ["a name that turns around", { ...good, name: "factura\u202efdp.exe" }, 400, "body.name"],
      ["a folder of nowhere", { ...good, folderId: "fol_00000000000000000000000000" }, 400, "body.folderId"],
      ["a storage key of its own", { ...good, key: "x" }, 400, "body.key"],
    ];
    it("of what cannot be is refused naming the field, and stores nothing", async () => {
      await firm.settle();
      const before = await stateOf(firm);
      for (const [what, body, status, path, message] of refused) {
        const answer = await firm.admin.call("POST", `/staff/cases/${caseId}/documents`, body);
        expect([what, answer.status, answer.body.errors?.map((it: { path: string }) => it.path)]).toEqual([what, status, [path]]);
        if (message !== undefined) expect(answer.body.errors[0].message).toBe(message);
      }
      expect(await stateOf(firm)).toEqual(before);
    });

    it("of a new version is held to the same", async () => {
      const it = await announce(firm, caseId, Buffer.from("x"));
      await firm.settle();
      const before = await stateOf(firm);
      for (const [body, status] of [[{ contentType: "application/pdf", size: 0, sha256: "a".repeat(64) }, 400], [{ contentType: "application/pdf", size: maxUploadBytes + 1, sha256: "a".repeat(64) }, 413], [{ contentType: "application/pdf", size: 1 }, 400]] as const)
        expect((await firm.admin.call("POST", `/staff/cases/${caseId}/documents/${it.documentId}/versions`, body)).status).toBe(status);
      expect(await stateOf(firm)).toEqual(before);
    });

    it("of the firm's largest single PUT is taken", async () => {
      const { upload } = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/documents`, { ...good, name: "Largest.pdf", size: singlePutLimit }));
      expect(upload).toMatchObject({ kind: "single", method: "PUT" });
    });

    it("gives a key of ids alone, whatever the file is called", async () => {
      const it = await announce(firm, caseId, Buffer.from("x"), { name: "Secreto de Núñez.pdf" });
      expect(new URL(it.upload.url).pathname).toBe(`/${firm.bucket}/${it.documentId}/${it.versionId}`);
      expect(decodeURIComponent(it.upload.url)).not.toMatch(/Secreto|Núñez/);
    });
  });

  describe("an upload", () => {
    it("of other bytes, another length or another type is refused by S3 and shows nothing", async () => {
      const bytes = randomBytes(100);
      const it = await announce(firm, caseId, bytes);
      const unsigned = new URL(it.upload.url);
      unsigned.searchParams.delete("X-Amz-Signature");
      expect((await put(it, randomBytes(100))).status, "other bytes").toBe(400);
      expect((await put(it, bytes.subarray(1))).status, "another length").toBe(403);
      expect((await put(it, bytes, { "content-type": "text/html" })).status, "another type").toBe(403);
      expect((await put(it, bytes, { "if-none-match": "x" })).status, "another condition").toBe(403);
      expect((await put(it, randomBytes(100), { "x-amz-checksum-sha256": Buffer.alloc(32).toString("base64") })).status, "another checksum").toBe(403);
      expect((await put({ upload: { ...it.upload, url: unsigned.href } }, bytes)).status, "no signature").toBe(400);
      const early = await complete(firm, caseId, it);
      expect([early.status, early.body.code, early.body.detail]).toEqual([409, "conflict", expect.stringContaining("S3 holds nothing")]);
      await firm.settle();
      expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "pending", sha256Verified: false });
      expect((await staffDownload(it)).status).toBe(423);
      expect((await clientDownload(it)).status).toBe(404);
      expect(await clientSees()).not.toContain(it.documentId);
    });

    it("is taken once: the second on the same URL finds the key taken, and the first one's bytes stay", async () => {
      const bytes = randomBytes(100);
      const it = await uploaded(bytes);
      expect((await put(it, bytes)).status).toBe(412);
      expect(await bytesOf((await expectOk(clientDownload(it))).url)).toEqual(bytes);
    });

    it("may come late by a quarter of an hour and no more", async () => {
      const bytes = randomBytes(10);
      const it = await announce(firm, caseId, bytes);
      firm.clock.offset += 901_000;
      try {
        expect((await put(it, bytes)).status).toBe(403);
      } finally {
        firm.clock.offset = 0;
      }
      expect((await put(it, bytes)).status).toBe(200);
    });

    it("that slipped past S3's checks with other bytes is rejected for good", async () => {
      const it = await announce(firm, caseId, randomBytes(100));
      const s3VersionId = await putObject(firm, it.key, randomBytes(100));
      await expectOk(complete(firm, caseId, it));
      await firm.bus.publish("default", verdictEvent(firm.bucket, it.key, s3VersionId, "NO_THREATS_FOUND"));
      await firm.settle();
      expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "rejected", sha256Verified: false });
      expect(await tagsOf(firm, it.documentId, it.versionId)).toEqual({});
      expect((await staffDownload(it, it.versionId)).status).toBe(423);
      expect((await publish(it)).status).toBe(423);
    });
  });

  // No signature forbids a header that it does not name, but for S3's own: a browser would save what brotli makes of bytes that nobody scanned or hashed.
  it("sent under an encoding are not the announced ones, though their hash is: they are rejected, and nobody gets them", async () => {
    const bytes = brotliCompressSync(randomBytes(100));
    for (const encoding of ["br", "gzip", "identity"]) {
      const it = await announce(firm, caseId, bytes);
      const { status, s3VersionId } = await put(it, bytes, { "content-encoding": encoding });
      expect(status).toBe(200);
      await expectOk(complete(firm, caseId, it));
      await firm.bus.publish("default", verdictEvent(firm.bucket, it.key, s3VersionId, "NO_THREATS_FOUND"));
      await firm.settle();
      expect([encoding, (await versionNow(firm, caseId, it))["state"], await tagsOf(firm, it.documentId, it.versionId)]).toEqual([encoding, "rejected", {}]);
      expect([(await staffDownload(it, it.versionId)).status, (await publish(it)).status]).toEqual([423, 423]);
    }
  });

  describe("a download", () => {
    it("is a URL for sixty seconds, pinned to the version, as an attachment that nothing runs", async () => {
      const bytes = Buffer.from("<script>alert(document.domain)</script>");
      for (const [contentType, name] of [["text/html", "Page.html"], ["image/svg+xml", "Picture.svg"]] as const) {
        const it = await uploaded(bytes, { contentType, name });
        const handOut = await expectOk(clientDownload(it));
        const url = new URL(handOut.url);
        expect(url.searchParams.get("X-Amz-Expires")).toBe("60");
        expect(url.searchParams.get("versionId")).toMatch(/.+/);
        expect(Date.parse(handOut.expiresAt) - firm.clock().getTime()).toBeLessThanOrEqual(60_000);
        const got = await fetch(url);
        expect([got.status, got.headers.get("content-type"), got.headers.get("content-disposition")?.startsWith("attachment; "), got.headers.get("cache-control")]).toEqual([200, "application/octet-stream", true, "no-store"]);
        url.searchParams.set("response-content-disposition", "inline");
        expect((await fetch(url)).status).toBe(403);
      }
    });

    it("is over when its minute is", async () => {
      const it = await uploaded(randomBytes(10));
      const { url } = await expectOk(clientDownload(it));
      firm.clock.offset += 61_000;
      try {
        expect((await fetch(url)).status).toBe(403);
      } finally {
        firm.clock.offset = 0;
      }
      expect((await fetch(url)).status).toBe(200);
    });

    it("has the name that the person gave it, in every script", async () => {
      const bytes = randomBytes(10);
      const names = ["Escritura nº 1 — «Peñíscola».pdf", "عقد بيع العقار.pdf", "买卖合同（最终版）.pdf", "👩🏽‍⚖️ Sentencia 🏛️.pdf", `${"ñ".repeat(246)}.pdf`, `${"合".repeat(246)}.pdf`, `${"👍".repeat(246)}.pdf`, `"Quoted" 'and' (more); filename=x.exe.pdf`];
      await Promise.all(names.map(async (name) => {
        const it = await uploaded(bytes, { name });
        const { url, fileName } = await expectOk(clientDownload(it));
        const got = await fetch(url);
        const header = got.headers.get("content-disposition") ?? "";
        expect([got.status, fileName, decodeURIComponent(/; filename\*=UTF-8''(\S+)$/.exec(header)?.[1] ?? "")]).toEqual([200, name, name]);
        expect(header).toMatch(/^attachment; filename="[A-Za-z0-9._ -]+"; filename\*=/);
      }));
    });
  });

  const hasSamples = existsSync(samples);
  it.skipIf(!hasSamples)(`takes real files and gives back the same bytes${hasSamples ? "" : " (skipped: ../shared/samples is not there)"}`, async () => {
    const types: Record<string, string> = { pdf: "application/pdf", dcm: "application/dicom", xml: "application/xml", jpg: "image/jpeg" };
    const files = (await readdir(samples)).filter((name) => !name.startsWith("LICENSE"));
    expect(files.length).toBeGreaterThan(10);
    const sampleCase = await firm.createCase(clientId);
    await Promise.all(files.map(async (name) => {
      const [bytes, contentType] = [await readFile(join(samples, name)), types[name.split(".").at(-1) ?? ""] ?? "application/octet-stream"];
      const { documentId } = await uploadDocument(firm.admin.call, sampleCase, { name, contentType, bytes });
      const handOut = await expectOk(firm.admin.call("POST", `/staff/cases/${sampleCase}/documents/${documentId}/download`));
      const got = await fetch(handOut.url);
      expect([name, sha256Of(Buffer.from(await got.arrayBuffer())), got.headers.get("content-type")]).toEqual([name, sha256Of(bytes), contentType]);
    }));
  });
});
