/**
 * CompleteMultipartUpload: the parts that the request lists, in its order, become one object. Until every check has passed and the version
 * is durable the upload stays, so that a caller whose list was wrong can try again.
 */
import type { CompletedPart } from "../bucket.ts";
import { type Checksum, checksumElement, checksumHeader, compositeOf, startDigest } from "../checksums.ts";
import { S3Error } from "../errors.ts";
import { receiveDocument } from "../intake.ts";
import type { Part, Upload } from "../uploads.ts";
import { childrenNamed, childText, demandedText, document, leaf, parseXml, type XmlElement } from "../xml.ts";
import { type Call, changeOf, type Operation, xmlAnswer } from "./operation.ts";
import { makeVisible, tell } from "./put-object.ts";
import { uploadId } from "./upload-part.ts";

/** "5 MiB to 5 GiB. There is no minimum size limit on the last part of your multipart upload." */
const minimumPartSize = 5 * 1024 ** 2;

export const completeMultipartUpload: Operation = async (call) => {
  const { request, authenticated, bucket } = call;
  const id = uploadId(request.query);
  bucket.uploads.find(request.key, id);
  const listed = childrenNamed(parseXml(await receiveDocumentOf(call), "CompleteMultipartUpload"), "Part");
  const { stored, unused } = await bucket.uploads.end(request.key, id, async (upload) => {
    const parts = chosenParts(upload, listed);
    const checksum = compositeChecksum(upload, parts);
    const size = parts.reduce((sum, part) => sum + part.size, 0);
    checkPromises(authenticated.headers, checksum, size);
    const object = await makeVisible(call, {
      etag: compositeEtag(parts),
      size,
      pieces: parts.map(({ blob, size: pieceSize }) => ({ blob, size: pieceSize })),
      headers: upload.headers,
      tags: upload.tags,
      parts: parts.map(completedPart),
      ...(checksum === undefined ? {} : { checksum }),
    });
    return { stored: object, unused: [...upload.parts.values()].filter((part) => !parts.includes(part)) };
  });
  await bucket.blobs.remove(unused.map(({ blob }) => blob));
  tell(call, changeOf(call), request.key, stored);
  const { checksum } = stored;
  const body = document(
    "CompleteMultipartUploadResult",
    leaf("Location", `http://${request.headers.get("host") ?? ""}/${bucket.name}/${encodeURIComponent(request.key)}`),
    leaf("Bucket", bucket.name),
    leaf("Key", request.key),
    leaf("ETag", `"${stored.etag}"`),
    ...(checksum === undefined ? [] : [leaf(checksumElement(checksum.algorithm), checksum.value), leaf("ChecksumType", checksum.type)]),
  );
  return xmlAnswer(body, { "x-amz-version-id": stored.versionId });
};

// Of this request the x-amz-checksum-* headers speak of the object, not of the document that is its body.
function receiveDocumentOf({ request, authenticated }: Call): Promise<string> {
  const headers = new Map([...authenticated.headers].filter(([name]) => !name.startsWith("x-amz-checksum-")));
  return receiveDocument(request, { ...authenticated, headers }, false);
}

/** The uploaded parts that the request lists, or the refusal that S3 gives for the first that does not fit. */
function chosenParts({ id, parts, algorithm }: Upload, listed: readonly XmlElement[]): readonly Part[] {
  if (listed.length === 0) throw new S3Error("MalformedXML");
  const chosen: Part[] = [];
  for (const element of listed) {
    const number = Number(demandedText(element, "PartNumber"));
    const etag = demandedText(element, "ETag").replaceAll('"', "");
    const before = chosen.at(-1);
    if (before !== undefined && number <= before.number) throw new S3Error("InvalidPartOrder", { details: { UploadId: id } });
    // "When a additional checksum ... is applied to each part, the PartNumber must start at 1 and the part numbers must be consecutive.
    // Otherwise, Amazon S3 generates an HTTP 400 Bad Request status code and an InvalidPartOrder error code" (CompletedPart).
    if (algorithm !== undefined && number !== (before?.number ?? 0) + 1)
      throw new S3Error("InvalidPartOrder", { details: { UploadId: id } });
    const claimed = algorithm === undefined ? undefined : childText(element, checksumElement(algorithm));
    if (algorithm !== undefined && claimed === undefined)
      throw new S3Error("InvalidRequest", {
        message: `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
      });
    const part = parts.get(number);
    if (part?.etag !== etag || (claimed !== undefined && claimed !== part.checksum?.value))
      throw new S3Error("InvalidPart", { details: { UploadId: id, PartNumber: String(number), ETag: etag } });
    if (before !== undefined && before.size < minimumPartSize)
      throw new S3Error("EntityTooSmall", {
        details: {
          ProposedSize: String(before.size),
          MinSizeAllowed: String(minimumPartSize),
          PartNumber: String(before.number),
          ETag: before.etag,
        },
      });
    chosen.push(part);
  }
  return chosen;
}

function compositeChecksum({ algorithm }: Upload, parts: readonly Part[]): Checksum | undefined {
  if (algorithm === undefined) return undefined;
  return compositeOf(
    algorithm,
    parts.map(({ checksum }) => checksum?.value ?? ""),
  );
}

function checkPromises(headers: ReadonlyMap<string, string>, checksum: Checksum | undefined, size: number): void {
  const promisedSize = headers.get("x-amz-mp-object-size");
  if (promisedSize !== undefined && promisedSize !== String(size))
    throw new S3Error("InvalidRequest", {
      message: `The provided 'x-amz-mp-object-size' header value ${promisedSize} does not match what was computed: ${size}`,
    });
  const promised = checksum === undefined ? undefined : headers.get(checksumHeader(checksum.algorithm));
  // The number of parts may be left out of a composite that is promised.
  if (checksum !== undefined && promised !== undefined && promised !== checksum.value && promised !== checksum.value.split("-")[0])
    throw new S3Error("BadDigest", { message: `The ${checksum.algorithm} you specified did not match the calculated checksum.` });
}

/** The MD5 of the parts' MD5s and how many they were: not the MD5 of the object. */
function compositeEtag(parts: readonly Part[]): string {
  const digest = startDigest("MD5");
  for (const { etag } of parts) digest.update(Buffer.from(etag, "hex"));
  return `${digest.digest().toString("hex")}-${parts.length}`;
}

const completedPart = ({ number, size, checksum }: Part): CompletedPart => ({
  number,
  size,
  ...(checksum === undefined ? {} : { checksum: checksum.value }),
});
