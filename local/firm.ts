import { S3Client } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { firmProfile } from "../lib/domain/firm.ts";
import { composeClientApi, composeDocumentState, composeFirstAdministrator, composeJobs, composeNotify, composeSharePage, composeStaffApi, composeStats, type AwsClient, type Surroundings } from "../lib/compose.ts";
import type { FunctionName } from "../lib/config.ts";
import type { Consumer } from "../lib/events/rules.ts";
import { openApi } from "../lib/http/openapi/document.ts";
import { startBus, type Bus, type ConsumerHandler } from "./bus.ts";
import { createUserPool } from "./emulators/cognito.ts";
import { LOCAL_CREDENTIALS, LOCAL_REGION } from "./emulators/child.ts";
import { startSecrets } from "./emulators/secrets.ts";
import { startGateway, type GatewayOptions } from "./gateway.ts";
import { startPipe, type Pipe } from "./pipe.ts";
import { referencePage } from "./reference/page.ts";
import { startLocalS3 } from "./s3/server.ts";
import { startScanner, type Scanner } from "./scanner.ts";
import { createTable } from "./table.ts";

/** The emulators that several firms may share, by address. */
export interface SharedEmulators {
  readonly dynamodb: string;
  readonly cognito: string;
  readonly mail: string;
}

export interface LocalFirmOptions {
  readonly name: string;
  readonly emulators: SharedEmulators;
  readonly directory: string;
  /** 0 takes any free port. */
  readonly ports: { readonly api: number; readonly s3: number; readonly secrets: number };
  readonly profile?: Readonly<Record<string, unknown>>;
  readonly malwareScan?: "on" | "off";
  readonly clock: () => Date;
  /** Consumers to whom nothing comes: for tests that play for hours and look at nothing of theirs. */
  readonly deaf?: readonly Consumer[];
  /** Sees the clients of each function, to record what it asks of AWS. */
  readonly watch?: (name: FunctionName, client: AwsClient) => void;
  readonly onAnswer?: GatewayOptions["onAnswer"];
}

type Pools = Readonly<Record<"staff" | "client", { readonly userPoolId: string; readonly clientId: string }>>;

/** One firm's stack on this machine, running the code that Lambda runs. */
export interface LocalFirm {
  readonly api: string;
  readonly s3: string;
  readonly table: string;
  readonly bucket: string;
  readonly pools: Pools;
  readonly bus: Bus;
  readonly pipe: Pipe;
  readonly scanner: Scanner;
  readonly handlers: GatewayOptions["handlers"];
  readonly createAdministrator: ReturnType<typeof composeFirstAdministrator>;
  close(): Promise<void>;
}

const demonstration = {
  name: "Bufete Ferrer y Asociados", colour: "#1f4e79", phone: "+34 972 00 00 00", address: "Carrer de la Força 12, 17004 Girona", adviserCases: "all",
} as const;

/** The SDK's own variables say where services answer, so that the code of the functions knows nothing of this machine. */
const point = (urls: Readonly<Record<string, string>>): void => {
  process.env["AWS_ACCESS_KEY_ID"] = LOCAL_CREDENTIALS.accessKeyId;
  process.env["AWS_SECRET_ACCESS_KEY"] = LOCAL_CREDENTIALS.secretAccessKey;
  process.env["AWS_REGION"] = LOCAL_REGION;
  for (const [service, url] of Object.entries(urls)) process.env[`AWS_ENDPOINT_URL_${service}`] = url;
};

