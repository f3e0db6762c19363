import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucket, Harness, md5, newKey, refusalOf } from "./s3-harness.ts";

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
    expect(hidden).toMatchObject({
      name: "NoSuchKey",
      status: 404,
      headers: { "x-amz-delete-marker": "true", "x-amz-version-id": marker.VersionId },
    });
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
    expect([
      whole.IsTruncated,
      whole.Versions?.map(({ IsLatest }) => IsLatest),
      whole.DeleteMarkers?.map(({ IsLatest }) => IsLatest),
    ]).toEqual([false, [false, false, false, false], [true, true]]);
    const listed: (string | undefined)[] = [];
    let [KeyMarker, VersionIdMarker]: (string | undefined)[] = [];
    do {
      const page: ListObjectVersionsCommandOutput = await s3.client.send(
        new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, MaxKeys: 1, KeyMarker, VersionIdMarker }),
      );
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
      const page: ListObjectsV2CommandOutput = await s3.client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 2, ContinuationToken }),
      );
      expect(page.KeyCount).toBe(page.Contents?.length);
      listed.push(...(page.Contents ?? []).map(({ Key }) => Key));
      ContinuationToken = page.NextContinuationToken;
      expect(page.IsTruncated).toBe(ContinuationToken !== undefined);
    } while (ContinuationToken !== undefined);
    expect(listed).toEqual(names.map((name) => `${prefix}${name}`));
    const after = await s3.client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, StartAfter: `${prefix}ñ`, EncodingType: "url" }),
    );
    expect(after.Contents?.map(({ Key, Size, ETag }) => [decodeURIComponent(Key ?? ""), Size, ETag])).toEqual(
      names.slice(4).map((name) => [`${prefix}${name}`, 7, `"${md5("content")}"`]),
    );
    expect(await refusalOf(s3.client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: "!" })))).toMatchObject({
      name: "InvalidArgument",
    });
  });

  test("DeleteObjects marks or removes many at once and says what became of each", async () => {
    const [one, other] = [newKey(), newKey()];
    const { VersionId } = await put(one);
    await put(other);
    const Objects = [{ Key: one, VersionId }, { Key: other }, { Key: "x".repeat(1025) }];
    const done = await s3.client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
    expect(done.Deleted).toMatchObject([
      { Key: one, VersionId },
      { Key: other, DeleteMarker: true },
    ]);
    expect(done.Errors).toMatchObject([{ Code: "KeyTooLongError" }]);
    expect(await refusalOf(get(one))).toMatchObject({ name: "NoSuchKey" });
    expect(await refusalOf(get(other))).toMatchObject({ headers: { "x-amz-delete-marker": "true" } });
    const unchecked = s3.clientWith({ requestChecksumCalculation: "WHEN_REQUIRED" });
    unchecked.middlewareStack.add(
      (next) => (args) => {
        // The SDK's request: without its checksum headers S3 takes no batch of deletes.
        const { headers } = args.request as { headers: Record<string, string> };
        // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the headers are the SDK's own object
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
    s3.client.send(
      new PutObjectTaggingCommand({ Bucket: bucket, Key, Tagging: { TagSet }, ...(VersionId === undefined ? {} : { VersionId }) }),
    );
  const tagsOf = async (Key: string, VersionId?: string) =>
    (await s3.client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key, VersionId }))).TagSet;

  test("belong to one version and are replaced as a whole", async () => {
    const key = newKey();
    const first = await put(key, "1", { Tagging: "origin=portal&kind=a%26b" });
    const second = await put(key, "2");
    expect(await tagsOf(key, first.VersionId)).toEqual([
      { Key: "origin", Value: "portal" },
      { Key: "kind", Value: "a&b" },
    ]);
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
