import { PutCommand, TransactWriteCommand, type TransactWriteCommandInput } from "@aws-sdk/lib-dynamodb";
import * as z from "zod/mini";
import { about, actorOf, type About, type AuditEvent } from "../../domain/event.ts";
import { newId } from "../../domain/ids.ts";
import type { Principal } from "../../domain/principal.ts";
import { Refusal } from "../../domain/refusal.ts";
import { epochSeconds, plusDays } from "../../domain/time.ts";
import { backOff } from "../../usecases/back-off.ts";
import type { Change, Ledger } from "../../usecases/ports.ts";
import type { Once, Request } from "../../usecases/request.ts";
import { keys } from "./keys.ts";
import { answered, type Table } from "./table.ts";

type Write = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];

/** Writes that a store prepared, each with the refusal that a failed condition of it stands for. */
export class TableChange implements Change {
  readonly writes: readonly { readonly write: Write; readonly otherwise: () => Refusal }[];

  constructor(writes: TableChange["writes"]) {
    this.writes = writes;
  }
}

/** For writes without a condition, and conditions that only a bug can fail. */
export const cannotFail = (): Refusal => new Refusal("conflict", "Somebody else changed this at the same moment. Read it again.");
export const staleRevision = (): Refusal => new Refusal("stale", "This was changed since you read it. Read it again and send its new etag.");

const attempts = 5;

/** A key is good until the table's TTL removes it: at least so long, at most a few days longer. */
const keyDays = 2;
const used = z.object({ fingerprint: z.string(), about });
const whoOf = (principal: Principal): string => { const who = actorOf(principal); return "id" in who ? who.id : who.kind; };

/** State, record and outbox event in one transaction: the record is the event, and the table's stream carries it away. */
export class TableLedger implements Ledger {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async commit(request: Request, changes: readonly Change[], more: { action?: string; about?: About } = {}): Promise<AuditEvent> {
    request.trail.concerns(more.about ?? {});
    const event: AuditEvent = {
      eventId: newId("event", new Date(request.now)),
      at: request.now,
      action: more.action ?? request.trail.action,
      who: actorOf(request.principal),
      about: request.trail.about,
      ...(request.trail.onBehalfOf && { onBehalfOf: request.trail.onBehalfOf }),
      result: "granted",
      ...(request.trail.source && { source: request.trail.source }),
      requestId: request.trail.requestId,
    };
    // The first write of a request takes the caller's key: whatever comes after it can be finished by whoever repeats the request.
    const once = request.trail.keyed ? undefined : request.once;
    const all = once ? [this.#once(request, once, event.about), ...changes] : changes;
    if (all.length === 0) await this.record(event);
    else await this.#transact(all, event);
    if (once) request.trail.markKeyed();
    // The record of a step on the way is not the request's own: what fails after it must still be recorded.
    if (event.action === request.trail.action) request.trail.markRecorded();
    return event;
  }

  async earlier({ once, principal }: Request) {
    return once ? this.#table.get(keys.once(whoOf(principal), once.key), used) : null;
  }

  #once({ principal, now }: Request, { key, fingerprint }: Once, about: About): TableChange {
    const write: Write = { Put: {
      TableName: this.#table.name, Item: { ...keys.once(whoOf(principal), key), fingerprint, about, deleteAfter: epochSeconds(plusDays(now, keyDays)) }, ConditionExpression: "attribute_not_exists(pk)",
    } };
    return new TableChange([{ write, otherwise: () => new Refusal("conflict", "A request with this Idempotency-Key was made at the same moment.") }]);
  }

  /** The event's id is new: a record that is there already was written by this very call, whose answer was lost before the SDK asked again. */
  async record(event: AuditEvent): Promise<void> {
    try {
      await answered(this.#table.client.send(new PutCommand({ TableName: this.#table.name, ...newRecord(event) })));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "ConditionalCheckFailedException") throw error;
    }
  }

  /** Cancelled by a concurrent transaction (TransactionConflict) is tried again with jitter; a failed condition is its refusal. */
  async #transact(changes: readonly Change[], event: AuditEvent): Promise<void> {
    const writes = changes.flatMap((change) => {
      if (!(change instanceof TableChange)) throw new TypeError("A change that no store of this table prepared.");
      return change.writes;
    });
    const TransactItems = [...writes.map((it) => it.write), { Put: { TableName: this.#table.name, ...newRecord(event) } }];
    for (let attempt = 1; ; attempt++) {
      try {
        await answered(this.#table.client.send(new TransactWriteCommand({ TransactItems })));
        return;
      } catch (error) {
        const reasons = cancellationReasons(error);
        if (reasons === null) throw error;
        const failed = reasons.indexOf("ConditionalCheckFailed");
        if (failed >= 0) throw writes[failed]?.otherwise() ?? error;
        if (attempt === attempts) throw new Refusal("unavailable", "The table is busy. Nothing was changed: try again.");
        await backOff(attempt);
      }
    }
  }
}

/** @returns the reason code of each write, or null when the error is not a cancelled transaction. */
export const cancellationReasons = (error: unknown): readonly string[] | null => {
  if (!(error instanceof Error) || error.name !== "TransactionCanceledException") return null;
  if (!("CancellationReasons" in error) || !Array.isArray(error.CancellationReasons)) return null;
  return error.CancellationReasons.map((reason: { Code?: string }) => reason.Code ?? "None");
};

/** A record is written once and never again: the condition holds even where a retry repeats the call. */
const newRecord = (event: AuditEvent) => ({
  Item: {
    ...keys.audit(event.at, event.eventId),
    ...event,
    auditKey: event.eventId,
    ...("id" in event.who && event.who.kind !== "system" && { auditPerson: event.who.id }),
    ...(event.about.clientId && { auditClient: event.about.clientId }),
    ...(event.about.caseId && { auditCase: event.about.caseId }),
    ...(event.about.documentId && { auditDocument: event.about.documentId }),
  },
  ConditionExpression: "attribute_not_exists(pk)",
});
