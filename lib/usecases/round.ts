import * as z from "zod/mini";
import type { About } from "../domain/event.ts";
import type { Job } from "../domain/job.ts";
import { Refusal } from "../domain/refusal.ts";
import { logError } from "../log.ts";

const place = z.tuple([z.nullable(z.string()), z.boolean()]);

/**
 * How far a job is that goes through a list of what is due. One thing that cannot be dealt with must not keep all that is due after it: the job goes on past
 * it and fails in the end, with the last reason, and tomorrow's tries again.
 */
export class Round {
  /** The last of the list that is done with. */
  after: string | null;
  #hasFailed: boolean;
  #reason: Error | null = null;

  constructor({ position }: Pick<Job, "position"> = { position: null }) {
    [this.after, this.#hasFailed] = position === null ? [null, false] : place.parse(JSON.parse(position));
  }

  /** @returns null where it threw, which the log tells of; or where somebody else was at it: the next run sees what came of that. */
  async attempt<T>(about: About, deal: () => Promise<T>): Promise<T | null> {
    try {
      return await deal();
    } catch (error) {
      if (error instanceof Refusal && (error.code === "stale" || error.code === "conflict")) return null;
      logError(error, { message: "Passed by: tomorrow's job tries again.", ...about });
      [this.#hasFailed, this.#reason] = [true, error instanceof Error ? error : new Error(String(error))];
      return null;
    }
  }

  /** Where the job's next step goes on. */
  get position(): string {
    return JSON.stringify([this.after, this.#hasFailed]);
  }

  /** @returns null, the position of a job that is done. @throws what the last of the things that could not be dealt with threw. */
  end(): null {
    if (this.#hasFailed) throw this.#reason ?? new Error("Some of what is due could not be dealt with in an earlier step. Tomorrow's job tries again.");
    return null;
  }
}
