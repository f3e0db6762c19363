import { mayEnter, mayReadRecord, mayReadTotals, staffMay } from "../domain/access.ts";
import type { AuditEvent, Grouping } from "../domain/event.ts";
import { stepAction } from "../domain/job.ts";
import { isId, type CaseId, type ClientId, type ContactId, type DocumentId, type MemberId, type RecipientId, type ShareId } from "../domain/ids.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { invalid, Refusal } from "../domain/refusal.ts";
import { plusDays, plusSeconds, type Instant } from "../domain/time.ts";
import type { AccessCount, Ports } from "./ports.ts";
import type { Page, PageRequest, Request } from "./request.ts";

export interface AuditQuery {
  readonly caseId?: CaseId | undefined;
  readonly clientId?: ClientId | undefined;
  readonly contactId?: ContactId | undefined;
  /** Whom a link was sent to. */
  readonly recipientId?: RecipientId | undefined;
  readonly documentId?: DocumentId | undefined;
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
  readonly result?: AuditEvent["result"] | undefined;
}

/** A record with the names that its ids have today. */
export interface NamedEvent { readonly event: AuditEvent; readonly name: string | null; readonly contactName: string | null }

/** No firm's register begins earlier. */
const beginning: Instant = "2000-01-01T00:00:00.000Z";

/**
 * The access register, newest first; without dates, the last thirty days. The narrowest key of the question picks the index. What the caller
 * may not know is left out while the page is filled: a page that is short and names a next one would tell of records that are hidden.
 */
export const readRegister = ({ register, people, shares, cases, firm }: Pick<Ports, "register" | "people" | "shares" | "cases" | "firm">) =>
  async (request: Request<StaffPrincipal>, query: AuditQuery, page: PageRequest): Promise<Page<NamedEvent>> => {
    if (query.from !== undefined && query.to !== undefined && query.from >= query.to) throw invalid("query.from", "Is not before the end.");
    // The whole firm is read day by day: centuries before it and after now are not.
    const last = plusSeconds(request.now, 1);
    const to = query.to === undefined || query.to > last ? last : query.to;
    if (to <= beginning) return { items: [], next: null };
    const from = query.from === undefined ? plusDays(to, -30) : query.from < beginning ? beginning : query.from;
    if (from >= to) return { items: [], next: null };
    const personId = query.contactId ?? query.recipientId;
    const by = query.documentId ? ({ kind: "document", id: query.documentId } as const)
      : personId ? ({ kind: "person", id: personId } as const)
      : query.caseId ? ({ kind: "case", id: query.caseId } as const)
      : query.clientId ? ({ kind: "client", id: query.clientId } as const) : undefined;
    // A step of a job names the job alone: whoever may not know of the job's case would see that somebody works there. Its beginning and end say all that it does.
    const keep = (event: AuditEvent): boolean =>
      event.action !== stepAction && event.at >= from && event.at < to && (query.result === undefined || event.result === query.result) && (query.caseId === undefined || event.about.caseId === query.caseId)
      && (query.clientId === undefined || event.about.clientId === query.clientId) && (query.documentId === undefined || event.about.documentId === query.documentId)
      && [query.contactId, query.recipientId].every((id) => id === undefined || ("id" in event.who && event.who.id === id));
    const mayRead = async (events: readonly AuditEvent[]): Promise<readonly AuditEvent[]> => {
      const known = await cases.byIds(events.flatMap((it) => it.about.caseId ?? []));
      return events.filter((it) => mayReadRecord(request.principal, it, (it.about.caseId && known.get(it.about.caseId)) ?? null, firm, request.now));
    };
    // A page is filled over so many reads: of a case where all is hidden, a long register would end in an empty page that names a next one.
    const caseId = query.caseId ?? (by?.kind === "document" ? await caseOf({ register }, by, last) : undefined);
    const kase = caseId && !staffMay(request.principal.role, "administer") ? await cases.get(caseId) : null;
    if (kase && !mayEnter(request.principal, kase, firm, request.now)) return { items: [], next: null };
    const { items: shown, next } = await register.list({ ...(by && { by }), from, to, keep, mayRead }, page);
    const names = await namesOf({ people, shares }, shown);
    const nameOf = (id: string | undefined): string | null => names.get(id ?? "") ?? null;
    return { items: shown.map((event) => ({ event, name: nameOf("id" in event.who ? event.who.id : undefined), contactName: nameOf(event.onBehalfOf) })), next };
  };

/** The case that a document's records name: one it does not leave. */
const caseOf = async ({ register }: Pick<Ports, "register">, by: { readonly kind: "document"; readonly id: DocumentId }, to: Instant): Promise<CaseId | undefined> => {
  const { items: [event] } = await register.list({ by, from: beginning, to, keep: (it) => it.about.caseId !== undefined }, { limit: 1, after: null });
  return event?.about.caseId;
};

