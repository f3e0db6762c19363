/** The emulators start, work with the real SDK, keep their state over a restart, and leave no process behind. */
import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand } from "@aws-sdk/client-dynamodb-streams";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SendEmailCommand, SESv2Client } from "@aws-sdk/client-sesv2";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Emulator } from "../../local/emulators/child.ts";
import { createUserPool, startCognito } from "../../local/emulators/cognito.ts";
import { startDynamoDb } from "../../local/emulators/dynamodb.ts";
import { assertPortFree, freePorts } from "../../local/emulators/ports.ts";
import { startSecrets, type Secrets } from "../../local/emulators/secrets.ts";
import { startSes } from "../../local/emulators/ses.ts";

const PATIENT = 30_000;
const lines: string[] = [];
const log = (line: string): void => void lines.push(line);
const local = (endpoint: string) => ({ endpoint, region: "eu-west-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } });

let directory: string;
let ports: { dynamo: number; cognito: number; ses: number; secrets: number };
let dynamo: Emulator, cognito: Emulator, ses: Emulator, secrets: Secrets;
/** What the identity emulator's clock is ahead of the machine's. */
let ahead = 0;

async function startAll(): Promise<void> {
  [dynamo, cognito, ses, secrets] = await Promise.all([
    startDynamoDb({ directory: join(directory, "dynamodb"), port: ports.dynamo, log }),
    startCognito({ directory: join(directory, "cognito"), port: ports.cognito, log, now: () => Date.now() + ahead }),
    startSes({ port: ports.ses, log }),
    startSecrets({ file: join(directory, "secrets.json"), port: ports.secrets }),
  ]);
}

async function stopAll(): Promise<void> {
  await Promise.all([dynamo, cognito, ses, secrets].map((one) => one.stop()));
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    () => true,
    () => false,
  );
}

/** The command lines of every process on this machine that name one of these ports: wrappers, DynamoDB Local and the mail emulator do. */
async function processesOf(...wanted: number[]): Promise<string[]> {
  const all =
    process.platform === "linux" // where a slim image has /proc but no ps
      ? await Promise.all(
          (await readdir("/proc")).map(async (pid) => {
            const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
            return text.replaceAll("\0", " ");
          }),
        )
      : (await promisify(execFile)("ps", ["-A", "-o", "args"])).stdout.split("\n");
  return all.filter((line) => line.includes("emulator") && wanted.some((port) => line.trim().endsWith(` ${port}`)));
}

/** The message with which something was refused. */
async function refusal(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => "(not refused)",
    (error: unknown) => String(error),
  );
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "emulators-"));
  const [a = 0, b = 0, c = 0, d = 0] = await freePorts(4);
  ports = { dynamo: a, cognito: b, ses: c, secrets: d };
  await startAll();
}, PATIENT);

afterAll(async () => {
  await stopAll();
  await rm(directory, { recursive: true, force: true });
}, PATIENT);

describe("DynamoDB Local", () => {
  const key = { pk: { S: "CLIENT#1" }, sk: { S: "PROFILE" } };

  /** Every stream record's sequence number, from the oldest on. */
  async function sequenceNumbers(streamArn: string): Promise<string[]> {
    const client = new DynamoDBStreamsClient(local(dynamo.url));
    const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamArn: streamArn }));
    const shardId = StreamDescription?.Shards?.[0]?.ShardId;
    const start = { StreamArn: streamArn, ShardId: shardId, ShardIteratorType: "TRIM_HORIZON" } as const;
    const { ShardIterator } = await client.send(new GetShardIteratorCommand(start));
    const { Records } = await client.send(new GetRecordsCommand({ ShardIterator }));
    return (Records ?? []).map((record) => record.dynamodb?.SequenceNumber ?? "none");
  }

  test("keeps items, stream records and their sequence numbers over a restart", { timeout: PATIENT }, async () => {
    const client = new DynamoDBClient(local(dynamo.url));
    const created = await client.send(
      new CreateTableCommand({
        TableName: "emulator-test",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: ["pk", "sk"].map((name) => ({ AttributeName: name, AttributeType: "S" as const })),
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
        StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
      }),
    );
    const stream = created.TableDescription?.LatestStreamArn ?? "none";
    await client.send(new PutItemCommand({ TableName: "emulator-test", Item: { ...key, n: { N: "1" } } }));
    const before = await sequenceNumbers(stream);
    expect(before).toHaveLength(1);

    await dynamo.stop();
    expect(await answers(dynamo.url)).toBe(false);
    dynamo = await startDynamoDb({ directory: join(directory, "dynamodb"), port: ports.dynamo, log });

    const { Item } = await client.send(new GetItemCommand({ TableName: "emulator-test", Key: key, ConsistentRead: true }));
    expect(Item?.["n"]).toEqual({ N: "1" });
    await client.send(new PutItemCommand({ TableName: "emulator-test", Item: { ...key, n: { N: "2" } } }));
    const after = await sequenceNumbers(stream);
    expect(after).toHaveLength(2);
    expect(after[0]).toBe(before[0]);
    expect(BigInt(after[1] ?? "0")).toBeGreaterThan(BigInt(before[0] ?? "0"));
  });

  test("says with its own last lines why it did not start", { timeout: PATIENT }, async () => {
    const [port = 0] = await freePorts(1);
    const file = join(directory, "not-a-directory");
    await writeFile(file, "");
    expect(await refusal(startDynamoDb({ directory: file, port, log }))).toMatch(/not-a-directory/);
  });
});

