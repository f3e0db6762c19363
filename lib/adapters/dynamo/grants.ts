import * as z from "zod/mini";
import { grant, type Holder } from "../../domain/access.ts";
import { idOf } from "../../domain/ids.ts";
import { notFound, Refusal } from "../../domain/refusal.ts";
import type { Grants } from "../../usecases/ports.ts";
import type { Page, PageRequest } from "../../usecases/request.ts";
import { keys, nameKeys } from "./keys.ts";
import type { Table } from "./table.ts";
import { together, writesOf } from "./writes.ts";

/** Two thousand that are not shown, one after the other, end a page early. */
const mostReads = 20;

const givenTwice = (): Refusal => new Refusal("conflict", "This person holds a grant on this already. Revoke it to give another.");
/** How many grants a holder has in a case, so that "my cases" is a query of the holder's own partition. */
const holding = z.object({ caseId: idOf("case"), grants: z.int(), endless: z.int() });

export const grantsIn = (table: Table): Grants => {
  const write = writesOf(table);

  /**
   * One page out of the partitions of several holders, in the order of their sort keys; the position is the last sort key given out. What is not shown is
   * passed by while the page is filled, as in `Table.filteredPage`: neither a short page nor an empty next one tells of it.
   */
  const merged = async <T, U>(holders: readonly Holder[], start: string, { limit, after }: PageRequest, schema: z.ZodMiniType<T>, sortKey: (it: T) => string, show: (found: readonly T[]) => Promise<readonly (U | null)[]>): Promise<Page<U>> => {
    const shown: U[] = [];
    let [position, last] = [after, after];
    for (let read = 0, size = limit + 1; read < mostReads; read++, size = 100) {
      const pages = await Promise.all(holders.map((holder) => table.page({ partition: holder, startsWith: start, newestFirst: true }, { limit: size, after: position === null ? null : JSON.stringify({ pk: holder, sk: position }) }, schema)));
      const all = new Map(pages.flatMap((page) => page.items).map((it) => [sortKey(it), it]));
      const found = [...all].toSorted(([a], [b]) => (a > b ? -1 : 1)).slice(0, size);
      for (const [index, as] of (await show(found.map(([, it]) => it))).entries()) {
        if (as === null) continue;
        if (shown.length === limit) return { items: shown, next: last };
        shown.push(as);
        last = found[index]?.[0] ?? null;
      }
      if (all.size <= size && pages.every((page) => page.next === null)) return { items: shown, next: null };
      position = found.at(-1)?.[0] ?? null;
    }
    return { items: shown, next: position };
  };

  return {
    find: (caseId, holders, places) => table.batch(holders.flatMap((holder) => places.map((place) => keys.grant(caseId, holder, place))), grant),
    async get(caseId, id) {
      const { items } = await table.page({ partition: caseId, index: "byName", startsWith: nameKeys.grant(id) }, { limit: 1, after: null }, grant);
      return items[0] ?? null;
    },
    list: (caseId, page) => table.page({ partition: caseId, index: "byName", startsWith: "GRANT#" }, page, grant),
    onPlace: (caseId, place, page) => table.page({ partition: caseId, index: "byPlace", startsWith: nameKeys.onPlace(place) }, page, grant),
    ofHolder: (caseId, holder, page) => table.page({ partition: caseId, startsWith: `GRANT#${holder}#` }, page, grant),
    given: (holders, page, show) => merged(holders, "GIVEN#", page, grant, (it) => keys.given(it.holder, it.grantId).sk, show),
    casesOf: ([first, ...more], page, show) => (first === undefined ? Promise.resolve({ items: [], next: null })
      : merged([first, ...more], "HOLDS#", page, holding, (it) => keys.caseOfHolder(first, it.caseId).sk, (found) => show(found.map((it) => ({ caseId: it.caseId, endless: it.endless > 0 }))))),

    give: (it) => together(
      write.create(keys.grant(it.caseId, it.holder, it.place), { ...it, nameKey: nameKeys.grant(it.grantId), placeKey: nameKeys.grantOnPlace(it.place, it.grantId) }, givenTwice),
      write.create(keys.given(it.holder, it.grantId), it),
      write.update(keys.caseOfHolder(it.holder, it.caseId), "SET caseId = :case ADD grants :one, endless :endless", { ":case": it.caseId, ":one": 1, ":endless": it.expiresAt ? 0 : 1 }),
    ),
    /** The last grant takes the case off the holder's list in the same write. */
    async revoke(it) {
      const held = await table.get(keys.caseOfHolder(it.holder, it.caseId), holding);
      const fewer = (held?.grants ?? 0) > 1
        ? write.update(keys.caseOfHolder(it.holder, it.caseId), "ADD grants :less, endless :endless", { ":less": -1, ":endless": it.expiresAt ? 0 : -1, ":one": 1 }, "grants > :one")
        : write.remove(keys.caseOfHolder(it.holder, it.caseId), "grants = :one", { ":one": 1 });
      return together(
        write.remove(keys.grant(it.caseId, it.holder, it.place), "grantId = :id", { ":id": it.grantId }, notFound),
        write.remove(keys.given(it.holder, it.grantId)),
        fewer,
      );
    },
  };
};
