import { DeleteCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { expectOk, type Answer, type Caller } from "../../local/caller.ts";
import { newId } from "../../lib/domain/ids.ts";
import { documentClient } from "./probe.ts";
import { filedItem } from "../../lib/adapters/dynamo/filed.ts";
import { keys } from "../../lib/adapters/dynamo/keys.ts";
import type { Document } from "../../lib/domain/document.ts";
import type { TestFirm } from "./firm.ts";

/** What tests of folders say often. */
export interface Filing {
  /** By a path within the case. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  folder(name: string, parentId?: string, more?: object): Promise<string>;
  read(path: string): Promise<any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- whatever the API answers
  /** With the etag that is true now. */
  patch(path: string, body: object): Promise<Answer>;
  /** Ids of what lies in a folder, or in the root. */
  inside(folderId?: string): Promise<string[]>;
  trash(): Promise<any[]>; // eslint-disable-line @typescript-eslint/no-explicit-any -- as above
}

export const filingOf = (call: Caller, caseId: string): Filing => {
  const of = (path: string) => `/staff/cases/${caseId}/${path}`;
  const read = (path: string) => expectOk(call("GET", of(path)));
  return {
    read,
    call: (method, path, body) => call(method, of(path), body),
    trash: async () => (await read("trash?limit=100")).items,
    folder: async (name, parentId, more = {}) => (await expectOk(call("POST", of("folders"), { name, ...(parentId && { parentId }), ...more }))).folderId,
    patch: async (path, body) => call("PATCH", of(path), body, { "if-match": `"${(await read(path)).etag}"` }),
    inside: async (folderId) => (await read(`items?limit=100${folderId ? `&folderId=${folderId}` : ""}`)).items.map((it: { folderId: string; documentId?: string }) => it.documentId ?? it.folderId),
  };
};

/** Published documents as they would lie in the table, without their bytes: for trees that are too large to upload. */
export const plantDocuments = async (firm: TestFirm, caseId: `cas_${string}`, folderId: `fol_${string}`, folderPath: `fol_${string}`[], count: number): Promise<string[]> => {
  const client = documentClient();
  const at = "2026-11-22T10:15:00.000Z";
  const documents = Array.from({ length: count }, (_, index): Document => ({
    documentId: newId("document", new Date()), caseId, folderId, folderPath, name: `Planted ${index}.pdf`, versionCount: 1, createdAt: at, revision: 1,
    published: { versionId: newId("version", new Date()), number: 1, size: 1, sha256: "0".repeat(64), contentType: "application/pdf", s3VersionId: "v", publishedAt: at, scanned: true },
  }));
  for (let from = 0; from < count; from += 25)
    await Promise.all(documents.slice(from, from + 25).flatMap((it) => [
      client.send(new PutCommand({ TableName: firm.table, Item: { ...keys.document(caseId, it.documentId), ...filedItem(it) } })),
      client.send(new PutCommand({ TableName: firm.table, Item: { ...keys.name(caseId, folderId, it.name) } })),
    ]));
  client.destroy();
  return documents.map((it) => it.documentId);
};

/** What a race would leave and no request does: a folder of the root put somewhere without any of the checks. */
export const forceParent = async (firm: TestFirm, caseId: `cas_${string}`, folderId: string, name: string, parentId: `fol_${string}`): Promise<void> => {
  const client = documentClient();
  const { table: TableName } = firm;
  await client.send(new UpdateCommand({
    TableName, Key: { pk: caseId, sk: `FOLDER#${folderId}` }, UpdateExpression: "SET parentId = :parent, nameKey = :page, clientNameKey = :page",
    ExpressionAttributeValues: { ":parent": parentId, ":page": `IN#${parentId}#0#forced#${folderId}` },
  }));
  await client.send(new DeleteCommand({ TableName, Key: { ...keys.name(caseId, undefined, name) } }));
  await client.send(new PutCommand({ TableName, Item: { ...keys.name(caseId, parentId, name) } }));
  client.destroy();
};
