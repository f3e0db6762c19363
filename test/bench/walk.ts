import { axes, type Axis, type Keeps, type Step } from "./axes.ts";
import type { Cloud } from "./cloud.ts";
import type { Layer } from "./lay.ts";
import type { Meter } from "./meter.ts";
import { summaryOf } from "./operations.ts";
import { say, table, type Verdicts } from "./report.ts";
import { Office, Scene } from "./scene.ts";

/** What a request cost at one size. */
interface Cost { readonly calls: number; readonly depth: number; readonly read: number; readonly write: number; readonly writes: number; readonly signed: number; readonly refused: boolean }

const measuredRounds = 2;

/** Walks each axis from its smallest size to its largest, no further than `most`, and says what stayed the same. */
export const walkAxes = async (meter: Meter, cloud: Cloud, lay: Layer, verdicts: Verdicts, most: number): Promise<void> => {
  say("\n## Axes\n\nOne thing grows, all else stays. Each cell: calls, depth, read units + write units, both by the formula; pages of five. Without a mark, everything must be the same at every size; ~ its calls and their steps, while units grow by design; ≈ its steps; ↑ it grows, and is only shown.");
  const office = new Office();
  await office.open(lay);
  let signedElsewhere = 0;
  for (const axis of axes) {
    const sizes = axis.sizes.filter((size) => size <= most);
    const found = new Map<Step, Cost[]>();
    for (const size of sizes) {
      const scene = await new Scene(lay, office, axis.plan(size)).build();
      for (const [step, cost] of await costsOf(meter, cloud, scene, axis)) found.set(step, [...(found.get(step) ?? []), cost]);
    }
    say(`\n### ${axis.name}\n`);
    table(["request", ...sizes.map((it) => it.toLocaleString("en"))], [...found].map(([step, costs]) => [`${step.name} ${costs.every((it) => it.refused) ? "" : marks[step.keeps]}`.trimEnd(), ...costs.map(cellOf)]));
    judge(axis, sizes, found, verdicts);
    for (const [step, costs] of found) signedElsewhere += costs.filter((it) => it.signed !== (it.refused ? 0 : (step.signs ?? 0))).length;
  }
  verdicts.add("URLs are presigned on click only: one for a download that is handed out, none for any page", signedElsewhere === 0, signedElsewhere === 0 ? "so it was" : `${signedElsewhere} requests signed otherwise`);
};

const marks: Readonly<Record<Keeps, string>> = { all: "", calls: "~", steps: "≈", nothing: "↑" };
const short = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: 1 });
const cellOf = ({ calls, depth, read, write }: Cost): string => `${short(calls)}, ${short(depth)}, ${short(read)} + ${short(write)}`;

/** The least of each step's rounds: a busy machine can only make a chain of calls look longer. */
const costsOf = async (meter: Meter, cloud: Cloud, scene: Scene, { name, steps }: Axis): Promise<Map<Step, Cost>> => {
  const costs = new Map<Step, Cost>();
  for (let round = 0; round <= measuredRounds; round++) {
    let last: Awaited<ReturnType<Cloud["ask"]>> = {};
    for (const step of steps) {
      const ask = await step.ask(scene, cloud, last);
      const run = await meter.during(() => cloud.ask(ask));
      last = run.result;
      const status = typeof step.status === "number" ? step.status : step.status(scene.plan);
      if (last.statusCode !== status) throw new Error(`${step.name} (${name}) answered ${last.statusCode ?? 0}, not ${status}: ${last.body ?? ""}`);
      if ((step.signs === undefined || status >= 400) && last.body?.includes("X-Amz-Signature")) throw new Error(`${step.name} (${name}) shows a presigned URL.`);
      const { calls, depth, signed, read, write } = summaryOf(run);
      const cost: Cost = { calls, depth, signed, read: read.formula, write: write.formula, writes: run.calls.filter((it) => it.write.formula > 0).length, refused: status >= 400 };
      const before = costs.get(step);
      if (round > 0 && (before === undefined || cost.depth < before.depth)) costs.set(step, cost);
    }
  }
  return costs;
};

const kept: Readonly<Record<Keeps, (cost: Cost) => readonly number[]>> = {
  all: ({ calls, depth, read, write }) => [calls, depth, read, write], calls: ({ calls, depth }) => [calls, depth], steps: ({ depth }) => [depth], nothing: () => [],
};

const judge = (axis: Axis, sizes: readonly number[], found: ReadonlyMap<Step, readonly Cost[]>, verdicts: Verdicts): void => {
  const through = `${axis.name}, ${sizes.map((it) => it.toLocaleString("en")).join(" and ")}`;
  const held = [...found].filter(([step]) => step.keeps !== "nothing");
  const moved = held.filter(([step, costs]) => new Set(costs.filter((it) => it.refused === costs[0]?.refused).map((it) => kept[step.keeps](it).join())).size > 1);
  if (sizes.length > 1 && held.length > 0) verdicts.add(`${through}: the same cost`, moved.length === 0, moved.length === 0 ? `${held.length} requests of ${held.length}` : moved.map(([step, costs]) => `${step.name} ${costs.map(cellOf).join(" → ")}`).join("; "));
  const shut = [...found].filter(([, costs]) => costs.every((it) => it.refused));
  if (shut.length === found.size) verdicts.add(`${through}: refused`, true, `${shut.length} requests of ${shut.length}`);
  const single = [...found].filter(([step]) => step.oneWrite);
  const several = single.filter(([, costs]) => costs.some((it) => it.writes !== 1));
  if (single.length > 0) verdicts.add(`${through}: one write each`, several.length === 0, several.length === 0 ? single.map(([step]) => step.name).join(", ") : several.map(([step, costs]) => `${step.name} ${costs.map((it) => it.writes).join(" → ")}`).join("; "));
};
