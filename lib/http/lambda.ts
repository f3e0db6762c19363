import middy, { type MiddlewareObj } from "@middy/core";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { actorOf } from "../domain/event.ts";
import { newId } from "../domain/ids.ts";
import type { Principal } from "../domain/principal.ts";
import { Refusal } from "../domain/refusal.ts";
import { toInstant, type Instant } from "../domain/time.ts";
import { logError } from "../log.ts";
import type { Ledger } from "../usecases/ports.ts";
import { Trail } from "../usecases/request.ts";
import { problemOf } from "./problem.ts";
import { matchRoute, routeOf, routes, type RouteName } from "./routes.ts";

export type HttpEvent = APIGatewayProxyEventV2;
export type HttpResult = APIGatewayProxyStructuredResultV2;

/** What the middlewares hand to one another and to the code of a route. */
export interface Exchange {
  route: RouteName | null;
  now: Instant;
  trail: Trail;
  principal: Principal;
}
type Stage = MiddlewareObj<HttpEvent, HttpResult, Error, Context, { exchange: Exchange }>;

export interface FrameDeps {
  readonly ledger: Ledger;
  readonly clock: () => Date;
}

/** A problem as an answer; the share page has pages for people instead. */
export type Explain = (error: unknown, event: HttpEvent, exchange: Exchange) => HttpResult;

/**
 * The frame of every function that answers HTTP: request id and headers on every answer, refusals and bugs as problems, and exactly one
 * record in the access register, refusals included. Inside it a function authenticates and dispatches, nothing else.
 */
export const httpHandler = (deps: FrameDeps, explain: Explain, answer: (event: HttpEvent, exchange: Exchange) => Promise<HttpResult>) =>
  middy<HttpEvent, HttpResult, Error, Context, { exchange: Exchange }>()
    .use(answers(deps, explain))
    .use(records(deps))
    .handler(async (event, _context) => answer(event, exchangeOf(event)));

/** An exchange belongs to its event, so that the handler needs no cast out of middy's bag. */
const exchanges = new WeakMap<HttpEvent, Exchange>();
const exchangeOf = (event: HttpEvent): Exchange => {
  const exchange = exchanges.get(event);
  if (exchange === undefined) throw new Error("An event that did not come through the frame.");
  return exchange;
};

const answers = ({ clock }: FrameDeps, explain: Explain): Stage => ({
  before: ({ event }) => {
    const now = toInstant(clock());
    const route = routeOf(event.routeKey);
    const requestId = newId("httpRequest", new Date(now));
    // A caller may send no User-Agent, whatever the type says of it.
    const { http }: { http: { readonly sourceIp: string; readonly userAgent?: string | null } } = event.requestContext;
    // The gateway's word on the address: headers are the caller's own (ASVS V4.1.3).
    exchanges.set(event, { route, now, principal: { kind: "anonymous" }, trail: new Trail(route ?? "no-such-route", requestId, { ip: http.sourceIp, userAgent: (http.userAgent ?? "").slice(0, 200) }) });
  },
  after: ({ event, response }) => {
    if (response === null) throw new Error("A handler without an answer.");
    complete(event, response);
  },
  onError: (request) => {
    const exchange = exchangeOf(request.event);
    const error = request.error;
    if (!(error instanceof Refusal)) logError(error, { requestId: exchange.trail.requestId, action: exchange.trail.action });
    request.response = explain(error, request.event, exchange);
    complete(request.event, request.response);
  },
});

/** Whatever the route's code did not record is recorded here, but for what says the same to everyone. A record that cannot be written withholds the answer: 503. */
const records = ({ ledger }: FrameDeps): Stage => ({
  after: async ({ event }) => {
    const exchange = exchangeOf(event);
    if (needsRecord(exchange)) await ledger.commit(exchange, []);
  },
  onError: async (request) => {
    const { event, error } = request;
    const exchange = exchangeOf(event);
    const { trail, principal, now } = exchange;
    if (!needsRecord(exchange)) return;
    try {
      await ledger.record({
        eventId: newId("event", new Date(now)), at: now, action: trail.action, who: actorOf(principal), about: trail.about, ...(trail.onBehalfOf && { onBehalfOf: trail.onBehalfOf }), result: "refused",
        reason: error instanceof Refusal ? error.code : "internal", ...(trail.source && { source: trail.source }), requestId: trail.requestId,
      });
      trail.markRecorded();
    } catch (failure) {
      request.error = failure instanceof Error ? failure : new Error("A record that could not be written.");
    }
  },
});
const needsRecord = ({ trail, route }: Exchange): boolean => !trail.recorded && (route === null || routes[route].audience !== "open");

const securityHeaders = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
} as const;

const complete = (event: HttpEvent, response: HttpResult): void => {
  response.headers = { ...securityHeaders, ...response.headers, "x-request-id": exchangeOf(event).trail.requestId };
  // RFC 9110 section 9.3.2: the same answer, without its body.
  if (event.requestContext.http.method === "HEAD") response.body = "";
};

/** A problem for callers who read JSON. 405 names the methods that the path knows (RFC 9110 section 15.5.6). */
export const explainAsJson: Explain = (error, event, { trail }) => {
  const problem = problemOf(error, trail.requestId);
  return {
    statusCode: problem.status,
    headers: {
      "content-type": "application/problem+json; charset=utf-8",
      ...(problem.status === 405 && { allow: matchRoute(event.rawPath).join(", ") }),
      ...(problem.status === 401 && { "www-authenticate": "Bearer" }),
      ...((problem.status === 503 || problem.status === 429) && { "retry-after": "5" }),
    },
    body: JSON.stringify(problem),
  };
};

/** For a request that no route of the gateway took. */
export const noRoute = (event: HttpEvent): Refusal =>
  matchRoute(event.rawPath).length > 0
    ? new Refusal("method_not_allowed", "This path knows other methods: see Allow.")
    : new Refusal("not_found", "There is nothing here that you may see.");
