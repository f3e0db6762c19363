import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk, type Answer } from "../../local/caller.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";

describe("lists in pages", () => {
  let firm: TestFirm;
  let contact: Person;
  let colleague: Person;
  let clientId: string;
  let caseId: string;
  let folderId: string;
  let documentId: string;
  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient("Client A");
    for (const name of ["Client B", "client c", "Ñ client"]) await firm.createClient(name);
    [contact, colleague] = [await firm.inviteContact(clientId), await firm.inviteContact(clientId)];
    for (const role of ["adviser", "assistant"] as const) await firm.inviteMember(role);
    for (let index = 0; index < 3; index++) await expectOk(firm.admin.call("POST", "/staff/collaborators", { email: `c${index}.${Date.now()}@x.example`, name: "Same name" }));
    const cases = [];
    for (let index = 0; index < 5; index++) cases.push(await firm.createCase(clientId, `Case ${index}`));
    caseId = cases[0] ?? "";
    const make = async (name: string, more: object = {}): Promise<string> => (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name, ...more }))).folderId;
    folderId = await make("Folder");
    for (const name of ["One", "two", "Closed"]) await make(name, { parentId: folderId, inherit: name !== "Closed" });
    documentId = await firm.upload(caseId, "A.pdf", undefined, folderId);
    for (const name of ["B.pdf", "c.pdf"]) await firm.upload(caseId, name, undefined, folderId);
    for (let index = 0; index < 3; index++)
      await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/documents/${documentId}/versions`, { contentType: "application/pdf", size: 1, sha256: "0".repeat(64) }));
    for (let index = 0; index < 4; index++) await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/timeline`, { text: `Entry ${index}`, visibleToClient: index !== 1, occurredAt: "2026-01-01T00:00:00.000Z" }));
    for (const id of cases) for (const principal of [{ contactId: contact.id }, { clientId }]) await expectOk(firm.admin.call("POST", `/staff/cases/${id}/grants`, { principal, resource: {}, level: "read" }));
    for (const [index, id] of cases.entries()) if (index > 0) for (const name of ["x", "y", "z"]) {
      const made = await expectOk(firm.admin.call("POST", `/staff/cases/${id}/folders`, { name }));
      await expectOk(firm.admin.call("POST", `/staff/cases/${id}/grants`, { principal: { contactId: contact.id }, resource: { folderId: made.folderId }, level: "read" }));
    }
    for (let index = 0; index < 3; index++) await firm.share(caseId, { folderId });
    await firm.settle();
  });
  afterAll(() => firm.stop());

  interface Listing { readonly path: () => string; readonly by: () => Person; readonly least: number }
  const listings: Readonly<Record<string, Listing>> = Object.fromEntries([
    ["members", () => "/staff/members", 3], ["clients", () => "/staff/clients", 4], ["contacts", () => `/staff/clients/${clientId}/contacts`, 2], ["collaborators", () => "/staff/collaborators", 3], ["cases", () => "/staff/cases", 5],
    ["cases with a filter", () => `/staff/cases?clientId=${clientId}&q=case&status=open`, 5], ["timeline", () => `/staff/cases/${caseId}/timeline`, 4], ["items", () => `/staff/cases/${caseId}/items?folderId=${folderId}`, 6],
    ["versions", () => `/staff/cases/${caseId}/documents/${documentId}/versions`, 4], ["grants", () => `/staff/cases/${caseId}/grants`, 2], ["shares", () => `/staff/cases/${caseId}/shares`, 3],
    ["my cases", () => "/client/cases", 5], ["my timeline", () => `/client/cases/${caseId}/timeline`, 3], ["my items", () => `/client/cases/${caseId}/items?folderId=${folderId}`, 5], ["shared with me", () => "/client/shared-with-me", 22],
  ].map(([name, path, least]) => [name as string, { path: path as () => string, least: least as number, by: () => ((path as () => string)().startsWith("/client") ? contact : firm.admin) }]));
  const names = Object.keys(listings);
  const of = (name: string): Listing => listings[name] ?? expect.fail(name);

  const page = (path: string, by: Person, more: Readonly<Record<string, string>>): Promise<Answer> => by.call("GET", `${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams(more).toString()}`);
  const walk = async (path: string, by: Person, limit: number): Promise<unknown[]> => {
    const all: unknown[] = [];
    for (let cursor: string | null = null, pages = 0; ; pages++) {
      if (pages > 500) expect.fail("The list has no end.");
      const { items, nextCursor }: { items: unknown[]; nextCursor: string | null } = await expectOk(page(path, by, { limit: String(limit), ...(cursor !== null && { cursor }) }));
      expect(items.length).toBeLessThanOrEqual(limit);
      all.push(...items);
      if (nextCursor === null) return all;
      cursor = nextCursor;
    }
  };
  const cursorOf = async (name: string): Promise<string> => {
    const { nextCursor } = await expectOk(page(of(name).path(), of(name).by(), { limit: "1" }));
    expect(nextCursor).toEqual(expect.any(String));
    return nextCursor;
  };
  const refused = async (answer: Promise<Answer>): Promise<void> => { expect(await answer).toMatchObject({ status: 400, body: { code: "invalid_request", errors: [{ path: "query.cursor" }] } }); };

  it.each(names)("give the same one by one, two by two and all at once: %s", async (name) => {
    const { path, by, least } = of(name);
    const all = await walk(path(), by(), 100);
    expect(all.length).toBeGreaterThanOrEqual(least);
    expect(new Set(all.map((it) => JSON.stringify(it))).size, "something comes twice").toBe(all.length);
    expect(await walk(path(), by(), 1)).toEqual(all);
    expect(await walk(path(), by(), 2)).toEqual(all);
  });

  it("give the register the same one by one and all at once, while it grows by being read", async () => {
    for (const query of [`?caseId=${caseId}`, `?contactId=${contact.id}`, ""]) {
      const to = firm.clock().toISOString();
      const path = `/staff/audit${query}${query === "" ? "?" : "&"}from=${new Date(firm.clock().getTime() - 300_000).toISOString()}&to=${to}`;
      const all = await walk(path, firm.admin, 100);
      expect(all.length).toBeGreaterThan(5);
      expect(await walk(path, firm.admin, query === "" ? 40 : 7)).toEqual(all);
    }
  });

  it("begin again where nothing is missing when the page's size changes on the way", async () => {
    const all = await walk("/staff/cases", firm.admin, 100);
    const first = await expectOk(page("/staff/cases", firm.admin, { limit: "2" }));
    const rest = await expectOk(page("/staff/cases", firm.admin, { limit: "100", cursor: first.nextCursor }));
    expect([...first.items, ...rest.items]).toEqual(all);
  });

  it.each(names)("give a cursor that shows nothing: %s", async (name) => {
    const cursor = await cursorOf(name);
    expect(cursor).toMatch(/^[\w-]+$/);
    const readable = `${cursor} ${Buffer.from(cursor, "base64url").toString("latin1")}`.toLowerCase();
    for (const word of [caseId, clientId, contact.id, folderId, documentId, "pk", "sk", "holds#", "given#", "timeline#", "cases", "members", "client", "2026", "{", "\"list"].filter((it) => it.length > 3)) expect(readable).not.toContain(word);
    expect(await cursorOf(name)).not.toBe(cursor);
  });

  it("refuse the cursor of every other list", async () => {
    const cursors = await Promise.all(names.map(async (name) => [name, await cursorOf(name)] as const));
    for (const [from, cursor] of cursors)
      for (const name of names.filter((it) => it !== from)) await refused(page(of(name).path(), of(name).by(), { cursor }));
  });

  it("refuse the cursor of another caller, colleague or not", async () => {
    const member = await firm.inviteMember("admin");
    for (const name of ["members", "cases", "items"]) await refused(page(of(name).path(), member, { cursor: await cursorOf(name) }));
    for (const name of ["my cases", "my items", "shared with me"]) await refused(page(of(name).path(), colleague, { cursor: await cursorOf(name) }));
  });

  it("refuse the cursor of another filter, and take the same filter in another order", async () => {
    const cursor = await cursorOf("cases with a filter");
    for (const path of ["/staff/cases", `/staff/cases?clientId=${clientId}`, `/staff/cases?clientId=${clientId}&q=case&status=closed`, `/staff/cases?clientId=${clientId}&q=cas&status=open`]) await refused(page(path, firm.admin, { cursor }));
    expect((await page(`/staff/cases?status=open&q=case&clientId=${clientId}`, firm.admin, { cursor })).status).toBe(200);
    expect((await page(`/staff/cases?status=open&q=%63ase&clientId=${clientId}`, firm.admin, { cursor })).status).toBe(200);
    await refused(page(`/staff/cases/${caseId}/items`, firm.admin, { cursor: await cursorOf("items") }));
  });

  it("refuse a cursor with any letter changed", async () => {
    const cursor = await cursorOf("cases");
    for (let at = 0; at < cursor.length; at += 5) await refused(page("/staff/cases", firm.admin, { cursor: cursor.slice(0, at) + (cursor[at] === "A" ? "B" : "A") + cursor.slice(at + 1) }));
    for (const other of [cursor.slice(0, -1), `${cursor}A`, cursor.toLowerCase(), "A".repeat(cursor.length)]) await refused(page("/staff/cases", firm.admin, { cursor: other }));
  });

  it("refuse a cursor that is more than a day old", async () => {
    try {
      // Tokens live for a day from now: the cursor is made four minutes ago instead.
      firm.clock.offset = -240_000;
      const cursor = await cursorOf("cases");
      firm.clock.offset = 86_400_000 - 300_000;
      expect((await page("/staff/cases", firm.admin, { cursor })).status).toBe(200);
      firm.clock.offset = 86_400_000 - 200_000;
      await refused(page("/staff/cases", firm.admin, { cursor }));
      expect((await page("/staff/cases", firm.admin, {})).status).toBe(200);
    } finally {
      firm.clock.offset = 0;
    }
  });

  it("end a cursor with the access that it went on from", async () => {
    const person = await firm.inviteContact(clientId);
    const id = await firm.createCase(clientId, "To be closed");
    const made = await Promise.all(["p", "q", "r"].map(async (name) => (await expectOk(firm.admin.call("POST", `/staff/cases/${id}/folders`, { name }))).folderId as string));
    const grants = [];
    for (const resource of made.map((it) => ({ folderId: it }))) grants.push((await expectOk(firm.admin.call("POST", `/staff/cases/${id}/grants`, { principal: { contactId: person.id }, resource, level: "read" }))).grantId);
    const path = `/client/cases/${id}/items`;
    const { nextCursor } = await expectOk(page(path, person, { limit: "1" }));
    expect((await page(path, person, { cursor: nextCursor })).status).toBe(200);
    for (const grantId of grants) await firm.admin.call("DELETE", `/staff/cases/${id}/grants/${grantId}`);
    expect((await page(path, person, { cursor: nextCursor })).status).toBe(404);
  });

  it("go on behind names that fold to many times as many letters", async () => {
    const person = await firm.inviteContact(clientId);
    const id = await firm.createCase(clientId, "Long names");
    const made: string[] = [];
    for (const last of ["a", "b", "c"]) {
      // One letter that NFKC writes as eighteen.
      const { folderId: each } = await expectOk(firm.admin.call("POST", `/staff/cases/${id}/folders`, { name: `${"\ufdfa".repeat(240)}${last}` }));
      await expectOk(firm.admin.call("POST", `/staff/cases/${id}/grants`, { principal: { contactId: person.id }, resource: { folderId: each }, level: "read" }));
      made.push(each);
    }
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const { items, nextCursor }: { items: { folderId: string }[]; nextCursor: string | null } = await expectOk(page(`/client/cases/${id}/items`, person, { limit: "1", ...(cursor && { cursor }) }));
      seen.push(...items.map((it) => it.folderId));
      cursor = nextCursor;
    }
    expect(seen.toSorted()).toEqual(made.toSorted());
  });

  it("refuse a cursor from before a grant made the list another one, both ways", async () => {
    const person = await firm.inviteContact(clientId);
    const id = await firm.createCase(clientId, "Some, then all");
    const give = async (resource: object): Promise<string> => (await expectOk(firm.admin.call("POST", `/staff/cases/${id}/grants`, { principal: { contactId: person.id }, resource, level: "read" }))).grantId;
    for (const name of ["p", "q"]) await give({ folderId: (await expectOk(firm.admin.call("POST", `/staff/cases/${id}/folders`, { name }))).folderId });
    const path = `/client/cases/${id}/items`;
    const some = await expectOk(page(path, person, { limit: "1" }));
    const whole = await give({});
    expect(await page(path, person, { cursor: some.nextCursor })).toMatchObject({ status: 400, body: { errors: [{ path: "query.cursor" }] } });
    const all = await expectOk(page(path, person, { limit: "1" }));
    await expectOk(firm.admin.call("DELETE", `/staff/cases/${id}/grants/${whole}`));
    expect(await page(path, person, { cursor: all.nextCursor })).toMatchObject({ status: 400, body: { errors: [{ path: "query.cursor" }] } });
  });

  // Last: the SDK's variables point to one firm at a time, and this one's clients know where they go by now.
  it("refuse the cursor of another firm", async () => {
    const { nextCursor } = await expectOk(page("/staff/members", firm.admin, { limit: "1" }));
    const other = await startTestFirm();
    try {
      await refused(page("/staff/members", other.admin, { cursor: nextCursor }));
      expect((await page("/staff/members", firm.admin, { cursor: nextCursor })).status).toBe(200);
    } finally {
      await other.stop();
    }
  });
});

