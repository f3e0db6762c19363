import * as z from "zod/mini";
import { idOf } from "../../domain/ids.ts";
import type { StaffPrincipal } from "../../domain/principal.ts";
import { enterJob, jobResults, ownJobs } from "../../usecases/jobs.ts";
import type { Ports } from "../../usecases/ports.ts";
import { bind, paged, pageOf } from "../route.ts";
import { jobView, resultView, viewJob } from "../views.ts";

const route = bind<StaffPrincipal>();
const ofJob = z.object({ jobId: idOf("job") });

/** How far long work has come, and what it found. */
export const jobBindings = (ports: Pick<Ports, "jobs" | "cases" | "firm">) => ({
  "jobs.list": route({ list: true, reply: pageOf(jobView), run: async (request, { page }) => paged(await ownJobs(ports)(request, page), viewJob) }),
  "jobs.read": route({ params: ofJob, reply: jobView, run: async (request, { params }) => viewJob(await enterJob(ports)(request, params.jobId)) }),
  "jobs.results": route({
    list: true, params: ofJob, reply: pageOf(resultView),
    run: async (request, { params, page }) => paged(await jobResults(ports)(request, params.jobId, page), (it) => it),
  }),
});
