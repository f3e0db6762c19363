import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucket, Harness, md5, newKey, refusalOf, sha256 } from "./s3-harness.ts";

let s3: Harness;
beforeAll(async () => {
  s3 = await Harness.start();
});
afterAll(() => s3.stop());

const put = (Key: string, Body: PutObjectCommandInput["Body"] = "content", more: Partial<PutObjectCommandInput> = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body, ...more }));
const get = (Key: string, VersionId?: string) => s3.client.send(new GetObjectCommand({ Bucket: bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) }));
const textOf = async (Key: string, VersionId?: string) => (await get(Key, VersionId)).Body?.transformToString();

describe("PutObject", () => {
  test("gives the MD5 as quoted ETag and a version id, and keeps type and metadata", async () => {
    const key = newKey();
    const stored = await put(key, "content", { ContentType: "text/plain", CacheControl: "no-store", Metadata: { case: "cas_1" } });
    expect(stored.ETag).toBe(`"${md5("content")}"`);
    expect(stored.VersionId).toMatch(/^[\w.-]{32}$/);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    expect(head).toMatchObject({ ContentLength: 7, ContentType: "text/plain", CacheControl: "no-store", Metadata: { case: "cas_1" }, VersionId: stored.VersionId, ETag: stored.ETag, AcceptRanges: "bytes" });
  });

  test("checks a SHA-256 and stores nothing when the body has another", async () => {
    const key = newKey();
    const before = await s3.blobs();
    expect(await refusalOf(put(key, "content", { ChecksumSHA256: sha256("another") }))).toMatchObject({ name: "BadDigest", status: 400 });
    expect(await refusalOf(put(key, "content", { ContentMD5: Buffer.alloc(16).toString("base64") }))).toMatchObject({ name: "BadDigest", status: 400 });
    expect(await refusalOf(put(key, "content", { ContentMD5: "short" }))).toMatchObject({ name: "InvalidDigest", status: 400 });
    expect(await refusalOf(put(key, "content", { ChecksumSHA256: "short" }))).toMatchObject({ name: "InvalidRequest", status: 400 });
    expect(await refusalOf(get(key))).toMatchObject({ name: "NoSuchKey" });
    expect(await s3.blobs()).toEqual(before);
  });

  test("decodes the aws-chunked body of a stream and checks its trailing checksum", async () => {
    const key = newKey();
    const pieces = Array.from({ length: 50 }, (_value, index) => Buffer.alloc(7919, index));
    const body = Buffer.concat(pieces);
    const stored = await put(key, Readable.from(pieces), { ContentLength: body.length });
    expect(stored.ChecksumCRC32).toMatch(/^[\w+/]{6}==$/);
    const read = await get(key);
    expect(read.ContentEncoding).toBeUndefined();
    expect(Buffer.from((await read.Body?.transformToByteArray()) ?? []).equals(body)).toBe(true);
  });

  test("refuses a trailing checksum that the body does not have", async () => {
    const key = newKey();
    const client = s3.clientWith({});
    client.middlewareStack.add(
      (next) => (args) => {
        // The SDK's request, of which only the encoded body is of interest here.
        const request = args.request as { body: AsyncIterable<Buffer | string> };
        const encoded = request.body;
        request.body = Readable.from(
          (async function* () {
            for await (const piece of encoded) yield Buffer.from(Buffer.from(piece).toString("latin1").replace("content", "CONTENT"), "latin1");
          })(),
        );
        return next(args);
      },
      { step: "finalizeRequest", priority: "low" },
    );
    const sending = client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: Readable.from([Buffer.from("content")]), ContentLength: 7 }));
    expect(await refusalOf(sending)).toMatchObject({ name: "BadDigest", status: 400 });
    expect(await refusalOf(get(key))).toMatchObject({ name: "NoSuchKey" });
  });

  test("refuses a stream that is not as long as it said", async () => {
    const body = Readable.from([Buffer.from("content")]);
    expect(await refusalOf(put(newKey(), body, { ContentLength: 8 }))).toMatchObject({ name: "IncompleteBody", status: 400 });
  });

  test("with If-None-Match * refuses an existing key, and accepts one whose latest version is a delete marker", async () => {
    const key = newKey();
    await put(key, "first", { IfNoneMatch: "*" });
    expect(await refusalOf(put(key, "second", { IfNoneMatch: "*" }))).toMatchObject({ name: "PreconditionFailed", status: 412 });
    expect(await textOf(key)).toBe("first");
    await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    await put(key, "third", { IfNoneMatch: "*" });
    expect(await textOf(key)).toBe("third");
  });

  test("with If-None-Match * lets exactly one of many parallel writers win, and keeps nothing of the others", async () => {
    const key = newKey();
    const before = (await s3.blobs()).length;
    const writers = Array.from({ length: 20 }, (_value, index) => put(key, `writer ${index}`, { IfNoneMatch: "*" }));
    const outcomes = await Promise.allSettled(writers);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes) if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ name: "PreconditionFailed" });
    const winner = outcomes.findIndex(({ status }) => status === "fulfilled");
    expect(await textOf(key)).toBe(`writer ${winner}`);
    const { Versions } = await s3.client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }));
    expect(Versions).toHaveLength(1);
    expect((await s3.blobs()).length).toBe(before + 1);
  });

  test("with If-Match writes only over the version that it names", async () => {
    const key = newKey();
    expect(await refusalOf(put(key, "x", { IfMatch: '"any"' }))).toMatchObject({ name: "NoSuchKey" });
    const { ETag } = await put(key, "first");
    expect(await refusalOf(put(key, "x", { IfMatch: '"other"' }))).toMatchObject({ name: "PreconditionFailed" });
    await put(key, "second", { IfMatch: ETag });
    expect(await textOf(key)).toBe("second");
  });
});

