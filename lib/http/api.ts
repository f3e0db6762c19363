import type { Pool, People, Ledger } from "../usecases/ports.ts";
import { staffMay } from "../domain/access.ts";
import { about } from "../domain/event.ts";
import type { Identity } from "../domain/people.ts";
import type { ContactPrincipal, Principal, StaffPrincipal } from "../domain/principal.ts";
import { Refusal } from "../domain/refusal.ts";
import type { VerifiedToken } from "../adapters/verifier.ts";
import { openCursor, sealCursor } from "./cursor.ts";
import { explainAsJson, httpHandler, noRoute, type Exchange, type HttpEvent, type HttpResult } from "./lambda.ts";
import { onceOf, onlyOnce } from "./once.ts";
import type { Bound, RawInput } from "./route.ts";
import { routes, type RouteNameOf } from "./routes.ts";

interface PrincipalOf {
  readonly staff: StaffPrincipal;
  readonly client: ContactPrincipal;
}
/** Code for every route of an audience: a route without any does not compile. */
export type Bindings<A extends Pool> = Readonly<Record<RouteNameOf<A>, Bound<PrincipalOf[A]>>>;

export interface ApiDeps {
  readonly ledger: Ledger;
  readonly people: Pick<People, "identity">;
  readonly verify: (token: string) => Promise<VerifiedToken | null>;
  readonly cursorKey: () => Promise<string>;
  readonly clock: () => Date;
}

/** The JSON API of one audience: who is asking, may they, the route's code. */
export const jsonApi = <A extends Pool>(audience: A, bindings: Bindings<A>, deps: ApiDeps, principalOf: (identity: Identity) => PrincipalOf[A] | null, open?: (event: HttpEvent) => HttpResult | null) =>
  httpHandler(deps, explainAsJson, async (event, exchange) => {
    const free = open?.(event);
    if (free) return free;
    const { route } = exchange;
    if (route === null || !isRouteOf(bindings, route)) throw noRoute(event);

    const token = bearer(event);
    const verified = token === null ? null : await deps.verify(token);
    if (verified === null) throw notSignedIn();
    // Read together: the caller's own item, and whatever the route can read before it knows who asks.
    const identified = deps.people.identity(audience, verified.sub);
    const prepared = attempt(() => bindings[route].prepare(rawInputOf(event)));
    const identity = await identified;
    const principal = identity && principalOf(identity);
    if (identity === null || principal === null) throw notSignedIn();
    // From here on a refusal's record says who it was and what they asked for, shut out or not.
    exchange.principal = principal;
    exchange.trail.concerns(about.safeParse(event.pathParameters ?? {}).data ?? {});
    // The same answer for unknown, suspended and signed out: it says nothing about the account.
    if (identity.suspended || verified.signedInAt.getTime() <= Date.parse(identity.tokensValidAfter)) throw notSignedIn();
    const rule = routes[route];
    if (rule.audience === "staff" && (principal.kind !== "member" || !staffMay(principal.role, rule.act))) throw new Refusal("forbidden", "Your role does not allow this.");

    const { run, again } = prepared();
    const request = { principal, now: exchange.now, trail: exchange.trail };
    const key = header(event, "idempotency-key");
    const once = again === null || key === undefined ? null : { ...request, once: onceOf(key, exchange.route ?? "", event.rawPath, rawInputOf(event).body) };
    const cursors = cursorsOf(deps, exchange, event);
    const reply = again === null || once === null ? await run(request, cursors) : await onlyOnce(deps.ledger, once, () => run(once, cursors), (made) => again(request, made));
    // Either what was created is recorded, or that the request came again: a second record of creating would send its mails a second time.
    if (once !== null) exchange.trail.markRecorded();
    return {
      statusCode: reply.status,
      headers: { ...reply.headers, ...(reply.body !== undefined && { "content-type": "application/json; charset=utf-8" }) },
      ...(reply.body !== undefined && { body: JSON.stringify(reply.body) }),
    };
  });

const isRouteOf = <B extends object>(bindings: B, route: string): route is string & keyof B => Object.hasOwn(bindings, route);
const notSignedIn = (): Refusal => new Refusal("unauthenticated", "Send a valid access token as Authorization: Bearer.");

/** Runs now, and throws when asked for the result: bad input is told to nobody who may not even ask. */
const attempt = <T>(run: () => T): (() => T) => {
  try {
    const value = run();
    return () => value;
  } catch (error) {
    return () => { throw error; };
  }
};

const bearer = (event: HttpEvent): string | null => /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header(event, "authorization") ?? "")?.[1] ?? null;

/** API Gateway sends names in lower case; a test or a proxy may not. */
export const header = (event: HttpEvent, name: string): string | undefined =>
  event.headers[name] ?? Object.entries(event.headers).find(([key]) => key.toLowerCase() === name)?.[1];

/** @throws Refusal `unsupported_media_type` or `invalid_request` for a body that is not JSON in UTF-8. */
export const rawInputOf = (event: HttpEvent): RawInput => {
  const query = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(event.rawQueryString)) query.set(name, [...(query.get(name) ?? []), value]);
  return { params: event.pathParameters ?? {}, query, body: jsonBody(event), ifMatch: header(event, "if-match") };
};

const jsonBody = (event: HttpEvent): unknown => {
  if (event.body === undefined || event.body === "") return undefined;
  const type = header(event, "content-type") ?? "";
  // A form or text/plain needs no CORS preflight: it must not reach an API that changes things (ASVS V3.5.2).
  if (!/^application\/json\s*(;\s*charset=utf-8\s*)?$/i.test(type)) throw new Refusal("unsupported_media_type", "Send JSON in UTF-8 as Content-Type: application/json.");
  const text = bodyText(event);
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch {
    throw new Refusal("invalid_request", "The body is not JSON.", [{ path: "body", message: "Is not JSON." }]);
  }
};

export const bodyText = (event: HttpEvent): string => (event.isBase64Encoded ? Buffer.from(event.body ?? "", "base64").toString("utf8") : (event.body ?? ""));

const callerOf = (principal: Principal): string => (principal.kind === "member" ? principal.memberId : principal.kind === "contact" ? principal.contactId : principal.kind);

/** A cursor belongs to its caller and to the request it continues: the same path and the same parameters, in any order; the size of a page may change. */
const cursorsOf = ({ cursorKey }: ApiDeps, { principal, now }: Exchange, event: HttpEvent) => {
  const parameters = [...new URLSearchParams(event.rawQueryString)].filter(([name]) => name !== "cursor" && name !== "limit").toSorted(([a], [b]) => (a < b ? -1 : 1));
  const scope = { caller: callerOf(principal), request: JSON.stringify([event.rawPath, parameters]) };
  return {
    open: async (cursor: string) => openCursor(await cursorKey(), scope, cursor, now),
    seal: async (position: string) => sealCursor(await cursorKey(), scope, position, now),
  };
};
