import type * as z from "zod/mini";
import { mayEnter, mayReadJob } from "../domain/access.ts";
import type { AuditEvent } from "../domain/event.ts";
import { newId, type CaseId, type JobId } from "../domain/ids.ts";
import { stepAction, type Job, type JobKind, type JobResult } from "../domain/job.ts";
import type { StaffPrincipal, SystemPrincipal } from "../domain/principal.ts";
import { notFound, Refusal } from "../domain/refusal.ts";
import { backOff } from "./back-off.ts";
import { enterCase } from "./cases.ts";
import { hintsInput, hintsStep } from "./hints.ts";
import { found } from "./people.ts";
import type { Change, Ports } from "./ports.ts";
import { previewInput, previewStep } from "./preview-pages.ts";
import { purgeInput, purgeStep } from "./purge.ts";
import { Trail, type Page, type PageRequest, type Request } from "./request.ts";
import { sweepInput, sweepStep } from "./sweep.ts";

type System = Request<SystemPrincipal>;
export type JobDeps = Pick<Ports, "ledger" | "jobs" | "documents" | "cases" | "people" | "grants" | "shares" | "firm" | "objects">;
type Deps = JobDeps;

/** What one step prepared, and from where the next goes on: null when nothing is left. */
export interface Step {
  /** Applied in the step's own transaction, at most 98 writes. */
  readonly changes: readonly Change[];
  readonly position: string | null;
  readonly did: number;
  readonly total?: number;
}
interface Kind { readonly step: (deps: Deps, job: Job, request: System) => Promise<Step> }
const kind = <I>(input: z.ZodMiniType<I>, step: (deps: Deps, job: Job, input: I, request: System) => Promise<Step>): Kind => ({ step: (deps, job, request) => step(deps, job, input.parse(job.input), request) });

/**
 * Every kind of job. To add one: its name in `domain/job.ts` (and what it finds, as a `jobResult`), the action that begins it in
 * `jobActions`, and a line here with the schema of its input and its step. A step reads from `job.position`, does what fits one
 * transaction, and says where the next goes on. It may be taken twice: what it does outside its `changes` must bear repetition. A step
 * whose conditions fail is taken anew; one that throws comes again with its message.
 */
const kinds: Readonly<Record<JobKind, Kind>> = {
  hints: kind(hintsInput, hintsStep),
  preview: kind(previewInput, previewStep),
  purge: kind(purgeInput, purgeStep),
  sweep: kind(sweepInput, sweepStep),
};

/**
 * A job to be begun by the caller's own transaction: commit the change with `about: { jobId }`, under an action of `jobActions`. Its
 * record's event brings the first step.
 */
export const beginJob = ({ jobs }: Pick<Ports, "jobs">, { principal, now, trail }: Request<StaffPrincipal | SystemPrincipal>, it: { kind: JobKind; caseId?: CaseId; input: unknown }): { readonly jobId: JobId; readonly job: Job; readonly change: Change } => {
  const jobId = newId("job", new Date(now));
  const startedBy = principal.kind === "member" ? { startedBy: principal.memberId } : {};
  const job: Job = { jobId, ...it, ...startedBy, position: null, next: trail.requestId, state: "running", done: 0, createdAt: now, revision: 1 };
  return { jobId, job, change: jobs.start(job) };
};

const attempts = 10;

/**
 * Takes the step that an event brings. The job names the request whose event it waits for, so that an event that comes twice, late or
 * beside another is found to be done already, and never begins a second chain of steps.
 */
