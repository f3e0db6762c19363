import { mayBreakGlass, mayEnter, staffMay } from "../domain/access.ts";
import type { Case, TimelineEntry } from "../domain/case.ts";
import type { CaseId, ClientId, MemberId } from "../domain/ids.ts";
import { newId } from "../domain/ids.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { invalid, notFound, Refusal } from "../domain/refusal.ts";
import { isOver, plusSeconds, type Instant } from "../domain/time.ts";
import { found, sameRevision } from "./people.ts";
import type { Ports } from "./ports.ts";
import type { Request } from "./request.ts";

type Staff = Request<StaffPrincipal>;

type Door = Pick<Ports, "cases" | "firm">;

/** Every staff route below a case begins here: the case exists for this person, and the request's record says whose it is. */
export const enterCase = async ({ cases, firm }: Door, request: Staff, caseId: CaseId): Promise<Case> => entered({ firm }, request, caseId, cases.get(caseId));

/** The same, where the case was asked for before it was known who asks. */
export const entered = async ({ firm }: Pick<Door, "firm">, request: Staff, caseId: CaseId, read: Promise<Case | null>): Promise<Case> => {
  request.trail.concerns({ caseId });
  const kase = found(await read);
  request.trail.concerns({ clientId: kase.clientId, adviserId: kase.adviserId });
  if (!mayEnter(request.principal, kase, firm, request.now)) throw notFound();
  return kase;
};

/** Who takes a case, or works on it, is a member of the firm who can sign in. @throws Refusal naming the field. */
const workers = async ({ people }: Pick<Ports, "people">, ids: readonly MemberId[], fieldOf: (index: number) => string): Promise<MemberId[]> => {
  const wanted = [...new Set(ids)];
  const members = new Map((await people.membersBy(wanted)).map((it) => [it.memberId, it]));
  const stranger = ids.findIndex((id) => members.get(id)?.suspended !== false);
  if (stranger >= 0) throw invalid(fieldOf(stranger), "Is not a member of the firm who can work on a case.");
  return wanted;
};

/** Who works on a case, and whether it exists for anyone else. */
export interface Staffing {
  readonly adviserId?: MemberId | undefined;
  readonly team?: readonly MemberId[] | undefined;
  readonly restricted?: boolean | undefined;
}

/** The staffing that a case has after a change. */
export const staffed = async (deps: Pick<Ports, "people">, now: Instant, before: Staffed, { adviserId, team, restricted }: Staffing, fields = "body."): Promise<Staffed> => {
  const [[adviser], members] = await Promise.all([
    adviserId === undefined ? [] : workers(deps, [adviserId], () => `${fields}adviserId`),
    team === undefined ? before.team : workers(deps, team, (index) => `${fields}team.${index}`),
  ]);
  const shut = restricted ?? before.restricted;
  const restrictedAt = before.restricted ? before.restrictedAt : now;
  return { adviserId: adviser ?? before.adviserId, team: members, restricted: shut, restrictedAt: shut ? restrictedAt : undefined };
};
type Staffed = Pick<Case, "adviserId" | "team" | "restricted"> & { readonly restrictedAt?: Instant | undefined };

/** A case is opened by its adviser, by somebody who says whose it is, or by an assistant for an adviser they work for. */
const inCharge = ({ memberId, role, advisers }: StaffPrincipal, { adviserId, team, restricted }: Staffing): MemberId => {
  if (staffMay(role, "assign")) return adviserId ?? memberId;
  if (team !== undefined || restricted !== undefined) throw mayNotAssign();
  const theirs = adviserId ?? advisers[0];
  if (theirs === undefined || !advisers.includes(theirs)) throw invalid("body.adviserId", "Is not an adviser you work for.");
  return theirs;
};
export const mayNotAssign = (): Refusal => new Refusal("forbidden", "Your role does not say who works on a case.");

