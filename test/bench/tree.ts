import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { BatchWriteCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { casesIn } from "../../lib/adapters/dynamo/cases.ts";
import { documentsIn } from "../../lib/adapters/dynamo/documents.ts";
import { filedItem } from "../../lib/adapters/dynamo/filed.ts";
import { grantsIn } from "../../lib/adapters/dynamo/grants.ts";
import { jobsIn } from "../../lib/adapters/dynamo/jobs.ts";
import { keys } from "../../lib/adapters/dynamo/keys.ts";
import { TableLedger } from "../../lib/adapters/dynamo/ledger.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import type { Case, Folder } from "../../lib/domain/case.ts";
import type { Document } from "../../lib/domain/document.ts";
import type { AuditEvent } from "../../lib/domain/event.ts";
import { firmProfile } from "../../lib/domain/firm.ts";
import { newId, type FolderId } from "../../lib/domain/ids.ts";
import type { ContactPrincipal, StaffPrincipal } from "../../lib/domain/principal.ts";
import { toInstant } from "../../lib/domain/time.ts";
import { continueJob } from "../../lib/usecases/jobs.ts";
import { changeFolder } from "../../lib/usecases/moves.ts";
import { grantsOpening } from "../../lib/usecases/reach.ts";
import { Trail, type Request } from "../../lib/usecases/request.ts";
import { LOCAL_CREDENTIALS, LOCAL_REGION } from "../../local/emulators/child.ts";
import { startDynamoDb } from "../../local/emulators/dynamodb.ts";
import { freePorts } from "../../local/emulators/ports.ts";
import { createTable } from "../../local/table.ts";
import { profile } from "./cloud.ts";

/**
 * `node test/bench/tree.ts [things]`: what moving a large folder costs: the move itself, decisions before, during and after the job that
 * tells the hints, and the job. That it can be killed anywhere is proved elsewhere: `test/api/jobs.test.ts`, `npm run test:kills`.
 */
const things = Number(process.argv[2] ?? 10_000);
const [port = 0] = await freePorts(1);
const dynamodb = await startDynamoDb({ directory: null, port, log: () => undefined });
Object.assign(process.env, { AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey, AWS_REGION: LOCAL_REGION, AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url });
await createTable("bench");

let calls = 0;
const raw = new DynamoDBClient({});
raw.middlewareStack.add((next) => (args) => { calls += 1; return next(args); }, { step: "initialize" });
const client = DynamoDBDocumentClient.from(raw, { marshallOptions: { removeUndefinedValues: true } });
const table = new Table(client, "bench");
const ledger = new TableLedger(table);
/** The event that the last commit became. */
let last: AuditEvent | null = null;
const recording = { commit: async (...what: Parameters<typeof ledger.commit>) => (last = await ledger.commit(...what)), record: ledger.record.bind(ledger), earlier: ledger.earlier.bind(ledger) };
const none = {} as never; // a move of folders uses neither people nor objects
const ports = { ledger: recording, documents: documentsIn(table), cases: casesIn(table), jobs: jobsIn(table), grants: grantsIn(table), firm: firmProfile.parse(profile), people: none, shares: none, objects: none };

const now = toInstant(new Date());
const id = <K extends Parameters<typeof newId>[0]>(kind: K) => newId(kind, new Date());
const staff: StaffPrincipal = { kind: "member", memberId: id("member"), role: "admin", advisers: [], name: "Ada" };
const request = <P extends Request["principal"]>(principal: P, action: string): Request<P> => ({ principal, now, trail: new Trail(action, id("httpRequest")) });
const kase: Case = { caseId: id("case"), clientId: id("client"), adviserId: staff.memberId, team: [], restricted: false, brokenGlass: [], reference: "B", title: "B", status: "open", createdAt: now, updatedAt: now, revision: 1 };
const contact: ContactPrincipal = { kind: "contact", contactId: id("contact"), clientIds: [kase.clientId], since: {}, name: "Con", locale: "es" };
const { caseId } = kase;
const folder = (name: string, above: readonly FolderId[]): Folder => ({ folderId: id("folder"), caseId, ...(above.length > 0 && { parentId: above.at(-1)! }), ancestors: [...above], name, inherit: true, createdAt: now, revision: 1 });

// A root with a hundred folders of things inside: of every hundred things one is a folder.
const [from, to] = [folder("From", []), folder("To", [])];
const root = folder("Root", [from.folderId]);
const all: (Folder | Document)[] = [from, to, root];
const inside: Document[] = [];
for (let made = 0; made < things; made += 100) {
  const one = folder(`Folder ${made}`, [from.folderId, root.folderId]);
  all.push(one);
  for (let index = 1; index < 100; index++)
    inside.push({ documentId: id("document"), caseId, folderId: one.folderId, folderPath: [from.folderId, root.folderId, one.folderId], name: `Document ${index}.pdf`, versionCount: 1, createdAt: now, revision: 1 });
}
all.push(...inside);
const items = [{ ...keys.case(caseId), ...kase }, ...all.map((it) => ({ ...("ancestors" in it ? keys.folder(caseId, it.folderId) : keys.document(caseId, it.documentId)), ...filedItem(it) })), { ...keys.name(caseId, from.folderId, root.name) }];
for (let start = 0; start < items.length; start += 25) await client.send(new BatchWriteCommand({ RequestItems: { bench: items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } })) } }));
await ledger.commit(request(staff, "grants.give"), [ports.grants.give({ grantId: id("grant"), caseId, holder: contact.contactId, place: to.folderId, level: "read", createdAt: now, givenBy: staff.memberId })]);

const sample = inside.filter((_, index) => index % Math.ceil(inside.length / 20) === 0);
const timed = async <T>(run: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number; readonly asked: number }> => {
  const [began, before] = [performance.now(), calls];
  const result = await run();
  return { result, ms: performance.now() - began, asked: calls - before };
};
const decide = async (): Promise<string> => {
  const { result, ms, asked } = await timed(async () => Promise.all(sample.map(async (it) => {
    const document = await ports.documents.get(caseId, it.documentId);
    return document !== null && (await grantsOpening(ports, contact, kase, { document }, now)).length > 0;
  })));
  return `${result.filter(Boolean).length} of ${sample.length} open, ${(asked / sample.length).toFixed(1)} calls and ${(ms / sample.length).toFixed(1)} ms each`;
};

console.log(`${all.length} folders and documents.\nBefore the move: ${await decide()}.`);
const move = await timed(() => changeFolder(ports)(request(staff, "folders.change"), caseId, root.folderId, { revision: 1, parentId: to.folderId }));
console.log(`The move: ${move.ms.toFixed(0)} ms, ${move.asked} calls.\nAfter it, before the job: ${await decide()}.`);

let steps = 0;
let during = "";
const system = { kind: "system", name: "jobs" } as const;
const job = await timed(async () => {
  for (let event: AuditEvent | null = last; event !== null && event.action !== "jobs.done"; event = last) {
    await continueJob(ports)(request(system, "jobs.step"), event, false);
    steps += 1;
    if (steps === Math.floor(things / 180)) during ||= await decide();
  }
});
console.log(`During the job: ${during}.\nThe job: ${steps} steps, ${(job.ms / 1000).toFixed(1)} s without the way of its events, ${job.asked} calls.\nAfter it: ${await decide()}.`);
const height = await timed(() => ports.documents.folderTree(caseId));
console.log(`The case's ${height.result.length} folders for the height of what moves: ${height.asked} calls, ${height.ms.toFixed(0)} ms.`);
client.destroy();
await dynamodb.stop();
