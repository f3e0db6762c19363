/** What the S3 conformance tests share: a server on a fresh folder, an SDK client, a clock to move, the events, and plain HTTP. */
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { type IncomingHttpHeaders, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type GetObjectCommand,
  type HeadObjectCommand,
  type PutObjectCommand,
  S3Client,
  S3ServiceException,
  type UploadPartCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type EventBridgeEvent, type LocalS3, startLocalS3 } from "../../local/s3/server.ts";

export const credentials = { accessKeyId: "AKIALEGAJOLOCAL00001", secretAccessKey: "local-secret" };
export const region = "eu-west-1";
export const bucket = "documents";
export const origin = "https://portal.example";

// The SDK warns of every refused stream on the console; here refusals are what is wanted.
const nothing = (): void => undefined;
const silent = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export class Harness {
  readonly events: EventBridgeEvent[] = [];
  readonly directory: string;
  /** Thrown by the event consumer when set. */
  consumerError: Error | undefined;
  clockOffset = 0;
  #s3: LocalS3 | undefined;
  #client: S3Client | undefined;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async start(): Promise<Harness> {
    const harness = new Harness(await mkdtemp(join(tmpdir(), "legajo-s3-")));
    await harness.open();
    return harness;
  }

  async open(): Promise<void> {
    this.#s3 = await startLocalS3({
      directory: this.directory,
      port: 0,
      region,
      credentials,
      now: () => new Date(Date.now() + this.clockOffset),
      onEvent: (event) => {
        this.events.push(event);
        if (this.consumerError !== undefined) throw this.consumerError;
      },
    });
    await this.#s3.createBucket(bucket, { corsOrigins: [origin] });
    this.#client = this.clientWith({});
  }

  async close(): Promise<void> {
    this.#client?.destroy();
    await this.#s3?.close();
  }

  async stop(): Promise<void> {
    await this.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  tellAgain(): void {
    this.#s3?.tellAgain();
  }

  get url(): string {
    return this.#s3?.url ?? "";
  }

  get client(): S3Client {
    return this.#client ?? this.clientWith({});
  }

  clientWith(options: NonNullable<ConstructorParameters<typeof S3Client>[0]>): S3Client {
    return new S3Client({ region, endpoint: this.url, forcePathStyle: true, credentials, maxAttempts: 1, logger: silent, ...options });
  }

  /** As the application presigns: no checksum of an empty body baked in, and the headers that must hold signed as headers. */
  presign(
    command: GetObjectCommand | HeadObjectCommand | PutObjectCommand | UploadPartCommand,
    options: { readonly expiresIn?: number; readonly signed?: readonly string[]; readonly signingDate?: Date } = {},
  ): Promise<string> {
    const signed = new Set(options.signed ?? []);
    const client = this.clientWith({ requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" });
    // The presigner's types were not written for exactOptionalPropertyTypes: with it no S3 command is a Command.
    return getSignedUrl(client, command as Parameters<typeof getSignedUrl>[1], {
      expiresIn: options.expiresIn ?? 60,
      unhoistableHeaders: signed,
      signableHeaders: new Set(["host", ...signed]),
      ...(options.signingDate === undefined ? {} : { signingDate: options.signingDate }),
    });
  }

  /** The names of the files that hold bytes, to see that a refusal leaves none. */
  async blobs(): Promise<readonly string[]> {
    return readdir(join(this.directory, bucket, "blobs"));
  }
}

/** An HTTP request without any tidying: the path and the headers go out as they are given. */
export function send(
  url: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string | Buffer } = {},
): Promise<Reply> {
  const [, host = "", port = "", path = ""] = /^http:\/\/([^:/]+):(\d+)(.*)$/.exec(url) ?? [];
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host, port, path, method: options.method ?? "GET", headers: options.headers ?? {}, agent: false },
      (incoming) => {
        const pieces: Buffer[] = [];
        incoming.on("data", (piece: Buffer) => pieces.push(piece));
        incoming.on("error", reject);
        incoming.on("end", () => {
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(pieces).toString("utf8") });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(options.body);
  });
}

export const codeOf = (reply: Reply): string | undefined => /<Code>(\w+)<\/Code>/.exec(reply.body)?.[1];

export const messageOf = (reply: Reply): string | undefined => /<Message>([^<]*)<\/Message>/.exec(reply.body)?.[1];

export interface Refused {
  readonly name: string;
  readonly status: number | undefined;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the SDK throws, reduced to what the tests compare. */
export async function refusalOf(sending: Promise<unknown>): Promise<Refused> {
  try {
    await sending;
  } catch (error) {
    if (error instanceof S3ServiceException)
      return { name: error.name, status: error.$metadata.httpStatusCode, message: error.message, headers: error.$response?.headers ?? {} };
    throw error;
  }
  throw new Error("S3 did not refuse.");
}

export const sha256 = (body: string | Buffer): string => createHash("sha256").update(body).digest("base64");

export const md5 = (body: string | Buffer): string => createHash("md5").update(body).digest("hex");

let counter = 0;
/** A key that no other test uses. */
export const newKey = (name = "object"): string => `${name}-${(counter += 1)}`;
