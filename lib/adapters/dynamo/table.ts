import { BatchGetCommand, GetCommand, QueryCommand, type DynamoDBDocumentClient, type QueryCommandInput } from "@aws-sdk/lib-dynamodb";
import * as z from "zod/mini";
import { invalid, Refusal } from "../../domain/refusal.ts";
import { backOff } from "../../usecases/back-off.ts";
import type { Page, PageRequest } from "../../usecases/request.ts";
import { answeredOr } from "../outage.ts";
import type { Key } from "./keys.ts";
import { tableShape, type GlobalIndex } from "./shape.ts";

/** Items come back as whatever was stored; a schema makes them what we know. An item that does not parse is a bug, never a "no". */
type Schema<T> = z.ZodMiniType<T>;

/** What to read of one partition, or of one partition of an index. */
interface Range {
  readonly partition: string;
  readonly startsWith?: string;
  readonly between?: readonly [string, string];
  readonly index?: keyof typeof tableShape.localIndexes | GlobalIndex;
  readonly newestFirst?: boolean;
}

const isGlobal = (index: string): index is GlobalIndex => index in tableShape.globalIndexes;
const lastKey = z.record(z.string(), z.union([z.string(), z.number()]));

/** Reads of the one table. Everything is strongly consistent except global indexes, which cannot be. */
export class Table {
  readonly client: DynamoDBDocumentClient;
  readonly name: string;

  constructor(client: DynamoDBDocumentClient, name: string) {
    this.client = client;
    this.name = name;
  }

  async get<T>(key: Key, schema: Schema<T>): Promise<T | null> {
    const { Item } = await answered(this.client.send(new GetCommand({ TableName: this.name, Key: key, ConsistentRead: true })));
    return Item ? schema.parse(Item) : null;
  }

  /**
   * Items by exact key, a hundred to a call and the calls at once, in no order; what is not there is left out.
   * @throws Refusal `unavailable` when keys stay unprocessed: a decision is never made on half of its facts.
   */
  async batch<T>(wanted: readonly Key[], schema: Schema<T>): Promise<T[]> {
    const distinct = [...new Map(wanted.map((key) => [`${key.pk}\n${key.sk}`, key])).values()];
    const calls = Array.from({ length: Math.ceil(distinct.length / 100) }, (_, call) => this.#hundred(distinct.slice(call * 100, call * 100 + 100), schema));
    return (await Promise.all(calls)).flat();
  }

  async #hundred<T>(wanted: readonly Key[], schema: Schema<T>): Promise<T[]> {
    const found: T[] = [];
    let keys: Record<string, unknown>[] = wanted.map((key) => ({ ...key }));
    for (let attempt = 0; keys.length > 0; attempt++) {
      if (attempt === 4) throw new Refusal("unavailable", "The table did not answer in full.");
      if (attempt > 0) await backOff(attempt);
      const { Responses, UnprocessedKeys } = await answered(
        this.client.send(new BatchGetCommand({ RequestItems: { [this.name]: { Keys: keys, ConsistentRead: true } } })),
      );
      for (const item of Responses?.[this.name] ?? []) found.push(schema.parse(item));
      keys = UnprocessedKeys?.[this.name]?.Keys ?? [];
    }
    return found;
  }

  /** One page of a range; `next` is a position to go on from. */
  async page<T>(range: Range, { limit, after }: PageRequest, schema: Schema<T>): Promise<Page<T>> {
    const start = after === null ? undefined : parsePosition(after);
    const { Items, LastEvaluatedKey } = await answered(
      this.client.send(new QueryCommand({ ...this.#query(range), Limit: limit, ...(start && { ExclusiveStartKey: start }) })),
    );
    return { items: (Items ?? []).map((item) => schema.parse(item)), next: LastEvaluatedKey ? JSON.stringify(LastEvaluatedKey) : null };
  }

  /**
   * A page that holds only what `keep` lets through, filled up to `limit` over at most ten reads; a short page still names its `next`. A full one does
   * where another item is kept behind it: a next page that turned out empty would tell of items that were left out. `mayRead` weighs what `keep` let
   * through, a read's items at once.
   */
  async filteredPage<T>(range: Range, request: PageRequest, schema: Schema<T>, keep: (item: T) => boolean, position: (item: T) => string, mayRead?: (items: readonly T[]) => Promise<readonly T[]>): Promise<Page<T>> {
    const kept: T[] = [];
    let after = request.after;
    for (let read = 0; read < 10; read++) {
      const page = await this.page(range, { limit: 100, after }, schema);
      const found = page.items.filter(keep);
      for (const item of mayRead ? await mayRead(found) : found) {
        const last = kept.at(-1);
        if (last !== undefined && kept.length === request.limit) return { items: kept, next: position(last) };
        kept.push(item);
      }
      after = page.next;
      if (after === null) break;
    }
    return { items: kept, next: after };
  }

  #query({ partition, startsWith, between, index, newestFirst }: Range): QueryCommandInput {
    const shape = index === undefined ? null : isGlobal(index) ? tableShape.globalIndexes[index] : { partitionKey: tableShape.partitionKey, sortKey: tableShape.localIndexes[index] };
    const sort = startsWith !== undefined ? " AND begins_with(#sk, :start)" : between ? " AND #sk BETWEEN :from AND :to" : "";
    return {
      TableName: this.name,
      ...(index !== undefined && { IndexName: index }),
      ConsistentRead: index === undefined || !isGlobal(index),
      ScanIndexForward: newestFirst !== true,
      KeyConditionExpression: `#pk = :partition${sort}`,
      ExpressionAttributeNames: { "#pk": shape?.partitionKey ?? tableShape.partitionKey, ...(sort && { "#sk": shape?.sortKey ?? tableShape.sortKey }) },
      ExpressionAttributeValues: {
        ":partition": partition,
        ...(startsWith !== undefined && { ":start": startsWith }),
        ...(startsWith === undefined && between && { ":from": between[0], ":to": between[1] }),
      },
    };
  }
}

/** A list may have been of another kind when it gave the position out: a contact's page of a case, for one, before they were given all of it. */
const parsePosition = (text: string) => {
  try {
    return lastKey.parse(JSON.parse(text));
  } catch {
    throw invalid("query.cursor", "Is not a cursor of this list.");
  }
};

export const answered = <T>(reply: Promise<T>): Promise<T> => answeredOr("The table does not answer. Nothing was changed.", reply);
