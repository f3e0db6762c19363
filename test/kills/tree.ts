import { QueryCommand, TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { filedItem } from "../../lib/adapters/dynamo/filed.ts";
import { keys } from "../../lib/adapters/dynamo/keys.ts";
import type { Document } from "../../lib/domain/document.ts";
import { newId, type CaseId, type FolderId } from "../../lib/domain/ids.ts";
import { toInstant } from "../../lib/domain/time.ts";
import { expectOk, sha256Of, uploadDocument } from "../../local/caller.ts";
import { LOCAL_CREDENTIALS, LOCAL_REGION } from "../../local/emulators/child.ts";
import { documentClient } from "../api/probe.ts";
import type { Chance } from "./chance.ts";
import { caseOf, type World } from "./world.ts";

interface Placed { readonly documentId: string; readonly folderId: string }

/** A folder with many things below it, in one of two folders; the first contact holds one of them, the second the other. */
export interface Tree {
  readonly caseId: string;
  readonly sides: readonly [string, string];
  readonly root: string;
  /** Every folder and document below the root, by id. */
  readonly things: ReadonlySet<string>;
  readonly documents: readonly Placed[];
  /** SHA-256 of the documents that have bytes. */
  readonly hashes: ReadonlyMap<string, string>;
  /** How many of them are there by which way. */
  readonly laid: string;
}

const withBytes = 20;

/**
 * Folders, grants and some documents with their bytes come over the API. The other documents are laid down in the table as the stores would write them, but for
 * their versions, which have no bytes: ten thousand uploads would take longer than everything that is to be proven.
 */
export const plantTree = async (world: World, chance: Chance, count: number): Promise<Tree> => {
  const { staff, contacts, contract } = world;
  const caseId = await caseOf(world, `KILLS-${chance.seed}`) as CaseId; // as the API gives it
  const folder = async (name: string, parentId?: string): Promise<FolderId> => (await expectOk(staff("POST", `/staff/cases/${caseId}/folders`, { name, ...(parentId && { parentId }) }))).folderId;
  const sides = [await folder("Desde"), await folder("Hasta")] as const;
  for (const [index, folderId] of sides.entries()) await expectOk(staff("POST", `/staff/cases/${caseId}/grants`, { principal: { contactId: contacts[index]?.contactId }, resource: { folderId }, level: "read" }));
  const root = await folder("Expediente", sides[0]);
  const paths: FolderId[][] = [];
  for (let year = 1, made = 0; made < count / 100; year++) {
    const above = [sides[0], root, await folder(`Año ${year}`, root)];
    paths.push(above);
    made += 1;
    for (let part = 1; part < 10 && made < count / 100; part++, made++) paths.push([...above, await folder(`Tomo ${part}`, above.at(-1))]);
  }

  const documents: Placed[] = [];
  const hashes = new Map<string, string>();
  const nextPath = () => paths[documents.length % paths.length] ?? [];
  const left = count - paths.length;
  while (documents.length < Math.min(withBytes, left)) {
    const folderId = nextPath().at(-1) ?? root;
    const bytes = chance.bytes(`document ${documents.length}`, 1 + Math.floor(chance.next() * 200_000));
    const { documentId } = await uploadDocument(staff, caseId, { name: `Con bytes ${documents.length}.pdf`, contentType: "application/pdf", bytes, folderId });
    documents.push({ documentId, folderId });
    hashes.set(documentId, sha256Of(bytes));
  }

  point(contract.dynamodb);
  const laid: Document[] = [];
  while (documents.length < left) {
    const folderPath = nextPath();
    const document = published(caseId, folderPath, folderPath.at(-1) ?? root, `Documento ${documents.length}.pdf`);
    laid.push(document);
    documents.push(document);
  }
  await layDown(contract.table, laid);
  const things = new Set([...paths.map((it) => it.at(-1) ?? root), ...documents.map((it) => it.documentId)]);
  return { caseId, sides, root, things, documents, hashes, laid: `${paths.length} folders over the API, ${hashes.size} documents uploaded with bytes, ${laid.length} laid down in the table` };
};

/** The hints that lie in the table, which no answer shows, against the way that the parents tell. @returns how many things have another. */
export const wrongHints = async ({ contract }: World, { caseId, things }: Tree): Promise<number> => {
  point(contract.dynamodb);
  const client = documentClient();
  const parents = new Map<string, string | undefined>();
  const hints = new Map<string, { readonly parent: string | undefined; readonly hint: string }>();
  for (const prefix of ["FOLDER#", "DOC#"]) for (let start: Record<string, unknown> | undefined; ;) {
    const { Items = [], LastEvaluatedKey } = await client.send(new QueryCommand({
      TableName: contract.table, ConsistentRead: true, KeyConditionExpression: "pk = :case AND begins_with(sk, :kind)", ExpressionAttributeValues: { ":case": caseId, ":kind": prefix }, ...(start && { ExclusiveStartKey: start }),
    }));
    for (const it of Items) {
      const isFolder = prefix === "FOLDER#";
      if (isFolder) parents.set(it["folderId"], it["parentId"]);
      hints.set(isFolder ? it["folderId"] : it["documentId"], { parent: isFolder ? it["parentId"] : it["folderId"], hint: (isFolder ? it["ancestors"] : it["folderPath"]).join() });
    }
    if ((start = LastEvaluatedKey) === undefined) break;
  }
  client.destroy();
  const wayTo = (id: string | undefined): string[] => (id === undefined ? [] : [...wayTo(parents.get(id)), id]);
  return [...things].filter((id) => hints.get(id)?.hint !== wayTo(hints.get(id)?.parent).join()).length;
};

/** A hundred items at a time: on disk that takes DynamoDB Local a third of what as many single writes do. */
const layDown = async (TableName: string, documents: readonly Document[]): Promise<void> => {
  const client = documentClient();
  const items = documents.flatMap((it) => [{ ...keys.document(it.caseId, it.documentId), ...filedItem(it) }, keys.name(it.caseId, it.folderId, it.name)]);
  for (let start = 0; start < items.length; start += 100) await client.send(new TransactWriteCommand({ TransactItems: items.slice(start, start + 100).map((Item) => ({ Put: { TableName, Item } })) }));
  client.destroy();
};

/** The SDK's own variables say where the table is. */
const point = (dynamodb: string): void => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey, AWS_REGION: LOCAL_REGION, AWS_ENDPOINT_URL_DYNAMODB: dynamodb });
};

const published = (caseId: CaseId, folderPath: FolderId[], folderId: FolderId, name: string) => {
  const at = toInstant(new Date());
  const version = { versionId: newId("version", new Date()), number: 1, size: 1, sha256: "a".repeat(64), contentType: "application/pdf", s3VersionId: "v", publishedAt: at, scanned: true };
  return { documentId: newId("document", new Date()), caseId, folderId, folderPath, name, versionCount: 1, createdAt: at, revision: 1, published: version } satisfies Document;
};
