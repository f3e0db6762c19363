import type { tableShape } from "../lib/adapters/dynamo/shape.ts";
import type { FunctionName } from "../lib/config.ts";

/** DynamoDB's item actions: a transaction is authorised by the actions of its items. */
type TableAction = "GetItem" | "BatchGetItem" | "Query" | "ConditionCheckItem" | "PutItem" | "UpdateItem" | "DeleteItem";

/** What a function does with documents; `constructs/policies.ts` says what each word means to S3 and to the key. */
export type ObjectUse =
  /** Signs uploads, joins and drops their parts, and asks whether a key exists: write, never read back. */
  | "upload"
  /** Signs downloads of one version, and of released ones alone. */
  | "download-released"
  /** Reads size and checksum of versions that nobody may download yet. */
  | "inspect"
  /** Tags a version as released, and no longer so: the one hand on that switch. */
  | "release"
  /** Ends abandoned uploads and deletes what they left. */
  | "discard";

export interface Needs {
  readonly table: readonly TableAction[];
  /** Indexes that it queries. */
  readonly indexes?: readonly (keyof typeof tableShape.localIndexes | keyof typeof tableShape.globalIndexes)[];
  readonly objects?: readonly ObjectUse[];
  readonly secrets?: readonly ("link" | "cursor")[];
  /** Pools whose users it invites, suspends and signs out. */
  readonly people?: readonly ("staff" | "client")[];
  /** Links members to the firm's own identity provider, where it has one. */
  readonly linksStaff?: true;
  readonly mail?: true;
}

/** What each function may do, and nothing else: this table is its role. */
export const needs = {
  "staff-api": {
    table: ["GetItem", "BatchGetItem", "Query", "ConditionCheckItem", "PutItem", "UpdateItem", "DeleteItem"], indexes: ["byName", "byPlace", "lists", "byPerson", "byClient", "byCase", "byDocument"],
    objects: ["upload", "download-released"], secrets: ["link", "cursor"], people: ["staff", "client"], linksStaff: true,
  },
  "client-api": { table: ["GetItem", "BatchGetItem", "Query", "ConditionCheckItem", "PutItem", "DeleteItem"], indexes: ["byNameForClients"], objects: ["upload", "download-released"], secrets: ["cursor"] },
  "share-page": { table: ["GetItem", "BatchGetItem", "PutItem", "UpdateItem"], indexes: ["byNameForClients", "byPerson"], objects: ["download-released"], secrets: ["link", "cursor"] },
  "document-state": { table: ["GetItem", "BatchGetItem", "PutItem"], objects: ["inspect", "release"] },
  "notify": { table: ["GetItem", "BatchGetItem", "UpdateItem"], secrets: ["link"], mail: true },
  "jobs": { table: ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"], indexes: ["byName", "byPlace", "lists"], objects: ["discard"] },
  "stats": { table: ["BatchGetItem", "PutItem", "UpdateItem"] },
} as const satisfies Readonly<Record<FunctionName, Needs>>;
