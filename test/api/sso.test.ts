import { AdminGetUserCommand, CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";
import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { expectOk, callerOf } from "../../local/caller.ts";
import { mailsTo, passwordIn, signIn } from "../../local/people.ts";
import { composeFirstAdministrator, composeStaffApi, composeStaffLinking, type AwsClient, type Surroundings } from "../../lib/compose.ts";
import { firmProfile } from "../../lib/domain/firm.ts";
import { startTestIssuer, type TestIssuer } from "../adapters/issuer.ts";
import { startTestFirm, type TestFirm } from "./firm.ts";

/**
 * A firm whose staff come through a provider of their own. The table, the pool's users and our code are real; the links, which the emulator
 * does not know, are kept here as Cognito keeps them, and tokens are those of a hosted sign-in, signed by an issuer of our own.
 */
type Next = (args: { input: Record<string, unknown> }) => Promise<{ output: object; response: object }>;
interface Stack { add(middleware: (next: Next, context: { commandName?: string }) => Next, options: { step: "initialize"; name: string }): void }
type Moment = "before the link" | "after the link";
interface Link { readonly user: string; readonly provider: string; readonly email: string }

const provider = "Entra";
let serial = 0;
const fresh = (): string => `linked${++serial}.${Date.now()}@firm.example`;
const subOf = (token: string): string => (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { sub: string }).sub;

describe("a firm whose staff come through a provider of their own", () => {
  let firm: TestFirm;
  let issuer: TestIssuer;
  let staff: ReturnType<typeof composeStaffApi>;
  let admin: string;
  let around: Surroundings;
  let config: Parameters<typeof composeStaffApi>[0];
  const links: Link[] = [];
  let crash: Moment | null = null;
  let silent: string | null = null;
  let refused: string | null = null;

  /** What Cognito does about providers, in front of the emulator, which does the rest. */
  const cognito = (client: AwsClient): void => {
    // The kinds of client share this method but not its type.
    (client.middlewareStack as unknown as Stack).add((next, { commandName = "" }) => async (args) => {
      if (commandName === silent) throw Object.assign(new Error("no"), { name: "InternalErrorException", $fault: "server" });
      if (commandName === "AdminLinkProviderForUserCommand") {
        if (crash === "before the link") throw new Error("The process is gone.");
        const { DestinationUser, SourceUser } = args.input as { DestinationUser: { ProviderAttributeValue: string }; SourceUser: { ProviderName: string; ProviderAttributeValue: string } };
        if (SourceUser.ProviderAttributeValue === refused || links.some((it) => it.email === SourceUser.ProviderAttributeValue)) throw Object.assign(new Error("no"), { name: "InvalidParameterException", $fault: "client" });
        links.push({ user: DestinationUser.ProviderAttributeValue, provider: SourceUser.ProviderName, email: SourceUser.ProviderAttributeValue });
        if (crash === "after the link") throw new Error("The process is gone.");
        return { output: {}, response: {} };
      }
      const answer = await next(args);
      if (commandName !== "AdminGetUserCommand") return answer;
      const output = answer.output as { Username: string; UserAttributes: { Name: string; Value: string }[] };
      const own = links.filter((it) => it.user === output.Username).map((it) => ({ providerName: it.provider, userId: it.email }));
      return own.length === 0 ? answer : { ...answer, output: { ...output, UserAttributes: [...output.UserAttributes, { Name: "identities", Value: JSON.stringify(own) }] } };
    }, { step: "initialize", name: "providers" });
  };

  beforeAll(async () => {
    firm = await startTestFirm();
    issuer = await startTestIssuer("own-client");
    const name = firm.table.slice("legajo-".length);
    around = { clock: firm.clock, firstPasswords: { staff: "permanent", client: "permanent" }, watch: cognito };
    config = {
      TABLE_NAME: firm.table, BUCKET_NAME: firm.bucket, LINK_KEY_SECRET: `legajo/${name}/link-key`, CURSOR_KEY_SECRET: `legajo/${name}/cursor-key`, FIRM: firmProfile.parse({ name: "F", phone: "1", address: "A" }),
      STAFF_POOL_ID: firm.pools.staff.userPoolId, STAFF_POOL_CLIENT_ID: "own-client", STAFF_ISSUER: issuer.issuer, CLIENT_POOL_ID: firm.pools.client.userPoolId, MALWARE_SCAN: "on", RETENTION_DAYS: 90,
      STAFF_SSO_PROVIDER: provider, STAFF_SSO_CLIENT_ID: "sso-client",
    };
    staff = composeStaffApi(config, around);
    admin = hosted(subOf(firm.admin.token));
  });
  afterAll(async () => {
    await issuer.stop();
    await firm.stop();
  });
  beforeEach(() => { crash = silent = refused = null; });

  /** The access token that Cognito gives after a hosted sign-in, for the user that stands behind it. */
  const hosted = (sub: string, more: object = {}): string =>
    issuer.token({ sub, client_id: "sso-client", scope: "openid", version: 2, username: sub, "cognito:groups": [`pool_${provider}`], auth_time: Math.floor(Date.now() / 1000) - 60, exp: Math.floor(Date.now() / 1000) + 900, ...more });

  const ask = async (token: string, routeKey: string, more: { params?: Record<string, string>; body?: object; headers?: Record<string, string> } = {}) => {
    const [method = "GET", template = "/"] = routeKey.split(" ");
    const rawPath = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => more.params?.[name] ?? "");
    const event = {
      version: "2.0", routeKey, rawPath, rawQueryString: "", headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...more.headers }, isBase64Encoded: false,
      ...(more.params && { pathParameters: more.params }), ...(more.body && { body: JSON.stringify(more.body) }),
      requestContext: { routeKey, requestId: "r", http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "203.0.113.7", userAgent: "test" } },
    } as unknown as APIGatewayProxyEventV2; // the fields that our code reads
    const { statusCode = 0, body = "", headers = {} } = await staff(event, {} as Context);
    return { status: statusCode, body: body === "" ? null : JSON.parse(body), headers };
  };
  const me = (token: string) => ask(token, "GET /staff/me");
  const invite = (email: string, role: "adviser" | "assistant" = "adviser") => ask(admin, "POST /staff/members", { body: { email, name: "Marta", role } });
  const change = async (memberId: string, body: object) => {
    const { body: before } = await ask(admin, "GET /staff/members/{memberId}", { params: { memberId } });
    return ask(admin, "PATCH /staff/members/{memberId}", { params: { memberId }, body, headers: { "if-match": `"${before.etag}"` } });
  };
  const linkOf = (email: string): Link[] => links.filter((it) => it.email === email);
  /** An invited member, and the user under which the provider brings them in. */
  const invited = async () => {
    const email = fresh();
    const { body } = await invite(email);
    return { email, memberId: body.memberId as string, sub: linkOf(email)[0]?.user ?? "" };
  };

  it("links whoever is invited to the user that inviting made, and knows them by it when they come", async () => {
    const email = fresh();
    const answer = await invite(email);
    expect(answer).toMatchObject({ status: 201, body: { email, status: "active" } });
    expect(linkOf(email)).toEqual([{ user: expect.any(String), provider, email }]);
    expect(await me(hosted(linkOf(email)[0]?.user ?? ""))).toMatchObject({ status: 200, body: { memberId: answer.body.memberId, role: "adviser" } });
  });

  it("is one person whichever way they come", async () => {
    const { email, memberId, sub } = await invited();
    const token = await signIn(inject("emulators").cognito, firm.pools.staff, email, await passwordIn(firm.mail, email));
    expect(subOf(token)).toBe(sub);
    expect((await callerOf(firm.api, token)("GET", "/staff/me")).body.memberId).toBe(memberId);
  });

  it("refuses whom the provider lets in and nobody invited, in the words for every stranger", async () => {
    const stranger = await me(hosted("9d3e0a52-0000-4000-8000-00000000000f", { username: `${provider}_m-17`, identities: [{ providerName: provider }] }));
    const nobody = await me("a.b.c");
    expect(stranger.status).toBe(401);
    expect({ ...stranger.body, instance: "" }).toEqual({ ...nobody.body, instance: "" });
    expect((await ask(hosted("9d3e0a52-0000-4000-8000-00000000000f"), "POST /staff/clients", { body: { name: "Mine" } })).status).toBe(401);
  });

  it("believes nothing that the provider says of a person but that they are the user who was invited", async () => {
    const { sub } = await invited();
    expect(await me(hosted(sub, { "cognito:groups": ["admin", `pool_${provider}`], "custom:role": "admin", role: "admin" }))).toMatchObject({ status: 200, body: { role: "adviser" } });
    expect((await me(hosted(sub, { client_id: "third-client" }))).status).toBe(401);
    expect((await me(hosted(sub, { token_use: "id", aud: "sso-client" }))).status).toBe(401);
  });

  it("shuts a suspended person out on the next request, though their provider goes on vouching for them, and in the pool", async () => {
    const { email, memberId, sub } = await invited();
    const pool = new CognitoIdentityProviderClient({});
    const enabled = async () => (await pool.send(new AdminGetUserCommand({ UserPoolId: firm.pools.staff.userPoolId, Username: email }))).Enabled;
    expect((await me(hosted(sub))).status).toBe(200);
    expect(await change(memberId, { suspended: true })).toMatchObject({ status: 200, body: { suspended: true } });
    const now = Math.floor(Date.now() / 1000);
    expect((await me(hosted(sub))).status).toBe(401);
    expect((await me(hosted(sub, { auth_time: now, iat: now }))).status).toBe(401);
    expect(await enabled()).toBe(false);
    expect(await change(memberId, { suspended: false })).toMatchObject({ status: 200 });
    expect(await enabled()).toBe(true);
    pool.destroy();
    expect((await me(hosted(sub))).status).toBe(200);
  });

  it("lets a change of role bite on the next request", async () => {
    const { memberId, sub } = await invited();
    await change(memberId, { role: "admin" });
    expect((await me(hosted(sub))).body).toMatchObject({ role: "admin" });
    await change(memberId, { role: "assistant" });
    expect(await ask(hosted(sub), "POST /staff/members", { body: { email: fresh(), name: "X", role: "admin" } })).toMatchObject({ status: 403, body: { code: "forbidden" } });
  });

  it("ends every sign-in until now, renewed tokens included, and takes the next", async () => {
    const { memberId, sub } = await invited();
    expect((await ask(admin, "POST /staff/members/{memberId}/sign-out", { params: { memberId } })).status).toBe(204);
    const later = Math.floor(Date.now() / 1000) + 5;
    expect((await me(hosted(sub, { iat: later }))).status).toBe(401);
    expect((await me(hosted(sub, { auth_time: later, iat: later }))).status).toBe(200);
  });

  describe("an invitation that is cut off", () => {
    it.each(["before the link", "after the link"] as const)("%s lets nobody in, and is finished by inviting again, with one person, one link and one mail", async (moment) => {
      const email = fresh();
      crash = moment;
      expect((await invite(email)).status).toBe(500);
      const half = linkOf(email)[0]?.user;
      if (half !== undefined) expect((await me(hosted(half))).status).toBe(401);
      crash = null;
      expect(await invite(email, "assistant")).toMatchObject({ status: 201, body: { email, role: "assistant", status: "active" } });
      expect(linkOf(email)).toHaveLength(1);
      if (half !== undefined) expect(linkOf(email)[0]?.user).toBe(half);
      expect(await me(hosted(linkOf(email)[0]?.user ?? ""))).toMatchObject({ status: 200, body: { role: "assistant" } });
      await firm.settle();
      expect(await mailsTo(firm.mail, email)).toHaveLength(1);
      expect((await invite(email)).status).toBe(409);
    });

    it.each(["AdminCreateUserCommand", "AdminLinkProviderForUserCommand"])("because the pool is silent says 503, and is finished by inviting again: %s", async (command) => {
      const email = fresh();
      silent = command;
      expect(await invite(email)).toMatchObject({ status: 503, body: { code: "unavailable" }, headers: { "retry-after": "5" } });
      silent = null;
      expect((await invite(email)).status).toBe(201);
      expect(linkOf(email)).toHaveLength(1);
    });

    it("because somebody came before they were invited says so, lets nobody in, and is finished when their stray user is gone", async () => {
      const email = fresh();
      refused = email;
      expect(await invite(email)).toMatchObject({ status: 409, body: { code: "conflict", detail: expect.stringContaining("docs/deploy.md") } });
      refused = null;
      expect((await invite(email)).status).toBe(201);
    });
  });

  it("links its first administrator too", async () => {
    const email = fresh();
    const member = await composeFirstAdministrator(config, around)({ email, name: "First" });
    expect(linkOf(email)).toHaveLength(1);
    expect((await me(hosted(linkOf(email)[0]?.user ?? ""))).body).toMatchObject({ memberId: member.memberId, role: "admin" });
  });

  it("links who was there before the provider was, all but those whom it does not take, as often as one likes", async () => {
    const [unlinkable, other] = await Promise.all([firm.inviteMember("adviser"), firm.inviteMember("assistant")]);
    refused = unlinkable.email;
    for (let round = 0; round < 2; round++) {
      const { linked, refused: whom } = await composeStaffLinking(config, around)();
      expect(whom).toEqual([refused]);
      expect(linked).toBe((await expectOk(firm.admin.call("GET", "/staff/members?limit=100"))).items.filter((it: { status: string }) => it.status === "active").length - 1);
    }
    expect(linkOf(other.email)).toEqual([{ user: subOf(other.token), provider, email: other.email }]);
    expect((await me(hosted(subOf(other.token)))).body).toMatchObject({ memberId: other.id });
    // Their own way in has not changed.
    expect((await other.call("GET", "/staff/me")).status).toBe(200);
  });
});
