/** ListObjectsV2, ListObjectVersions and HeadBucket. Pages follow the keys in UTF-8 order; a page says where the next one starts. */
import type { StoredObject, Version } from "../bucket.ts";
import { S3Error } from "../errors.ts";
import { account } from "../events.ts";
import { document, leaf, node } from "../xml.ts";
import { numberParameter, type Operation, xmlAnswer } from "./operation.ts";

/** "Returns up to 1,000" of them, whatever the request asks for. */
const maximumPage = 1000;

export const headBucket: Operation = () => Promise.resolve({ status: 200, headers: { "Content-Type": "application/xml" } });

export const listObjectsV2: Operation = ({ request: { query }, bucket }) => {
  if (query.get("list-type") !== "2") throw new S3Error("InvalidArgument", { message: "Invalid List Type specified in Query" });
  const prefix = query.get("prefix") ?? "";
  const encode = keyEncoding(query);
  const maximum = numberParameter(query, "max-keys", maximumPage, maximumPage);
  const token = query.get("continuation-token");
  const startAfter = query.get("start-after");
  const after = token === null ? (startAfter ?? "") : readToken(token);
  const found = bucket.keys(prefix).flatMap((key) => {
    const [latest] = bucket.versionsOf(key);
    return latest?.kind === "object" && isAfter(key, after) ? [{ key, latest }] : [];
  });
  const page = found.slice(0, maximum);
  const lastKey = page.at(-1)?.key;
  const truncated = lastKey !== undefined && found.length > page.length;
  return Promise.resolve(
    xmlAnswer(
      document(
        "ListBucketResult",
        leaf("Name", bucket.name),
        leaf("Prefix", encode(prefix)),
        leaf("ContinuationToken", token ?? undefined),
        leaf("NextContinuationToken", truncated ? Buffer.from(lastKey).toString("base64url") : undefined),
        leaf("StartAfter", startAfter === null ? undefined : encode(startAfter)),
        leaf("KeyCount", page.length),
        leaf("MaxKeys", maximum),
        leaf("EncodingType", query.get("encoding-type") ?? undefined),
        leaf("IsTruncated", truncated),
        ...page.map(({ key, latest }) => node("Contents", leaf("Key", encode(key)), ...objectElements(latest))),
      ),
    ),
  );
};

export const listObjectVersions: Operation = ({ request: { query }, bucket }) => {
  const prefix = query.get("prefix") ?? "";
  const encode = keyEncoding(query);
  const maximum = numberParameter(query, "max-keys", maximumPage, maximumPage);
  const keyMarker = query.get("key-marker") ?? "";
  const versionMarker = query.get("version-id-marker") ?? "";
  if (versionMarker !== "" && keyMarker === "")
    throw new S3Error("InvalidArgument", { message: "A version-id marker cannot be specified without a key marker." });
  const found = bucket.keys(prefix).flatMap((key) => {
    const versions = bucket.versionsOf(key).map((version, index) => ({ key, version, isLatest: index === 0 }));
    if (key === keyMarker && versionMarker !== "") {
      // When the marker's version is deleted between two pages, its older neighbours have not been listed yet: index -1 lists them all.
      return versions.slice(versions.findIndex(({ version }) => version.versionId === versionMarker) + 1);
    }
    return isAfter(key, keyMarker) ? versions : [];
  });
  const page = found.slice(0, maximum);
  const last = page.at(-1);
  const next = last !== undefined && found.length > page.length ? last : undefined;
  return Promise.resolve(
    xmlAnswer(
      document(
        "ListVersionsResult",
        leaf("Name", bucket.name),
        leaf("Prefix", encode(prefix)),
        leaf("KeyMarker", encode(keyMarker)),
        leaf("VersionIdMarker", versionMarker),
        leaf("NextKeyMarker", next === undefined ? undefined : encode(next.key)),
        leaf("NextVersionIdMarker", next?.version.versionId),
        leaf("MaxKeys", maximum),
        leaf("EncodingType", query.get("encoding-type") ?? undefined),
        leaf("IsTruncated", next !== undefined),
        ...page.map(({ key, version, isLatest }) => versionElement(encode(key), version, isLatest)),
      ),
    ),
  );
};

function versionElement(key: string, version: Version, isLatest: boolean): string {
  const common = [leaf("Key", key), leaf("VersionId", version.versionId), leaf("IsLatest", isLatest)];
  const owner = node("Owner", leaf("ID", account));
  if (version.kind === "object") return node("Version", ...common, ...objectElements(version), owner);
  return node("DeleteMarker", ...common, leaf("LastModified", version.lastModified), owner);
}

function objectElements({ lastModified, etag, size, checksum }: StoredObject): string[] {
  const checksums = checksum === undefined ? [] : [leaf("ChecksumAlgorithm", checksum.algorithm), leaf("ChecksumType", checksum.type)];
  return [
    leaf("LastModified", lastModified),
    leaf("ETag", `"${etag}"`),
    ...checksums,
    leaf("Size", size),
    leaf("StorageClass", "STANDARD"),
  ];
}

export const isAfter = (key: string, marker: string): boolean => Buffer.compare(Buffer.from(key), Buffer.from(marker)) > 0;

/** How the answer writes keys: "the response includes … URL encoded" values when asked, because XML cannot hold every key. */
export function keyEncoding(query: URLSearchParams): (key: string) => string {
  const type = query.get("encoding-type");
  if (type === null) return (key) => key;
  if (type !== "url") throw new S3Error("InvalidArgument", { message: "Invalid Encoding Method specified in Request" });
  return (key) => encodeURIComponent(key).replaceAll("%2F", "/").replaceAll("%20", "+");
}

function readToken(token: string): string {
  const key = Buffer.from(token, "base64url").toString("utf8");
  if (key === "" || Buffer.from(key).toString("base64url") !== token)
    throw new S3Error("InvalidArgument", { message: "The continuation token provided is incorrect" });
  return key;
}