describe("versions", () => {
  test("stay readable by their id when a newer one is written", async () => {
    const key = newKey();
    const first = await put(key, "first");
    const second = await put(key, "second");
    expect(await textOf(key)).toBe("second");
    expect(await textOf(key, first.VersionId)).toBe("first");
    const head = await s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key, VersionId: first.VersionId }));
    expect([head.VersionId, head.ContentLength]).toEqual([first.VersionId, 5]);
    expect((await get(key)).VersionId).toBe(second.VersionId);
  });

  test("that do not exist are NoSuchVersion, and an id of another form is an invalid argument", async () => {
    const key = newKey();
    await put(key);
    expect(await refusalOf(get(key, "A".repeat(32)))).toMatchObject({ name: "NoSuchVersion", status: 404 });
    expect(await refusalOf(get(key, "../x"))).toMatchObject({ name: "InvalidArgument", status: 400 });
  });

  test("hide behind a delete marker, which DELETE puts on top", async () => {
    const key = newKey();
    const stored = await put(key);
    const marker = await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    expect(marker.DeleteMarker).toBe(true);
    expect(marker.VersionId).not.toBe(stored.VersionId);
    const hidden = await refusalOf(get(key));
    expect(hidden).toMatchObject({ name: "NoSuchKey", status: 404, headers: { "x-amz-delete-marker": "true", "x-amz-version-id": marker.VersionId } });
    expect(await textOf(key, stored.VersionId)).toBe("content");
    const named = await refusalOf(get(key, marker.VersionId));
    expect(named).toMatchObject({ name: "MethodNotAllowed", status: 405, headers: { allow: "DELETE", "x-amz-delete-marker": "true" } });

    const undeleted = await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: marker.VersionId }));
    expect([undeleted.DeleteMarker, undeleted.VersionId]).toEqual([true, marker.VersionId]);
    expect(await textOf(key)).toBe("content");
  });

  test("are gone for good, bytes and all, when DELETE names them", async () => {
    const key = newKey();
    const before = await s3.blobs();
    const first = await put(key, "first");
    const second = await put(key, "second");
    await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: second.VersionId }));
    expect(await textOf(key)).toBe("first");
    expect(await refusalOf(get(key, second.VersionId))).toMatchObject({ name: "NoSuchVersion" });
    await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: first.VersionId }));
    await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: first.VersionId }));
    expect(await refusalOf(get(key))).toMatchObject({ name: "NoSuchKey" });
    expect(await s3.blobs()).toEqual(before);
  });

  test("are listed newest first, by prefix, page by page, with their markers", async () => {
    const prefix = `${newKey("list")}/`;
    const expected: (string | undefined)[] = [];
    for (const name of ["a", "b"]) {
      const versions = [await put(`${prefix}${name}`, "1"), await put(`${prefix}${name}`, "2")];
      const marker = await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${prefix}${name}` }));
      expected.push(marker.VersionId, versions[1]?.VersionId, versions[0]?.VersionId);
    }
    const whole = await s3.client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix }));
    expect([whole.IsTruncated, whole.Versions?.map(({ IsLatest }) => IsLatest), whole.DeleteMarkers?.map(({ IsLatest }) => IsLatest)]).toEqual([false, [false, false, false, false], [true, true]]);
    const listed: (string | undefined)[] = [];
    let [KeyMarker, VersionIdMarker]: (string | undefined)[] = [];
    do {
      const page: ListObjectVersionsCommandOutput = await s3.client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, MaxKeys: 1, KeyMarker, VersionIdMarker }));
      for (const { VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
        listed.push(VersionId);
        // A job that erases while it lists must still meet every version.
        await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: page.NextKeyMarker ?? `${prefix}b`, VersionId }));
      }
      [KeyMarker, VersionIdMarker] = [page.NextKeyMarker, page.NextVersionIdMarker];
      expect(page.IsTruncated).toBe(KeyMarker !== undefined);
    } while (KeyMarker !== undefined);
    expect(listed).toEqual(expected);
    const refused = s3.client.send(new ListObjectVersionsCommand({ Bucket: bucket, VersionIdMarker: "x" }));
    expect(await refusalOf(refused)).toMatchObject({ name: "InvalidArgument" });
  });

  test("ListObjectsV2 shows the latest ones in UTF-8 order, by prefix, page by page, and no deleted ones", async () => {
    const prefix = `${newKey("list")}/`;
    const names = ["B", "a", "a b&<c>", "ñ", "\uffee", "😀"];
    for (const name of [...names, "deleted"]) await put(`${prefix}${name}`);
    await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${prefix}deleted` }));
    const listed: (string | undefined)[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page: ListObjectsV2CommandOutput = await s3.client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 2, ContinuationToken }));
      expect(page.KeyCount).toBe(page.Contents?.length);
      listed.push(...(page.Contents ?? []).map(({ Key }) => Key));
      ContinuationToken = page.NextContinuationToken;
      expect(page.IsTruncated).toBe(ContinuationToken !== undefined);
    } while (ContinuationToken !== undefined);
    expect(listed).toEqual(names.map((name) => `${prefix}${name}`));
    const after = await s3.client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, StartAfter: `${prefix}ñ`, EncodingType: "url" }));
    expect(after.Contents?.map(({ Key, Size, ETag }) => [decodeURIComponent(Key ?? ""), Size, ETag])).toEqual(
      names.slice(4).map((name) => [`${prefix}${name}`, 7, `"${md5("content")}"`]),
    );
    expect(await refusalOf(s3.client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: "!" })))).toMatchObject({ name: "InvalidArgument" });
  });

  test("DeleteObjects marks or removes many at once and says what became of each", async () => {
    const [one, other] = [newKey(), newKey()];
    const { VersionId } = await put(one);
    await put(other);
    const Objects = [{ Key: one, VersionId }, { Key: other }, { Key: "x".repeat(1025) }];
    const done = await s3.client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
    expect(done.Deleted).toMatchObject([{ Key: one, VersionId }, { Key: other, DeleteMarker: true }]);
    expect(done.Errors).toMatchObject([{ Code: "KeyTooLongError" }]);
    expect(await refusalOf(get(one))).toMatchObject({ name: "NoSuchKey" });
    expect(await refusalOf(get(other))).toMatchObject({ headers: { "x-amz-delete-marker": "true" } });
    const unchecked = s3.clientWith({ requestChecksumCalculation: "WHEN_REQUIRED" });
    unchecked.middlewareStack.add(
      (next) => (args) => {
        // The SDK's request: without its checksum headers S3 takes no batch of deletes.
        const { headers } = args.request as { headers: Record<string, string> };
        for (const name of Object.keys(headers)) if (/checksum|md5/.test(name)) delete headers[name];
        return next(args);
      },
      { step: "build", priority: "low" },
    );
    const refused = unchecked.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [{ Key: one }] } }));
    expect(await refusalOf(refused)).toMatchObject({ name: "InvalidRequest", status: 400 });
  });
});

