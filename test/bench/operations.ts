import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { toInstant } from "../../lib/domain/time.ts";
import { cookieName, makeStamp } from "../../lib/http/session.ts";
import { linkKey, type Ask, type Cloud } from "./cloud.ts";
import { contactSub, staffSub, type LoadedFirm } from "./load.ts";
import { depthOf, stepsOf, total, type Meter, type Units } from "./meter.ts";

/** What people do all day; `depth` is the most steps that one may take. */
interface Operation {
  readonly name: string;
  readonly depth: 3 | 4;
  readonly status: number;
  /** A download is handed out and its record written. */
  readonly download?: true;
  readonly ask: (firm: LoadedFirm, cloud: Cloud, last: APIGatewayProxyStructuredResultV2) => Promise<Ask> | Ask;
}

const page = "limit=50";
const now = () => toInstant(new Date());
const staff = (cloud: Cloud) => cloud.issuer.token({ sub: staffSub });
const contact = (cloud: Cloud) => cloud.issuer.token({ sub: contactSub });
export const cookieOf = (linkHash: string) => `${cookieName}=${makeStamp(linkKey, "session", linkHash, now())}`;
export const nonceOf = (linkHash: string) => makeStamp(linkKey, "form", linkHash, now());
const inCase = (firm: LoadedFirm) => ({ caseId: firm.caseId });
const middle = (firm: LoadedFirm) => firm.documentIds[Math.floor(firm.documentIds.length / 2)] ?? "";

/** `revoke` takes back what `grant` gave just before. */
export const operations: readonly Operation[] = [
  { name: "open share", depth: 3, status: 303, ask: async (firm) => {
    const { token, linkHash } = await firm.link();
    return { route: "share.open", params: { token }, form: { nonce: nonceOf(linkHash) } };
  } },
  { name: "share list", depth: 3, status: 200, ask: async (firm) => {
    const { token, linkHash } = await firm.link();
    return { route: "share.page", params: { token }, cookie: cookieOf(linkHash) };
  } },
  { name: "share download", depth: 4, status: 303, download: true, ask: async (firm) => {
    const { token, linkHash } = await firm.link();
    return { route: "share.download", params: { token, documentId: middle(firm) }, cookie: cookieOf(linkHash), form: { nonce: nonceOf(linkHash) } };
  } },
  { name: "client case list", depth: 3, status: 200, ask: (_, cloud) => ({ route: "client.cases", query: page, token: contact(cloud) }) },
  { name: "client folder page", depth: 3, status: 200, ask: (firm, cloud) => ({ route: "client.items", params: inCase(firm), query: `folderId=${firm.folderId}&${page}`, token: contact(cloud) }) },
  { name: "client download", depth: 3, status: 200, download: true, ask: (firm, cloud) => ({ route: "client.download", params: { ...inCase(firm), documentId: middle(firm) }, token: contact(cloud) }) },
  { name: "shared with me", depth: 3, status: 200, ask: (_, cloud) => ({ route: "client.shared-with-me", query: page, token: contact(cloud) }) },
  { name: "staff folder page", depth: 3, status: 200, ask: (firm, cloud) => ({ route: "items.list", params: inCase(firm), query: `folderId=${firm.folderId}&${page}`, token: staff(cloud) }) },
  { name: "grant", depth: 3, status: 201, ask: (firm, cloud) => ({
    route: "grants.give", params: inCase(firm), token: staff(cloud), json: { principal: { contactId: firm.contactId }, resource: { documentId: firm.spare }, level: "read" },
  }) },
  { name: "revoke", depth: 3, status: 204, ask: (firm, cloud, last) => ({ route: "grants.revoke", params: { ...inCase(firm), grantId: String(JSON.parse(last.body ?? "").grantId) }, token: staff(cloud) }) },
];

