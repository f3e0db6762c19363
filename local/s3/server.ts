/**
 * A local Amazon S3: the behaviours of S3 that Legajo relies on, over HTTP on the loopback interface, with its state on the disk.
 * `test/local/s3*.test.ts` say which behaviours those are, one sentence each, and drive them with the AWS SDK.
 *
 * Not here: virtual-hosted addresses, other principals and bucket policies, ACLs, POST policies, CopyObject, ListObjects (version 1),
 * delimiters, GetObject by part number, signed chunks (STREAMING-AWS4-…), CRC32C and CRC64NVME (S3 adds the latter to every object that
 * came without a checksum), whole-object checksums of multipart uploads, encryption headers (accepted, without effect), lifecycle rules,
 * the events of tags, and the retrying of an event that was not taken before the next start.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { authenticate } from "./authentication.ts";
import { Bucket } from "./bucket.ts";
import { crossOriginHeaders, preflight } from "./cors.ts";
import { documentsIn, readDocument, Turns, writeDocument } from "./disk.ts";
import { S3Error } from "./errors.ts";
import { type EventBridgeEvent, Events } from "./events.ts";
import { type Answer, checkKey, readRequest, type S3Request } from "./exchange.ts";
import { tell } from "./operations/put-object.ts";
import { findOperation } from "./routes.ts";
import { SignatureVerifier } from "./sigv4.ts";
import { leaf, node } from "./xml.ts";

export type { EventBridgeEvent } from "./events.ts";

export interface LocalS3Options {
  /** Where the state lives; created when absent. */
  readonly directory: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The local clock, which tests may move. */
  readonly now?: () => Date;
  /** Called after a change is durable; what it throws never reaches the caller of S3. */
  readonly onEvent: (event: EventBridgeEvent) => void | Promise<void>;
}

export interface LocalS3 {
  readonly url: string;
  /** Creates the bucket, or gives an existing one these origins. */
  createBucket(name: string, options?: { readonly corsOrigins: readonly string[] }): Promise<void>;
  /** Sends the events again that nobody had taken when the process that sent them ended. */
  tellAgain(): void;
  /** Stops listening, ends open connections, and resolves when nothing writes to the directory or sends events any more. */
  close(): Promise<void>;
}

interface BucketDocument {
  readonly corsOrigins: readonly string[];
}

const bucketDocument = "bucket.json";
const methods = ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"];

export async function startLocalS3(options: LocalS3Options): Promise<LocalS3> {
  const { directory, region, credentials } = options;
  const now = options.now ?? (() => new Date());
  const events = new Events(region, now, options.onEvent);
  const verifier = new SignatureVerifier(credentials, region);
  const buckets = await openBuckets(directory);
  const creating = new Turns();
  const underway = new Set<Promise<void>>();

  const respond = async (request: S3Request): Promise<Answer> => {
    const bucket = buckets.get(request.bucket);
    if (!methods.includes(request.method)) throw new S3Error("MethodNotAllowed", { details: { Method: request.method } });
    if (request.method === "OPTIONS") return preflight(request, bucket);
    const authenticated = await authenticate(request, { accessKeyId: credentials.accessKeyId, region, verifier, now: now() });
    if (request.bucket === "") throw new S3Error("NotImplemented");
    if (bucket === undefined) throw new S3Error("NoSuchBucket", { details: { BucketName: request.bucket } });
    checkKey(request.key);
    return findOperation({ ...request, headers: authenticated.headers })({ request, authenticated, bucket, events, now });
  };

  const server = createServer((message, response) => {
    const serving = serve(message, response, respond, (name) => buckets.get(name));
    underway.add(serving);
    void serving.finally(() => underway.delete(serving));
  });
  // Five gigabytes over a slow line take longer than Node's five minutes; S3 has no such limit.
  server.requestTimeout = 0;
  // Clients keep connections and reuse them; closing one just as it is reused looks like a broken server.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;

  return {
    url: `http://127.0.0.1:${port}`,
    createBucket: async (name, { corsOrigins } = { corsOrigins: [] }) => {
      if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) throw new Error(`"${name}" is not a bucket name that S3 would take.`);
      await creating.take(name, async () => {
        const folder = join(directory, name);
        await mkdir(folder, { recursive: true });
        await writeDocument(join(folder, bucketDocument), { corsOrigins } satisfies BucketDocument);
        const known = buckets.get(name);
        if (known === undefined) buckets.set(name, await Bucket.open(name, folder, corsOrigins));
        else known.corsOrigins = corsOrigins;
      });
    },
    tellAgain: () => {
      for (const bucket of buckets.values())
        for (const [key, object] of bucket.untold()) tell({ bucket, events }, { bucket: bucket.name, requestId: randomBytes(8).toString("hex").toUpperCase(), sourceIp: "127.0.0.1" }, key, object);
    },
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await Promise.all(underway);
      await events.settled();
    },
  };
}

