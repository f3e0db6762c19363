import { AbortMultipartUploadCommand, DeleteObjectCommand, ListMultipartUploadsCommand, ListObjectVersionsCommand, type ListMultipartUploadsCommandOutput, type ListObjectVersionsCommandOutput, type S3Client } from "@aws-sdk/client-s3";
import { toInstant } from "../domain/time.ts";
import type { Bucket, ListedObject, ListedUpload } from "../usecases/reconcile.ts";

/** Everything that a bucket holds, for whoever compares it with the table. No function of the firm has these rights: an operator has. */
export const listingOf = (client: S3Client, Bucket: string): Bucket => ({
  async *objects(): AsyncGenerator<ListedObject> {
    for (let markers: { KeyMarker?: string; VersionIdMarker?: string } | null = {}; markers !== null; ) {
      const page: ListObjectVersionsCommandOutput = await client.send(new ListObjectVersionsCommand({ Bucket, ...markers }));
      for (const { Key = "", VersionId = "", LastModified = new Date(0), Size = 0 } of page.Versions ?? []) yield { key: Key, s3VersionId: VersionId, size: Size, at: toInstant(LastModified), isMarker: false };
      for (const { Key = "", VersionId = "", LastModified = new Date(0) } of page.DeleteMarkers ?? []) yield { key: Key, s3VersionId: VersionId, size: 0, at: toInstant(LastModified), isMarker: true };
      markers = page.IsTruncated === true && page.NextKeyMarker !== undefined ? { KeyMarker: page.NextKeyMarker, ...(page.NextVersionIdMarker !== undefined && { VersionIdMarker: page.NextVersionIdMarker }) } : null;
    }
  },

  async *uploads(): AsyncGenerator<ListedUpload> {
    for (let markers: { KeyMarker?: string; UploadIdMarker?: string } | null = {}; markers !== null; ) {
      const page: ListMultipartUploadsCommandOutput = await client.send(new ListMultipartUploadsCommand({ Bucket, ...markers }));
      for (const { Key = "", UploadId = "", Initiated = new Date(0) } of page.Uploads ?? []) yield { key: Key, uploadId: UploadId, at: toInstant(Initiated) };
      markers = page.IsTruncated === true && page.NextKeyMarker !== undefined ? { KeyMarker: page.NextKeyMarker, ...(page.NextUploadIdMarker !== undefined && { UploadIdMarker: page.NextUploadIdMarker }) } : null;
    }
  },

  async deleteObject({ key, s3VersionId }: ListedObject): Promise<void> {
    await client.send(new DeleteObjectCommand({ Bucket, Key: key, VersionId: s3VersionId }));
  },

  async abort({ key, uploadId }: ListedUpload): Promise<void> {
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key: key, UploadId: uploadId }));
  },
});
