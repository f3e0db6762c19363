import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, PutObjectTaggingCommand, type S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { attachment, safeContentType } from "../domain/document.ts";

import { plusSeconds, toInstant } from "../domain/time.ts";
import type { Objects } from "../usecases/ports.ts";

/** A download begins within a minute of its decision, or is decided again. */
const downloadSeconds = 60;
/** An upload of 100 MB over a slow line takes minutes to begin and to repeat. */
const uploadSeconds = 900;

const hexToBase64 = (hex: string): string => Buffer.from(hex, "hex").toString("base64");
const base64ToHex = (base64: string): string => Buffer.from(base64, "base64").toString("hex");

/** Presigned URLs and the facts about objects. The clients must be made with `requestChecksumCalculation: "WHEN_REQUIRED"`. */
export const objectsIn = (client: S3Client, Bucket: string, clock: () => Date): Objects => ({
  /**
   * Length, type and SHA-256 are signed *headers*: hoisted into the query S3 would not enforce them (aws-sdk issue 480), and the
   * presigner signs no content-type unless told. `If-None-Match: *` makes the key write-once.
   */
  async signUpload(Key, { size, contentType, sha256 }) {
    const signingDate = clock();
    const headers = { "content-type": contentType, "x-amz-checksum-sha256": hexToBase64(sha256), "if-none-match": "*" };
    const command = new PutObjectCommand({ Bucket, Key, ContentLength: size, ContentType: contentType, ChecksumSHA256: headers["x-amz-checksum-sha256"], IfNoneMatch: "*" });
    const names = new Set([...Object.keys(headers), "content-length"]);
    const url = await getSignedUrl(client, command, { expiresIn: uploadSeconds, signingDate, signableHeaders: names, unhoistableHeaders: names });
    return { url, headers, expiresAt: plusSeconds(toInstant(signingDate), uploadSeconds) };
  },

  /** Pinned to the version, as an attachment, with a type that runs nowhere: what the uploader called it decides nothing. */
  async signDownload(Key, { s3VersionId, fileName, contentType }) {
    const signingDate = clock();
    const command = new GetObjectCommand({
      Bucket, Key, VersionId: s3VersionId, ResponseContentDisposition: attachment(fileName), ResponseContentType: safeContentType(contentType), ResponseCacheControl: "no-store",
    });
    return { url: await getSignedUrl(client, command, { expiresIn: downloadSeconds, signingDate }), expiresAt: plusSeconds(toInstant(signingDate), downloadSeconds) };
  },

  async describe(Key, VersionId) {
    try {
      const head = await client.send(new HeadObjectCommand({ Bucket, Key, VersionId, ChecksumMode: "ENABLED" }));
      return { size: head.ContentLength ?? -1, sha256: head.ChecksumSHA256 ? base64ToHex(head.ChecksumSHA256) : "" };
    } catch (error) {
      if (error instanceof Error && error.name === "NotFound") return null;
      throw error;
    }
  },

  async release(Key, VersionId) {
    await client.send(new PutObjectTaggingCommand({ Bucket, Key, VersionId, Tagging: { TagSet: [{ Key: "released", Value: "yes" }] } }));
  },
});

