import { schedules } from "../lib/events/rules.ts";
import type { Bus } from "./bus.ts";

const names = Object.keys(schedules) as (keyof typeof schedules)[]; // Object.keys forgets the names of a closed list

/** The last instant before `now` at which this hour came, in UTC. */
const lastComing = ({ hour, minute }: { readonly hour: number; readonly minute: number }, now: Date): number => {
  const today = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate(), hour, minute);
  return today <= now.getTime() ? today : today - 86_400_000;
};

/** Brings the hours of the stack's schedules as the clock passes them, moved or not: each once, however many days a move skips. */
export const startHours = (clock: () => Date, bus: Bus): { stop(): void } => {
  const last = new Map(names.map((name) => [name, lastComing(schedules[name], clock())]));
  const timer = setInterval(() => {
    for (const name of names) {
      const coming = lastComing(schedules[name], clock());
      if (coming <= (last.get(name) ?? 0)) continue;
      last.set(name, coming);
      void bus.fire(name);
    }
  }, 1000);
  timer.unref();
  return { stop: () => clearInterval(timer) };
};