export const createCase = ({ ledger, people, cases }: Pick<Ports, "ledger" | "people" | "cases">) =>
  async (request: Staff, input: Staffing & { clientId: ClientId; reference: string; title: string }): Promise<Case> => {
    const adviserId = inCharge(request.principal, input);
    const [client, staffing] = await Promise.all([people.client(input.clientId), staffed({ people }, request.now, { adviserId, team: [], restricted: false }, { ...input, adviserId })]);
    if (client === null) throw invalid("body.clientId", "Is not a client of the firm.");
    const kase: Case = {
      caseId: newId("case", new Date(request.now)), clientId: input.clientId, ...staffing, brokenGlass: [],
      reference: input.reference, title: input.title, status: "open", createdAt: request.now, updatedAt: request.now, revision: 1,
    };
    await ledger.commit(request, [cases.add(kase)], { about: { caseId: kase.caseId, clientId: kase.clientId, adviserId: kase.adviserId } });
    return kase;
  };

export const changeCase = ({ ledger, people, cases, firm }: Pick<Ports, "ledger" | "people" | "cases" | "firm">) =>
  async (request: Staff, caseId: CaseId, input: Staffing & { revision: number; title?: string | undefined; status?: Case["status"] | undefined }): Promise<Case> => {
    const before = await enterCase({ cases, firm }, request, caseId);
    sameRevision(before, input.revision);
    if (!staffMay(request.principal.role, "assign") && [input.adviserId, input.team, input.restricted].some((it) => it !== undefined)) throw mayNotAssign();
    const after: Case = {
      ...before, title: input.title ?? before.title, status: input.status ?? before.status, ...(await staffed({ people }, request.now, before, input)),
      updatedAt: request.now, revision: before.revision + 1,
    };
    await ledger.commit(request, [cases.change(after)], { about: { adviserId: after.adviserId } });
    return after;
  };

/** So long an administrator stays in a restricted case for one reason given. */
const glassSeconds = 3600;

/** An administrator enters a case that is restricted to its team, for an hour. The reason stands in the case's timeline for the team to read, for ever. */
export const breakGlass = ({ ledger, cases }: Pick<Ports, "ledger" | "cases">) =>
  async (request: Staff, caseId: CaseId, reason: string): Promise<Case> => {
    request.trail.concerns({ caseId });
    const { principal: { memberId }, now } = request;
    const before = found(await cases.get(caseId));
    request.trail.concerns({ clientId: before.clientId, adviserId: before.adviserId });
    if (!mayBreakGlass(request.principal, before)) throw new Refusal("conflict", "This case is not restricted: you may enter it.");
    const others = before.brokenGlass.filter((it) => it.memberId !== memberId && !isOver(it.until, now));
    const after: Case = { ...before, brokenGlass: [...others, { memberId, until: plusSeconds(now, glassSeconds) }], revision: before.revision + 1 };
    const entry: TimelineEntry = { entryId: newId("timelineEntry", new Date(now)), text: reason, visibleToClient: false, occurredAt: now, author: memberId, kind: "break-glass" };
    await ledger.commit(request, [cases.change(after), cases.addEntry(caseId, entry)], { about: { entryId: entry.entryId } });
    return after;
  };

export const addTimelineEntry = ({ ledger, cases, firm }: Pick<Ports, "ledger" | "cases" | "firm">) =>
  async (request: Staff, caseId: CaseId, input: { text: string; visibleToClient: boolean; occurredAt?: Instant | undefined }): Promise<TimelineEntry> => {
    await enterCase({ cases, firm }, request, caseId);
    const entry: TimelineEntry = {
      entryId: newId("timelineEntry", new Date(request.now)), text: input.text, visibleToClient: input.visibleToClient,
      occurredAt: input.occurredAt ?? request.now, author: request.principal.memberId,
    };
    await ledger.commit(request, [cases.addEntry(caseId, entry)], { about: { entryId: entry.entryId } });
    return entry;
  };
