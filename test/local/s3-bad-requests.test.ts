import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { bucket, codeOf, Harness, newKey, refusalOf, send } from "./s3-harness.ts";

let s3: Harness;
beforeAll(async () => {
  s3 = await Harness.start();
});
afterAll(() => s3.stop());

const put = (Key: string, Body = "content") => s3.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
const read = async (Key: string) => (await s3.client.send(new GetObjectCommand({ Bucket: bucket, Key }))).Body?.transformToString();

test("an unknown bucket is NoSuchBucket and an unknown key NoSuchKey, with the request's id", async () => {
  expect(await refusalOf(s3.client.send(new GetObjectCommand({ Bucket: "unknown", Key: "x" })))).toMatchObject({
    name: "NoSuchBucket",
    status: 404,
  });
  expect(await refusalOf(s3.client.send(new HeadBucketCommand({ Bucket: "unknown" })))).toMatchObject({ status: 404 });
  expect(await refusalOf(s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key: "unknown" })))).toMatchObject({
    name: "NotFound",
    status: 404,
  });
  const reply = await send(await s3.presign(new GetObjectCommand({ Bucket: bucket, Key: "unknown" })));
  expect([reply.status, codeOf(reply), reply.headers["content-type"]]).toEqual([404, "NoSuchKey", "application/xml"]);
  expect(reply.body).toMatch(
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<Error><Code>NoSuchKey<\/Code><Message>The specified key does not exist.<\/Message><Key>unknown<\/Key>/,
  );
  expect(reply.body).toContain(`<RequestId>${String(reply.headers["x-amz-request-id"])}</RequestId>`);
});

test("keys are opaque: spaces, plus signs, percent signs, quotes, slashes and any script keep apart", async () => {
  const keys = [
    "a b",
    "a+b",
    "a%20b",
    "a%2Bb",
    "a//b",
    "a/",
    "/a",
    "ñandú/Łódź/文件 😀",
    `q"'<>&*!()~`,
    "a/../b",
    "a/./b",
    "b",
    "..b",
    "x?y#z",
    "\u0001\t\n",
  ];
  for (const key of keys) await put(key, `content of ${key}`);
  for (const key of keys) expect(await read(key)).toBe(`content of ${key}`);
  for (const key of ["a b", "a+b", "ñandú/Łódź/文件 😀", `q"'<>&*!()~`]) {
    const url = await s3.presign(new GetObjectCommand({ Bucket: bucket, Key: key }));
    expect(await (await fetch(url)).text()).toBe(`content of ${key}`);
  }
});

test("a bare plus sign in a path is a space", async () => {
  await put("bare plus");
  const url = await s3.presign(new GetObjectCommand({ Bucket: bucket, Key: "bare plus" }));
  expect((await send(url.replace("bare%20plus", "bare+plus"))).body).toBe("content");
});

test("a key whose dots would leave the bucket is a bad request, and a client that resolves dots breaks its signature", async () => {
  for (const key of ["../x", "a/../../x", ".."]) expect(await refusalOf(put(key))).toMatchObject({ status: 400 });
  const url = await s3.presign(new GetObjectCommand({ Bucket: bucket, Key: "a/../b" }));
  expect((await send(url)).status).toBe(200);
  const resolved = await fetch(url);
  expect([resolved.status, /<Code>(\w+)/.exec(await resolved.text())?.[1]]).toEqual([403, "SignatureDoesNotMatch"]);
});

test("a key of 1,024 bytes is the longest", async () => {
  const longest = "ñ".repeat(512);
  await put(longest);
  expect(await read(longest)).toBe("content");
  expect(await refusalOf(put(`${longest}x`))).toMatchObject({ name: "KeyTooLongError", status: 400 });
});