describe("tags", () => {
  const tag = (Key: string, TagSet: { Key: string; Value: string }[], VersionId?: string) =>
    s3.client.send(new PutObjectTaggingCommand({ Bucket: bucket, Key, Tagging: { TagSet }, ...(VersionId === undefined ? {} : { VersionId }) }));
  const tagsOf = async (Key: string, VersionId?: string) => (await s3.client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key, VersionId }))).TagSet;

  test("belong to one version and are replaced as a whole", async () => {
    const key = newKey();
    const first = await put(key, "1", { Tagging: "origin=portal&kind=a%26b" });
    const second = await put(key, "2");
    expect(await tagsOf(key, first.VersionId)).toEqual([{ Key: "origin", Value: "portal" }, { Key: "kind", Value: "a&b" }]);
    expect((await tag(key, [{ Key: "released", Value: "yes" }], first.VersionId)).VersionId).toBe(first.VersionId);
    expect(await tagsOf(key, first.VersionId)).toEqual([{ Key: "released", Value: "yes" }]);
    expect(await tagsOf(key, second.VersionId)).toEqual([]);
    expect((await get(key, first.VersionId)).TagCount).toBe(1);
    await s3.client.send(new DeleteObjectTaggingCommand({ Bucket: bucket, Key: key, VersionId: first.VersionId }));
    expect(await tagsOf(key, first.VersionId)).toEqual([]);
  });

  test("are ten at most, unlike each other, and not AWS's own", async () => {
    const key = newKey();
    await put(key);
    const many = (count: number) => Array.from({ length: count }, (_value, index) => ({ Key: `k${index}`, Value: "" }));
    await tag(key, many(10));
    expect(await refusalOf(tag(key, many(11)))).toMatchObject({ name: "BadRequest", status: 400 });
    expect(await refusalOf(tag(key, [...many(1), ...many(1)]))).toMatchObject({ name: "InvalidTag" });
    expect(await refusalOf(tag(key, [{ Key: "aws:x", Value: "" }]))).toMatchObject({ name: "InvalidTag" });
    expect(await refusalOf(tag(key, [{ Key: "k".repeat(129), Value: "" }]))).toMatchObject({ name: "InvalidTag" });
    expect(await refusalOf(tag(key, [{ Key: "k", Value: "v".repeat(257) }]))).toMatchObject({ name: "InvalidTag" });
    expect(await tagsOf(key)).toHaveLength(10);
    expect(await refusalOf(tag(newKey(), many(1)))).toMatchObject({ name: "NoSuchKey" });
  });
});

