import * as z from "zod/mini";

/** RFC 3339, UTC, with milliseconds: `2026-11-22T10:15:00.000Z`. One width, so that text order is time order. */
export type Instant = `${string}Z`;

const shape = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const isInstant = (text: string): text is Instant => shape.test(text) && new Date(text).toString() !== "Invalid Date" && new Date(text).toISOString() === text;

export const instant = z.pipe(
  z.string().check(
    z.refine(isInstant, { error: "Use RFC 3339 in UTC with milliseconds, such as 2026-11-22T10:15:00.000Z.", abort: true }),
    // A month before the year 0 has no such text; nothing that a firm keeps happened before 1900.
    z.refine((text) => text >= "1900", "Is before the year 1900."),
    z.meta({ format: "date-time", pattern: shape.source }),
  ),
  z.custom<Instant>(),
);

/** @throws RangeError for a date outside the years 0 to 9999, which no request can carry. */
export const toInstant = (date: Date): Instant => {
  const text = date.toISOString();
  if (!isInstant(text)) throw new RangeError(`No RFC 3339 instant: ${text}`);
  return text;
};

export const plusSeconds = (at: Instant, seconds: number): Instant => toInstant(new Date(Date.parse(at) + seconds * 1000));
export const plusDays = (at: Instant, days: number): Instant => plusSeconds(at, days * 86_400);

/** An absent end is no end. Text comparison is right because every instant has the same width. */
export const isOver = (end: Instant | undefined, now: Instant): boolean => end !== undefined && end <= now;

/** `2026-11`, the month of the firm's statistics, in UTC. */
export const monthOf = (at: Instant): string => at.slice(0, 7);
export const dayOf = (at: Instant): string => at.slice(0, 10);

/** Seconds since 1970, the unit that DynamoDB's TTL attribute wants; the only place where an instant changes its unit. */
export const epochSeconds = (at: Instant): number => Math.floor(Date.parse(at) / 1000);