export interface Measured {
  readonly operation: Operation;
  readonly documents: number;
  readonly calls: number;
  readonly depth: number;
  readonly read: Units;
  readonly write: Units;
  readonly steps: string;
  /** URLs presigned on the way: no call, and so in no count of them. */
  readonly signed: number;
  /** Repetitions that did not cost the same, but for their depth: counts are exact, so there should be none. */
  readonly differs: boolean;
}

const repetitions = 3;

/** Each operation three times after one unmeasured round, on tables that hold `documents`. */
export const measure = async (meter: Meter, cloud: Cloud, firm: LoadedFirm): Promise<Measured[]> => {
  const runs = new Map<Operation, Run[]>();
  for (let round = 0; round <= repetitions; round++) {
    let last: APIGatewayProxyStructuredResultV2 = {};
    for (const operation of operations) {
      const ask = await operation.ask(firm, cloud, last);
      const run = await meter.during(() => cloud.ask(ask));
      const { result } = run;
      if (result.statusCode !== operation.status) throw new Error(`${operation.name} answered ${result.statusCode ?? 0}, not ${operation.status}: ${result.body ?? ""}`);
      last = result;
      if (round > 0) runs.set(operation, [...(runs.get(operation) ?? []), run]);
    }
  }
  return [...runs].map(([operation, rounds]) => {
    const each = rounds.map(summaryOf);
    // A call waits for what it needs: what else was over by then can make a chain look longer than it is, never shorter.
    const least = each.toSorted((a, b) => a.depth - b.depth || b.read.reported - a.read.reported)[0];
    if (!least) throw new Error("Nothing was measured.");
    return { operation, documents: firm.documentIds.length, ...least, differs: new Set(each.map((it) => JSON.stringify({ ...it, steps: "", depth: 0 }))).size > 1 };
  });
};

type Run = Pick<Awaited<ReturnType<Meter["during"]>>, "calls" | "signed">;
export const summaryOf = ({ calls, signed }: Run) => ({
  signed, calls: calls.length, depth: depthOf(calls), steps: stepsOf(calls),
  read: { reported: total(calls, (it) => it.read.reported), formula: total(calls, (it) => it.read.formula) },
  write: { reported: total(calls, (it) => it.write.reported), formula: total(calls, (it) => it.write.formula) },
});

/** The list of a link whose recipient looked at it so many times before: it shows when each document was fetched, out of their own records. */
export const measureReturning = async (meter: Meter, cloud: Cloud, firm: LoadedFirm, visits: number): Promise<Pick<Measured, "calls" | "depth" | "read" | "write" | "steps">> => {
  const { token, linkHash } = await firm.link();
  const ask = (): Ask => ({ route: "share.page", params: { token }, cookie: cookieOf(linkHash) });
  for (let visit = 0; visit < visits; visit++) await cloud.ask(ask());
  return summaryOf(await meter.during(() => cloud.ask(ask())));
};

/** What ten hand-outs to one person cost the statistics, in one batch: first when nobody was counted there before, then when they were. */
export const measureCounting = async (meter: Meter, cloud: Cloud, firm: LoadedFirm): Promise<{ readonly fresh: number; readonly known: number }> => {
  const batch = async (start: number): Promise<number> => {
    const records: unknown[] = [];
    for (const documentId of firm.documentIds.slice(start, start + 10)) {
      const { calls } = await meter.during(() => cloud.ask({ route: "client.download", params: { ...inCase(firm), documentId }, token: contact(cloud) }));
      records.push(...calls.flatMap((it) => it.puts));
    }
    const Records = records.map((detail, index) => ({ messageId: String(index), attributes: { ApproximateReceiveCount: "1" }, body: JSON.stringify({ source: "legajo", "detail-type": "audit", detail }) }));
    const { calls, result } = await meter.during(() => cloud.count({ Records } as Parameters<Cloud["count"]>[0])); // the consumer looks at these fields
    if (result.batchItemFailures.length > 0) throw new Error("The statistics did not take the batch.");
    return total(calls, (it) => it.write.formula) / 10;
  };
  const fresh = await batch(0);
  return { fresh, known: await batch(0) };
};
