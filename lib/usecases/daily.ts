import { newId } from "../domain/ids.ts";
import type { JobKind } from "../domain/job.ts";
import type { SystemPrincipal } from "../domain/principal.ts";
import { beginJob } from "./jobs.ts";
import type { Ports } from "./ports.ts";
import { lastDue } from "./purge.ts";
import { Trail, type Request } from "./request.ts";

type Deps = Pick<Ports, "ledger" | "jobs" | "documents">;
type Look = (deps: Deps, request: Request<SystemPrincipal>) => Promise<boolean>;

/** What is done once a day, each as a job of its own, and how it is seen that there is anything to do. To add a duty: a kind of job, and a line here. */
const duties: Readonly<Partial<Record<JobKind, Look>>> = {
  purge: async ({ documents }, { now }) => (await documents.dueTrash(lastDue(now), { limit: 1, after: null })).items.length > 0,
  sweep: async ({ documents }, { now }) => (await documents.dueUploads(now, { limit: 1, after: null })).items.length > 0,
};

/** The day's event may come twice: two jobs of a kind at once find each other's work done. A duty that cannot be looked at keeps none of the others. */
export const daily = (deps: Deps) =>
  async (request: Request<SystemPrincipal>): Promise<void> => {
    const tried = await Promise.allSettled(Object.entries(duties).map(([kind, isAnythingDue]) => begin(deps, request, kind as JobKind, isAnythingDue))); // Object.entries forgets the names
    for (const it of tried) if (it.status === "rejected") throw it.reason;
  };

const begin = async (deps: Deps, request: Request<SystemPrincipal>, kind: JobKind, isAnythingDue: Look): Promise<void> => {
  if (!(await isAnythingDue(deps, request))) return;
  const begun = { ...request, trail: new Trail("jobs.begun", newId("httpRequest", new Date(request.now))) };
  const { jobId, change } = beginJob(deps, begun, { kind, input: {} });
  await deps.ledger.commit(begun, [change], { about: { jobId } });
};
