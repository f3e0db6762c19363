import { CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { accountsIn } from "../../lib/adapters/cognito.ts";
import { Refusal } from "../../lib/domain/refusal.ts";
import type { Accounts } from "../../lib/usecases/ports.ts";

interface Call { readonly action: string; readonly input: Record<string, unknown> }
type Reply = { readonly body?: object; readonly error?: string; readonly status?: number };

/** What Cognito says on the wire, as a test wants it: the emulator knows no providers and never fails. */
describe("the accounts of a pool", () => {
  let server: Server;
  let client: CognitoIdentityProviderClient;
  let calls: Call[];
  let replies: Record<string, (input: Record<string, unknown>) => Reply>;
  const provider = "Entra";
  const attributes = (identities?: object[]) => [{ Name: "sub", Value: "the-sub" }, { Name: "email", Value: "marta@firm.example" }, ...(identities ? [{ Name: "identities", Value: JSON.stringify(identities) }] : [])];
  const linked = [{ userId: "m-1", providerName: provider, providerType: "SAML", issuer: null, primary: false, dateCreated: 1 }];

  beforeEach(async () => {
    calls = [];
    replies = {
      AdminCreateUser: () => ({ body: { User: { Username: "the-username", Attributes: attributes() } } }),
      AdminGetUser: () => ({ body: { Username: "the-username", UserAttributes: attributes() } }),
    };
    server = createServer((incoming, outgoing) => {
      let text = "";
      incoming.on("data", (part) => { text += String(part); }).on("end", () => {
        const action = String(incoming.headers["x-amz-target"]).split(".")[1] ?? "";
        const input = JSON.parse(text) as Record<string, unknown>;
        calls.push({ action, input });
        const { body = {}, error, status = error ? 400 : 200 } = replies[action]?.(input) ?? {};
        outgoing.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(error ? { __type: error, message: "no" } : body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    client = new CognitoIdentityProviderClient({
      region: "eu-west-1", endpoint: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`, credentials: { accessKeyId: "a", secretAccessKey: "b" }, maxAttempts: 1,
    });
  });
  afterEach(() => new Promise<void>((resolve) => { client.destroy(); server.closeAllConnections(); server.close(() => { resolve(); }); }));

  const accounts = (withProvider = true): Accounts =>
    accountsIn(client, { staff: { userPoolId: "staff-pool", firstPassword: "temporary", ...(withProvider && { provider }) }, client: { userPoolId: "client-pool", firstPassword: "none" } });
  const actions = (): string[] => calls.map((it) => it.action);
  const refusalOf = async (run: Promise<unknown>): Promise<string> => {
    const error = await run.then(() => null, (thrown: unknown) => thrown);
    return error instanceof Refusal ? error.code : error instanceof Error ? `not a refusal: ${error.name}` : "nothing was thrown";
  };

  describe("of a firm whose staff come through a provider of their own", () => {
    it("link whoever is invited by the address that the provider will say, to the user under the name that the pool gave it", async () => {
      expect(await accounts().create("staff", "marta@firm.example", "first")).toEqual({ sub: "the-sub" });
      expect(actions()).toEqual(["AdminCreateUser", "AdminLinkProviderForUser"]);
      expect(calls[1]?.input).toEqual({
        UserPoolId: "staff-pool", DestinationUser: { ProviderName: "Cognito", ProviderAttributeValue: "the-username" },
        SourceUser: { ProviderName: provider, ProviderAttributeName: "email", ProviderAttributeValue: "marta@firm.example" },
      });
    });
    it("go on after a crash between user and link", async () => {
      replies["AdminCreateUser"] = () => ({ error: "UsernameExistsException" });
      expect(await accounts().create("staff", "marta@firm.example", "first")).toEqual({ sub: "the-sub" });
      expect(actions()).toEqual(["AdminCreateUser", "AdminGetUser", "AdminLinkProviderForUser"]);
    });
    it("go on after a crash behind the link, without linking twice", async () => {
      replies["AdminCreateUser"] = () => ({ error: "UsernameExistsException" });
      replies["AdminGetUser"] = () => ({ body: { Username: "the-username", UserAttributes: attributes(linked) } });
      expect(await accounts().create("staff", "marta@firm.example", "first")).toEqual({ sub: "the-sub" });
      expect(actions()).toEqual(["AdminCreateUser", "AdminGetUser"]);
    });
    it("take a link for made when Cognito refuses it and has made it all the same", async () => {
      replies["AdminLinkProviderForUser"] = () => ({ error: "InvalidParameterException" });
      replies["AdminGetUser"] = () => ({ body: { Username: "the-username", UserAttributes: attributes(linked) } });
      expect(await accounts().create("staff", "marta@firm.example", "first")).toEqual({ sub: "the-sub" });
    });
    it("link again where another provider stands, which the firm had before", async () => {
      replies["AdminCreateUser"] = () => ({ error: "UsernameExistsException" });
      replies["AdminGetUser"] = () => ({ body: { Username: "the-username", UserAttributes: attributes([{ ...linked[0], providerName: "Before" }]) } });
      await accounts().create("staff", "marta@firm.example", null);
      expect(actions()).toContain("AdminLinkProviderForUser");
    });
    it.each(["InvalidParameterException", "AliasExistsException"])("refuse as a conflict, and never as done, somebody who cannot be linked: %s", async (error) => {
      replies["AdminLinkProviderForUser"] = () => ({ error });
      expect(await refusalOf(accounts().create("staff", "marta@firm.example", "first"))).toBe("conflict");
      replies["AdminGetUser"] = () => ({ body: { Username: "the-username", UserAttributes: attributes([{ ...linked[0], providerName: "Entra2" }]) } });
      expect(await refusalOf(accounts().create("staff", "marta@firm.example", "first"))).toBe("conflict");
    });
    it("leave what is our own fault a bug: a provider that the pool does not know, a right that is missing", async () => {
      for (const error of ["ResourceNotFoundException", "NotAuthorizedException", "AccessDeniedException"]) {
        replies["AdminLinkProviderForUser"] = () => ({ error });
        expect(await refusalOf(accounts().create("staff", "marta@firm.example", "first"))).toBe(`not a refusal: ${error}`);
      }
    });
    it("never link a client", async () => {
      await accounts().create("client", "ana@client.example", null);
      expect(actions()).not.toContain("AdminLinkProviderForUser");
    });
    it("end the user, and so every way in, when somebody is suspended or signed out", async () => {
      await accounts().setEnabled("staff", "marta@firm.example", false);
      await accounts().signOut("staff", "marta@firm.example");
      expect(calls).toEqual(["AdminDisableUser", "AdminUserGlobalSignOut"].map((action) => ({ action, input: { UserPoolId: "staff-pool", Username: "marta@firm.example" } })));
    });
  });

  // ChangePassword takes an access token alone from whoever has no password: a first one would be a sign-in for ever.
  it("of clients have a password that nobody knows, and another after each sign-out", async () => {
    const it = accounts();
    await it.create("client", "ana@client.example", null);
    replies["AdminCreateUser"] = () => ({ error: "UsernameExistsException" });
    await it.create("client", "ana@client.example", null);
    await it.signOut("client", "ana@client.example");
    const key = { UserPoolId: "client-pool", Username: "ana@client.example" };
    const locked = { action: "AdminSetUserPassword", input: { ...key, Password: expect.stringMatching(/^[\w-]{64}$/), Permanent: true } };
    expect(calls.filter((call) => call.action !== "AdminCreateUser" && call.action !== "AdminGetUser")).toEqual([locked, locked, locked, { action: "AdminUserGlobalSignOut", input: key }]);
    expect(new Set(calls.flatMap((call) => call.input["Password"] ?? [])).size).toBe(3);
    calls = [];
    await it.signOut("staff", "marta@firm.example");
    expect(actions()).toEqual(["AdminUserGlobalSignOut"]);
  });

  it("of any other firm link nobody", async () => {
    await accounts(false).create("staff", "marta@firm.example", "first");
    expect(actions()).toEqual(["AdminCreateUser"]);
    expect(calls[0]?.input).toMatchObject({ MessageAction: "SUPPRESS", TemporaryPassword: "first" });
  });

  describe("that do not answer", () => {
    const every: readonly (readonly [string, (it: Accounts) => Promise<unknown>])[] = [
      ["AdminCreateUser", (it) => it.create("staff", "a@firm.example", "first")], ["AdminLinkProviderForUser", (it) => it.create("staff", "a@firm.example", "first")],
      ["AdminDisableUser", (it) => it.setEnabled("staff", "a@firm.example", false)], ["AdminEnableUser", (it) => it.setEnabled("client", "a@client.example", true)], ["AdminUserGlobalSignOut", (it) => it.signOut("staff", "a@firm.example")],
    ];
    it.each(every)("are unavailable, whether too busy or broken: %s", async (action, run) => {
      for (const reply of [{ error: "TooManyRequestsException" }, { error: "InternalErrorException", status: 500 }, { error: "ServiceUnavailable", status: 503 }, { error: "ThrottlingException" }]) {
        replies[action] = () => reply;
        expect(await refusalOf(run(accounts())), JSON.stringify(reply)).toBe("unavailable");
      }
    });
    it.each(every)("are unavailable when nobody listens: %s", async (_, run) => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
      expect(await refusalOf(run(accounts()))).toBe("unavailable");
      server.listen(0);
    });
    it("are unavailable when asked whether somebody is there already", async () => {
      replies["AdminCreateUser"] = () => ({ error: "UsernameExistsException" });
      replies["AdminGetUser"] = () => ({ error: "InternalErrorException", status: 500 });
      expect(await refusalOf(accounts().create("staff", "a@firm.example", "first"))).toBe("unavailable");
    });
  });
});
