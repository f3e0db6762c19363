import { randomInt } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wearDynamoDbOut } from "../api/firm.ts";
import { checks } from "./checks.ts";
import { builders } from "./operations.ts";
import type { World } from "./reference.ts";
import { play, shareOfYes, tally, type Step } from "./sequence.ts";
import { isOld, startStage, type Stage } from "./stage.ts";

/** `npm run test:model` plays 1,000 sequences of 50 steps; `npm test` plays a few, always the same ones. A seed repeats a run: MODEL_SEED. */
const numberIn = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const [sequences, length, seed] = [numberIn("MODEL_SEQUENCES", 8), numberIn("MODEL_STEPS", 30), numberIn("MODEL_SEED", process.env["MODEL_SEQUENCES"] === undefined ? 20_261_130 : randomInt(2 ** 31))];

const runs = Math.ceil(sequences / 2);

const common = ["create folder", "create folder", "add document", "add document", "grant", "grant", "grant", "grant", "revoke", "move folder", "move document", "stop or go on", "share", "delete", "restore", "restore"];
/** Laying a document down and moving the clock are ours, not a caller's. And what somebody has who joins depends on the instant at which they did. */
const standAlone = new Set(["add document", "time passes", "join the client"]);
const kind = fc.constantFrom(...Object.keys(builders), ...common);
const step: fc.Arbitrary<Step> = fc.record({
  kind, beside: fc.option(kind.filter((it) => !standAlone.has(it)), { freq: 2 }), looks: fc.array(fc.constantFrom(...Object.keys(checks)), { minLength: 2, maxLength: 3 }),
  numbers: fc.array(fc.nat(1_000_000), { minLength: 8, maxLength: 8 }),
}).map((it) => (standAlone.has(it.kind) ? { ...it, beside: null } : it));

/** What lets somebody see something or not: a run that hardly ever says yes, or no, proves little of the other. */
const decisions = ["download", "list", "case", "shared with me", "view as", "why", "link"];

/** Random sequences in firms of one kind, half of them all: each kind is a file of its own, so that they run beside each other. */
export const agreesWhere = (adviserCases: World["adviserCases"]): void => {
  describe(`Where advisers enter ${adviserCases} cases, the system`, () => {
    let stage: Stage | null = null;
    const current = async (): Promise<Stage> => {
      if (stage !== null && !isOld(stage)) return stage;
      await stage?.firm.stop();
      wearDynamoDbOut();
      return (stage = await startStage(adviserCases));
    };
    let played = 0;
    /** A run of an hour says on the way how far it is: one that is stopped has still said what it has seen. */
    const tell = (): void => {
      const lines = [...tally].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([what, times]) => `  ${String(times).padStart(7)}  ${what}`);
      process.stdout.write(`\nThe permission model where advisers enter ${adviserCases} cases: ${played} sequences of ${runs}, ${length} steps each, seed ${seed}\n${lines.join("\n")}\n`);
    };
    beforeAll(() => { tally.clear(); });
    afterAll(async () => {
      await stage?.firm.stop();
      tell();
    });

    it("agrees with the reference after every step of random sequences", { timeout: 12 * 3_600_000 }, async () => {
      const told = await fc.check(
        fc.asyncProperty(fc.array(step, { minLength: length, maxLength: length }), async (steps) => {
          await play(await current(), steps);
          played += 1;
          if (played % 100 === 0 && played < runs) tell();
        }),
        { seed, numRuns: runs, endOnFailure: process.env["MODEL_SHRINK"] === undefined },
      );
      expect(told.failed ? `seed ${seed}: ${told.errorInstance instanceof Error ? (told.errorInstance.stack ?? "") : String(told.errorInstance)}` : "").toBe("");
      // A few short sequences have too few answers of one kind, and too few grants.
      const [kinds, least] = played < 100 ? [[decisions], 0.1] : [decisions.map((it) => [it]), 0.2];
      for (const looks of kinds) {
        expect(shareOfYes(looks), looks.join()).toBeGreaterThan(least);
        expect(shareOfYes(looks), looks.join()).toBeLessThan(1 - least);
      }
    });
  });
};
