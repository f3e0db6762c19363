import { AdminGetUserCommand, CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk } from "../../local/caller.ts";
import { composeClientApi, composeStaffApi } from "../../lib/compose.ts";
import { firmProfile } from "../../lib/domain/firm.ts";
import { signed, startTestIssuer, unsigned, type TestIssuer } from "../adapters/issuer.ts";
import { startTestFirm, type TestFirm } from "./firm.ts";
import { etagOf } from "./probe.ts";

const appClient = "app";

describe("who is asking by tokens of an issuer of our own", () => {
  let firm: TestFirm;
  let clientId: string;
  let issuer: TestIssuer;
  let staff: ReturnType<typeof composeStaffApi>;
  let client: ReturnType<typeof composeClientApi>;
  let subOfAdmin: string;
  let config: Parameters<typeof composeStaffApi>[0];
  let surroundings: Parameters<typeof composeStaffApi>[1];
  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient();
    issuer = await startTestIssuer(appClient);
    const name = firm.table.slice("legajo-".length);
    const common = {
      TABLE_NAME: firm.table, BUCKET_NAME: firm.bucket, LINK_KEY_SECRET: `legajo/${name}/link-key`, CURSOR_KEY_SECRET: `legajo/${name}/cursor-key`,
      FIRM: firmProfile.parse({ name: "F", phone: "1", address: "A" }), CLIENT_POOL_ID: firm.pools.client.userPoolId,
    };
    surroundings = { clock: firm.clock, firstPasswords: { staff: "permanent", client: "permanent" } };
    config = { ...common, STAFF_POOL_ID: firm.pools.staff.userPoolId, STAFF_POOL_CLIENT_ID: appClient, STAFF_ISSUER: issuer.issuer, MALWARE_SCAN: "on", RETENTION_DAYS: 90 };
    staff = composeStaffApi(config, surroundings);
    client = composeClientApi({ ...common, CLIENT_POOL_CLIENT_ID: appClient, CLIENT_ISSUER: issuer.issuer, MALWARE_SCAN: "on" }, surroundings, () => "{}");
    subOfAdmin = (JSON.parse(Buffer.from(firm.admin.token.split(".")[1] ?? "", "base64url").toString()) as { sub: string }).sub;
  });
  afterAll(() => Promise.all([firm.stop(), issuer.stop()]));

  const ask = async (
    handler: typeof staff, routeKey: string, authorization: string | undefined, more: { params?: Readonly<Record<string, string>>; body?: object; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<APIGatewayProxyStructuredResultV2> => {
    const [method = "GET", template = "/"] = routeKey.split(" ");
    const rawPath = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => more.params?.[name] ?? "");
    const event = {
      version: "2.0", routeKey, rawPath, rawQueryString: "", headers: { ...(authorization !== undefined && { authorization }), ...(more.body && { "content-type": "application/json" }), ...more.headers }, isBase64Encoded: false,
      ...(more.params && { pathParameters: more.params }), ...(more.body && { body: JSON.stringify(more.body) }),
      requestContext: { routeKey, requestId: "r", http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "203.0.113.7", userAgent: "test" } },
    } as unknown as APIGatewayProxyEventV2; // the fields that our code reads
    return handler(event, {} as Context);
  };
  const me = (token: string): Promise<APIGatewayProxyStructuredResultV2> => ask(staff, "GET /staff/me", `Bearer ${token}`);

  it("believes a good token behind the gateway", async () => {
    expect(await me(issuer.token({ sub: subOfAdmin }))).toMatchObject({ statusCode: 200 });
  });

  it("checks every token again, whatever the gateway let through", async () => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { sub: subOfAdmin };
    const hostile: Record<string, string> = {
      "no end": issuer.token({ ...claims, exp: undefined }), "over": issuer.token({ ...claims, exp: now - 1 }), "issued ahead": issuer.token({ ...claims, iat: now + 400 }), "not yet": issuer.token({ ...claims, nbf: now + 400 }),
      "critical": issuer.token(claims, { crit: ["x"] }), "unsigned": unsigned({ alg: "none", kid: "first" }, issuer.claims(claims)), "other key": signed(issuer.otherKey, '{"alg":"RS256","kid":"first"}', JSON.stringify(issuer.claims(claims))),
      "unknown key": issuer.token(claims, { kid: "x" }), "other app": issuer.token({ ...claims, client_id: "x" }), "other issuer": issuer.token({ ...claims, iss: "https://x.example" }), "ID token": issuer.token({ ...claims, token_use: "id" }),
      "twice": issuer.raw('{"alg":"RS256","kid":"first"}', `{"exp":1,${JSON.stringify(issuer.claims(claims)).slice(1)}`), "no sign-in": issuer.token({ ...claims, auth_time: undefined }), "nobody": issuer.token({ sub: "nobody" }),
    };
    const bodies = new Set<string>();
    for (const [what, token] of Object.entries(hostile)) {
      const answer = await me(token);
      expect(answer.statusCode, what).toBe(401);
      expect(answer.headers?.["www-authenticate"]).toBe("Bearer");
      bodies.add(answer.body?.replace(/req_\w+/, "") ?? "");
    }
    for (const authorization of [undefined, "", "Bearer", "Bearer ", issuer.token(claims), `Basic ${issuer.token(claims)}`, `Bearer ${issuer.token(claims)}, Bearer x`, `Bearer  ${issuer.token(claims)}`]) {
      const answer = await ask(staff, "GET /staff/me", authorization);
      expect(answer.statusCode, authorization).toBe(401);
      bodies.add(answer.body?.replace(/req_\w+/, "") ?? "");
    }
    expect(bodies.size, "the answer says what was wrong").toBe(1);
  });

  it.each(["up", "down"] as const)("refuses 200 unknown keys at once, while the key endpoint is %s, and asks it a few times at most", async (mode) => {
    const other = await startTestIssuer(appClient);
    const handler = composeStaffApi({ ...config, STAFF_ISSUER: other.issuer }, surroundings);
    const ask200 = async () => { for (let round = 0; round < 200; round++) expect((await ask(handler, "GET /staff/me", `Bearer ${other.token({ sub: subOfAdmin }, { kid: `invented-${round}` })}`)).statusCode).toBe(401); };
    try {
      // Down from the start, and down behind a fetch that went well.
      for (const known of [false, true]) {
        other.mode = known ? "up" : mode;
        if (known) {
          await sleep(1100);
          expect((await ask(handler, "GET /staff/me", `Bearer ${other.token({ sub: subOfAdmin })}`)).statusCode).toBe(200);
          other.mode = mode;
        }
        const start = Date.now();
        other.fetches = 0;
        await ask200();
        const seconds = (Date.now() - start) / 1000;
        expect(other.fetches).toBeLessThanOrEqual(1 + (known ? seconds / 10 : seconds));
        // Each is answered with a record in the table behind it.
        expect(seconds).toBeLessThan(20);
      }
      expect((await ask(handler, "GET /staff/me", `Bearer ${other.token({ sub: subOfAdmin })}`)).statusCode).toBe(200);
    } finally {
      await other.stop();
    }
  }, 120_000);

  describe("when the user pool does not answer", () => {
    let silent = false;
    let handler: typeof staff;
    beforeAll(() => {
      interface Stack { add(middleware: (next: (args: object) => Promise<object>) => (args: object) => Promise<object>, options: { step: "initialize"; name: string }): void }
      handler = composeStaffApi(config, { ...surroundings, watch: (it) => {
        if (!(it instanceof CognitoIdentityProviderClient)) return;
        (it.middlewareStack as unknown as Stack).add((next) => (args) => (silent ? Promise.reject(Object.assign(new Error("no"), { name: "TooManyRequestsException", $fault: "client" })) : next(args)), { step: "initialize", name: "silence" });
      } });
    });
    const pool = new CognitoIdentityProviderClient({});
    afterAll(() => pool.destroy());

    it.each(["staff", "client"] as const)("a suspension in the %s pool is 503 and says that the door is shut already, which it is; repeating it takes the pool along", async (kind) => {
      const person = kind === "staff" ? await firm.inviteMember("adviser") : await firm.inviteContact(clientId);
      const [own, template, param] = kind === "staff" ? ["/staff/me", "/staff/members/{memberId}", "memberId"] : ["/client/me", "/staff/contacts/{contactId}", "contactId"];
      const suspend = async (suspended: boolean) => {
        const etag = etagOf(await firm.admin.call("GET", template.replace(/\{\w+\}/, person.id)));
        return ask(handler, `PATCH ${template}`, `Bearer ${issuer.token({ sub: subOfAdmin })}`, { params: { [param]: person.id }, body: { suspended }, headers: { "if-match": etag } });
      };
      const enabled = async () => (await pool.send(new AdminGetUserCommand({ UserPoolId: firm.pools[kind].userPoolId, Username: person.email }))).Enabled;
      expect((await person.call("GET", own)).status).toBe(200);

      silent = true;
      const answer = await suspend(true);
      expect(answer).toMatchObject({ statusCode: 503, headers: { "retry-after": "5" } });
      expect(JSON.parse(answer.body ?? "")).toMatchObject({ code: "unavailable", detail: expect.stringMatching(/shut out already.*repeat/) });
      expect((await person.call("GET", own)).status).toBe(401);
      expect(await enabled()).toBe(true);

      silent = false;
      expect((await suspend(true)).statusCode).toBe(200);
      expect(await enabled()).toBe(false);
      expect((await person.call("GET", own)).status).toBe(401);

      silent = true;
      const lifted = await suspend(false);
      expect(lifted.statusCode).toBe(503);
      expect(JSON.parse(lifted.body ?? "").detail).toMatch(/lifted already/);
      silent = false;
      expect((await suspend(false)).statusCode).toBe(200);
      expect(await enabled()).toBe(true);
      expect((await person.call("GET", own)).status).toBe(200);
    });

    it("a suspension whose answer was 503 stands in the register once, as done, and so does its repetition", async () => {
      const person = await firm.inviteMember("assistant");
      const suspend = async () => ask(handler, "PATCH /staff/members/{memberId}", `Bearer ${issuer.token({ sub: subOfAdmin })}`, {
        params: { memberId: person.id }, body: { suspended: true }, headers: { "if-match": etagOf(await firm.admin.call("GET", `/staff/members/${person.id}`)) },
      });
      silent = true;
      expect((await suspend()).statusCode).toBe(503);
      silent = false;
      expect((await suspend()).statusCode).toBe(200);
      await firm.settle();
      const events = (await expectOk(firm.admin.call("GET", "/staff/audit?limit=100"))).items.filter((it: { action: string; resource: { memberId?: string } }) => it.action === "members.change" && it.resource.memberId === person.id);
      expect(events.map((it: { result: string }) => it.result)).toEqual(["granted", "granted"]);
    });
  });

  it("knows a subject by its pool alone: the administrator's is nobody's among the clients", async () => {
    expect(await ask(client, "GET /client/me", `Bearer ${issuer.token({ sub: subOfAdmin })}`)).toMatchObject({ statusCode: 401 });
  });

  it("believes no claim about who somebody is", async () => {
    const member = await firm.inviteMember("assistant");
    const { sub } = JSON.parse(Buffer.from(member.token.split(".")[1] ?? "", "base64url").toString()) as { sub: string };
    const token = issuer.token({ sub, role: "admin", "custom:role": "admin", "cognito:groups": ["admin"], memberId: firm.admin.id });
    expect(JSON.parse((await me(token)).body ?? "{}")).toMatchObject({ memberId: member.id, role: "assistant" });
    expect((await ask(staff, "POST /staff/members", `Bearer ${token}`, { body: { email: "x@firm.example", name: "X", role: "admin" } })).statusCode).toBe(403);
  });

  it("ends a renewed token too: what counts is when its holder signed in", async () => {
    const member = await firm.inviteMember("assistant");
    const { sub } = JSON.parse(Buffer.from(member.token.split(".")[1] ?? "", "base64url").toString()) as { sub: string };
    const signedIn = Math.floor(Date.now() / 1000) - 10;
    await expectOk(firm.admin.call("POST", `/staff/members/${member.id}/sign-out`));
    const later = Math.floor(Date.now() / 1000) + 5;
    expect((await me(issuer.token({ sub, auth_time: signedIn, iat: later }))).statusCode).toBe(401);
    expect((await me(issuer.token({ sub, auth_time: later, iat: later }))).statusCode).toBe(200);
  });

  it("does not answer for a route of another audience that reaches it by mistake", async () => {
    expect((await ask(staff, "GET /client/me", `Bearer ${issuer.token({ sub: subOfAdmin })}`)).statusCode).not.toBe(200);
    expect((await ask(client, "GET /staff/me", `Bearer ${issuer.token({ sub: subOfAdmin })}`)).statusCode).not.toBe(200);
  });
});
