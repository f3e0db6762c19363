import { DeleteCommand, DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callerOf, expectOk, type Answer } from "../../local/caller.ts";
import { passwordIn, signIn } from "../../local/people.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { etagOf } from "./probe.ts";

describe("who is asking", () => {
  let firm: TestFirm;
  let clientId: string;
  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient();
  });
  afterAll(() => firm.stop());

  const change = async (path: string, body: object): Promise<Answer> => {
    const etag = etagOf(await firm.admin.call("GET", path));
    return firm.admin.call("PATCH", path, body, { "if-match": etag });
  };
  /** Signs in in a second that is later than the one before: `auth_time` counts whole seconds. */
  const signInAgain = async (pool: "staff" | "client", { email }: Person): Promise<string> => {
    await sleep(1100);
    return signIn(inject("emulators").cognito, firm.pools[pool], email, await passwordIn(firm.mail, email));
  };
  const works = async (token: string, path: string): Promise<void> => expect((await callerOf(firm.api, token)("GET", path)).status).toBe(200);

  it("refuses a staff token on every kind of client route, and a client's token on staff routes", async () => {
    const contact = await firm.inviteContact(clientId);
    for (const path of ["/client/me", "/client/cases", "/client/shared-with-me"]) expect((await firm.admin.call("GET", path)).status).toBe(401);
    for (const path of ["/staff/me", "/staff/cases", "/staff/audit"]) expect((await contact.call("GET", path)).status).toBe(401);
    expect((await contact.call("POST", "/staff/clients", { name: "Mine" })).status).toBe(401);
  });

  it.each(["staff", "client"] as const)("shuts out a suspended person of the %s pool on their very next request, and lets them in again afterwards", async (pool) => {
    const person = pool === "staff" ? await firm.inviteMember("adviser") : await firm.inviteContact(clientId);
    const [own, path] = pool === "staff" ? ["/staff/me", `/staff/members/${person.id}`] : ["/client/me", `/staff/contacts/${person.id}`];
    for (let round = 0; round < 5; round++) {
      await works(person.token, own);
      expect(await expectOk(change(path, { suspended: true }))).toMatchObject({ suspended: true });
      const refused = await person.call("GET", own);
      expect(refused.status).toBe(401);
      expect(refused.body).toMatchObject({ code: "unauthenticated", status: 401 });
      expect(refused.headers.get("www-authenticate")).toBe("Bearer");
      expect(await expectOk(change(path, { suspended: false }))).toMatchObject({ suspended: false });
    }
    await works(person.token, own);
  });

  it("tells a suspended person nothing that it would not tell a stranger", async () => {
    const person = await firm.inviteContact(clientId);
    await expectOk(change(`/staff/contacts/${person.id}`, { suspended: true }));
    const suspended = await person.call("GET", "/client/cases");
    await expectOk(change(`/staff/contacts/${person.id}`, { suspended: false }));
    await expectOk(firm.admin.call("POST", `/staff/contacts/${person.id}/sign-out`));
    const signedOut = await person.call("GET", "/client/cases");
    expect({ ...suspended.body, instance: "" }).toEqual({ ...signedOut.body, instance: "" });
  });

  it.each(["staff", "client"] as const)("refuses the tokens of a person of the %s pool who was signed out, and takes the next sign-in's", async (pool) => {
    const person = pool === "staff" ? await firm.inviteMember("assistant") : await firm.inviteContact(clientId);
    const [own, path] = pool === "staff" ? ["/staff/me", `/staff/members/${person.id}`] : ["/client/me", `/staff/contacts/${person.id}`];
    await works(person.token, own);
    expect((await firm.admin.call("POST", `${path}/sign-out`)).status).toBe(204);
    expect((await person.call("GET", own)).status).toBe(401);
    const fresh = await signInAgain(pool, person);
    await works(fresh, own);
    expect((await person.call("GET", own)).status).toBe(401);
    expect((await firm.admin.call("POST", `${path}/sign-out`)).status).toBe(204);
    expect((await callerOf(firm.api, fresh)("GET", own)).status).toBe(401);
  });

  it("keeps a person signed out and suspended, when both are done at the same moment", async () => {
    // Whoever ends somebody's access presses both buttons: neither may undo the other.
    const people = await Promise.all(Array.from({ length: 6 }, () => firm.inviteContact(clientId)));
    for (const person of people) {
      const path = `/staff/contacts/${person.id}`;
      const etag = etagOf(await firm.admin.call("GET", path));
      const [suspended, ...signOuts] = await Promise.all([
        firm.admin.call("PATCH", path, { suspended: true }, { "if-match": etag }), firm.admin.call("POST", `${path}/sign-out`), firm.admin.call("POST", `${path}/sign-out`),
      ]);
      expect(signOuts.map((it) => it.status)).toEqual([204, 204]);
      expect([200, 412]).toContain(suspended.status);
      if (suspended.status === 200) {
        expect((await person.call("GET", "/client/me")).status).toBe(401);
        await expectOk(change(path, { suspended: false }));
      }
      expect((await person.call("GET", "/client/me")).status, "the sign-out was undone").toBe(401);
    }
  });

  it("lets a role bite at once, in both directions", async () => {
    const member = await firm.inviteMember("admin");
    expect((await member.call("GET", "/staff/stats/access?groupBy=client")).status).toBe(200);
    await expectOk(change(`/staff/members/${member.id}`, { role: "assistant" }));
    const refused = await member.call("GET", "/staff/stats/access?groupBy=client");
    expect(refused).toMatchObject({ status: 403, body: { code: "forbidden" } });
    expect((await member.call("POST", "/staff/members", { email: "x@firm.example", name: "X", role: "admin" })).status).toBe(403);
    await expectOk(change(`/staff/members/${member.id}`, { role: "admin" }));
    expect((await member.call("GET", "/staff/stats/access?groupBy=client")).status).toBe(200);
  });

  it("refuses a token of the right pool whose holder the firm does not know, or no longer", async () => {
    const person = await firm.inviteContact(clientId);
    const [, payload = ""] = person.token.split(".");
    const { sub } = JSON.parse(Buffer.from(payload, "base64url").toString()) as { sub: string };
    const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));
    await table.send(new DeleteCommand({ TableName: firm.table, Key: { pk: `IDENTITY#client#${sub}`, sk: "IDENTITY" } }));
    table.destroy();
    expect(await person.call("GET", "/client/me")).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
  });

  describe("administrators", () => {
    it("neither suspend themselves nor change their own role", async () => {
      const before = await firm.admin.call("GET", "/staff/me");
      for (const body of [{ suspended: true }, { role: "assistant" }, { suspended: true, role: "adviser" }, { role: "admin" }])
        expect(await firm.admin.call("PATCH", `/staff/members/${firm.admin.id}`, body, { "if-match": etagOf(before) })).toMatchObject({ status: 409, body: { code: "conflict" } });
      expect((await firm.admin.call("GET", "/staff/me")).body).toEqual(before.body);
    });

    it("remain at least one, though two of them take it from each other at the same moment", async () => {
      for (let round = 0; round < 8; round++) {
        const [one, other] = [await firm.inviteMember("admin"), await firm.inviteMember("admin")];
        const take = async (from: Person, by: Person): Promise<Answer> =>
          by.call("PATCH", `/staff/members/${from.id}`, round % 2 ? { suspended: true } : { role: "assistant" }, { "if-match": etagOf(await firm.admin.call("GET", `/staff/members/${from.id}`)) });
        const answers = await Promise.all([take(other, one), take(one, other)]);
        expect(answers.filter((it) => it.status === 200).length, `answers: ${answers.map((it) => it.status).join(", ")}`).toBe(1);
        const left = await Promise.all([one, other].map((it) => firm.admin.call("GET", `/staff/members/${it.id}`)));
        expect(left.filter((it) => it.body.role === "admin" && it.body.suspended === false)).toHaveLength(1);
        for (const it of [one, other]) await change(`/staff/members/${it.id}`, { role: "assistant", suspended: true });
      }
    });
  });
});