const namesOf = async ({ people, shares }: Pick<Ports, "people" | "shares">, events: readonly AuditEvent[]): Promise<ReadonlyMap<string, string>> => {
  const persons = new Set<MemberId | ContactId>();
  const shareIds = new Set<ShareId>();
  for (const { who, about, onBehalfOf } of events) {
    if (onBehalfOf) persons.add(onBehalfOf);
    if (who.kind === "member" || who.kind === "contact") persons.add(who.id);
    if (who.kind === "recipient" && about.shareId) shareIds.add(about.shareId);
  }
  const [names, known] = await Promise.all([people.names([...persons]), Promise.all([...shareIds].map((id) => shares.get(id)))]);
  return new Map([...names, ...known.flatMap((share) => share?.recipients.map((it) => [it.recipientId, it.email] as const) ?? [])]);
};

export interface LabelledCount extends AccessCount { readonly label: string }
/** A year and a bit: enough for "this year against last", and one query a month. */
const mostMonths = 24;

/** What people used most, first. `people` adds up months: who came in two months counts in both. */
export const readStatistics = ({ statistics, ...deps }: Pick<Ports, "statistics" | "people" | "cases" | "documents" | "firm">) =>
  async (request: Request<StaffPrincipal>, grouping: Grouping, from: string, to: string): Promise<readonly LabelledCount[]> => {
    if (!mayReadTotals(request.principal.role, grouping)) throw new Refusal("forbidden", "Your role reads the sums of cases and documents.");
    const months = monthsBetween(from, to);
    if (months.length === 0) throw invalid("query.from", "Is after the end.");
    if (months.length > mostMonths) throw invalid("query.from", `Is more than ${mostMonths} months before the end.`);
    const counts = await statistics.accesses(grouping, months);
    if (grouping === "case" || grouping === "document") return ofEnterable(deps, request, counts);
    const shown = counts.slice(0, mostCounts);
    const names: ReadonlyMap<string, string> = grouping === "service" ? new Map() : await deps.people.names(shown.map((it) => it.key as ClientId)); // a grouping's counters are kept under ids of its kind
    return shown.map((it) => ({ ...it, label: names.get(it.key) ?? it.key }));
  };

const mostCounts = 1000;

/** The sums of cases that the caller may enter, and of documents in them, by their reference and their name. */
const ofEnterable = async ({ cases, documents, firm }: Pick<Ports, "cases" | "documents" | "firm">, { principal, now }: Request<StaffPrincipal>, counts: readonly AccessCount[]): Promise<LabelledCount[]> => {
  const shown: LabelledCount[] = [];
  for (let start = 0; start < counts.length && shown.length < mostCounts; start += 100) {
    const some = counts.slice(start, start + 100).map((it) => ({ ...it, caseId: it.caseId ?? (it.key as CaseId) })); // a case's own counter is kept under its id
    const known = await cases.byIds(some.map((it) => it.caseId));
    const enterable = some.flatMap((it) => { const kase = known.get(it.caseId); return kase && mayEnter(principal, kase, firm, now) ? [{ ...it, kase }] : []; });
    const names = await namesIn({ documents }, enterable.map(({ key, kase }) => ({ key, caseId: kase.caseId })));
    shown.push(...enterable.map(({ kase, ...it }) => ({ ...it, label: isId("document", it.key) ? (names.get(it.key) ?? it.key) : kase.reference })));
  }
  return shown.slice(0, mostCounts);
};

/** The names of the documents among these, a batch for each case. What is gone for good has no name left: its id stands for it. */
const namesIn = async ({ documents }: Pick<Ports, "documents">, of: readonly { readonly key: string; readonly caseId: CaseId }[]): Promise<ReadonlyMap<string, string>> => {
  const read = [...Map.groupBy(of, (it) => it.caseId)].map(([caseId, some]) => documents.byIds(caseId, some.flatMap(({ key }) => (isId("document", key) ? [key] : []))));
  return new Map((await Promise.all(read)).flat().flatMap((it) => (it.purgedAt === undefined ? [[it.documentId, it.name] as const] : [])));
};

const monthsBetween = (from: string, to: string): string[] => {
  const months: string[] = [];
  for (let [year, month] = from.split("-").map(Number) as [number, number]; months.length <= mostMonths; month === 12 ? ([year, month] = [year + 1, 1]) : (month += 1)) {
    const name = `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}`; // `YYYY-MM` split at its dash is two numbers
    if (name > to || year > 9999) break;
    months.push(name);
  }
  return months;
};
