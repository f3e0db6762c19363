import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { casesIn } from "../../lib/adapters/dynamo/cases.ts";
import { documentsIn } from "../../lib/adapters/dynamo/documents.ts";
import { TableLedger } from "../../lib/adapters/dynamo/ledger.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import type { About } from "../../lib/domain/event.ts";
import { firmProfile } from "../../lib/domain/firm.ts";
import { newId, type CaseId, type DocumentId, type MemberId, type VersionId } from "../../lib/domain/ids.ts";
import { toInstant } from "../../lib/domain/time.ts";
import { publishVersion } from "../../lib/usecases/documents.ts";
import { Trail } from "../../lib/usecases/request.ts";
import { expectOk, sha256Of } from "../../local/caller.ts";
import { bytesOf, openDesk } from "./desk.ts";
import { announce, announceVersion, complete, completedEvent, documentClient, put, putObject, recordsOf, storedEvent, verdictEvent, versionNow, type Announced } from "./probe.ts";

const day = 86_400_000;

const { firm, caseId, clientId, staffDownload, clientDownload, clientSees, publish, uploaded } = await openDesk();
afterAll(() => firm.stop());

describe("versions", () => {
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

  it("are published although a job tells the document's way at that moment", async () => {
    const it = await uploaded(randomBytes(33), { draft: true });
    const table = new Table(documentClient(), firm.table);
    const [documents, ledger] = [documentsIn(table), new TableLedger(table)];
    const ids = [caseId as CaseId, it.documentId as DocumentId] as const;
    const request = { principal: { kind: "member", memberId: firm.admin.id as MemberId, role: "admin", advisers: [], name: "Ada Min" }, now: toInstant(firm.clock()), trail: new Trail("versions.publish", "req") } as const;
    let told = 0;
    const commit: TableLedger["commit"] = async (...args) => {
      const document = (await documents.get(...ids))!;
      if (told++ === 0) await ledger.commit({ ...request, trail: new Trail("jobs.step", "job") }, [documents.setHint({ kind: "document", document }, [newId("folder", new Date())])]);
      return ledger.commit(...args);
    };
    await publishVersion({ cases: casesIn(table), firm: firmProfile.parse({ name: "A firm", phone: "1", address: "x", adviserCases: "all" }), documents, ledger: { commit, record: (event) => ledger.record(event), earlier: (asked) => ledger.earlier(asked) } })(request, ...ids, it.versionId as VersionId);
    expect([told, (await documents.get(...ids))?.published?.versionId]).toEqual([2, it.versionId]);
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

describe("the version that clients get", () => {
  const of = ({ documentId, versionId }: Announced): string => `/staff/cases/${caseId}/documents/${documentId}/versions/${versionId}`;
  const published = async ({ documentId }: Announced): Promise<number | null> => (await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/documents/${documentId}`))).published?.number ?? null;
  const stored = new Map<Announced, string>();
  const send = async (it: Announced, bytes: Buffer): Promise<void> => {
    stored.set(it, (await put(it, bytes)).s3VersionId);
    await expectOk(complete(firm, caseId, it));
    await firm.settle();
  };
  /** Three versions, of which the second comes last. */
  const three = async (): Promise<readonly [Announced, Announced, Announced]> => {
    const bytes = [1, 2, 3].map(() => randomBytes(30)) as [Buffer, Buffer, Buffer]; // map forgets that they are three
    const one = await announce(firm, caseId, bytes[0]);
    const [two, last] = [await announceVersion(firm, caseId, one.documentId, bytes[1]), await announceVersion(firm, caseId, one.documentId, bytes[2])];
    await send(one, bytes[0]);
    await send(last, bytes[2]);
    await send(two, bytes[1]);
    return [one, two, last];
  };
  /** What may come again at any time: the uploader's word, and the events of S3, the scan and the outbox. */
  const everythingAgain = async (it: Announced): Promise<void> => {
    await expectOk(complete(firm, caseId, it));
    await firm.bus.publish("firm", completedEvent({ documentId: it.documentId, versionId: it.versionId } as About)); // ids as the API wrote them
    await firm.bus.publish("default", storedEvent(firm.bucket, it.key, stored.get(it) ?? ""));
    await firm.bus.publish("default", verdictEvent(firm.bucket, it.key, stored.get(it) ?? "", "NO_THREATS_FOUND"));
    await firm.settle();
  };

  it("is the last one that was sent for them, whichever arrived last", async () => {
    const [one] = await three();
    expect(await published(one)).toBe(3);
  });

  it("stays the earlier one that staff went back to, whatever is said again of those in between", async () => {
    const [one, two] = await three();
    await expectOk(firm.admin.call("POST", `${of(one)}/publish`));
    await everythingAgain(two);
    expect(await published(one)).toBe(1);
  });

  it("is none after threats were found in it, until staff say which; and of one sent later than all before, that one", async () => {
    const [one, two, last] = await three();
    await firm.bus.publish("default", verdictEvent(firm.bucket, last.key, stored.get(last) ?? "", "THREATS_FOUND"));
    await firm.settle();
    for (const it of [one, two]) await everythingAgain(it);
    expect([await published(one), (await clientDownload(one)).status]).toEqual([null, 404]);
    await expectOk(firm.admin.call("POST", `${of(two)}/publish`));
    expect([await published(one), (await clientDownload(one)).status]).toEqual([2, 200]);
    const bytes = randomBytes(40);
    await send(await announceVersion(firm, caseId, one.documentId, bytes), bytes);
    expect(await published(one)).toBe(4);
  });

  it("waits for the scan's word on its own bytes, whatever the scan said of others", async () => {
    firm.scanner.mode = "hold";
    const bytes = randomBytes(20);
    const it = await announce(firm, caseId, bytes);
    const { s3VersionId } = await put(it, bytes);
    const other = await putObject(firm, it.key, randomBytes(20));
    await firm.bus.publish("default", verdictEvent(firm.bucket, it.key, other, "NO_THREATS_FOUND"));
    await firm.settle();
    await expectOk(complete(firm, caseId, it));
    await firm.settle();
    expect([(await versionNow(firm, caseId, it))["state"], await published(it)]).toEqual(["scanning", null]);
    await firm.bus.publish("default", verdictEvent(firm.bucket, it.key, s3VersionId, "NO_THREATS_FOUND"));
    await firm.settle();
    firm.scanner.mode = "auto";
    expect([(await versionNow(firm, caseId, it))["state"], await published(it)]).toEqual(["available", 1]);
  });

  it("is never one that was not stored as announced, was given up, waits, or has threats: nobody can publish it", async () => {
    const bytes = randomBytes(20);
    const publishable = async (it: Announced): Promise<unknown[]> => [(await versionNow(firm, caseId, it))["state"], (await firm.admin.call("POST", `${of(it)}/publish`)).status];
    const one = await announce(firm, caseId, bytes);
    expect(await publishable(one)).toEqual(["pending", 423]);
    const other = await announceVersion(firm, caseId, one.documentId, bytes);
    await putObject(firm, other.key, randomBytes(20)); // as nobody but an attacker could: the URL takes the announced bytes alone
    await firm.settle();
    expect(await publishable(other)).toEqual(["rejected", 423]);
    const ended = await announceVersion(firm, caseId, one.documentId, bytes);
    await expectOk(firm.admin.call("POST", `${of(ended)}/abort`));
    expect(await publishable(ended)).toEqual(["aborted", 423]);
    for (const [mode, state] of [["THREATS_FOUND", "quarantined"], ["FAILED", "held"], ["UNSUPPORTED", "held"], ["hold", "scanning"]] as const) {
      firm.scanner.mode = mode;
      const it = await announceVersion(firm, caseId, one.documentId, bytes);
      await send(it, bytes);
      expect(await publishable(it)).toEqual([state, 423]);
    }
    firm.scanner.mode = "auto";
    expect([await published(one), (await clientDownload(one)).status]).toEqual([null, 404]);
  });

  it("is there or given up, and not both, where completing and giving up come at once", async () => {
    for (let round = 0; round < 12; round++) {
      const bytes = randomBytes(20);
      const it = await announce(firm, caseId, bytes);
      if (round % 3 === 0) firm.bus.hold(true);
      await put(it, bytes);
      const calls = [() => complete(firm, caseId, it), () => firm.admin.call("POST", `${of(it)}/abort`)];
      const [said, ended] = await Promise.all(round % 2 === 0 ? calls.map((call) => call()) : calls.toReversed().map((call) => call()).toReversed());
      firm.bus.hold(false);
      await firm.settle();
      const isThere = said?.status === 200;
      // The document of an upload that was given up is gone.
      expect([said?.status, ended?.status], String(round)).toEqual(isThere ? [200, 409] : [expect.toBeOneOf([404, 409]), 200]);
      expect([(await firm.admin.call("GET", `/staff/cases/${caseId}/documents/${it.documentId}`)).status, (await clientDownload(it)).status]).toEqual(isThere ? [200, 200] : [404, 404]);
    }
  });

  it("gives its document's name back when all of several uploads are given up at once", async () => {
    for (let round = 0; round < 5; round++) {
      const name = `Given up ${round}.pdf`;
      const first = await announce(firm, caseId, randomBytes(10), { name });
      const all = [first, await announceVersion(firm, caseId, first.documentId, randomBytes(11)), await announceVersion(firm, caseId, first.documentId, randomBytes(12))];
      const answers = await Promise.all(all.map((it) => firm.admin.call("POST", `${of(it)}/abort`)));
      expect(answers.map((it) => it.status)).toEqual([200, 200, 200]);
      expect((await firm.admin.call("GET", `/staff/cases/${caseId}/documents/${first.documentId}`)).status).toBe(404);
      await announce(firm, caseId, randomBytes(10), { name });
    }
  });

  it("is said to be unscanned for ever, if staff let it through, and what the scan could not read never to be scanned", async () => {
    firm.scanner.mode = "UNSUPPORTED";
    const bytes = randomBytes(20);
    const it = await announce(firm, caseId, bytes);
    await send(it, bytes);
    const other = await announceVersion(firm, caseId, it.documentId, bytes);
    await send(other, bytes);
    firm.scanner.mode = "auto";
    expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "held", scanned: false });
    expect((await firm.admin.call("POST", `${of(it)}/release`, { reason: "\u200d" })).status).toBe(400);
    await expectOk(firm.admin.call("POST", `${of(it)}/release`, { reason: "It is a drawing." }));
    await firm.settle();
    await expectOk(firm.admin.call("DELETE", `/staff/cases/${caseId}/documents/${it.documentId}`));
    firm.clock.offset += 91 * day;
    await firm.bus.fire("daily");
    await firm.settle();
    firm.clock.offset = 0;
    for (const each of [it, other]) expect(await versionNow(firm, caseId, each)).toMatchObject({ state: "purged", scanned: false });
  });
});
