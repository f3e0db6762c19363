/**
 * A request's body on its way to where it is kept: decoded, measured, hashed, and compared with everything that the request promised of
 * it. Nothing is held in memory but the piece at hand. Whoever calls keeps the result only when this returns; when it throws, the caller
 * removes what was written.
 */
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Authenticated } from "./authentication.ts";
import { decodeAwsChunked } from "./aws-chunked.ts";
import { checkForm, claimedChecksum, type ChecksumAlgorithm, type Digest, readAlgorithm, startDigest } from "./checksums.ts";
import { S3Error } from "./errors.ts";
import type { S3Request } from "./exchange.ts";

export interface Received {
  readonly size: number;
  readonly md5: Buffer;
  readonly sha256: Buffer;
  /** What the request claimed and the body proved. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined;
}

const streamingTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
/** "Upload an object in a single operation ... up to 5 GB in size"; a part has the same limit. */
const maximumSize = 5 * 1024 ** 3;
const maximumDocument = 8 * 1024 ** 2;

export async function receive(request: S3Request, authenticated: Authenticated, sink: Writable, limit = maximumSize): Promise<Received> {
  const { headers, payload } = authenticated;
  const chunked = payload === streamingTrailer;
  if (!chunked) checkPayloadForm(payload);
  const announced = announcedLength(headers, chunked);
  if (announced > limit)
    throw new S3Error("EntityTooLarge", { details: { ProposedSize: String(announced), MaxSizeAllowed: String(limit) } });
  const contentMd5 = readContentMd5(headers);
  const trailer = chunked ? headers.get("x-amz-trailer")?.toLowerCase() : undefined;
  const claimed = claimedChecksum(headers);
  const algorithm = trailer === undefined ? claimed?.algorithm : readAlgorithm(trailer.replace(/^x-amz-checksum-/, ""));

  const md5 = startDigest("MD5");
  const sha256 = startDigest("SHA256");
  const extra = algorithm === undefined || algorithm === "SHA256" ? undefined : startDigest(algorithm);
  const trailers = new Map<string, string>();
  let size = 0;
  const body = bodyOf(request);
  const measured = measure(
    chunked ? decodeAwsChunked(body, trailers) : body,
    extra === undefined ? [md5, sha256] : [md5, sha256, extra],
    (bytes) => {
      size += bytes;
      if (size > announced) throw new S3Error("IncompleteBody");
    },
  );
  await pipeline(measured, sink);

  if (size !== announced)
    throw new S3Error("IncompleteBody", { message: "You did not provide the number of bytes specified by the Content-Length HTTP header" });
  const sha256Value = sha256.digest();
  const md5Value = md5.digest();
  if (/^[0-9a-f]{64}$/.test(payload) && sha256Value.toString("hex") !== payload)
    throw new S3Error("XAmzContentSHA256Mismatch", {
      details: { ClientComputedContentSHA256: payload, S3ComputedContentSHA256: sha256Value.toString("hex") },
    });
  if (contentMd5 !== undefined && !contentMd5.equals(md5Value)) throw new S3Error("BadDigest");
  if (algorithm === undefined) return { size, md5: md5Value, sha256: sha256Value, checksum: undefined };

  const value = trailer === undefined ? claimed?.value : trailers.get(trailer);
  if (value === undefined) throw new S3Error("MalformedTrailerError");
  if (checkForm(algorithm, value) !== (extra?.digest() ?? sha256Value).toString("base64"))
    throw new S3Error("BadDigest", { message: `The ${algorithm} you specified did not match the calculated checksum.` });
  return { size, md5: md5Value, sha256: sha256Value, checksum: { algorithm, value } };
}

/** A small XML document as text; S3 demands a checksum for some of them. */
export async function receiveDocument(request: S3Request, authenticated: Authenticated, demandChecksum: boolean): Promise<string> {
  const pieces: Buffer[] = [];
  const sink = new Writable({
    write: (piece: Buffer, _encoding, done) => {
      pieces.push(piece);
      done();
    },
  });
  const { checksum } = await receive(request, authenticated, sink, maximumDocument);
  if (demandChecksum && checksum === undefined && !authenticated.headers.has("content-md5"))
    throw new S3Error("InvalidRequest", { message: "Missing required header for this request: Content-MD5 OR x-amz-checksum-*" });
  return Buffer.concat(pieces).toString("utf8");
}

// The request must outlive a refusal that comes in the middle of its body: the answer goes out on the same socket.
async function* bodyOf({ message }: S3Request): AsyncGenerator<Buffer> {
  try {
    // Without setEncoding() a message gives Buffers; its iterator is typed as any.
    for await (const piece of message.iterator({ destroyOnReturn: false })) yield piece as Buffer;
  } catch (error) {
    // The sender went away: nothing is wrong here, and nobody is left to read the answer.
    throw message.complete ? error : new S3Error("IncompleteBody");
  }
}

async function* measure(source: AsyncIterable<Buffer>, digests: readonly Digest[], count: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const piece of source) {
    count(piece.length);
    for (const digest of digests) digest.update(piece);
    yield piece;
  }
}

function announcedLength(headers: ReadonlyMap<string, string>, chunked: boolean): number {
  const text = headers.get(chunked ? "x-amz-decoded-content-length" : "content-length");
  if (text === undefined || !/^\d+$/.test(text)) throw new S3Error("MissingContentLength");
  return Number(text);
}

function checkPayloadForm(payload: string): void {
  if (payload === "UNSIGNED-PAYLOAD" || /^[0-9a-f]{64}$/.test(payload)) return;
  if (payload.startsWith("STREAMING-"))
    throw new S3Error("NotImplemented", { message: `A body in the form ${payload} is not implemented.` });
  throw new S3Error("InvalidArgument", {
    message: "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER or a valid sha256 value.",
  });
}

function readContentMd5(headers: ReadonlyMap<string, string>): Buffer | undefined {
  const text = headers.get("content-md5");
  if (text === undefined) return undefined;
  const value = Buffer.from(text, "base64");
  if (value.length !== 16) throw new S3Error("InvalidDigest");
  return value;
}
