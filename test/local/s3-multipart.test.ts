import { createHash } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListPartsCommand,
  type ListPartsCommandOutput,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bucket, codeOf, Harness, md5, messageOf, newKey, refusalOf, send, sha256 } from "./s3-harness.ts";

const fiveMebibytes = 5 * 1024 ** 2;
const large = Buffer.alloc(fiveMebibytes, "large part ");
const small = Buffer.from("the small last part");
let s3: Harness;
beforeAll(async () => void (s3 = await Harness.start()));
afterAll(() => s3.stop());

async function create(Key: string, more: Partial<CreateMultipartUploadCommandInput> = {}): Promise<string> {
  const { UploadId } = await s3.client.send(
    new CreateMultipartUploadCommand({ Bucket: bucket, Key, ChecksumAlgorithm: "SHA256", ...more }),
  );
  return UploadId ?? "";
}

async function upload(Key: string, UploadId: string, PartNumber: number, Body: Buffer | string): Promise<CompletedPart> {
  const { ETag, ChecksumSHA256 } = await s3.client.send(
    new UploadPartCommand({ Bucket: bucket, Key, UploadId, PartNumber, Body, ChecksumSHA256: sha256(Body) }),
  );
  return { PartNumber, ETag, ChecksumSHA256 };
}

const complete = (Key: string, UploadId: string, Parts: CompletedPart[], more: Partial<CompleteMultipartUploadCommandInput> = {}) =>
  s3.client.send(new CompleteMultipartUploadCommand({ Bucket: bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }));

const composite = (...bodies: (Buffer | string)[]): string =>
  `${sha256(Buffer.concat(bodies.map((body) => createHash("sha256").update(body).digest())))}-${bodies.length}`;
const compositeEtag = (...bodies: (Buffer | string)[]): string =>
  `"${md5(Buffer.concat(bodies.map((body) => Buffer.from(md5(body), "hex"))))}-${bodies.length}"`;

