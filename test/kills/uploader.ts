import { spawn, type ChildProcessByStdio } from "node:child_process";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "./chance.ts";
import { megabytesOf, root, type Cloud } from "./cloud.ts";
import { Difference, type World } from "./world.ts";

/** One run of `npm run upload`, as on somebody's machine. */
export interface Run {
  /** Files that it has spoken of. */
  readonly lines: () => number;
  readonly output: () => string;
  readonly isOver: () => boolean;
  /** Its exit code; null where it was killed. */
  readonly ended: Promise<number | null>;
  /** @returns how many MB it held at most. */
  kill(): Promise<number>;
}

export const startUpload = ({ contract, token }: World, args: readonly string[]): Run => {
  const child = spawn(process.execPath, [join(root, "scripts/upload.ts"), "--api", contract.api, ...args], { cwd: root, env: { ...process.env, LEGAJO_TOKEN: token }, stdio: ["ignore", "pipe", "pipe"] });
  const { output, ended } = heard(child);
  let isOver = false;
  child.on("close", () => { isOver = true; });
  return {
    lines: () => output().split("\n").length - 1, output, isOver: () => isOver, ended,
    async kill() {
      const megabytes = megabytesOf(child.pid);
      child.kill("SIGKILL");
      await ended;
      return megabytes;
    },
  };
};

export interface Sending {
  readonly args: readonly string[];
  /** How much of it has arrived, from 0 to 1, as the running command or the API tells. */
  readonly progress: (run: Run) => Promise<number> | number;
  /** What is killed at which progress. */
  readonly kills: readonly { readonly what: "uploader" | "cloud"; readonly at: number }[];
}

/** Sends with kills in between, again and again until the command says that everything is there. @returns what happened. */
export const sendWithKills = async (cloud: Cloud, world: World, chance: Chance, { args, progress, kills }: Sending): Promise<{ readonly killed: string; readonly runs: number; readonly megabytes: number; readonly last: string }> => {
  const killed = { uploader: 0, cloud: 0 };
  let megabytes = 0;
  let runs = 1;
  let run = startUpload(world, args);
  for (const { what, at } of kills) {
    if (run.isOver()) [run, runs] = [startUpload(world, args), runs + 1];
    while (!run.isOver() && (await progress(run)) < at) await sleep(20);
    await sleep(chance.next() * 200);
    if (run.isOver()) continue;
    killed[what] += 1;
    if (what === "uploader") megabytes = Math.max(megabytes, await run.kill());
    else {
      await cloud.kill();
      await cloud.start();
    }
  }
  if (killed.uploader + killed.cloud === 0) throw new Difference("The upload was over before anything could be killed: take more bytes.");
  // What the restarted cloud has still to do can make a run say that something is not there yet.
  for (let code = await run.ended, left = 5; code !== 0; left--) {
    if (left === 0) throw new Difference(`The upload command does not come to an end:\n${run.output()}`);
    [run, runs] = [startUpload(world, args), runs + 1];
    code = await run.ended;
  }
  return { killed: `${killed.uploader} kills of the command and ${killed.cloud} of the cloud`, runs, megabytes, last: run.output().trim().split("\n").at(-1) ?? "" };
};

/** `npm run reconcile` on a machine whose clock is `aheadSeconds` ahead, as the cloud's is. @returns what it says. */
export const reconcile = async ({ directory }: Cloud, aheadSeconds: number, args: readonly string[] = []): Promise<{ readonly code: number | null; readonly output: string }> => {
  const child = spawn(process.execPath, ["--import", join(import.meta.dirname, "ahead.ts"), join(root, "scripts/reconcile.ts"), ...args], {
    // The SDK would otherwise go back to the machine's time, of which the answers' dates are.
    cwd: root, env: { ...process.env, LOCAL_DIR: directory, LEGAJO_AHEAD_SECONDS: String(aheadSeconds), AWS_DISABLE_CLOCK_SKEW_CORRECTION: "true" }, stdio: ["ignore", "pipe", "pipe"],
  });
  const { output, ended } = heard(child);
  const code = await ended;
  return { code, output: output().trim() };
};

/** What a process says, and its exit code when it is over. */
const heard = (child: ChildProcessByStdio<null, Readable, Readable>) => {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => { output += text.toString(); });
  const ended = new Promise<number | null>((resolve, reject) => { child.on("error", reject).on("close", resolve); });
  return { output: () => output, ended };
};
