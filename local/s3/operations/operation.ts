/** What an operation of the S3 API gets and gives, and how it finds the version that a request speaks of. */
import { randomBytes } from "node:crypto";
import type { Authenticated } from "../authentication.ts";
import type { Bucket, StoredObject } from "../bucket.ts";
import { S3Error } from "../errors.ts";
import type { Change, Events } from "../events.ts";
import type { Answer, S3Request } from "../exchange.ts";

export interface Call {
  readonly request: S3Request;
  readonly authenticated: Authenticated;
  readonly bucket: Bucket;
  readonly events: Events;
  readonly now: () => Date;
}

export type Operation = (call: Call) => Promise<Answer>;

export const newVersionId = (): string => randomBytes(24).toString("base64url");

export const changeOf = ({ request, bucket }: Call): Change => ({
  bucket: bucket.name,
  requestId: request.requestId,
  sourceIp: request.sourceIp,
});

export const xmlAnswer = (body: string, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status: 200,
  headers: { "Content-Type": "application/xml", ...headers },
  body,
});

/** The version id that the request names, in the form that S3 gives them; a string of another form cannot be one. */
export function namedVersion(query: URLSearchParams): string | undefined {
  const versionId = query.get("versionId");
  if (versionId === null) return undefined;
  if (!/^(?:[\w.-]{32}|null)$/.test(versionId))
    throw new S3Error("InvalidArgument", {
      message: "Invalid version id specified",
      details: { ArgumentName: "versionId", ArgumentValue: versionId },
    });
  return versionId;
}

/** The object that a read speaks of: the version it names, or the latest. */
export function findObject({ request, bucket }: Call): StoredObject {
  const { key, query } = request;
  const versions = bucket.versionsOf(key);
  const versionId = namedVersion(query);
  const found = versionId === undefined ? versions[0] : versions.find((version) => version.versionId === versionId);
  if (found === undefined && versionId !== undefined) throw new S3Error("NoSuchVersion", { details: { Key: key, VersionId: versionId } });
  if (found === undefined) throw new S3Error("NoSuchKey", { details: { Key: key } });
  if (found.kind === "object") return found;
  // "If the object you request is a delete marker": 404 for the latest, 405 with Allow: DELETE when the marker itself is named.
  const headers = {
    "x-amz-delete-marker": "true",
    "x-amz-version-id": found.versionId,
    "Last-Modified": new Date(found.lastModified).toUTCString(),
  };
  if (versionId === undefined) throw new S3Error("NoSuchKey", { details: { Key: key }, headers });
  throw new S3Error("MethodNotAllowed", {
    details: { Method: request.method, ResourceType: "DeleteMarker" },
    headers: { ...headers, Allow: "DELETE" },
  });
}

/** A whole number from the query, within what S3 allows for it. */
export function numberParameter(query: URLSearchParams, name: string, otherwise: number, maximum: number): number {
  const text = query.get(name);
  if (text === null || text === "") return otherwise;
  if (!/^\d{1,10}$/.test(text))
    throw new S3Error("InvalidArgument", {
      message: `Provided ${name} not an integer or within integer range`,
      details: { ArgumentName: name, ArgumentValue: text },
    });
  return Math.min(Number(text), maximum);
}
