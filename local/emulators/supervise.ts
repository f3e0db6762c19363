/**
 * The wrapper around every emulator process. It ends the emulator as soon as its own standard input closes, and the operating system closes
 * that pipe when the process that started us dies, whatever it died of. So a `kill -9` of `npm start` leaves no emulator behind.
 *
 *   node supervise.ts node <script.js> […arguments]   runs a Node.js program in this very process
 *   node supervise.ts run <command> […arguments]      runs anything else (java) as our child
 */
import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import { moveClock } from "./child-clock.ts";
import { KILL_AFTER_MS } from "./limits.ts";
import { writesEnded, writeWholeFiles } from "./whole-files.ts";

const [mode, command, ...args] = process.argv.slice(2);
if (command === undefined || (mode !== "node" && mode !== "run")) throw new Error("usage: supervise.ts node|run <command> […arguments]");

/** Calls `end` once: when our parent stops us politely or is gone. */
function whenParentIsGone(end: () => void): void {
  let ended = false;
  const once = (): void => {
    if (ended) return;
    ended = true;
    end();
  };
  process.stdin.on("close", once).on("error", once).resume();
  // Our own process group means that Ctrl-C in the terminal does not reach us; SIGTERM comes from `stop()` or from a person.
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, once);
}

if (mode === "node") {
  writeWholeFiles();
  moveClock(process.stdin);
  whenParentIsGone(() => void writesEnded().then(() => process.exit(0)));
  process.argv = [process.execPath, command, ...args];
  await import(pathToFileURL(command).href);
} else {
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  child.on("error", (error) => {
    console.error(`${command} did not start: ${error.message}. Is it installed and on the PATH?`);
    process.exit(127);
  });
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGTERM" ? 0 : 1)));
  whenParentIsGone(() => {
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS).unref();
  });
}
