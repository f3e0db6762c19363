import { costOf, sumOf } from "./prices.ts";
import type { Measured } from "./operations.ts";

export const say = (line = ""): void => { console.log(line); };

/** A Markdown table, aligned for a terminal too. */
export const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): void => {
  const all = [head, ...rows.map((row) => row.map((it) => (typeof it === "number" ? numberText(it) : it)))];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${row.map((it, column) => (column === 0 ? it.padEnd(widths[column] ?? 0) : it.padStart(widths[column] ?? 0))).join(" | ")} |`;
  say(line(head));
  say(`|${widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`);
  for (const row of all.slice(1)) say(line(row));
};
const numberText = (value: number): string => (Number.isInteger(value) ? value.toLocaleString("en") : value.toLocaleString("en", { maximumFractionDigits: 2, minimumFractionDigits: 1 }));

/** Targets that were tried, and how they came out. */
export class Verdicts {
  readonly #all: { readonly what: string; readonly met: boolean; readonly found: string }[] = [];

  add(what: string, met: boolean, found: string): void {
    this.#all.push({ what, met, found });
  }

  print(): void {
    say("\n## Targets\n");
    for (const { what, met, found } of this.#all) say(`- ${met ? "met   " : "MISSED"}  ${what}: ${found}`);
    const missed = this.#all.filter((it) => !it.met).length;
    say(`\n${missed === 0 ? "Every target is met." : `${missed} of ${this.#all.length} targets are MISSED.`}`);
  }
}

/** Slope of log units over log N by least squares: 0 does not grow, 1 grows as the data does. */
export const exponent = (points: readonly (readonly [number, number])[]): number | null => {
  if (points.length < 2) return null;
  const logs = points.map(([n, units]) => [Math.log(n), Math.log(units)] as const);
  const mean = (of: (point: readonly [number, number]) => number) => logs.reduce((sum, it) => sum + of(it), 0) / logs.length;
  const [x, y] = [mean(([n]) => n), mean(([, units]) => units)];
  return logs.reduce((sum, [n, units]) => sum + (n - x) * (units - y), 0) / logs.reduce((sum, [n]) => sum + (n - x) ** 2, 0);
};

/** The counts of every operation at every size, what they cost, and how they grow. */
export const reportCounts = (measured: readonly Measured[], verdicts: Verdicts): void => {
  say("\n## Calls, depth and units\n\nRead units as the emulator reports them, (f) by the documented formula; write units by the formula, (e) as the emulator reports them.\n");
  table(["operation", "documents", "calls", "depth", "read", "read (f)", "write", "write (e)"], measured.map((it) => [
    it.operation.name, it.documents, it.calls, it.depth, it.read.reported, it.read.formula, it.write.formula, it.write.reported,
  ]));
  const unequal = measured.filter((it) => it.differs).map((it) => `${it.operation.name} at ${it.documents}`);
  if (unequal.length > 0) say(`\nRepetitions differed: ${unequal.join(", ")}.`);

  say("\n## Growth, and dollars for a million\n\nExponent: slope of log(read + write units) over log(documents). Dollars at the largest size, by the larger of the two\ncounts of read units: the emulator takes nothing for keys that a batch does not find.\n");
  const byOperation = Map.groupBy(measured, (it) => it.operation);
  table(["operation", "exponent", "gateway", "Lambda", "table", "events", "S3", "dollars"], [...byOperation].map(([{ name, download }, sizes]) => {
    const slope = exponent(sizes.map((it) => [it.documents, it.read.reported + it.write.formula]));
    const last = sizes[sizes.length - 1];
    if (!last) return [];
    const cost = costOf({ depth: last.depth, readUnits: Math.max(last.read.reported, last.read.formula), writeUnits: last.write.formula, download: download === true });
    return [name, slope === null ? "one size" : slope.toFixed(4), ...Object.values(cost).map((it: number) => it.toFixed(2)), sumOf(cost).toFixed(2)];
  }));

  for (const [{ name, depth }, sizes] of byOperation) {
    const deepest = Math.max(...sizes.map((it) => it.depth));
    verdicts.add(`${name}: depth ≤ ${depth}`, deepest <= depth, `${deepest} (${sizes.find((it) => it.depth === deepest)?.steps ?? ""})`);
  }
  for (const [{ name }, sizes] of byOperation) {
    const slope = exponent(sizes.map((it) => [it.documents, it.read.reported + it.write.formula]));
    if (slope !== null) verdicts.add(`${name}: exponent ≤ 0.02`, slope <= 0.02, slope.toFixed(4));
  }
};

/** What drafts among the published documents change for whoever does not see them: nothing. */
export const reportDrafts = (drafts: number, measured: readonly Measured[], among: readonly Measured[], verdicts: Verdicts): void => {
  const costOf = ({ calls, depth, read, write }: Measured): string => `${calls} calls, ${depth} deep, ${read.formula} + ${write.formula}`;
  const changed = among.flatMap((it) => {
    const before = measured.find(({ operation, documents }) => operation === it.operation && documents === it.documents);
    return it.operation.name.startsWith("staff") || before === undefined || costOf(before) === costOf(it) ? [] : [`${it.operation.name} ${costOf(before)} → ${costOf(it)}`];
  });
  verdicts.add(`${drafts.toLocaleString("en")} drafts among ${among[0]?.documents.toLocaleString("en") ?? ""} published: the same cost for clients and links`, changed.length === 0, changed.length === 0 ? `${among.length - 1} operations of ${among.length - 1}` : changed.join("; "));
  const signed = [...measured, ...among].filter((it) => it.signed !== (it.operation.download ? 1 : 0));
  verdicts.add("URLs presigned: one by each download, none by any other operation", signed.length === 0, signed.length === 0 ? "at every size" : signed.map((it) => `${it.operation.name} ${it.signed}`).join(", "));
};
