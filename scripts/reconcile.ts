import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { SettingsError } from "../infra/settings.ts";
import { aws, composeReconciliation } from "../lib/compose.ts";
import { objectKey } from "../lib/domain/document.ts";
import { LOCAL_CREDENTIALS, LOCAL_REGION } from "../local/emulators/child.ts";
import { deployedStaffApi } from "./deployed.ts";

/**
 * `npm run reconcile [-- --firm firms/<name>.json] [--clean <how many>]`: does the bucket hold what the table says, and nothing else? Without a firm it
 * looks at the local cloud of `npm start`; with one, under the operator's own AWS credentials. It reads unless it is told to clean as many as it found: a
 * table that is another firm's, or as it was last week, names fewer. What a version names it never touches.
 */
const local = z.object({ table: z.string(), s3: z.string(), dynamodb: z.string() });

const whatToCompare = async (firm: string | undefined): Promise<Parameters<typeof composeReconciliation>[0]> => {
  if (firm !== undefined) return (await deployedStaffApi(firm)).config;
  const file = join(resolve(process.env["LOCAL_DIR"] ?? ".local"), "local.json");
  if (!existsSync(file)) throw new SettingsError("Name a firm's settings with --firm, or start the local cloud with npm start.");
  const { table, s3, dynamodb } = local.parse(JSON.parse(await readFile(file, "utf8")));
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey, AWS_REGION: LOCAL_REGION, AWS_ENDPOINT_URL_S3: s3, AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
  });
  return { TABLE_NAME: table, BUCKET_NAME: `${table}-documents` };
};

const main = async (): Promise<boolean> => {
  const { values } = parseArgs({ options: { firm: { type: "string" }, clean: { type: "string" } } });
  const reconciliation = composeReconciliation(await whatToCompare(values.firm), aws);
  const found = await reconciliation.find();
  console.log(`${found.versions} versions in the table, ${found.objects} object versions in the bucket.`);
  const tell = <T>(what: string, all: readonly T[], line: (it: T) => string): void => {
    if (all.length > 0) console.log([`${all.length} ${what}:`, ...all.map((it) => `  ${line(it)}`)].join("\n"));
  };
  tell("object versions that no version names", found.orphans, (it) => `${it.key}  ${it.s3VersionId}  ${it.isMarker ? "delete marker" : `${it.size} bytes`}  ${it.at}`);
  tell("uploads in parts that no version collects", found.strays, (it) => `${it.key}  ${it.at}`);
  tell("unfinished uploads, or silent scans, whose time is over", found.overdue, (it) => `${objectKey(it)}  announced ${it.createdAt}`);
  tell("versions whose bytes are GONE (nothing cleans these: docs/runbook.md)", found.lost, (it) => `${objectKey(it)}  of case ${it.caseId}`);
  const toClean = found.orphans.length + found.strays.length + found.overdue.length;
  const isConfirmed = values.clean === String(toClean);
  if (toClean > 0 && isConfirmed) {
    await reconciliation.clean(found);
    console.log(`Cleaned ${toClean}.`);
  } else console.log(toClean > 0 ? `Nothing was changed. --clean ${toClean} removes these, but nothing of what is gone.` : found.lost.length > 0 ? "Nothing to clean." : "They agree.");
  return found.lost.length === 0 && (toClean === 0 || isConfirmed);
};

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  if (error instanceof Error) console.error(error instanceof SettingsError ? error.message : `${error.name}: ${error.message}`);
  process.exitCode = 2;
}