describe("cognito-local", () => {
  const client = (): CognitoIdentityProviderClient => new CognitoIdentityProviderClient(local(cognito.url));
  const person = { email: "ana@example.com", password: "Una-clave-larga-1" };

  async function claims(clientId: string): Promise<Record<string, unknown>> {
    const { AuthenticationResult } = await client().send(
      new InitiateAuthCommand({
        ClientId: clientId,
        AuthFlow: "USER_PASSWORD_AUTH",
        AuthParameters: { USERNAME: person.email, PASSWORD: person.password },
      }),
    );
    // A JSON object by the definition of a token; each claim is compared below.
    return JSON.parse(Buffer.from(AuthenticationResult?.AccessToken?.split(".")[1] ?? "", "base64url").toString()) as Record<
      string,
      unknown
    >;
  }

  test("creates a pool once, issues access tokens for it and knows its people after a restart", { timeout: PATIENT }, async () => {
    const pool = await createUserPool(cognito.url, "staff");
    const other = await createUserPool(cognito.url, "clients");
    expect(other.userPoolId).not.toBe(pool.userPoolId);
    const who = { UserPoolId: pool.userPoolId, Username: person.email };
    await client().send(new AdminCreateUserCommand({ ...who, MessageAction: "SUPPRESS" }));
    await client().send(new AdminSetUserPasswordCommand({ ...who, Password: person.password, Permanent: true }));
    const first = await claims(pool.clientId);
    expect(first).toMatchObject({ iss: `${cognito.url}/${pool.userPoolId}`, client_id: pool.clientId, token_use: "access" });
    const jwks = await fetch(`${cognito.url}/${pool.userPoolId}/.well-known/jwks.json`);
    expect(await jwks.json()).toMatchObject({ keys: [{ kid: "CognitoLocal", alg: "RS256" }] });

    await cognito.stop();
    ahead = 86_400_000;
    cognito = await startCognito({ directory: join(directory, "cognito"), port: ports.cognito, log, now: () => Date.now() + ahead });
    expect(await createUserPool(cognito.url, "staff")).toEqual(pool);
    const second = await claims(pool.clientId);
    expect(second["sub"]).toBe(first["sub"]);
    // The clock that it follows was moved by a day.
    expect(Number(second["iat"]) - Number(first["iat"])).toBeGreaterThanOrEqual(86_400);
    expect(Number(second["exp"])).toBeGreaterThan(Number(second["iat"]));
  });

  test("leaves its file whole when many people are created and given passwords at once", { timeout: PATIENT }, async () => {
    const { userPoolId } = await createUserPool(cognito.url, "crowded");
    for (const round of [1, 2, 3]) {
      await Promise.all(
        Array.from({ length: 12 }, async (_, index) => {
          const who = { UserPoolId: userPoolId, Username: `p${round}-${index}@example.com` };
          await client().send(new AdminCreateUserCommand({ ...who, MessageAction: "SUPPRESS" }));
          await client().send(new AdminSetUserPasswordCommand({ ...who, Password: "x".repeat(200 - index * 10), Permanent: true }));
        }),
      );
      const text = await readFile(join(directory, "cognito", ".cognito", "db", `${userPoolId}.json`), "utf8");
      expect(Object.keys(Object(JSON.parse(text)).Users)).toHaveLength(12 * round);
    }
  });
});

