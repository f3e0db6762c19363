import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod/mini";
import { countedAs, groupings, type AuditEvent, type Grouping } from "../../domain/event.ts";
import { idOf, type CaseId } from "../../domain/ids.ts";
import { Refusal } from "../../domain/refusal.ts";
import { epochSeconds, monthOf, plusDays, type Instant } from "../../domain/time.ts";
import { backOff } from "../../usecases/back-off.ts";
import type { AccessCount, Statistics } from "../../usecases/ports.ts";
import { keys, type Key } from "./keys.ts";
import { cancellationReasons } from "./ledger.ts";
import { answered, type Table } from "./table.ts";

const counter = z.object({ sk: z.string(), count: z.int(), people: z._default(z.int(), 0), previews: z._default(z.int(), 0), caseId: z.optional(idOf("case")) });
const present = z.object({ pk: z.string(), sk: z.string() });

/** A redrive from a dead-letter queue can be two weeks late; a marker outlives it twice over. */
const seenDays = 30;

/** What one event is counted under in each grouping; an event without an adviser counts for none. */
const keysCounted = (event: AuditEvent): readonly (readonly [Grouping, string])[] => {
  const of: Record<Grouping, string | undefined | null> = {
    client: event.about.clientId, service: countedAs(event)?.service, case: event.about.caseId, document: event.about.documentId, adviser: event.about.adviserId,
  };
  return groupings.flatMap((grouping) => { const key = of[grouping]; return key ? [[grouping, key] as const] : []; });
};

interface Sum { readonly grouping: Grouping; readonly month: string; readonly key: string; count: number; previews: number; readonly caseId: CaseId | undefined; readonly people: Set<string> }

/** One event adds up to five counters and five markers; seven of them with their SEEN items stay under the 100 writes of a transaction. */
const eventsPerTransaction = 7;

export const statisticsIn = (table: Table): Statistics => {
  const existing = async (wanted: readonly Key[]): Promise<Set<string>> => {
    const found = await table.batch(wanted, present);
    return new Set(found.map((it) => `${it.pk}\n${it.sk}`));
  };
  const has = (set: Set<string>, key: Key) => set.has(`${key.pk}\n${key.sk}`);

  /** Counts events in one transaction with their SEEN markers. @returns false when somebody counted one of them meanwhile. */
  const addOnce = async (events: readonly AuditEvent[], at: Instant): Promise<boolean> => {
    const sums = new Map<string, Sum>();
    for (const event of events) {
      for (const [grouping, key] of keysCounted(event)) {
        const month = monthOf(event.at);
        const sum = sums.get(`${grouping} ${month} ${key}`) ?? { grouping, month, key, count: 0, previews: 0, caseId: event.about.caseId, people: new Set<string>() };
        if (countedAs(event)?.as === "preview") sum.previews += 1;
        else sum.count += 1;
        if (countedAs(event)?.as === "use" && "id" in event.who) sum.people.add(event.who.id);
        sums.set(`${grouping} ${month} ${key}`, sum);
      }
    }
    const markers = [...sums.values()].flatMap((sum) => [...sum.people].map((person) => keys.countedPerson(sum.grouping, sum.month, sum.key, person)));
    const known = await existing(markers);
    const TableName = table.name;
    const TransactItems = [
      ...events.map((event) => ({ Put: { TableName, Item: { ...keys.seen(event.eventId), deleteAfter: epochSeconds(plusDays(at, seenDays)) }, ConditionExpression: "attribute_not_exists(pk)" } })),
      ...markers.filter((marker) => !has(known, marker)).map((marker) => ({ Put: { TableName, Item: { ...marker }, ConditionExpression: "attribute_not_exists(pk)" } })),
      ...[...sums.values()].map((sum) => {
        const fresh = [...sum.people].filter((person) => !has(known, keys.countedPerson(sum.grouping, sum.month, sum.key, person))).length;
        // A document is found in its case alone.
        const ofDocument = sum.grouping === "document" && sum.caseId !== undefined;
        return { Update: {
          TableName, Key: { ...keys.count(sum.grouping, sum.month, sum.key) },
          UpdateExpression: `${ofDocument ? "SET caseId = :case " : ""}ADD #count :count, people :people, previews :previews`, ExpressionAttributeNames: { "#count": "count" },
          ExpressionAttributeValues: { ":count": sum.count, ":people": fresh, ":previews": sum.previews, ...(ofDocument && { ":case": sum.caseId }) },
        } };
      }),
    ];
    try {
      await answered(table.client.send(new TransactWriteCommand({ TransactItems })));
      return true;
    } catch (error) {
      if (cancellationReasons(error) === null) throw error;
      return false;
    }
  };

  return {
    async accesses(grouping, months) {
      const sums = new Map<string, AccessCount>();
      for (const month of months) {
        for (let after: string | null = null; ;) {
          const page: { items: readonly z.infer<typeof counter>[]; next: string | null } = await table.page({ partition: `STATS#${grouping}#${month}` }, { limit: 1000, after }, counter);
          for (const it of page.items) {
            const before = sums.get(it.sk) ?? { key: it.sk, count: 0, people: 0, previews: 0 };
            sums.set(it.sk, { key: it.sk, count: before.count + it.count, people: before.people + it.people, previews: before.previews + it.previews, ...(it.caseId && { caseId: it.caseId }) });
          }
          after = page.next;
          if (after === null) break;
        }
      }
      return [...sums.values()].toSorted((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
    },

    async add(events) {
      const counted = [...new Map(events.filter((event) => countedAs(event) !== null).map((event) => [event.eventId, event])).values()];
      for (let start = 0; start < counted.length; start += eventsPerTransaction) {
        const some = counted.slice(start, start + eventsPerTransaction);
        for (let attempt = 0; ; attempt++) {
          const seen = await existing(some.map((event) => keys.seen(event.eventId)));
          const fresh = some.filter((event) => !has(seen, keys.seen(event.eventId)));
          const last = fresh.at(-1);
          if (last === undefined || (await addOnce(fresh, last.at))) break;
          if (attempt === 8) throw new Refusal("unavailable", "The counters are busy.");
          await backOff(attempt);
        }
      }
    },
  };
};
