import { CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callerOf, expectOk, type Answer } from "../../local/caller.ts";
import { mailsTo, mailWith, passwordIn, signIn } from "../../local/people.ts";
import { accountsIn } from "../../lib/adapters/cognito.ts";
import { TableLedger } from "../../lib/adapters/dynamo/ledger.ts";
import { peopleIn } from "../../lib/adapters/dynamo/people.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import { keyRingIn, linksFrom } from "../../lib/adapters/secrets.ts";
import { firmProfile } from "../../lib/domain/firm.ts";
import { newId } from "../../lib/domain/ids.ts";
import { toInstant } from "../../lib/domain/time.ts";
import { inviteContact, inviteMember } from "../../lib/usecases/invitations.ts";
import type { Accounts, Ledger } from "../../lib/usecases/ports.ts";
import { Trail } from "../../lib/usecases/request.ts";
import { startTestFirm, type TestFirm } from "./firm.ts";
import { etagOf, fresh } from "./probe.ts";

describe("invitations", () => {
  let firm: TestFirm;
  let clientId: string;
  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient("Client One");
  });
  afterAll(() => firm.stop());

  const all = async (path: string): Promise<any[]> => (await expectOk(firm.admin.call("GET", `${path}?limit=100`))).items; // eslint-disable-line @typescript-eslint/no-explicit-any -- what an API answers
  const enter = async (pool: "staff" | "client", email: string): Promise<string> => signIn(inject("emulators").cognito, firm.pools[pool], email, await passwordIn(firm.mail, email));

  describe("inviting", () => {
    it("a member makes somebody who can sign in, in the role that was said", async () => {
      const email = fresh();
      const answer = await firm.admin.call("POST", "/staff/members", { email, name: "Núria Vidal", role: "adviser" });
      expect(answer).toMatchObject({ status: 201, body: { email, name: "Núria Vidal", role: "adviser", suspended: false, status: "active" } });
      expect(answer.headers.get("location")).toBe(`/staff/members/${answer.body.memberId}`);
      expect(etagOf(answer)).toBe(`"${answer.body.etag}"`);
      const me = await callerOf(firm.api, await enter("staff", email))("GET", "/staff/me");
      expect(me).toMatchObject({ status: 200, body: { memberId: answer.body.memberId, role: "adviser" } });
      expect((await all("/staff/members")).map((it) => it.memberId)).toContain(answer.body.memberId);
    });

    it("a contact makes somebody who signs in to the client's side, in their own language", async () => {
      const email = fresh();
      const answer = await firm.admin.call("POST", `/staff/clients/${clientId}/contacts`, { email, name: "Pau", locale: "ca", phone: "+34 600 000 000" });
      expect(answer).toMatchObject({ status: 201, body: { email, locale: "ca", phone: "+34 600 000 000", clientIds: [clientId], suspended: false, status: "active" } });
      const me = await callerOf(firm.api, await enter("client", email))("GET", "/client/me");
      expect(me.body).toEqual({ contactId: answer.body.contactId, name: "Pau", locale: "ca", firm: { name: "Bufete Ferrer y Asociados", phone: "+34 972 00 00 00" } });
      expect((await all(`/staff/clients/${clientId}/contacts`)).map((it) => it.contactId)).toContain(answer.body.contactId);
      expect((await all("/staff/collaborators")).map((it) => it.contactId)).not.toContain(answer.body.contactId);
    });

    it("a collaborator makes a contact of no client, in the firm's language", async () => {
      const email = fresh();
      const answer = await firm.admin.call("POST", "/staff/collaborators", { email, name: "Perita", organisation: "Peritos SL" });
      expect(answer).toMatchObject({ status: 201, body: { email, clientIds: [], organisation: "Peritos SL", locale: "es" } });
      expect((await all("/staff/collaborators")).map((it) => it.contactId)).toContain(answer.body.contactId);
      expect((await callerOf(firm.api, await enter("client", email))("GET", "/client/cases")).body).toEqual({ items: [], nextCursor: null });
    });

    it("folds an address, so that one person stays one person", async () => {
      const email = fresh();
      const contact = await expectOk(firm.admin.call("POST", `/staff/clients/${clientId}/contacts`, { email: email.toUpperCase(), name: "Big" }));
      expect(contact.email).toBe(email);
      expect(await firm.admin.call("POST", `/staff/clients/${clientId}/contacts`, { email: email.replace("person", "PerSon"), name: "Big" })).toMatchObject({ status: 409, body: { code: "conflict", errors: [{ path: "body.email" }] } });
    });

    it.each(["/staff/members", "/staff/collaborators", "contacts"])("an address twice is refused and named: %s", async (route) => {
      const path = route === "contacts" ? `/staff/clients/${clientId}/contacts` : route;
      const body = { email: fresh(), name: "Once", ...(route === "/staff/members" && { role: "assistant" }) };
      await expectOk(firm.admin.call("POST", path, body));
      const again = await firm.admin.call("POST", path, body);
      expect(again).toMatchObject({ status: 409, body: { code: "conflict", errors: [{ path: "body.email", message: "Is known already." }] } });
    });

    it("the same address at the same moment makes one person with one mail", async () => {
      const email = fresh();
      const answers = await Promise.all(Array.from({ length: 4 }, () => firm.admin.call("POST", "/staff/members", { email, name: "Twin", role: "assistant" })));
      expect(new Set(answers.filter((it) => it.status === 201).map((it) => it.body.memberId)).size).toBe(1);
      for (const it of answers) expect([201, 409, 412]).toContain(it.status);
      expect((await all("/staff/members")).filter((it) => it.email === email)).toHaveLength(1);
      await firm.settle();
      await mailWith(firm.mail, email, /./);
      expect(await mailsTo(firm.mail, email)).toHaveLength(1);
    });

    it("again with the same key is the same person, one mail and one record of inviting", async () => {
      const email = fresh();
      const send = (): Promise<Answer> => firm.admin.call("POST", "/staff/members", { email, name: "Once", role: "assistant" }, { "idempotency-key": `key-${email}` });
      const answers = [await send(), await send(), ...(await Promise.all([send(), send()]))];
      expect(answers.map((it) => it.status)).toEqual([201, 201, 201, 201]);
      expect(new Set(answers.map((it) => it.body.memberId)).size).toBe(1);
      await firm.settle();
      await mailWith(firm.mail, email, /./);
      const events = (await all("/staff/audit")).filter((it) => it.resource.memberId === answers[0]?.body.memberId);
      expect(events.filter((it) => it.action === "members.invite")).toHaveLength(1);
      expect(await mailsTo(firm.mail, email)).toHaveLength(1);
    });

    it("the same address at the same moment for two roles gives nobody a role that they did not ask for", async () => {
      for (let round = 0; round < 3; round++) {
        const email = fresh();
        const roles = ["assistant", "admin", "assistant", "admin"] as const;
        const answers = await Promise.all(roles.map((role) => firm.admin.call("POST", "/staff/members", { email, name: "Which", role })));
        for (const [index, answer] of answers.entries()) if (answer.status === 201) expect(answer.body.role).toBe(roles[index]);
        expect(answers.some((it) => it.status === 201)).toBe(true);
      }
    });

    it("the same person as staff and as a client's contact makes two who share nothing", async () => {
      const email = fresh();
      const member = await expectOk(firm.admin.call("POST", "/staff/members", { email, name: "Both", role: "adviser" }));
      const contact = await expectOk(firm.admin.call("POST", `/staff/clients/${clientId}/contacts`, { email, name: "Both" }));
      const etag = etagOf(await firm.admin.call("GET", `/staff/members/${member.memberId}`));
      await expectOk(firm.admin.call("PATCH", `/staff/members/${member.memberId}`, { suspended: true }, { "if-match": etag }));
      expect((await expectOk(firm.admin.call("GET", `/staff/contacts/${contact.contactId}`))).suspended).toBe(false);
    });

    it("for a client that is not there is refused, and invites nobody", async () => {
      const email = fresh();
      expect(await firm.admin.call("POST", `/staff/clients/${newId("client", new Date())}/contacts`, { email, name: "Nobody" })).toMatchObject({ status: 404, body: { code: "not_found" } });
      await expectOk(firm.admin.call("POST", "/staff/collaborators", { email, name: "Nobody" }));
    });
  });

  describe("one person for two clients", () => {
    it("keeps their password and their tokens, and sees the cases of both", async () => {
      const other = await firm.createClient("Client Two");
      const person = await firm.inviteContact(clientId);
      const [first, second] = [await firm.createCase(clientId, "First"), await firm.createCase(other, "Second")];
      for (const [caseId, holder] of [[first, clientId], [second, other]] as const)
        await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { clientId: holder }, resource: {}, level: "read" }));
      const cases = async (token = person.token): Promise<string[]> => (await expectOk(callerOf(firm.api, token)("GET", "/client/cases"))).items.map((it: { caseId: string }) => it.caseId);
      expect(await cases()).toEqual([first]);

      const joined = await firm.admin.call("POST", `/staff/clients/${other}/contacts`, { email: person.email, name: "Another name" });
      expect(joined).toMatchObject({ status: 201, body: { contactId: person.id, clientIds: [clientId, other], name: "Con Tact" } });
      expect((await cases()).toSorted()).toEqual([first, second].toSorted());
      expect((await cases(await enter("client", person.email))).toSorted()).toEqual([first, second].toSorted());
      for (const of of [clientId, other]) expect((await all(`/staff/clients/${of}/contacts`)).filter((it) => it.contactId === person.id)).toHaveLength(1);
      expect((await firm.admin.call("POST", `/staff/clients/${other}/contacts`, { email: person.email, name: "Again" })).status).toBe(409);
    });

    it("does not let a suspended person back in by another client's invitation", async () => {
      const other = await firm.createClient();
      const person = await firm.inviteContact(clientId);
      const path = `/staff/contacts/${person.id}`;
      await expectOk(firm.admin.call("PATCH", path, { suspended: true }, { "if-match": etagOf(await firm.admin.call("GET", path)) }));
      expect((await expectOk(firm.admin.call("POST", `/staff/clients/${other}/contacts`, { email: person.email, name: "x" }))).suspended).toBe(true);
      expect((await person.call("GET", "/client/me")).status).toBe(401);
    });

    it("does not let a signed-out token in again by another client's invitation", async () => {
      const other = await firm.createClient();
      const person = await firm.inviteContact(clientId);
      await expectOk(firm.admin.call("POST", `/staff/contacts/${person.id}/sign-out`));
      await expectOk(firm.admin.call("POST", `/staff/clients/${other}/contacts`, { email: person.email, name: "x" }));
      expect((await person.call("GET", "/client/me")).status).toBe(401);
    });

    it("takes a collaborator who becomes a client's contact off the collaborators' list", async () => {
      const email = fresh();
      const { contactId } = await expectOk(firm.admin.call("POST", "/staff/collaborators", { email, name: "Joins" }));
      await expectOk(firm.admin.call("POST", `/staff/clients/${clientId}/contacts`, { email, name: "Joins" }));
      expect((await all("/staff/collaborators")).map((it) => it.contactId)).not.toContain(contactId);
      expect((await all(`/staff/clients/${clientId}/contacts`)).map((it) => it.contactId)).toContain(contactId);
    });
  });

  describe("an invitation that a crash cut off", () => {
    type Cut = "before the person is written" | "before the account exists" | "after the account exists" | "after all is written";
    const cuts: readonly Cut[] = ["before the person is written", "before the account exists", "after the account exists", "after all is written"];

    /** The real stores and the real pool, one of whose answers never comes. */
    const ports = (cut: Cut | null) => {
      const name = firm.table.slice("legajo-".length);
      const table = new Table(DynamoDBDocumentClient.from(new DynamoDBClient({}), { marshallOptions: { removeUndefinedValues: true } }), firm.table);
      const real = {
        ledger: new TableLedger(table), people: peopleIn(table), links: linksFrom(keyRingIn(new SecretsManagerClient({}), `legajo/${name}/link-key`)), firm: firmProfile.parse({ name: "F", phone: "1", address: "A" }),
        accounts: accountsIn(new CognitoIdentityProviderClient({}), { staff: { userPoolId: firm.pools.staff.userPoolId, firstPassword: "permanent" }, client: { userPoolId: firm.pools.client.userPoolId, firstPassword: "permanent" } }),
      };
      const crash = (): never => { throw new Error("The process is gone."); };
      let commits = 0;
      const ledger: Ledger = {
        record: (event) => real.ledger.record(event),
        earlier: (of) => real.ledger.earlier(of),
        async commit(request, changes, more) {
          commits += 1;
          if (cut === "before the person is written" && commits === 1) crash();
          const event = await real.ledger.commit(request, changes, more);
          if (cut === "after all is written" && commits === 2) crash();
          return event;
        },
      };
      const accounts: Accounts = {
        ...real.accounts,
        async create(pool, email, password) {
          if (cut === "before the account exists") crash();
          const made = await real.accounts.create(pool, email, password);
          return cut === "after the account exists" ? crash() : made;
        },
      };
      return { ...real, ledger, accounts };
    };
    const request = (action: string) => {
      const now = toInstant(new Date());
      return { principal: { kind: "member", memberId: firm.admin.id as `mem_${string}`, role: "admin", advisers: [], name: "Ada" }, now, trail: new Trail(action, newId("httpRequest", new Date())) } as const;
    };

    it.each(cuts)("%s is finished by inviting the member again, with one person and one mail", async (cut) => {
      const email = fresh();
      await expect(inviteMember(ports(cut))(request("members.invite"), { email, name: "First try", role: "admin" })).rejects.toThrow("gone");
      const again = await firm.admin.call("POST", "/staff/members", { email, name: "Second try", role: "assistant" });
      if (cut === "after all is written") expect(again.status).toBe(409);
      // What the firm says now counts, not what a cut-off request said: the role above all.
      else expect(again).toMatchObject({ status: 201, body: { email, name: "Second try", role: "assistant", status: "active" } });
      expect((await all("/staff/members")).filter((it) => it.email === email)).toHaveLength(1);
      await firm.settle();
      const me = await callerOf(firm.api, await enter("staff", email))("GET", "/staff/me");
      expect(me).toMatchObject({ status: 200, body: { role: cut === "after all is written" ? "admin" : "assistant" } });
      expect(await mailsTo(firm.mail, email)).toHaveLength(1);
    });

    it.each(cuts)("%s is finished by inviting the contact again, with one person and one mail", async (cut) => {
      const email = fresh();
      await expect(inviteContact(ports(cut))(request("contacts.invite"), { email, name: "First try", locale: "en" }, clientId as `cli_${string}`)).rejects.toThrow("gone");
      const again = await firm.admin.call("POST", `/staff/clients/${clientId}/contacts`, { email, name: "Second try", locale: "ca" });
      if (cut === "after all is written") expect(again.status).toBe(409);
      else expect(again).toMatchObject({ status: 201, body: { email, name: "Second try", locale: "ca", clientIds: [clientId], status: "active" } });
      expect((await all(`/staff/clients/${clientId}/contacts`)).filter((it) => it.email === email)).toHaveLength(1);
      await firm.settle();
      expect((await callerOf(firm.api, await enter("client", email))("GET", "/client/me")).status).toBe(200);
      expect(await mailsTo(firm.mail, email)).toHaveLength(1);
    });

    it.each(["before the account exists", "after the account exists"] as const)("%s is finished by another client's invitation: a contact of both, with one mail", async (cut) => {
      const email = fresh();
      const other = await firm.createClient();
      await expect(inviteContact(ports(cut))(request("contacts.invite"), { email, name: "First try" }, clientId as `cli_${string}`)).rejects.toThrow("gone");
      expect(await expectOk(firm.admin.call("POST", `/staff/clients/${other}/contacts`, { email, name: "Second try" }))).toMatchObject({ clientIds: [clientId, other], status: "active" });
      await firm.settle();
      await mailWith(firm.mail, email, /./);
      expect(await mailsTo(firm.mail, email)).toHaveLength(1);
    });

    it("shows the person as being invited, whom nobody takes for somebody who can sign in, and suspending them meanwhile holds", async () => {
      const email = fresh();
      await expect(inviteMember(ports("after the account exists"))(request("members.invite"), { email, name: "Cut off", role: "adviser" })).rejects.toThrow("gone");
      const [it] = (await all("/staff/members")).filter((member) => member.email === email);
      expect(it).toMatchObject({ status: "inviting" });
      await expectOk(firm.admin.call("PATCH", `/staff/members/${it.memberId}`, { suspended: true }, { "if-match": `"${it.etag}"` }));
      expect(await expectOk(firm.admin.call("POST", "/staff/members", { email, name: "Cut off", role: "adviser" }))).toMatchObject({ memberId: it.memberId, status: "active", suspended: true });
      await firm.settle();
      expect((await callerOf(firm.api, await enter("staff", email))("GET", "/staff/me")).status).toBe(401);
    });
  });
});
