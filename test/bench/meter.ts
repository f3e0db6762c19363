import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { AwsClient } from "../../lib/compose.ts";
import { unitsOfCheck, unitsOfRead, unitsOfWrite, type Item } from "./sizes.ts";

/** One call that went over the network, with the units that the emulator reported and those of the documented formula. */
export interface Call {
  readonly command: string;
  readonly start: number;
  readonly end: number;
  readonly read: Units;
  readonly write: Units;
  /** The items that it put, in DynamoDB's JSON: what the stream carries on. */
  readonly puts: readonly unknown[];
}
export interface Units { readonly reported: number; readonly formula: number }
const none: Units = { reported: 0, formula: 0 };

// What the SDK hands to a middleware, as far as it is looked at here.
interface Args { readonly input: any; readonly [more: string]: unknown } // eslint-disable-line @typescript-eslint/no-explicit-any -- each command has an input of its own
type Next = (args: Args) => Promise<{ output: any }>; // eslint-disable-line @typescript-eslint/no-explicit-any -- and an output
type Middleware = (next: Next, context: { readonly commandName?: string }) => Next;
interface Stack { add(middleware: Middleware, options: { step: string; priority?: string; name: string }): void }

/**
 * Counts calls where the SDK sends them: the innermost step before the wire, so that retries count and signing a URL does not. Depth is the
 * longest chain of calls of which each began after the one before it had ended, by these timestamps.
 */
export class Meter {
  #calls: Call[] = [];
  #begun = 0;
  #sent = 0;
  #own: DynamoDBDocumentClient | null = null;

  readonly watch = (client: AwsClient): void => {
    const stack = client.middlewareStack as unknown as Stack; // a union of stacks has no common `add`
    if (client instanceof DynamoDBClient) stack.add(asksForUnits, { step: "initialize", name: "asksForUnits" });
    if (client instanceof S3Client) {
      // A command that is presigned begins like any other and never comes to the wire.
      stack.add((next) => (args) => { this.#begun += 1; return next(args); }, { step: "initialize", name: "begins" });
      stack.add((next) => (args) => { this.#sent += 1; return next(args); }, { step: "finalizeRequest", priority: "low", name: "sends" });
    }
    stack.add(this.#measures, { step: "finalizeRequest", priority: "low", name: "measures" });
  };

  /** @returns the calls of `work`, in the order in which they began, how many URLs it presigned, and its result. */
  async during<T>(work: () => Promise<T>): Promise<{ readonly calls: readonly Call[]; readonly signed: number; readonly result: T }> {
    [this.#calls, this.#begun, this.#sent] = [[], 0, 0];
    const result = await work();
    return { calls: this.#calls.toSorted((a, b) => a.start - b.start), signed: this.#begun - this.#sent, result };
  }

  readonly #measures: Middleware = (next, { commandName = "" }) => async (args) => {
    const written = keysWritten(commandName, args.input);
    const before = await this.#items(args.input, written);
    const start = performance.now();
    const answer = await next(args);
    const end = performance.now();
    const after = await this.#items(args.input, written);
    const reported = capacities(answer.output);
    const transactional = commandName.startsWith("TransactWrite");
    const checked = (index: number): boolean => transactional && "ConditionCheck" in args.input.TransactItems[index];
    const formula = written.reduce((sum, _, index) => sum + (checked(index) ? unitsOfCheck(before[index] ?? null) : unitsOfWrite(before[index] ?? null, after[index] ?? null, transactional)), 0);
    this.#calls.push({
      command: commandName.replace(/Command$/, ""), start, end, puts: putsIn(commandName, args.input),
      read: written.length > 0 ? none : { reported, formula: readFormula(commandName, args.input, answer.output) },
      write: written.length > 0 ? { reported, formula } : none,
    });
    return answer;
  };

  /** The items as they are in the table, read by a client that nobody watches. */
  async #items(input: Args["input"], written: readonly Item[]): Promise<(Item | null)[]> {
    this.#own ??= DynamoDBDocumentClient.from(new DynamoDBClient({}));
    const client = this.#own;
    const TableName: string = input?.TableName ?? input?.TransactItems?.map((it: object) => Object.values(it)[0]?.TableName)[0];
    return Promise.all(written.map(async (key) => (await client.send(new GetCommand({ TableName, Key: { ...key }, ConsistentRead: true }))).Item ?? null));
  }
}

const asksForUnits: Middleware = (next) => (args) => next({ ...args, input: { ...args.input, ReturnConsumedCapacity: "INDEXES" } });

/** The keys of the items that a command writes, in its order. */
const keysWritten = (command: string, input: Args["input"]): Item[] => {
  const keyIn = ({ Item: item, Key }: { Item?: Record<string, never>; Key?: Record<string, never> }): Item => {
    const { pk, sk } = unmarshall(item ?? Key ?? {});
    return { pk, sk };
  };
  if (/^(Put|Update|Delete)ItemCommand$/.test(command)) return [keyIn(input)];
  return command === "TransactWriteItemsCommand" ? input.TransactItems.map((it: object) => keyIn(Object.values(it)[0])) : [];
};
const putsIn = (command: string, input: Args["input"]): unknown[] =>
  command === "PutItemCommand" ? [input.Item] : command === "TransactWriteItemsCommand" ? input.TransactItems.flatMap((it: { Put?: { Item: unknown } }) => (it.Put ? [it.Put.Item] : [])) : [];

const capacities = ({ ConsumedCapacity }: { ConsumedCapacity?: unknown }): number =>
  [ConsumedCapacity ?? []].flat().reduce((sum: number, it) => sum + ((it as { CapacityUnits?: number }).CapacityUnits ?? 0), 0);

const readFormula = (command: string, input: Args["input"], output: any): number => { // eslint-disable-line @typescript-eslint/no-explicit-any -- as above
  if (command === "GetItemCommand") return unitsOfRead(output.Item ? [output.Item] : [], "each", input.ConsistentRead === true, 1);
  if (command === "QueryCommand") return unitsOfRead(output.Items ?? [], "sum", input.ConsistentRead === true);
  if (command !== "BatchGetItemCommand") return 0;
  return Object.entries<{ Keys: unknown[]; ConsistentRead?: boolean }>(input.RequestItems).reduce(
    (sum, [table, { Keys, ConsistentRead }]) => sum + unitsOfRead(output.Responses?.[table] ?? [], "each", ConsistentRead === true, Keys.length), 0);
};

/** How many calls, one after the other, each call had to wait for, itself included. */
const levelsOf = (calls: readonly Call[]): number[] => {
  const levels: number[] = [];
  for (const call of calls) levels.push(1 + Math.max(0, ...levels.filter((_, earlier) => (calls[earlier]?.end ?? Infinity) <= call.start)));
  return levels;
};
export const depthOf = (calls: readonly Call[]): number => Math.max(0, ...levelsOf(calls));

/** The calls as steps: `GetItem ×3 → Query → PutItem`. */
export const stepsOf = (calls: readonly Call[]): string => {
  const levels = levelsOf(calls);
  return [...Map.groupBy(calls, (_, index) => levels[index])].map(([, step]) =>
    [...Map.groupBy(step, (it) => it.command)].map(([command, same]) => (same.length > 1 ? `${command} ×${same.length}` : command)).join(" ∥ ")).join(" → ");
};

export const total = (calls: readonly Call[], of: (call: Call) => number): number => calls.reduce((sum, call) => sum + of(call), 0);
