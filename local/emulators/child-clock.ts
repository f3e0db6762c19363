/**
 * Moves the clock of a Node.js emulator, so that the tokens it gives out are of the time that the local cloud says it is.
 *
 * The parent writes the difference in milliseconds, one per line, to the standard input that the supervisor watches anyway.
 */
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** How often the parent looks at its clock: the longest time that the emulator lags behind a jump. */
const LOOK_EVERY_MS = 20;
/** Smaller differences are the two calls' own duration, not a jump. */
const NOTICEABLE_MS = 50;

/** In the parent: tells the child now, and then at every jump, how far `now` is from the machine's clock. @returns how to end that. */
export function followClock(now: () => number, to: Writable): () => void {
  let told = 0;
  const look = (): void => {
    const offset = Math.round(now() - Date.now());
    if (Math.abs(offset - told) < NOTICEABLE_MS) return;
    told = offset;
    to.write(`${offset}\n`);
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS).unref();
  return () => clearInterval(timer);
}

/** In the child: `Date` of this process is moved by the last difference that was read. Timers keep the machine's clock. */
export function moveClock(from: Readable): void {
  let offset = 0;
  createInterface({ input: from }).on("line", (line) => {
    const read = Number(line);
    if (Number.isFinite(read)) offset = read;
  });
  const MachineDate = Date;
  const MovedDate = new Proxy(MachineDate, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [target.now() + offset] : args, newTarget),
    apply: (target) => new target(target.now() + offset).toString(),
    get: (target, property, receiver) => (property === "now" ? () => target.now() + offset : Reflect.get(target, property, receiver)),
  });
  globalThis.Date = MovedDate;
}
