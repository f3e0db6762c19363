import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { assertPortFree } from "../../local/emulators/ports.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** What `npm start` says of itself, as far as it is needed here. */
export interface Contract {
  readonly api: string;
  readonly mail: string;
  readonly cognito: string;
  readonly dynamodb: string;
  readonly control: string;
  readonly table: string;
  readonly staffPool: { readonly clientId: string };
  readonly clientPool: { readonly clientId: string };
  readonly staff: readonly { readonly email: string; readonly password: string }[];
}

/** `npm start` as a process of its own, which can be killed with every process it started and started again on what is left. */
export class Cloud {
  readonly directory: string;
  readonly port: number;
  kills = 0;
  #child: ChildProcess | null = null;
  #pids: readonly number[] = [];
  #output = "";
  #mostMemory = 0;

  private constructor(directory: string, port: number) {
    this.directory = directory;
    this.port = port;
    process.on("exit", () => this.#pids.forEach(end));
  }

  /** Below the ports that the system gives to whoever asks for any: a killed cloud must find its own free again. */
  static async startAt(directory: string): Promise<Cloud> {
    for (let port = 20_000 + (process.pid % 1000) * 10; ; port = 20_000 + ((port - 20_000 + 10) % 10_000)) {
      if (!(await areFree(port))) continue;
      const cloud = new Cloud(directory, port);
      await cloud.start();
      return cloud;
    }
  }

  /** Resolves when everything answers. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [join(root, "local/start.ts"), "--empty"], { cwd: root, env: { ...process.env, LOCAL_DIR: this.directory, PORT: String(this.port) }, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    this.#output = "";
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => {
        this.#output = `${this.#output}${text.toString()}`.slice(-10_000);
        if (this.#output.includes("Legajo is running.")) resolve();
      });
      child.once("exit", () => { reject(new Error(`The local cloud ended before it was ready:\n${this.#output}`)); });
    });
    this.#pids = withDescendants(child.pid ?? 0);
  }

  async contract(): Promise<Contract> {
    return JSON.parse(await readFile(join(this.directory, "local.json"), "utf8")) as Contract; // written by local/start.ts
  }

  /** SIGKILL to all its processes, DynamoDB Local's Java among them; resolves when they are gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) throw new Error(`The local cloud ended by itself:\n${this.#output}`);
    this.#measure();
    const gone = once(child, "exit");
    for (const pid of this.#pids) end(pid);
    this.#pids = [];
    await gone;
    while (!(await areFree(this.port))) await sleep(10);
    this.kills += 1;
  }

  /** As Ctrl-C does. */
  async stop(): Promise<void> {
    const child = this.#child;
    this.#measure();
    if (child?.exitCode === null && child.signalCode === null && child.kill("SIGTERM")) await once(child, "exit");
    this.#pids = [];
  }

  /** Did a consumer fail at an event so often that nobody brings it again? */
  get hasDeadLetters(): boolean {
    return existsSync(join(this.directory, "firm/dead-letters.jsonl"));
  }

  /** The most that one of its own processes held, without the emulators. */
  get megabytes(): number {
    this.#measure();
    return this.#mostMemory;
  }

  #measure(): void {
    this.#mostMemory = Math.max(this.#mostMemory, megabytesOf(this.#child?.pid));
  }
}

/** The most that a process held so far, in MB; 0 where the system does not say, or the process is gone. */
export const megabytesOf = (pid: number | undefined): number => {
  try {
    return Math.round((Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid ?? 0}/status`, "utf8"))?.[1] ?? 0) * 1024) / 1e6);
  } catch {
    return 0;
  }
};

const end = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone by itself, for the one that started it was killed a moment ago.
  }
};
/** Nobody listens on a port of a cloud that would begin here: whoever did is gone. */
const areFree = (port: number): Promise<boolean> => Promise.all(Array.from({ length: 7 }, (_, index) => assertPortFree(port + index, "it"))).then(() => true, () => false);

/** The emulators have process groups of their own, so that the tree is asked of the system. */
const withDescendants = (pid: number): number[] => {
  const all = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).stdout.trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] => all.filter((it) => it[1] === parent).flatMap(([child = 0]) => [child, ...below(child)]);
  return [pid, ...below(pid)];
};
