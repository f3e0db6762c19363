/** Runs one emulator as a child process: start, wait until it answers, stop, and never leave it behind. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { followClock } from "./child-clock.ts";
import { KILL_AFTER_MS, READY_WITHIN_MS } from "./limits.ts";

/** Something that answers at `url` until it is stopped. `stop` may be called any number of times. */
export interface Emulator {
  readonly url: string;
  stop(): Promise<void>;
}

/** Receives every line that an emulator prints. */
export type Log = (line: string) => void;

/** What to run, and how to see that it works. */
export interface ChildOptions {
  /** The name for people: it begins every message. */
  readonly name: string;
  /** "node" runs a JavaScript file inside the supervising process, "run" any other command. */
  readonly mode: "node" | "run";
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly url: string;
  readonly log: Log;
  /** The clock that a "node" emulator follows, in milliseconds since 1970; the machine's when absent. */
  readonly now?: (() => number) | undefined;
  /** Resolves when the emulator answers; any rejection means "not yet". */
  readonly answers: () => Promise<unknown>;
}

const LAST_LINES = 12;
const SUPERVISOR = fileURLToPath(new URL("./supervise.ts", import.meta.url));

/** The credentials that every emulator and every local client share. None of them checks the signature. */
export const LOCAL_REGION = "eu-west-1";
export const LOCAL_CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" } as const;

/**
 * The Node.js that runs the supervisor. It must run TypeScript as it is; when a test was started with an older Node than the project's, the
 * pinned one of node_modules takes its place.
 */
function nodeBinary(): string {
  return process.features.typescript ? process.execPath : fileURLToPath(new URL("../../node_modules/node/bin/node", import.meta.url));
}

/**
 * Nothing of our environment reaches an emulator but what a program needs to run: a developer's AWS profile, proxy or NODE_OPTIONS must not
 * change what the local cloud does, and cognito-local and the SES emulator read HOST, PORT, CODE and SMTP_TRANSPORT.
 */
function cleanEnvironment(extra: Readonly<Record<string, string>>): Record<string, string> {
  const kept = ["PATH", "HOME", "JAVA_HOME", "TMPDIR", "TEMP", "SystemRoot"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(kept),
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_REGION: LOCAL_REGION,
    TZ: "UTC",
    ...extra,
  };
}

/** Starts the child and resolves when it answers. Rejects with its last lines when it ends before, or does not answer in time. */
export async function startChild(options: ChildOptions): Promise<Emulator> {
  const { name, url } = options;
  const child = spawn(nodeBinary(), [SUPERVISOR, options.mode, options.command, ...options.args], {
    cwd: options.cwd,
    env: cleanEnvironment(options.env ?? {}),
    stdio: ["pipe", "pipe", "pipe"],
    // Its own process group: Ctrl-C in the terminal reaches only us, who stop the emulators in order, and one signal kills wrapper and java.
    detached: true,
  });
  const lastLines: string[] = [];
  const state = { ready: false, stopping: false };
  const ended = once(child, "close").then(
    () => `exit code ${child.exitCode ?? "none"}, signal ${child.signalCode ?? "none"}`,
    (error: unknown) => String(error), // It could not even be started.
  );
  const hear = (line: string): void => {
    lastLines.push(line);
    if (lastLines.length > LAST_LINES) lastLines.shift();
    options.log(line);
  };
  readLines(child.stdout, hear);
  readLines(child.stderr, hear);
  child.stdin.on("error", () => undefined); // The child may be gone before we close the pipe.

  const unfollow = options.now === undefined ? undefined : followClock(options.now, child.stdin);
  void ended.then((how) => {
    unfollow?.();
    if (state.ready && !state.stopping) options.log(`${name} ended by itself (${how}).`);
  });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    state.stopping = true;
    return (stopped ??= end(child, ended));
  };

  const failure = await Promise.race([
    untilAnswers(options.answers, () => state.stopping).then(() => undefined),
    ended.then((how) => `${name} ended before it answered (${how})`),
    sleep(READY_WITHIN_MS, `${name} did not answer at ${url} within ${READY_WITHIN_MS / 1000} s`, { ref: false }),
  ]);
  if (failure !== undefined) {
    await stop();
    throw new Error(`${failure}. It said last:\n${lastLines.join("\n") || "(nothing)"}`);
  }
  state.ready = true;
  return { url, stop };
}

function readLines(stream: Readable, hear: Log): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on("line", hear);
}

/** Asks again every 50 ms until an answer comes or nobody wants it any more. */
async function untilAnswers(answers: () => Promise<unknown>, given: () => boolean): Promise<void> {
  while (!given()) {
    try {
      await answers();
      return;
    } catch {
      await sleep(50);
    }
  }
}

/** SIGTERM, and SIGKILL to the whole group when that was not enough. Resolves when the process and its pipes are gone. */
async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.stdin?.end();
  child.kill("SIGTERM");
  const late = await Promise.race([ended.then(() => false), sleep(KILL_AFTER_MS, true, { ref: false })]);
  if (late && child.pid !== undefined) {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // It ended in between.
    }
    await ended;
  }
}
