import { spawnSync } from "node:child_process";

/** Everything that must hold before a change lands: types, lint, unused code, then the tests. `--no-tests` leaves the tests to `npm test`. */
const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ["types", "tsc"],
  ["lint", "eslint", ".", "--max-warnings", "0"],
  ["unused code", "knip"],
  ...(process.argv.includes("--no-tests") ? [] : ([["tests", "vitest", "run"]] as const)),
];

for (const [name, command, ...args] of steps) {
  const start = Date.now();
  console.log(`── ${name}`);
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) {
    console.error(`${name} failed.`);
    process.exit(1);
  }
  console.log(`   ${name}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
}
