import type { Case, TimelineEntry } from "../domain/case.ts";
import type { CaseId, ClientId, MemberId } from "../domain/ids.ts";
import { newId } from "../domain/ids.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { invalid } from "../domain/refusal.ts";
import type { Instant } from "../domain/time.ts";
import { found, sameRevision } from "./people.ts";
import type { Ports } from "./ports.ts";
import type { Request } from "./request.ts";

type Staff = Request<StaffPrincipal>;

/** Every staff route below a case begins here: the case exists, and the request's record says whose it is. */
export const enterCase = async ({ cases }: Pick<Ports, "cases">, request: Staff, caseId: CaseId): Promise<Case> => entered(request, caseId, cases.get(caseId));

/** The same, where the case was asked for before it was known who asks. */
export const entered = async (request: Staff, caseId: CaseId, read: Promise<Case | null>): Promise<Case> => {
  request.trail.concerns({ caseId });
  const kase = found(await read);
  request.trail.concerns({ clientId: kase.clientId, adviserId: kase.adviserId });
  return kase;
};

/** An adviser in charge is a member of the firm who can sign in. */
const adviserOf = async ({ people }: Pick<Ports, "people">, memberId: MemberId): Promise<MemberId> => {
  const member = await people.member(memberId);
  if (member === null || member.suspended) throw invalid("body.adviserId", "Is not a member of the firm who can take a case.");
  return memberId;
};

export const createCase = ({ ledger, people, cases }: Pick<Ports, "ledger" | "people" | "cases">) =>
  async (request: Staff, input: { clientId: ClientId; reference: string; title: string; adviserId?: MemberId | undefined }): Promise<Case> => {
    if ((await people.client(input.clientId)) === null) throw invalid("body.clientId", "Is not a client of the firm.");
    const kase: Case = {
      caseId: newId("case", new Date(request.now)), clientId: input.clientId, adviserId: await adviserOf({ people }, input.adviserId ?? request.principal.memberId),
      reference: input.reference, title: input.title, status: "open", createdAt: request.now, updatedAt: request.now, revision: 1,
    };
    await ledger.commit(request, [cases.add(kase)], { about: { caseId: kase.caseId, clientId: kase.clientId, adviserId: kase.adviserId } });
    return kase;
  };

export const changeCase = ({ ledger, people, cases }: Pick<Ports, "ledger" | "people" | "cases">) =>
  async (request: Staff, caseId: CaseId, input: { revision: number; title?: string | undefined; status?: Case["status"] | undefined; adviserId?: MemberId | undefined }): Promise<Case> => {
    const before = await enterCase({ cases }, request, caseId);
    sameRevision(before, input.revision);
    const after: Case = {
      ...before, title: input.title ?? before.title, status: input.status ?? before.status,
      adviserId: input.adviserId === undefined ? before.adviserId : await adviserOf({ people }, input.adviserId),
      updatedAt: request.now, revision: before.revision + 1,
    };
    await ledger.commit(request, [cases.change(after)], { about: { adviserId: after.adviserId } });
    return after;
  };

export const addTimelineEntry = ({ ledger, cases }: Pick<Ports, "ledger" | "cases">) =>
  async (request: Staff, caseId: CaseId, input: { text: string; visibleToClient: boolean; occurredAt?: Instant | undefined }): Promise<TimelineEntry> => {
    await enterCase({ cases }, request, caseId);
    const entry: TimelineEntry = {
      entryId: newId("timelineEntry", new Date(request.now)), text: input.text, visibleToClient: input.visibleToClient,
      occurredAt: input.occurredAt ?? request.now, author: request.principal.memberId,
    };
    await ledger.commit(request, [cases.addEntry(caseId, entry)], { about: { entryId: entry.entryId } });
    return entry;
  };
