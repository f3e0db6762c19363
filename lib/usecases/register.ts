import type { AuditEvent, Grouping } from "../domain/event.ts";
import type { CaseId, ClientId, ContactId, DocumentId, MemberId, ShareId } from "../domain/ids.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { invalid } from "../domain/refusal.ts";
import { plusDays, plusSeconds, type Instant } from "../domain/time.ts";
import type { AccessCount, Ports } from "./ports.ts";
import type { Page, PageRequest, Request } from "./request.ts";

export interface AuditQuery {
  readonly caseId?: CaseId | undefined;
  readonly clientId?: ClientId | undefined;
  readonly contactId?: ContactId | undefined;
  readonly documentId?: DocumentId | undefined;
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
  readonly result?: AuditEvent["result"] | undefined;
}

/** A record with the names that its ids have today. */
export interface NamedEvent { readonly event: AuditEvent; readonly name: string | null }

/** No firm's register begins earlier. */
const beginning: Instant = "2000-01-01T00:00:00.000Z";

/** The access register, newest first; without dates, the last thirty days. The narrowest key of the question picks the index. */
export const readRegister = ({ register, people, shares }: Pick<Ports, "register" | "people" | "shares">) =>
  async (request: Request<StaffPrincipal>, query: AuditQuery, page: PageRequest): Promise<Page<NamedEvent>> => {
    if (query.from !== undefined && query.to !== undefined && query.from >= query.to) throw invalid("query.from", "Is not before the end.");
    // The whole firm is read day by day: centuries before it and after now are not.
    const last = plusSeconds(request.now, 1);
    const to = query.to === undefined || query.to > last ? last : query.to;
    if (to <= beginning) return { items: [], next: null };
    const from = query.from === undefined ? plusDays(to, -30) : query.from < beginning ? beginning : query.from;
    if (from >= to) return { items: [], next: null };
    const by = query.documentId ? ({ kind: "document", id: query.documentId } as const)
      : query.contactId ? ({ kind: "person", id: query.contactId } as const)
      : query.caseId ? ({ kind: "case", id: query.caseId } as const)
      : query.clientId ? ({ kind: "client", id: query.clientId } as const) : undefined;
    const keep = (event: AuditEvent): boolean =>
      event.at >= from && event.at < to && (query.result === undefined || event.result === query.result) && (query.caseId === undefined || event.about.caseId === query.caseId)
      && (query.clientId === undefined || event.about.clientId === query.clientId) && (query.documentId === undefined || event.about.documentId === query.documentId)
      && (query.contactId === undefined || ("id" in event.who && event.who.id === query.contactId));
    const { items, next } = await register.list({ ...(by && { by }), from, to, keep }, page);
    const names = await namesOf({ people, shares }, items);
    return { items: items.map((event) => ({ event, name: "id" in event.who ? (names.get(event.who.id) ?? null) : null })), next };
  };

const namesOf = async ({ people, shares }: Pick<Ports, "people" | "shares">, events: readonly AuditEvent[]): Promise<ReadonlyMap<string, string>> => {
  const persons = new Set<MemberId | ContactId>();
  const shareIds = new Set<ShareId>();
  for (const { who, about } of events) {
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
export const readStatistics = ({ statistics, people, cases }: Pick<Ports, "statistics" | "people" | "cases">) =>
  async (_request: Request<StaffPrincipal>, grouping: Grouping, from: string, to: string): Promise<readonly LabelledCount[]> => {
    const months = monthsBetween(from, to);
    if (months.length === 0) throw invalid("query.from", "Is after the end.");
    if (months.length > mostMonths) throw invalid("query.from", `Is more than ${mostMonths} months before the end.`);
    const counts = (await statistics.accesses(grouping, months)).slice(0, 1000);
    const labels = await labelsOf({ people, cases }, grouping, counts.map((it) => it.key));
    return counts.map((it) => ({ ...it, label: labels.get(it.key) ?? it.key }));
  };

const labelsOf = async ({ people, cases }: Pick<Ports, "people" | "cases">, grouping: Grouping, keys: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  if (grouping === "client" || grouping === "adviser") return people.names(keys as ClientId[]); // the statistics of a grouping are kept under ids of its kind
  if (grouping === "case") return new Map([...(await cases.byIds(keys as CaseId[]))].map(([id, it]) => [id, it.reference])); // likewise
  return new Map();
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