describe("checksums", () => {
  test("are told by HeadObject and GetObject when asked for, with their type", async () => {
    const key = newKey();
    await put(key, "content", { ChecksumSHA256: sha256("content") });
    const asked = await s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: "ENABLED" }));
    expect([asked.ChecksumSHA256, asked.ChecksumType]).toEqual([sha256("content"), "FULL_OBJECT"]);
    const unasked = await s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    expect([unasked.ChecksumSHA256, unasked.ChecksumType]).toEqual([undefined, undefined]);
    expect((await get(key)).ChecksumSHA256).toBe(sha256("content"));
  });

  test("are told by GetObjectAttributes with ETag and size", async () => {
    const key = newKey();
    const { VersionId } = await put(key, "content", { ChecksumSHA256: sha256("content") });
    const ObjectAttributes: ("ETag" | "Checksum" | "ObjectSize" | "ObjectParts")[] = ["ETag", "Checksum", "ObjectSize", "ObjectParts"];
    const told = await s3.client.send(new GetObjectAttributesCommand({ Bucket: bucket, Key: key, ObjectAttributes }));
    expect(told).toMatchObject({ ETag: md5("content"), ObjectSize: 7, VersionId, Checksum: { ChecksumSHA256: sha256("content"), ChecksumType: "FULL_OBJECT" } });
    expect(told.ObjectParts).toBeUndefined();
    const onlySize = await s3.client.send(new GetObjectAttributesCommand({ Bucket: bucket, Key: key, ObjectAttributes: ["ObjectSize"] }));
    expect([onlySize.ObjectSize, onlySize.ETag, onlySize.Checksum]).toEqual([7, undefined, undefined]);
  });
});

test("state survives a restart, byte for byte and tag for tag", async () => {
  const key = newKey("niño/+ ");
  const { VersionId } = await put(key, "content", { Tagging: "released=yes", ContentType: "text/plain" });
  await s3.close();
  await s3.open();
  expect(await textOf(key, VersionId)).toBe("content");
  expect((await get(key)).TagCount).toBe(1);
  expect((await s3.client.send(new HeadBucketCommand({ Bucket: bucket }))).$metadata.httpStatusCode).toBe(200);
  expect(await refusalOf(put(key, "x", { IfNoneMatch: "*" }))).toMatchObject({ name: "PreconditionFailed" });
});

test("ListObjects, which nobody here should use, is refused and not half answered", async () => {
  expect(await refusalOf(s3.client.send(new ListObjectsCommand({ Bucket: bucket })))).toMatchObject({ name: "NotImplemented", status: 501 });
});
