/** ListParts and ListMultipartUploads: what a page needs to resume an upload, and a clean-up job to find what was given up. */
import { checksumElement } from "../checksums.ts";
import { account } from "../events.ts";
import type { Upload } from "../uploads.ts";
import { document, leaf, node } from "../xml.ts";
import { isAfter, keyEncoding } from "./list-objects.ts";
import { numberParameter, type Operation, xmlAnswer } from "./operation.ts";
import { uploadId } from "./upload-part.ts";

/** "Returns up to 1,000" of them, whatever the request asks for. */
const maximumPage = 1000;

const owners = node("Initiator", leaf("ID", account)) + node("Owner", leaf("ID", account));

export const listParts: Operation = ({ request: { key, query }, bucket }) => {
  const upload = bucket.uploads.find(key, uploadId(query));
  const marker = numberParameter(query, "part-number-marker", 0, Infinity);
  const maximum = numberParameter(query, "max-parts", maximumPage, maximumPage);
  const after = [...upload.parts.values()].filter(({ number }) => number > marker).sort((one, other) => one.number - other.number);
  const page = after.slice(0, maximum);
  return Promise.resolve(
    xmlAnswer(
      document(
        "ListPartsResult",
        leaf("Bucket", bucket.name),
        leaf("Key", keyEncoding(query)(key)),
        leaf("UploadId", upload.id),
        leaf("PartNumberMarker", marker),
        leaf("NextPartNumberMarker", page.at(-1)?.number),
        leaf("MaxParts", maximum),
        leaf("IsTruncated", after.length > page.length),
        ...checksumElements(upload),
        owners,
        leaf("StorageClass", "STANDARD"),
        ...page.map(({ number, lastModified, etag, size, checksum }) =>
          node(
            "Part",
            leaf("PartNumber", number),
            leaf("LastModified", lastModified),
            leaf("ETag", `"${etag}"`),
            leaf("Size", size),
            checksum === undefined ? "" : leaf(checksumElement(checksum.algorithm), checksum.value),
          ),
        ),
      ),
    ),
  );
};

export const listMultipartUploads: Operation = ({ request: { query }, bucket }) => {
  const prefix = query.get("prefix") ?? "";
  const encode = keyEncoding(query);
  const keyMarker = query.get("key-marker") ?? "";
  // "If key-marker is not specified, the upload-id-marker parameter is ignored."
  const idMarker = keyMarker === "" ? "" : (query.get("upload-id-marker") ?? "");
  const maximum = numberParameter(query, "max-uploads", maximumPage, maximumPage);
  const after = bucket.uploads
    .all()
    .filter(({ key, id }) => key.startsWith(prefix) && (isAfter(key, keyMarker) || (key === keyMarker && idMarker !== "" && id > idMarker)))
    .sort((one, other) => (one.key === other.key ? compareIds(one, other) : isAfter(one.key, other.key) ? 1 : -1));
  const page = after.slice(0, maximum);
  const last = page.at(-1);
  const truncated = after.length > page.length;
  return Promise.resolve(
    xmlAnswer(
      document(
        "ListMultipartUploadsResult",
        leaf("Bucket", bucket.name),
        leaf("Prefix", encode(prefix)),
        leaf("KeyMarker", encode(keyMarker)),
        leaf("UploadIdMarker", idMarker),
        leaf("NextKeyMarker", truncated && last !== undefined ? encode(last.key) : undefined),
        leaf("NextUploadIdMarker", truncated ? last?.id : undefined),
        leaf("MaxUploads", maximum),
        leaf("EncodingType", query.get("encoding-type") ?? undefined),
        leaf("IsTruncated", truncated),
        ...page.map((upload) =>
          node(
            "Upload",
            leaf("Key", encode(upload.key)),
            leaf("UploadId", upload.id),
            owners,
            leaf("StorageClass", "STANDARD"),
            leaf("Initiated", upload.initiated),
            ...checksumElements(upload),
          ),
        ),
      ),
    ),
  );
};

const compareIds = (one: Upload, other: Upload): number => (one.id > other.id ? 1 : -1);

const checksumElements = ({ algorithm }: Upload): string[] =>
  algorithm === undefined ? [] : [leaf("ChecksumAlgorithm", algorithm), leaf("ChecksumType", "COMPOSITE")];
