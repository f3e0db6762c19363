import { CreateMultipartUploadCommand, DeleteObjectCommand, HeadObjectCommand, ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { documentsIn } from "../../lib/adapters/dynamo/documents.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import { listingOf } from "../../lib/adapters/s3-listing.ts";
import { composeReconciliation } from "../../lib/compose.ts";
import { newId, type DocumentId, type VersionId } from "../../lib/domain/ids.ts";
import { toInstant } from "../../lib/domain/time.ts";
import { reconcile, type Bucket, type ListedUpload } from "../../lib/usecases/reconcile.ts";
import { expectOk } from "../../local/caller.ts";
import { startTestFirm, type TestFirm } from "./firm.ts";
import { announceInParts, sendParts } from "./in-parts.ts";
import { announce, announceVersion, documentClient, put, putObject, recordsOf, stateOf, type Announced } from "./probe.ts";

describe("the comparison of table and bucket", () => {
  let firm: TestFirm;
  let caseId: string;
  let s3: S3Client;

  beforeAll(async () => {
    firm = await startTestFirm({ maxUploadBytes: 1024 ** 3 });
    caseId = await firm.createCase(await firm.createClient());
    s3 = new S3Client({});
  });
  afterAll(async () => { s3.destroy(); await firm.stop(); });

  const hour = 3600_000;
  /** As an operator sees it so much later. */
  const inHours = (hours: number) => composeReconciliation({ TABLE_NAME: firm.table, BUCKET_NAME: firm.bucket }, { clock: () => new Date(Date.now() + hours * hour), firstPasswords: { staff: "none", client: "none" } });
  const keyOfNobody = (): string => `${newId("document", new Date())}/${newId("version", new Date())}`;
  const s3Versions = async (key: string): Promise<string[]> => ((await s3.send(new ListObjectVersionsCommand({ Bucket: firm.bucket, Prefix: key }))).Versions ?? []).map((it) => it.VersionId ?? "");
  const markPurged = async ({ documentId, versionId }: Announced): Promise<void> => {
    const table = documentClient();
    await table.send(new UpdateCommand({ TableName: firm.table, Key: { pk: documentId, sk: `VERSION#${versionId}` }, UpdateExpression: "SET purgedAt = :at", ExpressionAttributeValues: { ":at": firm.clock().toISOString() } }));
    table.destroy();
  };
  const documentOf = async (bytes: Buffer) => {
    const it = await announce(firm, caseId, bytes);
    const { s3VersionId } = await put(it, bytes);
    await firm.settle();
    return { ...it, s3VersionId };
  };

  it("finds nothing where they agree: finished, unfinished, in parts, held and given up", async () => {
    await documentOf(randomBytes(100));
    await announce(firm, caseId, randomBytes(5));
    const parted = await announceInParts(firm.admin.call, `/staff/cases/${caseId}/documents`);
    await sendParts(firm.admin.call, parted, [1]);
    firm.scanner.mode = "THREATS_FOUND";
    await documentOf(randomBytes(100));
    firm.scanner.mode = "auto";
    const again = await announceVersion(firm, caseId, await firm.upload(caseId, "Two.pdf"), randomBytes(9));
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/documents/${again.documentId}/versions/${again.versionId}/abort`));
    expect(await inHours(5).find()).toMatchObject({ versions: 6, objects: 3, orphans: [], strays: [], lost: [], overdue: [] });
  });

  it("finds what no version names, cleans it when it is old enough, and touches nothing that a version names", async () => {
    const named = await documentOf(randomBytes(50));
    const second = await putObject(firm, named.key, randomBytes(50));
    const pending = await announce(firm, caseId, randomBytes(10));
    firm.bus.hold(true);
    await put(pending, randomBytes(1)).catch(() => undefined);
    const unknown = await putObject(firm, pending.key, randomBytes(10));
    const [nobodys, noKey] = [keyOfNobody(), "stray/readme.txt"];
    for (const key of [nobodys, noKey]) await putObject(firm, key, randomBytes(7));
    await s3.send(new DeleteObjectCommand({ Bucket: firm.bucket, Key: noKey }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: firm.bucket, Key: keyOfNobody() }));

    expect(await inHours(0).find()).toMatchObject({ orphans: [], strays: [] });
    const reconciliation = inHours(2);
    const found = await reconciliation.find();
    expect(found.orphans.map((it) => [it.key, it.isMarker]).toSorted()).toEqual([[named.key, false], [nobodys, false], [noKey, false], [noKey, true]].toSorted());
    expect(found.orphans.find((it) => it.key === named.key)?.s3VersionId).toBe(second);
    expect(found.strays.map((it) => it.uploadId)).toEqual([UploadId]);
    expect([found.lost, found.overdue]).toEqual([[], []]);
    const before = await stateOf(firm);
    await reconciliation.clean(found);
    expect(await stateOf(firm)).toEqual(before);
    const [documentId, versionId] = nobodys.split("/");
    expect((await recordsOf(firm)).filter((it) => it["action"] === "objects.cleaned" && it["who"].id === "reconcile" && it["about"].documentId === documentId && it["about"].versionId === versionId)).toHaveLength(1);
    expect([await s3Versions(named.key), await s3Versions(nobodys), await s3Versions(noKey), await s3Versions(pending.key)]).toEqual([[named.s3VersionId], [], [], [unknown]]);
    expect(await reconciliation.find()).toMatchObject({ orphans: [], strays: [], lost: [], overdue: [] });
    firm.bus.hold(false);
    await firm.settle();
  });

  it("finds bytes that are gone, and cleans nothing of them: somebody must look", async () => {
    const it = await documentOf(randomBytes(60));
    await s3.send(new DeleteObjectCommand({ Bucket: firm.bucket, Key: it.key, VersionId: it.s3VersionId }));
    const reconciliation = inHours(2);
    const found = await reconciliation.find();
    expect(found.lost.map((version) => version.versionId)).toEqual([it.versionId]);
    await reconciliation.clean(found);
    expect((await reconciliation.find()).lost.map((version) => version.versionId)).toEqual([it.versionId]);
  });

  it("leaves alone what lies under the key of bytes that are gone: it may be the only copy, brought back from a backup", async () => {
    const it = await documentOf(randomBytes(62));
    await s3.send(new DeleteObjectCommand({ Bucket: firm.bucket, Key: it.key, VersionId: it.s3VersionId }));
    const copy = await putObject(firm, it.key, randomBytes(62));
    const found = await inHours(2).find();
    expect([found.lost.some(({ versionId }) => versionId === it.versionId), found.orphans.filter(({ key }) => key === it.key)]).toEqual([true, []]);
    await inHours(2).clean(found);
    expect(await s3Versions(it.key)).toEqual([copy]);
  });

  it("believes the table as it is now where it was read too early: it deletes nothing that was announced since, and misses nothing that was purged since", async () => {
    const [late, gone] = [await documentOf(randomBytes(63)), await documentOf(randomBytes(64))];
    const found = await inHours(2).find();
    // As a reader with a fast clock found them.
    await inHours(2).clean({ ...found, orphans: [{ key: late.key, s3VersionId: late.s3VersionId, size: 63, at: toInstant(new Date(0)), isMarker: false }] });
    expect(await s3Versions(late.key)).toEqual([late.s3VersionId]);
    const parted = await announceInParts(firm.admin.call, `/staff/cases/${caseId}/documents`);
    const open = async (): Promise<ListedUpload[]> => {
      const listed: ListedUpload[] = [];
      for await (const it of listingOf(s3, firm.bucket).uploads()) if (it.key === parted.key) listed.push(it);
      return listed;
    };
    const strays = await open();
    await inHours(2).clean({ ...found, orphans: [], strays });
    expect([strays.length, await open()]).toEqual([1, strays]);
    const documents = documentsIn(new Table(documentClient(), firm.table));
    const before = async function* () { yield (await documents.version(gone.documentId as DocumentId, gone.versionId as VersionId))!; };
    // The purge comes between the table and the listing.
    const bucket: Bucket = { ...listingOf(s3, firm.bucket), async *objects() { await markPurged(gone); yield* []; } };
    expect(await reconcile({ documents }, before(), bucket, toInstant(new Date()))).toMatchObject({ versions: 1, lost: [] });
  });

  it("misses nothing of what was removed for good, and finds what of it is there after all", async () => {
    const it = await documentOf(randomBytes(61));
    await markPurged(it);
    const [orphans, lost] = [async () => (await inHours(2).find()).orphans.map(({ key }) => key), async () => (await inHours(2).find()).lost.map((version) => version.versionId)];
    expect(await orphans()).toContain(it.key);
    await inHours(2).clean(await inHours(2).find());
    expect([await s3Versions(it.key), await orphans()]).toEqual([[], []]);
    expect(await lost()).not.toContain(it.versionId);
  });

  it("finds unfinished uploads whose time is over, and ends them", async () => {
    const late = await announce(firm, caseId, randomBytes(20));
    const week = inHours(24 * 8);
    const found = await week.find();
    expect(found.overdue.map((it) => it.versionId)).toContain(late.versionId);
    await week.clean(found);
    expect((await firm.admin.call("GET", `/staff/cases/${caseId}/documents/${late.documentId}`)).status).toBe(404);
    const later = inHours(24 * 10);
    await later.clean(await later.find());
    expect(await later.find()).toMatchObject({ orphans: [], strays: [], overdue: [] });
    await expect(s3.send(new HeadObjectCommand({ Bucket: firm.bucket, Key: late.key }))).rejects.toThrow();
  });
});