describe("aws-ses-v2-local", () => {
  test("shows what was sent, with the sender's name and the headers, and without the tags", async () => {
    await new SESv2Client(local(ses.url)).send(
      new SendEmailCommand({
        FromEmailAddress: '"Gestoría Peña" <avisos@firm.example>',
        Destination: { ToAddresses: ["ana@example.com"] },
        ReplyToAddresses: ["hola@firm.example"],
        EmailTags: [{ Name: "notice", Value: "n1" }],
        Content: {
          Simple: {
            Subject: { Data: "Tiene un documento", Charset: "UTF-8" },
            Body: { Text: { Data: "texto" }, Html: { Data: "<p>texto</p>" } },
            Headers: [{ Name: "X-Notice", Value: "n1" }],
          },
        },
      }),
    );
    const store: unknown = await (await fetch(`${ses.url}/store`)).json();
    expect(store).toEqual({
      templates: {},
      emails: [
        {
          messageId: expect.stringMatching(/^ses-\d{9}$/),
          from: '"Gestoría Peña" <avisos@firm.example>',
          replyTo: ["hola@firm.example"],
          destination: { to: ["ana@example.com"], cc: [], bcc: [] },
          subject: "Tiene un documento",
          body: { text: "texto", html: "<p>texto</p>" },
          attachments: [],
          headers: [{ name: "X-Notice", value: "n1" }],
          at: expect.any(Number),
        },
      ],
    });
  });
});

describe("the secrets endpoint", () => {
  test("gives the newest value, the one before by its label, and both after a restart, out of a file for its owner only", async () => {
    const client = new SecretsManagerClient(local(secrets.url));
    await expect(client.send(new GetSecretValueCommand({ SecretId: "link-key" }))).rejects.toThrow(
      expect.objectContaining({ name: "ResourceNotFoundException" }),
    );
    await secrets.put("link-key", "first");
    await secrets.put("link-key", "second");
    await secrets.stop();
    secrets = await startSecrets({ file: join(directory, "secrets.json"), port: ports.secrets });
    const current = await client.send(new GetSecretValueCommand({ SecretId: "link-key" }));
    expect(current).toMatchObject({ Name: "link-key", SecretString: "second", VersionStages: ["AWSCURRENT"] });
    expect(current.CreatedDate).toBeInstanceOf(Date);
    const before = await client.send(new GetSecretValueCommand({ SecretId: current.ARN, VersionStage: "AWSPREVIOUS" }));
    expect(before.SecretString).toBe("first");
    const { mode } = await stat(join(directory, "secrets.json"));
    expect(mode & 0o777).toBe(0o600);
  });

  test("answers no request that is not signed", async () => {
    const response = await fetch(secrets.url, { method: "POST", body: "{}", headers: { "x-amz-target": "secretsmanager.GetSecretValue" } });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: "MissingAuthenticationTokenException" });
  });
});

describe("ports", () => {
  test("a taken port is named together with what wanted it", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const address = holder.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const wanted = await Promise.all([
      refusal(startDynamoDb({ directory: null, port, log })),
      refusal(startCognito({ directory: join(directory, "other"), port, log })),
      refusal(startSes({ port, log })),
      refusal(startSecrets({ file: join(directory, "other.json"), port })),
    ]);
    for (const message of wanted) expect(message).toContain(`Port ${port}`);
    expect(wanted[0]).toContain("DynamoDB Local");
    holder.close();
  });

  test("a port that browsers refuse is refused, and free ports are different ports", async () => {
    expect(await refusal(assertPortFree(6000, "The API"))).toMatch(/The API cannot use port 6000: browsers/);
    expect(new Set(await freePorts(20)).size).toBe(20);
  });
});

describe("processes", () => {
  test("stopping, even twice, leaves no process behind", { timeout: PATIENT }, async () => {
    const [port = 0] = await freePorts(1);
    const one = await startDynamoDb({ directory: null, port, log });
    expect(await processesOf(port)).toHaveLength(2);
    await Promise.all([one.stop(), one.stop()]);
    await one.stop();
    expect(await processesOf(port)).toEqual([]);
    await assertPortFree(port, "The next one");
  });

  test("a killed parent leaves no emulator behind", { timeout: PATIENT }, async () => {
    const [first = 0, second = 0] = await freePorts(2);
    const module = (name: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, "../../local/emulators", name)).href);
    const script = `
      const { startDynamoDb } = await import(${module("dynamodb.ts")});
      const { startSes } = await import(${module("ses.ts")});
      await Promise.all([startDynamoDb({ directory: null, port: ${first}, log() {} }), startSes({ port: ${second}, log() {} })]);
      console.log("ready");`;
    const node = process.features.typescript ? process.execPath : join(import.meta.dirname, "../../node_modules/node/bin/node");
    const parent = spawn(node, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    await once(parent.stdout, "data");
    expect(await processesOf(first, second)).toHaveLength(3);
    parent.kill("SIGKILL");
    await once(parent, "exit");
    const until = Date.now() + 5_000;
    while ((await processesOf(first, second)).length > 0 && Date.now() < until) await sleep(100);
    expect(await processesOf(first, second)).toEqual([]);
  });
});
