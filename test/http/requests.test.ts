import type { APIGatewayProxyEventV2, Context } from "aws-lambda";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AuditEvent } from "../../lib/domain/event.ts";
import { firmProfile } from "../../lib/domain/firm.ts";
import { newId, type Kind } from "../../lib/domain/ids.ts";
import type { Identity } from "../../lib/domain/people.ts";
import { Refusal } from "../../lib/domain/refusal.ts";
import { jsonApi } from "../../lib/http/api.ts";
import { clientBindings } from "../../lib/http/bindings/client.ts";
import { staffBindings } from "../../lib/http/bindings/staff.ts";
import { routeNames, routes, type RouteName } from "../../lib/http/routes.ts";
import type { Ports } from "../../lib/usecases/ports.ts";

/** Whatever a store is asked, it throws what the test says: what is refused here was refused before anything was read. */
class Touched extends Error {}
let thrown: () => Error = () => new Touched("a store was asked: secret-of-the-store");
const stores = new Proxy({}, { get: (_, name) => new Proxy({}, { get: (__, verb) => () => { throw Object.assign(thrown(), { at: `${String(name)}.${String(verb)}` }); } }) }) as Ports; // answers for every port
const ports: Ports = new Proxy(stores, { get: (target, name, self) => (name === "firm" ? firmProfile.parse({ name: "F", phone: "1", address: "A" }) : name === "malwareScan" ? true : Reflect.get(target, name, self)) }); // as above
const records: AuditEvent[] = [];
let recording: () => void = () => undefined;

const people: Readonly<Record<"staff" | "client", Identity["person"]>> = {
  staff: { kind: "member", memberId: newId("member", new Date()), role: "admin", advisers: [], name: "Ada" },
  client: { kind: "contact", contactId: newId("contact", new Date()), clientIds: [], since: {}, name: "Con", locale: "es" },
};
const deps = {
  verify: async (token: string) => (token.startsWith("good") ? { sub: "s", signedInAt: new Date() } : null), cursorKey: async () => "key", clock: () => new Date(),
  people: { identity: async (pool: "staff" | "client") => ({ sub: "s", suspended: false, tokensValidAfter: "1970-01-01T00:00:00.000Z", person: people[pool] }) as const },
  ledger: {
    async commit() { recording(); return Promise.reject(new Error("Nothing is committed here.")); },
    async record(event: AuditEvent) { recording(); records.push(event); }, async earlier() { return null; },
  },
};
const handlers = {
  staff: jsonApi("staff", staffBindings(ports), deps, ({ person }) => (person.kind === "member" ? person : null)),
  client: jsonApi("client", clientBindings(ports), deps, ({ person }) => (person.kind === "contact" ? person : null)),
};

const kinds: Readonly<Record<string, Kind>> = { memberId: "member", clientId: "client", contactId: "contact", caseId: "case", folderId: "folder", documentId: "document", versionId: "version", grantId: "grant", shareId: "share", recipientId: "recipient", jobId: "job" };
interface Sent { readonly body?: string; readonly type?: string | null; readonly query?: string; readonly headers?: Readonly<Record<string, string>>; readonly base64?: boolean; readonly params?: Readonly<Record<string, string>>; readonly method?: string }
const send = async (name: RouteName, { body, type = "application/json", query = "", headers = {}, base64 = false, params, method = routes[name].method }: Sent = {}) => {
  const names = [...routes[name].path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const pathParameters = params ?? Object.fromEntries(names.map((it) => [it, newId(kinds[it] ?? "case", new Date())]));
  const rawPath = routes[name].path.replaceAll(/\{(\w+)\}/g, (_, it: string) => pathParameters[it] ?? "");
  const routeKey = `${method} ${routes[name].path}`;
  const event = {
    version: "2.0", routeKey, rawPath, rawQueryString: query, pathParameters, isBase64Encoded: base64, ...(body !== undefined && { body }),
    headers: { authorization: "Bearer good.token.x", "if-match": '"1"', ...(type !== null && { "content-type": type }), ...headers },
    requestContext: { routeKey, requestId: "r", http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "203.0.113.7", userAgent: "test" } },
  } as unknown as APIGatewayProxyEventV2; // the fields that our code reads
  const answer = await handlers[routes[name].audience === "client" ? "client" : "staff"](event, {} as Context);
  return { status: answer.statusCode, headers: answer.headers ?? {}, text: answer.body ?? "", body: answer.body ? JSON.parse(answer.body) : null };
};

