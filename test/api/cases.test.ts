import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callerOf, expectOk, type Answer } from "../../local/caller.ts";
import { passwordIn, signIn } from "../../local/people.ts";
import { newId } from "../../lib/domain/ids.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { etagOf } from "./probe.ts";

describe("cases", () => {
  let firm: TestFirm;
  let clientId: string;
  let contact: Person;
  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient();
    contact = await firm.inviteContact(clientId);
  });
  afterAll(() => firm.stop());

  const items = async (path: string, by: Person = firm.admin): Promise<any[]> => (await expectOk(by.call("GET", path))).items; // eslint-disable-line @typescript-eslint/no-explicit-any -- what an API answers
  const create = (body: object): Promise<Answer> => firm.admin.call("POST", "/staff/cases", { clientId, reference: "R", title: "T", ...body });
  const folder = (caseId: string, body: object): Promise<Answer> => firm.admin.call("POST", `/staff/cases/${caseId}/folders`, body);
  const give = (caseId: string, resource: object, principal: object = { contactId: contact.id }): Promise<string> =>
    expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal, resource, level: "read" })).then((it: { grantId: string }) => it.grantId);

  it("begin open, with the adviser who was named or who opened them", async () => {
    const adviser = await firm.inviteMember("adviser");
    const [own, named] = [await create({}), await create({ adviserId: adviser.id })];
    expect(own).toMatchObject({ status: 201, body: { status: "open", adviserId: firm.admin.id, clientId, etag: "1" } });
    expect(own.headers.get("location")).toBe(`/staff/cases/${own.body.caseId}`);
    expect(etagOf(own)).toBe('"1"');
    expect(named.body.adviserId).toBe(adviser.id);
    expect((await firm.admin.call("GET", `/staff/cases/${own.body.caseId}`)).body).toEqual(own.body);
  });

  it("name the field of an id that is nobody's, and of an adviser who cannot take a case", async () => {
    expect(await create({ clientId: newId("client", new Date()) })).toMatchObject({ status: 400, body: { code: "invalid_request", errors: [{ path: "body.clientId" }] } });
    expect(await create({ adviserId: newId("member", new Date()) })).toMatchObject({ status: 400, body: { errors: [{ path: "body.adviserId" }] } });
    const gone = await firm.inviteMember("adviser");
    const path = `/staff/members/${gone.id}`;
    await expectOk(firm.admin.call("PATCH", path, { suspended: true }, { "if-match": etagOf(await firm.admin.call("GET", path)) }));
    expect(await create({ adviserId: gone.id })).toMatchObject({ status: 400, body: { errors: [{ path: "body.adviserId" }] } });
    const caseId = await firm.createCase(clientId);
    expect(await firm.admin.call("PATCH", `/staff/cases/${caseId}`, { adviserId: gone.id }, { "if-match": '"1"' })).toMatchObject({ status: 400, body: { errors: [{ path: "body.adviserId" }] } });
  });

  it("are found by status, client, adviser and words, alone and together, newest first", async () => {
    const [one, other] = [await firm.createClient(), await firm.createClient()];
    const adviser = await firm.inviteMember("adviser");
    const make = async (body: object): Promise<string> => (await expectOk(create(body))).caseId;
    const a = await make({ clientId: one, reference: "2026/001", title: "Herencia Muñoz" });
    const b = await make({ clientId: one, reference: "2026/002", title: "Divorcio muñoz", adviserId: adviser.id });
    const c = await make({ clientId: other, reference: "2026/003", title: "HERENCIA López", adviserId: adviser.id });
    await expectOk(firm.admin.call("PATCH", `/staff/cases/${b}`, { status: "closed" }, { "if-match": '"1"' }));
    const found = async (query: Record<string, string>): Promise<string[]> => (await items(`/staff/cases?${new URLSearchParams({ limit: "100", ...query }).toString()}`)).map((it) => it.caseId).filter((it: string) => [a, b, c].includes(it));
    expect(await found({})).toEqual([c, b, a]);
    expect(await found({ status: "closed" })).toEqual([b]);
    expect(await found({ status: "open" })).toEqual([c, a]);
    expect(await found({ clientId: one })).toEqual([b, a]);
    expect(await found({ adviserId: adviser.id })).toEqual([c, b]);
    expect(await found({ adviserId: adviser.id, clientId: one })).toEqual([b]);
    expect(await found({ adviserId: adviser.id, clientId: one, status: "open" })).toEqual([]);
    expect(await found({ q: "muñoz" })).toEqual([b, a]);
    expect(await found({ q: "MUÑOZ 2026/001" })).toEqual([a]);
    expect(await found({ q: "munoz" })).toEqual([]);
    expect(await found({ q: "herencia" })).toEqual([c, a]);
    expect(await found({ q: "ｈｅｒｅｎｃｉａ" })).toEqual([c, a]);
    expect(await found({ q: ".*" })).toEqual([]);
    expect(await found({ q: "herencia", status: "waiting" })).toEqual([]);
    expect(await found({ clientId: newId("client", new Date()) })).toEqual([]);
  });

  it("show a client the status and the adviser of their own alone", async () => {
    const adviser = await firm.inviteMember("adviser");
    const [mine, notMine] = [await firm.createCase(clientId, "Mine"), await firm.createCase(clientId, "Not given")];
    await give(mine, {});
    await expectOk(firm.admin.call("PATCH", `/staff/cases/${mine}`, { status: "waiting", adviserId: adviser.id, title: "Mine, renamed" }, { "if-match": '"1"' }));
    const seen = await expectOk(contact.call("GET", `/client/cases/${mine}`));
    expect(seen).toMatchObject({ caseId: mine, status: "waiting", title: "Mine, renamed", adviser: { name: "Mem Ber" } });
    expect(Object.keys(seen).toSorted()).toEqual(["adviser", "caseId", "createdAt", "etag", "reference", "status", "title", "updatedAt"]);
    expect(Object.keys(seen.adviser)).toEqual(["name"]);
    expect((await items("/client/cases", contact)).map((it) => it.caseId)).not.toContain(notMine);
    expect((await contact.call("GET", `/client/cases/${notMine}`)).status).toBe(404);
  });

  describe("the timeline", () => {
    const add = (caseId: string, body: object): Promise<Answer> => firm.admin.call("POST", `/staff/cases/${caseId}/timeline`, body);

    it("shows staff every entry and clients those meant for them, newest first by when it happened", async () => {
      const caseId = await firm.createCase(clientId);
      await give(caseId, {});
      for (const [text, visibleToClient, occurredAt] of [["second", true, "2026-02-01T00:00:00.000Z"], ["internal", false, "2026-03-01T00:00:00.000Z"], ["first", true, "2026-01-01T00:00:00.000Z"]] as const) expect((await add(caseId, { text, visibleToClient, occurredAt })).status).toBe(201);
      const now = await expectOk(add(caseId, { text: "now\r\nand\rthen", visibleToClient: true }));
      expect(now).toMatchObject({ author: firm.admin.id, text: "now\nand\nthen" });
      expect((await items(`/staff/cases/${caseId}/timeline`)).map((it) => it.text)).toEqual(["now\nand\nthen", "internal", "second", "first"]);
      const seen = await items(`/client/cases/${caseId}/timeline`, contact);
      expect(seen.map((it) => it.text)).toEqual(["now\nand\nthen", "second", "first"]);
      for (const it of seen) expect(Object.keys(it).toSorted()).toEqual(["entryId", "occurredAt", "text"]);
    });

    it("is for those who were given the whole case, not for the expert who got one document or one folder", async () => {
      const caseId = await firm.createCase(clientId);
      await expectOk(add(caseId, { text: "Not for experts", visibleToClient: true }));
      const documentId = await firm.upload(caseId, "Report.pdf");
      const folderId = (await expectOk(folder(caseId, { name: "Folder" }))).folderId;
      const email = `expert.${Date.now()}@experts.example`;
      const expert = await expectOk(firm.admin.call("POST", "/staff/collaborators", { email, name: "Expert" }));
      await give(caseId, { documentId }, { contactId: expert.contactId });
      const call = callerOf(firm.api, await signIn(inject("emulators").cognito, firm.pools.client, email, await passwordIn(firm.mail, email)));
      expect((await call("GET", `/client/cases/${caseId}`)).status).toBe(200);
      expect((await expectOk(call("GET", `/client/cases/${caseId}/items`))).items).toMatchObject([{ documentId }]);
      for (const path of ["timeline", `items?folderId=${folderId}`]) expect((await call("GET", `/client/cases/${caseId}/${path}`)).status).toBe(404);
      expect((await call("POST", `/client/cases/${caseId}/documents/${documentId}/download`)).status).toBe(200);
      await give(caseId, { documentId });
      await give(caseId, { folderId });
      expect((await contact.call("GET", `/client/cases/${caseId}`)).status).toBe(200);
      expect(await contact.call("GET", `/client/cases/${caseId}/timeline`)).toMatchObject({ status: 404, body: { code: "not_found" } });
      expect((await items(`/client/cases/${caseId}/items`, contact)).map((it) => it.folderId ?? it.documentId)).toEqual([folderId, documentId]);
    });

    it("takes no text that is empty or too long, and no time that is none", async () => {
      const caseId = await firm.createCase(clientId);
      for (const [body, field] of [
        [{ text: "  \n ", visibleToClient: true }, "text"], [{ text: "x".repeat(4001), visibleToClient: true }, "text"], [{ text: "x" }, "visibleToClient"], [{ text: "x", visibleToClient: "yes" }, "visibleToClient"],
        [{ text: "x", visibleToClient: true, occurredAt: "2026-02-30T00:00:00.000Z" }, "occurredAt"], [{ text: "x", visibleToClient: true, occurredAt: "1899-12-31T00:00:00.000Z" }, "occurredAt"],
      ] as const) expect(await add(caseId, body)).toMatchObject({ status: 400, body: { errors: [{ path: `body.${field}` }] } });
      expect((await add(caseId, { text: "x".repeat(4000), visibleToClient: true })).status).toBe(201);
      expect((await add(newId("case", new Date()), { text: "x", visibleToClient: true })).status).toBe(404);
    });
  });

  describe("folders", () => {
    it("lie up to 32 deep, and not deeper; what lies deepest is reached from the top", async () => {
      const caseId = await firm.createCase(clientId);
      const path: string[] = [];
      for (let depth = 1; depth <= 32; depth++) path.push((await expectOk(folder(caseId, { name: `Level ${depth}`, ...(depth > 1 && { parentId: path.at(-1) }) }))).folderId);
      expect(await folder(caseId, { name: "Level 33", parentId: path.at(-1) })).toMatchObject({ status: 400, body: { errors: [{ path: "body.parentId" }] } });
      const documentId = await firm.upload(caseId, "Deepest.pdf", undefined, path.at(-1));
      const download = `/client/cases/${caseId}/documents/${documentId}/download`;
      for (const at of [{ folderId: path[0] }, { folderId: path[16] }, {}, { documentId }]) {
        const grantId = await give(caseId, at);
        expect((await contact.call("POST", download)).status).toBe(200);
        await firm.admin.call("DELETE", `/staff/cases/${caseId}/grants/${grantId}`);
        expect((await contact.call("POST", download)).status).toBe(404);
      }
    });

    it("take no name that is taken, as people read names: folders and documents alike", async () => {
      const caseId = await firm.createCase(clientId);
      const parentId = (await expectOk(folder(caseId, { name: "Escrituras" }))).folderId;
      for (const name of ["escrituras", "ESCRITURAS", " Escrituras ", "Ｅｓｃｒｉｔｕｒａｓ"]) expect(await folder(caseId, { name }), name).toMatchObject({ status: 409, body: { code: "conflict", errors: [{ path: "body.name" }] } });
      await expectOk(folder(caseId, { name: "Muñoz" }));
      expect((await folder(caseId, { name: "Mun\u0303oz" })).status).toBe(409);
      expect((await folder(caseId, { name: "Munoz" })).status).toBe(201);
      expect((await folder(caseId, { name: "Escrituras", parentId })).status).toBe(201);
      expect((await folder(caseId, { name: "Escrituras", parentId })).status).toBe(409);
      const announced = { contentType: "application/pdf", size: 1, sha256: "0".repeat(64) };
      expect(await firm.admin.call("POST", `/staff/cases/${caseId}/documents`, { ...announced, name: "ESCRITURAS" })).toMatchObject({ status: 409, body: { errors: [{ path: "body.name" }] } });
      expect((await firm.admin.call("POST", `/staff/cases/${caseId}/documents`, { ...announced, name: "Acta.pdf" })).status).toBe(201);
      expect((await folder(caseId, { name: "ACTA.PDF" })).status).toBe(409);
      expect((await folder(await firm.createCase(clientId), { name: "Escrituras" })).status).toBe(201);
      const answers = await Promise.all(Array.from({ length: 5 }, () => folder(caseId, { name: "At once" })));
      expect(answers.map((it) => it.status).toSorted()).toEqual([201, 409, 409, 409, 409]);
    });

    it("that stop inheritance are hidden from a client who holds what lies above, and open to whoever holds them", async () => {
      const caseId = await firm.createCase(clientId);
      const outer = (await expectOk(folder(caseId, { name: "Outer" }))).folderId;
      const closed = (await expectOk(folder(caseId, { name: "Closed", parentId: outer, inherit: false }))).folderId;
      const within = (await expectOk(folder(caseId, { name: "Within", parentId: closed }))).folderId;
      const [above, inside] = [await firm.upload(caseId, "Above.pdf", undefined, outer), await firm.upload(caseId, "Inside.pdf", undefined, within)];
      await give(caseId, { folderId: outer });
      const list = async (folderId: string): Promise<unknown> => { const it = await contact.call("GET", `/client/cases/${caseId}/items?folderId=${folderId}`); return it.status === 200 ? it.body.items.map((item: { name: string }) => item.name) : it.status; };
      const download = async (documentId: string): Promise<number> => (await contact.call("POST", `/client/cases/${caseId}/documents/${documentId}/download`)).status;
      expect([await list(outer), await list(closed), await list(within), await download(above), await download(inside)]).toEqual([["Above.pdf"], 404, 404, 200, 404]);
      const whole = await give(caseId, {});
      expect([await list(outer), await list(closed), await list(within), await download(inside)]).toEqual([["Above.pdf"], 404, 404, 404]);
      const opened = await give(caseId, { folderId: closed });
      expect([await list(outer), await list(closed), await list(within), await download(inside)]).toEqual([["Closed", "Above.pdf"], ["Within"], ["Inside.pdf"], 200]);
      await firm.admin.call("DELETE", `/staff/cases/${caseId}/grants/${opened}`);
      await firm.admin.call("DELETE", `/staff/cases/${caseId}/grants/${whole}`);
      expect([await list(outer), await list(closed), await download(inside)]).toEqual([["Above.pdf"], 404, 404]);
    });

    it("show a client the topmost things that were given, each once, and no draft", async () => {
      const caseId = await firm.createCase(clientId);
      const outer = (await expectOk(folder(caseId, { name: "B outer" }))).folderId;
      const inner = (await expectOk(folder(caseId, { name: "A inner", parentId: outer }))).folderId;
      const [loose, lower] = [await firm.upload(caseId, "Loose.pdf"), await firm.upload(caseId, "Lower.pdf", undefined, inner)];
      for (const at of [{ folderId: inner }, { documentId: lower }, { documentId: loose }]) await give(caseId, at);
      const root = async (): Promise<string[]> => (await items(`/client/cases/${caseId}/items`, contact)).map((it) => it.name);
      expect(await root()).toEqual(["A inner", "Loose.pdf"]);
      await give(caseId, { folderId: outer });
      expect(await root()).toEqual(["B outer", "Loose.pdf"]);
      await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/documents`, { name: "Announced.pdf", contentType: "application/pdf", size: 1, sha256: "0".repeat(64), folderId: outer }));
      expect((await items(`/client/cases/${caseId}/items?folderId=${outer}`, contact)).map((it) => it.name)).toEqual(["A inner"]);
      expect((await items(`/staff/cases/${caseId}/items?folderId=${outer}`)).map((it) => it.name)).toEqual(["A inner", "Announced.pdf"]);
    });

    it("are listed folders first, each kind by name whatever its case", async () => {
      const caseId = await firm.createCase(clientId);
      for (const name of ["zeta", "Beta", "alfa"]) await expectOk(folder(caseId, { name }));
      for (const name of ["Y.pdf", "a.pdf"]) await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/documents`, { name, contentType: "application/pdf", size: 1, sha256: "0".repeat(64) }));
      expect((await items(`/staff/cases/${caseId}/items`)).map((it) => it.name)).toEqual(["alfa", "Beta", "zeta", "a.pdf", "Y.pdf"]);
    });

    it("are nobody's to make among clients: no such route exists", async () => {
      const caseId = await firm.createCase(clientId);
      await give(caseId, {});
      for (const [method, path] of [["POST", `/client/cases/${caseId}/folders`], ["PATCH", `/client/cases/${caseId}/documents/x`], ["DELETE", `/client/cases/${caseId}/documents/x`], ["POST", `/client/cases/${caseId}/documents/x/restore`], ["PATCH", `/client/cases/${caseId}`], ["DELETE", `/client/cases/${caseId}`], ["POST", `/client/cases/${caseId}/timeline`]] as const)
        expect([404, 405], `${method} ${path}`).toContain((await contact.call(method, path, {})).status);
    });
  });
});