test("no name on the disk shows a key", async () => {
  const key = newKey("confidential-name");
  await put(key);
  const names = await readdir(join(s3.directory, bucket), { recursive: true });
  expect(names.filter((name) => name.includes("confidential"))).toEqual([]);
  const documents = await Promise.all(
    names.filter((name) => name.endsWith(".json")).map((name) => readFile(join(s3.directory, bucket, name), "utf8")),
  );
  expect(documents.filter((text) => text.includes(key))).toHaveLength(1);
});

test("an upload without a length is 411", async () => {
  for (const command of [
    new PutObjectCommand({ Bucket: bucket, Key: newKey() }),
    new UploadPartCommand({ Bucket: bucket, Key: newKey(), UploadId: "x", PartNumber: 1 }),
  ]) {
    const reply = await send(await s3.presign(command), { method: "PUT", headers: { "Transfer-Encoding": "chunked" }, body: "content" });
    expect([reply.status, codeOf(reply)]).toEqual(
      command instanceof PutObjectCommand ? [411, "MissingContentLength"] : [404, "NoSuchUpload"],
    );
  }
});

test("an upload above 5 GiB in one piece is refused before its body is read", async () => {
  const url = new URL(await s3.presign(new PutObjectCommand({ Bucket: bucket, Key: newKey() })));
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => {
      socket.write(`PUT ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${5 * 1024 ** 3 + 1}\r\n\r\n`);
    });
    socket.on("error", reject);
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString());
    });
  });
  expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request[\s\S]*<Code>EntityTooLarge<\/Code>/);
});

test("an upload whose sender goes away leaves nothing", async () => {
  const key = newKey();
  const before = await s3.blobs();
  const url = new URL(await s3.presign(new PutObjectCommand({ Bucket: bucket, Key: key })));
  const silenced = vi.spyOn(console, "error").mockImplementation(() => undefined);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(url.port), url.hostname, () => {
      socket.write(`PUT ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 100\r\n\r\nhalf of it`);
    });
    void vi
      .waitUntil(async () => (await s3.blobs()).length > before.length, { timeout: 20_000, interval: 5 })
      .then(() => {
        socket.destroy();
        resolve();
      });
  });
  await vi.waitUntil(async () => (await s3.blobs()).length === before.length, { timeout: 20_000, interval: 5 });
  expect(await refusalOf(s3.client.send(new GetObjectCommand({ Bucket: bucket, Key: key })))).toMatchObject({ name: "NoSuchKey" });
  expect(silenced).not.toHaveBeenCalled();
  silenced.mockRestore();
});

test("what is not implemented says so", async () => {
  const key = newKey();
  await put(key);
  expect(
    await refusalOf(s3.client.send(new CopyObjectCommand({ Bucket: bucket, Key: "copy", CopySource: `${bucket}/${key}` }))),
  ).toMatchObject({ name: "NotImplemented", status: 501 });
  expect(await refusalOf(s3.client.send(new PutObjectAclCommand({ Bucket: bucket, Key: key, ACL: "private" })))).toMatchObject({
    name: "NotImplemented",
    status: 501,
  });
  expect(await refusalOf(s3.client.send(new GetObjectCommand({ Bucket: bucket, Key: key, PartNumber: 1 })))).toMatchObject({
    name: "NotImplemented",
    status: 501,
  });
  const unknown = new PutObjectCommand({ Bucket: bucket, Key: key, Body: "content", ChecksumAlgorithm: "CRC32C" });
  expect(await refusalOf(s3.client.send(unknown))).toMatchObject({ name: "NotImplemented", status: 501 });
});

test("a method that S3 does not have is 405, and so is one that this resource does not take", async () => {
  for (const method of ["PATCH", "TRACE", "PROPFIND"]) {
    const reply = await send(`${s3.url}/${bucket}/x`, { method });
    expect([method, reply.status, codeOf(reply)]).toEqual([method, 405, "MethodNotAllowed"]);
  }
});

test("a path that is not UTF-8 is an invalid URI", async () => {
  const reply = await send(`${s3.url}/${bucket}/%E0%A4`);
  expect([reply.status, codeOf(reply)]).toEqual([400, "InvalidURI"]);
});
