/**
 * Who may call: only the one key pair, by a signature in the Authorization header or in the query (a presigned URL). The refusals and
 * their order follow "Authenticating Requests: Using Query Parameters / Using the Authorization Header (AWS Signature Version 4)".
 */
import { S3Error } from "./errors.ts";
import type { S3Request } from "./exchange.ts";
import type { SignatureVerifier } from "./sigv4.ts";

export interface Authority {
  readonly accessKeyId: string;
  readonly region: string;
  readonly verifier: SignatureVerifier;
  readonly now: Date;
}

export interface Authenticated {
  /** What the signature says of the body: its SHA-256, UNSIGNED-PAYLOAD, or a STREAMING-… form. */
  readonly payload: string;
  /** The request's headers, with those that a presigned URL carries in its query. */
  readonly headers: ReadonlyMap<string, string>;
}

const week = 604_800;
const allowedSkew = 15 * 60_000;
const unsigned = "UNSIGNED-PAYLOAD";
const queryNames = [
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Signature",
  "X-Amz-Date",
  "X-Amz-SignedHeaders",
  "X-Amz-Expires",
] as const;

interface Claim {
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly date: string;
  readonly payload: string;
  readonly malformed: (message: string) => S3Error;
  readonly checkTime: (signedAt: Date) => void;
}

export async function authenticate(request: S3Request, authority: Authority): Promise<Authenticated> {
  const authorization = request.headers.get("authorization");
  const presigned = request.query.has("X-Amz-Algorithm") || request.query.has("X-Amz-Signature");
  if (authorization !== undefined && presigned)
    throw new S3Error("InvalidArgument", {
      message:
        "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
    });
  if (authorization === undefined && !presigned) throw anonymous(request);
  const claim = presigned ? readQuery(request, authority.now) : readHeader(request, authorization ?? "", authority.now);

  const [accessKeyId, day, region, service, terminator, ...rest] = claim.credential.split("/");
  if (rest.length > 0 || terminator !== "aws4_request" || service !== "s3" || day !== claim.date.slice(0, 8))
    throw claim.malformed("the credential scope is malformed");
  if (region !== authority.region) throw claim.malformed(`the region '${region ?? ""}' is wrong; expecting '${authority.region}'`);
  if (accessKeyId !== authority.accessKeyId) throw new S3Error("InvalidAccessKeyId", { details: { AWSAccessKeyId: accessKeyId ?? "" } });
  // The local key pair is a long-lived one: a session token can only come from a client that reads other credentials than it thinks.
  if (request.query.has("X-Amz-Security-Token") || request.headers.has("x-amz-security-token")) throw new S3Error("InvalidToken");

  const signedAt = readDate(claim.date);
  claim.checkTime(signedAt);
  demandSigned(request, claim.signedHeaders);
  const form = { region, signingDate: signedAt, longDate: claim.date, signedHeaders: claim.signedHeaders, payloadHash: claim.payload };
  const { signature, canonicalRequest, stringToSign } = await authority.verifier.expected(request, form);
  if (signature !== claim.signature)
    throw new S3Error("SignatureDoesNotMatch", {
      details: {
        AWSAccessKeyId: accessKeyId,
        StringToSign: stringToSign,
        SignatureProvided: claim.signature,
        CanonicalRequest: canonicalRequest,
      },
    });
  return { payload: claim.payload, headers: presigned ? withHoisted(request) : request.headers };
}

function readHeader(request: S3Request, authorization: string, now: Date): Claim {
  if (!authorization.startsWith("AWS4-HMAC-SHA256 "))
    throw new S3Error("InvalidRequest", {
      message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
    });
  const malformed = (message: string): S3Error =>
    new S3Error("AuthorizationHeaderMalformed", { message: `The authorization header is malformed; ${message}.` });
  const parts = /^AWS4-HMAC-SHA256 +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([^,\s]+)$/.exec(authorization);
  const [, credential, signedHeaders, signature] = parts ?? [];
  if (credential === undefined || signedHeaders === undefined || signature === undefined)
    throw malformed("Credential, SignedHeaders and Signature are expected");
  const payload = request.headers.get("x-amz-content-sha256");
  if (payload === undefined)
    throw new S3Error("InvalidRequest", { message: "Missing required header for this request: x-amz-content-sha256" });
  const checkTime = (signedAt: Date): void => {
    if (Math.abs(now.getTime() - signedAt.getTime()) > allowedSkew)
      throw new S3Error("RequestTimeTooSkewed", {
        details: { RequestTime: signedAt.toISOString(), ServerTime: now.toISOString(), MaxAllowedSkewMilliseconds: String(allowedSkew) },
      });
  };
  const date = request.headers.get("x-amz-date") ?? "";
  return { credential, signedHeaders: signedHeaders.split(";"), signature, date, payload, malformed, checkTime };
}