test("an upload of parts becomes one object with the checksum of their checksums", async () => {
  const key = newKey();
  const id = await create(key, { ContentType: "application/pdf", Metadata: { case: "cas_1" } });
  // Parts arrive in any order.
  const second = await upload(key, id, 2, small);
  const first = await upload(key, id, 1, large);
  expect(await refusalOf(s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })))).toMatchObject({ status: 404 });
  const completed = await complete(key, id, [first, second], { IfNoneMatch: "*" });
  expect(completed).toMatchObject({
    Bucket: bucket,
    Key: key,
    ETag: compositeEtag(large, small),
    ChecksumSHA256: composite(large, small),
    ChecksumType: "COMPOSITE",
  });

  const head = await s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: "ENABLED" }));
  expect(head).toMatchObject({
    ContentLength: large.length + small.length,
    ContentType: "application/pdf",
    Metadata: { case: "cas_1" },
    VersionId: completed.VersionId,
  });
  expect([head.ChecksumSHA256, head.ChecksumType]).toEqual([composite(large, small), "COMPOSITE"]);
  const whole = await s3.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  expect(Buffer.concat([large, small]).equals((await whole.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
  const seam = await s3.client.send(
    new GetObjectCommand({ Bucket: bucket, Key: key, Range: `bytes=${large.length - 3}-${large.length + 2}` }),
  );
  expect(await seam.Body?.transformToString()).toBe(`${large.subarray(-3).toString()}the`);
});

test("GetObjectAttributes tells the parts of such an object, page by page, and the composite without its count", async () => {
  const key = newKey();
  const id = await create(key);
  await complete(key, id, [await upload(key, id, 1, large), await upload(key, id, 2, small)]);
  const told = await s3.client.send(
    new GetObjectAttributesCommand({ Bucket: bucket, Key: key, ObjectAttributes: ["Checksum", "ObjectParts", "ObjectSize"], MaxParts: 1 }),
  );
  expect(told.Checksum).toEqual({ ChecksumSHA256: composite(large, small).split("-")[0], ChecksumType: "COMPOSITE" });
  expect(told.ObjectParts).toMatchObject({
    TotalPartsCount: 2,
    IsTruncated: true,
    Parts: [{ PartNumber: 1, Size: large.length, ChecksumSHA256: sha256(large) }],
  });
  const next = new GetObjectAttributesCommand({
    Bucket: bucket,
    Key: key,
    ObjectAttributes: ["ObjectParts"],
    PartNumberMarker: told.ObjectParts?.NextPartNumberMarker,
  });
  expect((await s3.client.send(next)).ObjectParts).toMatchObject({
    IsTruncated: false,
    Parts: [{ PartNumber: 2, Size: small.length, ChecksumSHA256: sha256(small) }],
  });
});

test("a presigned part takes exactly the hash that was signed", async () => {
  const key = newKey();
  const id = await create(key);
  const command = new UploadPartCommand({
    Bucket: bucket,
    Key: key,
    UploadId: id,
    PartNumber: 1,
    ContentLength: small.length,
    ChecksumSHA256: sha256(small),
  });
  const url = await s3.presign(command, { signed: ["x-amz-checksum-sha256", "content-length"] });
  const headers = { "x-amz-checksum-sha256": sha256(small) };
  const before = await s3.blobs();
  const altered = await send(url, { method: "PUT", headers, body: small.toString().toUpperCase() });
  expect([altered.status, codeOf(altered)]).toEqual([400, "BadDigest"]);
  expect(await s3.blobs()).toEqual(before);
  const stored = await send(url, { method: "PUT", headers, body: small });
  expect([stored.status, stored.headers.etag, stored.headers["x-amz-checksum-sha256"]]).toEqual([200, `"${md5(small)}"`, sha256(small)]);
  await complete(key, id, [{ PartNumber: 1, ETag: stored.headers.etag, ChecksumSHA256: sha256(small) }]);
});

test("a part without the checksum that its upload was created with is refused", async () => {
  const key = newKey();
  const id = await create(key);
  const reply = await send(await s3.presign(new UploadPartCommand({ Bucket: bucket, Key: key, UploadId: id, PartNumber: 1 })), {
    method: "PUT",
    body: small,
  });
  expect([reply.status, messageOf(reply)]).toEqual([
    400,
    "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null",
  ]);
  const otherKind = s3.client.send(
    new UploadPartCommand({ Bucket: bucket, Key: key, UploadId: id, PartNumber: 1, Body: small, ChecksumAlgorithm: "CRC32" }),
  );
  expect(await refusalOf(otherKind)).toMatchObject({ name: "InvalidRequest", status: 400 });
});

test("a part number is 1 to 10,000", async () => {
  const key = newKey();
  const id = await create(key);
  for (const number of [0, 10_001])
    expect(await refusalOf(upload(key, id, number, small))).toMatchObject({ name: "InvalidArgument", status: 400 });
  expect((await upload(key, id, 10_000, small)).ETag).toBeDefined();
});

test("a part that is sent again replaces the one before", async () => {
  const key = newKey();
  const id = await create(key);
  const before = (await s3.blobs()).length;
  const first = await upload(key, id, 1, "first");
  const again = await upload(key, id, 1, "again");
  expect((await s3.blobs()).length).toBe(before + 1);
  expect(await refusalOf(complete(key, id, [first]))).toMatchObject({ name: "InvalidPart", status: 400 });
  await complete(key, id, [again]);
  const read = await s3.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  expect(await read.Body?.transformToString()).toBe("again");
});

test("completing names every part in order, as it was uploaded and with its checksum, and a refusal leaves the upload as it was", async () => {
  const key = newKey();
  const id = await create(key);
  const [first, second] = [await upload(key, id, 1, large), await upload(key, id, 2, small)];
  const wrong: readonly (readonly [string, CompletedPart[], Partial<CompleteMultipartUploadCommandInput>?])[] = [
    ["MalformedXML", []],
    ["InvalidPartOrder", [second, first]],
    ["InvalidPartOrder", [first, first]],
    ["InvalidPartOrder", [second]],
    ["InvalidPart", [first, second, { PartNumber: 3, ETag: '"x"', ChecksumSHA256: sha256("x") }]],
    ["InvalidPart", [first, { ...second, ETag: '"x"' }]],
    ["InvalidPart", [first, { ...second, ChecksumSHA256: sha256("x") }]],
    ["InvalidRequest", [first, { ...second, ChecksumSHA256: undefined }]],
    ["BadDigest", [first, second], { ChecksumSHA256: composite(small, large) }],
    ["InvalidRequest", [first, second], { MpuObjectSize: 1 }],
  ];
  for (const [name, parts, more] of wrong) expect(await refusalOf(complete(key, id, parts, more))).toMatchObject({ name, status: 400 });
  expect(await refusalOf(s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })))).toMatchObject({ status: 404 });
  await complete(key, id, [first, second], { ChecksumSHA256: composite(large, small), MpuObjectSize: large.length + small.length });
});

test("completing refuses a part below 5 MiB unless it is the last", async () => {
  const key = newKey();
  const id = await create(key);
  const parts = [await upload(key, id, 1, large.subarray(1)), await upload(key, id, 2, small)];
  expect(await refusalOf(complete(key, id, parts))).toMatchObject({ name: "EntityTooSmall", status: 400 });
});

test("completing with If-None-Match * refuses a key that exists by now, and the upload can still be aborted", async () => {
  const key = newKey();
  const id = await create(key);
  const part = await upload(key, id, 1, small);
  await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: "meanwhile" }));
  expect(await refusalOf(complete(key, id, [part], { IfNoneMatch: "*" }))).toMatchObject({ name: "PreconditionFailed", status: 412 });
  await s3.client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: id }));
});

