import * as z from "zod/mini";
import { idOf } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { Step } from "./jobs.ts";
import type { Change, Item, Ports } from "./ports.ts";
import { treeOf } from "./tree.ts";

export const hintsInput = z.object({ caseId: idOf("case"), folderId: idOf("folder") });

/** Folders whose pages are still to be read, each from where; the last first, so that the list stays short. */
const open = z.array(z.tuple([idOf("folder"), z.nullable(z.string())]));

/** A transaction takes 100 writes; two are the job and its record. */
const mostWrites = 90;
/** Of each a query and, at most, a read of the way to it: some seconds of a step's minute. */
const mostPages = 50;

/**
 * After a move: what lies below is told the new way to it. No decision waits for this or reads it, each follows parents by itself: the
 * hints only make it one batch instead of many reads. A subtree that was deleted or lifted away meanwhile is left to whoever brings it back.
 */
export const hintsStep = async ({ documents }: Pick<Ports, "documents">, job: Job, { caseId, folderId }: z.infer<typeof hintsInput>): Promise<Step> => {
  const left = job.position === null ? [[folderId, null] as [typeof folderId, string | null]] : open.parse(JSON.parse(job.position));
  const tree = treeOf({ documents }, caseId);
  const changes: Change[] = [];
  let did = 0;
  for (let pages = 0; pages < mostPages && changes.length < mostWrites; pages++) {
    const [id, after] = left.pop() ?? [];
    if (id === undefined) break;
    const around = await tree.around(id);
    if (around === null) continue;
    const hint = around.map((it) => it.folderId).toReversed();
    const { items, next } = await documents.items(caseId, id, { limit: mostWrites - changes.length, after: after ?? null }, "staff");
    if (next !== null) left.push([id, next]);
    for (const item of items) {
      if (hintOf(item).join() !== hint.join()) changes.push(documents.setHint(item, hint));
      if (item.kind === "folder") left.push([item.folder.folderId, null]);
      did += 1;
    }
  }
  return { changes, did, position: left.length === 0 ? null : JSON.stringify(left) };
};

const hintOf = (it: Item): readonly string[] => (it.kind === "folder" ? it.folder.ancestors : it.document.folderPath);
