import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";
import type { Session } from "./session.ts";

/** What went wrong, for the person at the terminal. */
export class UploadError extends Error {}
export const notGood = (): UploadError => new UploadError("The access token is not (or no longer) good. Run the same command with a new one: the upload goes on where it stopped.");

/** The API said no. `code` and the fields are what a program branches on; the sentence is for people. */
export class Refused extends UploadError {
  readonly status: number;
  readonly fields: readonly string[];

  constructor(status: number, detail: string, faults: readonly { readonly path: string; readonly message: string }[]) {
    super([detail, ...faults.map((it) => `${it.path}: ${it.message}`)].join(" "));
    this.status = status;
    this.fields = faults.map((it) => it.path);
  }
}

const problem = z.object({ detail: z.string(), errors: z._default(z.array(z.object({ path: z.string(), message: z.string() })), []) });
const attempts = 6;
/** A line that was down for a minute is no reason to begin again. */
const pause = (attempt: number) => sleep(250 * 2 ** attempt);

/** The API as a frontend calls it: JSON over HTTP with an access token. What is nobody's fault is tried again, and a refused token once renewed. */
export class Api {
  readonly #origin: string;
  readonly #session: Session;

  constructor(origin: string, session: Session) {
    this.#origin = origin.replace(/\/$/, "");
    this.#session = session;
  }

  /** `once` makes a POST safe to repeat when its answer is lost: the same key is the same object. */
  async call<T>(method: "GET" | "POST", path: string, reply: z.ZodMiniType<T>, body?: unknown, once?: string): Promise<T> {
    let refused: string | undefined;
    for (let attempt = 1; ; attempt++) {
      const token = await this.#session.token(refused);
      const answer = await this.#send(token, method, path, body, once).catch(() => null);
      if (answer?.ok === true) return z.parse(reply, await answer.json());
      const lasting = answer !== null && answer.status < 500 && answer.status !== 429;
      if (answer?.status === 401) {
        if (refused !== undefined) throw notGood();
        refused = token;
        continue;
      }
      if (lasting || attempt === attempts) throw answer === null ? new UploadError(`${this.#origin} does not answer.`) : await refusalOf(answer);
      await pause(attempt);
    }
  }

  async #send(token: string, method: string, path: string, body: unknown, once: string | undefined): Promise<Response> {
    return fetch(`${this.#origin}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }), ...(once !== undefined && { "idempotency-key": once }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** All pages of a list. */
  async *list<T>(path: string, item: z.ZodMiniType<T>): AsyncGenerator<T> {
    const page = z.object({ items: z.array(item), nextCursor: z.nullable(z.string()) });
    for (let cursor = ""; ;) {
      const { items, nextCursor } = await this.call("GET", `${path}${path.includes("?") ? "&" : "?"}limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, page);
      yield* items;
      if (nextCursor === null) return;
      cursor = nextCursor;
    }
  }
}

const refusalOf = async (answer: Response): Promise<Refused> => {
  const known = problem.safeParse(await answer.json().catch(() => null));
  return known.success ? new Refused(answer.status, known.data.detail, known.data.errors) : new Refused(answer.status, `The API answered ${answer.status}.`, []);
};

export interface Target { readonly url: string; readonly headers: Readonly<Record<string, string>> }

/** Sends bytes straight to S3 under a URL that takes these bytes and no others. @returns S3's ETag, or null where the URL's time is over. */
export const putToS3 = async ({ url, headers }: Target, bytes: Blob): Promise<string | null> => {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(url, { method: "PUT", headers, body: bytes }).catch(() => null);
    if (answer?.ok === true) return answer.headers.get("etag") ?? "";
    // 412: the bytes are there, and the answer that said so was lost.
    if (answer?.status === 412) return "";
    const text = (await answer?.text()) ?? "S3 does not answer.";
    if (answer?.status === 403 && text.includes("expired")) return null;
    if ((answer !== null && answer.status < 500) || attempt === attempts) throw new UploadError(`S3 did not take the bytes: ${/<Message>([^<]*)/.exec(text)?.[1] ?? text}`);
    await pause(attempt);
  }
};
