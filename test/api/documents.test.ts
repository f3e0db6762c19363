import type { S3Client } from "@aws-sdk/client-s3";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { singlePutLimit } from "../../lib/domain/upload.ts";
import { expectOk, sha256Of, uploadDocument } from "../../local/caller.ts";
import { formOf, openLink, startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { announce, announceVersion, batchOf, complete, completedEvent, documentStateOf, put, putObject, recordsOf, stateOf, storedEvent, tagsOf, verdictEvent, versionNow, type Announced } from "./probe.ts";

const samples = join(import.meta.dirname, "../../../shared/samples");
const eicar = Buffer.from(["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].join(""));
const maxUploadBytes = 200 * 1024 ** 2;

describe("documents", () => {
  let firm: TestFirm;
  let caseId: string;
  let clientId: string;
  let contact: Person;

  beforeAll(async () => {
    firm = await startTestFirm({ maxUploadBytes });
    clientId = await firm.createClient();
    contact = await firm.inviteContact(clientId);
    caseId = await firm.createCase(clientId);
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { clientId }, resource: {}, level: "read" }));
  });
  afterAll(() => firm.stop());

  const staffDownload = (it: Pick<Announced, "documentId">, versionId?: string) => firm.admin.call("POST", `/staff/cases/${caseId}/documents/${it.documentId}/download`, versionId ? { versionId } : undefined);
  const clientDownload = (it: Pick<Announced, "documentId">) => contact.call("POST", `/client/cases/${caseId}/documents/${it.documentId}/download`);
  const clientSees = async (): Promise<string[]> => (await expectOk(contact.call("GET", `/client/cases/${caseId}/items?limit=100`))).items.map((it: { documentId: string }) => it.documentId);
  const publish = (it: Announced) => firm.admin.call("POST", `/staff/cases/${caseId}/documents/${it.documentId}/versions/${it.versionId}/publish`);
  const bytesOf = async (url: string): Promise<Buffer> => Buffer.from(await (await fetch(url)).arrayBuffer());
  /** Sent and said to be complete, and everything that follows from it has happened. */
  const uploaded = async (bytes: Buffer, more: Readonly<Record<string, unknown>> = {}): Promise<Announced> => {
    const it = await announce(firm, caseId, bytes, more);
    expect((await put(it, bytes)).status).toBe(200);
    await expectOk(complete(firm, caseId, it));
    if (firm.scanner.mode !== "auto") await firm.settle();
    else await expect.poll(async () => { const { state, draft, publishedAt } = await versionNow(firm, caseId, it); return state === "quarantined" || (state === "available" && (draft === true || publishedAt !== undefined)); }, { timeout: 10_000, interval: 30 }).toBeTruthy();
    return it;
  };

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

  describe("what is said of an upload", () => {
    type Word = "complete" | "stored" | "verdict";
    const orders: readonly (readonly Word[])[] = [
      ["complete", "stored", "verdict"], ["complete", "verdict", "stored"], ["stored", "complete", "verdict"], ["stored", "verdict", "complete"], ["verdict", "complete", "stored"], ["verdict", "stored", "complete"],
      // The uploader, or S3's event, never comes.
      ["stored", "verdict"], ["verdict", "stored"], ["complete", "verdict"], ["verdict", "complete"],
    ];

    it("adds up to the same in every order, each said twice or one never, and nothing is there before S3 and the scan were heard", async () => {
      const consumer = documentStateOf(firm);
      const say = async (event: unknown) => { expect(await consumer(batchOf(event))).toEqual({ batchItemFailures: [] }); };
      await firm.settle();
      firm.scanner.mode = "hold";
      firm.bus.hold(true);
      const results: unknown[] = [];
      try {
        for (const order of orders) {
          const bytes = randomBytes(50);
          const it = await announce(firm, caseId, bytes);
          let s3VersionId = "";
          ({ s3VersionId } = await put(it, bytes));
          const said = new Set<Word>();
          for (const word of order) {
            const isHeard = said.has("verdict") && (said.has("stored") || said.has("complete"));
            if (!isHeard) expect((await versionNow(firm, caseId, it))["state"], `${order.join(", ")} before ${word}`).not.toBe("available");
            if (!isHeard) expect((await clientDownload(it)).status).toBe(404);
            said.add(word);
            for (let time = 0; time < 2; time++) {
              if (word === "complete") {
                await expectOk(complete(firm, caseId, it));
                await say(completedEvent({ documentId: it.documentId, versionId: it.versionId } as never));
              } else await say(word === "stored" ? storedEvent(firm.bucket, it.key, s3VersionId) : verdictEvent(firm.bucket, it.key, s3VersionId, "NO_THREATS_FOUND"));
            }
            if (!said.has("verdict") || said.size === 1) expect(await versionTags(it), `${order.join(", ")} after ${word}`).toEqual({});
          }
          const now = await versionNow(firm, caseId, it);
          results.push([now["state"], now["sha256Verified"], now["publishedAt"] !== undefined, await tagsOf(firm, it.documentId, it.versionId), sha256Of(await bytesOf((await expectOk(clientDownload(it))).url)) === sha256Of(bytes)]);
        }
        // Each version's facts became known once, however often they were said.
        const ours = (await recordsOf(firm)).filter((record) => record["who"].kind === "system" && record["about"]?.caseId === caseId && record["at"] >= heldSince);
        expect(Object.fromEntries(["version.stored", "version.scanned", "version.released", "version.published"].map((action) => [action, ours.filter((record) => record["action"] === action).length])))
          .toEqual({ "version.stored": 10, "version.scanned": 10, "version.released": 10, "version.published": 10 });
      } finally {
        firm.bus.hold(false);
        firm.scanner.mode = "auto";
      }
      await firm.settle();
      expect(results).toEqual(orders.map(() => ["available", true, true, { released: "yes" }, true]));
    });
    let heldSince = "";
    const versionTags = async (it: Announced) => tagsOf(firm, it.documentId, it.versionId).catch(() => ({}));
    beforeAll(() => { heldSince = firm.clock().toISOString(); });

    it("at the same moment adds up too", async () => {
      firm.scanner.mode = "hold";
      try {
        const bytes = randomBytes(50);
        const it = await announce(firm, caseId, bytes);
        const { s3VersionId } = await put(it, bytes);
        const words = Array.from({ length: 3 }, () => [
          firm.bus.publish("default", verdictEvent(firm.bucket, it.key, s3VersionId, "NO_THREATS_FOUND")), firm.bus.publish("default", storedEvent(firm.bucket, it.key, s3VersionId)), complete(firm, caseId, it).then(({ status }) => { expect(status).toBe(200); }),
        ]);
        await Promise.all(words.flat());
        await firm.settle();
        expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "available" });
      } finally {
        firm.scanner.mode = "auto";
      }
    });

    it("about another S3 version, another bucket or another object, or by a stranger, is about nothing", async () => {
      firm.scanner.mode = "hold";
      try {
        const bytes = randomBytes(50);
        const it = await announce(firm, caseId, bytes);
        const { s3VersionId } = await put(it, bytes);
        const other = await announce(firm, caseId, bytes);
        const { s3VersionId: otherVersion } = await put(other, bytes);
        await expectOk(complete(firm, caseId, it));
        const clean = (bucket: string, key: string, version: string) => verdictEvent(bucket, key, version, "NO_THREATS_FOUND");
        await firm.bus.publish("default", clean(firm.bucket, it.key, otherVersion));
        await firm.bus.publish("default", clean(firm.bucket, it.key, await putObject(firm, it.key, randomBytes(50))));
        await firm.bus.publish("default", clean(`${firm.bucket}-other`, it.key, s3VersionId));
        await firm.bus.publish("default", clean(firm.bucket, `${it.key}/`, s3VersionId));
        await firm.bus.publish("default", clean(firm.bucket, `x/${it.key}`, s3VersionId));
        await firm.bus.publish("default", { ...clean(firm.bucket, it.key, s3VersionId), source: "aws.guardduty.example" });
        await firm.bus.publish("firm", clean(firm.bucket, it.key, s3VersionId));
        await firm.bus.publish("default", verdictEvent(firm.bucket, it.key, s3VersionId, "SOMETHING_NEW"));
        await firm.bus.publish("default", storedEvent(`${firm.bucket}-other`, it.key, otherVersion));
        await firm.settle();
        expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "scanning" });
        expect(await tagsOf(firm, it.documentId, it.versionId)).toEqual({});
        await firm.bus.publish("default", clean(firm.bucket, it.key, s3VersionId));
        expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "available" });
      } finally {
        firm.scanner.mode = "auto";
      }
    });

    it("about an S3 version that does not exist does not deafen it to the true verdict", async () => {
      firm.scanner.mode = "hold";
      firm.bus.hold(true);
      const consumer = documentStateOf(firm);
      const bytes = randomBytes(50);
      const it = await announce(firm, caseId, bytes);
      const other = await announce(firm, caseId, bytes);
      const { s3VersionId: foreign } = await put(other, bytes);
      await consumer(batchOf(verdictEvent(firm.bucket, it.key, foreign, "NO_THREATS_FOUND")));
      const { s3VersionId } = await put(it, bytes);
      await consumer(batchOf(verdictEvent(firm.bucket, it.key, s3VersionId, "NO_THREATS_FOUND"), storedEvent(firm.bucket, it.key, s3VersionId)));
      await expectOk(complete(firm, caseId, it));
      firm.bus.hold(false);
      firm.scanner.mode = "auto";
      await firm.settle();
      expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "available" });
    });
  });

  describe("what did not pass", () => {
    it("is quarantined when it is infected, and is in no list and no share", async () => {
      const { folderId } = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "With a virus" }));
      const it = await uploaded(eicar, { folderId });
      const fine = await uploaded(randomBytes(20), { folderId, name: "Fine.pdf" });
      expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "quarantined" });
      expect(await tagsOf(firm, it.documentId, it.versionId)).toEqual({ released: "no" });
      expect([(await staffDownload(it)).status, (await staffDownload(it, it.versionId)).status, (await publish(it)).status, (await clientDownload(it)).status]).toEqual([423, 423, 423, 404]);
      const seen = (await expectOk(contact.call("GET", `/client/cases/${caseId}/items?folderId=${folderId}`))).items;
      expect(seen.map((item: { documentId: string }) => item.documentId)).toEqual([fine.documentId]);
      for (const body of [{ folderId }, { documentIds: [it.documentId, fine.documentId] }]) {
        const { path } = await firm.share(caseId, body);
        const { cookie } = await openLink(firm, path);
        const { html, nonce } = await formOf(firm, path, cookie);
        expect(html).toContain(fine.documentId);
        expect(html).not.toContain(it.documentId);
        const answer = await fetch(`${firm.api}${path}/documents/${it.documentId}`, { method: "POST", redirect: "manual", headers: { cookie, "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams({ nonce }) });
        expect(answer.status).toBe(404);
      }
    });

    it("is not available when the scan could not read it or failed", async () => {
      for (const mode of ["UNSUPPORTED", "FAILED"] as const) {
        firm.scanner.mode = mode;
        const it = await uploaded(randomBytes(20));
        firm.scanner.mode = "auto";
        expect((await versionNow(firm, caseId, it))["state"], mode).toBe("held");
        expect([(await staffDownload(it)).status, (await staffDownload(it, it.versionId)).status, (await publish(it)).status, (await clientDownload(it)).status], mode).toEqual([423, 423, 423, 404]);
        expect(await tagsOf(firm, it.documentId, it.versionId), mode).toEqual({});
      }
    });

    it("is not available while the scan has not spoken", async () => {
      firm.scanner.mode = "hold";
      const it = await uploaded(randomBytes(20));
      firm.scanner.mode = "auto";
      expect((await versionNow(firm, caseId, it))["state"]).toBe("scanning");
      expect([(await staffDownload(it)).status, (await staffDownload(it, it.versionId)).status, (await publish(it)).status, (await clientDownload(it)).status]).toEqual([423, 423, 423, 404]);
    });
  });

  describe("versions", () => {
    it("are withdrawn from clients when threats are found in one that was clean before, and stay withdrawn", async () => {
      const bytes = randomBytes(30);
      firm.scanner.mode = "hold";
      const it = await announce(firm, caseId, bytes);
      const { s3VersionId } = await put(it, bytes);
      await expectOk(complete(firm, caseId, it));
      await firm.settle();
      firm.scanner.mode = "auto";
      const say = (status: string) => firm.bus.publish("default", verdictEvent(firm.bucket, it.key, s3VersionId, status));
      await say("NO_THREATS_FOUND");
      await expectOk(clientDownload(it));
      for (const word of ["THREATS_FOUND", "NO_THREATS_FOUND"]) {
        await say(word);
        expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "quarantined" });
        expect((await clientDownload(it)).status).toBe(404);
        expect((await staffDownload(it, it.versionId)).status).toBe(423);
      }
      await firm.settle();
      expect(await tagsOf(firm, it.documentId, it.versionId)).toEqual({ released: "no" });
      expect((await recordsOf(firm)).filter((record) => record["about"].versionId === it.versionId && record["action"] === "version.quarantined")).toHaveLength(1);
      // The one before is not brought back: which version clients shall have is for staff to say.
      expect((await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/documents/${it.documentId}`))).published).toBeNull();
    });

    describe("of which the scan says late that they have threats", () => {
      const scanning = async () => {
        firm.scanner.mode = "hold";
        const bytes = randomBytes(30);
        const it = await announce(firm, caseId, bytes);
        const { s3VersionId } = await put(it, bytes);
        await expectOk(complete(firm, caseId, it));
        await firm.settle();
        firm.scanner.mode = "auto";
        const says = (word: string) => batchOf(verdictEvent(firm.bucket, it.key, s3VersionId, word));
        return { it, clean: says("NO_THREATS_FOUND"), threats: says("THREATS_FOUND") };
      };
      const now = async (it: Announced) => [(await versionNow(firm, caseId, it))["state"], (await clientDownload(it)).status, await tagsOf(firm, it.documentId, it.versionId)];
      /** A consumer that does something else first, or instead, when it calls AWS. */
      const consumerWith = (before: (command: string) => Promise<void>) => documentStateOf(firm, (client) => {
        // The kinds of client share this method but not its type.
        (client as S3Client).middlewareStack.add((next, context) => async (args) => { await before(String(context["commandName"])); return next(args); }, { step: "initialize", name: "before" });
      });

      it("are shut to clients by the write that says so, and lose their tag when the word comes again to a function that died on it", async () => {
        const { it, clean, threats } = await scanning();
        await documentStateOf(firm)(clean);
        expect(await now(it)).toEqual(["available", 200, { released: "yes" }]);
        let writes = 0;
        const dying = consumerWith((command) => ((command === "TransactWriteItemsCommand" && ++writes > 1) || command === "PutObjectTaggingCommand" ? Promise.reject(new Error("The function died.")) : Promise.resolve()));
        const log = console.error;
        console.error = () => undefined;
        expect((await dying(threats)).batchItemFailures).toHaveLength(1);
        console.error = log;
        expect(await now(it)).toEqual(["quarantined", 404, { released: "yes" }]);
        for (let time = 0; time < 2; time++) expect(await documentStateOf(firm)(threats)).toEqual({ batchItemFailures: [] });
        expect(await now(it)).toEqual(["quarantined", 404, { released: "no" }]);
      });

      it("have no tag either where it was being put on them at that moment", async () => {
        const { it, clean, threats } = await scanning();
        let meanwhile = (): Promise<unknown> => documentStateOf(firm)(threats);
        const slow = consumerWith(async (command) => {
          if (command !== "PutObjectTaggingCommand") return;
          const once = meanwhile;
          meanwhile = () => Promise.resolve();
          await once();
        });
        expect(await slow(clean)).toEqual({ batchItemFailures: [] });
        expect(await now(it)).toEqual(["quarantined", 404, { released: "no" }]);
      });
    });

    it("change for clients only when the new one is available", async () => {
      const [first, second] = [randomBytes(30), randomBytes(40)];
      const one = await uploaded(first);
      firm.scanner.mode = "hold";
      const two = await announceVersion(firm, caseId, one.documentId, second);
      const { s3VersionId } = await put(two, second);
      await expectOk(complete(firm, caseId, two));
      await firm.settle();
      firm.scanner.mode = "auto";
      expect(await bytesOf((await expectOk(clientDownload(one))).url)).toEqual(first);
      await firm.bus.publish("default", verdictEvent(firm.bucket, two.key, s3VersionId, "NO_THREATS_FOUND"));
      const now = await expectOk(clientDownload(one));
      expect(await bytesOf(now.url)).toEqual(second);
      expect(now).toMatchObject({ size: 40, sha256: sha256Of(second) });
      expect(await bytesOf((await expectOk(staffDownload(one, one.versionId))).url)).toEqual(first);
    });

    it("that arrive late do not take the place of a newer one", async () => {
      const [first, second, third] = [randomBytes(30), randomBytes(31), randomBytes(32)];
      const one = await uploaded(first);
      const two = await announceVersion(firm, caseId, one.documentId, second);
      const three = await announceVersion(firm, caseId, one.documentId, third);
      for (const [it, bytes] of [[three, third], [two, second]] as const) {
        await put(it, bytes);
        await expectOk(complete(firm, caseId, it));
        await firm.settle();
      }
      expect(await versionNow(firm, caseId, two)).toMatchObject({ state: "available" });
      expect(await bytesOf((await expectOk(clientDownload(one))).url)).toEqual(third);
    });

    it("announced at the same moment are all taken, each with a number of its own", async () => {
      const { documentId } = await announce(firm, caseId, randomBytes(10));
      await Promise.all(Array.from({ length: 4 }, () => announceVersion(firm, caseId, documentId, randomBytes(10))));
      const { items } = await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/documents/${documentId}/versions`));
      expect(items.map((it: { number: number }) => it.number).toSorted()).toEqual([1, 2, 3, 4, 5]);
    });

    it("that are drafts are no client's until they are published", async () => {
      const [first, second] = [randomBytes(30), randomBytes(40)];
      const fresh = await uploaded(first, { draft: true });
      expect(await versionNow(firm, caseId, fresh)).toMatchObject({ state: "available", draft: true });
      expect(await clientSees()).not.toContain(fresh.documentId);
      expect([(await clientDownload(fresh)).status, (await staffDownload(fresh)).status, (await staffDownload(fresh, fresh.versionId)).status]).toEqual([404, 423, 200]);
      expect((await publish(fresh)).body).toMatchObject({ draft: false });
      expect(await clientSees()).toContain(fresh.documentId);

      const next = await announceVersion(firm, caseId, fresh.documentId, second, { draft: true });
      await put(next, second);
      await expectOk(complete(firm, caseId, next));
      await firm.settle();
      expect(await bytesOf((await expectOk(clientDownload(fresh))).url)).toEqual(first);
      await expectOk(publish(next));
      await expectOk(publish(next));
      expect(await bytesOf((await expectOk(clientDownload(fresh))).url)).toEqual(second);
      await expectOk(publish(fresh));
      expect(await bytesOf((await expectOk(clientDownload(fresh))).url)).toEqual(first);
      const mine = (await recordsOf(firm)).filter((record) => record["action"] === "client.download" && record["result"] === "granted" && record["about"].documentId === fresh.documentId);
      expect(mine.map((record) => record["about"].versionId)).toEqual([fresh.versionId, next.versionId, fresh.versionId]);
    });

    it("of another document or case are not this one's", async () => {
      const [one, two] = [await uploaded(randomBytes(10)), await uploaded(randomBytes(10))];
      expect((await staffDownload(one, two.versionId)).status).toBe(404);
      expect((await publish({ ...one, versionId: two.versionId })).status).toBe(404);
      const elsewhere = await firm.createCase(clientId);
      expect((await firm.admin.call("POST", `/staff/cases/${elsewhere}/documents/${one.documentId}/download`)).status).toBe(404);
      expect((await firm.admin.call("POST", `/staff/cases/${elsewhere}/documents/${one.documentId}/versions/${one.versionId}/complete`, {})).status).toBe(404);
    });
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
