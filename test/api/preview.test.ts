import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { casesIn } from "../../lib/adapters/dynamo/cases.ts";
import { documentsIn } from "../../lib/adapters/dynamo/documents.ts";
import { grantsIn } from "../../lib/adapters/dynamo/grants.ts";
import { jobsIn } from "../../lib/adapters/dynamo/jobs.ts";
import { peopleIn } from "../../lib/adapters/dynamo/people.ts";
import { sharesIn } from "../../lib/adapters/dynamo/shares.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import { firmProfile } from "../../lib/domain/firm.ts";
import { newId, type ClientId, type MemberId } from "../../lib/domain/ids.ts";
import type { Job } from "../../lib/domain/job.ts";
import type { Contact } from "../../lib/domain/people.ts";
import { toInstant } from "../../lib/domain/time.ts";
import { previewStep } from "../../lib/usecases/preview-pages.ts";
import { expectOk } from "../../local/caller.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { documentClient, layDown } from "./probe.ts";

interface Difference { readonly contactId?: string; readonly memberId?: string; readonly before: string | null; readonly after: string | null }

describe("a dry run", () => {
  let firm: TestFirm;
  let clientId: string;
  let caseId: string;
  let documentId: string;
  let [one, two, expert]: readonly Person[] = [];
  let [inbox, deeds, secret]: readonly string[] = [];

  const folder = async (name: string, parentId?: string, inherit = true): Promise<string> => (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name, inherit, ...(parentId && { parentId }) }))).folderId;
  const give = async (principal: object, resource: object, level = "read", more: object = {}): Promise<string> =>
    (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal, resource, level, ...more }))).grantId;
  const preview = async (body: object) => {
    const { gains, loses } = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants/preview`, body));
    const short = (list: readonly Difference[]) => list.map((it) => [it.contactId ?? it.memberId, it.before, it.after]).toSorted();
    return { gains: short(gains), loses: short(loses) };
  };
  const levelOf = async (person: Person | undefined, folderId: string) => (await expectOk(firm.admin.call("GET", `/staff/access?contactId=${person?.id}&caseId=${caseId}&folderId=${folderId}`))).level;

  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient();
    [one, two] = [await firm.inviteContact(clientId), await firm.inviteContact(clientId)];
    const email = "expert@elsewhere.example";
    const collaborator = await expectOk(firm.admin.call("POST", "/staff/collaborators", { email, name: "Ex Pert" }));
    expert = { ...two, id: collaborator.contactId };
    caseId = await firm.createCase(clientId);
    [inbox, deeds] = [await folder("Inbox"), await folder("Deeds")];
    secret = await folder("Secret", deeds, false);
  });
  afterAll(() => firm.stop());

  it("of a grant names each contact whom it would give more, of a revocation whom it would leave with less, and changes nothing", async () => {
    const ofClient = { principal: { clientId }, resource: { folderId: deeds }, level: "read" };
    expect(await preview(ofClient)).toEqual({ gains: [[one?.id, null, "read"], [two?.id, null, "read"]].toSorted(), loses: [] });
    expect((await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/grants`))).items).toEqual([]);

    const upload = await give({ contactId: one?.id }, { folderId: deeds }, "upload");
    expect(await preview(ofClient)).toEqual({ gains: [[two?.id, null, "read"]], loses: [] });
    const whole = await give({ clientId }, {});
    expect(await preview(ofClient)).toEqual({ gains: [], loses: [] });
    expect(await preview({ ...ofClient, level: "upload" })).toEqual({ gains: [[two?.id, "read", "upload"]], loses: [] });
    expect(await preview({ revoke: upload })).toEqual({ gains: [], loses: [[one?.id, "upload", "read"]] });
    expect(await preview({ revoke: whole })).toEqual({ gains: [], loses: [[one?.id, "read", null], [two?.id, "read", null]].toSorted() });
    expect(await levelOf(one, deeds ?? "")).toBe("upload");
  });

  it("of a stop and of a move weighs what is inherited from above, and nothing else", async () => {
    expect(await preview({ inherit: { folderId: deeds, value: false } })).toEqual({ gains: [], loses: [[two?.id, "read", null]] });
    expect(await preview({ inherit: { folderId: secret, value: true } })).toEqual({ gains: [[one?.id, null, "upload"], [two?.id, null, "read"]].toSorted(), loses: [] });
    expect(await preview({ move: { folderId: secret, to: null } })).toEqual({ gains: [], loses: [] });
    expect(await preview({ inherit: { folderId: inbox, value: true } })).toEqual({ gains: [], loses: [] });
    await give({ contactId: expert?.id }, { folderId: inbox });
    expect(await preview({ move: { folderId: inbox, to: deeds } })).toEqual({ gains: [[one?.id, "read", "upload"]], loses: [] });
    expect(await preview({ move: { folderId: deeds, to: inbox } })).toEqual({ gains: [[expert?.id, null, "read"]], loses: [] });
    documentId = await firm.upload(caseId, "Acta.pdf", undefined, inbox);
    expect(await preview({ move: { documentId, to: deeds } })).toEqual({ gains: [[one?.id, "read", "upload"]], loses: [[expert?.id, "read", null]] });
    expect(await preview({ move: { documentId, to: null } })).toEqual({ gains: [], loses: [[expert?.id, "read", null]] });
  });

  it("of a team names who of the firm would come in and who would stay outside", async () => {
    const [adviser, assistant] = [await firm.inviteMember("adviser"), await firm.inviteMember("assistant")];
    expect(await preview({ team: { restricted: true } })).toEqual({ gains: [], loses: [[adviser.id, "upload", null], [assistant.id, "upload", null]].toSorted() });
    expect(await preview({ team: { restricted: true, team: [assistant.id] } })).toEqual({ gains: [], loses: [[adviser.id, "upload", null]] });
    expect((await assistant.call("POST", `/staff/cases/${caseId}/grants/preview`, { team: { restricted: true } })).status).toBe(403);
  });

  it("names whoever has a link to what would lie in a shared folder, or no longer, or whose sharer would be out of the case", async () => {
    const sender = await firm.inviteMember("adviser");
    const { caseId: own } = await expectOk(sender.call("POST", "/staff/cases", { clientId, reference: "Links", title: "Links", team: [firm.admin.id] }));
    const { call } = sender;
    const path = `/staff/cases/${own}`;
    const within = async (name: string, more: object = {}): Promise<string> => (await expectOk(call("POST", `${path}/folders`, { name, ...more }))).folderId;
    const shared = await within("Shared");
    const [inner, apart] = [await within("Inner", { parentId: shared }), await within("Apart")];
    const paper = await firm.upload(own, "Paper.pdf", undefined, inner);
    const recipients = ["a@elsewhere.example", "b@elsewhere.example", "gone@elsewhere.example"];
    const { share, recipients: links } = await expectOk(call("POST", `${path}/shares`, { folderId: shared, recipients: recipients.map((email) => ({ email })) }));
    await expectOk(call("DELETE", `/staff/shares/${share.shareId}/recipients/${links[2].recipientId}`));
    // Of a share that was revoked, of one that is over, and of documents, which a move does not touch, nobody is named.
    const revoked = await firm.share(own, { folderId: shared }, call);
    await expectOk(call("DELETE", `/staff/shares/${revoked.shareId}`));
    const selected = await firm.share(own, { documentIds: [paper] });
    const ask = async (body: object) => {
      const answer = await expectOk(call("POST", `${path}/grants/preview`, body));
      const named = (list: readonly { recipientId?: string; shareId?: string; name: string; before: string | null; after: string | null }[]) => list.filter((it) => it.recipientId !== undefined).map((it) => [it.shareId, it.name, it.before, it.after]);
      return [named(answer.gains), named(answer.loses)];
    };
    const both = (before: string | null, after: string | null) => recipients.slice(0, 2).map((email) => [share.shareId, email, before, after]);
    expect(await ask({ move: { documentId: paper, to: apart } })).toEqual([[], both("read", null)]);
    expect(await ask({ move: { folderId: inner, to: null } })).toEqual([[], both("read", null)]);
    expect(await ask({ move: { folderId: apart, to: inner } })).toEqual([both(null, "read"), []]);
    expect(await ask({ inherit: { folderId: inner, value: false } })).toEqual([[], both("read", null)]);
    // Where it is shared itself, and where what moves stays inside.
    expect(await ask({ inherit: { folderId: shared, value: false } })).toEqual([[], []]);
    expect(await ask({ move: { folderId: shared, to: apart } })).toEqual([[], []]);
    expect(await ask({ move: { documentId: paper, to: shared } })).toEqual([[], []]);
    expect(await ask({ team: { restricted: true, adviserId: firm.admin.id, team: [] } })).toEqual([[], both("read", null)]);
    await expectOk(call("DELETE", `${path}/folders/${shared}`));
    expect(await ask({ team: { restricted: true, adviserId: firm.admin.id, team: [] } }), "of what was deleted a link shows nothing").toEqual([[], []]);
    expect((await firm.anyone("POST", `${selected.path}/open`, {}, { accept: "application/json" })).body.items).toEqual([]);
  });

  it("refuses a move of what would lie too deep, as the move does", async () => {
    let deep: string | undefined;
    for (let level = 1; level <= 31; level++) deep = await folder(`Level ${level}`, deep);
    const [outer] = [await folder("Two levels")];
    await folder("The second", outer);
    const moved = await firm.admin.call("GET", `/staff/cases/${caseId}/folders/${outer}`);
    const real = await firm.admin.call("PATCH", `/staff/cases/${caseId}/folders/${outer}`, { parentId: deep }, { "if-match": moved.headers.get("etag") ?? "" });
    const asked = await firm.admin.call("POST", `/staff/cases/${caseId}/grants/preview`, { move: { folderId: outer, to: deep } });
    expect([real.status, real.body.errors[0].path, asked.status, asked.body.errors[0]]).toEqual([400, "body.parentId", 400, { path: "body.move.to", message: real.body.errors[0].message }]);
  });

  it("refuses what the change itself would refuse, naming the field", async () => {
    const nobody = newId("contact", new Date());
    for (const [body, path] of [
      [{}, "body"], [{ revoke: newId("grant", new Date()) }, "body.revoke"], [{ move: { folderId: deeds, to: secret } }, "body.move.to"], [{ move: { folderId: deeds, to: deeds } }, "body.move.to"],
      [{ move: { documentId, to: newId("folder", new Date()) } }, "body.move.to"], [{ move: { documentId: newId("document", new Date()), to: null } }, "body.move.documentId"],
      [{ move: { folderId: deeds, documentId, to: null } }, "body.move.folderId"], [{ move: { to: null } }, "body.move.folderId"], [{ move: { documentId } }, "body.move.to"],
      [{ move: { folderId: newId("folder", new Date()), to: null } }, "body.move.folderId"], [{ inherit: { folderId: newId("folder", new Date()), value: true } }, "body.inherit.folderId"],
      [{ principal: { contactId: nobody }, resource: {}, level: "read" }, "body.principal.contactId"], [{ principal: { clientId }, resource: {} }, "body.level"], [{ principal: { clientId }, level: "read" }, "body.resource"],
      [{ principal: { clientId }, resource: {}, level: "read", expiresAt: "2020-01-01T00:00:00.000Z" }, "body.expiresAt"], [{ team: { team: [newId("member", new Date())] } }, "body.team.team.0"],
      [{ revoke: newId("grant", new Date()), team: {} }, "body"], [{ everything: true }, "body.everything"],
    ] as const) {
      const answer = await firm.admin.call("POST", `/staff/cases/${caseId}/grants/preview`, body);
      expect([answer.status, answer.body.errors?.[0]?.path, JSON.stringify(body)]).toEqual([400, path, JSON.stringify(body)]);
    }
  });
});

