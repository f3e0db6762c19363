/** CreateMultipartUpload, UploadPart and AbortMultipartUpload: an upload collects parts until it is completed or given up. */
import { checksumHeader, claimedChecksum, readAlgorithm } from "../checksums.ts";
import { S3Error } from "../errors.ts";
import { receive } from "../intake.ts";
import type { Upload } from "../uploads.ts";
import { document, leaf } from "../xml.ts";
import { type Call, type Operation, xmlAnswer } from "./operation.ts";
import { keptOf } from "./put-object.ts";
import { tagsOfHeader } from "./tagging.ts";

/** "Part numbers can be any number from 1 to 10,000, inclusive." */
const maximumPartNumber = 10_000;

export const createMultipartUpload: Operation = async ({ request, authenticated, bucket, now }) => {
  const { headers } = authenticated;
  const named = headers.get("x-amz-checksum-algorithm");
  const algorithm = named === undefined ? undefined : readAlgorithm(named);
  checkType(headers.get("x-amz-checksum-type"), algorithm);
  const upload = await bucket.uploads.create({
    key: request.key,
    initiated: now().toISOString(),
    headers: keptOf(headers),
    tags: tagsOfHeader(headers.get("x-amz-tagging")),
    ...(algorithm === undefined ? {} : { algorithm }),
  });
  const body = document(
    "InitiateMultipartUploadResult",
    leaf("Bucket", bucket.name),
    leaf("Key", request.key),
    leaf("UploadId", upload.id),
  );
  return xmlAnswer(body, algorithm === undefined ? {} : { "x-amz-checksum-algorithm": algorithm, "x-amz-checksum-type": "COMPOSITE" });
};

export const uploadPart: Operation = async ({ request, authenticated, bucket, now }) => {
  const number = partNumber(request.query);
  const upload = bucket.uploads.find(request.key, uploadId(request.query));
  checkPartChecksum(upload, authenticated.headers);
  const { part, replaced } = await bucket.blobs.add(
    (sink) => receive(request, authenticated, sink),
    async (blob, { size, md5, checksum }) => {
      const part = {
        number,
        blob,
        size,
        etag: md5.toString("hex"),
        lastModified: now().toISOString(),
        ...(checksum === undefined ? {} : { checksum }),
      };
      return { part, replaced: await bucket.uploads.putPart(request.key, upload.id, part) };
    },
  );
  if (replaced !== undefined) await bucket.blobs.remove([replaced]);
  const checksum = part.checksum === undefined ? {} : { [checksumHeader(part.checksum.algorithm)]: part.checksum.value };
  return { status: 200, headers: { ETag: `"${part.etag}"`, ...checksum } };
};

export const abortMultipartUpload: Operation = async ({ request, bucket }) => {
  const parts = await bucket.uploads.end(request.key, uploadId(request.query), (upload) => Promise.resolve([...upload.parts.values()]));
  await bucket.blobs.remove(parts.map(({ blob }) => blob));
  return { status: 204 };
};

export const uploadId = (query: URLSearchParams): string => query.get("uploadId") ?? "";

function partNumber(query: URLSearchParams): number {
  const text = query.get("partNumber") ?? "";
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > maximumPartNumber)
    throw new S3Error("InvalidArgument", {
      message: `Part number must be an integer between 1 and ${maximumPartNumber}, inclusive`,
      details: { ArgumentName: "partNumber", ArgumentValue: text },
    });
  return number;
}

function checkType(type: string | undefined, algorithm: Upload["algorithm"]): void {
  if (type === undefined || type === "COMPOSITE") return;
  if (type !== "FULL_OBJECT") throw new S3Error("InvalidRequest", { message: "Value for x-amz-checksum-type header is invalid." });
  if (algorithm === "CRC32")
    throw new S3Error("NotImplemented", { message: "A FULL_OBJECT checksum of a multipart upload is not implemented." });
  // "SHA-1 and SHA-256 ... only support the composite checksum type for multipart uploads."
  throw new S3Error("InvalidRequest", {
    message: `The FULL_OBJECT checksum type cannot be used with the ${algorithm?.toLowerCase() ?? "null"} checksum algorithm.`,
  });
}

/** Every part of an upload that was created with an algorithm must bring a checksum of that algorithm. */
function checkPartChecksum({ algorithm }: Upload, headers: Call["authenticated"]["headers"]): void {
  if (algorithm === undefined) return;
  const trailer = headers.get("x-amz-trailer")?.replace(/^x-amz-checksum-/i, "");
  const actual = trailer === undefined ? claimedChecksum(headers)?.algorithm : readAlgorithm(trailer);
  if (actual !== algorithm)
    throw new S3Error("InvalidRequest", {
      message: `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${actual?.toLowerCase() ?? "null"}`,
    });
}
