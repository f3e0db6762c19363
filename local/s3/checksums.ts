/** The "additional checksums" of S3 ("Checking object integrity"): which exist, how a header names them, how they are computed. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { S3Error } from "./errors.ts";

export type ChecksumAlgorithm = "CRC32" | "SHA1" | "SHA256";

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  /** base64; of a composite, followed by `-<number of parts>`. */
  readonly value: string;
  readonly type: "FULL_OBJECT" | "COMPOSITE";
}

/** A digest that takes its input in pieces. */
export interface Digest {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

const valueBytes: Readonly<Record<ChecksumAlgorithm, number>> = { CRC32: 4, SHA1: 20, SHA256: 32 };
// CRC32C, CRC64NVME and the later ones exist on S3; a client that asks for them here must hear it, not be waved through.
const elsewhere = ["crc32c", "crc64nvme", "md5", "sha512", "xxhash3", "xxhash64", "xxhash128"];

export function startDigest(algorithm: ChecksumAlgorithm | "MD5"): Digest {
  if (algorithm !== "CRC32") return createHash(algorithm.toLowerCase());
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    digest: () => {
      const result = Buffer.alloc(4);
      result.writeUInt32BE(value);
      return result;
    },
  };
}

/** "SHA256" from `x-amz-checksum-algorithm: SHA256` or from the end of a header's name. */
export function readAlgorithm(name: string): ChecksumAlgorithm {
  const upper = name.toUpperCase();
  if (upper === "CRC32" || upper === "SHA1" || upper === "SHA256") return upper;
  if (elsewhere.includes(name.toLowerCase()))
    throw new S3Error("NotImplemented", { message: `The checksum algorithm ${upper} is not implemented.` });
  throw new S3Error("InvalidRequest", {
    message:
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
  });
}

export const checksumHeader = (algorithm: ChecksumAlgorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`;

export const checksumElement = (algorithm: ChecksumAlgorithm): string => `Checksum${algorithm}`;

/** The checksum headers of an answer; of a stored part there is no type. */
export const checksumHeaders = (checksum: Checksum | undefined): Record<string, string> =>
  checksum === undefined ? {} : { [checksumHeader(checksum.algorithm)]: checksum.value, "x-amz-checksum-type": checksum.type };

/** The one checksum that a request's headers claim for its body, if they claim one. */
export function claimedChecksum(
  headers: ReadonlyMap<string, string>,
): { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined {
  const names = [...headers.keys()].filter((name) => name.startsWith("x-amz-checksum-") && !/-(?:mode|algorithm|type)$/.test(name));
  if (names.length > 1)
    throw new S3Error("InvalidRequest", { message: "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed." });
  const [name] = names;
  if (name === undefined) return undefined;
  const algorithm = readAlgorithm(name.slice("x-amz-checksum-".length));
  return { algorithm, value: checkForm(algorithm, headers.get(name) ?? "") };
}

/** A value of the right form, or the refusal that S3 gives before it looks at the body. */
export function checkForm(algorithm: ChecksumAlgorithm, value: string): string {
  if (Buffer.from(value, "base64").length !== valueBytes[algorithm] || Buffer.from(value, "base64").toString("base64") !== value)
    throw new S3Error("InvalidRequest", { message: `Value for ${checksumHeader(algorithm)} header is invalid.` });
  return value;
}

/** "The checksum of checksums": the digest of the parts' digests in order, and how many they were. */
export function compositeOf(algorithm: ChecksumAlgorithm, partValues: readonly string[]): Checksum {
  const digest = startDigest(algorithm);
  for (const value of partValues) digest.update(Buffer.from(value, "base64"));
  return { algorithm, value: `${digest.digest().toString("base64")}-${partValues.length}`, type: "COMPOSITE" };
}
