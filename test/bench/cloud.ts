import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LOCAL_CREDENTIALS, LOCAL_REGION } from "../../local/emulators/child.ts";
import { startDynamoDb } from "../../local/emulators/dynamodb.ts";
import { freePorts } from "../../local/emulators/ports.ts";
import { startSecrets } from "../../local/emulators/secrets.ts";
import type { HttpHandler } from "../../local/gateway.ts";
import { createTable } from "../../local/table.ts";
import { composeClientApi, composeSharePage, composeStaffApi, composeStats, type Surroundings } from "../../lib/compose.ts";
import { firmProfile } from "../../lib/domain/firm.ts";
import { functionOf, routes, type RouteName } from "../../lib/http/routes.ts";
import { startTestIssuer, type TestIssuer } from "../adapters/issuer.ts";
import type { Meter } from "./meter.ts";

export const profile = { name: "Bufete Ferrer y Asociados", colour: "#1f4e79", phone: "+34 972 00 00 00", address: "Carrer de la Força 12, 17004 Girona" } as const;
/** Known here, so that links and sessions can be made without asking the code under measurement. */
export const linkKey = "bench-link-key-0123456789-0123456789-0123456789-0123456789-01234";

/** A request as API Gateway sends it, addressed by the route's name. */
export interface Ask {
  readonly route: RouteName;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly cookie?: string;
  readonly token?: string;
  readonly ifMatch?: string;
}

/** The functions that answer people and the counting consumer, on DynamoDB Local in memory, each client under the meter. */
export interface Cloud {
  readonly table: string;
  readonly client: DynamoDBDocumentClient;
  readonly issuer: TestIssuer;
  readonly ask: (it: Ask) => Promise<APIGatewayProxyStructuredResultV2>;
  readonly count: ReturnType<typeof composeStats>;
  /** The clients' API once more, under somebody else's eyes. */
  readonly clientApi: (watch: Meter["watch"]) => HttpHandler;
  stop(): Promise<void>;
}

export const startCloud = async ({ watch }: Pick<Meter, "watch">): Promise<Cloud> => {
  const directory = await mkdtemp(join(tmpdir(), "legajo-bench-"));
  const [dynamoPort = 0, secretsPort = 0] = await freePorts(2);
  const [dynamodb, secrets, issuer] = await Promise.all([
    startDynamoDb({ directory: null, port: dynamoPort, log: () => undefined }), startSecrets({ file: join(directory, "secrets.json"), port: secretsPort }), startTestIssuer("bench"),
  ]);
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey, AWS_REGION: LOCAL_REGION,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url, AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
  });
  const common = { TABLE_NAME: "legajo-bench", BUCKET_NAME: "legajo-bench-documents", LINK_KEY_SECRET: "link-key", CURSOR_KEY_SECRET: "cursor-key", FIRM: firmProfile.parse(profile) };
  await Promise.all([createTable(common.TABLE_NAME), secrets.put("link-key", linkKey).then(() => secrets.put("cursor-key", `cursor-${linkKey}`))]);

  const around: Surroundings = { clock: () => new Date(), firstPasswords: { staff: "temporary", client: "none" }, watch };
  const pool = { id: "eu-west-1_bench", clientId: "bench", issuer: issuer.issuer };
  const clientApi: Cloud["clientApi"] = (sees) => composeClientApi({ ...common, CLIENT_POOL_ID: pool.id, CLIENT_POOL_CLIENT_ID: pool.clientId, CLIENT_ISSUER: pool.issuer, MALWARE_SCAN: "on" }, { ...around, watch: sees }, () => "{}");
  const handlers: Readonly<Record<string, HttpHandler>> = {
    "staff-api": composeStaffApi({ ...common, STAFF_POOL_ID: pool.id, STAFF_POOL_CLIENT_ID: pool.clientId, STAFF_ISSUER: pool.issuer, CLIENT_POOL_ID: pool.id, MALWARE_SCAN: "on", RETENTION_DAYS: 90 }, around),
    "client-api": clientApi(watch),
    "share-page": composeSharePage({ ...common, BUCKET_ORIGIN: "http://127.0.0.1:1" }, around),
  };
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts: 6 }), { marshallOptions: { removeUndefinedValues: true } });
  return {
    table: common.TABLE_NAME, client, issuer, count: composeStats(common, around), clientApi,
    ask: async (it) => {
      const handler = handlers[functionOf[routes[it.route].audience]];
      if (!handler) throw new Error(`Nobody answers ${it.route}.`);
      return handler(eventOf(it), {} as Context); // no handler of ours reads its context
    },
    async stop() {
      client.destroy();
      await Promise.all([dynamodb.stop(), secrets.stop(), issuer.stop()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
};

/** Payload format 2.0, as `local/gateway.ts` makes it of a real request. */
export const eventOf = ({ route, params = {}, query = "", json, form, cookie, token, ifMatch }: Ask): Parameters<HttpHandler>[0] => {
  const { method, path } = routes[route];
  const rawPath = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? "");
  const body = json !== undefined ? JSON.stringify(json) : form ? new URLSearchParams(form).toString() : undefined;
  const type = json !== undefined ? "application/json" : form ? "application/x-www-form-urlencoded" : undefined;
  const userAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
  return {
    version: "2.0", routeKey: `${method} ${path}`, rawPath, rawQueryString: query, pathParameters: { ...params }, isBase64Encoded: false,
    headers: { "user-agent": userAgent, ...(type && { "content-type": type }), ...(token && { authorization: `Bearer ${token}` }), ...(ifMatch && { "if-match": ifMatch }) },
    ...(cookie && { cookies: [cookie] }), ...(body !== undefined && { body }),
    requestContext: {
      accountId: "000000000000", apiId: "bench", domainName: "bench", domainPrefix: "bench", routeKey: `${method} ${path}`, stage: "$default", requestId: "bench", time: "", timeEpoch: 0,
      http: { method, path: rawPath, protocol: "HTTP/1.1", sourceIp: "203.0.113.77", userAgent },
    },
  };
};
