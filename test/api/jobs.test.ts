import { ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { casesIn } from "../../lib/adapters/dynamo/cases.ts";
import { documentsIn } from "../../lib/adapters/dynamo/documents.ts";
import { grantsIn } from "../../lib/adapters/dynamo/grants.ts";
import { jobsIn } from "../../lib/adapters/dynamo/jobs.ts";
import { TableLedger } from "../../lib/adapters/dynamo/ledger.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import { objectsIn } from "../../lib/adapters/s3.ts";
import { jobActions, stepAction } from "../../lib/domain/job.ts";
import { jobsConsumer } from "../../lib/events/consumers.ts";
import { triesPerMessage } from "../../lib/events/rules.ts";
import { expectOk } from "../../local/caller.ts";
import { newId } from "../../lib/domain/ids.ts";
import { toInstant } from "../../lib/domain/time.ts";
import type { Change } from "../../lib/usecases/ports.ts";
import { Trail } from "../../lib/usecases/request.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { batchOf, documentClient, outboxEvent, recordsOf, scan } from "./probe.ts";
import { filingOf, plantDocuments, type Filing } from "./tree.ts";

type FolderId = `fol_${string}`;

describe("a job", () => {
  let firm: TestFirm;
  let clientId: string;
  let contact: Person;
  let caseId: `cas_${string}`;
  let at: Filing;
  let table: Table;
  const of = (path: string) => `/staff/cases/${caseId}/${path}`;

  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient();
    contact = await firm.inviteContact(clientId);
    caseId = await firm.createCase(clientId) as typeof caseId; // the harness says only that it is text
    at = filingOf(firm.admin.call, caseId);
    table = new Table(documentClient(), firm.table);
  });
  afterAll(() => firm.stop());

  /** The consumer as it is deployed, with a ledger that may die at a commit: before it, or after it and before the queue hears of it. */
  const consumerWith = (dies: (commit: number) => "before" | "after" | null) => {
    const ledger = new TableLedger(table);
    let commits = 0;
    const mortal: Pick<TableLedger, "commit" | "record" | "earlier"> = {
      record: (event) => ledger.record(event), earlier: (request) => ledger.earlier(request),
      async commit(...what) {
        const how = dies(++commits);
        if (how === "before") throw new Error("killed");
        const event = await ledger.commit(...what);
        if (how === "after") throw new Error("killed");
        return event;
      },
    };
    const nothing = new Proxy({}, { get: () => { throw new Error("Not for this kind."); } });
    const objects = objectsIn(new S3Client({}), firm.bucket, firm.clock);
    const ports = { ledger: mortal, jobs: jobsIn(table), documents: documentsIn(table), cases: casesIn(table), grants: grantsIn(table), objects, people: nothing, firm: nothing };
    return jobsConsumer(ports as never, firm.clock);
  };
  /** The event that a record of the register became. */
  const eventOf = (record: Record<string, unknown>) => {
    const { pk: _pk, sk: _sk, auditKey: _k, auditCase: _c, auditClient: _cl, auditPerson: _p, auditDocument: _d, ...rest } = record;
    return outboxEvent(rest);
  };
  const eventsOf = async (jobId: string) => (await recordsOf(firm)).filter((it) => it["about"].jobId === jobId && jobActions.includes(it["action"]));
  const jobNow = async (jobId: string) => (await firm.admin.call("GET", `/staff/jobs/${jobId}`)).body;

  /** A case's subtree of folders and many documents, some deep down, moved under an open folder. */
  const moved = async (name: string, count: number) => {
    const [open, shut] = [await at.folder(`${name} open`), await at.folder(`${name} shut`)];
    const root = await at.folder("Root", shut);
    const folders = [root];
    for (let level = 0; level < 4; level++) folders.push(await at.folder(`Level ${level}`, folders.at(-1)), await at.folder(`Side ${level}`, folders[level]));
    const documents: string[] = [];
    for (const [index, folderId] of folders.entries()) {
      const { ancestors } = (await scan(firm)).find((it) => it["folderId"] === folderId && it["sk"] === `FOLDER#${folderId}`) ?? {};
      documents.push(...(await plantDocuments(firm, caseId, folderId as FolderId, [...ancestors, folderId] as FolderId[], index === 2 ? count : 5)));
    }
    await expectOk(firm.admin.call("POST", of("grants"), { principal: { contactId: contact.id }, resource: { folderId: open }, level: "read" }));
    return { open, shut, root, folders, documents };
  };
  const wrongHints = async (): Promise<string[]> => {
    const all = (await scan(firm)).filter((it) => it["pk"] === caseId && it["deleted"] === undefined && /^(FOLDER|DOC)#/.test(it["sk"]));
    const parents = new Map(all.filter((it) => it["ancestors"]).map((it) => [it["folderId"], it["parentId"]]));
    const wayTo = (id: string | undefined): string[] => (id === undefined ? [] : [...wayTo(parents.get(id)), id]);
    return all.filter((it) => (it["ancestors"] ?? it["folderPath"]).join() !== wayTo(it["ancestors"] ? it["parentId"] : it["folderId"]).join()).map((it) => it["sk"]);
  };
  const canRead = async (documentIds: readonly string[]): Promise<number> => {
    const statuses = await Promise.all(documentIds.map(async (id) => (await firm.admin.call("GET", `/staff/access?contactId=${contact.id}&caseId=${caseId}&documentId=${id}`)).body.allowed));
    return statuses.filter(Boolean).length;
  };

  /** With nothing delivered by the bus meanwhile: the test is the queue. */
  const held = async (run: () => Promise<void>): Promise<void> => {
    await firm.settle();
    firm.bus.hold(true);
    try {
      await run();
    } finally {
      firm.bus.hold(false);
      await firm.settle();
    }
  };

  it("goes on from wherever it was killed, before a step's commit and after it, and changes no decision meanwhile", async () => {
    const { open, root, documents } = await moved("A", 250);
    const sample = documents.filter((_, index) => index % 37 === 0);
    let jobId = "";
    await held(async () => {
      ({ jobId } = await expectOk(at.patch(`folders/${root}`, { parentId: open })));
      expect(await canRead(sample)).toBe(sample.length);
      const stale = (await wrongHints()).length;
      expect(stale).toBe(documents.length + 8);
      expect(await jobNow(jobId)).toMatchObject({ kind: "hints", caseId, state: "running", done: 0, startedBy: firm.admin.id });

      // Each step is killed twice: before its commit, then after it. The queue brings the same message again.
      let kills = 0;
      const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
      const handled = new Set<string>();
      for (let rounds = 0; rounds < 60; rounds++) {
        const [next] = (await eventsOf(jobId)).filter((it) => !handled.has(it["eventId"]));
        if (next === undefined) break;
        for (const how of ["before", "after"] as const) {
          expect((await consumerWith(() => how)(batchOf(eventOf(next)))).batchItemFailures).toHaveLength(1);
          kills += 1;
          expect(await canRead(sample)).toBe(sample.length);
        }
        const before = await scanOfCase();
        expect(await consumerWith(() => null)(batchOf(eventOf(next)))).toEqual({ batchItemFailures: [] });
        expect(await scanOfCase(), "a step that was taken is not taken again").toEqual(before);
        handled.add(next["eventId"]);
      }
      error.mockRestore();
      expect(kills).toBeGreaterThanOrEqual(8);
      expect(await wrongHints()).toEqual([]);
      expect(await jobNow(jobId)).toMatchObject({ state: "done", done: documents.length + 8, finishedAt: expect.any(String) });
      expect(await canRead(sample)).toBe(sample.length);
    });
    expect((await recordsOf(firm)).filter((it) => it["about"].jobId === jobId && it["action"] === "jobs.done")).toHaveLength(1);
  });
  const scanOfCase = async () => (await scan(firm)).filter((it) => it["pk"] === caseId || it["pk"].startsWith("job_")).map((it) => JSON.stringify(it)).toSorted();

  it("takes a step once when its event comes many times at once", async () => {
    const { open, root, documents } = await moved("B", 80);
    await held(async () => {
      const { jobId, etag } = await expectOk(at.patch(`folders/${root}`, { parentId: open }));
      for (let done = 0, rounds = 0; rounds < 40; rounds++) {
        const events = await eventsOf(jobId);
        if (events.length === done) break;
        const replies = await Promise.all(Array.from({ length: 4 }, () => consumerWith(() => null)(batchOf(...events.map(eventOf)))));
        expect(replies.flatMap((it) => it.batchItemFailures)).toEqual([]);
        done = events.length;
      }
      expect(await jobNow(jobId)).toMatchObject({ state: "done", done: documents.length + 8 });
      // One chain: the record that began it, its steps, its end.
      const { revision } = (await scan(firm)).find((it) => it["pk"] === jobId && it["sk"] === "JOB") ?? {};
      expect((await recordsOf(firm)).filter((it) => it["about"].jobId === jobId && it["action"].startsWith("jobs.") && it["who"].kind === "system")).toHaveLength(revision - 1);
      expect((await at.read(`folders/${root}`)).etag, "hints are no change that anybody reads").toBe(etag);
    });
    expect(await wrongHints()).toEqual([]);
  });

  it("leaves right hints when folders move and documents change while it runs", async () => {
    const { open, shut, root, folders } = await moved("C", 100);
    const [one, two] = [await firm.upload(caseId, "One.pdf", undefined, folders[3]), await firm.upload(caseId, "Two.pdf", undefined, folders[5])];
    for (let round = 0; round < 6; round++) {
      const [first, second] = await Promise.all([at.patch(`folders/${root}`, { parentId: round % 2 ? shut : open }), at.patch(`folders/${folders[2]}`, { name: `Side ${round}` })]);
      expect([first.status, second.status].every((it) => [200, 412].includes(it))).toBe(true);
      expect((await at.patch(`documents/${one}`, { name: `One ${round}.pdf` })).status).toBe(200);
      expect((await at.patch(`documents/${two}`, { folderId: round % 2 ? folders[5] : folders[6] })).status).toBe(200);
    }
    await firm.settle();
    // The last word is a job of its own: whatever raced is told anew.
    await expectOk(at.patch(`folders/${root}`, { parentId: open }));
    await expectOk(at.patch(`folders/${root}`, { parentId: shut }));
    await firm.settle();
    expect(await wrongHints()).toEqual([]);
    expect((await expectOk(firm.admin.call("GET", "/staff/jobs?limit=100"))).items.filter((it: { state: string }) => it.state !== "done")).toEqual([]);
  });

  it("is not undone by a write that had read the hint before it was told anew", async () => {
    const [ledger, documents] = [new TableLedger(table), documentsIn(table)];
    const commit = (change: Change) => ledger.commit({ principal: { kind: "system", name: "test" }, now: toInstant(firm.clock()), trail: new Trail("test", newId("httpRequest", new Date())) }, [change]);
    const [folderId, other] = [await at.folder("Hinted") as FolderId, await at.folder("Other") as FolderId];
    const documentId = await firm.upload(caseId, "Hinted.pdf", undefined, folderId) as `doc_${string}`;
    const [folder, document] = [(await documents.folder(caseId, folderId))!, (await documents.get(caseId, documentId))!];
    await commit(documents.setHint({ kind: "folder", folder }, [other]));
    await commit(documents.setHint({ kind: "document", document }, [other, folderId]));
    const version = (await documents.version(documentId, document.published!.versionId))!;
    await expect(commit(documents.changeFolder(folder, { ...folder, name: "New", revision: folder.revision + 1 }))).rejects.toMatchObject({ code: "stale" });
    await expect(commit(documents.changeDocument(document, { ...document, name: "New", revision: document.revision + 1 }))).rejects.toMatchObject({ code: "stale" });
    await expect(commit(documents.withdraw(document))).rejects.toMatchObject({ code: "conflict" });
    await expect(commit(documents.publish(document, version, document.published!))).rejects.toMatchObject({ code: "conflict" });
    // Whoever reads it anew gets through, at the same etag.
    expect((await at.patch(`folders/${folderId}`, { name: "New" })).status).toBe(200);
    // A hint for where a thing lay says nothing of where it lies.
    await expect(commit(documents.setHint({ kind: "folder", folder: { ...folder, parentId: other } }, [other]))).rejects.toMatchObject({ code: "conflict" });
    for (const path of [`folders/${folderId}`, `documents/${documentId}`]) await expectOk(firm.admin.call("DELETE", of(path))).catch(() => undefined);
  });

  it("says that it failed before the queue's last try, lies among the dead letters, and goes on when it is sent back", async () => {
    const { open, root } = await moved("D", 10);
    await held(async () => {
      const { jobId } = await expectOk(at.patch(`folders/${root}`, { parentId: open }));
      const [begun] = await eventsOf(jobId);
      const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
      const shown = (attempt: number) => {
        const batch = batchOf(eventOf(begun!));
        return { Records: batch.Records.map((it) => ({ ...it, attributes: { ...it.attributes, ApproximateReceiveCount: String(attempt) } })) };
      };
      for (let attempt = 1; attempt <= triesPerMessage; attempt++) {
        // On the last try the first commit is the one that says so.
        const dying = consumerWith((commit) => (attempt === triesPerMessage && commit === 1 ? null : "before"));
        expect((await dying(shown(attempt))).batchItemFailures).toHaveLength(1);
        expect((await jobNow(jobId)).state).toBe(attempt === triesPerMessage ? "failed" : "running");
      }
      error.mockRestore();
      expect(await consumerWith(() => null)(shown(1))).toEqual({ batchItemFailures: [] });
      expect((await jobNow(jobId)).state).toBe("done");
    });
  });

  it("that purges goes on from wherever it was killed, and tells of each document once", async () => {
    const outer = await at.folder("Outer");
    const inner = await at.folder("Inner", outer);
    const documents = [await firm.upload(caseId, "1.pdf", undefined, outer), await firm.upload(caseId, "2.pdf", undefined, inner), await firm.upload(caseId, "3.pdf")];
    const grants: string[] = [];
    for (const resource of [{ folderId: outer }, { folderId: inner }, ...documents.map((documentId) => ({ documentId }))]) for (const principal of [{ contactId: contact.id }, { clientId }])
      grants.push((await expectOk(firm.admin.call("POST", of("grants"), { principal, resource, level: "read" }))).grantId);
    for (const path of [`folders/${outer}`, `documents/${documents[2]}`]) await expectOk(firm.admin.call("DELETE", of(path)));
    const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
    firm.clock.offset = 91 * 86_400_000;
    try {
      await held(async () => {
        const alive = consumerWith(() => null);
        expect(await alive(batchOf({ source: "aws.events", "detail-type": "Scheduled Event", detail: {} }))).toEqual({ batchItemFailures: [] });
        const begun = (await recordsOf(firm)).filter((it) => it["action"] === "jobs.begun");
        expect(begun.length).toBeGreaterThan(0);
        let kills = 0;
        for (const { about: { jobId } } of begun) {
          for (let rounds = 0; rounds < 60; rounds++) {
            const [next] = (await eventsOf(jobId)).toReversed();
            if (next === undefined || (await jobIn(jobId))["state"] === "done") break;
            // Whoever was killed writes nothing any more.
            const last = 1 + (rounds % 3);
            const { batchItemFailures } = await consumerWith((commit) => (commit < last ? null : commit === last && rounds % 2 === 0 ? "after" : "before"))(batchOf(eventOf(next)));
            kills += batchItemFailures.length;
          }
          expect((await jobIn(jobId))["state"]).toBe("done");
        }
        expect(kills).toBeGreaterThan(2);
      });
    } finally {
      firm.clock.offset = 0;
      error.mockRestore();
    }
    for (const id of documents) {
      expect((await recordsOf(firm)).filter((it) => it["action"] === "documents.purged" && it["about"].documentId === id), id).toHaveLength(1);
      expect((await new S3Client({}).send(new ListObjectVersionsCommand({ Bucket: firm.bucket, Prefix: `${id}/` }))).Versions ?? []).toEqual([]);
    }
    expect((await recordsOf(firm)).filter((it) => it["action"] === "grants.revoked").map((it) => it["about"].grantId).toSorted()).toEqual(grants.toSorted());
    expect((await scan(firm)).filter((it) => it["folderId"] === outer || it["folderId"] === inner || (grants.includes(it["grantId"]) && !it["pk"].startsWith("AUDIT#")))).toEqual([]);
  });
  const jobIn = async (jobId: string) => (await scan(firm)).find((it) => it["pk"] === jobId && it["sk"] === "JOB")!;

  it("is listed for whoever started it, newest first, and read by whoever may enter its case", async () => {
    const adviser = await firm.inviteMember("adviser");
    const folders = [await at.folder("X"), await at.folder("Y")];
    const jobIds: string[] = [];
    for (const id of folders) {
      const { etag } = await at.read(`folders/${id}`);
      const [other] = (await at.inside()).filter((it) => !folders.includes(it) && it.startsWith("fol_"));
      jobIds.push((await expectOk(adviser.call("PATCH", of(`folders/${id}`), { parentId: other }, { "if-match": `"${etag}"` }))).jobId);
    }
    await firm.settle();
    const { items } = await expectOk(adviser.call("GET", "/staff/jobs"));
    expect(items.map((it: { jobId: string }) => it.jobId)).toEqual(jobIds.toReversed());
    expect((await jobNow(jobIds[0]!)).startedBy).toBe(adviser.id);
    expect((await expectOk(firm.admin.call("GET", `/staff/jobs/${jobIds[0]}/results`))).items).toEqual([]);
    const { etag } = await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}`));
    await expectOk(firm.admin.call("PATCH", `/staff/cases/${caseId}`, { restricted: true }, { "if-match": `"${etag}"` }));
    for (const path of ["", "/results"]) expect((await adviser.call("GET", `/staff/jobs/${jobIds[0]}${path}`)).status).toBe(404);
    // Nor does the register tell an administrator of a step, which names no case: there is somebody at work behind the wall.
    expect((await recordsOf(firm)).filter((it) => it["action"] === stepAction).length).toBeGreaterThan(0);
    const told = (await expectOk((await firm.inviteMember("admin")).call("GET", "/staff/audit?limit=100"))).items;
    expect(told.length).toBeGreaterThan(0);
    expect(told.filter((it: { action: string }) => it.action === stepAction)).toEqual([]);
    expect((await contact.call("GET", `/staff/jobs/${jobIds[0]}`)).status).toBe(401);
  });
});
