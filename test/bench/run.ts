import { parseArgs } from "node:util";
import { cpus } from "node:os";
import { startCloud } from "./cloud.ts";
import { reportBundles } from "./bundles.ts";
import { Layer } from "./lay.ts";
import { LoadedFirm } from "./load.ts";
import { Meter } from "./meter.ts";
import { measure, measureCounting, measureReturning, type Measured } from "./operations.ts";
import { reportPipeline } from "./pipeline.ts";
import { assumed, pricesRead } from "./prices.ts";
import { reportCounts, reportDrafts, say, table, Verdicts } from "./report.ts";
import { walkAxes } from "./walk.ts";

/**
 * `npm run bench`: what each hot operation asks of AWS as the firm grows, what each function costs to start, and what a request costs in
 * between. `--documents 100,1000` chooses other sizes, `--most 1000` ends every axis there, `--counts` leaves out whatever is a time.
 */
const { values } = parseArgs({ options: { documents: { type: "string", default: "100,1000,10000,100000" }, most: { type: "string", default: "10000" }, counts: { type: "boolean", default: false } } });
const most = Number(values.most);
const sizes = values.documents.split(",").map(Number).toSorted((a, b) => a - b);
if (!sizes.every((size) => Number.isInteger(size) && size >= 100)) throw new Error("--documents takes sizes of 100 or more, such as 100,1000.");

const began = performance.now();
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const verdicts = new Verdicts();
say(`# Bench of ${new Date().toISOString().slice(0, 10)}\n\nNode.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}, DynamoDB Local in memory.`);
say(`Prices of ${pricesRead}; a request is billed ${assumed.msOfOurs} ms and ${assumed.msPerStep} ms a step at 512 MB (assumed).`);

const progress = (done: number, of: number): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r[${"#".repeat(Math.round((done / of) * 40)).padEnd(40)}] ${done} of ${of} documents`);
};

const meter = new Meter();
const cloud = await startCloud(meter);
try {
  const lay = new Layer(cloud);
  const firm = new LoadedFirm(cloud, lay);
  const measured: Measured[] = [];
  await firm.begin();
  say("\n## Loaded\n");
  for (const size of sizes) {
    const since = performance.now();
    await firm.grow(size, (done) => progress(done, size));
    if (process.stderr.isTTY) process.stderr.write("\n");
    const took = seconds(since);
    const { documents, grants } = await firm.counted();
    say(`- ${documents.toLocaleString("en")} documents and ${grants.toLocaleString("en")} grants counted by the table, ${lay.itemsWritten.toLocaleString("en")} items written so far; ${took} for what was new.`);
    if (documents !== size + 1 || grants !== size) throw new Error(`The table counts ${documents} documents (one of them spare) and ${grants} grants where ${size} were loaded.`);
    measured.push(...(await measure(meter, cloud, firm)));
  }
  reportCounts(measured, verdicts);
  const drafts = Math.min(10_000, sizes.at(-1) ?? 0);
  await firm.addDrafts(drafts);
  reportDrafts(drafts, measured, await measure(meter, cloud, firm), verdicts);

  say("\n## Write units of a recorded hand-out\n\nBy the formula, with its share of the statistics in a batch of ten downloads by one person from ten documents of a case.\n");
  const counting = await measureCounting(meter, cloud, firm);
  const last = measured.filter((it) => it.documents === sizes[sizes.length - 1] && it.operation.download);
  table(["hand-out", "own", "statistics, person known", "together", "statistics, person new", "together"], last.map(({ operation, write }) => [
    operation.name, write.formula, counting.known, write.formula + counting.known, counting.fresh, write.formula + counting.fresh,
  ]));
  for (const { operation, write } of last) verdicts.add(`${operation.name}: write units ≤ 6 with statistics`, write.formula + counting.known <= 6, (write.formula + counting.known).toFixed(1));
  const visits = 250;
  const returning = await measureReturning(meter, cloud, firm, visits);
  say(`\nA share list for whoever looked ${visits} times before: ${returning.calls} calls, ${returning.depth} deep, ${returning.read.reported} read units (${returning.steps}).`);

  const since = performance.now();
  await walkAxes(meter, cloud, lay, verdicts, most);
  say(`\nAll axes took ${seconds(since)}; ${lay.itemsWritten.toLocaleString("en")} items written in all.`);

  if (!values.counts) await reportPipeline(cloud, firm, verdicts);
} finally {
  await cloud.stop();
}
if (!values.counts) reportBundles(verdicts);

verdicts.print();
say(`\nIt took ${seconds(began)}.`);
