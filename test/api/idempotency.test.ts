import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk, sendBytes, sha256Of } from "../../local/caller.ts";
import { mailsTo } from "../../local/people.ts";
import { startTestFirm, type TestFirm } from "./firm.ts";

const twenty = Array.from({ length: 20 });

describe("Idempotency-Key", () => {
  let firm: TestFirm;
  let clientId: string;
  let caseId: string;
  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient();
    caseId = await firm.createCase(clientId);
  });
  afterAll(() => firm.stop());
  const post = (path: string, body: unknown, key: string) => firm.admin.call("POST", path, body, { "idempotency-key": key });

  it("makes one share and one mail of twenty parallel requests, and nineteen records of repeating", async () => {
    const documentId = await firm.upload(caseId, "Uno.pdf");
    const body = { documentIds: [documentId], recipients: [{ email: "once@elsewhere.example" }] };
    const answers = await Promise.all(twenty.map(() => post(`/staff/cases/${caseId}/shares`, body, "share-1")));
    expect(new Set(answers.map((it) => it.status))).toEqual(new Set([201]));
    expect(new Set(answers.map((it) => it.body.share.shareId)).size).toBe(1);
    expect(new Set(answers.map((it) => it.headers.get("location"))).size).toBe(1);
    await firm.settle();
    expect(await mailsTo(firm.mail, "once@elsewhere.example")).toHaveLength(1);
    expect((await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/shares`))).items).toHaveLength(1);
    const { items } = await expectOk(firm.admin.call("GET", `/staff/audit?caseId=${caseId}&limit=100`));
    expect(items.filter((it: { action: string }) => it.action === "request.repeated")).toHaveLength(19);
  });

  it("invites one person with one mail out of twenty parallel requests", async () => {
    const body = { email: "parallel@client.example", name: "Ana" };
    const answers = await Promise.all(twenty.map(() => post(`/staff/clients/${clientId}/contacts`, body, "invite-1")));
    expect(new Set(answers.map((it) => `${it.status} ${it.body.contactId}`)).size).toBe(1);
    await firm.settle();
    expect(await mailsTo(firm.mail, body.email)).toHaveLength(1);
  });

  it("gives the same document again with an upload URL that works", async () => {
    const bytes = randomBytes(500);
    const body = { name: "Dos.pdf", contentType: "application/pdf", size: bytes.length, sha256: sha256Of(bytes) };
    const first = await post(`/staff/cases/${caseId}/documents`, body, "document-1");
    firm.clock.offset += 2000;
    const second = await post(`/staff/cases/${caseId}/documents`, body, "document-1");
    expect(second.body.document).toEqual(first.body.document);
    expect(second.body.upload.url).not.toBe(first.body.upload.url);
    await sendBytes(second.body.upload, bytes);
  });

  it("gives every other kind of creation again as it is now", async () => {
    const creations: readonly (readonly [string, unknown, string])[] = [
      ["/staff/members", { email: "again@firm.example", name: "Again", role: "assistant" }, "memberId"],
      ["/staff/clients", { name: "Again, S.L." }, "clientId"],
      ["/staff/collaborators", { email: "again@experts.example", name: "Again" }, "contactId"],
      ["/staff/cases", { clientId, reference: "AGAIN-1", title: "Again" }, "caseId"],
      [`/staff/cases/${caseId}/timeline`, { text: "Again", visibleToClient: false }, "entryId"],
      [`/staff/cases/${caseId}/folders`, { name: "Again" }, "folderId"],
      [`/staff/cases/${caseId}/grants`, { principal: { clientId }, resource: {}, level: "read" }, "grantId"],
    ];
    for (const [path, body, id] of creations) {
      const [first, second] = [await post(path, body, `kind-${id}`), await post(path, body, `kind-${id}`)];
      expect([path, first.status, second.status]).toEqual([path, 201, 201]);
      expect(second.body).toEqual(first.body);
    }
  });

  it("gives nothing again that was deleted since", async () => {
    const folder = () => post(`/staff/cases/${caseId}/folders`, { name: "Short-lived" }, "deleted-since");
    await expectOk(firm.admin.call("DELETE", `/staff/cases/${caseId}/folders/${(await expectOk(folder())).folderId}`));
    expect((await folder()).status).toBe(404);
  });

  it("refuses a key that came with another body or another path, and makes nothing", async () => {
    await expectOk(post("/staff/clients", { name: "One" }, "reused"));
    for (const [path, body] of [["/staff/clients", { name: "Other" }], ["/staff/collaborators", { email: "x@y.example", name: "X" }]] as const) {
      const answer = await post(path, body, "reused");
      expect(answer.status).toBe(422);
      expect(answer.body.code).toBe("idempotency_conflict");
    }
    expect((await expectOk(firm.admin.call("GET", "/staff/clients?limit=100"))).items.map((it: { name: string }) => it.name)).not.toContain("Other");
  });

  it("keeps the keys of two callers apart", async () => {
    const adviser = await firm.inviteMember("adviser");
    const mine = await post("/staff/clients", { name: "Mine" }, "same-key");
    const theirs = await adviser.call("POST", "/staff/clients", { name: "Mine" }, { "idempotency-key": "same-key" });
    expect(theirs.status).toBe(201);
    expect(theirs.body.clientId).not.toBe(mine.body.clientId);
  });

  it("still tells a real conflict, and names a key that is none", async () => {
    await expectOk(post(`/staff/cases/${caseId}/folders`, { name: "Taken" }, "taken-1"));
    expect((await post(`/staff/cases/${caseId}/folders`, { name: "Taken" }, "taken-2")).status).toBe(409);
    const bad = await post("/staff/clients", { name: "One" }, "has space");
    expect([bad.status, bad.body.errors[0].path]).toEqual([400, "headers.idempotency-key"]);
  });
});
