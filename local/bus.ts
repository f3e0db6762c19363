import { appendFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { rules, schedules, scheduleSource, triesPerMessage, type Consumer } from "../lib/events/rules.ts";

/** An event as EventBridge delivers it. */
export interface BusEvent {
  readonly source: string;
  readonly "detail-type": string;
  readonly detail: unknown;
  readonly [field: string]: unknown;
}
export type ConsumerHandler = (batch: SQSEvent) => Promise<SQSBatchResponse>;

export interface Bus {
  /** Resolves when every consumer that a rule names has the event behind it, or it lies among the dead letters. */
  publish(bus: "firm" | "default", event: BusEvent): Promise<void>;
  /** As EventBridge does when a schedule's hour has come. */
  fire(schedule: keyof typeof schedules): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** While held, events wait: for tests of what is visible meanwhile. */
  hold(held: boolean): void;
}

/** The rules of the stack, as data, over consumers that run in this process; a consumer's queue is a chain of batches of one. */
export const startBus = (consumers: Readonly<Record<Consumer, ConsumerHandler>>, deadLetters: string | null): Bus => {
  const underway = new Set<Promise<void>>();
  let gate: { open: () => void; opened: Promise<void> } | null = null;

  const deliver = async (consumer: Consumer, event: BusEvent): Promise<void> => {
    await gate?.opened;
    const body = JSON.stringify(event);
    for (let attempt = 1; attempt <= triesPerMessage; attempt++) {
      const batch = { Records: [messageOf(consumer, body, attempt)] };
      const failures = await consumers[consumer](batch).then((reply) => reply.batchItemFailures.length, () => 1);
      if (failures === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
    }
    console.error(`A message for ${consumer} failed ${triesPerMessage} times and is a dead letter now.`);
    if (deadLetters !== null) await appendFile(deadLetters, `${JSON.stringify({ consumer, event })}\n`);
  };

  const deliverTo = async (to: readonly Consumer[], event: BusEvent): Promise<void> => {
    const work = Promise.all(to.map((consumer) => deliver(consumer, event))).then(() => undefined);
    underway.add(work);
    await work.finally(() => underway.delete(work));
  };

  return {
    publish: (bus, event) => deliverTo(Object.values(rules).flatMap((rule) => (rule.bus === bus && matches(rule.pattern, event) ? [rule.consumer] : [])), event),
    fire: (schedule) => deliverTo([schedules[schedule].consumer], {
      version: "0", id: randomUUID(), source: scheduleSource, "detail-type": "Scheduled Event", account: "000000000000", time: new Date().toISOString(), region: "eu-west-1",
      resources: [`arn:aws:events:eu-west-1:000000000000:rule/${schedule}`], detail: {},
    }),
    async idle() {
      while (underway.size > 0) await Promise.all(underway);
    },
    hold(held) {
      if (held && gate === null) {
        let open: () => void = () => undefined;
        const opened = new Promise<void>((resolve) => { open = resolve; });
        gate = { open, opened };
      } else if (!held) {
        gate?.open();
        gate = null;
      }
    },
  };
};

/** EventBridge's patterns as far as our rules use them: every field named must be there, with one of the values named. */
export const matches = (pattern: unknown, value: unknown): boolean => {
  if (Array.isArray(pattern)) return pattern.some((allowed) => (isPrefix(allowed) ? typeof value === "string" && value.startsWith(allowed.prefix) : allowed === value));
  if (pattern === null || typeof pattern !== "object" || value === null || typeof value !== "object") return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return Object.entries(pattern).every(([name, part]) => fields.has(name) && matches(part, fields.get(name)));
};
const isPrefix = (allowed: unknown): allowed is { prefix: string } => typeof allowed === "object" && allowed !== null && "prefix" in allowed && typeof allowed.prefix === "string";

const messageOf = (consumer: Consumer, body: string, attempt: number): SQSEvent["Records"][number] => ({
  messageId: randomUUID(), receiptHandle: "local", body, messageAttributes: {}, md5OfBody: "", eventSource: "aws:sqs",
  eventSourceARN: `arn:aws:sqs:eu-west-1:000000000000:${consumer}`, awsRegion: "eu-west-1",
  attributes: { ApproximateReceiveCount: String(attempt), SentTimestamp: String(Date.now()), SenderId: "local", ApproximateFirstReceiveTimestamp: String(Date.now()) },
});
