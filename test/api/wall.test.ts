import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk } from "../../local/caller.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";

describe("a client's grant in a restricted case", () => {
  let firm: TestFirm;
  let clientId: string;
  let caseId: string;
  let documentId: string;
  let [known, spy]: readonly Person[] = [];

  /** Everything that a contact could learn of the case by. */
  const sees = async (who: Person | undefined): Promise<unknown> => {
    const call = who?.call ?? firm.anyone;
    const [page, given] = [await expectOk(call("GET", "/client/cases")), await expectOk(call("GET", "/client/shared-with-me"))];
    const answers = [await call("GET", `/client/cases/${caseId}`), await call("GET", `/client/cases/${caseId}/items`), await call("GET", `/client/cases/${caseId}/timeline`), await call("POST", `/client/cases/${caseId}/documents/${documentId}/download`)];
    const announced = await call("POST", `/client/cases/${caseId}/documents`, { name: `${who?.id}.pdf`, contentType: "application/pdf", size: 1, sha256: "0".repeat(64) });
    return [page.items.length, given.items.length, ...answers.map((it) => it.status), announced.status];
  };
  const [everything, nothing] = [[1, 1, 200, 200, 200, 200, 201], [0, 0, 404, 404, 404, 404, 404]];
  const change = async (body: object): Promise<void> => {
    const { etag } = await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}`));
    await expectOk(firm.admin.call("PATCH", `/staff/cases/${caseId}`, body, { "if-match": `"${etag}"` }));
  };
  const give = async (principal: object) => (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal, resource: {}, level: "upload" }))).grantId as string;

  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient();
    known = await firm.inviteContact(clientId);
    caseId = (await expectOk(firm.admin.call("POST", "/staff/cases", { clientId, reference: "W-1", title: "Walled", restricted: true }))).caseId;
    documentId = await firm.upload(caseId, "A.pdf");
    await give({ clientId });
  });
  afterAll(() => firm.stop());

  it("is for the contacts whom the client had, and for nobody whom somebody of the firm invites behind the team's back", async () => {
    const outsider = await firm.inviteMember("assistant", []);
    expect((await outsider.call("GET", `/staff/cases/${caseId}`)).status).toBe(404);
    const email = "private@outsider.example";
    const { contactId } = await expectOk(outsider.call("POST", `/staff/clients/${clientId}/contacts`, { email, name: "Out Sider" }));
    spy = await firm.enterAs(contactId, email);
    expect(await sees(known)).toEqual(everything);
    expect(await sees(spy)).toEqual(nothing);
    const why = await expectOk(firm.admin.call("GET", `/staff/access?contactId=${contactId}&caseId=${caseId}&documentId=${documentId}`));
    expect([why.allowed, why.because.map((it: { kind: string }) => it.kind)]).toEqual([false, ["not-meant"]]);
  });

  it("lets in a later contact by name, or once it is given anew", async () => {
    const grantId = await give({ contactId: spy?.id });
    expect(await sees(spy)).toEqual(everything);
    await expectOk(firm.admin.call("DELETE", `/staff/cases/${caseId}/grants/${grantId}`));
    expect(await sees(spy)).toEqual(nothing);
  });

  it("shuts nobody out when the wall goes up, and lets the later ones in when it falls, which the dry run says", async () => {
    expect((await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants/preview`, { team: { restricted: false } }))).gains.map((it: object) => ({ ...it, name: "" })))
      .toContainEqual({ contactId: spy?.id, name: "", before: null, after: "upload" });
    await change({ restricted: false });
    expect((await sees(spy) as unknown[]).slice(0, 6)).toEqual(everything.slice(0, 6));
    const up = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants/preview`, { team: { restricted: true } }));
    expect([...up.gains, ...up.loses].filter((it: { contactId?: string }) => it.contactId)).toEqual([]);
    await change({ restricted: true });
    expect((await sees(spy) as unknown[]).slice(0, 6)).toEqual(everything.slice(0, 6));
    expect((await sees(await firm.inviteContact(clientId)) as unknown[])).toEqual(nothing);
  });
});

it("A grant to a collaborator rests once they are a contact of another client alone", async () => {
  const firm = await startTestFirm();
  try {
    const [clientId, other, expert] = [await firm.createClient(), await firm.createClient(), await firm.inviteCollaborator()];
    const caseId = await firm.createCase(clientId);
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { contactId: expert.id }, resource: {}, level: "read" }));
    const statuses = async (): Promise<unknown> => [(await expectOk(expert.call("GET", "/client/cases"))).items.length, (await expert.call("GET", `/client/cases/${caseId}/items`)).status];
    expect(await statuses()).toEqual([1, 200]);
    await expectOk(firm.admin.call("POST", `/staff/clients/${other}/contacts`, { email: expert.email, name: "Ex Pert" }));
    expect(await statuses()).toEqual([0, 404]);
    await expectOk(firm.admin.call("POST", `/staff/clients/${clientId}/contacts`, { email: expert.email, name: "Ex Pert" }));
    expect(await statuses()).toEqual([1, 200]);
  } finally {
    await firm.stop();
  }
});
