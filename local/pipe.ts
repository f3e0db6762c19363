import { DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand, type _Record as StreamRecord, type Shard } from "@aws-sdk/client-dynamodb-streams";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { outboxDetailType, outboxFilter, outboxSource } from "../lib/events/rules.ts";
import { matches, type Bus } from "./bus.ts";

export interface Pipe {
  /** Resolves when everything that was in the stream at the call has been delivered. */
  drained(): Promise<void>;
  stop(): Promise<void>;
}

/** Often enough that nobody waits for a mail, seldom enough that an idle machine stays idle. */
const pollMs = 100;

/**
 * What EventBridge Pipes does: reads the table's stream shard by shard, lets the outbox's items through, and puts them on the firm's
 * bus. The place in the stream is kept in a file and moves on only after delivery, so that a stop loses nothing and repeats a little.
 */
export const startPipe = async (streamArn: string, bus: Bus, placeFile: string | null): Promise<Pipe> => {
  const client = new DynamoDBStreamsClient({});
  const places = new Map<string, string>(placeFile !== null && existsSync(placeFile) ? Object.entries(JSON.parse(await readFile(placeFile, "utf8")) as Record<string, string>) : []);
  const iterators = new Map<string, string | undefined>();
  const finished = new Set<string>();
  let open: readonly string[] = [];
  let stopping = false;
  let rounds = 0;

  const keepPlaces = async (): Promise<void> => {
    if (placeFile === null) return;
    await writeFile(`${placeFile}.new`, JSON.stringify(Object.fromEntries(places)));
    await rename(`${placeFile}.new`, placeFile);
  };

  const iteratorOf = async (shard: string): Promise<string | undefined> => {
    const place = places.get(shard);
    const from = place === undefined ? ({ ShardIteratorType: "TRIM_HORIZON" } as const) : ({ ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: place } as const);
    return (await client.send(new GetShardIteratorCommand({ StreamArn: streamArn, ShardId: shard, ...from }))).ShardIterator;
  };

  const read = async (shard: string): Promise<boolean> => {
    const iterator = iterators.get(shard) ?? (await iteratorOf(shard));
    if (iterator === undefined) return false;
    const batch = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: 100 })).catch((error: unknown) => {
      if (!(error instanceof Error) || error.name !== "TrimmedDataAccessException") throw error;
      return null;
    });
    if (batch === null) {
      // What the place or the iterator speaks of was trimmed: on from the oldest that is left. Consumers bear repetition.
      places.delete(shard);
      iterators.delete(shard);
      return true;
    }
    const { Records = [], NextShardIterator } = batch;
    for (const record of Records.filter(isOutbox)) await bus.publish("firm", eventOf(record));
    const last = Records.at(-1)?.dynamodb?.SequenceNumber;
    if (last !== undefined) {
      places.set(shard, last);
      await keepPlaces();
    }
    if (NextShardIterator === undefined) finished.add(shard);
    iterators.set(shard, NextShardIterator);
    return Records.length > 0;
  };

  /**
   * A shard that begins is the child of one that has ended: they are listed anew when all that are known have. DynamoDB Local looks through every record of every
   * stream to answer; asked in each round, it grew ten times slower within twenty thousand records (measured).
   */
  const openShards = async (): Promise<readonly string[]> => {
    open = open.filter((it) => !finished.has(it));
    if (open.length > 0) return open;
    const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn: streamArn }));
    return (open = (StreamDescription?.Shards ?? []).flatMap(({ ShardId }: Shard) => (ShardId !== undefined && !finished.has(ShardId) ? [ShardId] : [])));
  };

  const loop = async (): Promise<void> => {
    while (!stopping) {
      let found = false;
      try {
        for (const shard of await openShards()) found = (await read(shard)) || found;
      } catch (error) {
        // Iterators last a quarter of an hour, shards a day; the place does not depend on them.
        iterators.clear();
        open = [];
        console.error(`The pipe will try again: ${error instanceof Error ? error.message : "unknown error"}`);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      if (!found) {
        rounds += 1;
        await new Promise((resolve) => setTimeout(resolve, pollMs));
      }
    }
  };
  const running = loop();

  return {
    async drained() {
      // One empty round that began after the call, for the records, and another for the records of what they caused.
      for (let waits = 0; waits < 2; waits++) {
        const until = rounds + 2;
        while (rounds < until && !stopping) await new Promise((resolve) => setTimeout(resolve, 10));
        await bus.idle();
      }
    },
    async stop() {
      stopping = true;
      await running;
      client.destroy();
    },
  };
};

const isOutbox = (record: StreamRecord): boolean => matches(outboxFilter, { eventName: record.eventName, dynamodb: { Keys: record.dynamodb?.Keys } });

const eventOf = (record: StreamRecord) => ({
  version: "0", id: randomUUID(), "detail-type": outboxDetailType, source: outboxSource, account: "000000000000", time: new Date().toISOString(), region: "eu-west-1", resources: [],
  detail: record.dynamodb?.NewImage,
});
