/**
 * The signature of AWS Signature Version 4 for a request as it arrived: the canonical request is built from exactly the headers that the
 * client says it signed, by the same code that signs in the AWS SDK.
 */
import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { S3Request } from "./exchange.ts";

type SourceData = string | ArrayBuffer | ArrayBufferView;

const bytes = (data: SourceData): Buffer | string =>
  typeof data === "string"
    ? data
    : ArrayBuffer.isView(data)
      ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
      : Buffer.from(data);

class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: SourceData) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytes(secret));
  }

  update(data: SourceData): void {
    this.#hash.update(bytes(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

export interface SignedForm {
  readonly region: string;
  readonly signingDate: Date;
  /** As in the request: YYYYMMDDTHHMMSSZ. */
  readonly longDate: string;
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
}

export interface ExpectedSignature {
  readonly signature: string;
  /** S3 shows both to a caller whose signature does not match, which is the only way to find out why. */
  readonly canonicalRequest: string;
  readonly stringToSign: string;
}

export class SignatureVerifier extends SignatureV4 {
  constructor(credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }, region: string) {
    // "Do not normalize URI paths" for Amazon S3, and escape them once, which canonicalPath does (SigV4, "Create a canonical request").
    super({ credentials, region, service: "s3", sha256: Sha256, uriEscapePath: false });
  }

  async expected(request: S3Request, form: SignedForm): Promise<ExpectedSignature> {
    const headers = Object.fromEntries(
      form.signedHeaders.map((name) => [name, (request.headers.get(name) ?? "").trim().replace(/\s+/g, " ")]),
    );
    const canonicalRequest = this.createCanonicalRequest(
      {
        method: request.method,
        protocol: "http:",
        hostname: "",
        path: canonicalPath(request),
        headers,
        query: canonicalQuery(request.query),
      },
      headers,
      form.payloadHash,
    );
    const scope = `${form.longDate.slice(0, 8)}/${form.region}/s3/aws4_request`;
    const stringToSign = await this.createStringToSign(form.longDate, scope, canonicalRequest, "AWS4-HMAC-SHA256");
    const signature = await this.sign(stringToSign, { signingDate: form.signingDate, signingRegion: form.region });
    return { signature, canonicalRequest, stringToSign };
  }
}

const escape = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

function canonicalPath({ bucket, key, message }: S3Request): string {
  const bucketOnly = !(message.url ?? "").split("?")[0]?.slice(1).includes("/");
  return `/${escape(bucket)}${bucketOnly ? "" : `/${escape(key).replaceAll("%2F", "/")}`}`;
}

function canonicalQuery(query: URLSearchParams): Record<string, string[]> {
  const canonical: Record<string, string[]> = {};
  for (const name of query.keys()) canonical[name] = query.getAll(name);
  return canonical;
}
