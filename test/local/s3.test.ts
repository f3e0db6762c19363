import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
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
const get = (Key: string, VersionId?: string) =>
  s3.client.send(new GetObjectCommand({ Bucket: bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) }));
const textOf = async (Key: string, VersionId?: string) => (await get(Key, VersionId)).Body?.transformToString();

describe("PutObject", () => {
  test("gives the MD5 as quoted ETag and a version id, and keeps type and metadata", async () => {
    const key = newKey();
    const stored = await put(key, "content", { ContentType: "text/plain", CacheControl: "no-store", Metadata: { case: "cas_1" } });
    expect(stored.ETag).toBe(`"${md5("content")}"`);
    expect(stored.VersionId).toMatch(/^[\w.-]{32}$/);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    expect(head).toMatchObject({
      ContentLength: 7,
      ContentType: "text/plain",
      CacheControl: "no-store",
      Metadata: { case: "cas_1" },
      VersionId: stored.VersionId,
      ETag: stored.ETag,
      AcceptRanges: "bytes",
    });
  });

  test("checks a SHA-256 and stores nothing when the body has another", async () => {
    const key = newKey();
    const before = await s3.blobs();
    expect(await refusalOf(put(key, "content", { ChecksumSHA256: sha256("another") }))).toMatchObject({ name: "BadDigest", status: 400 });
    expect(await refusalOf(put(key, "content", { ContentMD5: Buffer.alloc(16).toString("base64") }))).toMatchObject({
      name: "BadDigest",
      status: 400,
    });
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

  test("refuses an encoded body that was altered, cut off or malformed on its way, and stores nothing", async () => {
    const alterations: readonly (readonly [string, (encoded: string) => string])[] = [
      ["BadDigest", (encoded) => encoded.replace("content", "CONTENT")],
      ["IncompleteBody", (encoded) => encoded.slice(0, encoded.indexOf("0\r\n"))],
      ["IncompleteBody", (encoded) => encoded.slice(0, -2)],
      ["IncompleteBody", (encoded) => encoded.replace(/^7/, "z")],
      ["IncompleteBody", (encoded) => encoded.replace(/^7/, "6")],
      ["MalformedTrailerError", (encoded) => encoded.replace(/x-amz-checksum-crc32:[^\r]+\r\n/, "")],
      ["MalformedTrailerError", (encoded) => `${encoded}0\r\n`],
      ["InvalidRequest", (encoded) => encoded.replace(/crc32:[^\r]+/, "crc32:short")],
    ];
    const before = await s3.blobs();
    for (const [name, alter] of alterations) expect(await refusalOf(putAltered(alter))).toMatchObject({ name, status: 400 });
    expect(await s3.blobs()).toEqual(before);
  });

  const putAltered = (alter: (encoded: string) => string) => {
    const client = s3.clientWith({});
    client.middlewareStack.add(
      (next) => (args) => {
        // The SDK's request, of which only the encoded body is of interest here.
        const request = args.request as { body: AsyncIterable<Buffer | string> };
        const encoded = request.body;
        request.body = Readable.from(
          (async function* () {
            const pieces: Buffer[] = [];
            for await (const piece of encoded) pieces.push(Buffer.from(piece));
            yield Buffer.from(alter(Buffer.concat(pieces).toString("latin1")), "latin1");
          })(),
        );
        return next(args);
      },
      { step: "finalizeRequest", priority: "low" },
    );
    return client.send(
      new PutObjectCommand({ Bucket: bucket, Key: newKey(), Body: Readable.from([Buffer.from("content")]), ContentLength: 7 }),
    );
  };

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
    expect(told).toMatchObject({
      ETag: md5("content"),
      ObjectSize: 7,
      VersionId,
      Checksum: { ChecksumSHA256: sha256("content"), ChecksumType: "FULL_OBJECT" },
    });
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

test("a restart removes the bytes that a crash left of an upload that never finished", async () => {
  const before = await s3.blobs();
  await writeFile(join(s3.directory, bucket, "blobs", "0123456789abcdef0123456789abcdef"), "half of it");
  await s3.close();
  await s3.open();
  expect(await s3.blobs()).toEqual(before);
});

test("ListObjects, which nobody here should use, is refused and not half answered", async () => {
  expect(await refusalOf(s3.client.send(new ListObjectsCommand({ Bucket: bucket })))).toMatchObject({
    name: "NotImplemented",
    status: 501,
  });
});