export const startLocalFirm = async (options: LocalFirmOptions): Promise<LocalFirm> => {
  const { name, emulators, directory, ports, clock } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  point({ DYNAMODB: emulators.dynamodb, DYNAMODB_STREAMS: emulators.dynamodb, COGNITO_IDENTITY_PROVIDER: emulators.cognito, SESV2: emulators.mail });
  const [TABLE_NAME, BUCKET_NAME, LINK_KEY_SECRET, CURSOR_KEY_SECRET] = [`legajo-${name}`, `legajo-${name}-documents`, `legajo/${name}/link-key`, `legajo/${name}/cursor-key`];

  const secrets = await startSecrets({ file: join(directory, "secrets.json"), port: ports.secrets });
  for (const secret of [LINK_KEY_SECRET, CURSOR_KEY_SECRET]) if (!(await hasSecret(secrets.url, secret))) await secrets.put(secret, randomBytes(48).toString("base64url"));

  let scanner: Scanner | null = null;
  let bus: Bus | null = null;
  const s3 = await startLocalS3({
    directory: join(directory, "s3"), port: ports.s3, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, now: clock,
    onEvent: async (event) => {
      await Promise.all([bus?.publish("default", { ...event }), scanner?.see({ ...event })]);
    },
  });
  point({ SECRETS_MANAGER: secrets.url, S3: s3.url });
  await s3.createBucket(BUCKET_NAME, { corsOrigins: ["*"] });

  const streamArn = await createTable(TABLE_NAME);
  const pools: Pools = { staff: await createUserPool(emulators.cognito, `${name}-staff`), client: await createUserPool(emulators.cognito, `${name}-client`) };
  const issuerOf = (pool: keyof Pools) => ({ issuer: `http://127.0.0.1:${new URL(emulators.cognito).port}/${pools[pool].userPoolId}`, clientId: pools[pool].clientId }) as const;

  const surroundingsOf = (name: FunctionName): Surroundings =>
    ({ clock, firstPasswords: { staff: "permanent", client: "permanent" }, ...(options.watch && { watch: (client) => options.watch?.(name, client) }) });
  const common = { TABLE_NAME, BUCKET_NAME, LINK_KEY_SECRET, CURSOR_KEY_SECRET, MALWARE_SCAN: options.malwareScan ?? "on", FIRM: firmProfile.parse({ ...demonstration, ...options.profile }) };
  const staff = { STAFF_POOL_ID: pools.staff.userPoolId, STAFF_POOL_CLIENT_ID: pools.staff.clientId, STAFF_ISSUER: issuerOf("staff").issuer, CLIENT_POOL_ID: pools.client.userPoolId, RETENTION_DAYS: 90 } as const;
  const handlers = {
    "staff-api": composeStaffApi({ ...common, ...staff }, surroundingsOf("staff-api")),
    "client-api": composeClientApi({ ...common, CLIENT_POOL_ID: pools.client.userPoolId, CLIENT_POOL_CLIENT_ID: pools.client.clientId, CLIENT_ISSUER: issuerOf("client").issuer }, surroundingsOf("client-api"), () => JSON.stringify(openApi())),
    "share-page": composeSharePage({ ...common, BUCKET_ORIGIN: originOf(s3.url) }, surroundingsOf("share-page")),
  };
  const gateway = await startGateway({
    port: ports.api, handlers, issuers: { staff: issuerOf("staff"), client: issuerOf("client") },
    extras: { "/docs": () => ({ type: "text/html; charset=utf-8", body: referencePage(openApi(), gateway.url) }) }, ...(options.onAnswer && { onAnswer: options.onAnswer }),
  });
  const api = originOf(gateway.url);
  const consumers: Record<Consumer, ConsumerHandler> = {
    "document-state": composeDocumentState(common, surroundingsOf("document-state")),
    "notify": composeNotify({ ...common, PUBLIC_URL: api, PORTAL_URL: api, STAFF_APP_URL: api, MAIL_SENDER: "avisos@bufete-ferrer.example", MAIL_REPLY_TO: undefined, MAIL_CONFIGURATION_SET: "legajo", MAIL_REGION: LOCAL_REGION }, surroundingsOf("notify")),
    "stats": composeStats(common, surroundingsOf("stats")),
    "jobs": composeJobs(common, surroundingsOf("jobs")),
  };
  for (const name of options.deaf ?? []) consumers[name] = () => Promise.resolve({ batchItemFailures: [] });
  bus = startBus(consumers, join(directory, "dead-letters.jsonl"));
  scanner = startScanner(new S3Client({}), bus);
  const pipe = await startPipe(streamArn, bus, join(directory, "pipe.json"));
  s3.tellAgain();
  const running = { bus, scanner };

  return {
    api: gateway.url, s3: s3.url, table: TABLE_NAME, bucket: BUCKET_NAME, pools, ...running, pipe, handlers,
    createAdministrator: composeFirstAdministrator({ ...common, ...staff }, surroundingsOf("staff-api")),
    async close() {
      await gateway.close();
      running.bus.hold(false);
      await pipe.stop();
      await s3.close();
      await running.bus.idle();
      await secrets.stop();
    },
  };
};

/** Emulators answer on the loopback alone, and the code's types say so. */
const originOf = (url: string): `http://127.0.0.1:${string}` => `http://127.0.0.1:${new URL(url).port}`;

const hasSecret = async (url: string, SecretId: string): Promise<boolean> => {
  const client = new SecretsManagerClient({ endpoint: url });
  try {
    await client.send(new GetSecretValueCommand({ SecretId }));
    return true;
  } catch {
    return false;
  } finally {
    client.destroy();
  }
};