async function openBuckets(directory: string): Promise<Map<string, Bucket>> {
  await mkdir(directory, { recursive: true });
  const buckets = new Map<string, Bucket>();
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = join(directory, entry.name);
    // A crash while a bucket was being created: whoever creates it again finishes it.
    if (!(await documentsIn(folder)).includes(bucketDocument)) continue;
    const { corsOrigins } = await readDocument<BucketDocument>(join(folder, bucketDocument));
    buckets.set(entry.name, await Bucket.open(entry.name, folder, corsOrigins));
  }
  return buckets;
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  respond: (request: S3Request) => Promise<Answer>,
  bucketOf: (name: string) => Bucket | undefined,
): Promise<void> {
  const requestId = randomBytes(8).toString("hex").toUpperCase();
  const hostId = randomBytes(32).toString("base64");
  response.setHeaders(
    new Map([
      ["x-amz-request-id", requestId],
      ["x-amz-id-2", hostId],
      ["Server", "AmazonS3"],
    ]),
  );
  let answer: Answer;
  let crossOrigin: Readonly<Record<string, string>> = {};
  try {
    const request = readRequest(message, requestId);
    crossOrigin = crossOriginHeaders(request, bucketOf(request.bucket));
    answer = await respond(request);
  } catch (error) {
    answer = refusal(error, requestId, hostId);
  }
  try {
    await write(message, response, { ...answer, headers: { ...crossOrigin, ...answer.headers } });
  } catch (error) {
    console.error(`S3 request ${requestId} could not be answered:`, error);
    response.destroy();
  }
}

function refusal(error: unknown, requestId: string, hostId: string): Answer {
  if (!(error instanceof S3Error)) console.error(`S3 request ${requestId} failed:`, error);
  const { code, message, status, details, headers } = error instanceof S3Error ? error : new S3Error("InternalError");
  const elements = Object.entries({ Code: code, Message: message, ...details, RequestId: requestId, HostId: hostId });
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n${node("Error", ...elements.map(([name, text]) => leaf(name, text)))}`;
  return { status, headers: { "Content-Type": "application/xml", ...headers }, body };
}

async function write(message: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): Promise<void> {
  if (response.destroyed) return;
  // What a refused request still sends is read and dropped: a client that is cut off while it sends would never see the refusal.
  message.resume();
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  const bodiless = message.method === "HEAD" || status === 204 || status === 304;
  if (body instanceof Readable && !bodiless) {
    // The client may leave at any time; there is nobody left to tell.
    await pipeline(body, response).catch(() => response.destroy());
    return;
  }
  const text = typeof body === "string" ? body : "";
  if (status !== 204 && status !== 304 && !response.hasHeader("Content-Length"))
    response.setHeader("Content-Length", Buffer.byteLength(message.method === "HEAD" ? "" : text));
  response.end(bodiless ? undefined : text);
}