const ours = routeNames.filter((it) => routes[it].audience === "staff" || routes[it].audience === "client");
const changing = ours.filter((it) => routes[it].method !== "GET");
const fields: Partial<Record<RouteName, readonly string[]>> = {
  "members.invite": ["email", "name", "role", "advisers"], "members.change": ["role", "suspended", "advisers"], "clients.create": ["name", "taxId", "notes"], "clients.change": ["name", "taxId", "notes"], "contacts.invite": ["email", "name", "locale", "phone"],
  "collaborators.invite": ["email", "name", "organisation"], "contacts.change": ["name", "locale", "suspended"], "cases.create": ["clientId", "reference", "title", "adviserId", "team", "restricted"], "cases.change": ["title", "status", "adviserId", "team", "restricted"], "cases.break-glass": ["reason"],
  "timeline.add": ["text", "visibleToClient", "occurredAt"], "folders.create": ["name", "parentId", "inherit"], "folders.change": ["name", "parentId", "inherit"], "folders.restore": ["name", "parentId"], "documents.change": ["name", "folderId"], "documents.restore": ["name", "folderId"], "documents.announce": ["name", "folderId", "contentType", "size", "sha256", "draft"], "documents.download": ["versionId"],
  "versions.announce": ["contentType", "size", "sha256", "draft"], "parts.sign": ["parts"], "versions.complete": ["parts"], "versions.release": ["reason"],
  "client.announce": ["name", "folderId", "contentType", "size", "sha256"], "client.sign-parts": ["parts"], "client.complete": ["parts"], "grants.give": ["principal", "resource", "level", "expiresAt"], "grants.preview": ["principal", "resource", "level", "expiresAt", "revoke", "move", "inherit", "team"], "shares.create": ["folderId", "documentIds", "recipients", "message", "expiresAt", "maxDownloads"],
};
const takingNoBody = ["folders.delete", "documents.delete", "members.sign-out", "contacts.sign-out", "versions.abort", "client.abort", "versions.publish", "grants.revoke", "shares.revoke", "shares.revoke-recipient", "client.download"];

beforeEach(() => {
  records.length = 0;
  thrown = () => new Touched("a store was asked: secret-of-the-store");
  recording = () => undefined;
});

const bad = (answer: Awaited<ReturnType<typeof send>>, path?: string): void => {
  expect(answer).toMatchObject({ status: 400, body: { code: "invalid_request", status: 400, type: "about:blank" } });
  if (path !== undefined) expect(answer.body.errors.map((it: { path: string }) => it.path)).toContain(path);
  expect(records.at(-1)).toMatchObject({ result: "refused", reason: "invalid_request" });
};

it("knows what every route that changes something takes", () => {
  expect(changing.filter((it) => !(it in fields) && !takingNoBody.includes(it))).toEqual([]);
});

