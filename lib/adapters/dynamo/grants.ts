import * as z from "zod/mini";
import { grant, type Grant, type Holder } from "../../domain/access.ts";
import { idOf } from "../../domain/ids.ts";
import { notFound, Refusal } from "../../domain/refusal.ts";
import type { Grants } from "../../usecases/ports.ts";
import type { Page, PageRequest } from "../../usecases/request.ts";
import { keys, nameKeys, type Key } from "./keys.ts";
import type { Table } from "./table.ts";
import { together, writesOf } from "./writes.ts";

const givenTwice = (): Refusal => new Refusal("conflict", "This person holds a grant on this already. Revoke it to give another.");
/** How many grants a holder has in a case, so that "my cases" is a query of the holder's own partition. */
const holding = z.object({ caseId: idOf("case"), grants: z.int(), endless: z.int() });

export const grantsIn = (table: Table): Grants => {
  const write = writesOf(table);

  /** One page out of the partitions of several holders, in the order of their sort keys; the position is the last sort key given out. */
  const merged = async <T>(holders: readonly Holder[], start: string, { limit, after }: PageRequest, newestFirst: boolean, schema: z.ZodMiniType<T>, sortKey: (it: T, holder: Holder) => Key): Promise<Page<T>> => {
    const pages = await Promise.all(holders.map(async (holder) => {
      const position = after === null ? null : JSON.stringify({ pk: holder, sk: after });
      const page = await table.page({ partition: holder, startsWith: start, newestFirst }, { limit: limit + 1, after: position }, schema);
      return page.items.map((it) => ({ it, sk: sortKey(it, holder).sk }));
    }));
    const order = newestFirst ? -1 : 1;
    const all = new Map(pages.flat().map((entry) => [entry.sk, entry]));
    const sorted = [...all.values()].toSorted((a, b) => (a.sk < b.sk ? -order : a.sk > b.sk ? order : 0));
    const items = sorted.slice(0, limit);
    return { items: items.map(({ it }) => it), next: sorted.length > limit ? (items.at(-1)?.sk ?? null) : null };
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
    given: (holders, page) => merged(holders, "GIVEN#", page, true, grant, (it: Grant, holder) => keys.given(holder, it.grantId)),
    async casesOf(holders, page) {
      const found = await merged(holders, "HOLDS#", page, true, holding, (it, holder) => keys.caseOfHolder(holder, it.caseId));
      return { items: found.items.map((it) => ({ caseId: it.caseId, endless: it.endless > 0 })), next: found.next };
    },

    give: (it) => together(
      write.create(keys.grant(it.caseId, it.holder, it.place), { ...it, nameKey: nameKeys.grant(it.grantId), placeKey: nameKeys.grantOnPlace(it.place, it.grantId) }, givenTwice),
      write.create(keys.given(it.holder, it.grantId), it),
      write.update(keys.caseOfHolder(it.holder, it.caseId), "SET caseId = :case ADD grants :one, endless :endless", { ":case": it.caseId, ":one": 1, ":endless": it.expiresAt ? 0 : 1 }),
    ),
    /** The last grant takes the case off the holder's list in the same write. */
    async revoke(it) {
      const held = await table.get(keys.caseOfHolder(it.holder, it.caseId), holding);
      const count = held?.grants ?? 0;
      const fewer = count > 1
        ? write.update(keys.caseOfHolder(it.holder, it.caseId), "ADD grants :less, endless :endless", { ":less": -1, ":endless": it.expiresAt ? 0 : -1, ":count": count }, "grants = :count")
        : write.remove(keys.caseOfHolder(it.holder, it.caseId), "grants = :count", { ":count": count });
      return together(
        write.remove(keys.grant(it.caseId, it.holder, it.place), "grantId = :id", { ":id": it.grantId }, notFound),
        write.remove(keys.given(it.holder, it.grantId)),
        fewer,
      );
    },
  };
};
