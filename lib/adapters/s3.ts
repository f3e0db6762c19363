import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand, HeadObjectCommand,
  ListObjectsV2Command, ListObjectVersionsCommand, ListPartsCommand, PutObjectCommand, PutObjectTaggingCommand, UploadPartCommand, type ListObjectVersionsCommandOutput, type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { attachment, safeContentType } from "../domain/document.ts";
import { plusSeconds, toInstant } from "../domain/time.ts";
import type { HeldPart, Objects, SignedUpload } from "../usecases/ports.ts";
import { answeredOr } from "./outage.ts";

/** A download begins within a minute of its decision, or is decided again. */
const downloadSeconds = 60;
/** An upload of 100 MB over a slow line takes minutes to begin and to repeat. */
const uploadSeconds = 900;

const hexToBase64 = (hex: string): string => Buffer.from(hex, "hex").toString("base64");
const base64ToHex = (base64: string): string => Buffer.from(base64, "base64").toString("hex");
/** A composite is base64, a dash and the number of parts. */
const checksumToHex = (value: string): string => {
  const [base64 = "", count] = value.split("-");
  return `${base64ToHex(base64)}${count === undefined ? "" : `-${count}`}`;
};

const answered = <T>(reply: Promise<T>): Promise<T> => answeredOr("The storage does not answer. Say it again: nothing is lost.", reply);

/** Waits for S3's answer, or for `otherwise` where its error has one of these names. */
const unless = async <T, U>(names: readonly string[], otherwise: U, reply: Promise<T>): Promise<T | U> => {
  try {
    return await answered(reply);
  } catch (error) {
    if (error instanceof Error && names.includes(error.name)) return otherwise;
    throw error;
  }
};

