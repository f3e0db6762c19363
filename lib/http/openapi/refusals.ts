import type { RefusalCode } from "../../domain/refusal.ts";
import { problems } from "../problem.ts";
import { routes, type RouteName } from "../routes.ts";
import type { Documented, Json } from "./schemas.ts";

type Code = RefusalCode | "internal";
const isCode = (code: string): code is Code => code in problems;
const codes = Object.keys(problems).filter(isCode);

/** What single routes refuse beside what all of their kind do. */
const particular: Partial<Record<RouteName, readonly Code[]>> = {
  "me.read": ["not_found"], "access.explain": ["not_found"],
  "members.change": ["forbidden"], "cases.create": ["forbidden", "not_found"], "cases.change": ["forbidden"], "statistics.access": ["forbidden"], "grants.preview": ["forbidden"],
  "view-as.cases": ["conflict"], "view-as.case": ["conflict"], "view-as.timeline": ["conflict"], "view-as.items": ["conflict", "too_large"], "view-as.shared-with-me": ["conflict"],
  "documents.announce": ["too_large"], "versions.announce": ["too_large"], "client.items": ["too_large"], "client.announce": ["too_large", "forbidden"],
  "parts.list": ["conflict"], "client.parts": ["conflict"], "versions.release": ["locked"],
  "documents.download": ["locked"], "versions.publish": ["locked"],
  "folders.restore": ["gone"], "documents.restore": ["gone"],
  "share.open": ["gone"], "share.page": ["gone"], "share.download": ["gone", "unauthenticated", "locked"],
};

/** The closed list of codes that a route may answer with. */
const codesOf = (name: RouteName, documented: Documented | null): ReadonlySet<Code> => {
  const route = routes[name];
  const changes = route.method !== "GET";
  if (route.audience === "open") return new Set<Code>(["internal"]);
  return new Set<Code>([
    "invalid_request", "internal", "unavailable", ...(route.path.includes("{") ? ["not_found" as const] : []),
    ...(documented ? ["unauthenticated" as const, ...(changes ? ["unsupported_media_type" as const] : [])] : []),
    ...(route.audience === "staff" && route.act === "administer" ? ["forbidden" as const] : []),
    ...(changes ? ["conflict" as const] : []), ...(route.audience === "staff" && changes ? ["stale" as const] : []),
    ...(documented?.ifMatch === "required" ? ["precondition_required" as const] : []), ...(documented?.status === 201 ? ["idempotency_conflict" as const] : []),
    ...(particular[name] ?? []),
  ]);
};

/** What the gateway says by itself, before or instead of our code; no `x-request-id`, no problem. */
const gateway = {
  401: "The gateway's authorizer: no valid access token.", 403: "The gateway's authorizer: a token that is no access token.", 413: "The gateway: a body of more than 10 MB.",
  431: "The gateway: a request line and headers of more than 10,240 bytes.", 429: "The gateway: more requests than the firm's stage takes.", 500: "The gateway: the function failed.", 503: "The gateway: the function did not answer within 30 seconds.",
} as const;
type GatewayStatus = keyof typeof gateway;

const gatewaySays = (name: RouteName): GatewayStatus[] => {
  const { audience, method } = routes[name];
  return [...(audience === "staff" || audience === "client" ? [401, 403] as const : []), ...(method === "GET" ? [] : [413] as const), 429, 431, 500, 503];
};

const idOf = (code: Code | null, status: GatewayStatus | null, page: boolean): string => [...(code ? [code] : []), ...(status ? [`gateway_${status}`] : []), ...(page ? ["page"] : [])].join("-or-");

const responseOf = (code: Code | null, status: GatewayStatus | null, page: boolean): Json => ({
  description: [...(code ? [`\`${code}\`: ${problems[code][1]}`] : []), ...(status ? [gateway[status]] : [])].join(" Or "),
  ...(code && { headers: { "x-request-id": { $ref: "#/components/headers/RequestId" }, ...(code === "unavailable" && { "retry-after": { $ref: "#/components/headers/RetryAfter" } }) } }),
  content: {
    ...(code && { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem", properties: { status: { const: problems[code][0] }, code: { const: code } } } } }),
    // People read the share page's refusals as pages of the same status.
    ...(page && { "text/html": { schema: { type: "string" } } }),
    ...(status && { "application/json": { schema: { $ref: "#/components/schemas/GatewayMessage" } } }),
  },
});

/** Collects the responses that operations name, so that each is written once. */
export class Refusals {
  readonly #used = new Map<string, Json>();

  /** The refusals of a route, by status. */
  of(name: RouteName, documented: Documented | null): Readonly<Record<string, Json>> {
    const own = codesOf(name, documented);
    const theirs = gatewaySays(name);
    const statuses = [...new Set([...[...own].map((code) => problems[code][0]), ...theirs])].sort((a, b) => a - b);
    return Object.fromEntries(statuses.map((status) => {
      const code = [...own].find((it) => problems[it][0] === status) ?? null;
      const fromGateway = theirs.find((it) => it === status) ?? null;
      const page = code !== null && routes[name].audience === "share";
      const id = idOf(code, fromGateway, page);
      this.#used.set(id, responseOf(code, fromGateway, page));
      return [status, { $ref: `#/components/responses/${id}` }];
    }));
  }

  get responses(): Readonly<Record<string, Json>> {
    return { ...Object.fromEntries(this.#used), method_not_allowed: responseOf("method_not_allowed", null, false) };
  }
}

export const refusalSchemas: Readonly<Record<string, Json>> = {
  Problem: {
    type: "object", description: "RFC 9457. Branch on `code`; `detail` is for people.",
    properties: {
      type: { const: "about:blank" }, title: { type: "string" }, status: { type: "integer" }, code: { type: "string", enum: codes }, detail: { type: "string" },
      instance: { type: "string", description: "The request's id, to quote in a report.", pattern: "^urn:request:" },
      errors: { type: "array", items: { type: "object", properties: { path: { type: "string", examples: ["body.recipients.0.email"] }, message: { type: "string" } }, required: ["path", "message"] } },
    },
    required: ["type", "title", "status", "code", "detail", "instance", "errors"],
  },
  GatewayMessage: { type: "object", description: "An answer of the gateway itself.", properties: { message: { type: "string" } } },
};