describe("a list that is walked while things come and go", () => {
  let firm: TestFirm;
  let caseId: string;
  let contact: Person;
  const name = (number: number): string => `Folder ${String(number).padStart(3, "0")}`;
  const create = async (number: number): Promise<string> => (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: name(number) }))).folderId;
  const give = async (folderId: string): Promise<string> => (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { contactId: contact.id }, resource: { folderId }, level: "read" }))).grantId;

  beforeAll(async () => {
    firm = await startTestFirm();
    const clientId = await firm.createClient();
    contact = await firm.inviteContact(clientId);
    caseId = await firm.createCase(clientId);
  });
  afterAll(() => firm.stop());

  it.each([1, 2, 100])("shows what stays exactly once, by pages of %i", async (limit) => {
    const offset = limit * 10;
    const stays: string[] = [];
    const goes: string[] = [];
    const grants = new Map<string, string>();
    for (let number = 0; number < 8; number++) {
      const folderId = await create(offset + number * 0.1);
      grants.set(folderId, await give(folderId));
      (number % 2 === 0 ? stays : goes).push(folderId);
    }
    for (const path of [`/client/cases/${caseId}/items`, "/client/shared-with-me"]) {
      const seen: string[] = [];
      for (let cursor: string | null = null, step = 0; ; step++) {
        const page = await expectOk(contact.call("GET", `${path}?limit=${limit}${cursor ? `&cursor=${cursor}` : ""}`));
        seen.push(...page.items.map((it: { folderId: string }) => it.folderId));
        cursor = page.nextCursor;
        if (cursor === null) break;
        // One goes and another comes, before and behind the place in the walk.
        const gone = path.endsWith("items") ? goes.pop() : undefined;
        if (gone) await expectOk(firm.admin.call("DELETE", `/staff/cases/${caseId}/grants/${grants.get(gone)}`));
        if (step < 3) await give(await create(offset + 5 + step * 0.01 + (path.endsWith("items") ? 0 : 0.5)));
      }
      for (const folderId of stays) expect([path, limit, seen.filter((it) => it === folderId).length]).toEqual([path, limit, 1]);
      expect(new Set(seen).size).toBe(seen.length);
    }
  });

  it("deletes with the etag that was read, with none, and not with another", async () => {
    const [first, second] = [await give(await create(9001)), await give(await create(9002))];
    const path = `/staff/cases/${caseId}/grants`;
    expect((await firm.admin.call("DELETE", `${path}/${first}`, undefined, { "if-match": '"7"' })).status).toBe(412);
    expect((await firm.admin.call("DELETE", `${path}/${first}`, undefined, { "if-match": '"1"' })).status).toBe(204);
    expect((await firm.admin.call("DELETE", `${path}/${second}`)).status).toBe(204);
  });
});