/** Presigned URLs and the facts about objects. The clients must be made with `requestChecksumCalculation: "WHEN_REQUIRED"`. */
export const objectsIn = (client: S3Client, Bucket: string, clock: () => Date): Objects => {
  /**
   * These headers and the length are signed *headers*: hoisted into the query S3 would not enforce them (aws-sdk issue 480), and the
   * presigner signs no content-type unless told.
   */
  const signed = async (headers: Readonly<Record<string, string>>, sign: (options: Parameters<typeof getSignedUrl>[2]) => Promise<string>): Promise<SignedUpload> => {
    const signingDate = clock();
    const names = new Set([...Object.keys(headers), "content-length"]);
    const url = await sign({ expiresIn: uploadSeconds, signingDate, signableHeaders: names, unhoistableHeaders: names });
    return { url, headers, expiresAt: plusSeconds(toInstant(signingDate), uploadSeconds) };
  };

  /** The one tag there is: a PUT replaces them all, and the scan writes none (`infra/constructs/scan.ts`). What is not `yes` is read by nobody who signs downloads. */
  const tag = async (Key: string, VersionId: string, released: "yes" | "no"): Promise<void> => {
    await answered(client.send(new PutObjectTaggingCommand({ Bucket, Key, VersionId, Tagging: { TagSet: [{ Key: "released", Value: released }] } })));
  };

  return {
    /** `If-None-Match: *` makes the key write-once. */
    async signUpload(Key, { size, contentType, sha256 }) {
      const headers = { "content-type": contentType, "x-amz-checksum-sha256": hexToBase64(sha256), "if-none-match": "*" };
      const command = new PutObjectCommand({ Bucket, Key, ContentLength: size, ContentType: contentType, ChecksumSHA256: headers["x-amz-checksum-sha256"], IfNoneMatch: "*" });
      return signed(headers, (options) => getSignedUrl(client, command, options));
    },

    /** Pinned to the version, as an attachment, with a type that runs nowhere: what the uploader called it decides nothing. */
    async signDownload(Key, { s3VersionId, fileName, contentType }) {
      const signingDate = clock();
      const command = new GetObjectCommand({
        Bucket, Key, VersionId: s3VersionId, ResponseContentDisposition: attachment(fileName), ResponseContentType: safeContentType(contentType), ResponseCacheControl: "no-store",
      });
      return { url: await getSignedUrl(client, command, { expiresIn: downloadSeconds, signingDate }), expiresAt: plusSeconds(toInstant(signingDate), downloadSeconds) };
    },

    /** Of SHA-256 S3 knows no checksum of a whole object that came in parts, only the composite (CreateMultipartUpload, x-amz-checksum-type). */
    async beginParts(Key, ContentType) {
      const { UploadId } = await answered(client.send(new CreateMultipartUploadCommand({ Bucket, Key, ContentType, ChecksumAlgorithm: "SHA256", ChecksumType: "COMPOSITE" })));
      if (UploadId === undefined) throw new TypeError("S3 began an upload and gave it no id.");
      return UploadId;
    },

    async signPart(Key, UploadId, { partNumber, size, sha256 }) {
      const headers = { "x-amz-checksum-sha256": hexToBase64(sha256) };
      const command = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: partNumber, ContentLength: size, ChecksumSHA256: headers["x-amz-checksum-sha256"] });
      return signed(headers, (options) => getSignedUrl(client, command, options));
    },

    async parts(Key, UploadId, { limit, after }) {
      const listed = await unless(["NoSuchUpload"], null, client.send(new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: limit, ...(after !== null && { PartNumberMarker: after }) })));
      if (listed === null) return null;
      const items = (listed.Parts ?? []).map(({ PartNumber = 0, Size = -1, ETag = "", ChecksumSHA256 = "" }): HeldPart => ({ partNumber: PartNumber, size: Size, etag: ETag, sha256: base64ToHex(ChecksumSHA256) }));
      return { items, next: listed.IsTruncated === true ? (listed.NextPartNumberMarker ?? null) : null };
    },

    /** S3 compares each part with its checksum and the whole with its size; the composite that follows from them is read with the object. */
    async joinParts(Key, UploadId, { parts, size }) {
      const Parts = parts.map((it) => ({ PartNumber: it.partNumber, ETag: it.etag, ChecksumSHA256: hexToBase64(it.sha256) }));
      const command = new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, MpuObjectSize: size, IfNoneMatch: "*" });
      // The key is written once: when somebody else's completion was faster, the object is there.
      return unless(["InvalidPart", "InvalidPartOrder", "BadDigest", "EntityTooSmall", "ConditionalRequestConflict"], "changed", unless(["NoSuchUpload", "PreconditionFailed"], "gone", client.send(command).then(() => "joined" as const)));
    },

    async dropParts(Key, UploadId) {
      await unless(["NoSuchUpload"], null, client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })));
    },

    async exists(Key) {
      const { Contents = [] } = await answered(client.send(new ListObjectsV2Command({ Bucket, Prefix: Key, MaxKeys: 1 })));
      return Contents.some((it) => it.Key === Key);
    },

    async describe(Key, VersionId) {
      const head = await unless(["NotFound"], null, client.send(new HeadObjectCommand({ Bucket, Key, VersionId, ChecksumMode: "ENABLED" })));
      if (head === null) return null;
      return { s3VersionId: head.VersionId ?? "", size: head.ContentLength ?? -1, sha256: checksumToHex(head.ChecksumSHA256 ?? ""), ...(head.ContentEncoding && { encoding: head.ContentEncoding }) };
    },

    release: (Key, VersionId) => tag(Key, VersionId, "yes"),
    withhold: (Key, VersionId) => tag(Key, VersionId, "no"),

    async discard(Key) {
      for (let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | null = {}; markers !== null; ) {
        const page: ListObjectVersionsCommandOutput = await answered(client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key, ...markers })));
        for (const it of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) if (it.Key === Key) await answered(client.send(new DeleteObjectCommand({ Bucket, Key, VersionId: it.VersionId })));
        markers = page.IsTruncated === true ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker } : null;
      }
    },
  };
};
