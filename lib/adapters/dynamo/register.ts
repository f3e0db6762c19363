import * as z from "zod/mini";
import { auditEvent, type AuditEvent } from "../../domain/event.ts";
import { dayOf, plusDays, type Instant } from "../../domain/time.ts";
import type { AuditFilter, Register } from "../../usecases/ports.ts";
import type { Page, PageRequest } from "../../usecases/request.ts";
import { auditPartition, auditShards, keys } from "./keys.ts";
import type { Table } from "./table.ts";
import { tableShape } from "./shape.ts";

const indexes = { person: "byPerson", client: "byClient", case: "byCase", document: "byDocument" } as const;
/** An empty day costs sixteen queries, so that a request looks back over so many days and hands out a cursor for the rest. */
const daysPerRequest = 15;

const place = z.tuple([z.string(), z.string()]);

/** An event's id begins with its time, so that a range of instants is a range of ids (48 bits of milliseconds in Crockford's base 32). */
const ulidTime = (at: Instant): string => {
  let milliseconds = Math.max(0, Date.parse(at));
  let text = "";
  for (let digit = 0; digit < 10; digit++) {
    text = "0123456789abcdefghjkmnpqrstvwxyz".charAt(milliseconds % 32) + text;
    milliseconds = Math.floor(milliseconds / 32);
  }
  return text;
};
/** `from` is in, `to` is out, as `~` sorts after every id of a millisecond and the empty text before. */
const idsBetween = (from: Instant, to: Instant): readonly [string, string] => [`evt_${ulidTime(from)}`, `evt_${ulidTime(to)}`];

export const registerIn = (table: Table): Register => {
  const byKey = (by: NonNullable<AuditFilter["by"]>, { from, to, keep, mayRead }: AuditFilter, page: PageRequest) => {
    const index = indexes[by.kind];
    const { partitionKey, sortKey } = tableShape.globalIndexes[index];
    const position = (it: AuditEvent) => JSON.stringify({ ...keys.audit(it.at, it.eventId), [partitionKey]: by.id, [sortKey]: it.eventId });
    return table.filteredPage({ partition: by.id, index, between: idsBetween(from, to), newestFirst: true }, page, auditEvent, keep, position, mayRead);
  };

  /** The newest records of one shard that the filter lets through, `wanted` of them or all there are: a shard is never left half read. */
  const newest = async (partition: string, between: readonly [string, string], wanted: number, { keep, mayRead }: AuditFilter): Promise<AuditEvent[]> => {
    const kept: AuditEvent[] = [];
    for (let after: string | null = null; kept.length < wanted; ) {
      const page: Page<AuditEvent> = await table.page({ partition, between, newestFirst: true }, { limit: 200, after }, auditEvent);
      const found = page.items.filter((it) => it.eventId < between[1] && keep(it));
      kept.push(...(mayRead ? await mayRead(found) : found));
      after = page.next;
      if (after === null) break;
    }
    return kept;
  };

  /** The whole firm: day by day backwards, the sixteen shards of a day merged. The position is the day and the id to go on below. */
  const byDay = async (filter: AuditFilter, { limit, after }: PageRequest): Promise<Page<AuditEvent>> => {
    const { from, to } = filter;
    const [first, last] = idsBetween(from, to);
    const found: AuditEvent[] = [];
    let [day, below] = after === null ? [dayOf(to), last] : place.parse(JSON.parse(after));
    for (let looked = 0; looked < daysPerRequest && day >= dayOf(from); looked++) {
      const wanted = limit + 1 - found.length;
      const shards = await Promise.all(Array.from({ length: auditShards }, (_, shard) => newest(auditPartition(day, shard), [first, below], wanted, filter)));
      found.push(...shards.flat().toSorted((a, b) => (a.eventId < b.eventId ? 1 : -1)));
      const lastShown = found[limit - 1];
      if (found.length > limit && lastShown) return { items: found.slice(0, limit), next: JSON.stringify([dayOf(lastShown.at), lastShown.eventId]) };
      const midnight: Instant = `${day}T00:00:00.000Z`;
      below = `evt_${ulidTime(midnight)}`;
      day = dayOf(plusDays(midnight, -1));
    }
    return { items: found, next: day >= dayOf(from) ? JSON.stringify([day, below]) : null };
  };

  return { list: (filter, page) => (filter.by ? byKey(filter.by, filter, page) : byDay(filter, page)) };
};