test("parallel completions of one key with If-None-Match * let exactly one win", async () => {
  const key = newKey();
  const ready = await Promise.all(
    Array.from({ length: 5 }, async (_value, index) => {
      const id = await create(key);
      return { id, part: await upload(key, id, 1, `upload ${index}`) };
    }),
  );
  const outcomes = await Promise.allSettled(ready.map(({ id, part }) => complete(key, id, [part], { IfNoneMatch: "*" })));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("an upload that was completed or aborted is gone, with its bytes", async () => {
  const key = newKey();
  const before = await s3.blobs();
  const aborted = await create(key);
  const part = await upload(key, aborted, 1, small);
  expect((await s3.blobs()).length).toBe(before.length + 1);
  await s3.client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: aborted }));
  expect(await s3.blobs()).toEqual(before);
  const completed = await create(key);
  await upload(key, completed, 2, "never used");
  await complete(key, completed, [await upload(key, completed, 1, small)]);
  expect((await s3.blobs()).length).toBe(before.length + 1);
  for (const UploadId of [aborted, completed, "unknown"]) {
    const address = { Bucket: bucket, Key: key, UploadId };
    expect(await refusalOf(upload(key, UploadId, 1, small))).toMatchObject({ name: "NoSuchUpload", status: 404 });
    expect(await refusalOf(complete(key, UploadId, [part]))).toMatchObject({ name: "NoSuchUpload" });
    expect(await refusalOf(s3.client.send(new ListPartsCommand(address)))).toMatchObject({ name: "NoSuchUpload" });
    expect(await refusalOf(s3.client.send(new AbortMultipartUploadCommand(address)))).toMatchObject({ name: "NoSuchUpload" });
  }
});

test("an upload belongs to the key that it was created for", async () => {
  const id = await create(newKey());
  expect(await refusalOf(upload(newKey(), id, 1, small))).toMatchObject({ name: "NoSuchUpload" });
});

test("ListParts tells number, size, ETag and checksum, page by page, also after a restart", async () => {
  const key = newKey();
  const id = await create(key);
  const parts: CompletedPart[] = [];
  for (const number of [3, 1, 2]) parts.push(await upload(key, id, number, `part ${number}`));
  await s3.close();
  await s3.open();
  const listed: CompletedPart[] = [];
  let PartNumberMarker: string | undefined;
  do {
    const page: ListPartsCommandOutput = await s3.client.send(
      new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: id, MaxParts: 2, PartNumberMarker }),
    );
    expect([page.ChecksumAlgorithm, page.ChecksumType]).toEqual(["SHA256", "COMPOSITE"]);
    for (const { PartNumber, ETag, ChecksumSHA256, Size } of page.Parts ?? []) {
      expect(Size).toBe(6);
      listed.push({ PartNumber, ETag, ChecksumSHA256 });
    }
    PartNumberMarker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
  } while (PartNumberMarker !== undefined);
  expect(listed).toEqual(parts.toSorted((one, other) => (one.PartNumber ?? 0) - (other.PartNumber ?? 0)));
});

test("ListMultipartUploads tells the uploads in progress by prefix, page by page", async () => {
  const prefix = `${newKey("uploads")}/`;
  const created: (string | undefined)[] = [];
  for (const name of ["b", "a", "a"]) created.push(await create(`${prefix}${name}`));
  const listed: (string | undefined)[] = [];
  let markers: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
  do {
    const page: ListMultipartUploadsCommandOutput = await s3.client.send(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, MaxUploads: 1, ...markers }),
    );
    listed.push(...(page.Uploads ?? []).map(({ UploadId }) => UploadId));
    markers = page.IsTruncated === true ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
  } while (markers !== undefined);
  expect(listed.toSorted()).toEqual(created.toSorted());
  expect(listed.at(-1)).toBe(created[0]);
});

test("an upload without a checksum algorithm completes without checksums, and its part numbers may have gaps but must ascend", async () => {
  const key = newKey();
  const id = await create(key, { ChecksumAlgorithm: undefined });
  const { ETag } = await s3.client.send(new UploadPartCommand({ Bucket: bucket, Key: key, UploadId: id, PartNumber: 7, Body: small }));
  const large5 = await s3.client.send(new UploadPartCommand({ Bucket: bucket, Key: key, UploadId: id, PartNumber: 5, Body: large }));
  const reversed = [
    { PartNumber: 7, ETag },
    { PartNumber: 5, ETag: large5.ETag },
  ];
  expect(await refusalOf(complete(key, id, reversed))).toMatchObject({ name: "InvalidPartOrder", status: 400 });
  const completed = await complete(key, id, [{ PartNumber: 7, ETag }]);
  expect([completed.ETag, completed.ChecksumSHA256]).toEqual([compositeEtag(small), undefined]);
});

test("a whole-object SHA-256 cannot be asked of a multipart upload", async () => {
  expect(await refusalOf(create(newKey(), { ChecksumType: "FULL_OBJECT" }))).toMatchObject({ name: "InvalidRequest", status: 400 });
});
