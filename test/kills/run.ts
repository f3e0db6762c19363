import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chanceOf, seconds } from "./chance.ts";
import { Cloud } from "./cloud.ts";
import { moveOf } from "./move.ts";
import { plantTree } from "./tree.ts";
import { uploadsOf } from "./uploads.ts";
import { checkRegister, Difference, peopleOf } from "./world.ts";
import { killAmongWrites } from "./writes.ts";

/**
 * `npm run test:kills`: kills the local cloud and the upload command with SIGKILL, in the middle of moves and of uploads, and looks over the public API at what is left. Ends with 1 at
 * the first difference, and leaves the state for whoever wants to look. The seed repeats the names, bytes and waits; where in the work a kill falls depends on the machine too.
 */
const usage = `npm run test:kills -- [--only writes|move|uploads] [--things 10000] [--kills 5] [--synthetic 300000000] [--seed <n>]`;
const { values } = parseArgs({ options: { only: { type: "string" }, things: { type: "string" }, kills: { type: "string" }, synthetic: { type: "string" }, seed: { type: "string" } } });
const asked = (isGood: boolean): void => {
  if (isGood) return;
  console.error(usage);
  process.exit(1);
};
const number = (text: string | undefined, otherwise: number): number => {
  const value = text === undefined ? otherwise : Number(text);
  asked(Number.isSafeInteger(value) && value >= 0);
  return value;
};
asked(["writes", "move", "uploads", undefined].includes(values.only));
const [things, kills, large] = [number(values.things, 10_000), number(values.kills, 5), number(values.synthetic, 300_000_000)];
const chance = chanceOf(number(values.seed, randomInt(1_000_000)));
const say = (line: string): void => { console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`); };

const began = Date.now();
const directory = await mkdtemp(join(tmpdir(), "legajo-kills-"));
say(`Seed ${chance.seed}; the state is in ${directory}.`);
const cloud = await Cloud.startAt(join(directory, "cloud"));
try {
  const world = await peopleOf(await cloud.contract());
  if (values.only === "writes" || values.only === undefined) say(`Writes: ${await killAmongWrites(cloud, world, chance, kills * 2)}.`);
  let withBytes = 0;
  if (values.only === "move" || values.only === undefined) {
    const planting = Date.now();
    const tree = await plantTree(world, chance, things);
    withBytes = tree.hashes.size;
    say(`A tree of ${tree.things.size} things: ${tree.laid}; ${seconds(planting)}.`);
    const move = moveOf(cloud, world, tree, chance);
    say(`The PATCH: ${await move.killInTheRequest(kills * 2)}.`);
    say(`The move: ${await move.killInTheJob(kills)}.`);
  }
  const uploads = values.only !== "uploads" && values.only !== undefined ? null : await uploadsOf(cloud, world, chance, directory, withBytes);
  if (uploads !== null) {
    say(`Many uploads: ${await uploads.manySmall(kills)}`);
    say(`A large upload: ${await uploads.oneLarge(large, kills)}`);
  }
  const checking = Date.now();
  say(`The register: all ${await checkRegister(world)} answers that somebody heard are in it; ${seconds(checking)}.`);
  if (uploads !== null) say(`The bucket: ${await uploads.checkBucket()}`);
  if (cloud.hasDeadLetters) throw new Difference("There are dead letters.");
  say(`No difference and no dead letter. ${cloud.kills} kills of the whole local cloud, ${seconds(began)} in all.`);
  await cloud.stop();
  await rm(directory, { recursive: true, force: true });
} catch (error) {
  await cloud.stop();
  console.error(error);
  console.error(`The seed was ${chance.seed}, the state stays in ${directory}.`);
  process.exitCode = 1;
}
