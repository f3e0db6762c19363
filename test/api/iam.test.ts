import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { expectOk, sha256Of, sendBytes, type Caller } from "../../local/caller.ts";
import { singlePutLimit } from "../../lib/domain/upload.ts";
import type { FunctionName } from "../../lib/config.ts";
import { actionsOf, ferrer, resourcesIn, resourcesOf, statementsOf, synthesize, text } from "../infra/synth.ts";
import { formOf, openLink, startTestFirm, submit, type TestFirm } from "./firm.ts";
import { announce, complete, completedEvent } from "./probe.ts";

/**
 * Every call that the functions make while the whole API is played, against the role that the stack gives them: nothing missing, nothing
 * unused but what is listed here with a reason. A permission reads `action on resource`, with the condition it is given under.
 */
type Calls = Map<FunctionName, Set<string>>;
interface Stack {
  add(middleware: (next: (args: { input: unknown }) => Promise<unknown>, context: { commandName?: string }) => (args: { input: unknown }) => Promise<unknown>, options: { step: "initialize"; name: string }): void;
}

const input = z.looseObject({ TableName: z.optional(z.string()), IndexName: z.optional(z.string()), VersionId: z.optional(z.string()), SecretId: z.optional(z.string()), UserPoolId: z.optional(z.string()) });
const transaction = z.object({ TransactItems: z.array(z.record(z.string(), z.unknown())) });
const itemActions: Readonly<Record<string, string>> = { Put: "PutItem", Update: "UpdateItem", Delete: "DeleteItem", ConditionCheck: "ConditionCheckItem" };

/** What IAM asks for a call: https://docs.aws.amazon.com/service-authorization/latest/reference/ */
const permissionsFor = (command: string, raw: unknown, pools: TestFirm["pools"]): string[] => {
  const it = input.parse(raw);
  switch (command) {
    case "TransactWriteItemsCommand": return transaction.parse(raw).TransactItems.flatMap((item) => Object.keys(item)).map((kind) => `dynamodb:${itemActions[kind] ?? kind} on table`);
    case "QueryCommand": return [`dynamodb:Query on ${it.IndexName ? `index ${it.IndexName}` : "table"}`];
    case "GetItemCommand": case "BatchGetItemCommand": case "PutItemCommand": case "UpdateItemCommand": case "DeleteItemCommand": return [`dynamodb:${command.replace("Command", "")} on table`];
    case "HeadObjectCommand": case "GetObjectCommand": return [`s3:GetObject${it.VersionId ? "Version" : ""} on documents`];
    case "PutObjectCommand": case "CreateMultipartUploadCommand": case "CompleteMultipartUploadCommand": return ["s3:PutObject on documents"];
    case "ListPartsCommand": return ["s3:ListMultipartUploadParts on documents"];
    case "AbortMultipartUploadCommand": return ["s3:AbortMultipartUpload on documents"];
    case "ListObjectVersionsCommand": return ["s3:ListBucketVersions on documents"];
    case "DeleteObjectCommand": return [`s3:DeleteObject${it.VersionId ? "Version" : ""} on documents`];
    case "ListObjectsV2Command": return ["s3:ListBucket on documents"];
    case "PutObjectTaggingCommand": return [`s3:PutObject${it.VersionId ? "Version" : ""}Tagging on documents`];
    case "GetSecretValueCommand": return [`secretsmanager:GetSecretValue on ${it.SecretId?.endsWith("link-key") ? "link key" : "cursor key"}`];
    case "SendEmailCommand": return ["ses:SendEmail on mail"];
    default: return [`cognito-idp:${command.replace("Command", "")} on ${it.UserPoolId === pools.staff.userPoolId ? "staff" : "client"} pool`];
  }
};

