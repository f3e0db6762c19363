/** The part of Secrets Manager that a Lambda uses: GetSecretValue, over a JSON file that only its owner may read. */
import { createHash, randomUUID } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { dirname } from "node:path";
import { z } from "zod";
import { LOCAL_REGION, type Emulator } from "./child.ts";
import { assertPortFree } from "./ports.ts";

/** The running endpoint, and `put` to create a secret or give it a new version, as a deployment or a rotation would. */
export interface Secrets extends Emulator {
  put(name: string, value: string): Promise<void>;
}

const Version = z.strictObject({ id: z.string(), value: z.string(), created: z.number() });
/** Newest first: AWSCURRENT, then AWSPREVIOUS. AWS labels no other version, so none is kept. */
const Stored = z.record(z.string(), z.array(Version).min(1).max(2));
type Stored = z.infer<typeof Stored>;

const GetSecretValue = z.object({ SecretId: z.string().min(1), VersionId: z.string().optional(), VersionStage: z.string().optional() });
const STAGES = ["AWSCURRENT", "AWSPREVIOUS"] as const;
const MAX_BODY = 100_000;

/** What AWS answers with: a status, and a body whose `__type` the SDK turns into the error's name. */
interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Starts the endpoint on the secrets of `file`. It runs in this process. */
export async function startSecrets({ file, port }: { readonly file: string; readonly port: number }): Promise<Secrets> {
  await assertPortFree(port, "The secrets endpoint");
  let stored = await read(file);
  const server = createServer((request, response) => {
    void answer(request, () => stored)
      .catch((error: unknown) => refuse(500, "InternalServiceError", String(error)))
      .then(({ status, body }) => {
        response.writeHead(status, { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": randomUUID() });
        response.end(JSON.stringify(body));
      });
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));

  let writing = Promise.resolve();
  const put = (name: string, value: string): Promise<void> => {
    const write = writing.then(async () => {
      const version = { id: randomUUID(), value, created: Date.now() / 1000 };
      const next = { ...stored, [name]: [version, ...(stored[name] ?? [])].slice(0, STAGES.length) };
      await save(file, next);
      stored = next;
    });
    writing = write.catch(() => undefined);
    return write;
  };
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopped ??= new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }));
  return { url: `http://127.0.0.1:${port}`, put, stop };
}

async function read(file: string): Promise<Stored> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return {};
  await chmod(file, 0o600);
  return Stored.parse(JSON.parse(text));
}

/** Whole or not at all: a crash in the middle must not cost a firm its link key. */
async function save(file: string, secrets: Stored): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  await rename(draft, file);
}

async function answer(request: IncomingMessage, secrets: () => Stored): Promise<Answer> {
  // A page in a browser cannot send this header here without a preflight, which we do not answer: loopback alone would not keep it out.
  if (!request.headers.authorization?.startsWith("AWS4-HMAC-SHA256 ")) {
    return refuse(400, "MissingAuthenticationTokenException", "Missing Authentication Token");
  }
  const target = request.headers["x-amz-target"];
  if (target !== "secretsmanager.GetSecretValue") {
    return refuse(400, "UnknownOperationException", `The local secrets endpoint knows only GetSecretValue, not ${String(target)}.`);
  }
  const input = GetSecretValue.safeParse(JSON.parse(await bodyOf(request)));
  if (!input.success) return refuse(400, "ValidationException", z.prettifyError(input.error));
  return find(secrets(), input.data);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  request.setEncoding("utf8");
  let body = "";
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > MAX_BODY) throw new Error("The request is too long.");
  }
  return body;
}

function find(secrets: Stored, { SecretId, VersionId, VersionStage }: z.infer<typeof GetSecretValue>): Answer {
  const name = Object.keys(secrets).find((one) => one === SecretId || arnOf(one) === SecretId);
  const versions = name === undefined ? undefined : secrets[name];
  if (name === undefined || versions === undefined) {
    return refuse(400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
  }
  const index =
    VersionId === undefined
      ? STAGES.findIndex((stage, at) => stage === (VersionStage ?? "AWSCURRENT") && at < versions.length)
      : versions.findIndex((version) => version.id === VersionId);
  const version = versions[index];
  if (version === undefined) {
    const wanted = VersionId === undefined ? `staging label: ${VersionStage ?? "AWSCURRENT"}` : `VersionId: ${VersionId}`;
    return refuse(400, "ResourceNotFoundException", `Secrets Manager can't find the specified secret value for ${wanted}`);
  }
  if (VersionStage !== undefined && VersionStage !== STAGES[index]) {
    return refuse(400, "InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId.");
  }
  const body = {
    ARN: arnOf(name),
    Name: name,
    SecretString: version.value,
    VersionId: version.id,
    VersionStages: [STAGES[index]],
    CreatedDate: version.created,
  };
  return { status: 200, body };
}

/** AWS ends every secret's ARN with six random characters; ours follow from the name, so that they survive a lost file. */
function arnOf(name: string): string {
  const suffix = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `arn:aws:secretsmanager:${LOCAL_REGION}:000000000000:secret:${name}-${suffix}`;
}

function refuse(status: number, type: string, message: string): Answer {
  return { status, body: { __type: type, message } };
}
