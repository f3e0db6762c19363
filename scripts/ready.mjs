// Makes a fresh clone ready, then runs the command it is given with the project's own Node.js first on the path.
// Plain JavaScript without imports from node_modules: it runs before anything is installed, on any Node.js from 20 on.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stop = (sentence) => {
  console.error(sentence);
  process.exit(1);
};

const major = Number(process.versions.node.split(".")[0]);
if (major < 20) stop(`Legajo needs Node.js 20 or newer to start (this is ${process.version}): install it from https://nodejs.org.`);

const java = spawnSync("java", ["-version"], { encoding: "utf8" });
const javaVersion = /version "(\d+)/.exec(java.stderr ?? "")?.[1];
if (java.error || !javaVersion)
  stop("Legajo runs AWS's DynamoDB Local, which needs Java 17 or newer: install a JRE (for example `apt-get install default-jre-headless`) and put `java` on the path.");
if (Number(javaVersion) < 17) stop(`Legajo runs AWS's DynamoDB Local, which needs Java 17 or newer (this is Java ${javaVersion}): install a newer JRE.`);

// npm ci only when the lockfile is not the one that was installed: a start must not wait for what is there already.
const lock = createHash("sha256").update(readFileSync(join(root, "package-lock.json"))).digest("hex");
const stamp = join(root, "node_modules", ".legajo-lock");
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
  console.log("Installing what package-lock.json names (about a minute, once) …");
  const install = spawnSync("npm", ["ci", "--loglevel", "error"], { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (install.status !== 0) stop("npm ci failed: its message is above. Nothing was started.");
  writeFileSync(stamp, lock);
}

const [command, ...args] = process.argv.slice(2);
const path = [join(root, "node_modules", ".bin"), process.env.PATH].join(delimiter);
const version = spawnSync("node", ["--version"], { encoding: "utf8", env: { ...process.env, PATH: path } }).stdout?.trim();
const wanted = `v${JSON.parse(readFileSync(join(root, "package.json"), "utf8")).devDependencies.node}`;
if (version !== wanted) stop(`Legajo runs on Node.js ${wanted}, as Lambda does, but found ${version}: run \`npm ci --foreground-scripts\` and read what the package "node" says.`);

if (command) {
  const child = spawn(command, args, { cwd: root, stdio: "inherit", env: { ...process.env, PATH: path } });
  child.on("error", (error) => stop(`${command} could not be started: ${error.message}`));
  // A terminal sends Ctrl-C to the whole group; a supervisor signals this process alone, so both are passed on.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // npm passes a signal on to its shell, and the shell dies of it without a word: whose parent is gone is told to stop.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) child.kill("SIGTERM");
  }, 500).unref();
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
}
