import { HeadObjectCommand, ListMultipartUploadsCommand, ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { casesIn } from "../../lib/adapters/dynamo/cases.ts";
import { documentsIn } from "../../lib/adapters/dynamo/documents.ts";
import { grantsIn } from "../../lib/adapters/dynamo/grants.ts";
import { TableLedger } from "../../lib/adapters/dynamo/ledger.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import { objectsIn } from "../../lib/adapters/s3.ts";
import { newId } from "../../lib/domain/ids.ts";
import { plusDays, toInstant, type Instant } from "../../lib/domain/time.ts";
import { Trail } from "../../lib/usecases/request.ts";
import { Round } from "../../lib/usecases/round.ts";
import { sweepUploads } from "../../lib/usecases/sweep.ts";
import { expectOk } from "../../local/caller.ts";
import { startTestFirm, type TestFirm } from "./firm.ts";
import { announceInParts, sendParts } from "./in-parts.ts";
import { announce, announceVersion, complete, documentClient, put, putObject, recordsOf, scan, verdictEvent, versionNow, type Announced } from "./probe.ts";

describe("the sweep of unfinished uploads", () => {
  let firm: TestFirm;
  let clientId: string;
  let caseId: string;
  let documents: string;
  let s3: S3Client;
  let ports: Parameters<typeof sweepUploads>[0];
  let begun: Instant;

  beforeAll(async () => {
    firm = await startTestFirm({ maxUploadBytes: 1024 ** 3 });
    clientId = await firm.createClient();
    caseId = await firm.createCase(clientId);
    documents = `/staff/cases/${caseId}/documents`;
    s3 = new S3Client({});
    const table = new Table(documentClient(), firm.table);
    ports = { ledger: new TableLedger(table), cases: casesIn(table), documents: documentsIn(table), grants: grantsIn(table), objects: objectsIn(s3, firm.bucket, firm.clock) };
    begun = toInstant(firm.clock());
  });
  afterAll(async () => { s3.destroy(); await firm.stop(); });

  const sweep = async (days: number, limit = 100, deps = ports, round = new Round()) => {
    const now = plusDays(begun, days);
    const seen = await sweepUploads(deps)({ principal: { kind: "system", name: "jobs" }, now, trail: new Trail("uploads.sweep", newId("httpRequest", new Date(now))) }, round, limit);
    if (!seen.more) round.end();
    return seen;
  };
  /** Until nothing is due any more. */
  const sweepAll = async (days: number): Promise<void> => { while ((await sweep(days)).swept > 0); };
  const versionsIn = async (key: string): Promise<number> => ((await s3.send(new ListObjectVersionsCommand({ Bucket: firm.bucket, Prefix: key }))).Versions ?? []).length;
  const uploadsOpen = async (): Promise<number> => ((await s3.send(new ListMultipartUploadsCommand({ Bucket: firm.bucket }))).Uploads ?? []).length;
  const unfinished = async (): Promise<string[]> => (await scan(firm)).filter((it) => it["list"] === "UPLOADS").map((it) => it["versionId"]);
  const status = async ({ documentId }: Pick<Announced, "documentId">) => (await firm.admin.call("GET", `${documents}/${documentId}`)).status;

  it("leaves an upload alone for a week, ends it then, and a day later leaves nothing of it in S3, in the lists or in the table", async () => {
    const single = await announce(firm, caseId, randomBytes(10), { name: "Never sent.pdf" });
    const parted = await announceInParts(firm.admin.call, documents, { name: "Never finished.zip" });
    await sendParts(firm.admin.call, parted, [1]);
    expect(await sweep(6)).toEqual({ swept: 0, more: false });
    expect([await status(single), await status(parted), await uploadsOpen()]).toEqual([200, 200, 1]);
    expect(await sweep(8)).toEqual({ swept: 2, more: false });
    expect([await status(single), await status(parted), await uploadsOpen()]).toEqual([404, 404, 0]);
    for (const name of ["Never sent.pdf", "Never finished.zip"]) await firm.upload(caseId, name);
    // A URL signed in the last minutes of the week: its bytes come after the first visit.
    expect((await put(single, randomBytes(10))).status).toBe(400);
    const late = await putObject(firm, single.key, randomBytes(10));
    expect(late).not.toBe("");
    await firm.settle();
    expect(await sweep(8)).toEqual({ swept: 0, more: false });
    expect(await sweep(10)).toEqual({ swept: 2, more: false });
    expect([await versionsIn(single.key), await unfinished()]).toEqual([0, []]);
    expect((await scan(firm)).filter((it) => it["pk"] === single.documentId || it["pk"] === parted.documentId)).toEqual([]);
    const records = (await recordsOf(firm)).filter((it) => it["about"].versionId === single.versionId && it["who"].id === "jobs");
    expect(records.map((it) => [it["action"], it["who"].id, it["about"].caseId])).toEqual([["version.aborted", "jobs", caseId], ["version.swept", "jobs", caseId]]);
  });

  it("takes the grants along that were given on a document of which nothing ever came", async () => {
    const contact = await firm.inviteContact(clientId);
    const { documentId } = await announce(firm, caseId, randomBytes(10));
    const { grantId } = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { contactId: contact.id }, resource: { documentId }, level: "read" }));
    await sweepAll(8);
    await sweepAll(10);
    expect((await contact.call("GET", `/client/cases/${caseId}`)).status).toBe(404);
    expect((await recordsOf(firm)).filter((it) => it["about"].grantId === grantId).map((it) => [it["action"], it["who"].kind, it["about"].documentId, it["about"].clientId])).toEqual([
      ["grants.give", "member", documentId, clientId], ["grants.revoked", "system", documentId, clientId],
    ]);
  });

  it("takes what was given up by hand a day later, and keeps a later version that was, without its bytes", async () => {
    const documentId = await firm.upload(caseId, "Keeps.pdf");
    const bytes = randomBytes(20);
    const second = await announceVersion(firm, caseId, documentId, bytes);
    await expectOk(firm.admin.call("POST", `${documents}/${documentId}/versions/${second.versionId}/abort`));
    await put(second, bytes);
    await firm.settle();
    expect(await sweep(0.5)).toEqual({ swept: 0, more: false });
    expect(await sweep(2)).toEqual({ swept: 1, more: false });
    expect(await versionsIn(second.key)).toBe(0);
    expect(await versionNow(firm, caseId, second)).toMatchObject({ state: "aborted" });
    expect(await unfinished()).toEqual([]);
    expect((await expectOk(firm.admin.call("POST", `${documents}/${documentId}/download`))).size).toBe(2000);
  });

  it("tells of an upload whose every event was lost, instead of ending it", async () => {
    const bytes = randomBytes(30);
    const it = await announce(firm, caseId, bytes, { draft: true });
    firm.scanner.mode = "hold";
    firm.bus.hold(true);
    await put(it, bytes);
    expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "pending" });
    expect(await sweep(8)).toEqual({ swept: 1, more: false });
    expect((await recordsOf(firm)).filter((record) => record["action"] === "version.found").map((record) => record["about"].versionId)).toEqual([it.versionId]);
    firm.bus.hold(false);
    firm.scanner.mode = "auto";
    await firm.settle();
    expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "received" });
    await sweepAll(30);
    expect([(await versionNow(firm, caseId, it))["state"], await versionsIn(it.key)]).toEqual(["held", 1]);
  });

  it("removes bytes that were not the announced ones, and still says that they were rejected", async () => {
    const it = await announce(firm, caseId, randomBytes(30));
    await putObject(firm, it.key, randomBytes(31));
    await firm.settle();
    expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "rejected" });
    await sweepAll(8);
    expect(await status(it)).toBe(404);
    await sweepAll(10);
    expect(await versionsIn(it.key)).toBe(0);
  });

  it("never touches what is finished, whatever became of it", async () => {
    const bytes = randomBytes(12);
    const finished: Announced[] = [];
    for (const mode of ["NO_THREATS_FOUND", "THREATS_FOUND", "UNSUPPORTED", "hold"] as const) {
      firm.scanner.mode = mode;
      const it = await announce(firm, caseId, bytes);
      await put(it, bytes);
      if (mode !== "hold") await expectOk(complete(firm, caseId, it));
      await firm.settle();
      finished.push(it);
    }
    firm.scanner.mode = "auto";
    const before = await Promise.all(finished.map(async (it) => (await versionNow(firm, caseId, it))["state"]));
    expect(before).toEqual(["available", "quarantined", "held", "received"]);
    await sweepAll(400);
    // Staff are asked where the scan never spoke.
    expect(await Promise.all(finished.map(async (it) => [(await versionNow(firm, caseId, it))["state"], await versionsIn(it.key)]))).toEqual(["available", "quarantined", "held", "held"].map((state) => [state, 1]));
  });

  it("speaks for a scan that said nothing for a day, so that staff may; and a word that comes after all counts for more", async () => {
    firm.scanner.mode = "hold";
    const silent = await Promise.all([1, 2].map(async () => {
      const bytes = randomBytes(16);
      const it = await announce(firm, caseId, bytes);
      const { s3VersionId } = await put(it, bytes);
      await expectOk(complete(firm, caseId, it));
      return { ...it, s3VersionId };
    }));
    await firm.settle();
    firm.scanner.mode = "auto";
    const states = () => Promise.all(silent.map(async (it) => (await versionNow(firm, caseId, it))["state"]));
    await sweepAll(0.9);
    expect(await states()).toEqual(["scanning", "scanning"]);
    expect(await sweep(1.1)).toEqual({ swept: 2, more: false });
    expect([await states(), await unfinished()]).toEqual([["held", "held"], []]);
    const [one, two] = silent as [(typeof silent)[0], (typeof silent)[0]]; // two were made
    expect((await recordsOf(firm)).filter((it) => it["about"].versionId === one.versionId && it["who"].id === "jobs")).toMatchObject([{ action: "version.unheard", about: { caseId, clientId } }]);
    await expectOk(firm.admin.call("POST", `${documents}/${one.documentId}/versions/${one.versionId}/release`, { reason: "Vista por el perito." }));
    await firm.bus.publish("default", verdictEvent(firm.bucket, two.key, two.s3VersionId, "THREATS_FOUND"));
    await firm.settle();
    expect(await states()).toEqual(["available", "quarantined"]);
  });

  it("leaves what was deleted in the bin for its time, though nothing ever came of it", async () => {
    const it = await announce(firm, caseId, randomBytes(10), { name: "Deleted and never sent.pdf" });
    await expectOk(firm.admin.call("DELETE", `${documents}/${it.documentId}`));
    await sweepAll(8);
    await sweepAll(10);
    expect((await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/trash?limit=100`))).items.map((item: { documentId?: string }) => item.documentId)).toContain(it.documentId);
    await expectOk(firm.admin.call("POST", `${documents}/${it.documentId}/restore`, {}));
    expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "aborted" });
  });

  it("leaves no version behind of a document of which nothing ever came, however many were given up before", async () => {
    const first = await announce(firm, caseId, randomBytes(10));
    const second = await announceVersion(firm, caseId, first.documentId, randomBytes(11));
    await expectOk(firm.admin.call("POST", `${documents}/${first.documentId}/versions/${first.versionId}/abort`));
    await sweepAll(2);
    await expectOk(firm.admin.call("POST", `${documents}/${second.documentId}/versions/${second.versionId}/abort`));
    await sweepAll(4);
    expect((await scan(firm)).filter((it) => it["pk"] === first.documentId)).toEqual([]);
  });

  it("believes the versions and not their list, which may be behind", async () => {
    const bytes = randomBytes(14);
    const [finished, fresh] = [await announce(firm, caseId, bytes), await announce(firm, caseId, bytes)];
    const listed = await Promise.all([finished, fresh].map(async ({ documentId, versionId }) => ports.documents.version(documentId as never, versionId as never)));
    await put(finished, bytes);
    await firm.settle();
    const behind: typeof ports = { ...ports, documents: { ...ports.documents, dueUploads: async () => ({ items: listed.flatMap((it) => it ?? []), next: null }) } };
    expect(await sweep(6, 100, behind)).toEqual({ swept: 0, more: false });
    expect(await Promise.all([finished, fresh].map(async (it) => (await versionNow(firm, caseId, it))["state"]))).toEqual(["available", "pending"]);
    await sweepAll(8);
    await sweepAll(10);
  });

  it("says that more is waiting, goes on where it was killed, and may run twice at once", async () => {
    const many = await Promise.all(Array.from({ length: 5 }, () => announce(firm, caseId, randomBytes(5))));
    expect(await sweep(8, 2)).toEqual({ swept: 2, more: true });
    await Promise.all([sweep(8), sweep(8)]);
    expect(await Promise.all(many.map(status))).toEqual([404, 404, 404, 404, 404]);
    for (const it of many) await putObject(firm, it.key, randomBytes(5));
    for (let run = 0; run < 2; run++) {
      let isDead = false;
      const discard = async (key: string): Promise<void> => {
        if (!isDead) await ports.objects.discard(key);
        isDead = true;
        throw new Error("Killed.");
      };
      await expect(sweep(10, 100, { ...ports, objects: { ...ports.objects, discard } })).rejects.toThrow("Killed.");
    }
    await Promise.all([sweep(10), sweep(10)]);
    await sweepAll(10);
    expect(await Promise.all(many.map((it) => versionsIn(it.key)))).toEqual([0, 0, 0, 0, 0]);
    expect(await unfinished()).toEqual([]);
    expect(await s3.send(new HeadObjectCommand({ Bucket: firm.bucket, Key: many[0]!.key })).catch(() => null)).toBeNull();
  });

  it("passes by what it cannot end, and by what others must go on with first, to all that is due after them; the job fails in the end and tomorrow's tries again", async () => {
    const [stuck, ...rest] = await Promise.all(Array.from({ length: 4 }, () => announce(firm, caseId, randomBytes(5)))) as [Announced, ...Announced[]]; // four are more than one
    firm.bus.hold(true);
    const found = await Promise.all(Array.from({ length: 27 }, async () => { const bytes = randomBytes(5); const it = await announce(firm, caseId, bytes); await put(it, bytes); return it; }));
    const exists = (key: string): Promise<boolean> => (key === stuck.key ? Promise.reject(new Error("No access.")) : ports.objects.exists(key));
    const round = new Round();
    let steps = 0;
    await expect((async () => { for (let more = true; more; steps++) ({ more } = await sweep(8, 10, { ...ports, objects: { ...ports.objects, exists } }, round)); })()).rejects.toThrow("No access.");
    expect(steps).toBeGreaterThan(2);
    expect(await Promise.all([stuck, ...rest].map(status))).toEqual([200, 404, 404, 404]);
    const told = (await recordsOf(firm)).filter((it) => it["action"] === "version.found").map((it) => it["about"].versionId);
    expect(found.map(({ versionId }) => told.filter((it) => it === versionId).length)).toEqual(found.map(() => 1));
    firm.bus.hold(false);
    await firm.settle();
    await sweepAll(8);
    expect([await status(stuck), await unfinished()]).toEqual([404, expect.not.arrayContaining(found.map((it) => it.versionId))]);
    await sweepAll(10);
  });
});
