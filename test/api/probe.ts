import { GetObjectTaggingCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { BatchWriteCommand, DynamoDBDocumentClient, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { randomUUID } from "node:crypto";
import { request } from "node:http";
import type { BusEvent } from "../../local/bus.ts";
import { expectOk, sha256Of, type Answer } from "../../local/caller.ts";
import { composeDocumentState, type AwsClient } from "../../lib/compose.ts";
import { firmProfile } from "../../lib/domain/firm.ts";
import { newId } from "../../lib/domain/ids.ts";
import { TableChange } from "../../lib/adapters/dynamo/ledger.ts";
import type { Change } from "../../lib/usecases/ports.ts";
import type { About } from "../../lib/domain/event.ts";
import type { TestFirm } from "./firm.ts";

/** What tests do beside the API: look at what lies in the table and the bucket, and say what S3, the scan and the bus would say. */
export const documentClient = (): DynamoDBDocumentClient => DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } });

type Item = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- an item is whatever was stored

export const scan = async (firm: TestFirm): Promise<Item[]> => {
  const client = documentClient();
  const items: Item[] = [];
  for (let start: Record<string, unknown> | undefined; ;) {
    const page = await client.send(new ScanCommand({ TableName: firm.table, ConsistentRead: true, ...(start && { ExclusiveStartKey: start }) }));
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
    if (start === undefined) break;
  }
  client.destroy();
  return items;
};

/** Everything in the table but the register, to be compared. */
export const stateOf = async (firm: TestFirm): Promise<Item[]> =>
  (await scan(firm)).filter((it) => !it["pk"].startsWith("AUDIT#")).toSorted((a, b) => (`${a["pk"]}${a["sk"]}` < `${b["pk"]}${b["sk"]}` ? -1 : 1));

export const recordsOf = async (firm: TestFirm): Promise<Item[]> =>
  (await scan(firm)).filter((it) => it["pk"].startsWith("AUDIT#")).toSorted((a, b) => (a["sk"] < b["sk"] ? -1 : 1));

export const tagsOf = async (firm: TestFirm, documentId: string, versionId: string): Promise<Record<string, string>> => {
  const { TagSet = [] } = await new S3Client({}).send(new GetObjectTaggingCommand({ Bucket: firm.bucket, Key: `${documentId}/${versionId}` }));
  return Object.fromEntries(TagSet.map(({ Key = "", Value = "" }) => [Key, Value]));
};

export const putObject = async (firm: TestFirm, key: string, bytes: Buffer): Promise<string> =>
  (await new S3Client({}).send(new PutObjectCommand({ Bucket: firm.bucket, Key: key, Body: bytes }))).VersionId ?? "";

const envelope = (source: string, type: string, detail: unknown): BusEvent =>
  ({ version: "0", id: randomUUID(), source, "detail-type": type, account: "000000000000", time: new Date().toISOString(), region: "eu-west-1", resources: [], detail });

export const storedEvent = (bucket: string, key: string, s3VersionId: string): BusEvent =>
  envelope("aws.s3", "Object Created", { version: "0", bucket: { name: bucket }, object: { key, size: 1, etag: "e", "version-id": s3VersionId, sequencer: "0" }, reason: "PutObject" });

export const verdictEvent = (bucket: string, key: string, s3VersionId: string, status: string): BusEvent =>
  envelope("aws.guardduty", "GuardDuty Malware Protection Object Scan Result", {
    schemaVersion: "1.0", scanStatus: "COMPLETED", resourceType: "S3_OBJECT", s3ObjectDetails: { bucketName: bucket, objectKey: key, eTag: "e", versionId: s3VersionId, s3Throttled: false },
    scanResultDetails: { scanResultStatus: status, threats: null },
  });

/** An item of the outbox as the pipe carries it. */
export const outboxEvent = (record: Readonly<Record<string, unknown>>): BusEvent => envelope("legajo", "audit", marshall(record, { removeUndefinedValues: true }));

export const completedEvent = (about: About): BusEvent =>
  outboxEvent({ eventId: newId("event", new Date()), at: new Date().toISOString(), action: "versions.complete", who: { kind: "member", id: newId("member", new Date()) }, about, result: "granted", requestId: "req" });

