/**
 * One request and its answer, in S3's terms: which bucket, which key, which sub-resource. The address is path-style
 * (`/<bucket>/<key>`), taken from the request line byte for byte: no URL parser may resolve `..` in a key before its signature is checked.
 */
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { S3Error } from "./errors.ts";

export interface S3Request {
  readonly method: string;
  /** Decoded; "" when the request is for the service. */
  readonly bucket: string;
  /** Decoded; "" when the request is for the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  /** Lower-case names; the values of a repeated header joined by a comma, as SigV4's canonical form wants them. */
  readonly headers: ReadonlyMap<string, string>;
  readonly requestId: string;
  readonly sourceIp: string;
  readonly message: IncomingMessage;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
}

const maximumKeyBytes = 1024;

/** Reads the request line and the headers; the body stays in `message`. */
export function readRequest(message: IncomingMessage, requestId: string): S3Request {
  const [path, query = ""] = splitOnce(message.url ?? "/", "?");
  const [bucket, key] = splitOnce(path.slice(1), "/");
  return {
    method: message.method ?? "",
    bucket: decode(bucket),
    key: decode(key ?? ""),
    query: new URLSearchParams(query),
    headers: readHeaders(message.rawHeaders),
    requestId,
    sourceIp: message.socket.remoteAddress ?? "",
    message,
  };
}

/** The limits that S3 sets to a key, checked after the signature: a stranger learns nothing from them. */
export function checkKey(key: string): void {
  const size = Buffer.byteLength(key);
  if (size > maximumKeyBytes)
    throw new S3Error("KeyTooLongError", { details: { Size: String(size), MaxSizeAllowed: String(maximumKeyBytes) } });
  // "Object keys that contain relative path elements (for example, ../) are valid if, when parsed left-to-right, the cumulative count of
  // relative path segments never exceeds the number of non-relative path elements encountered" (Naming Amazon S3 objects).
  let depth = 0;
  for (const segment of key.split("/")) {
    if (segment === "..") depth -= 1;
    else if (segment !== "" && segment !== ".") depth += 1;
    if (depth < 0) throw new S3Error("BadRequest");
  }
}

/** A value that comes from a query and will be an answer's header must be one that a header can hold. */
export function checkHeaderValue(name: string, value: string): void {
  if (!/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value))
    throw new S3Error("InvalidArgument", {
      message: "Header value cannot be represented using ISO-8859-1.",
      details: { ArgumentName: name, ArgumentValue: value },
    });
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function decode(path: string): string {
  try {
    // S3 reads a bare "+" in a path as a space; a plus in a key travels as %2B.
    return decodeURIComponent(path.replaceAll("+", "%20"));
  } catch {
    throw new S3Error("InvalidURI");
  }
}

function readHeaders(raw: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? "").toLowerCase();
    const value = raw[index + 1] ?? "";
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}
