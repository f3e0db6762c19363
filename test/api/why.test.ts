import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { grantsIn } from "../../lib/adapters/dynamo/grants.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import type { Grant } from "../../lib/domain/access.ts";
import { newId, type CaseId, type ContactId, type MemberId } from "../../lib/domain/ids.ts";
import { toInstant } from "../../lib/domain/time.ts";
import { expectOk } from "../../local/caller.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { announce, documentClient, layDown, put } from "./probe.ts";

interface Why { readonly allowed: boolean; readonly level: string | null; readonly because: readonly { readonly kind: string; readonly grantId?: string; readonly through?: readonly string[]; readonly by?: string; readonly entry?: string }[] }

describe("why somebody may or may not see something", () => {
  let firm: TestFirm;
  let [clientId, caseId]: readonly string[] = [];
  let contact: Person;

  const folder = async (name: string, parentId?: string, inherit = true): Promise<string> => (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name, inherit, ...(parentId && { parentId }) }))).folderId;
  const give = async (principal: object, resource: object, more: object = {}): Promise<string> => (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal, resource, level: "read", ...more }))).grantId;
  const ask = (query: Record<string, string>, by: Person = firm.admin) => by.call("GET", `/staff/access?${new URLSearchParams({ caseId: caseId ?? "", ...query }).toString()}`);
  const why = async (query: Record<string, string>): Promise<Why> => expectOk(ask(query));
  const kinds = ({ because }: Why): string[] => because.map((it) => it.kind);
  /** Of a new contact, so that no test sees another's grants. */
  const newContact = async (): Promise<Person> => firm.inviteContact(clientId ?? "");
  const suspend = async (path: string, suspended = true): Promise<unknown> => expectOk(firm.admin.call("PATCH", path, { suspended }, { "if-match": (await firm.admin.call("GET", path)).headers.get("etag") ?? "" }));

  beforeAll(async () => {
    firm = await startTestFirm({ adviserCases: "own" });
    clientId = await firm.createClient();
    caseId = await firm.createCase(clientId);
    contact = await newContact();
  });
  afterAll(() => firm.stop());

  it("names each way into a case of a person of the firm, and that they are suspended", async () => {
    const [adviser, assistant, mate] = [await firm.inviteMember("adviser"), await firm.inviteMember("assistant"), await firm.inviteMember("adviser")];
    const entries = async (it: Person): Promise<unknown> => {
      const { allowed, level, because } = await why({ memberId: it.id });
      return [allowed, level, because.map((one) => one.entry ?? one.kind)];
    };
    const etag = (await firm.admin.call("GET", `/staff/cases/${caseId}`)).headers.get("etag") ?? "";
    await expectOk(firm.admin.call("PATCH", `/staff/cases/${caseId}`, { team: [mate.id] }, { "if-match": etag }));
    expect(await entries(firm.admin)).toEqual([true, "upload", ["team", "administrator"]]);
    expect(await entries(mate)).toEqual([true, "upload", ["team"]]);
    expect(await entries(assistant)).toEqual([true, "upload", ["assistant-of-team"]]);
    expect(await entries(adviser)).toEqual([false, null, []]);
    await suspend(`/staff/members/${mate.id}`);
    expect(await entries(mate)).toEqual([false, null, ["team", "suspended"]]);
  });

  it("names the grant that opens, and the folders it comes through, outermost first", async () => {
    const outer = await folder("Outer");
    const [middle] = [await folder("Middle", outer)];
    const inner = await folder("Inner", middle);
    const documentId = await firm.upload(caseId ?? "", "Deep.pdf", undefined, inner);
    const person = await newContact();
    const [onCase, onOuter, onInner, onDocument] = [await give({ clientId }, {}), await give({ contactId: person.id }, { folderId: outer }, { level: "upload" }), await give({ contactId: person.id }, { folderId: inner }), await give({ contactId: person.id }, { documentId })];
    const through = async (query: object) => { const it = await why({ contactId: person.id, ...query }); return [it.allowed, it.level, it.because.map((one) => [one.kind, one.grantId, one.through]).toSorted()]; };
    expect(await through({ documentId })).toEqual([true, "upload", [
      ["grant", onCase, [outer, middle, inner]], ["grant", onOuter, [middle, inner]], ["grant", onInner, []], ["grant", onDocument, []],
    ].toSorted()]);
    expect(await through({ folderId: middle })).toEqual([true, "upload", [["grant", onCase, [outer, middle]], ["grant", onOuter, [middle]]].toSorted()]);
    expect(await through({ folderId: outer })).toEqual([true, "upload", [["grant", onCase, [outer]], ["grant", onOuter, []]].toSorted()]);
    expect(await through({})).toEqual([true, "read", [["grant", onCase, []]]]);
    await expectOk(firm.admin.call("DELETE", `/staff/cases/${caseId}/grants/${onCase}`));
  });

  it("says that a case exists for somebody because of what they hold inside it, with no level there", async () => {
    const person = await newContact();
    expect(await why({ contactId: person.id })).toEqual({ allowed: false, level: null, because: [] });
    const grantId = await give({ contactId: person.id }, { folderId: await folder("Given alone") });
    expect(await why({ contactId: person.id })).toMatchObject({ allowed: true, level: null, because: [{ kind: "inside", grantId }] });
    expect((await person.call("GET", `/client/cases/${caseId}`)).status).toBe(200);
    expect((await person.call("GET", `/client/cases/${caseId}/timeline`)).status).toBe(404);
  });

  it("says so too where more of what they held is over than one page shows", async () => {
    const person = await newContact();
    const [documentId, table] = [await firm.upload(caseId ?? "", "Given last.pdf"), new Table(documentClient(), firm.table)];
    // Ids grow with time: each of these stands before the one that is not over.
    const ended = Array.from({ length: 130 }, (): Grant => ({
      grantId: newId("grant", new Date()), caseId: caseId as CaseId, holder: person.id as ContactId, place: newId("document", new Date(1)), level: "read", createdAt: toInstant(new Date(0)), givenBy: firm.admin.id as MemberId, expiresAt: toInstant(new Date(1)),
    }));
    await layDown(firm.table, ended.map((it) => grantsIn(table).give(it)));
    expect((await why({ contactId: person.id })).allowed).toBe(false);
    const grantId = await give({ contactId: person.id }, { documentId });
    expect(await why({ contactId: person.id })).toMatchObject({ allowed: true, because: [{ kind: "inside", grantId }] });
    expect((await person.call("GET", `/client/cases/${caseId}`)).status).toBe(200);
  });

  it("names the folder at which inheritance stops", async () => {
    const person = await newContact();
    const above = await folder("Above");
    const [stop] = [await folder("Stop", above, false)];
    const below = await folder("Below", stop);
    const [onAbove, onStop] = [await give({ contactId: person.id }, { folderId: above }), await give({ contactId: (await newContact()).id }, { folderId: stop })];
    expect(await why({ contactId: person.id, folderId: below })).toMatchObject({ allowed: false, level: null, because: [{ kind: "stopped", grantId: onAbove, by: stop }] });
    expect(await why({ contactId: person.id, folderId: stop })).toMatchObject({ allowed: false, because: [{ kind: "stopped", grantId: onAbove, by: stop }] });
    expect(await why({ contactId: person.id, folderId: above })).toMatchObject({ allowed: true, because: [{ kind: "grant", grantId: onAbove, through: [] }] });
    expect(onStop).not.toBe(onAbove);
  });

  it("names what is over, and since when it is", async () => {
    const person = await newContact();
    const place = await folder("For a while");
    const expiresAt = new Date(firm.clock().getTime() + 60_000).toISOString();
    const grantId = await give({ contactId: person.id }, { folderId: place }, { expiresAt });
    expect(kinds(await why({ contactId: person.id, folderId: place }))).toEqual(["grant"]);
    firm.clock.offset += 61_000;
    expect(await why({ contactId: person.id, folderId: place })).toMatchObject({ allowed: false, level: null, because: [{ kind: "over", grantId, expiresAt }] });
    expect(await why({ contactId: person.id })).toEqual({ allowed: false, level: null, because: [] });
  });

  it("says that a contact is suspended, whatever they hold", async () => {
    const person = await newContact();
    const place = await folder("Held while suspended");
    await give({ contactId: person.id }, { folderId: place });
    await suspend(`/staff/contacts/${person.id}`);
    expect(await why({ contactId: person.id, folderId: place })).toMatchObject({ allowed: false, level: null, because: [{ kind: "suspended" }, { kind: "grant" }] });
    await suspend(`/staff/contacts/${person.id}`, false);
    expect(await why({ contactId: person.id, folderId: place })).toMatchObject({ allowed: true, level: "read", because: [{ kind: "grant" }] });
  });

  it("says that a document is not published, and that a thing was deleted or lies in what was", async () => {
    const place = await folder("To be deleted");
    const person = await newContact();
    const documentId = await firm.upload(caseId ?? "", "Published.pdf", undefined, place);
    const draft = await announce(firm, caseId ?? "", Buffer.from("draft"), { folderId: place, draft: true });
    await put(draft, Buffer.from("draft"));
    await give({ contactId: person.id }, { folderId: place });
    expect(await why({ contactId: person.id, documentId: draft.documentId })).toMatchObject({ allowed: false, level: null, because: [{ kind: "not-published" }, { kind: "grant" }] });
    expect(await why({ contactId: person.id, documentId })).toMatchObject({ allowed: true, level: "read" });
    const remove = async (path: string): Promise<void> => { expect((await firm.admin.call("DELETE", `/staff/cases/${caseId}/${path}`)).status).toBe(204); };
    await remove(`folders/${place}`);
    for (const who of [{ contactId: person.id }, { memberId: firm.admin.id }]) for (const query of [{ folderId: place }, { documentId }])
      expect(await why({ ...who, ...query }), JSON.stringify(query)).toEqual({ allowed: false, level: null, because: [{ kind: "deleted" }] });
    expect((await firm.admin.call("POST", `/staff/cases/${caseId}/folders/${place}/restore`)).status).toBe(200);
    expect(await why({ contactId: person.id, documentId })).toMatchObject({ allowed: true, level: "read", because: [{ kind: "grant" }] });
    await remove(`documents/${documentId}`);
    expect(await why({ contactId: person.id, documentId })).toEqual({ allowed: false, level: null, because: [{ kind: "deleted" }] });
  });

  it("is for whoever may enter the case, and names the field that is nobody's and nothing's", async () => {
    const stranger = await firm.inviteMember("adviser");
    for (const query of [{ contactId: contact.id }, { memberId: firm.admin.id }]) expect((await ask(query, stranger)).status).toBe(404);
    const at = new Date();
    for (const [query, path] of [
      [{ contactId: newId("contact", at) }, "query.contactId"], [{ memberId: newId("member", at) }, "query.memberId"], [{ contactId: contact.id, folderId: newId("folder", at) }, "query.folderId"],
      [{ contactId: contact.id, documentId: newId("document", at) }, "query.documentId"], [{}, "query.contactId"], [{ contactId: contact.id, memberId: firm.admin.id }, "query.contactId"],
      [{ contactId: contact.id, folderId: newId("folder", at), documentId: newId("document", at) }, "query.documentId"],
    ] as const) {
      const answer = await ask(query);
      expect([answer.status, answer.body.errors?.[0]?.path], JSON.stringify(query)).toEqual([400, path]);
    }
    expect((await ask({ contactId: contact.id, caseId: newId("case", at) })).status).toBe(404);
  });

  it("leaves a record that names both who asked and whom they asked about", async () => {
    await why({ contactId: contact.id });
    const [record] = (await expectOk(firm.admin.call("GET", `/staff/audit?caseId=${caseId}&limit=1`))).items;
    expect(record).toMatchObject({ action: "access.explain", who: { id: firm.admin.id }, resource: { caseId, contactId: contact.id }, result: "granted" });
  });
});