/** A second copy of the consumer that the bus calls, to be handed events in an order of one's own; `watch` sees its clients. */
export const documentStateOf = ({ table, bucket, clock }: TestFirm, watch?: (client: AwsClient) => void) =>
  composeDocumentState({ TABLE_NAME: table, BUCKET_NAME: bucket, FIRM: firmProfile.parse({ name: "A firm", phone: "1", address: "A street", adviserCases: "all" }) }, { clock, ...(watch && { watch }), firstPasswords: { staff: "permanent", client: "permanent" } });

/** A consumer's queue hands over events as messages. */
export const batchOf = (...events: readonly unknown[]) => ({
  Records: events.map((event, index) => ({
    messageId: `m${index}`, receiptHandle: "r", body: typeof event === "string" ? event : JSON.stringify(event), messageAttributes: {}, md5OfBody: "", eventSource: "aws:sqs", eventSourceARN: "arn", awsRegion: "eu-west-1",
    attributes: { ApproximateReceiveCount: "1", SentTimestamp: "0", SenderId: "s", ApproximateFirstReceiveTimestamp: "0" },
  })),
});

/** An announced upload with what its PUT must send. */
export interface Announced { readonly documentId: string; readonly versionId: string; readonly key: string; readonly upload: { readonly url: string; readonly headers: Record<string, string> } }

export const etagOf = (answer: Answer): string => answer.headers.get("etag") ?? "";

let names = 0;
/** An address that nobody has. */
export const fresh = (): string => `person${++names}.${Date.now()}@people.example`;

export const announce = async (firm: TestFirm, caseId: string, bytes: Buffer, more: Readonly<Record<string, unknown>> = {}): Promise<Announced> => {
  const { document, version, upload } = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/documents`, { name: `File ${++names}.pdf`, contentType: "application/pdf", size: bytes.length, sha256: sha256Of(bytes), ...more }));
  return { documentId: document.documentId, versionId: version.versionId, key: `${document.documentId}/${version.versionId}`, upload };
};

export const announceVersion = async (firm: TestFirm, caseId: string, documentId: string, bytes: Buffer, more: Readonly<Record<string, unknown>> = {}): Promise<Announced> => {
  const { version, upload } = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/documents/${documentId}/versions`, { contentType: "application/pdf", size: bytes.length, sha256: sha256Of(bytes), ...more }));
  return { documentId, versionId: version.versionId, key: `${documentId}/${version.versionId}`, upload };
};

/** Sends the bytes as announced. @returns S3's id of what it stored. */
export const put = async ({ upload }: Pick<Announced, "upload">, bytes: Buffer, headers: Readonly<Record<string, string>> = {}): Promise<{ readonly status: number; readonly s3VersionId: string; readonly text: string }> => {
  const response = await fetch(upload.url, { method: "PUT", headers: { ...upload.headers, ...headers }, body: new Uint8Array(bytes) });
  return { status: response.status, s3VersionId: response.headers.get("x-amz-version-id") ?? "", text: await response.text() };
};

export const complete = (firm: TestFirm, caseId: string, { documentId, versionId }: Announced) =>
  firm.admin.call("POST", `/staff/cases/${caseId}/documents/${documentId}/versions/${versionId}/complete`, {});

export const versionNow = async (firm: TestFirm, caseId: string, { documentId, versionId }: Announced): Promise<Item> => {
  const { items } = await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/documents/${documentId}/versions?limit=100`));
  return items.find((it: Item) => it["versionId"] === versionId);
};

export interface RawAnswer { readonly status: number; readonly headers: NodeJS.Dict<string | string[]>; readonly body: string }

/** HTTP without anybody's tidying up of the path. */
export const raw = (firm: TestFirm, method: string, path: string, headers: Readonly<Record<string, string>> = {}, body = ""): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(firm.api);
    const sent = request({ hostname, port, method, path, headers: { ...headers, ...(body && { "content-length": Buffer.byteLength(body) }) } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part)).on("end", () => { resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts).toString("utf8") }); });
    });
    sent.on("error", reject);
    sent.end(body);
  });

/** Lays many new things into the table at once, past every rule and without a record: a firm as it is after years. */
export const layDown = async (table: string, changes: readonly Change[]): Promise<void> => {
  const client = documentClient();
  const items = changes.flatMap((it) => (it instanceof TableChange ? it.writes.flatMap(({ write }) => (write.Put?.Item ? [write.Put.Item] : [])) : []));
  for (let start = 0; start < items.length; start += 25) {
    await client.send(new BatchWriteCommand({ RequestItems: { [table]: items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } })) } }));
  }
  client.destroy();
};
