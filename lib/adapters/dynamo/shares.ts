import * as z from "zod/mini";
import { idOf } from "../../domain/ids.ts";
import { Refusal } from "../../domain/refusal.ts";
import { link, share, type Link } from "../../domain/share.ts";
import { epochSeconds, plusDays } from "../../domain/time.ts";
import type { Shares } from "../../usecases/ports.ts";
import { keys } from "./keys.ts";
import type { Table } from "./table.ts";
import { together, writesOf } from "./writes.ts";

const noMoreDownloads = (): Refusal => new Refusal("gone", "This link cannot be used for more downloads.");

export const sharesIn = (table: Table): Shares => {
  const write = writesOf(table);
  // TTL cleans up later than anyone may still ask; expiry itself is compared in code and in conditions.
  const linkItem = (it: Link) => ({ ...it, deleteAfter: epochSeconds(plusDays(it.expiresAt, 90)) });
  return {
    get: (id) => table.get(keys.share(id), share),
    async list(caseId, page) {
      const of = await table.page({ partition: caseId, startsWith: "SHARE#", newestFirst: true }, page, z.object({ shareId: idOf("share") }));
      const shares = await table.batch(of.items.map((it) => keys.share(it.shareId)), share);
      return { items: shares.toSorted((a, b) => (a.shareId < b.shareId ? 1 : -1)), next: of.next };
    },
    link: (hash) => table.get(keys.link(hash), link),
    links: (hashes) => table.batch(hashes.map(keys.link), link),

    add: (it, links) => together(
      write.create(keys.share(it.shareId), it),
      write.create(keys.shareOfCase(it.caseId, it.shareId), { shareId: it.shareId }),
      ...links.map((each) => write.create(keys.link(each.linkHash), linkItem(each))),
    ),
    // Every link is shut in the same write as the share: no reader has to look at two items to know.
    revoke: (it, at) => together(
      write.replace(keys.share(it.shareId), { ...it, revokedAt: it.revokedAt ?? at, revision: it.revision + 1 }),
      ...it.recipients.map(({ linkHash }) => write.update(keys.link(linkHash), "SET revokedAt = if_not_exists(revokedAt, :at)", { ":at": at }, "attribute_exists(pk)")),
    ),
    revokeLink: (it, at) => write.update(keys.link(it.linkHash), "SET revokedAt = if_not_exists(revokedAt, :at)", { ":at": at }, "attribute_exists(pk)"),
    open: (it, at) => write.update(keys.link(it.linkHash), "SET openedAt = if_not_exists(openedAt, :at)", { ":at": at }, "attribute_not_exists(revokedAt) AND expiresAt > :at", noMoreDownloads),
    count: (it, now) => write.update(
      keys.link(it.linkHash), "ADD downloads :one", { ":one": 1, ":now": now },
      "attribute_not_exists(revokedAt) AND expiresAt > :now AND (attribute_not_exists(maxDownloads) OR downloads < maxDownloads)", noMoreDownloads,
    ),
  };
};
