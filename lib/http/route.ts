import * as z from "zod/mini";
import type { About } from "../domain/event.ts";
import type { Job } from "../domain/job.ts";
import type { Principal } from "../domain/principal.ts";
import { Refusal, type Fault } from "../domain/refusal.ts";
import type { Page, PageRequest, Request } from "../usecases/request.ts";
import { jobView, viewJob } from "./views.ts";

type Schema<T> = z.ZodMiniType<T>;

/** A request as it came, before anything is believed of it. */
export interface RawInput {
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: ReadonlyMap<string, readonly string[]>;
  /** Parsed JSON, or undefined without a body. */
  readonly body: unknown;
  readonly ifMatch: string | undefined;
}

/** A request after its schemas: what a route's code sees. */
export interface Input<Params, Query, Body, IfMatch = "optional"> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The revision that `If-Match` named, on routes that change something; null where it is optional and was left out. */
  readonly revision: IfMatch extends "required" ? number : number | null;
  readonly page: PageRequest;
}

/** The answer of a route that put its work off: the job that does it. */
export class PutOff {
  readonly job: Job;

  constructor(job: Job) {
    this.job = job;
  }
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** Opens and seals a list's positions for one caller and request. */
export interface Cursors {
  open(cursor: string): Promise<string>;
  seal(position: string): Promise<string>;
}

interface Spec<P extends Principal, Params, Query, Body, Result, Early, IfMatch extends "required" | "optional"> {
  readonly params?: Schema<Params>;
  readonly query?: Schema<Query>;
  readonly body?: Schema<Body>;
  /** What leaves: fields that it does not name are stripped, so that nothing leaks by being added to a record. */
  readonly reply: Schema<Result>;
  readonly status?: 200 | 201 | 204;
  /** The caller says which revision it read: always with PATCH, if it likes with DELETE. */
  readonly ifMatch?: IfMatch;
  readonly list?: true;
  /** May answer 202 with a job instead, where there is more to do than one request can. */
  readonly orJob?: true;
  /** The path of what was created. */
  readonly location?: (result: Result, params: Params) => string;
  /** Reads that do not depend on who asks, begun while the identity is read; their result is seen by nobody who is refused. */
  readonly early?: (params: Params, query: Query, body: Body) => Promise<Early>;
  /** Reads what an earlier request with the same Idempotency-Key made, by the ids of its record. */
  readonly again?: (request: Request<P>, about: About) => Promise<Result>;
  readonly run: (request: Request<P>, input: Input<Params, Query, Body, IfMatch>, early: Promise<Early>) => Promise<Result | PutOff>;
}

/** A route's code with its schemas, its types closed in: what the dispatcher calls and the OpenAPI document reads. */
export interface Bound<P extends Principal> {
  readonly schemas: { readonly params?: Schema<unknown> | undefined; readonly query?: Schema<unknown> | undefined; readonly body?: Schema<unknown> | undefined; readonly reply: Schema<unknown> };
  readonly status: number;
  readonly ifMatch: "required" | "optional" | null;
  readonly list: boolean;
  readonly orJob: boolean;
  /** Parses, and begins the early reads. @throws Refusal naming every field that is wrong. */
  readonly prepare: (raw: RawInput) => {
    readonly run: (request: Request<P>, cursors: Cursors) => Promise<Reply>;
    /** Null on routes that create nothing. */
    readonly again: ((request: Request<P>, about: About) => Promise<Reply>) | null;
  };
}

const nothing = z.strictObject({});
const noBody = z.optional(z.strictObject({}));
const limit = z.pipe(
  z.string().check(z.regex(/^([1-9]\d?|100)$/, "Is not a number from 1 to 100.")),
  z.transform(Number),
);
const paging = z.object({ limit: z._default(z.optional(limit), 25), cursor: z.optional(z.string().check(z.minLength(1), z.maxLength(4096))) });

/** Binds one route. Each binding is parse, one verb, wrap. */
export const bind = <P extends Principal>() =>
  <Result, Params = Record<string, never>, Query = Record<string, never>, Body = undefined, Early = undefined, IfMatch extends "required" | "optional" = "optional">(spec: Spec<P, Params, Query, Body, Result, Early, IfMatch>): Bound<P> => ({
    schemas: { params: spec.params, query: spec.query, body: spec.body, reply: spec.reply },
    status: spec.status ?? 200,
    ifMatch: spec.ifMatch ?? null,
    list: spec.list === true,
    orJob: spec.orJob === true,
    prepare(raw) {
      const query = single(raw.query);
      const { limit: _limit, cursor: _cursor, ...rest } = query;
      const parameters = spec.list ? rest : query;
      const params = spec.params ? parse(spec.params, raw.params, "path") : ({} as Params);
      const parsed = {
        params,
        query: spec.query ? parse(spec.query, parameters, "query") : (parse(nothing, parameters, "query") as Query),
        body: spec.body ? parse(spec.body, raw.body, "body") : (parse(noBody, raw.body, "body") as Body),
        // The three casts pair a schema left out with the type parameter's default, which TypeScript cannot see.
      };
      const paged = spec.list ? parse(paging, query, "query") : { limit: 25 };
      const asksForNone = spec.ifMatch === undefined || (spec.ifMatch === "optional" && raw.ifMatch === undefined);
      const revision = (asksForNone ? null : revisionOf(raw.ifMatch)) as Input<Params, Query, Body, IfMatch>["revision"];
      // `required` has thrown by now where nothing was named, which the conditional type cannot see.
      const early = spec.early?.(params, parsed.query, parsed.body);
      early?.catch(() => undefined); // whoever is refused before it is awaited must not end the process

      const replyOf = (result: Result | PutOff): Reply => {
        if (result instanceof PutOff) return { status: 202, body: z.parse(jobView, viewJob(result.job)), headers: { location: `/staff/jobs/${result.job.jobId}` } };
        const body: unknown = spec.status === 204 ? undefined : z.parse(spec.reply, result);
        return { status: spec.status ?? 200, body, headers: { ...etagOf(body), ...(spec.location && { location: spec.location(result, params) }) } };
      };
      const { again } = spec;
      return {
        run: async (request, cursors) => {
          const page = { limit: paged.limit, after: paged.cursor === undefined ? null : await cursors.open(paged.cursor) };
          const result = await spec.run(request, { ...parsed, revision, page }, early ?? (Promise.resolve(undefined) as Promise<Early>));
          // Without `early`, Early is undefined by its default.
          const reply = replyOf(result);
          return spec.list ? { ...reply, body: await sealed(reply.body, cursors) } : reply;
        },
        again: again ? async (request, about) => replyOf(await again(request, about)) : null,
      };
    },
  });

/** An id that the record of what was made must have. */
export const made = <T>(id: T | undefined): T => {
  if (id === undefined) throw new TypeError("A record of a creation without the id of what was created.");
  return id;
};

/** The body of a list before its position is sealed. */
export const pageOf = <T>(item: Schema<T>) => z.object({ items: z.array(item), nextCursor: z.nullable(z.string()) });
export const paged = <T, U>(page: Page<T>, view: (item: T) => U) => ({ items: page.items.map(view), nextCursor: page.next });

const listed = z.looseObject({ nextCursor: z.nullable(z.string()) });
const sealed = async (body: unknown, cursors: Cursors): Promise<unknown> => {
  const list = listed.parse(body);
  return { ...list, nextCursor: list.nextCursor === null ? null : await cursors.seal(list.nextCursor) };
};

const tagged = z.looseObject({ etag: z.string() });
const etagOf = (body: unknown): Record<string, string> => {
  const parsed = tagged.safeParse(body);
  return parsed.success ? { etag: `"${parsed.data.etag}"` } : {};
};

/** RFC 9110 section 13.1.1: strong comparison, one tag. */
const revisionOf = (ifMatch: string | undefined): number => {
  if (ifMatch === undefined) throw new Refusal("precondition_required", 'Send If-Match with the etag that you read, such as If-Match: "3".');
  const revision = /^"(\d{1,9})"$/.exec(ifMatch.trim())?.[1];
  if (revision === undefined) throw new Refusal("stale", "If-Match names no etag of this. Read it again and send its etag.");
  return Number(revision);
};

/** One value per name: two would leave it to each reader which one counts (ASVS V15.3.7). */
const single = (query: RawInput["query"]): Record<string, string> => {
  const faults: Fault[] = [];
  const values = new Map<string, string>();
  for (const [name, given] of query) {
    if (given.length > 1) faults.push({ path: `query.${name}`, message: "Is there more than once." });
    values.set(name, given[0] ?? "");
  }
  if (faults.length > 0) throw new Refusal("invalid_request", "The request has a value that cannot be accepted.", faults);
  return Object.fromEntries(values);
};

/** @throws Refusal naming every field that is wrong; an id of the path that cannot be one is an id of nothing. */
export const parse = <T>(schema: Schema<T>, value: unknown, where: "path" | "query" | "body"): T => {
  // Without its input an issue cannot tell what is missing from what is wrong.
  const parsed = z.safeParse(schema, value, { reportInput: true });
  if (parsed.success) return parsed.data;
  // An id in the path that cannot be one is an id of nothing.
  if (where === "path") throw new Refusal("not_found", "There is nothing here that you may see.");
  throw new Refusal("invalid_request", "The request has a value that cannot be accepted.", parsed.error.issues.slice(0, 20).flatMap((issue) => faultsOf(issue, where)));
};

type Issue = z.core.$ZodIssue;
const faultsOf = (issue: Issue, where: string): Fault[] => {
  const path = [where, ...issue.path.map(String)].join(".");
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => ({ path: `${path}.${key.slice(0, 100)}`, message: "Is not a field of this request." }));
  return [{ path, message: messageOf(issue) }];
};
const messageOf = (issue: Issue): string => {
  if (issue.code === "invalid_type") return issue.input === undefined ? "Is missing." : `Is not of the type ${issue.expected}.`;
  if (issue.code === "invalid_value") return `Is not one of ${issue.values.map(String).join(", ")}.`;
  return issue.message === "Invalid input" ? "Has a form that is not accepted." : issue.message;
};
