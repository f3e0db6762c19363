import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk, type Answer } from "../../local/caller.ts";
import { mailsTo } from "../../local/people.ts";
import { newId, type Kind } from "../../lib/domain/ids.ts";
import { routeNames, routes, type RouteName } from "../../lib/http/routes.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";

interface RawAnswer { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string; readonly body: any } // eslint-disable-line @typescript-eslint/no-explicit-any -- what an API answers

const securityHeaders = {
  "cache-control": "no-store", "content-security-policy": "default-src 'none'; frame-ancestors 'none'", "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000; includeSubDomains", "x-content-type-options": "nosniff", "x-request-id": expect.stringMatching(/^req_[0-9a-z]{26}$/) as unknown,
} as const;

describe("what callers send", () => {
  let firm: TestFirm;
  let contact: Person;
  let ids: Readonly<Record<string, string>>;
  beforeAll(async () => {
    firm = await startTestFirm();
    const clientId = await firm.createClient();
    contact = await firm.inviteContact(clientId);
    const caseId = await firm.createCase(clientId);
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { clientId }, resource: {}, level: "read" }));
    // Others than those who call: some of these requests are good ones, and sign their person out.
    const [member, someone] = [await firm.inviteMember("assistant"), await firm.inviteContact(clientId)];
    ids = { clientId, caseId, contactId: someone.id, memberId: member.id };
  });
  afterAll(() => firm.stop());

  const other: Readonly<Record<string, Kind>> = { folderId: "folder", documentId: "document", versionId: "version", grantId: "grant", shareId: "share", recipientId: "recipient" };
  const pathOf = (name: RouteName): string => routes[name].path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => ids[parameter] ?? newId(other[parameter] ?? "case", new Date()));
  const tokenFor = (name: RouteName): string => (routes[name].audience === "client" ? contact.token : firm.admin.token);

  /** HTTP as it is on the wire: any method, a body with GET, any bytes. */
  const send = (method: string, path: string, { body, headers = {} }: { body?: string | Buffer | undefined; headers?: Readonly<Record<string, string>> } = {}): Promise<RawAnswer> =>
    new Promise((resolve, reject) => {
      const outgoing = httpRequest({ host: "127.0.0.1", port: new URL(firm.api).port, path, method, headers: { ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }), ...headers } }, (incoming) => {
        const parts: Buffer[] = [];
        incoming.on("data", (part: Buffer) => parts.push(part)).on("error", reject).on("end", () => {
          const text = Buffer.concat(parts).toString("utf8");
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, body: text.startsWith("{") ? JSON.parse(text) : null });
        });
      });
      outgoing.on("error", reject).end(body);
    });
  const sendTo = (name: RouteName, body: string | Buffer | undefined, more: { type?: string | null; query?: string; headers?: Readonly<Record<string, string>> } = {}): Promise<RawAnswer> =>
    send(routes[name].method, `${pathOf(name)}${more.query ?? ""}`, {
      body, headers: { authorization: `Bearer ${tokenFor(name)}`, "if-match": '"1"', ...(more.type !== null && { "content-type": more.type ?? "application/json" }), ...more.headers },
    });

  const ours = routeNames.filter((it) => routes[it].audience === "staff" || routes[it].audience === "client");
  const reading = ours.filter((it) => routes[it].method === "GET");
  const bad = (answer: RawAnswer, path?: string): void => {
    expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request", status: 400, type: "about:blank" } });
    expect(answer.headers).toMatchObject(securityHeaders);
    if (path !== undefined) expect(answer.body.errors.map((it: { path: string }) => it.path)).toContain(path);
  };

  it("refuses on the wire what test/http/requests.test.ts refuses for every route", async () => {
    bad(await sendTo("clients.create", "{"), "body");
    bad(await sendTo("clients.create", "\ufeff{}"), "body");
    bad(await sendTo("clients.create", Buffer.from([0x7b, 0x22, 0xff, 0x22])), "body");
    expect(await sendTo("clients.create", "{}", { type: "text/plain" })).toMatchObject({ status: 415, body: { code: "unsupported_media_type" } });
    bad(await sendTo("clients.create", '{"name":"A","zz":1}'), "body.zz");
    bad(await sendTo("clients.create", '{"name":"A","__proto__":{"admin":true}}'), "body.__proto__");
    bad(await sendTo("clients.create", '{"name":"\\ud800"}'), "body.name");
    bad(await sendTo("clients.create", `{"name":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, { headers: { "idempotency-key": "deep" } }), "body.name");
  });

  describe.each(reading)("%s", (name) => {
    it("answers HEAD as GET, without the body", async () => {
      const query = name === "statistics.access" ? "?groupBy=client" : "";
      const [get, head] = [await sendTo(name, undefined, { query }), await send("HEAD", `${pathOf(name)}${query}`, { headers: { authorization: `Bearer ${tokenFor(name)}` } })];
      const compared = ({ status, headers: { date: _date, "x-request-id": _id, "content-length": _length, "transfer-encoding": _encoding, ...headers } }: RawAnswer) => ({ status, headers });
      expect(compared(head)).toEqual(compared(get));
      expect(head.text).toBe("");
      expect(get.headers).toMatchObject(securityHeaders);
    });
  });

  const lists = ["/staff/members", "/staff/clients", "/staff/collaborators", "/staff/cases", "/staff/audit"];
  it.each(lists)("refuses sizes of a page and cursors that are none: %s", async (path) => {
    const get = (query: string): Promise<RawAnswer> => send("GET", `${path}${query}`, { headers: { authorization: `Bearer ${firm.admin.token}` } });
    for (const limit of ["0", "101", "abc", "-1", "1.0", "1e1", "", "%2050", "0x10", "01", "9".repeat(400), "%00", "Infinity"]) bad(await get(`?limit=${limit}`), "query.limit");
    for (const cursor of ["", "a", "e30", "null", "%00", "A".repeat(100), "A".repeat(5000), "%F0%9F%98%80", Buffer.from('{"pk":"x","sk":"y"}').toString("base64url")]) bad(await get(`?cursor=${cursor}`), "query.cursor");
    for (const limit of ["1", "9", "10", "99", "100"]) expect((await get(`?limit=${limit}`)).status).toBe(200);
  });

  it("refuses filters that are none", async () => {
    const get = (path: string): Promise<RawAnswer> => send("GET", path, { headers: { authorization: `Bearer ${firm.admin.token}` } });
    for (const [query, field] of [
      ["status=done", "status"], ["status=", "status"], ["clientId=x", "clientId"], [`clientId=${ids["caseId"]}`, "clientId"], ["adviserId=mem_1", "adviserId"], ["q=", "q"], ["q=%00", "q"], [`q=${"a".repeat(101)}`, "q"], ["q=%E2%80%AE", "q"],
    ] as const) bad(await get(`/staff/cases?${query}`), `query.${field}`);
    for (const [query, field] of [
      ["from=yesterday", "from"], ["from=2026-01-01", "from"], ["to=2026-13-01T00:00:00.000Z", "to"], ["result=maybe", "result"], ["documentId=doc_", "documentId"], ["from=2027-01-01T00:00:00.000Z&to=2026-01-01T00:00:00.000Z", "from"],
      ["to=0000-01-01T00:00:00.000Z", "to"], ["from=0000-01-01T00:00:00.000Z&to=0000-01-02T00:00:00.000Z", "from"],
    ] as const) bad(await get(`/staff/audit?${query}`), `query.${field}`);
    for (const query of ["", "groupBy=person", "groupBy=client&from=2026-00", "groupBy=client&from=2026-12&to=2026-01", "groupBy=client&from=2020-01&to=2026-01", "groupBy=client&from=20261-1"]) bad(await get(`/staff/stats/access?${query}`));
  });

  describe("names", () => {
    const create = (name: string): Promise<RawAnswer> => sendTo("folders.create", `{"name":"${name}"}`);
    it.each([
      ["a path up", "../etc/passwd"], ["a slash", "a/b"], ["a backslash", "a\\\\b"], ["two dots", ".."], ["one dot", "."], ["a carriage return", "a\\rb"], ["a line feed", "a\\nSet-Cookie: x"], ["nothing", ""], ["spaces alone", "   "], ["a zero", "a\\u0000b"],
      ["a mark that turns letters round", "fac\\u202efdp.exe"], ["an isolate", "a\\u2066b"], ["a zero-width space", "a\\u200bb"], ["a byte order mark", "a\\ufeffb"], ["half of a pair", "a\\ud800"], ["the other half", "\\udc00a"], ["halves the wrong way round", "\\udc00\\ud800"],
      ["251 letters", "a".repeat(251)], ["10,000 letters", "a".repeat(10_000)], ["an escape", "a\\u001b[31m"], ["a soft hyphen", "in\\u00advoice"], ["a tab", "a\\tb"], ["a line separator", "a\\u2028b"], ["a letter that is not seen", "\\u3164"], ["a tag", "a\\udb40\\udc41"],
    ])("that hold %s are refused", async (_, name) => bad(await create(name), "body.name"));

    it.each([
      ["quotes", `"'«»“”‘’\``], ["markup", "<script>alert(1)</script>.pdf".replaceAll("/", "")], ["a percent sign and an escape of the web", "%2e%2e%2f%0d%0a"], ["250 letters", "ñ".repeat(250)], ["250 faces", "😀".repeat(250)], ["Arabic", "عقد الإيجار"],
      ["Persian with its joiner", "می\u200cخواهم"], ["Chinese", "合同"], ["a family of emoji", "👨‍👩‍👧"], ["a formula", "=HYPERLINK(1)"], ["a hash", "NAME#root#x"], ["many dots", "...a..."], ["a dollar and braces", "${jndi:x}"], ["a word of JavaScript", "__proto__"],
    ])("that hold %s stay what they are", async (_, name) => {
      const made = await sendTo("folders.create", JSON.stringify({ name }));
      expect(made).toMatchObject({ status: 201, body: { name: name.normalize("NFC") } });
      const listed = await send("GET", `/staff/cases/${ids["caseId"]}/items?limit=100`, { headers: { authorization: `Bearer ${firm.admin.token}` } });
      expect(listed.body.items.filter((it: { folderId: string }) => it.folderId === made.body.folderId)).toMatchObject([{ name: name.normalize("NFC") }]);
    });

    it("are counted in the letters that are kept", async () => {
      // U+1D160 is one letter that NFC writes as three.
      bad(await create("\u{1D160}".repeat(250)), "body.name");
      expect(await sendTo("clients.create", JSON.stringify({ name: "e\u0301".repeat(200) }))).toMatchObject({ status: 201, body: { name: "é".repeat(200) } });
    });
  });

  describe("e-mail addresses", () => {
    const invite = (email: string): Promise<RawAnswer> => sendTo("collaborators.invite", JSON.stringify({ email, name: "X" }));
    it.each([
      "a@b", "a b@c.example", "a@b.example\r\nBcc: x@y.example", "a@b.example\n", "\na@b.example", "a@b.example,c@d.example", "a@b.example;c@d.example", "a@b.example c@d.example", "<a@b.example>", "A <a@b.example>", '"a b"@c.example', "a@b.example(comment)", "a@@b.example",
      "@b.example", "a@", "a@-b.example", "a@b-.example", "a@b..example", "a@.example", "a@b.example.", "a@[127.0.0.1]", "a@ñ.example", "ñ@b.example", "a\u0000@b.example", "a@b.exa\u0000mple", "a\u202e@b.example", `${"a".repeat(65)}@b.example`, `a@${"b".repeat(64)}.example`,
      `${"a".repeat(60)}@${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.exampleexample`, "a%0d%0aBcc:x@b.example", "",
    ])("refuses %j", async (email) => bad(await invite(email), "body.email"));

    it("takes an address of 254 letters and not of 255", async () => {
      const of = (length: number): string => `${"a".repeat(60)}@${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(length - 60 - 1 - 64 - 64 - 8)}.example`;
      expect([of(254).length, of(255).length]).toEqual([254, 255]);
      bad(await invite(of(255)), "body.email");
      expect((await invite(of(254))).status).toBe(201);
    });

    it("is quick to refuse a very long one", async () => {
      const start = Date.now();
      for (const long of ["a".repeat(200_000), `a@${"a.".repeat(100_000)}`, `a@${"a-".repeat(100_000)}!`, `${"a".repeat(64)}@${"a".repeat(100_000)}`]) bad(await invite(long), "body.email");
      expect(Date.now() - start).toBeLessThan(3000);
    });

    it("sends a mail to one person alone, whatever their name is", async () => {
      const email = `one.${Date.now()}@people.example`;
      expect((await sendTo("collaborators.invite", JSON.stringify({ email, name: 'X" <evil@people.example>, "Y' }))).status).toBe(201);
      await firm.settle();
      expect(await mailsTo(firm.mail, email)).toHaveLength(1);
      expect(await mailsTo(firm.mail, "evil@people.example")).toHaveLength(0);
    });
  });

  describe("methods and paths", () => {
    const staff = (method: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> => send(method, path, { headers: { authorization: `Bearer ${firm.admin.token}`, ...headers } });

    it("answers 404 for paths that no route has, with the headers of every answer", async () => {
      for (const path of ["/", "/staff", "/staff/", "/staff/me/", "/staff/nothing", "/client", "/STAFF/me", "/staff//me", "/staff/cases/x/y/z", "/admin", "/.env", "/.git/config", "/s", "/s/a/b/c", "/staff/me/../cases", "/%2e%2e/staff/me", "/staff%2Fme", "/docs/x", "/?a=1"]) {
        const answer = await staff("GET", path);
        expect(answer, path).toMatchObject({ status: 404, body: { code: "not_found", status: 404 } });
        expect(answer.headers).toMatchObject({ ...securityHeaders, "content-type": "application/problem+json; charset=utf-8" });
      }
    });

    it("answers 405 with the methods that a path knows", async () => {
      const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"];
      const paths = [...new Set(routeNames.filter((it) => routes[it].audience !== "share").map((it) => routes[it].path))];
      for (const path of paths) {
        const names = routeNames.filter((it) => routes[it].path === path);
        const [first] = names;
        if (first === undefined) continue;
        // A word where another route takes an id, such as grants/preview, is that route's path too.
        const others = routeNames.filter((it) => new RegExp(`^${routes[it].path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(pathOf(first)));
        const known = new Set<string>([...names, ...others].flatMap((it) => (routes[it].method === "GET" ? ["GET", "HEAD"] : [routes[it].method])));
        for (const method of methods.filter((it) => !known.has(it))) {
          const answer = await send(method, pathOf(first), { headers: { authorization: `Bearer ${tokenFor(first)}` } });
          expect(answer.status, `${method} ${path}`).toBe(405);
          expect(new Set((answer.headers.allow ?? "").split(", ")), `${method} ${path}`).toEqual(known);
          expect(answer.headers).toMatchObject(securityHeaders);
          if (method !== "HEAD") expect(answer.body).toMatchObject({ code: "method_not_allowed", status: 405 });
          expect(answer.text).not.toContain(firm.admin.token);
        }
      }
    });

    it("does what the method says, not what a header says", async () => {
      for (const name of ["x-http-method-override", "x-http-method", "x-method-override"]) {
        const answer = await staff("GET", "/staff/me", { [name]: "DELETE" });
        expect(answer).toMatchObject({ status: 200, body: { memberId: firm.admin.id } });
        expect(await staff("POST", "/staff/me", { [name]: "GET" })).toMatchObject({ status: 405 });
      }
    });

    it("does not tell who is behind it, and opens itself to no other origin", async () => {
      const answer = await staff("GET", "/staff/me", { origin: "https://evil.example" });
      for (const name of ["server", "x-powered-by", "access-control-allow-origin"]) expect(answer.headers[name]).toBeUndefined();
    });

    it("takes its identity from the token, and the register its address from the connection, whatever headers claim", async () => {
      const forged = { "x-forwarded-for": "198.51.100.1", "forwarded": "for=198.51.100.2", "x-real-ip": "198.51.100.3", "x-user-id": "mem_x", "x-amzn-oidc-identity": "mem_x", "x-request-id": "req_forged", "user-agent": "A browser" };
      const answer = await staff("GET", "/staff/me", forged);
      expect(answer.body.memberId).toBe(firm.admin.id);
      expect(answer.headers["x-request-id"]).not.toBe("req_forged");
      const events: Answer = await firm.admin.call("GET", "/staff/audit?limit=100");
      const [event] = events.body.items.filter((it: { requestId: string }) => it.requestId === answer.headers["x-request-id"]);
      expect(event).toMatchObject({ action: "me.read", who: { kind: "member", id: firm.admin.id }, source: { ip: expect.stringMatching(/127\.0\.0\.1$/) as unknown, userAgent: "A browser" } });
      expect(JSON.stringify(events.body)).not.toContain("198.51.100");
    });

    it("gives every refusal an id, and the register says why", async () => {
      const refusals = [await staff("GET", "/staff/me?zz=1"), await staff("GET", `/staff/cases/${newId("case", new Date())}`), await staff("GET", "/staff/nothing"), await staff("PUT", "/staff/me"), await sendTo("clients.create", "{}", { type: "text/plain" }), await sendTo("clients.create", "{")];
      const { body } = await firm.admin.call("GET", "/staff/audit?limit=100&result=refused");
      for (const answer of refusals) {
        expect(answer.body.instance).toBe(`urn:request:${String(answer.headers["x-request-id"])}`);
        const events = body.items.filter((it: { requestId: string }) => it.requestId === answer.headers["x-request-id"]);
        expect(events).toMatchObject([{ result: "refused", reason: answer.body.code }]);
      }
    });

    it("keeps the gateway's own refusal to itself: no code of ours ran", async () => {
      const answer = await send("GET", "/staff/me");
      expect(answer).toMatchObject({ status: 401, body: { message: "Unauthorized" } });
    });
  });
});
