import { context } from "esbuild";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { compileFunction } from "node:vm";
import { mutantsOf, type Mutant } from "./mutations.ts";
import { survivors } from "./survivors.ts";

/**
 * Takes each check out of the rules, one at a time, and sees whether a test of the rules notices. The module on disk is never touched: the tests
 * are bundled with the mutant in its place. A survivor without a written reason fails, and so does a reason without its survivor.
 */
const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const rules = pathOf("../../lib/domain/access.ts");
const { source, mutants } = mutantsOf(rules);

let mutated = source;
const bundler = await context({
  entryPoints: [pathOf("../domain/access.test.ts")], bundle: true, write: false, platform: "node", format: "cjs", logLevel: "silent",
  alias: { vitest: pathOf("vitest.ts") },
  plugins: [{ name: "mutant", setup: (build) => { build.onLoad({ filter: /lib[\\/]domain[\\/]access\.ts$/ }, () => ({ contents: mutated, loader: "ts" })); } }],
});
const require = createRequire(import.meta.url);

/** @returns what a test said against this text of the rules, or null when all of them pass. */
const objectionTo = async (text: string): Promise<string | null> => {
  mutated = text;
  try {
    const { outputFiles: [bundle] } = await bundler.rebuild();
    compileFunction(bundle?.text ?? "", ["module", "exports", "require"])({ exports: {} }, {}, require);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : "failed";
  }
};
const named = ({ from, to }: Mutant): string => `${from} -> ${to}`;
const short = (text: string): string => text.replaceAll(/\s+/g, " ");

const began = Date.now();
const healthy = await objectionTo(source);
if (healthy !== null) throw new Error(`The tests fail on the rules as they are: ${healthy}`);
const alive: Mutant[] = [];
for (const it of mutants) {
  const objection = await objectionTo(source.slice(0, it.start) + it.to + source.slice(it.end));
  if (objection === null) alive.push(it);
  console.log(`${objection === null ? "SURVIVED" : "killed  "} ${String(it.line).padStart(4)}  ${short(named(it))}`);
}
await bundler.dispose();

const unexplained = alive.filter((it) => survivors[named(it)] === undefined);
const needless = Object.keys(survivors).filter((it) => !alive.some((mutant) => named(mutant) === it));
console.log(`\n${mutants.length} mutants in ${((Date.now() - began) / 1000).toFixed(1)} s: ${mutants.length - alive.length} killed, ${alive.length} survived, ${alive.length - unexplained.length} of them for a reason.`);
for (const it of alive) console.log(`line ${it.line}: ${short(named(it))}\n  ${survivors[named(it)] ?? "Nobody knows why."}`);
for (const it of needless) console.log(`A reason without its survivor: ${it}`);
if (unexplained.length + needless.length > 0) process.exitCode = 1;