const kinds: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [/\/index\/(\w+)/, (match) => `index ${match[1] ?? ""}`], [/LinkKey/, () => "link key"], [/CursorKey/, () => "cursor key"], [/StaffPool/, () => "staff pool"], [/ClientPool/, () => "client pool"],
  [/DocumentsBucket/, () => "documents"], [/identity\/|configuration-set/, () => "mail"], [/AttTable\w+Arn/, () => "table"],
];
const kindOf = (resource: unknown): string => {
  for (const [pattern, name] of kinds) {
    const match = pattern.exec(text(resource));
    if (match) return name(match);
  }
  return text(resource);
};

/** The permissions of a role as the stack synthesizes it, with the conditions that are not about keys; logs, traces, keys and queues are the frame's. */
const given = (name: FunctionName): Map<string, unknown> => {
  const { templates } = synthesize(ferrer);
  const everything = Object.values(templates);
  const [roleId] = everything.flatMap((it) => resourcesOf(it, "AWS::IAM::Role")).find(([, it]) => it.Properties["RoleName"] === `legajo-ferrer-${name}`) ?? [""];
  const statements = everything.flatMap((it) => resourcesOf(it, "AWS::IAM::Policy")).filter(([, it]) => text(it.Properties["Roles"]).includes(`"${roleId}"`)).flatMap(([, it]) => statementsOf(it));
  return new Map(statements.flatMap((it) => actionsOf(it).filter((action) => !/^(logs|xray|kms|sqs):/.test(action)).flatMap((action) => resourcesIn(it).map((resource) => [`${action} on ${kindOf(resource)}`, it.Condition ?? null] as const))));
};

/** What the local cloud alone asks for: people sign in with the password that their mail shows. Of clients the password is set on AWS too, to one that nobody knows. */
const onlyHere = "cognito-idp:AdminSetUserPassword on staff pool";

const unused: Readonly<Record<string, string>> = {
  "staff-api: cognito-idp:AdminUserGlobalSignOut on staff pool": "the emulator has no global sign-out, so the adapter skips it on this machine",
  "staff-api: cognito-idp:AdminUserGlobalSignOut on client pool": "likewise",
  "staff-api: cognito-idp:AdminGetUser on staff pool": "only after a crash between the account and the identity, which this play does not have",
  "staff-api: cognito-idp:AdminGetUser on client pool": "likewise",
  "share-page: secretsmanager:GetSecretValue on cursor key": "only for a shared folder of more than a hundred things, which this play does not have",
  "document-state: s3:ListBucket on documents": "never called: it makes S3 answer 404 instead of 403 for an object that is gone",
};

describe("what the functions ask of AWS, against their roles", () => {
  let firm: TestFirm;
  const calls: Calls = new Map();

  beforeAll(async () => {
    const asked: { readonly name: FunctionName; readonly command: string; readonly input: unknown }[] = [];
    firm = await startTestFirm({}, { watch: (name, client) => {
      // The kinds of client share this method but not its type.
      (client.middlewareStack as Stack).add((next, context) => (args) => {
        asked.push({ name, command: context.commandName ?? "", input: args.input });
        return next(args);
      }, { step: "initialize", name: `record-${name}` });
    } });
    await play(firm);
    for (const { name, command, input: raw } of asked) for (const permission of permissionsFor(command, raw, firm.pools)) calls.set(name, (calls.get(name) ?? new Set()).add(permission));
  }, 120_000);
  afterAll(() => firm.stop());

  for (const name of ["staff-api", "client-api", "share-page", "document-state", "notify", "stats", "jobs"] as const) {
    it(`lets ${name} do what it does`, () => {
      const permissions = given(name);
      expect([...(calls.get(name) ?? [])].filter((call) => !permissions.has(call) && !call.startsWith(onlyHere))).toEqual([]);
      expect(calls.get(name)?.size).toBeGreaterThan(1);
    });
    it(`lets ${name} do nothing else, but for what is listed with a reason`, () => {
      const made = calls.get(name) ?? new Set();
      expect([...given(name).keys()].filter((it) => !made.has(it) && unused[`${name}: ${it}`] === undefined)).toEqual([]);
    });
  }

  it("lists no reason for what is used or not given", () => {
    for (const entry of Object.keys(unused)) {
      const [name = "", permission = ""] = entry.split(": ");
      expect([entry, given(name as FunctionName).has(permission), calls.get(name as FunctionName)?.has(permission) ?? false]).toEqual([entry, true, false]);
    }
  });

  it("lets presigning roles read nothing that is not tagged as released", () => {
    for (const name of ["staff-api", "client-api", "share-page"] as const) expect(given(name).get("s3:GetObjectVersion on documents")).toEqual({ StringEquals: { "s3:ExistingObjectTag/released": "yes" } });
  });
});

