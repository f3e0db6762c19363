import type { About } from "../domain/event.ts";
import { Refusal } from "../domain/refusal.ts";
import { backOff } from "./back-off.ts";
import type { Change, Ports } from "./ports.ts";
import type { Request } from "./request.ts";

const attempts = 5;
/** What is to be written, and what it comes to. */
export interface Decision<T> { readonly changes: readonly Change[]; readonly about?: About; readonly result: T }

/**
 * Writes what was decided; where a folder on the way was moved or deleted, or a hint refreshed, between reading and writing, it is read and
 * decided anew. A taken name names its field and is final.
 */
export const decidedAnew = async <T>({ ledger }: Pick<Ports, "ledger">, request: Request, decide: () => Promise<Decision<T>>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    const { changes, about, result } = await decide();
    try {
      await ledger.commit(request, changes, about && { about });
      return result;
    } catch (error) {
      if (!(error instanceof Refusal) || error.faults.length > 0 || !(error.code === "stale" || error.code === "conflict") || attempt === attempts) throw error;
      await backOff(attempt, 5);
    }
  }
};
