import * as z from "zod/mini";
import { idOf } from "../../domain/ids.ts";
import { job, jobResult, type Job } from "../../domain/job.ts";
import { epochSeconds, plusDays } from "../../domain/time.ts";
import type { Jobs } from "../../usecases/ports.ts";
import { keys } from "./keys.ts";
import type { Table } from "./table.ts";
import { together, writesOf } from "./writes.ts";

/** A job and its results can be read for so long; what it did stands in the register for ever. */
const keptDays = 90;

export const jobsIn = (table: Table): Jobs => {
  const write = writesOf(table);
  const kept = ({ createdAt }: Job) => ({ deleteAfter: epochSeconds(plusDays(createdAt, keptDays)) });
  return {
    get: (id) => table.get(keys.job(id), job),
    /** The starter's partition holds a pointer, so that a step writes no index. */
    async startedBy(id, page) {
      const { items, next } = await table.page({ partition: id, startsWith: "JOB#", newestFirst: true }, page, z.object({ jobId: idOf("job") }));
      const jobs = new Map((await table.batch(items.map((it) => keys.job(it.jobId)), job)).map((it) => [it.jobId, it]));
      return { items: items.flatMap((it) => jobs.get(it.jobId) ?? []), next };
    },
    results: (id, page) => table.page({ partition: id, startsWith: "RESULT#" }, page, jobResult),

    start: (it) => together(
      write.create(keys.job(it.jobId), { ...it, ...kept(it) }),
      ...(it.startedBy ? [write.create(keys.jobOfMember(it.startedBy, it.jobId), { jobId: it.jobId, ...kept(it) })] : []),
    ),
    advance: (it) => write.replace(keys.job(it.jobId), { ...it, ...kept(it) }),
    addResult: (of, name, it) => write.put(keys.jobResult(of.jobId, name), { ...it, ...kept(of) }),
  };
};
