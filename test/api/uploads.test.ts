import { HeadObjectCommand, ListMultipartUploadsCommand, ListPartsCommand, S3Client } from "@aws-sdk/client-s3";
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { singlePutLimit } from "../../lib/domain/upload.ts";
import { expectOk, sha256Of } from "../../local/caller.ts";
import { startTestFirm, type TestFirm } from "./firm.ts";
import { announceInParts, large, partCount, partSize, sendPart, sendParts, urlsOf, type InParts } from "./in-parts.ts";
import { announce, announceVersion, batchOf, complete, completedEvent, documentStateOf, put, putObject, recordsOf, versionNow, verdictEvent } from "./probe.ts";

const maxUploadBytes = 1024 ** 3;

describe("a file in parts", () => {
  let firm: TestFirm;
  let caseId: string;
  let documents: string;
  let s3: S3Client;
  /** The next answer of S3 to this command is lost with the function that waited for it. */
  let dieAfter = "";

  beforeAll(async () => {
    firm = await startTestFirm({ maxUploadBytes }, { watch: (name, client) => {
      if (name !== "staff-api" || !(client instanceof S3Client)) return;
      client.middlewareStack.add((next, context) => async (args) => {
        const answer = await next(args);
        if (context["commandName"] !== dieAfter) return answer;
        dieAfter = "";
        throw new Error("The function died.");
      }, { step: "initialize", name: "die" });
    } });
    caseId = await firm.createCase(await firm.createClient());
    documents = `/staff/cases/${caseId}/documents`;
    s3 = new S3Client({});
    firm.scanner.mode = "NO_THREATS_FOUND"; // reads no hundred megabytes to say so
  });
  afterAll(async () => { s3.destroy(); await firm.stop(); });

  const begin = (more: Readonly<Record<string, unknown>> = {}) => announceInParts(firm.admin.call, documents, more);
  const completes = (at: InParts, parts?: readonly unknown[]) => firm.admin.call("POST", `${at.path}/complete`, parts ? { parts } : {});
  const now = async ({ documentId, versionId }: InParts) => versionNow(firm, caseId, { documentId, versionId, key: "", upload: { url: "", headers: {} } });
  const becomes = async (it: InParts, state: string) => expect.poll(async () => (await now(it))["state"], { timeout: 30_000, interval: 100 }).toBe(state);
  const uploadsInS3 = async (key: string): Promise<number> => ((await s3.send(new ListMultipartUploadsCommand({ Bucket: firm.bucket, Prefix: key }))).Uploads ?? []).length;
  const holds = async (key: string): Promise<boolean> => s3.send(new HeadObjectCommand({ Bucket: firm.bucket, Key: key })).then(() => true, () => false);
  const refusal = async (answer: ReturnType<TestFirm["admin"]["call"]>) => { const { status, body } = await answer; return { status, code: body.code, paths: body.errors?.map((it: { path: string }) => it.path) }; };

  it("is announced with its parts, sent in any order, and comes to the same bytes under a composite that anybody can compute", async () => {
    const sha256 = sha256Of(large);
    const it = await begin({ sha256 });
    expect(await now(it)).toMatchObject({ state: "pending", checksumType: "composite", sha256, sha256Verified: false, multipart: { partSize, partCount } });
    const sent = await sendParts(firm.admin.call, it, [7, 3, 1, 2, 6, 5, 4]);
    expect((await expectOk(completes(it, sent.toSorted((a, b) => a.partNumber - b.partNumber))))).toMatchObject({ checksumType: "composite", sha256Verified: false });
    await becomes(it, "available");
    const composite = createHash("sha256");
    for (let at = 0; at < large.length; at += partSize) composite.update(createHash("sha256").update(large.subarray(at, at + partSize)).digest());
    const known = { sha256, checksumType: "composite", composite: { sha256: `${composite.digest("hex")}-${partCount}`, partSize } };
    expect(await now(it)).toMatchObject({ state: "available", sha256Verified: false, scanned: true, ...known });
    const handOut = await expectOk(firm.admin.call("POST", `${it.document}/download`));
    expect(handOut).toMatchObject({ size: large.length, ...known });
    expect(sha256Of(new Uint8Array(await (await fetch(handOut.url)).arrayBuffer()))).toBe(sha256);
    expect((await expectOk(firm.admin.call("GET", it.document))).published).toMatchObject({ ...known, scanned: true });
    expect(await uploadsInS3(it.key)).toBe(0);
  });

  it("goes on where it was interrupted, on a machine that knows nothing but where to ask", async () => {
    const it = await begin();
    await sendParts(firm.admin.call, it, [1, 2, 5]);
    firm.clock.offset += 12 * 3600_000; // the next morning, every URL long over
    try {
      const colleague = { ...it };
      const page = await expectOk(firm.admin.call("GET", `${colleague.path}/parts?limit=2`));
      expect(page.items).toEqual([1, 2].map((partNumber) => ({ partNumber, size: partSize, etag: expect.stringMatching(/^"[0-9a-f]{32}"$/), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })));
      const rest = await expectOk(firm.admin.call("GET", `${colleague.path}/parts?limit=2&cursor=${page.nextCursor}`));
      expect([rest.items.map((part: { partNumber: number }) => part.partNumber), rest.nextCursor]).toEqual([[5], null]);
      await sendParts(firm.admin.call, colleague, [3, 4, 6, 7]);
    } finally {
      firm.clock.offset = 0;
    }
    await expectOk(completes(it));
    await becomes(it, "available");
  });

  it("is refused, naming the field, when parts are missing, swapped, repeated, too many or not what S3 holds; then completes all the same", async () => {
    const it = await begin();
    expect(await refusal(completes(it))).toEqual({ status: 400, code: "invalid_request", paths: Array.from({ length: 7 }, (_, index) => `body.parts.${index}`) });
    const parts = [...await sendParts(firm.admin.call, it, [1, 2, 3, 5, 6, 7])];
    expect(await refusal(completes(it))).toMatchObject({ status: 400, paths: ["body.parts.3"] });
    parts.splice(3, 0, ...await sendParts(firm.admin.call, it, [4]));
    const [first, second, third, ...others] = parts as [typeof parts[0], typeof parts[0], typeof parts[0]];
    const cases: readonly (readonly [string, readonly unknown[], readonly string[]])[] = [
      ["none named", [], ["body.parts"]],
      ["the last one missing", parts.slice(0, -1), ["body.parts.6.partNumber"]],
      ["swapped", [second, first, third, ...others], ["body.parts.0.partNumber", "body.parts.1.partNumber"]],
      ["swapped under their numbers", [{ ...second, partNumber: 1 }, { ...first, partNumber: 2 }, third, ...others], ["body.parts.0.etag", "body.parts.1.etag"]],
      ["repeated", [first, first, third, ...others], ["body.parts.1.partNumber"]],
      ["one too many", [...parts, { ...third, partNumber: 8 }], ["body.parts.7"]],
      ["another hash", [{ ...first, sha256: "a".repeat(64) }, second, third, ...others], ["body.parts.0.sha256"]],
      ["another etag", [{ ...first, etag: '"00000000000000000000000000000000"' }, second, third, ...others], ["body.parts.0.etag"]],
      ["no etag", [{ partNumber: 1, sha256: first.sha256 }], ["body.parts.0.etag"]],
      ["more than there can be", Array.from({ length: 10_001 }, () => first), ["body.parts"]],
    ];
    for (const [what, named, paths] of cases) expect([what, await refusal(completes(it, named))]).toEqual([what, { status: 400, code: "invalid_request", paths }]);
    expect(await now(it)).toMatchObject({ state: "pending" });
    expect(await holds(it.key)).toBe(false);
    await expectOk(completes(it, parts));
    await becomes(it, "available");
  });

  it("takes for a part the bytes of its hash and its length, and no others", async () => {
    const it = await begin();
    const [url] = await urlsOf(firm.admin.call, it, [7]);
    const right = large.subarray(6 * partSize);
    expect((await sendPart(url!, Buffer.from(right).fill(1))).status, "other bytes").toBe(400);
    expect((await sendPart(url!, right.subarray(1))).status, "fewer bytes").toBe(403);
    expect((await sendPart({ ...url!, headers: { "x-amz-checksum-sha256": Buffer.alloc(32).toString("base64") } }, right)).status, "another checksum").toBe(403);
    expect((await sendPart({ ...url!, headers: {} }, right)).status, "no checksum").toBe(403);
    expect((await sendPart({ ...url!, url: url!.url.replace("partNumber=7", "partNumber=6") }, right)).status, "another part").toBe(403);
    expect((await s3.send(new ListPartsCommand({ Bucket: firm.bucket, Key: it.key, UploadId: new URL(url!.url).searchParams.get("uploadId") ?? "" }))).Parts ?? []).toEqual([]);
    // The last word counts: a part may be asked for again, with other bytes too.
    expect((await sendPart(url!)).status).toBe(200);
    expect((await sendPart(url!)).status).toBe(200);
    await expectOk(firm.admin.call("POST", `${it.path}/abort`));
    expect((await sendPart(url!)).status, "after giving up").toBe(404);
  });

  it("is asked for by parts that it has, at most a hundred at a time, each once", async () => {
    const it = await begin();
    const sha256 = "a".repeat(64);
    const ask = (parts: unknown) => refusal(firm.admin.call("POST", `${it.path}/parts`, { parts }));
    const refused: readonly (readonly [unknown, readonly string[]])[] = [
      [[], ["body.parts"]], [Array.from({ length: 101 }, (_, index) => ({ partNumber: index + 1, sha256 })), ["body.parts"]],
      [[{ partNumber: 0, sha256 }], ["body.parts.0.partNumber"]], [[{ partNumber: -1, sha256 }], ["body.parts.0.partNumber"]], [[{ partNumber: 1.5, sha256 }], ["body.parts.0.partNumber"]],
      [[{ partNumber: 10_001, sha256 }], ["body.parts.0.partNumber"]], [[{ partNumber: 1, sha256 }, { partNumber: 8, sha256 }], ["body.parts.1.partNumber"]],
      [[{ partNumber: 1, sha256 }, { partNumber: 1, sha256: "b".repeat(64) }], ["body.parts.1.partNumber"]],
      [[{ partNumber: 1 }], ["body.parts.0.sha256"]], [[{ partNumber: 1, sha256: "A".repeat(64) }], ["body.parts.0.sha256"]], [[{ partNumber: 1, sha256, size: 5 }], ["body.parts.0.size"]],
    ];
    for (const [parts, paths] of refused) expect([parts, await ask(parts)]).toEqual([parts, { status: 400, code: "invalid_request", paths }]);
    const single = await announce(firm, caseId, randomBytes(10));
    const ofSingle = `${documents}/${single.documentId}/versions/${single.versionId}`;
    expect(await refusal(firm.admin.call("POST", `${ofSingle}/parts`, { parts: [{ partNumber: 1, sha256 }] }))).toMatchObject({ status: 409 });
    expect(await refusal(firm.admin.call("GET", `${ofSingle}/parts`))).toMatchObject({ status: 409 });
    expect(await refusal(firm.admin.call("POST", `${ofSingle}/complete`, { parts: [{ partNumber: 1, etag: "x", sha256 }] }))).toMatchObject({ status: 400, paths: ["body.parts"] });
    // Another's version under this document, and this one under another's.
    for (const [documentId, versionId] of [[single.documentId, it.versionId], [it.documentId, single.versionId]])
      for (const [method, verb, body] of [["POST", "complete", {}], ["POST", "abort", undefined], ["GET", "parts", undefined], ["POST", "parts", { parts: [{ partNumber: 1, sha256 }] }]] as const)
        expect(await refusal(firm.admin.call(method, `${documents}/${documentId}/versions/${versionId}/${verb}`, body))).toMatchObject({ status: 404 });
    await expectOk(firm.admin.call("POST", `${it.path}/abort`));
  });

  it("above the firm's limit is refused, and what S3 began for an announcement that fails is ended", async () => {
    expect(await refusal(firm.admin.call("POST", documents, { name: "Huge.zip", contentType: "application/zip", size: maxUploadBytes + 1 }))).toEqual({ status: 413, code: "too_large", paths: ["body.size"] });
    const it = await begin({ name: "Taken.zip" });
    expect(await refusal(firm.admin.call("POST", documents, { name: "TAKEN.zip", contentType: "application/zip", size: singlePutLimit + 1 }))).toEqual({ status: 409, code: "conflict", paths: ["body.name"] });
    const open = (await s3.send(new ListMultipartUploadsCommand({ Bucket: firm.bucket }))).Uploads ?? [];
    expect(open.map(({ Key }) => Key)).toEqual([it.key]);
    await expectOk(firm.admin.call("POST", `${it.path}/abort`));
  });

  it("announced twice under one key is one upload", async () => {
    const body = { name: "Once.zip", contentType: "application/zip", size: large.length };
    const twice = await Promise.all([0, 1].map(() => expectOk(firm.admin.call("POST", documents, body, { "idempotency-key": "in-parts" }))));
    expect(twice[0].version.versionId).toBe(twice[1].version.versionId);
    expect(twice[1].upload).toEqual({ kind: "multipart", partSize, partCount });
    const key = `${twice[0].document.documentId}/${twice[0].version.versionId}`;
    expect((await s3.send(new ListMultipartUploadsCommand({ Bucket: firm.bucket }))).Uploads?.map(({ Key }) => Key)).toEqual([key]);
    await expectOk(firm.admin.call("POST", `${documents}/${key.replace("/", "/versions/")}/abort`));
    expect(await refusal(firm.admin.call("POST", documents, body, { "idempotency-key": "in-parts" }))).toMatchObject({ status: 404 });
  });

  describe("when the function dies after S3 joined the parts", () => {
    const sentAndDied = async (): Promise<{ at: InParts; sent: Awaited<ReturnType<typeof sendParts>> }> => {
      const at = await begin();
      const sent = await sendParts(firm.admin.call, at);
      const log = console.error;
      console.error = () => undefined;
      dieAfter = "CompleteMultipartUploadCommand";
      expect((await completes(at, sent)).status).toBe(500);
      console.error = log;
      return { at, sent };
    };

    it("is finished by saying complete again, with or without the parts, however often", async () => {
      firm.bus.hold(true);
      const { at, sent } = await sentAndDied();
      expect(await now(at)).toMatchObject({ state: "pending" });
      for (const parts of [sent, undefined, sent]) expect(await expectOk(completes(at, parts))).toMatchObject({ versionId: at.versionId });
      firm.bus.hold(false);
      await becomes(at, "available");
      expect(await expectOk(completes(at))).toMatchObject({ state: "available" });
      expect((await recordsOf(firm)).filter((it) => it["about"].versionId === at.versionId && it["action"] === "version.sealed")).toHaveLength(1);
    });

    it("is finished by S3's own event when nobody says so", async () => {
      const { at } = await sentAndDied();
      await becomes(at, "available");
    });

    it("is finished by complete when S3's event never comes", async () => {
      firm.bus.hold(true);
      firm.scanner.mode = "hold";
      try {
        const { at } = await sentAndDied();
        await expectOk(completes(at));
        const consumer = documentStateOf(firm);
        await consumer(batchOf(completedEvent({ documentId: at.documentId, versionId: at.versionId } as never)));
        const { VersionId = "" } = await s3.send(new HeadObjectCommand({ Bucket: firm.bucket, Key: at.key }));
        await consumer(batchOf(verdictEvent(firm.bucket, at.key, VersionId, "NO_THREATS_FOUND")));
        expect(await now(at)).toMatchObject({ state: "available" });
      } finally {
        firm.bus.hold(false);
        firm.scanner.mode = "NO_THREATS_FOUND";
      }
      await firm.settle();
    });
  });

  it("whose parts nobody named is rejected, whatever lies under its key", async () => {
    const it = await begin();
    await putObject(firm, it.key, randomBytes(100));
    await firm.settle();
    expect(await now(it)).toMatchObject({ state: "rejected" });
    expect((await firm.admin.call("POST", `${it.document}/download`, { versionId: it.versionId })).status).toBe(423);
    await expectOk(firm.admin.call("POST", `${it.path}/abort`));
  });

  describe("given up", () => {
    it("is over at once: its parts are dropped, its name is free, and it is in no list", async () => {
      const at = await begin({ name: "Given up.zip" });
      const sent = await sendParts(firm.admin.call, at, [1]);
      expect(await expectOk(firm.admin.call("POST", `${at.path}/abort`))).toMatchObject({ state: "aborted" });
      expect([await uploadsInS3(at.key), await holds(at.key)]).toEqual([0, false]);
      expect((await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/items?limit=100`))).items.map((it: { name: string }) => it.name)).not.toContain("Given up.zip");
      for (const [method, path] of [["GET", at.document], ["GET", `${at.path}/parts`], ["POST", `${at.path}/abort`]] as const) expect((await firm.admin.call(method, path)).status).toBe(404);
      expect((await completes(at, sent)).status).toBe(404);
      await firm.upload(caseId, "Given up.zip");
    });

    it("as a later version leaves the document and its published version, and stays among its versions", async () => {
      const documentId = await firm.upload(caseId, "Stays.pdf");
      const bytes = randomBytes(20);
      const second = await announceVersion(firm, caseId, documentId, bytes);
      const path = `${documents}/${documentId}/versions/${second.versionId}`;
      for (let time = 0; time < 2; time++) expect(await expectOk(firm.admin.call("POST", `${path}/abort`))).toMatchObject({ state: "aborted" });
      expect(await refusal(firm.admin.call("POST", `${path}/complete`))).toMatchObject({ status: 409 });
      // Its URL is good for minutes yet: what it brings is nobody's, and says nothing of the version.
      await put(second, bytes);
      await putObject(firm, second.key, randomBytes(21));
      await firm.settle();
      expect(await versionNow(firm, caseId, second)).toMatchObject({ state: "aborted" });
      expect((await recordsOf(firm)).filter((it) => it["about"].versionId === second.versionId && it["action"] === "version.stored")).toEqual([]);
      expect((await firm.admin.call("POST", `${documents}/${documentId}/download`, { versionId: second.versionId })).status).toBe(423);
      expect((await expectOk(firm.admin.call("GET", `${documents}/${documentId}`))).published.number).toBe(1);
    });

    it("frees the name only when nothing else is on its way", async () => {
      const one = await announce(firm, caseId, randomBytes(10));
      const two = await announceVersion(firm, caseId, one.documentId, randomBytes(11));
      const abort = ({ documentId, versionId }: typeof one) => firm.admin.call("POST", `${documents}/${documentId}/versions/${versionId}/abort`);
      await expectOk(abort(one));
      expect((await firm.admin.call("GET", `${documents}/${one.documentId}`)).status).toBe(200);
      await expectOk(abort(two));
      expect((await firm.admin.call("GET", `${documents}/${one.documentId}`)).status).toBe(404);
    });

    it("is no longer possible once S3 holds the bytes", async () => {
      const bytes = randomBytes(10);
      const it = await announce(firm, caseId, bytes);
      await put(it, bytes);
      await expectOk(complete(firm, caseId, it));
      const abort = () => refusal(firm.admin.call("POST", `${documents}/${it.documentId}/versions/${it.versionId}/abort`));
      expect(await abort()).toMatchObject({ status: 409 });
      await firm.settle();
      expect(await abort()).toMatchObject({ status: 409 });
      expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "available" });
    });
  });
});
