import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { bundle } from "../../infra/bundling/bundle.ts";
import { environments, type FunctionName } from "../../lib/config.ts";
import { profile } from "./cloud.ts";
import { say, table, type Verdicts } from "./report.ts";

const rounds = 15;
/** Against the stock DynamoDB client; consumers have no one waiting and no target. */
const targets: Partial<Record<FunctionName, number>> = { "client-api": 1, "share-page": 1, "staff-api": 1.3 };

/** What a deployed function finds in its environment, by way of everything that any of them reads. */
const environment = {
  TABLE_NAME: "t", BUCKET_NAME: "bucket", FIRM: JSON.stringify(profile), LINK_KEY_SECRET: "s", CURSOR_KEY_SECRET: "s", STAFF_POOL_ID: "eu-west-1_a", STAFF_POOL_CLIENT_ID: "c",
  STAFF_ISSUER: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_a", CLIENT_POOL_ID: "eu-west-1_b", CLIENT_POOL_CLIENT_ID: "c",
  CLIENT_ISSUER: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_b", BUCKET_ORIGIN: "https://b.s3.eu-west-1.amazonaws.com", MALWARE_SCAN: "on", RETENTION_DAYS: "90", PUBLIC_URL: "https://a.example",
  PORTAL_URL: "https://a.example", STAFF_APP_URL: "https://a.example", MAIL_SENDER: "a@a.example", MAIL_CONFIGURATION_SET: "c", MAIL_REGION: "eu-west-1",
  AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key", AWS_SESSION_TOKEN: "token",
};

const code = (file: string): string => `const start = performance.now(); await import(${JSON.stringify(file)}); process.stdout.write(String(performance.now() - start)); process.exit(0);`;
const importMs = (file: string): number => {
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code(file)], { encoding: "utf8", env: { PATH: process.env["PATH"] ?? "", ...environment } });
  const ms = Number(stdout);
  if (stdout === "" || Number.isNaN(ms)) throw new Error(`A bundle does not start: ${stderr}`);
  return ms;
};

const shuffled = <T>(all: readonly T[]): T[] => all.map((it) => ({ it, at: randomInt(2 ** 32) })).toSorted((a, b) => a.at - b.at).map(({ it }) => it);
const middleOf = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;

/**
 * Bytes and import time of every function's bundle. Each import is a fresh process; a round imports every bundle once, in an order of its own.
 * "stock again" is a copy of "stock": what differs between the two is noise.
 */
export const reportBundles = (verdicts: Verdicts): void => {
  const folder = mkdtempSync(join(tmpdir(), "legajo-bundles-"));
  try {
    const here = (name: string) => fileURLToPath(import.meta.resolve(`./${name}.ts`));
    const functions = Object.keys(environments) as FunctionName[]; // its keys are the names
    const file = (name: string): string => join(folder, `${name}.mjs`);
    bundle(here("empty"), file("empty"));
    bundle(here("stock"), file("stock"), { alias: {} });
    copyFileSync(file("stock"), file("stock again"));
    for (const name of functions) bundle(fileURLToPath(import.meta.resolve(`../../functions/${name}.ts`)), file(name));

    const names = ["empty", "stock", "stock again", ...functions];
    const times = new Map(names.map((name) => [name, [] as number[]]));
    for (const name of names) importMs(file(name)); // the disk's cache
    for (let round = 0; round < rounds; round++) for (const name of shuffled(names)) times.get(name)?.push(importMs(file(name)));
    const sorted = new Map([...times].map(([name, all]) => [name, all.toSorted((a, b) => a - b)]));
    const median = (name: string): number => middleOf(sorted.get(name) ?? []);
    const least = (name: string): number => sorted.get(name)?.[0] ?? Number.NaN;

    say(`\n## Bundles\n\nImport in milliseconds: median, least and most of ${rounds} fresh processes, shuffled. Ratio: to the stock DynamoDB client in the same run.\n`);
    table(["bundle", "min bytes", "gzip bytes", "import", "least", "most", "over empty", "ratio", "of least"], names.map((name) => {
      const bytes = readFileSync(file(name));
      const all = sorted.get(name) ?? [];
      return [name, bytes.length, gzipSync(bytes).length, median(name).toFixed(1), least(name).toFixed(1), (all.at(-1) ?? 0).toFixed(1), (median(name) - median("empty")).toFixed(1), (median(name) / median("stock")).toFixed(2), (least(name) / least("stock")).toFixed(2)];
    }));
    const noise = median("stock again") / median("stock");
    say(`\nA/A pair: the same bundle twice differs by ${(Math.abs(noise - 1) * 100).toFixed(1)} %.`);
    for (const [name, most] of Object.entries(targets)) {
      const ratio = median(name) / median("stock");
      verdicts.add(`${name}: import ≤ ${most.toFixed(1)} × stock`, ratio <= most, `${ratio.toFixed(2)} (${(least(name) / least("stock")).toFixed(2)} by the least of each)`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