describe.each(changing)("%s", (name) => {
  it("refuses what is not JSON", async () => {
    for (const body of ["{", "{'a':1}", '{"a":1,}', "undefined", "NaN", '{"a":01}', "\ufeff{}", "{}{}", "[1", "\u0000", '{"a":"\n"}', "<xml/>", " "]) bad(await send(name, { body }), "body");
    bad(await send(name, { body: Buffer.from([0x7b, 0x22, 0xff, 0x22]).toString("base64"), base64: true }), "body");
  });

  it("refuses a body that does not say that it is JSON", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "application/json; charset=latin1", "application/json; charset=utf-16", "text/plain; application/json", "application/jsonp", "application/merge-patch+json", "", null])
      expect(await send(name, { body: "{}", type }), String(type)).toMatchObject({ status: 415, body: { code: "unsupported_media_type" } });
    for (const type of ["application/json; charset=utf-8", "APPLICATION/JSON;charset=UTF-8"]) bad(await send(name, { body: '{"zz":1}', type }), "body.zz");
  });

  it("refuses fields that it does not know, by their path", async () => {
    for (const key of ["zz", "constructor", "__proto__", "prototype", "toString", "hasOwnProperty", "valueOf", "pk", "sk"])
      for (const value of ['{"admin":true}', "1", "null"]) bad(await send(name, { body: `{${JSON.stringify(key)}:${value}}` }), `body.${key}`);
    expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
  });

  it("refuses a body of another kind", async () => {
    for (const body of ["[]", "null", "1", '"text"', "true", "[{}]", "1e400"]) bad(await send(name, { body }), "body");
  });

  it("refuses query parameters, which it does not have", async () => {
    for (const key of ["zz", "__proto__", "constructor", "limit", "cursor"]) bad(await send(name, { body: "{}", query: `${key}=1` }));
    bad(await send(name, { query: "zz=1" }), "query.zz");
  });

  it("survives a body of a hundred thousand levels, with a key for creating once or without", async () => {
    for (const body of [`${"[".repeat(100_000)}${"]".repeat(100_000)}`, `{"name":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`])
      for (const headers of [{}, { "idempotency-key": "a-key" }]) bad(await send(name, { body, headers }));
  });

  it("refuses values of other types, and says which field", async () => {
    for (const field of fields[name] ?? []) {
      for (const value of ["[]", "{}", "null", "1e400", "-1", "1.5", '""', '"\\u0000"', '"\\ud800"', '["a"]', '{"$gt":""}', `"${"a".repeat(10_000)}"`]) {
        if (field === "resource" && value === "{}") continue; // the whole case
        if (["advisers", "team"].includes(field) && value === "[]") continue; // nobody
        if (["parentId", "folderId"].includes(field) && value === "null" && /change|restore/.test(name)) continue; // the case's root
        if (field === "team" && value === "{}") continue; // a dry run of no change
        const answer = await send(name, { body: `{"${field}":${value}}` });
        bad(answer);
        expect(answer.body.errors.some((it: { path: string }) => it.path === `body.${field}` || it.path.startsWith(`body.${field}.`)), `${field}: ${value.slice(0, 20)}: ${answer.text}`).toBe(true);
      }
    }
  });
});

