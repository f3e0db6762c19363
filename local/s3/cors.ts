/**
 * Cross-origin rules of a bucket ("Using cross-origin resource sharing"): every bucket here has one rule, which lets the firm's pages send
 * and fetch objects and read the two headers that an upload needs.
 */
import type { Bucket } from "./bucket.ts";
import { S3Error } from "./errors.ts";
import type { Answer, S3Request } from "./exchange.ts";

const allowedMethods = ["GET", "HEAD", "PUT"];
const exposedHeaders = "ETag, x-amz-version-id";
const maximumAge = "3000";
const varied = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

/** Answers a preflight, which carries no signature. */
export function preflight({ headers }: S3Request, bucket: Bucket | undefined): Answer {
  const origin = headers.get("origin");
  const method = headers.get("access-control-request-method");
  if (origin === undefined) throw new S3Error("BadRequest", { message: "Insufficient information. Origin request header needed." });
  if (method === undefined) throw new S3Error("BadRequest", { message: "Invalid Access-Control-Request-Method: null" });
  if (bucket === undefined || bucket.corsOrigins.length === 0)
    throw new S3Error("AccessForbidden", { message: "CORSResponse: CORS is not enabled for this bucket." });
  if (!allows(bucket, origin) || !allowedMethods.includes(method)) throw new S3Error("AccessForbidden");
  const asked = headers.get("access-control-request-headers");
  return {
    status: 200,
    headers: {
      ...originHeaders(bucket, origin),
      "Access-Control-Max-Age": maximumAge,
      ...(asked === undefined ? {} : { "Access-Control-Allow-Headers": asked.toLowerCase() }),
    },
  };
}

/** The headers that an actual answer carries when the request comes from an allowed origin. */
export function crossOriginHeaders({ headers, method }: S3Request, bucket: Bucket | undefined): Readonly<Record<string, string>> {
  const origin = headers.get("origin");
  if (origin === undefined || bucket === undefined || !allows(bucket, origin) || !allowedMethods.includes(method)) return {};
  return originHeaders(bucket, origin);
}

const allows = ({ corsOrigins }: Bucket, origin: string): boolean => corsOrigins.includes("*") || corsOrigins.includes(origin);

function originHeaders({ corsOrigins }: Bucket, origin: string): Record<string, string> {
  const named = corsOrigins.includes(origin);
  return {
    "Access-Control-Allow-Origin": named ? origin : "*",
    "Access-Control-Allow-Methods": allowedMethods.join(", "),
    "Access-Control-Expose-Headers": exposedHeaders,
    ...(named ? { "Access-Control-Allow-Credentials": "true" } : {}),
    Vary: varied,
  };
}
