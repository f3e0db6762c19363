/** PutObject, and what it shares with multipart uploads: the headers that an object keeps and the moment in which it becomes visible. */
import type { ObjectHeaders, StoredObject } from "../bucket.ts";
import { checksumHeaders } from "../checksums.ts";
import { checkWriteConditions } from "../conditions.ts";
import { S3Error } from "../errors.ts";
import type { Change } from "../events.ts";
import { checkHeaderValue } from "../exchange.ts";
import { receive } from "../intake.ts";
import { type Call, changeOf, newVersionId, type Operation } from "./operation.ts";
import { tagsOfHeader } from "./tagging.ts";

const keptHeaders = ["cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"];
/** "Within the PUT request header, the user-defined metadata is limited to 2 KB in size." */
const maximumMetadata = 2048;

export const putObject: Operation = async (call) => {
  const { request, authenticated, bucket } = call;
  const headers = keptOf(authenticated.headers);
  const tags = tagsOfHeader(authenticated.headers.get("x-amz-tagging"));
  const stored = await bucket.blobs.add(
    (sink) => receive(request, authenticated, sink),
    (blob, { size, md5, checksum }) =>
      makeVisible(call, {
        etag: md5.toString("hex"),
        size,
        pieces: [{ blob, size }],
        headers,
        tags,
        ...(checksum === undefined ? {} : { checksum: { ...checksum, type: "FULL_OBJECT" } }),
      }),
  );
  tell(call, changeOf(call), request.key, stored);
  return { status: 200, headers: { ETag: `"${stored.etag}"`, "x-amz-version-id": stored.versionId, ...checksumHeaders(stored.checksum) } };
};

/** Puts a new version on top, if the request's conditions hold at this moment. */
export function makeVisible(
  { request, authenticated, bucket, now }: Call,
  content: Omit<StoredObject, "kind" | "versionId" | "lastModified" | "untold">,
): Promise<StoredObject> {
  return bucket.change(request.key, (versions) => {
    checkWriteConditions(authenticated.headers, request.key, versions);
    const stored: StoredObject = { kind: "object", versionId: newVersionId(), lastModified: now().toISOString(), ...content, untold: true };
    return { versions: [stored, ...versions], result: stored };
  });
}

/** Sends the event of an object; that it is to be sent lies beside the object until somebody has taken it. */
export const tell = ({ bucket, events }: Pick<Call, "bucket" | "events">, change: Change, key: string, { size, etag, versionId, parts }: StoredObject): void =>
  events.created(change, { key, size, etag, "version-id": versionId }, parts === undefined ? "PutObject" : "CompleteMultipartUpload", () => bucket.told(key, versionId));

/** The headers that S3 stores with an object and gives back when it is read. */
export function keptOf(headers: ReadonlyMap<string, string>): ObjectHeaders {
  const kept: Record<string, string> = { "content-type": "binary/octet-stream" };
  let metadata = 0;
  for (const [name, value] of headers) {
    if (name.startsWith("x-amz-meta-")) metadata += name.length - "x-amz-meta-".length + Buffer.byteLength(value);
    else if (!keptHeaders.includes(name)) continue;
    checkHeaderValue(name, value);
    kept[name] = value;
  }
  if (metadata > maximumMetadata)
    throw new S3Error("InvalidArgument", { message: "Your metadata headers exceed the maximum allowed metadata size" });
  // aws-chunked is how the body travelled, not what the object is.
  const encodings = (kept["content-encoding"] ?? "").split(",").map((encoding) => encoding.trim());
  const lasting = encodings.filter((encoding) => encoding !== "" && encoding !== "aws-chunked").join(",");
  if (lasting === "") delete kept["content-encoding"];
  else kept["content-encoding"] = lasting;
  return kept;
}
