import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk } from "../../local/caller.ts";
import { newId } from "../../lib/domain/ids.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { etagOf, fresh } from "./probe.ts";

describe("people", () => {
  let firm: TestFirm;
  let clientId: string;
  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient("Client One");
  });
  afterAll(() => firm.stop());

  const all = async (path: string): Promise<any[]> => (await expectOk(firm.admin.call("GET", `${path}?limit=100`))).items; // eslint-disable-line @typescript-eslint/no-explicit-any -- what an API answers

  describe("roles", () => {
    it.each(["adviser", "assistant"] as const)("let an %s do the work but not administer", async (role) => {
      const person = await firm.inviteMember(role);
      const target = `/staff/members/${firm.admin.id}`;
      const before = await firm.admin.call("GET", "/staff/members?limit=100");
      const refusals = [
        await person.call("POST", "/staff/members", { email: fresh(), name: "X", role: "admin" }), await person.call("PATCH", target, { role: "assistant" }, { "if-match": '"1"' }),
        await person.call("PATCH", `/staff/members/${person.id}`, { role: "admin" }, { "if-match": '"2"' }), await person.call("POST", `${target}/sign-out`), await person.call("GET", "/staff/stats/access?groupBy=client"),
        await person.call("POST", "/staff/members", { nonsense: true }), await person.call("PATCH", `/staff/members/${newId("member", new Date())}`, {}),
      ];
      expect(refusals.map((it) => [it.status, it.body.code])).toEqual(refusals.map(() => [403, "forbidden"]));
      expect((await firm.admin.call("GET", "/staff/members?limit=100")).body).toEqual(before.body);
      expect((await firm.admin.call("GET", "/staff/me")).status).toBe(200);

      const client = await expectOk(person.call("POST", "/staff/clients", { name: `Of ${role}` }));
      await expectOk(person.call("POST", `/staff/clients/${client.clientId}/contacts`, { email: fresh(), name: "C" }));
      const kase = await expectOk(person.call("POST", "/staff/cases", { clientId: client.clientId, reference: "1", title: "T" }));
      expect(kase.adviserId).toBe(role === "assistant" ? firm.admin.id : person.id);
      await expectOk(person.call("POST", `/staff/cases/${kase.caseId}/timeline`, { text: "t", visibleToClient: false }));
      for (const path of ["/staff/me", "/staff/members", target, "/staff/clients", "/staff/audit"]) expect((await person.call("GET", path)).status).toBe(200);
    });
  });

  describe("changing", () => {
    const things = async (): Promise<readonly (readonly [string, object, Record<string, unknown>])[]> => {
      const [member, contact]: readonly [Person, Person] = [await firm.inviteMember("assistant"), await firm.inviteContact(clientId)];
      const own = await firm.createClient("Changes");
      const caseId = await firm.createCase(clientId);
      return [
        [`/staff/members/${member.id}`, { role: "adviser" }, { role: "adviser" }], [`/staff/contacts/${contact.id}`, { name: "Other" }, { name: "Other", locale: "es" }],
        [`/staff/clients/${own}`, { taxId: "B1" }, { taxId: "B1", name: "Changes" }], [`/staff/cases/${caseId}`, { status: "waiting" }, { status: "waiting", title: "A case" }],
      ];
    };

    it("needs the etag that was read, refuses an old one, and gives a new one in header and body", async () => {
      for (const [path, change, after] of await things()) {
        const read = await firm.admin.call("GET", path);
        expect(etagOf(read)).toBe(`"${read.body.etag}"`);
        expect(await firm.admin.call("PATCH", path, change)).toMatchObject({ status: 428, body: { code: "precondition_required" } });
        for (const wrong of ['"999"', "*", "W/" + etagOf(read), read.body.etag, `${etagOf(read)}, "7"`, '""', '"-1"', '"1e0"'])
          expect(await firm.admin.call("PATCH", path, change, { "if-match": wrong }), wrong).toMatchObject({ status: 412, body: { code: "stale" } });
        expect((await firm.admin.call("GET", path)).body).toEqual(read.body);
        const changed = await firm.admin.call("PATCH", path, change, { "if-match": etagOf(read) });
        expect(changed).toMatchObject({ status: 200, body: after });
        expect(etagOf(changed)).toBe(`"${changed.body.etag}"`);
        expect(etagOf(changed)).not.toBe(etagOf(read));
        expect((await firm.admin.call("GET", path)).body).toEqual(changed.body);
        expect((await firm.admin.call("PATCH", path, change, { "if-match": etagOf(read) })).status).toBe(412);
      }
    });

    it("lets one of many win who read the same", async () => {
      for (const [path, change] of await things()) {
        const etag = etagOf(await firm.admin.call("GET", path));
        const answers = await Promise.all(Array.from({ length: 5 }, () => firm.admin.call("PATCH", path, change, { "if-match": etag })));
        expect(answers.map((it) => it.status).toSorted()).toEqual([200, 412, 412, 412, 412]);
      }
    });

    it("takes no field that is not the caller's to set", async () => {
      for (const [path] of await things()) {
        const read = await firm.admin.call("GET", path);
        for (const field of ["memberId", "contactId", "clientIds", "caseId", "clientId", "email", "createdAt", "revision", "etag", "sub", "account", "keyVersion", "pk", "sk", "list", "tokensValidAfter"]) {
          const answer = await firm.admin.call("PATCH", path, { [field]: "x" }, { "if-match": etagOf(read) });
          expect(answer, `${path} ${field}`).toMatchObject({ status: 400, body: { code: "invalid_request", errors: [{ path: `body.${field}` }] } });
        }
        expect((await firm.admin.call("GET", path)).body).toEqual(read.body);
      }
    });
  });

  describe("lists", () => {
    it("show no key, no account and nothing of the pool", async () => {
      for (const path of ["/staff/members", `/staff/clients/${clientId}/contacts`, "/staff/collaborators", "/staff/clients"])
        for (const it of await all(path)) for (const hidden of ["sub", "keyVersion", "account", "pk", "sk", "list", "listKey", "revision"]) expect(Object.keys(it)).not.toContain(hidden);
    });

    it("go by name, whatever its case", async () => {
      const names = ["zeta SL", "Alfa SL", "beta SL", "ÁLAVA SA"];
      for (const name of names) await firm.createClient(name);
      const listed = (await all("/staff/clients")).map((it) => it.name).filter((it) => names.includes(it));
      expect(listed).toEqual(["Alfa SL", "beta SL", "zeta SL", "ÁLAVA SA"]);
    });

    it("hold the longest names that are allowed, in letters that fold to many", async () => {
      // U+FDFA folds to 18 letters: a name of 200 of them is far longer than a key can be.
      for (const name of ["\u{1F600}".repeat(200), "ﷺ".repeat(200), "ㄱ".repeat(200)]) {
        const client = await expectOk(firm.admin.call("POST", "/staff/clients", { name }));
        expect((await all("/staff/clients")).find((it) => it.clientId === client.clientId)?.name).toBe(name);
      }
      await expectOk(firm.admin.call("POST", "/staff/collaborators", { email: fresh(), name: "ﷺ".repeat(120) }));
      await expectOk(firm.admin.call("POST", "/staff/members", { email: fresh(), name: "ﷺ".repeat(120), role: "assistant" }));
    });
  });
});
