import { ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { casesIn } from "../../lib/adapters/dynamo/cases.ts";
import { documentsIn } from "../../lib/adapters/dynamo/documents.ts";
import { grantsIn } from "../../lib/adapters/dynamo/grants.ts";
import { jobsIn } from "../../lib/adapters/dynamo/jobs.ts";
import { TableLedger } from "../../lib/adapters/dynamo/ledger.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import { objectsIn } from "../../lib/adapters/s3.ts";
import type { Grant } from "../../lib/domain/access.ts";
import { newId } from "../../lib/domain/ids.ts";
import type { Job } from "../../lib/domain/job.ts";
import { toInstant } from "../../lib/domain/time.ts";
import type { Documents, Item } from "../../lib/usecases/ports.ts";
import { Round } from "../../lib/usecases/round.ts";
import { purgeStep } from "../../lib/usecases/purge.ts";
import { Trail } from "../../lib/usecases/request.ts";
import { expectOk } from "../../local/caller.ts";
import { openLink, startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { announce, announceVersion, complete, documentClient, put, recordsOf, scan } from "./probe.ts";
import { filingOf, type Filing } from "./tree.ts";

const day = 86_400_000;

describe("what is deleted for longer than the firm keeps it", () => {
  let firm: TestFirm;
  let clientId: string;
  let contact: Person;
  let caseId: string;
  let at: Filing;
  const give = (resource: object) => expectOk(at.call("POST", "grants", { principal: { contactId: contact.id }, resource, level: "read" }));

  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient();
  });
  beforeEach(async () => {
    contact = await firm.inviteContact(clientId);
    caseId = await firm.createCase(clientId);
    at = filingOf(firm.admin.call, caseId);
  });
  afterAll(() => firm.stop());

  const objectsOf = async (documentId: string): Promise<string[]> => {
    const { Versions = [], DeleteMarkers = [] } = await new S3Client({}).send(new ListObjectVersionsCommand({ Bucket: firm.bucket, Prefix: `${documentId}/` }));
    return [...Versions, ...DeleteMarkers].map(({ Key = "" }) => Key);
  };
  const later = async <T>(ms: number, run: () => Promise<T>): Promise<T> => {
    firm.clock.offset += ms;
    try {
      return await run();
    } finally {
      firm.clock.offset -= ms;
    }
  };
  const fire = async () => { await firm.bus.fire("daily"); await firm.settle(); };
  /** The staff's token is from before the clock moved; what is asked later is asked by the table and the bucket. */
  const items = async (pk: string) => (await scan(firm)).filter((it) => it["pk"] === pk);

  it("goes for good: every S3 version and every name, with a record of each document and what is left to tell which bytes there were", async () => {
    const outer = await at.folder("Outer secret");
    const inner = await at.folder("Inner secret", outer);
    const documentId = await firm.upload(caseId, "Secret name.pdf", undefined, inner);
    const second = await announceVersion(firm, caseId, documentId, Buffer.from("second"));
    await put(second, Buffer.from("second"));
    await complete(firm, caseId, second);
    await firm.settle();
    const unfinished = await announce(firm, caseId, Buffer.from("never sent"), { folderId: outer, name: "Secret unfinished.pdf" });
    // Given up by the sweep of the same hour, long before.
    const alone = await firm.upload(caseId, "Secret alone.pdf");
    const kept = await firm.upload(caseId, "Kept.pdf");
    const restored = await firm.upload(caseId, "Restored.pdf");
    const { items: before } = await at.read(`documents/${documentId}/versions`);
    expect(await objectsOf(documentId)).toHaveLength(2);
    for (const path of [`folders/${outer}`, `documents/${alone}`, `documents/${restored}`]) await expectOk(at.call("DELETE", path));

    await later(89 * day, fire);
    expect([await objectsOf(documentId), await objectsOf(alone)].map((it) => it.length)).toEqual([2, 1]);
    expect((await at.trash()).map((it) => it.documentId ?? it.folderId)).toEqual([restored, alone, outer]);
    await expectOk(at.call("POST", `documents/${restored}/restore`));

    await later(91 * day, fire);
    expect([...(await objectsOf(documentId)), ...(await objectsOf(unfinished.documentId)), ...(await objectsOf(alone))]).toEqual([]);
    expect([(await objectsOf(kept)).length, (await objectsOf(restored)).length]).toEqual([1, 1]);
    expect(await at.trash()).toEqual([]);
    for (const path of [`folders/${outer}`, `folders/${inner}`, `documents/${documentId}`, `documents/${alone}`]) {
      expect((await at.call("GET", path)).status, path).toBe(404);
      expect((await at.call("POST", `${path}/restore`, {})).status, path).toBe(404);
    }
    expect(JSON.stringify((await scan(firm)).filter((it) => [it["caseId"] === caseId, [caseId, documentId].includes(it["pk"]), it["pk"].startsWith("job_")].includes(true)))).not.toContain("ecret");
    expect((await items(caseId)).filter((it) => /^(FOLDER|NAME)#/.test(it["sk"])).map((it) => it["sk"].slice(0, 5)).toSorted()).toEqual(["NAME#", "NAME#"]);

    // Which version did they get? Its number, size and hash are there, and who brought it.
    const { items: after } = await at.read(`documents/${documentId}/versions`);
    const evidence = ({ number, sha256, size, uploadedBy, createdAt, publishedAt, versionId }: any) => ({ number, sha256, size, uploadedBy, createdAt, publishedAt, versionId }); // eslint-disable-line @typescript-eslint/no-explicit-any -- a version
    expect(after.map(evidence)).toEqual(before.map(evidence));
    expect(after.map((it: { state: string }) => it.state)).toEqual(["purged", "purged"]);
    expect((await at.call("POST", `documents/${documentId}/download`, { versionId: after[0].versionId })).status).toBe(404);

    const records = (await recordsOf(firm)).filter((it) => it["about"].caseId === caseId && it["action"].endsWith(".purged"));
    expect(records.map((it) => [it["action"], it["about"].documentId ?? it["about"].folderId, it["who"].kind]).toSorted()).toEqual(
      [["documents.purged", alone, "system"], ["documents.purged", documentId, "system"], ["folders.purged", inner, "system"], ["folders.purged", outer, "system"]].toSorted());
    expect(records.find((it) => it["about"].documentId === documentId)).toMatchObject({ about: { clientId }, auditDocument: documentId });
    const { jobId } = records[0]!["about"];
    expect((await firm.admin.call("GET", `/staff/jobs/${jobId}`)).body).toMatchObject({ kind: "purge", state: "done", done: expect.any(Number) });
    const { items: results } = (await firm.admin.call("GET", `/staff/jobs/${jobId}/results`)).body;
    expect(results.filter((it: { caseId: string }) => it.caseId === caseId).map((it: { documentId: string; versions: number }) => [it.documentId, it.versions]).toSorted()).toEqual([[alone, 1], [documentId, 2]].toSorted());
    expect((await (await firm.inviteMember("adviser")).call("GET", `/staff/jobs/${jobId}`)).status, "the firm's own jobs are the administrators'").toBe(404);
    // Once more, and late events, change nothing.
    await later(92 * day, fire);
    expect((await recordsOf(firm)).filter((it) => it["about"].caseId === caseId && it["action"].endsWith(".purged"))).toHaveLength(4);
  });

  it("takes the grants on it along, each with a record as a revocation has one: who was given nothing else does not know of the case any more", async () => {
    const outer = await at.folder("Outer");
    const inner = await at.folder("Inner", outer);
    const [inside, alone, kept] = [await firm.upload(caseId, "Inside.pdf", undefined, inner), await firm.upload(caseId, "Alone.pdf"), await firm.upload(caseId, "Kept.pdf")];
    const other = await firm.inviteContact(clientId);
    const given = await Promise.all([{ folderId: outer }, { folderId: inner }, { documentId: inside }, { documentId: alone }].map(async (it): Promise<string> => (await give(it)).grantId));
    const { grantId: ofClient } = await expectOk(at.call("POST", "grants", { principal: { clientId }, resource: { documentId: alone }, level: "read" }));
    const { grantId: stays } = await expectOk(at.call("POST", "grants", { principal: { contactId: other.id }, resource: { documentId: kept }, level: "read" }));
    const share = await firm.share(caseId, { documentIds: [alone] });
    const { cookie } = await openLink(firm, share.path);
    const knows = async (who: Person) => [(await who.call("GET", `/client/cases/${caseId}`)).status, (await expectOk(who.call("GET", "/client/cases"))).items.map((it: { caseId: string }) => it.caseId).includes(caseId)];
    for (const path of [`folders/${outer}`, `documents/${alone}`]) await expectOk(at.call("DELETE", path));
    expect(await knows(contact), "as long as it can come back").toEqual([200, true]);

    await later(91 * day, fire);
    expect([await knows(contact), await knows(other)]).toEqual([[404, false], [200, true]]);
    expect((await at.read("grants")).items.map((it: { grantId: string }) => it.grantId)).toEqual([stays]);
    expect((await scan(firm)).filter((it) => it["pk"] === contact.id).map((it) => it["sk"])).toEqual(["PROFILE"]);
    expect((await firm.anyone("GET", share.path, undefined, { cookie, accept: "application/json" })).body.items).toEqual([]);
    const records = (await recordsOf(firm)).filter((it) => it["action"] === "grants.revoked" && it["about"].caseId === caseId);
    expect(records.map((it) => it["about"].grantId).toSorted()).toEqual([...given, ofClient].toSorted());
    expect(records.find((it) => it["about"].grantId === given[2])).toMatchObject({ who: { kind: "system", id: "jobs" }, result: "granted", about: { clientId, documentId: inside, contactId: contact.id, jobId: expect.any(String) } });
    expect(records.find((it) => it["about"].grantId === given[0])).toMatchObject({ about: { clientId, folderId: outer, contactId: contact.id } });
  });

  it("takes many grants along in several steps, and goes on where it was killed", async () => {
    const documentId = await firm.upload(caseId, "For many.pdf");
    const table = new Table(documentClient(), firm.table);
    const grants = grantsIn(table);
    const many = Array.from({ length: 60 }, (): Grant => ({ grantId: newId("grant", new Date()), caseId: caseId as `cas_${string}`, holder: newId("contact", new Date()), place: documentId as `doc_${string}`, level: "read", createdAt: toInstant(firm.clock()), givenBy: firm.admin.id as `mem_${string}` }));
    const ports = { documents: documentsIn(table), ledger: new TableLedger(table), cases: casesIn(table), grants, jobs: jobsIn(table), objects: objectsIn(new S3Client({}), firm.bucket, firm.clock) };
    const request = (now = toInstant(firm.clock())) => ({ principal: { kind: "system", name: "test" }, now, trail: new Trail("test", newId("httpRequest", new Date(now))) }) as const;
    for (const it of many) await ports.ledger.commit(request(), [grants.give(it)]);
    await expectOk(at.call("DELETE", `documents/${documentId}`));
    await overdue(documentId);
    const due: Documents = { ...ports.documents, dueTrash: async (_now, { after }) => ({ items: after === null ? [{ kind: "document", document: (await ports.documents.get(caseId as `cas_${string}`, documentId as `doc_${string}`))! }] : [], next: null }) };
    let position: string | null = null;
    const step = async (deps: Partial<typeof ports> = {}) => {
      const now = toInstant(firm.clock());
      const job: Job = { jobId: newId("job", new Date()), kind: "purge", input: {}, position, next: "", state: "running", done: 0, createdAt: now, revision: 1 };
      const taken = await purgeStep({ ...ports, documents: due, ...deps }, job, {}, request(toInstant(new Date(firm.clock().getTime() + 2 * 3_600_000))));
      ({ position } = taken);
      return taken.did;
    };
    let revocations = 0;
    const killed = { ...grants, revoke: (it: Grant) => (++revocations > 7 ? Promise.reject(new Error("The function died.")) : grants.revoke(it)) };
    await expect(step({ grants: killed })).rejects.toThrow("The function died.");
    const left = async () => (await grants.onPlace(caseId as `cas_${string}`, documentId as `doc_${string}`, { limit: 100, after: null })).items.length;
    expect([await left(), (await objectsOf(documentId)).length]).toEqual([53, 1]);
    expect([await step(), await left(), (await objectsOf(documentId)).length, position]).toEqual([50, 3, 1, new Round().position]);
    // Somebody takes one back at the same moment.
    const beside = { ...grants, revoke: async (it: Grant) => { const change = await grants.revoke(it); if (revocations++ < 1000) { revocations = 1000; await ports.ledger.commit(request(), [change]); } return change; } };
    expect([await step({ grants: beside }), await left(), (await objectsOf(documentId)).length]).toEqual([4, 0, 0]);
  });

  it("goes although something that was due before it cannot go: the job fails in the end, and tomorrow's tries again", async () => {
    const [stuck, after] = [await firm.upload(caseId, "Stuck.pdf"), await firm.upload(caseId, "After.pdf")];
    for (const it of [stuck, after]) await expectOk(at.call("DELETE", `documents/${it}`));
    const table = new Table(documentClient(), firm.table);
    const s3 = objectsIn(new S3Client({}), firm.bucket, firm.clock);
    const discard = (key: string) => (key.startsWith(stuck) ? Promise.reject(new Error("No access.")) : s3.discard(key));
    const ports = { documents: documentsIn(table), ledger: new TableLedger(table), cases: casesIn(table), grants: grantsIn(table), jobs: jobsIn(table), objects: { ...s3, discard } };
    const now = toInstant(new Date(firm.clock().getTime() + 91 * day));
    const job: Job = { jobId: newId("job", new Date()), kind: "purge", input: {}, position: null, next: "", state: "running", done: 0, createdAt: now, revision: 1 };
    await expect(purgeStep(ports, job, {}, { principal: { kind: "system", name: "test" }, now, trail: new Trail("test", "req") })).rejects.toThrow("No access.");
    expect([(await objectsOf(stuck)).length, (await objectsOf(after)).length]).toEqual([1, 0]);
    await later(92 * day, fire);
    expect(await objectsOf(stuck)).toEqual([]);
  });

  it("goes with the rest of a folder in which something cannot go, and that one stays with the folders around it", async () => {
    const outer = await at.folder("Outer");
    const [first, last] = [await at.folder("A first", outer), await at.folder("Z last", outer)];
    const [stuck, beside, inFirst, inLast] = [
      await firm.upload(caseId, "A stuck.pdf", undefined, outer), await firm.upload(caseId, "Beside.pdf", undefined, outer), await firm.upload(caseId, "Inside.pdf", undefined, first), await firm.upload(caseId, "Inside.pdf", undefined, last),
    ];
    await expectOk(at.call("DELETE", `folders/${outer}`));
    const table = new Table(documentClient(), firm.table);
    const s3 = objectsIn(new S3Client({}), firm.bucket, firm.clock);
    const discard = (key: string) => ([stuck, inFirst].some((it) => key.startsWith(it)) ? Promise.reject(new Error(`No access to ${caseId}'s secret.`)) : s3.discard(key));
    const ports = { documents: documentsIn(table), ledger: new TableLedger(table), cases: casesIn(table), grants: grantsIn(table), jobs: jobsIn(table), objects: { ...s3, discard } };
    const now = toInstant(new Date(firm.clock().getTime() + 91 * day));
    const job: Job = { jobId: newId("job", new Date()), kind: "purge", input: {}, position: null, next: "", state: "running", done: 0, createdAt: now, revision: 1 };
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    await expect(purgeStep(ports, job, {}, { principal: { kind: "system", name: "test" }, now, trail: new Trail("test", "req") })).rejects.toThrow("No access");
    const told = log.mock.calls.map(([line]) => JSON.parse(String(line)) as { documentId?: string });
    log.mockRestore();
    expect(told.map((it) => it.documentId).toSorted()).toEqual([stuck, inFirst].toSorted());
    expect(JSON.stringify(told)).not.toContain("secret");
    expect((await Promise.all([stuck, inFirst, beside, inLast].map(objectsOf))).map((it) => it.length)).toEqual([1, 1, 0, 0]);
    const folders = (await items(caseId)).filter((it) => it["sk"].startsWith("FOLDER#")).map((it) => it["folderId"]);
    expect([outer, first, last].map((it) => folders.includes(it))).toEqual([true, true, false]);
    await later(92 * day, fire);
    expect([await objectsOf(stuck), await objectsOf(inFirst), (await items(caseId)).filter((it) => it["sk"].startsWith("FOLDER#")).map((it) => it["folderId"]).includes(outer)]).toEqual([[], [], false]);
  });

  it("cannot be brought back any more, also in the hours before it goes", async () => {
    const folderId = await at.folder("A");
    const documentId = await firm.upload(caseId, "Paper.pdf");
    for (const path of [`folders/${folderId}`, `documents/${documentId}`]) await expectOk(at.call("DELETE", path));
    await overdue(folderId, documentId);
    for (const path of [`folders/${folderId}`, `documents/${documentId}`]) expect(await at.call("POST", `${path}/restore`, {}), path).toMatchObject({ status: 410, body: { code: "gone" } });
    expect(await at.trash()).toEqual([]);
    // An hour's grace: a request that began in time is answered before the first byte goes.
    await fire();
    expect(await objectsOf(documentId)).toHaveLength(1);
    await later(3_700_000, fire);
    expect(await objectsOf(documentId)).toEqual([]);
  });

  it("touches nothing that an index calls due, and that was brought back or deleted again since", async () => {
    const table = new Table(documentClient(), firm.table);
    const documents = documentsIn(table);
    const [outer, inner] = [await at.folder("Outer"), await at.folder("Inner")];
    const [back, again, inside] = [await firm.upload(caseId, "Back.pdf"), await firm.upload(caseId, "Again.pdf"), await firm.upload(caseId, "Inside.pdf", undefined, outer)];
    for (const path of [`documents/${again}`, `folders/${inner}`]) await expectOk(at.call("DELETE", path));
    const listed: Item[] = [
      ...await Promise.all([back, again].map(async (id): Promise<Item> => ({ kind: "document", document: (await documents.get(caseId as `cas_${string}`, id as `doc_${string}`))! }))),
      ...await Promise.all([outer, inner].map(async (id): Promise<Item> => ({ kind: "folder", folder: (await documents.folder(caseId as `cas_${string}`, id as `fol_${string}`))! }))),
    ];
    const behind: Documents = { ...documents, dueTrash: async (_now, { after }) => ({ items: listed.slice(Number(after), Number(after) + 1), next: Number(after) + 1 < listed.length ? String(Number(after) + 1) : null }) };
    const now = toInstant(firm.clock());
    const ports = { documents: behind, ledger: new TableLedger(table), cases: casesIn(table), grants: grantsIn(table), jobs: jobsIn(table), objects: objectsIn(new S3Client({}), firm.bucket, firm.clock) };
    const job: Job = { jobId: newId("job", new Date()), kind: "purge", input: {}, position: null, next: "", state: "running", done: 0, createdAt: now, revision: 1 };
    const before = await items(caseId);
    expect(await purgeStep(ports, job, {}, { principal: { kind: "system", name: "test" }, now, trail: new Trail("test", "req") })).toEqual({ changes: [], did: 0, position: null });
    expect(await items(caseId)).toEqual(before);
    expect((await Promise.all([back, again, inside].map(objectsOf))).map((it) => it.length)).toEqual([1, 1, 1]);
  });

  /** As if they had been deleted so long ago that their time was over a second ago. */
  const overdue = async (...ids: string[]): Promise<void> => {
    const over = new Date(firm.clock().getTime() - 1000).toISOString();
    for (const it of await items(caseId)) {
      const id = it["documentId"] ?? it["folderId"];
      if (it["deleted"] === undefined || !ids.includes(id)) continue;
      await documentClient().send(new UpdateCommand({ TableName: firm.table, Key: { pk: it["pk"], sk: it["sk"] }, UpdateExpression: "SET deleted.#until = :over, listKey = :key", ExpressionAttributeNames: { "#until": "until" }, ExpressionAttributeValues: { ":over": over, ":key": `${over}#${id}` } }));
    }
  };
});