/** The whole API, once: people, cases, documents with a second version, grants, shares, the register, statistics. */
const play = async (firm: TestFirm): Promise<void> => {
  const { admin } = firm;
  const get = (path: string) => expectOk(admin.call("GET", path));
  const clientId = await firm.createClient();
  const contact = await firm.inviteContact(clientId);
  const member = await firm.inviteMember("adviser");
  const change = async (path: string, body: unknown) => expectOk(admin.call("PATCH", path, body, { "if-match": `"${(await get(path)).etag}"` }));
  for (const suspended of [true, false]) for (const path of [`/staff/members/${member.id}`, `/staff/contacts/${contact.id}`]) await change(path, { suspended });
  await expectOk(admin.call("POST", "/staff/collaborators", { email: `${randomBytes(4).toString("hex")}@experts.example`, name: "Ex Pert" }));
  await change(`/staff/clients/${clientId}`, { notes: "Met in Girona." });
  const caseId = await firm.createCase(clientId);
  await change(`/staff/cases/${caseId}`, { status: "waiting" });
  await expectOk(admin.call("POST", `/staff/cases/${caseId}/timeline`, { text: "Hello", visibleToClient: true }));
  const { folderId } = await expectOk(admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "Folder" }));
  const documentId = await firm.upload(caseId, "One.pdf", randomBytes(100), folderId);
  const document = `/staff/cases/${caseId}/documents/${documentId}`;
  const bytes = randomBytes(90);
  const announced = await expectOk(admin.call("POST", `${document}/versions`, { contentType: "application/pdf", size: bytes.length, sha256: sha256Of(bytes), draft: true }, { "idempotency-key": "one" }));
  await sendBytes(announced.upload, bytes);
  await expectOk(admin.call("POST", `${document}/versions/${announced.version.versionId}/complete`, {}));
  await firm.settle();
  await expectOk(admin.call("POST", `${document}/versions/${announced.version.versionId}/publish`, {}));
  await expectOk(admin.call("POST", `${document}/download`, {}));
  // S3's event is late when the upload is said to be complete.
  const late = await announce(firm, caseId, bytes);
  await firm.bus.publish("firm", completedEvent({ documentId: late.documentId, versionId: late.versionId } as never)); // ids of the API are texts
  expect((await complete(firm, caseId, late)).status).toBe(409); // nothing was sent: S3 is asked
  await giveUp(admin.call, `/staff/cases/${caseId}/documents`);
  const grants = [{ principal: { contactId: contact.id }, resource: {} }, { principal: { contactId: contact.id }, resource: { folderId } }];
  const given = await Promise.all(grants.map((it) => expectOk(admin.call("POST", `/staff/cases/${caseId}/grants`, { ...it, level: "upload" }))));
  await giveUp(contact.call, `/client/cases/${caseId}/documents`);
  const mine = await expectOk(contact.call("POST", `/client/cases/${caseId}/documents`, { name: "Mine.pdf", folderId, contentType: "application/pdf", size: bytes.length, sha256: sha256Of(bytes) }));
  const completeMine = () => contact.call("POST", `/client/cases/${caseId}/documents/${mine.document.documentId}/versions/${mine.version.versionId}/complete`, {});
  expect((await completeMine()).status).toBe(409);
  await sendBytes(mine.upload, bytes);
  await expectOk(completeMine());
  for (const path of ["/client/me", "/client/cases?limit=1", `/client/cases/${caseId}`, `/client/cases/${caseId}/timeline`, `/client/cases/${caseId}/items?folderId=${folderId}`, `/client/cases/${caseId}/items`, "/client/shared-with-me"]) await expectOk(contact.call("GET", path));
  // A list with a next page, so that its cursor is sealed.
  await firm.upload(caseId, "Two.pdf", randomBytes(100), folderId);
  await expectOk(contact.call("GET", `/client/cases/${caseId}/items?folderId=${folderId}&limit=1`));
  await expectOk(contact.call("POST", `/client/cases/${caseId}/documents/${documentId}/download`));
  for (const limit of [1, 25]) for (const path of ["/staff/members", "/staff/clients", "/staff/collaborators", "/staff/cases", `/staff/clients/${clientId}/contacts`, `/staff/cases/${caseId}/timeline`, `/staff/cases/${caseId}/items`, `/staff/cases/${caseId}/grants`, `${document}/versions`, "/staff/audit"]) await get(`${path}?limit=${limit}`);
  const { shareId, path, recipientId } = await firm.share(caseId, { folderId, maxDownloads: 3 });
  const { cookie } = await openLink(firm, path);
  const { nonce } = await formOf(firm, path, cookie);
  await submit(firm, `${path}/documents/${documentId}`, { nonce }, cookie);
  await firm.settle();
  for (const by of [`caseId=${caseId}`, `clientId=${clientId}`, `contactId=${contact.id}`, `documentId=${documentId}`]) await get(`/staff/audit?${by}`);
  for (const grouping of ["client", "service", "case", "document", "adviser"]) await get(`/staff/stats/access?groupBy=${grouping}`);
  await get(`/staff/cases/${caseId}/shares`);
  await get(`/staff/shares/${shareId}`);
  for (const gone of [`/staff/shares/${shareId}/recipients/${recipientId}`, `/staff/shares/${shareId}`, ...given.map((it) => `/staff/cases/${caseId}/grants/${it.grantId}`)]) await expectOk(admin.call("DELETE", gone));
  // Folders that move, what is deleted, and the day on which it goes for good, together with uploads that nobody finished.
  const { folderId: target } = await expectOk(admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "Target" }));
  await expectOk(admin.call("POST", `/staff/cases/${caseId}/grants/preview`, { move: { folderId, to: target } }));
  const { jobId } = await change(`/staff/cases/${caseId}/folders/${folderId}`, { parentId: target });
  for (const what of ["", `/${jobId}`, `/${jobId}/results`]) await get(`/staff/jobs${what}`);
  await change(document, { name: "Renamed.pdf" });
  await expectOk(admin.call("POST", `/staff/cases/${caseId}/documents`, { name: "Unfinished.pdf", contentType: "application/pdf", size: bytes.length, sha256: sha256Of(bytes) }));
  await firm.settle();
  for (const gone of [document, `/staff/cases/${caseId}/folders/${target}`]) await expectOk(admin.call("DELETE", gone));
  await expectOk(admin.call("POST", `/staff/cases/${caseId}/folders/${target}/restore`));
  await expectOk(admin.call("DELETE", `/staff/cases/${caseId}/folders/${target}`));
  await get(`/staff/cases/${caseId}/trash`);
  for (const who of [`members/${member.id}`, `contacts/${contact.id}`]) await expectOk(admin.call("POST", `/staff/${who}/sign-out`));
  firm.clock.offset += 91 * 86_400_000;
  await firm.bus.fire("daily");
  await firm.settle();
};

/** A file in parts that is announced, looked at and given up. */
const giveUp = async (call: Caller, documents: string): Promise<void> => {
  const { document, version } = await expectOk(call("POST", documents, { name: "In parts.zip", contentType: "application/zip", size: singlePutLimit + 1 }));
  const at = `${documents}/${document.documentId}/versions/${version.versionId}`;
  await expectOk(call("GET", `${at}/parts`));
  await expectOk(call("POST", `${at}/abort`));
};