describe.each(ours)("%s", (name) => {
  it("answers 404 for ids that cannot be ids, with the bytes of an id of nothing", async () => {
    const names = [...routes[name].path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
    const known = Object.fromEntries(names.map((it) => [it, newId(kinds[it] ?? "case", new Date())]));
    const bodies = new Set<string>();
    for (const it of names) {
      const good = known[it] ?? "";
      for (const wrong of ["x", "", "..", `${good}\n`, ` ${good}`, good.toUpperCase(), `${good}#CASE`, good.slice(0, -1), `${good}0`, `${good.slice(0, -1)}u`, "__proto__", "%2e%2e", `evt_${good.slice(4)}`, good.replace("_", "-"), "\u0000"]) {
        const answer = await send(name, { params: { ...known, [it]: wrong } });
        expect(answer, `${it}=${wrong}`).toMatchObject({ status: 404, body: { code: "not_found", errors: [] } });
        bodies.add(answer.text.replace(/req_\w+/, ""));
      }
    }
    expect(bodies.size).toBeLessThanOrEqual(1);
  });

  it("asks nobody before it knows who asks", async () => {
    for (const headers of [{ authorization: "Bearer bad.token.x" }, { authorization: "" }, { authorization: "good.token.x" }]) {
      const answer = await send(name, { headers, body: "{", query: "zz=1" });
      expect(answer).toMatchObject({ status: 401, headers: { "www-authenticate": "Bearer" }, body: { code: "unauthenticated", errors: [] } });
    }
  });
});

describe.each(ours.filter((it) => routes[it].method === "GET"))("%s", (name) => {
  it("refuses parameters that are unknown or twice", async () => {
    const needed = name === "statistics.access" ? "groupBy=client&" : "";
    for (const key of ["zz", "__proto__", "constructor", "toString"]) bad(await send(name, { query: `${needed}${key}=1` }), `query.${key}`);
    for (const query of ["zz=1&zz=1", "zz=1&%7az=1"]) bad(await send(name, { query: `${needed}${query}` }), "query.zz");
    bad(await send(name, { query: `${needed}limit=1&l%69mit=2` }), "query.limit");
  });

  it("takes no body", async () => {
    const query = name === "statistics.access" ? "groupBy=client" : name === "access.explain" ? `contactId=${newId("contact", new Date())}&caseId=${newId("case", new Date())}` : "";
    bad(await send(name, { body: '{"zz":1}', query }), "body.zz");
    expect((await send(name, { body: "a=1", type: "application/x-www-form-urlencoded", query })).status).toBe(415);
  });
});

it("tells a field that is missing from one that is of another type, and names the choices", async () => {
  expect((await send("clients.create", { body: '{"taxId":7}' })).body.errors).toEqual([{ path: "body.name", message: "Is missing." }, { path: "body.taxId", message: "Is not of the type string." }]);
  expect((await send("clients.create", { body: '{"name":null}' })).body.errors).toEqual([{ path: "body.name", message: "Is not of the type string." }]);
  expect((await send("clients.create", {})).body.errors).toEqual([{ path: "body", message: "Is missing." }]);
  expect((await send("members.invite", { body: '{"email":"a@b.example","name":"A","role":"owner"}' })).body.errors).toEqual([{ path: "body.role", message: "Is not one of admin, adviser, assistant." }]);
  expect((await send("shares.create", { body: '{"documentIds":[1],"recipients":[{"email":"a@b.example"},{"email":"x","zz":1}]}' })).body.errors.map((it: { path: string }) => it.path)).toEqual(["body.documentIds.0", "body.recipients.1.email", "body.recipients.1.zz"]);
});

describe("an error that nobody foresaw", () => {
  const log = vi.spyOn(console, "error");
  beforeEach(() => { log.mockReset(); log.mockImplementation(() => undefined); });
  afterEach(() => { log.mockReset(); });

  it("is a 500 with an id and no word of itself, recorded as internal, in a log line without values", async () => {
    for (const make of [() => new Touched("secret-of-the-store"), () => new RangeError("secret-of-the-store\n    at secret-of-the-store"), () => new TypeError("x")]) {
      thrown = make;
      for (const method of ["GET", "HEAD"]) {
        log.mockClear();
        const answer = await send("cases.read", { method });
        const id = String(answer.headers["x-request-id"]);
        expect(answer.status).toBe(500);
        expect(answer.headers).toMatchObject({
          "cache-control": "no-store", "content-security-policy": "default-src 'none'; frame-ancestors 'none'", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff",
          "strict-transport-security": "max-age=31536000; includeSubDomains", "content-type": "application/problem+json; charset=utf-8",
        });
        if (method === "HEAD") expect(answer.text).toBe("");
        else expect(answer.body).toEqual({ type: "about:blank", title: "Something went wrong on our side.", status: 500, code: "internal", detail: "The error was recorded. Quote the request's id when you report it.", instance: `urn:request:${id}`, errors: [] });
        expect(records.at(-1)).toMatchObject({ result: "refused", reason: "internal", requestId: id, action: "cases.read", source: { ip: "203.0.113.7" } });
        expect(log).toHaveBeenCalledTimes(1);
        const line = String(log.mock.calls[0]?.[0]);
        expect(JSON.parse(line)).toMatchObject({ level: "error", requestId: id, action: "cases.read" });
        expect(line).not.toContain("secret-of-the-store");
        expect(line).not.toContain("\n");
      }
    }
  });

  it("never leaves an answer without its record: a record that cannot be written is a 503", async () => {
    recording = () => { throw new Refusal("unavailable", "The table does not answer. Nothing was changed."); };
    const answer = await send("cases.read");
    expect(answer).toMatchObject({ status: 503, body: { code: "unavailable" }, headers: { "retry-after": "5" } });
    const refusal = await send("cases.read", { query: "zz=1" });
    expect(refusal).toMatchObject({ status: 503, body: { code: "unavailable" } });
    expect(records).toEqual([]);
  });

  it("is not to be had by leaving out what most callers send", async () => {
    const event = { version: "2.0", routeKey: "$default", rawPath: "/", rawQueryString: "", headers: {}, isBase64Encoded: false, requestContext: { http: { method: "GET", path: "/", sourceIp: "203.0.113.7" } } } as unknown as APIGatewayProxyEventV2; // no browser's name
    expect(await handlers.client(event, {} as Context)).toMatchObject({ statusCode: 404 });
    expect(records.at(-1)).toMatchObject({ action: "no-such-route", source: { ip: "203.0.113.7", userAgent: "" } });
  });
});
