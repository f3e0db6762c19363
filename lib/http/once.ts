import { createHash } from "node:crypto";
import type { About } from "../domain/event.ts";
import { invalid, Refusal } from "../domain/refusal.ts";
import type { Ledger } from "../usecases/ports.ts";
import type { Once, Request } from "../usecases/request.ts";
import type { Reply } from "./route.ts";

/** The caller's `Idempotency-Key` with what it was sent with. @throws Refusal for a key that is empty, long or not visible ASCII. */
export const onceOf = (key: string, method: string, path: string, body: unknown): Once => {
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) throw invalid("headers.idempotency-key", "Is not 1 to 200 visible ASCII characters.");
  return { key, fingerprint: createHash("sha256").update(JSON.stringify([method, path, body ?? null])).digest("hex") };
};

/**
 * Creates once per key: the key is written in the transaction of what it made, so that of twenty callers one creates and the others get
 * the same object, read as it is now, with upload URLs freshly signed. Nothing of an answer is stored.
 * @throws Refusal `idempotency_conflict` where the key came with another request before.
 */
export const onlyOnce = async (ledger: Ledger, request: Request, run: () => Promise<Reply>, again: (about: About) => Promise<Reply>): Promise<Reply> => {
  const repeat = async (): Promise<Reply | null> => {
    const earlier = await ledger.earlier(request);
    if (earlier === null) return null;
    if (earlier.fingerprint !== request.once?.fingerprint) throw new Refusal("idempotency_conflict", "This Idempotency-Key came with another request before.");
    request.trail.concerns(earlier.about);
    const reply = await again(earlier.about);
    const { once: _once, ...repetition } = request;
    await ledger.commit(repetition, [], { action: "request.repeated", about: earlier.about });
    return reply;
  };
  const known = await repeat();
  if (known !== null) return known;
  try {
    return await run();
  } catch (error) {
    // What was in the way may be this very request, sent twice and a moment ahead: then its key is there, written with what it made.
    const twin = error instanceof Refusal && (error.code === "conflict" || error.code === "stale") ? await repeat() : null;
    if (twin === null) throw error;
    return twin;
  }
};
