/** The closed list of reasons for which a request is refused; `http/problem.ts` alone turns them into statuses. */
export const refusalCodes = [
  "invalid_request", "unauthenticated", "forbidden", "not_found", "method_not_allowed", "conflict", "gone", "stale", "too_large",
  "unsupported_media_type", "idempotency_conflict", "locked", "precondition_required", "too_many_requests", "unavailable",
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** Where in the request something is wrong: `body.items.0.title`, and a sentence that says what to send instead. */
export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** Thrown by use cases and adapters for everything that is the caller's or the moment's fault. Any other error is a bug. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly faults: readonly Fault[];

  constructor(code: RefusalCode, detail: string, faults: readonly Fault[] = []) {
    super(detail);
    this.name = "Refusal";
    this.code = code;
    this.faults = faults;
  }
}

/** One sentence for what is not there and for what this caller may not know is there: the bytes must not differ. */
export const notFound = (): Refusal => new Refusal("not_found", "There is nothing here that you may see.");

export const invalid = (path: string, message: string): Refusal => new Refusal("invalid_request", "The request has a value that cannot be accepted.", [{ path, message }]);
