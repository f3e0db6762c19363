import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sendBytes, sha256Of, type Answer } from "../../local/caller.ts";
import { openApi } from "../../lib/http/openapi/document.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { frontendOf, type Frontend, type Wanted } from "./frontend.ts";
import { Contract } from "./held-to-the-document.ts";

const document: any = openApi(); // eslint-disable-line @typescript-eslint/no-explicit-any -- read as a stranger reads it
const operations: { operationId: string; path: string; method: string; security: object[]; parameters?: { name: string; in: string; schema: { pattern?: string } }[]; requestBody?: object }[] =
  Object.entries<any>(document.paths).flatMap(([path, methods]) => Object.entries<any>(methods).map(([method, it]) => ({ path, method: method.toUpperCase(), ...it }))); // eslint-disable-line @typescript-eslint/no-explicit-any -- as above

describe("A frontend that knows nothing but the document", () => {
  const contract = new Contract(openApi());
  const answered = new Map<string, Set<number>>();
  let firm: TestFirm;
  let contact: Person;
  let clientId: string;
  let call: Frontend;
  let stranger: Frontend;

  /** Every exchange of these tests is judged. */
  const judge = (operationId: string, asked: Parameters<Contract["faults"]>[0], answer: Answer): void => {
    answered.set(operationId, (answered.get(operationId) ?? new Set()).add(answer.status));
    expect(contract.faults(asked, answer), `${operationId}: ${answer.status} ${JSON.stringify(answer.body)}`).toEqual([]);
  };
  const done = async (operationId: string, wanted: Wanted = {}) => {
    const answer = await call(operationId, wanted);
    expect(answer.status, `${operationId}: ${JSON.stringify(answer.body)}`).toBeLessThan(300);
    return answer.body;
  };
  const change = async (operationId: string, wanted: Wanted, etag: string) => done(operationId, { ...wanted, headers: { "if-match": `"${etag}"` } });

  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient();
    contact = await firm.inviteContact(clientId);
    call = await frontendOf(firm.api, { staff: firm.admin.token, client: contact.token }, judge);
    stranger = await frontendOf(firm.api, {}, judge);
  });
  afterAll(() => firm.stop());

  it("does everything that the API can do, and every request and answer is as the document says", async () => {
    const some = { limit: "2" };
    // People.
    await done("me.read");
    const member = await done("members.invite", { body: { email: "aux@firm.example", name: "Aux", role: "assistant" } });
    await done("members.list", { query: some });
    await done("members.read", { path: member });
    await change("members.change", { path: member, body: { role: "adviser" } }, member.etag);
    await done("members.sign-out", { path: member });
    const client = await done("clients.create", { body: { name: "Marta Núñez", taxId: "12345678Z", notes: "Two\nlines." } });
    const page = await done("clients.list", { query: { limit: "1" } });
    await done("clients.list", { query: { limit: "1", cursor: page.nextCursor } });
    await done("clients.read", { path: client });
    await change("clients.change", { path: client, body: { notes: "One." } }, client.etag);
    await done("contacts.list", { path: { clientId } });
    const second = await done("contacts.invite", { path: client, body: { email: "second@client.example", name: "Se Cond", locale: "ca", phone: "+34 600 000 000" } });
    await done("contacts.read", { path: second });
    await change("contacts.change", { path: second, body: { name: "Se Gundo" } }, second.etag);
    await done("contacts.sign-out", { path: second });
    await done("collaborators.invite", { body: { email: "expert@elsewhere.example", name: "Ex Pert", organisation: "Peritos" } });
    await done("collaborators.list");

    // A case and what lies in it.
    const kase = await done("cases.create", { body: { clientId, reference: "2026/0147", title: "Compraventa" } });
    const { caseId } = kase;
    await done("cases.list", { query: { clientId, status: "open", q: "compra" } });
    await done("cases.read", { path: { caseId } });
    await change("cases.change", { path: { caseId }, body: { status: "waiting" } }, kase.etag);
    const walled = await done("cases.create", { body: { clientId, reference: "2026/0148", title: "Conflict", restricted: true, adviserId: member.memberId, team: [member.memberId] } });
    await done("cases.break-glass", { path: walled, body: { reason: "The adviser fell ill." } });
    await done("timeline.add", { path: { caseId }, body: { text: "Signed.", visibleToClient: true, occurredAt: "2026-11-22T10:15:00.000Z" } });
    await done("timeline.list", { path: { caseId } });
    const folder = await done("folders.create", { path: { caseId }, body: { name: "Escrituras" } });
    const { folderId } = folder;
    await done("folders.read", { path: { caseId, folderId } });
    const inner = await done("folders.create", { path: { caseId }, body: { name: "Inner" } });
    const { jobId } = await change("folders.change", { path: { caseId, ...inner }, body: { name: "Interior", parentId: folderId, inherit: false } }, inner.etag);
    await done("jobs.list", { query: { limit: "1" } });
    await done("jobs.read", { path: { jobId } });
    await done("jobs.results", { path: { jobId } });
    await done("folders.delete", { path: { caseId, ...inner } });
    await done("trash.list", { path: { caseId } });
    await done("folders.restore", { path: { caseId, ...inner }, body: { name: "Inner", parentId: null } });
    const bytes = randomBytes(5000);
    const announcement = { contentType: "application/pdf", size: bytes.length, sha256: sha256Of(bytes) };
    const { document: it, version, upload } = await done("documents.announce", { path: { caseId }, body: { name: "Escritura.pdf", folderId, ...announcement } });
    const { documentId } = it;
    await sendBytes(upload, bytes);
    await done("versions.complete", { path: { caseId, documentId, ...version } });
    await published(caseId, documentId);
    const another = await done("versions.announce", { path: { caseId, documentId }, body: { ...announcement, draft: true } });
    await sendBytes(another.upload, bytes);
    await done("versions.complete", { path: { caseId, documentId, ...another.version } });
    await expect.poll(async () => (await call("versions.publish", { path: { caseId, documentId, ...another.version } })).status, { timeout: 20_000 }).toBe(200);
    const large = { name: "Large.zip", contentType: "application/zip", size: 104_857_601 };
    const parted = await done("documents.announce", { path: { caseId }, body: large });
    expect(parted.upload).toEqual({ kind: "multipart", partSize: 16_777_216, partCount: 7 });
    const ofParts = { caseId, documentId: parted.document.documentId, versionId: parted.version.versionId };
    await done("parts.sign", { path: ofParts, body: { parts: [{ partNumber: 7, sha256: sha256Of(Buffer.alloc(4_194_305)) }] } });
    await done("parts.list", { path: ofParts });
    await done("versions.abort", { path: ofParts });
    firm.scanner.mode = "UNSUPPORTED";
    const encrypted = await done("versions.announce", { path: { caseId, documentId }, body: { ...announcement, draft: true } });
    await sendBytes(encrypted.upload, bytes);
    await firm.settle();
    firm.scanner.mode = "auto";
    await done("versions.release", { path: { caseId, documentId, ...encrypted.version }, body: { reason: "The notary encrypts what he sends." } });
    await done("documents.read", { path: { caseId, documentId } });
    await change("documents.change", { path: { caseId, documentId }, body: { name: "Escritura firmada.pdf", folderId: null } }, (await done("documents.read", { path: { caseId, documentId } })).etag);
    await done("documents.delete", { path: { caseId, documentId } });
    await done("documents.restore", { path: { caseId, documentId }, body: { folderId } });
    await done("items.list", { path: { caseId } });
    await done("items.list", { path: { caseId }, query: { folderId } });
    const handOut = await done("documents.download", { path: { caseId, documentId }, body: {} });
    expect(sha256Of(new Uint8Array(await (await fetch(handOut.url)).arrayBuffer()))).toBe(announcement.sha256);

    // A client who signs in.
    const grant = await done("grants.give", { path: { caseId }, body: { principal: { contactId: contact.id }, resource: { folderId }, level: "read" } });
    await done("grants.give", { path: { caseId }, body: { principal: { clientId }, resource: {}, level: "upload" } });
    const sent = await done("client.announce", { path: { caseId }, body: { name: "Mine.pdf", ...announcement } });
    await sendBytes(sent.upload, bytes);
    await done("client.complete", { path: { caseId, documentId: sent.document.documentId, ...sent.version } });
    const mineInParts = await done("client.announce", { path: { caseId }, body: large });
    const ofMine = { caseId, documentId: mineInParts.document.documentId, versionId: mineInParts.version.versionId };
    await done("client.sign-parts", { path: ofMine, body: { parts: [{ partNumber: 1, sha256: announcement.sha256 }] } });
    await done("client.parts", { path: ofMine });
    await done("client.abort", { path: ofMine });
    await done("grants.list", { path: { caseId } });
    await done("client.me");
    await done("client.cases");
    await done("client.case", { path: { caseId } });
    await done("client.timeline", { path: { caseId } });
    await done("client.items", { path: { caseId } });
    await done("client.items", { path: { caseId }, query: { folderId } });
    await done("client.shared-with-me");
    const mine = await done("client.download", { path: { caseId, documentId } });
    expect(sha256Of(new Uint8Array(await (await fetch(mine.url)).arrayBuffer()))).toBe(announcement.sha256);
    const looked = { contactId: contact.id, caseId };
    await done("view-as.cases", { path: looked });
    await done("view-as.case", { path: looked });
    await done("view-as.timeline", { path: looked });
    await done("view-as.items", { path: looked, query: { folderId } });
    await done("view-as.shared-with-me", { path: looked });
    for (const place of [{}, { folderId }, { documentId }]) expect((await done("access.explain", { query: { ...looked, ...place } })).allowed).toBe(true);
    await done("access.explain", { query: { memberId: member.memberId, caseId } });
    await done("grants.preview", { path: { caseId }, body: { revoke: grant.grantId } });
    await done("grants.preview", { path: { caseId }, body: { team: { restricted: true } } });
    await done("grants.revoke", { path: { caseId, ...grant } });

    // A recipient who does not.
    const { shareId, recipientId, path } = await firm.share(caseId, { folderId, message: "Here it is." });
    const token = path.slice("/s/".length);
    await done("shares.create", { path: { caseId }, body: { documentIds: [documentId], recipients: [{ email: "notaria@elsewhere.example" }], maxDownloads: 1 } });
    await done("shares.list", { path: { caseId } });
    await done("shares.read", { path: { shareId } });
    expect(await done("share.page", { path: { token } })).toMatchObject({ state: "closed", message: "Here it is." });
    const opened = await call("share.open", { path: { token }, body: {} });
    const cookie = opened.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    expect(opened.body.items).toContainEqual(expect.objectContaining({ kind: "document", documentId }));
    await done("share.page", { path: { token }, headers: { cookie } });
    const fetched = await done("share.download", { path: { token, documentId }, body: {}, headers: { cookie } });
    expect(sha256Of(new Uint8Array(await (await fetch(fetched.url)).arrayBuffer()))).toBe(announcement.sha256);
    await done("shares.revoke-recipient", { path: { shareId, recipientId } });
    await done("shares.revoke", { path: { shareId } });

    // What the firm learns.
    await firm.settle();
    await done("audit.list", { query: { caseId, limit: "100" } });
    await done("audit.list", { query: { result: "refused" } });
    await done("statistics.access", { query: { groupBy: "service" } });
    await done("health");
    await done("openapi");
    await done("versions.list", { path: { caseId, documentId } });

    const never = operations.filter((known) => ![...(answered.get(known.operationId) ?? [])].some((status) => status < 300)).map((known) => known.operationId);
    expect(never).toEqual([]);
  });

  const published = async (caseId: string, documentId: string): Promise<void> => {
    await expect.poll(async () => (await done("documents.read", { path: { caseId, documentId } })).published, { timeout: 20_000 }).not.toBeNull();
  };

  /** Well-formed ids of nothing, by the patterns that the document gives. */
  const nothing = ({ parameters = [] }: (typeof operations)[number]) =>
    Object.fromEntries(parameters.filter((it) => it.in === "path").map(({ name, schema }) => [name, schema.pattern ? `${schema.pattern.slice(1, 5)}${"0".repeat(26)}` : "nothing"]));
  const inPool = operations.filter((it) => "staff" in (it.security[0] ?? {}) || "client" in (it.security[0] ?? {}));

  it.each(inPool)("is told by the gateway at $operationId that nobody signed in", async (operation) => {
    const { status, body } = await stranger(operation.operationId, { path: nothing(operation) });
    expect({ status, body }).toEqual({ status: 401, body: { message: "Unauthorized" } });
  });

  it.each(inPool)("is refused at $operationId with a parameter that the document does not name", async (operation) => {
    const { status, body } = await call(operation.operationId, { path: nothing(operation), query: { unheardOf: "1" }, headers: { "if-match": '"1"' } });
    expect({ status, code: body.code }).toEqual({ status: 400, code: "invalid_request" });
    expect(body.errors.map((it: { path: string }) => it.path)).toContain("query.unheardOf");
  });

  it.each(inPool.filter((it) => it.requestBody))("is refused at $operationId with a field that the document does not name", async (operation) => {
    const { status, body } = await call(operation.operationId, { path: nothing(operation), body: { unheardOf: 1 }, headers: { "if-match": '"1"' } });
    expect({ status, code: body.code }).toEqual({ status: 400, code: "invalid_request" });
    expect(body.errors.map((it: { path: string }) => it.path)).toContain("body.unheardOf");
  });

  it.each(inPool.filter((it) => it.path.includes("{") && !it.requestBody))("is told at $operationId that there is nothing where nothing is", async (operation) => {
    const { status, body } = await call(operation.operationId, { path: nothing(operation) });
    expect({ status, code: body.code }).toEqual({ status: 404, code: "not_found" });
  });

  it.each(operations.filter((it) => it.path.startsWith("/s/")))("is told at $operationId that there is no such link", async (operation) => {
    const { status, body } = await call(operation.operationId, { path: nothing(operation), ...(operation.requestBody && { body: {} }) });
    expect({ status, code: body.code }).toEqual({ status: 404, code: "not_found" });
  });

  it("finds the same document with HEAD, and a page for people on this machine", async () => {
    const head = await firm.anyone("HEAD", "/openapi.json");
    expect({ status: head.status, type: head.headers.get("content-type"), body: head.body }).toEqual({ status: 200, type: "application/json; charset=utf-8", body: "" });
    const docs = await fetch(`${firm.api}/docs`);
    expect({ status: docs.status, type: docs.headers.get("content-type") }).toEqual({ status: 200, type: "text/html; charset=utf-8" });
    expect(await docs.text()).toContain(firm.api);
  });

  it("is told when somebody else was faster, and when it names no revision", async () => {
    const { etag } = await done("clients.read", { path: { clientId } });
    await change("clients.change", { path: { clientId }, body: { name: "First" } }, etag);
    const late = await call("clients.change", { path: { clientId }, body: { name: "Second" }, headers: { "if-match": `"${etag}"` } });
    expect({ status: late.status, code: late.body.code }).toEqual({ status: 412, code: "stale" });
    const blind = await call("clients.change", { path: { clientId }, body: { name: "Third" } });
    expect({ status: blind.status, code: blind.body.code }).toEqual({ status: 428, code: "precondition_required" });
  });
});