function readQuery(request: S3Request, now: Date): Claim {
  const malformed = (message: string): S3Error => new S3Error("AuthorizationQueryParametersError", { message });
  const [algorithm, credential, signature, date, signedHeaders, expires] = queryNames.map((name) => request.query.get(name));
  if (algorithm !== "AWS4-HMAC-SHA256") throw malformed('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"');
  if (credential == null || signature == null || date == null || signedHeaders == null || expires == null)
    throw malformed(`Query-string authentication version 4 requires the ${queryNames.join(", ")} parameters.`);
  if (!/^-?\d+$/.test(expires)) throw malformed("X-Amz-Expires should be a number");
  const seconds = Number(expires);
  if (seconds < 0) throw malformed("X-Amz-Expires must be non-negative");
  if (seconds > week)
    throw malformed(
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${week} seconds`,
    );
  const checkTime = (signedAt: Date): void => {
    const end = new Date(signedAt.getTime() + seconds * 1000);
    if (signedAt.getTime() - now.getTime() > allowedSkew) throw new S3Error("AccessDenied", { message: "Request is not yet valid" });
    if (now > end)
      throw new S3Error("AccessDenied", {
        message: "Request has expired",
        details: { "X-Amz-Expires": expires, Expires: end.toISOString(), ServerTime: now.toISOString() },
      });
  };
  // "You don't include a payload hash in the Canonical Request, because when you create a presigned URL, you don't know the payload content".
  const payload = parameter(request.query, "x-amz-content-sha256") ?? request.headers.get("x-amz-content-sha256") ?? unsigned;
  return { credential, signedHeaders: signedHeaders.split(";"), signature, date, payload, malformed, checkTime };
}

function anonymous(request: S3Request): S3Error {
  // "You must sign the request ... when you use these parameters" (GetObject, response-* overrides).
  if ([...request.query.keys()].some((name) => name.startsWith("response-")))
    return new S3Error("InvalidRequest", { message: "Request specific response headers cannot be used for anonymous GET requests." });
  return new S3Error("AccessDenied");
}

function readDate(text: string): Date {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const date = new Date(`${year ?? ""}-${month ?? ""}-${day ?? ""}T${hour ?? ""}:${minute ?? ""}:${second ?? ""}Z`);
  if (Number.isNaN(date.getTime()))
    throw new S3Error("AccessDenied", { message: "AWS authentication requires a valid Date or x-amz-date header" });
  return date;
}

/** "The CanonicalHeaders list must include ... the HTTP host header [and] any x-amz-* headers that you include in the request". */
function demandSigned(request: S3Request, signedHeaders: readonly string[]): void {
  const missing = [...request.headers.keys()].filter(
    (name) => (name === "host" || name.startsWith("x-amz-")) && !signedHeaders.includes(name),
  );
  if (missing.length > 0)
    throw new S3Error("AccessDenied", {
      message: "There were headers present in the request which were not signed",
      details: { HeadersNotSigned: missing.join(", ") },
    });
}

/**
 * The SDK moves x-amz-* headers into the query of a presigned URL, and S3 reads metadata and tags from there. It does not read checksum
 * values there (aws/aws-sdk issue 480): who wants a checksum enforced must keep it a signed header.
 */
function withHoisted(request: S3Request): ReadonlyMap<string, string> {
  const headers = new Map(request.headers);
  const signing: readonly string[] = queryNames.map((name) => name.toLowerCase());
  for (const [name, value] of request.query) {
    const lower = name.toLowerCase();
    const checksumValue = lower.startsWith("x-amz-checksum-") && !/-(?:mode|algorithm|type)$/.test(lower);
    if (lower.startsWith("x-amz-") && !signing.includes(lower) && !checksumValue && !headers.has(lower)) headers.set(lower, value);
  }
  return headers;
}

const parameter = (query: URLSearchParams, lowerName: string): string | undefined =>
  [...query].find(([name]) => name.toLowerCase() === lowerName)?.[1];
