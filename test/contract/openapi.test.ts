import { Validator } from "@seriousme/openapi-schema-validator";
import { AssetCode } from "aws-cdk-lib/aws-lambda";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundled } from "../../infra/bundling/bundle.ts";
import { openApi } from "../../lib/http/openapi/document.ts";
import { examples } from "../../lib/http/openapi/examples.ts";
import { routeNames, routes } from "../../lib/http/routes.ts";
import { Contract } from "../api/held-to-the-document.ts";

const document: any = openApi(); // eslint-disable-line @typescript-eslint/no-explicit-any -- read as a stranger reads it
const operations = Object.entries<any>(document.paths).flatMap(([path, methods]) => Object.entries<any>(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation }))); // eslint-disable-line @typescript-eslint/no-explicit-any -- as above
const named = operations.map((it) => [it.operationId, it] as const);
const inside = function* (it: unknown): Generator<Record<string, unknown>> {
  if (typeof it !== "object" || it === null) return;
  if (!Array.isArray(it)) yield it as Record<string, unknown>;
  for (const value of Object.values(it)) yield* inside(value);
};

describe("The OpenAPI document", () => {
  it("is OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it("has every route and nothing else", () => {
    expect(operations.map((it) => `${it.operationId} ${it.method} ${it.path}`).sort()).toEqual(routeNames.map((name) => `${name} ${routes[name].method} ${routes[name].path}`).sort());
  });

  it("is the same each time it is made", () => {
    expect(JSON.stringify(openApi())).toBe(JSON.stringify(document));
  });

  it("refers to nothing that is not there, and keeps nothing that nobody refers to but the answer to wrong methods", () => {
    const referred = new Set([...inside(document)].flatMap((it) => (typeof it["$ref"] === "string" ? [it["$ref"]] : [])));
    const there = Object.entries<object>(document.components).flatMap(([kind, them]) => Object.keys(them).map((name) => `#/components/${kind}/${name}`)).filter((it) => !it.includes("securitySchemes"));
    expect([...referred].filter((it) => !there.includes(it))).toEqual([]);
    expect(there.filter((it) => !referred.has(it))).toEqual(["#/components/responses/method_not_allowed"]);
  });

  it("describes every field: no schema is left empty", () => {
    const empty = [...inside(document)].flatMap(({ properties }) => (typeof properties === "object" && properties !== null ? Object.entries(properties) : [])).filter(([, schema]) => Object.keys(schema as object).length === 0);
    expect(empty).toEqual([]);
  });

  it("names the answers that the gateway makes by itself as what they are", () => {
    const message = Object.values<any>(document.components.responses).filter((it) => it.content["application/json"]); // eslint-disable-line @typescript-eslint/no-explicit-any -- as above
    for (const response of message) expect(response).toMatchObject({ description: expect.stringContaining("The gateway"), content: { "application/json": { schema: { $ref: "#/components/schemas/GatewayMessage" } } } });
    expect(message.length).toBeGreaterThan(5);
  });
});

describe.each(named)("%s", (name, operation) => {
  it("has a sentence, a chapter, a success and refusals", () => {
    expect(operation.summary).toMatch(/^[A-Z].*\.$/);
    expect(document.tags.map((it: { name: string }) => it.name)).toContain(operation.tags[0]);
    const statuses = Object.keys(operation.responses);
    expect(statuses.filter((it) => it < "300")).not.toEqual([]);
    expect(statuses).toEqual(expect.arrayContaining(["429", "500", "503"]));
  });

  it("asks for the token of its audience", () => {
    const { audience } = routes[name as keyof typeof routes];
    if (audience === "staff" || audience === "client") {
      expect(operation.security).toEqual([{ [audience]: [] }]);
      expect(Object.keys(operation.responses)).toContain("401");
    } else for (const it of operation.security) expect(Object.keys(it)).not.toContain("staff");
  });

  it("names every parameter of its path, says where what it makes is, and asks for If-Match where it changes", () => {
    const inPath = (operation.parameters ?? []).filter((it: { in: string }) => it.in === "path").map((it: { name: string }) => it.name);
    expect(inPath).toEqual([...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
    if (operation.responses["201"]) expect(operation.responses["201"].headers).toHaveProperty("location");
    // Needed to change, welcome where what is deleted has an etag.
    expect((operation.parameters ?? []).find((it: { name: string }) => it.name === "If-Match")?.required).toBe(operation.method === "PATCH" ? true : ["grants.revoke", "shares.revoke", "folders.delete", "documents.delete"].includes(operation.operationId) ? false : undefined);
    expect("428" in operation.responses).toBe(operation.method === "PATCH");
  });
});

it.each(Object.entries(examples))("The example of %s is what the schemas take and give", (name, { request, reply }) => {
  const operation = operations.find((it) => it.operationId === name)!;
  const status = Number(Object.keys(operation.responses)[0]);
  const prefixOf = (pattern: string) => pattern.slice(1, 5);
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_: string, parameter: string) =>
    `${prefixOf(operation.parameters.find((it: { name: string }) => it.name === parameter).schema.pattern)}${"0".repeat(26)}`);
  const headers = new Headers({ "content-type": "application/json", "x-request-id": "req", etag: '"1"', location: "/" });
  const faults = new Contract(openApi()).faults({ method: operation.method, path, body: request, type: "application/json" }, { status, headers, body: reply });
  expect(faults.filter((it) => /^(request|answer)[ /]/.test(it)).filter((it) => reply !== undefined || !it.startsWith("answer"))).toEqual([]);
});

it("The deployed function answers with the very document that was made with it", () => {
  const code = bundled("client-api");
  if (!(code instanceof AssetCode)) throw new Error("The bundle is no asset.");
  const event = { version: "2.0", routeKey: "GET /openapi.json", rawPath: "/openapi.json", rawQueryString: "", headers: {}, requestContext: { http: { method: "GET", path: "/openapi.json", sourceIp: "192.0.2.1", userAgent: "test" } } };
  const script = `const { handler } = await import(${JSON.stringify(join(code.path, "index.mjs"))}); console.log(JSON.stringify(await handler(${JSON.stringify(event)}, {})));`;
  const https = "https://issuer.example";
  const env = {
    PATH: process.env["PATH"] ?? "", AWS_REGION: "eu-west-1", TABLE_NAME: "t", BUCKET_NAME: "b", CURSOR_KEY_SECRET: "c", CLIENT_POOL_ID: "eu-west-1_a1B2c3D4e", CLIENT_POOL_CLIENT_ID: "c", MALWARE_SCAN: "on",
    CLIENT_ISSUER: https, FIRM: JSON.stringify({ name: "Bufete", phone: "1", address: "A" }),
  };
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", env });
  expect(stderr).toBe("");
  const answer = JSON.parse(stdout);
  expect(answer).toMatchObject({ statusCode: 200, headers: { "content-type": "application/json; charset=utf-8" } });
  expect(JSON.parse(answer.body)).toEqual(document);
});
