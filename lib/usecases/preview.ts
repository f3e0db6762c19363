import { staffMay } from "../domain/access.ts";
import type { Case } from "../domain/case.ts";
import type { CaseId } from "../domain/ids.ts";
import type { Job } from "../domain/job.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { enterCase, mayNotAssign } from "./cases.ts";
import { beginJob } from "./jobs.ts";
import type { Ports } from "./ports.ts";
import { beginning, gains, keyOf, pagesOf, type Asked, type Difference, type Position, type PreviewDeps, type Proposal } from "./preview-pages.ts";
import type { Request } from "./request.ts";

/** More people than this are looked at by a job. */
const mostPeople = 1000;

export interface Preview { readonly gains: readonly Difference[]; readonly loses: readonly Difference[] }

/** The answer, or the job that looks for it where more people are touched than one request looks at. */
export const preview = ({ ledger, jobs, ...deps }: PreviewDeps & Pick<Ports, "ledger" | "jobs">) =>
  async (request: Request<StaffPrincipal>, caseId: CaseId, proposal: Proposal): Promise<Preview | Job> => {
    const kase = await enterCase(deps, request, caseId);
    const { memberId, role } = request.principal;
    if ("team" in proposal && !staffMay(role, "assign")) throw mayNotAssign();
    const found = await firstPeople(deps, { now: request.now, memberId }, kase, proposal);
    if (found !== null) return found;
    const { job, change } = beginJob({ jobs }, request, { kind: "preview", caseId, input: { memberId, proposal } });
    await ledger.commit(request, [change], { about: { jobId: job.jobId } });
    return job;
  };

/** @returns null where there are too many. */
const firstPeople = async (deps: PreviewDeps, asked: Asked, kase: Case, proposal: Proposal): Promise<Preview | null> => {
  const read = await pagesOf(deps, asked, kase, proposal);
  const found = new Map<string, Difference>();
  let seen = 0;
  for (let position: Position | null = beginning; position !== null; ) {
    const page: Awaited<ReturnType<typeof read>> = await read(position);
    seen += page.seen;
    if (seen > mostPeople) return null;
    for (const it of page.differences) found.set(keyOf(it), it);
    position = page.next;
  }
  const all = [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return { gains: all.filter(gains), loses: all.filter((it) => !gains(it)) };
};
