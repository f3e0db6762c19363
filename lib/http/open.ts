import type { HttpEvent, HttpResult } from "./lambda.ts";
import { routeOf, type RouteNameOf } from "./routes.ts";

type Open = RouteNameOf<"open">;

/** What everyone may ask: the same words for all. A route without an answer does not compile. */
export const openAnswers = (document: () => string) => {
  const answers: Readonly<Record<Open, () => HttpResult>> = {
    "health": () => json('{"status":"ok"}'),
    // A document that is five minutes old still describes the API: a deployment adds to it.
    "openapi": () => json(document(), { "cache-control": "public, max-age=300" }),
  };
  const isOpen = (route: string): route is Open => Object.hasOwn(answers, route);
  return ({ routeKey }: HttpEvent): HttpResult | null => {
    const route = routeOf(routeKey);
    return route !== null && isOpen(route) ? answers[route]() : null;
  };
};

const json = (body: string, headers: Readonly<Record<string, string>> = {}): HttpResult => ({ statusCode: 200, headers: { "content-type": "application/json; charset=utf-8", ...headers }, body });