describe("a dry run over more people than one request looks at", () => {
  let firm: TestFirm;
  beforeAll(async () => { firm = await startTestFirm(); });
  afterAll(() => firm.stop());

  it("is a job whose results name each of them once", async () => {
    const clientId = await firm.createClient();
    const caseId = await firm.createCase(clientId);
    const contacts = Array.from({ length: 1050 }, (_, index): Contact => ({
      contactId: newId("contact", new Date()), clientIds: [clientId as ClientId], since: {}, email: `c${index}@many.example`, name: `Contact ${index}`, locale: "es", suspended: index % 100 === 0, account: "inviting", keyVersion: "1",
      createdAt: toInstant(new Date()), revision: 1,
    }));
    await layDown(firm.table, contacts.map((it) => peopleIn(new Table(documentClient(), firm.table)).addContact(it)));

    const body = { principal: { clientId }, resource: {}, level: "read" };
    const answer = await firm.admin.call("POST", `/staff/cases/${caseId}/grants/preview`, body);
    expect([answer.status, answer.headers.get("location")]).toEqual([202, `/staff/jobs/${answer.body.jobId}`]);
    await firm.settle();
    expect(await expectOk(firm.admin.call("GET", `/staff/jobs/${answer.body.jobId}`))).toMatchObject({ kind: "preview", state: "done", done: 1039, caseId });
    const found: { kind: string; contactId: string; after: string }[] = [];
    for (let cursor: string | null = null; ;) {
      const page = await expectOk(firm.admin.call("GET", `/staff/jobs/${answer.body.jobId}/results?limit=100${cursor ? `&cursor=${cursor}` : ""}`));
      found.push(...page.items);
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
    // What it asks about is changed while it runs: nobody waits for the rest, and nobody is alarmed.
    const table = new Table(documentClient(), firm.table);
    const ports = { people: peopleIn(table), cases: casesIn(table), documents: documentsIn(table), grants: grantsIn(table), shares: sharesIn(table), jobs: jobsIn(table), firm: firmProfile.parse({ name: "A firm", phone: "1", address: "x", adviserCases: "all" }) };
    const job: Job = { ...(await ports.jobs.get(answer.body.jobId))!, state: "running", position: null };
    expect(await previewStep(ports, job, { memberId: firm.admin.id as MemberId, proposal: { revoke: newId("grant", new Date()) } })).toEqual({ changes: [], position: null, did: 0 });
    expect(found.map((it) => [it.kind, it.contactId, it.after]).toSorted()).toEqual(contacts.filter((it) => !it.suspended).map((it) => ["gains", it.contactId, "read"]).toSorted());
    expect((await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/grants`))).items).toEqual([]);
  });
});
