import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk, sha256Of } from "../../local/caller.ts";
import { openLink, startTestFirm, submit, formOf, type Person, type TestFirm } from "./firm.ts";

describe("the main job", () => {
  let firm: TestFirm;
  let caseId: string;
  let clientId: string;
  let folderId: string;
  let documentId: string;
  let contact: Person;
  const bytes = randomBytes(300_000);
  const name = "Escritura «Núñez» — عقد 合同.pdf";

  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient();
    contact = await firm.inviteContact(clientId);
    caseId = await firm.createCase(clientId);
    folderId = (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "Escrituras" }))).folderId;
    documentId = await firm.upload(caseId, name, bytes, folderId);
  });
  afterAll(() => firm.stop());

  it("gives staff exactly the bytes that were uploaded, with the name as it was", async () => {
    const handOut = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/documents/${documentId}/download`));
    const got = await fetch(handOut.url);
    expect(sha256Of(Buffer.from(await got.arrayBuffer()))).toBe(sha256Of(bytes));
    expect(got.headers.get("content-disposition")).toContain(`filename*=UTF-8''${encodeURIComponent(name)}`);
    expect(got.headers.get("content-type")).toBe("application/pdf");
  });

  it("shows a contact nothing before a grant, and the bytes after it", async () => {
    const path = `/client/cases/${caseId}/documents/${documentId}/download`;
    expect((await contact.call("GET", "/client/cases")).body.items).toEqual([]);
    expect((await contact.call("POST", path)).status).toBe(404);
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { contactId: contact.id }, resource: { folderId }, level: "read" }));
    expect((await contact.call("GET", "/client/cases")).body.items).toMatchObject([{ caseId, status: "open", adviser: { name: "Ada Min" } }]);
    expect((await contact.call("GET", `/client/cases/${caseId}/items`)).body.items).toMatchObject([{ kind: "folder", folderId, name: "Escrituras" }]);
    expect((await contact.call("GET", `/client/cases/${caseId}/items?folderId=${folderId}`)).body.items).toMatchObject([{ kind: "document", documentId, name }]);
    expect((await contact.call("GET", "/client/shared-with-me")).body.items).toMatchObject([{ kind: "folder", folderId, name: "Escrituras" }]);
    const handOut = await expectOk(contact.call("POST", path));
    expect(sha256Of(Buffer.from(await (await fetch(handOut.url)).arrayBuffer()))).toBe(sha256Of(bytes));
  });

  it("lets a recipient open the mailed link, see the folder and download the bytes", async () => {
    const { path } = await firm.share(caseId, { folderId });
    const { cookie, answer } = await openLink(firm, path);
    expect(answer.status).toBe(303);
    const { html, nonce } = await formOf(firm, path, cookie);
    expect(html).toContain("Núñez");
    const response = await submit(firm, `${path}/documents/${documentId}`, { nonce }, cookie);
    expect(response.status).toBe(303);
    const got = await fetch(response.headers.get("location") ?? "");
    expect(sha256Of(Buffer.from(await got.arrayBuffer()))).toBe(sha256Of(bytes));
  });

  it("refuses JSON that opening does not know, and opens nothing", async () => {
    const { path } = await firm.share(caseId, { folderId });
    const open = (body: string) => fetch(`${firm.api}${path}/open`, { method: "POST", headers: { "content-type": "application/json", accept: "application/json" }, body });
    for (const [body, field] of [["{", "body"], ['{"admin":true}', "body.admin"], ["[]", "body"]] as const) {
      const answer = await open(body);
      const problem = (await answer.json()) as { errors: { path: string }[] };
      expect([answer.status, problem.errors[0]?.path, answer.headers.getSetCookie()]).toEqual([400, field, []]);
    }
    expect((await open("{}")).status).toBe(200);
  });

  it("shows the firm who opened what and when, and how much", async () => {
    await firm.settle();
    const events = (await expectOk(firm.admin.call("GET", `/staff/audit?documentId=${documentId}&limit=100`))).items;
    const downloads = events.filter((it: { action: string; result: string }) => it.action.endsWith("download") && it.result === "granted");
    expect(downloads.map((it: { who: { kind: string } }) => it.who.kind).toSorted()).toEqual(["contact", "member", "recipient"]);
    const { items } = await expectOk(firm.admin.call("GET", "/staff/stats/access?groupBy=document"));
    expect(items).toEqual([{ key: documentId, label: name, count: 2, people: 2, previews: 0 }]);
    const byService = await expectOk(firm.admin.call("GET", "/staff/stats/access?groupBy=service"));
    expect(byService.items).toEqual(expect.arrayContaining([expect.objectContaining({ key: "documents", count: 2, people: 2 }), expect.objectContaining({ key: "shares", count: 2, people: 2 })]));
    expect((await expectOk(firm.admin.call("GET", `/staff/stats/access?groupBy=client`))).items[0].key).toBe(clientId);
  });
});
