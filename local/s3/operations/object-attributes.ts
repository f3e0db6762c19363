/** GetObjectAttributes: what a job reads that verifies an object without fetching it. */
import type { StoredObject } from "../bucket.ts";
import { checksumElement } from "../checksums.ts";
import { S3Error } from "../errors.ts";
import { document, leaf, node } from "../xml.ts";
import { findObject, numberParameter, type Operation, xmlAnswer } from "./operation.ts";

const attributes = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"] as const;
const maximumParts = 1000;

export const getObjectAttributes: Operation = (call) => {
  const { headers } = call.authenticated;
  const asked = (headers.get("x-amz-object-attributes") ?? "").split(",").map((name) => name.trim());
  const unknown = asked.find((name) => !attributes.some((attribute) => attribute === name));
  if (unknown !== undefined)
    throw new S3Error("InvalidArgument", {
      message: "Invalid attribute name specified.",
      details: { ArgumentName: "x-amz-object-attributes", ArgumentValue: unknown },
    });
  const object = findObject(call);
  const elements: Readonly<Record<(typeof attributes)[number], string>> = {
    ETag: leaf("ETag", object.etag),
    Checksum: checksumOf(object),
    ObjectParts: partsOf(object, headers),
    StorageClass: leaf("StorageClass", "STANDARD"),
    ObjectSize: leaf("ObjectSize", object.size),
  };
  const body = document("GetObjectAttributesResponse", ...attributes.filter((name) => asked.includes(name)).map((name) => elements[name]));
  return Promise.resolve(
    xmlAnswer(body, { "Last-Modified": new Date(object.lastModified).toUTCString(), "x-amz-version-id": object.versionId }),
  );
};

function checksumOf({ checksum }: StoredObject): string {
  if (checksum === undefined) return "";
  // Unlike HeadObject, this answer gives a composite without its "-<number of parts>".
  const [value] = checksum.value.split("-");
  return node("Checksum", leaf(checksumElement(checksum.algorithm), value), leaf("ChecksumType", checksum.type));
}

function partsOf({ parts, checksum }: StoredObject, headers: ReadonlyMap<string, string>): string {
  if (parts === undefined) return "";
  // "For general purpose buckets … the Part elements are returned" only for an object with an additional checksum.
  if (checksum === undefined) return node("ObjectParts", leaf("PartsCount", parts.length));
  const asNumbers = new URLSearchParams([...headers]);
  const marker = numberParameter(asNumbers, "x-amz-part-number-marker", 0, Infinity);
  const maximum = numberParameter(asNumbers, "x-amz-max-parts", maximumParts, maximumParts);
  const after = parts.filter(({ number }) => number > marker);
  const page = after.slice(0, maximum);
  return node(
    "ObjectParts",
    leaf("PartsCount", parts.length),
    leaf("PartNumberMarker", marker),
    leaf("NextPartNumberMarker", page.at(-1)?.number ?? 0),
    leaf("MaxParts", maximum),
    leaf("IsTruncated", after.length > page.length),
    ...page.map((part) =>
      node("Part", leaf("PartNumber", part.number), leaf("Size", part.size), leaf(checksumElement(checksum.algorithm), part.checksum)),
    ),
  );
}
