import type { S3Client } from "@aws-sdk/client-s3";
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk, sha256Of } from "../../local/caller.ts";
import { bytesOf, openDesk } from "./desk.ts";
import { formOf, openLink } from "./firm.ts";
import { announce, batchOf, complete, completedEvent, documentStateOf, put, putObject, recordsOf, storedEvent, tagsOf, verdictEvent, versionNow, type Announced } from "./probe.ts";

const eicar = Buffer.from(["X5O!P%@AP[4\\PZX54(P^)7CC)7}$", "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].join(""));
const { firm, caseId, contact, staffDownload, clientDownload, publish, uploaded } = await openDesk();

describe("quarantine", () => {
  afterAll(() => firm.stop());

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
  });
});
