import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk } from "../../local/caller.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { announce, announceVersion, complete, completedEvent, put, putObject, storedEvent, verdictEvent, versionNow, type Announced } from "./probe.ts";
import type { About } from "../../lib/domain/event.ts";

const day = 86_400_000;

describe("The version that clients get", () => {
  let firm: TestFirm;
  let contact: Person;
  let caseId: string;
  beforeAll(async () => {
    firm = await startTestFirm();
    const clientId = await firm.createClient();
    [contact, caseId] = [await firm.inviteContact(clientId), await firm.createCase(clientId)];
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { contactId: contact.id }, resource: {}, level: "read" }));
  });
  afterAll(() => firm.stop());

  const of = ({ documentId, versionId }: Announced): string => `/staff/cases/${caseId}/documents/${documentId}/versions/${versionId}`;
  const download = ({ documentId }: Announced) => contact.call("POST", `/client/cases/${caseId}/documents/${documentId}/download`);
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
    expect([await published(one), (await download(one)).status]).toEqual([null, 404]);
    await expectOk(firm.admin.call("POST", `${of(two)}/publish`));
    expect([await published(one), (await download(one)).status]).toEqual([2, 200]);
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
    expect([await published(one), (await download(one)).status]).toEqual([null, 404]);
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
      expect([(await firm.admin.call("GET", `/staff/cases/${caseId}/documents/${it.documentId}`)).status, (await download(it)).status]).toEqual(isThere ? [200, 200] : [404, 404]);
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
