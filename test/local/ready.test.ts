import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A shell as npm has one, with the verb's command in it. @returns the shell and the process id that the command printed. */
const startVerb = async (shell: string) => {
  // A second command keeps the shell from becoming the first.
  const command = `${shell} node scripts/ready.mjs node -e "console.log(process.pid); setInterval(() => undefined, 1000)"${shell === "exec" ? "" : "; true"}`;
  const parent = spawn("sh", ["-c", command], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const [printed] = await once(parent.stdout, "data");
  return { parent, pid: Number(String(printed).trim()) };
};

it.each([["", "SIGTERM"], ["", "SIGKILL"], ["exec", "SIGINT"], ["exec", "SIGTERM"]] as const)("leaves no process behind when its parent (%j) gets %s", async (shell, signal) => {
  const { parent, pid } = await startVerb(shell);
  expect(isThere(pid)).toBe(true);
  parent.kill(signal);
  for (let tries = 0; tries < 100 && isThere(pid); tries++) await sleep(100);
  expect(isThere(pid)).toBe(false);
});
