import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import * as z from "zod/mini";
import { auditEvent, type AuditEvent } from "../domain/event.ts";
import { logError } from "../log.ts";
import { outboxDetailType, outboxSource } from "./rules.ts";

/** An EventBridge event as its queue delivers it. */
const envelope = z.looseObject({ source: z.string(), "detail-type": z.string(), detail: z.unknown() });
export type BusEvent = z.infer<typeof envelope>;

/**
 * Handles a batch of messages: each is read on its own, then what could be read is handled together. What fails is named and comes
 * again, what succeeded does not (ReportBatchItemFailures). After the queue's limit of tries it lies in the dead-letter queue, under
 * an alarm.
 */
const queueHandler = <T>(read: (event: BusEvent, attempt: number) => T | Promise<T>, handle: (what: readonly T[]) => Promise<void>) =>
  async (batch: SQSEvent): Promise<SQSBatchResponse> => {
    const batchItemFailures: { itemIdentifier: string }[] = [];
    const known: T[] = [];
    for (const { messageId, body, attributes } of batch.Records) {
      try {
        known.push(await read(envelope.parse(JSON.parse(body)), Number(attributes.ApproximateReceiveCount)));
      } catch (error) {
        logError(error, { message: messageId });
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    try {
      await handle(known);
    } catch (error) {
      logError(error, { message: "batch" });
      return { batchItemFailures: batch.Records.map((it) => ({ itemIdentifier: it.messageId })) };
    }
    return { batchItemFailures };
  };

/** Each message on its own; `attempt` is how often the queue has shown it. */
export const eachMessage = (one: (event: BusEvent, attempt: number) => Promise<void>) => queueHandler(one, () => Promise.resolve());
/** The whole batch together, such as sums that one write can take; a message that cannot be read does not hold up the others. */
export const wholeBatch = <T>(read: (event: BusEvent) => T, handle: (what: readonly T[]) => Promise<void>) => queueHandler(read, handle);

/** The record that an outbox event is, or null for an event of another kind. The detail is the item in DynamoDB's own JSON. */
export const recordIn = (event: BusEvent): AuditEvent | null => {
  if (event.source !== outboxSource || event["detail-type"] !== outboxDetailType) return null;
  return auditEvent.parse(unmarshall(z.record(z.string(), z.any()).parse(event.detail)));
};
