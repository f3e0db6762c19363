import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { existsSync } from "node:fs";
import { appendFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { movableClock } from "./clock.ts";
import { startControl } from "./control.ts";
import { startCognito } from "./emulators/cognito.ts";
import { awaitCommits, startDynamoDb } from "./emulators/dynamodb.ts";
import { startHours } from "./hours.ts";
import { assertPortFree } from "./emulators/ports.ts";
import { startSes } from "./emulators/ses.ts";
import { startLocalFirm } from "./firm.ts";
import { seedAdministrator, seedDemonstration, type Logins } from "./seed.ts";

/** `npm start`: the whole system on one machine. What it leaves behind is described in docs/local.md. */
const directory = resolve(process.env["LOCAL_DIR"] ?? ".local");
const first = Number(process.env["PORT"] ?? 4000);
const empty = process.argv.includes("--empty");
const ports = { api: first, dynamodb: first + 1, s3: first + 2, cognito: first + 3, secrets: first + 4, mail: first + 5, control: first + 6 };
const contract = join(directory, "local.json");
const loginsFile = join(directory, "people.json");
const log = (line: string): void => { void appendFile(join(directory, "emulators.log"), `${line}\n`); };

/** Undone in the opposite order, once, however the end comes. */
const undo: (() => Promise<void>)[] = [];
let ending: Promise<void> | null = null;
const end = (): Promise<void> => (ending ??= (async () => {
  await rm(contract, { force: true });
  for (const step of undo.toReversed()) await step().catch(() => undefined);
})());

const opened = async <T extends { stop(): Promise<void> }>(what: Promise<T>): Promise<T> => {
  const it = await what;
  undo.push(() => it.stop());
  return it;
};

const main = async (): Promise<void> => {
  if (!Number.isInteger(first) || first < 1024 || first > 65_000) throw new Error(`PORT=${process.env["PORT"] ?? ""} is not a port from 1024 to 65000.`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await rm(contract, { force: true });
  for (const [what, port] of Object.entries(ports)) await assertPortFree(port, what);
  if (!existsSync(loginsFile) && existsSync(join(directory, "firm"))) {
    console.log("The first start was interrupted before the firm was whole: beginning again.");
    for (const part of ["dynamodb", "cognito", "firm"]) await rm(join(directory, part), { recursive: true, force: true });
  }

  console.log("Starting DynamoDB, Cognito and SES …");
  const clock = movableClock();
  const [dynamodb, cognito, mail] = await Promise.all([
    opened(startDynamoDb({ directory: join(directory, "dynamodb"), port: ports.dynamodb, log })),
    opened(startCognito({ directory: join(directory, "cognito"), port: ports.cognito, log, now: () => clock().getTime() })),
    opened(startSes({ port: ports.mail, log })),
  ]);
  const emulators = { dynamodb: dynamodb.url, cognito: cognito.url, mail: mail.url };

  console.log("Starting the firm: table, bucket, pools, gateway, pipe, bus …");
  const firm = await startLocalFirm({
    name: "demo", emulators, directory: join(directory, "firm"), ports, clock,
    watch: (_name, client) => { if (client instanceof DynamoDBClient) awaitCommits(client); },
    onAnswer: (entry) => { void appendFile(join(directory, "gateway.jsonl"), `${JSON.stringify(entry)}\n`); },
  });
  undo.push(() => firm.close());
  const hours = startHours(clock, firm.bus);
  undo.push(() => {
    hours.stop();
    return Promise.resolve();
  });
  const control = await startControl(ports.control, clock, firm);
  undo.push(() => control.close());

  let logins: Logins;
  if (existsSync(loginsFile)) logins = JSON.parse(await readFile(loginsFile, "utf8")) as Logins; // written by the lines below
  else {
    console.log(empty ? "Inviting the first administrator …" : "Creating the demonstration firm through the API …");
    logins = await (empty ? seedAdministrator : seedDemonstration)(firm, emulators);
    await writeFile(loginsFile, JSON.stringify(logins, null, 2), { mode: 0o600 });
  }
  const local = {
    api: firm.api, mail: mail.url, docs: `${firm.api}/docs`, cognito: cognito.url, s3: firm.s3, dynamodb: dynamodb.url, control: control.url, region: "eu-west-1", table: firm.table,
    staffPool: firm.pools.staff, clientPool: firm.pools.client, ...logins,
  };
  await writeFile(`${contract}.new`, JSON.stringify(local, null, 2), { mode: 0o600 });
  await rename(`${contract}.new`, contract);

  const login = (it: { email: string; password: string }) => `  ${it.email.padEnd(42)} ${it.password}`;
  console.log(`
Legajo is running.

  API       ${local.api}
  Reference ${local.docs}
  Mails     ${local.mail}
  Control   ${local.control}   (clock, delivery, schedule, scan: docs/local.md)

Staff sign in with
${logins.staff.map(login).join("\n")}
Clients sign in with
${logins.clients.map(login).join("\n") || "  (nobody yet)"}

Everything above is in ${contract}. Try \`npm run demo\` in another terminal. Ctrl-C stops everything; the state stays in ${directory}.
`);
};

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    console.log("Stopping …");
    void end().then(() => process.exit(0));
  });
}
try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  await end();
  process.exit(1);
}
