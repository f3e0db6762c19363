import { Refusal, type Fault, type RefusalCode } from "../domain/refusal.ts";

/** RFC 9457. `type` stays `about:blank`: `code` is what a frontend branches on. */
export interface Problem {
  readonly type: "about:blank";
  readonly title: string;
  readonly status: number;
  readonly code: RefusalCode | "internal";
  readonly detail: string;
  readonly instance: string;
  readonly errors: readonly Fault[];
}

/** The one place where a refusal becomes a status. */
export const problems = {
  invalid_request: [400, "The request is not valid."],
  unauthenticated: [401, "You are not signed in."],
  forbidden: [403, "You may not do this."],
  not_found: [404, "Not found."],
  method_not_allowed: [405, "This method is not allowed here."],
  conflict: [409, "This conflicts with what is there."],
  gone: [410, "This is over."],
  stale: [412, "This was changed meanwhile."],
  too_large: [413, "This is too large."],
  unsupported_media_type: [415, "This kind of body is not understood."],
  idempotency_conflict: [422, "This key was used for another request."],
  locked: [423, "This is not available yet."],
  precondition_required: [428, "This request needs If-Match."],
  too_many_requests: [429, "Too many requests."],
  internal: [500, "Something went wrong on our side."],
  unavailable: [503, "Something that is needed does not answer."],
} as const satisfies Record<RefusalCode | "internal", readonly [number, string]>;

/** Anything but a refusal is our bug: it says nothing of itself but an id to look it up by. */
export const problemOf = (error: unknown, requestId: string): Problem => {
  const code = error instanceof Refusal ? error.code : "internal";
  const [status, title] = problems[code];
  const [detail, errors] = error instanceof Refusal ? [error.message, error.faults] : ["The error was recorded. Quote the request's id when you report it.", []];
  return { type: "about:blank", title, status, code, detail, instance: `urn:request:${requestId}`, errors };
};