export const continueJob = (deps: Deps) =>
  async (request: System, { about: { jobId }, requestId }: AuditEvent, isLastTry: boolean): Promise<void> => {
    if (jobId === undefined) return;
    for (let attempt = 1; ; attempt++) {
      const job = await deps.jobs.get(jobId);
      if (job === null || job.state === "done" || job.next !== requestId) return;
      try {
        // Said before the try: a step that ends its function says nothing afterwards.
        const tried = isLastTry && job.state === "running" ? await fail(deps, request, job) : job;
        await takeStep(deps, request, tried);
        return;
      } catch (error) {
        // The job or one of the step's items was written meanwhile: look again.
        if (!(error instanceof Refusal) || !(error.code === "stale" || error.code === "conflict") || attempt === attempts) throw error;
        await backOff(attempt, 5);
      }
    }
  };

const takeStep = async (deps: Deps, request: System, before: Job): Promise<void> => {
  const { changes, position, did, total } = await kinds[before.kind].step(deps, before, request);
  const isDone = position === null;
  const step = requestOf(request, isDone ? "jobs.done" : stepAction, before);
  const after: Job = {
    ...before, position, next: step.trail.requestId, state: isDone ? "done" : "running", done: before.done + did, ...(total !== undefined && { total }),
    ...(isDone && { finishedAt: request.now }), revision: before.revision + 1,
  };
  await deps.ledger.commit(step, [...changes, deps.jobs.advance(after)]);
};

const fail = async (deps: Deps, request: System, before: Job): Promise<Job> => {
  const after: Job = { ...before, state: "failed", revision: before.revision + 1 };
  await deps.ledger.commit(requestOf(request, "jobs.failed", before), [deps.jobs.advance(after)]);
  return after;
};

/** A step's record names the job alone, its end the case too: a case's register is not to be filled with steps. */
const requestOf = (request: System, action: string, { jobId, caseId }: Job): System =>
  ({ ...request, trail: new Trail(action, newId("httpRequest", new Date(request.now)), undefined, { jobId, ...(caseId && action !== stepAction && { caseId }) }) });

/** A job of a case is for whoever may enter the case, any other for whoever started it; the firm's own are for administrators. */
export const enterJob = ({ jobs, cases, firm }: Pick<Ports, "jobs" | "cases" | "firm">) =>
  async (request: Request<StaffPrincipal>, jobId: JobId): Promise<Job> => {
    request.trail.concerns({ jobId });
    const it = found(await jobs.get(jobId));
    if (it.caseId !== undefined) await enterCase({ cases, firm }, request, it.caseId);
    else if (!mayReadJob(request.principal, it)) throw notFound();
    return it;
  };

/** One's own, newest first, without those of cases that one may no longer enter: a page may be short. */
export const ownJobs = ({ jobs, cases, firm }: Pick<Ports, "jobs" | "cases" | "firm">) =>
  async ({ principal, now }: Request<StaffPrincipal>, page: PageRequest): Promise<Page<Job>> => {
    const { items, next } = await jobs.startedBy(principal.memberId, page);
    return { items: await ofEnterable({ cases, firm }, { principal, now }, items), next };
  };

/** What a job found or did. The firm's own go through every case: what is of one that the caller may not enter is left out, as it is of any list. */
export const jobResults = ({ jobs, cases, firm }: Pick<Ports, "jobs" | "cases" | "firm">) =>
  async (request: Request<StaffPrincipal>, jobId: JobId, page: PageRequest): Promise<Page<JobResult>> => {
    await enterJob({ jobs, cases, firm })(request, jobId);
    const { items, next } = await jobs.results(jobId, page);
    return { items: await ofEnterable({ cases, firm }, request, items), next };
  };

const ofEnterable = async <T extends object>({ cases, firm }: Pick<Ports, "cases" | "firm">, { principal, now }: Pick<Request<StaffPrincipal>, "principal" | "now">, items: readonly (T & { readonly caseId?: CaseId | undefined })[]): Promise<T[]> => {
  const known = await cases.byIds(items.flatMap((it) => it.caseId ?? []));
  return items.filter(({ caseId }) => {
    if (caseId === undefined) return true;
    const kase = known.get(caseId);
    return kase !== undefined && mayEnter(principal, kase, firm, now);
  });
};
