import { kase, timelineEntry } from "../../domain/case.ts";
import type { Cases } from "../../usecases/ports.ts";
import { keys, nameKeys } from "./keys.ts";
import type { Table } from "./table.ts";
import { writesOf } from "./writes.ts";

export const casesIn = (table: Table): Cases => {
  const write = writesOf(table);
  // Newest first: a ULID sorts by creation.
  const place = (it: { caseId: string }) => ({ list: "CASES", listKey: it.caseId });
  return {
    get: (id) => table.get(keys.case(id), kase),

    /** Candidates from the list's index, each read again from the table: an index may be seconds behind. */
    async list(page, keep) {
      const position = (it: { caseId: `cas_${string}` }) => JSON.stringify({ ...keys.case(it.caseId), ...place(it) });
      const candidates = await table.filteredPage({ partition: "CASES", index: "lists", newestFirst: true }, page, kase, keep, position);
      const now = new Map((await table.batch(candidates.items.map((it) => keys.case(it.caseId)), kase)).map((it) => [it.caseId, it]));
      return { items: candidates.items.flatMap((it) => now.get(it.caseId) ?? []).filter(keep), next: candidates.next };
    },

    async byIds(ids) {
      return new Map((await table.batch(ids.map(keys.case), kase)).map((it) => [it.caseId, it]));
    },

    add: (it) => write.create(keys.case(it.caseId), { ...it, ...place(it) }),
    change: (it) => write.replace(keys.case(it.caseId), { ...it, ...place(it) }),

    timeline: (id, page, visibleToClient) =>
      table.page({ partition: id, index: visibleToClient ? "byNameForClients" : "byName", startsWith: "TIMELINE#", newestFirst: true }, page, timelineEntry),
    entry: (id, entry) => table.get(keys.timelineEntry(id, entry), timelineEntry),
    addEntry: (id, it) => {
      const sort = nameKeys.timeline(it.occurredAt, it.entryId);
      return write.create(keys.timelineEntry(id, it.entryId), { ...it, nameKey: sort, ...(it.visibleToClient && { clientNameKey: sort }) });
    },
  };
};
