import { routeNames, routes, type RouteName, type RouteNameOf } from "../routes.ts";
import { cookieName } from "../session.ts";
import { jobView } from "../views.ts";
import { doorView, listQuery, sharedFileView, sharedView } from "../share-views.ts";
import { examples, type Example } from "./examples.ts";
import { Refusals, refusalSchemas } from "./refusals.ts";
import { bindings, describe, isNothing, namedSchemas, shapeOf, type Documented, type Json } from "./schemas.ts";

export interface Operation extends Json {
  readonly operationId: RouteName;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly responses: Readonly<Record<string, Json>>;
}
export interface OpenApi extends Json {
  readonly openapi: "3.1.0";
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** The API as a document: what the route table and the schemas that the code runs with say, and nothing that is written down twice. */
export const openApi = (): OpenApi => {
  const refusals = new Refusals();
  const paths: Record<string, Record<string, Operation>> = {};
  for (const name of routeNames) (paths[routes[name].path] ??= {})[routes[name].method.toLowerCase()] = operationOf(name, refusals);
  return {
    openapi: "3.1.0", info, servers: [{ url: "/", description: "The firm's own stack." }],
    tags: [...new Set(Object.values(tags))].map((name) => ({ name })), paths,
    components: { schemas: { ...namedSchemas, ...refusalSchemas }, responses: refusals.responses, headers, securitySchemes },
  };
};

const info = {
  title: "Legajo", version: "1", license: { name: "Apache 2.0", identifier: "Apache-2.0" },
  summary: "The client extranet of a professional firm.",
  description: [
    "Staff and clients send the access token of their pool as `Authorization: Bearer`; recipients of a mailed link hold its token in the path.",
    "Instants are RFC 3339 in UTC with milliseconds. Ids are opaque. Requests with fields or parameters that are not described here are refused; replies may gain fields, so ignore those you do not know.",
    "Every GET also answers HEAD. A path that exists answers other methods with 405 and `Allow`; every other path is a 404.",
    "Refusals are `application/problem+json` with a `code` of a closed list and an `x-request-id`. Answers that the gateway makes itself are `application/json` with a `message` alone. " +
    "What you may not know of does not exist for you: 404, never 403.",
    "A change names the `etag` it was made from in `If-Match`: 428 without it, 412 when somebody else was faster.",
  ].join("\n\n"),
} as const;

const headers: Json = {
  RequestId: { description: "The request's id, as in the access register.", schema: { type: "string" } },
  ETag: { description: "The `etag` of the body, quoted, for `If-Match`.", schema: { type: "string" } },
  Location: { description: "The path of what was made.", schema: { type: "string" } },
  RetryAfter: { description: "Seconds.", schema: { type: "integer" } },
};

const pool = (whose: string): Json => ({ type: "http", scheme: "bearer", bearerFormat: "JWT", description: `An access token of the ${whose} pool (Amazon Cognito).` });
const securitySchemes: Json = {
  staff: pool("staff"), client: pool("client"),
  openedLink: { type: "apiKey", in: "cookie", name: cookieName, description: "Set by opening the link; good for a quarter of an hour and for that link." },
};

type Noun<N> = N extends `${infer Noun}.${string}` ? Noun : N;
/** The chapters of the reference, by the noun of a route: a route of a new noun does not compile without one. */
const tags: Readonly<Record<Noun<RouteName>, string>> = {
  me: "People of the firm", members: "People of the firm", clients: "Clients and contacts", contacts: "Clients and contacts", collaborators: "Clients and contacts",
  cases: "Cases", timeline: "Cases", folders: "Documents", items: "Documents", trash: "Documents", documents: "Documents", versions: "Documents", parts: "Documents", grants: "Grants", access: "Grants", "view-as": "Grants", shares: "Shares",
  audit: "Register and statistics", jobs: "Long work", statistics: "Register and statistics", client: "What clients see", share: "Share page", health: "Open to everyone", openapi: "Open to everyone",
};
const tagOf = (name: RouteName): string => tags[name.split(".")[0] as Noun<RouteName>]; // split widens the literal that a name begins with

const operationOf = (name: RouteName, refusals: Refusals): Operation => {
  const { summary, audience } = routes[name];
  const common = { operationId: name, tags: [tagOf(name)], summary };
  if (isBound(name)) {
    const bound = bindings[name];
    return { ...common, security: [{ [audience]: [] }], ...boundOperation(name, bound), responses: { ...success(name, bound), ...refusals.of(name, bound) } };
  }
  const { success: answers, ...rest } = unbound[name];
  return { ...common, security: [], ...rest, responses: { ...refusals.of(name, null), ...answers } };
};
const isBound = (name: RouteName): name is keyof typeof bindings => name in bindings;

const parametersOf = (where: "path" | "query", schema: Documented["schemas"]["params"]): Json[] => {
  if (!schema) return [];
  const { properties = {}, required = [] } = shapeOf(schema);
  return Object.entries(properties).map(([name, it]) => ({ name, in: where, required: where === "path" || required.includes(name), schema: it }));
};
const pageParameters: readonly Json[] = [
  { name: "limit", in: "query", description: "How many at most.", schema: { type: "integer", minimum: 1, maximum: 100, default: 25 } },
  { name: "cursor", in: "query", description: "The `nextCursor` of the page before; for the same caller and the same request, for a day.", schema: { type: "string", minLength: 1, maxLength: 4096 } },
];
const ifMatch = (required: boolean): Json => ({ name: "If-Match", in: "header", required, description: "The `etag` that was read, quoted.", schema: { type: "string", pattern: '^"\\d{1,9}"$' }, example: '"3"' });

const idempotencyKey: Json = {
  name: "Idempotency-Key", in: "header", description: "The same key and request again give the same object, with upload URLs signed anew; the same key with another request is refused.",
  schema: { type: "string", pattern: "^[\\x21-\\x7e]{1,200}$" },
};

const boundOperation = (name: RouteName, { schemas, status, ifMatch: needsMatch, list }: Documented): Json => {
  const parameters = [...parametersOf("path", schemas.params), ...parametersOf("query", schemas.query), ...(list ? pageParameters : []), ...(needsMatch ? [ifMatch(needsMatch === "required")] : []), ...(status === 201 ? [idempotencyKey] : [])];
  const { request } = exampleOf(name);
  return {
    ...(parameters.length > 0 && { parameters }),
    ...(schemas.body && { requestBody: { required: !schemas.body.safeParse(undefined).success, content: { "application/json": { schema: describe(schemas.body), ...(request !== undefined && { example: request }) } } } }),
  };
};

const requestId = { "x-request-id": { $ref: "#/components/headers/RequestId" } };
const success = (name: RouteName, { status, orJob, schemas: { reply } }: Documented): Readonly<Record<string, Json>> => {
  if (isNothing(reply)) return { [status]: { description: "Done.", headers: requestId } };
  const { reply: example } = exampleOf(name);
  const tagged = shapeOf(reply).properties?.["etag"] !== undefined;
  return {
    [status]: {
      description: status === 201 ? "Made." : "As it is now.",
      headers: { ...requestId, ...(tagged && { etag: { $ref: "#/components/headers/ETag" } }), ...(status === 201 && { location: { $ref: "#/components/headers/Location" } }) },
      content: { "application/json": { schema: describe(reply), ...(example !== undefined && { example }) } },
    },
    ...(orJob && { 202: { description: "There is more to look at than one request can: the job that does.", headers: { ...requestId, location: { $ref: "#/components/headers/Location" } }, content: json(describe(jobView)) } }),
  };
};
const exampleOf = (name: RouteName): Example => examples[name] ?? {};

const html: Json = { "text/html": { schema: { type: "string" } } };
const token: Json = { name: "token", in: "path", required: true, description: "The mailed link's credential.", schema: { type: "string" } };
const json = (...schemas: Json[]): Json => ({ "application/json": { schema: schemas.length === 1 ? schemas[0] : { anyOf: schemas } } });
const form: Json = { "application/x-www-form-urlencoded": { schema: { type: "object", properties: { nonce: { type: "string", description: "From the page's form." } }, required: ["nonce"] } } };
const jsonOrForm: Json = { description: "JSON from a page of the firm's own, or the form of the page itself.", content: { "application/json": { schema: { type: "object", additionalProperties: false } }, ...form } };
const redirect = (to: string): Json => ({ description: to, headers: { ...requestId, location: { $ref: "#/components/headers/Location" } } });
const door = describe(doorView);
const list = describe(sharedView);

/** Operations whose code reads requests by itself: forms and pages beside JSON, chosen by `Accept`. */
const unbound: Readonly<Record<RouteNameOf<"share" | "open">, Json & { readonly success: Readonly<Record<string, Json>> }>> = {
  "share.page": {
    parameters: [token, ...parametersOf("query", listQuery)], security: [{}, { openedLink: [] }],
    success: { 200: { description: "The door, or the list once the link was opened in this browser.", headers: requestId, content: { ...html, ...json(door, list) } } },
  },
  "share.open": {
    parameters: [token], requestBody: jsonOrForm,
    success: {
      200: { description: "In JSON: the list, with the session's cookie; the door again without a proof that a person asks.", headers: { ...requestId, "set-cookie": { schema: { type: "string" } } }, content: json(list, door) },
      303: redirect("For browsers: back to the page, with the session's cookie."),
      400: { description: "The form is too old: the door again.", headers: requestId, content: { ...html, "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } },
    },
  },
  "share.download": {
    parameters: [token, ...parametersOf("path", bindings["client.download"].schemas.params).filter((it) => it["name"] === "documentId")], requestBody: jsonOrForm, security: [{ openedLink: [] }],
    success: {
      200: { description: "In JSON: where the bytes are, for a minute at most.", headers: requestId, content: json(describe(sharedFileView)) },
      303: redirect("For browsers: to the bytes, or back to the page when the session is over."),
    },
  },
  "health": { success: { 200: { description: "It answers.", headers: requestId, content: json({ type: "object", properties: { status: { const: "ok" } }, required: ["status"] }) } } },
  "openapi": { success: { 200: { description: "OpenAPI 3.1.", headers: requestId, content: json({ type: "object" }) } } },
};
