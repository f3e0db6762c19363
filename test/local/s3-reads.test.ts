import { GetObjectCommand, type GetObjectCommandInput, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucket, codeOf, Harness, md5, newKey, origin, refusalOf, send, sha256 } from "./s3-harness.ts";

const key = "read";
const body = "0123456789";
const etag = `"${md5(body)}"`;
let s3: Harness;
let versionId: string | undefined;
beforeAll(async () => {
  s3 = await Harness.start();
  const stored = await s3.client.send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: "text/html", ChecksumSHA256: sha256(body) }),
  );
  versionId = stored.VersionId;
});
afterAll(() => s3.stop());

const get = (more: Partial<GetObjectCommandInput> = {}) => s3.client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...more }));

describe("a range", () => {
  test("is answered with 206, its bytes and its place in the whole", async () => {
    const ranges: readonly (readonly [string, string, string])[] = [
      ["bytes=2-4", "234", "bytes 2-4/10"],
      ["bytes=7-", "789", "bytes 7-9/10"],
      ["bytes=-3", "789", "bytes 7-9/10"],
      ["bytes=8-99", "89", "bytes 8-9/10"],
      ["bytes=-99", body, "bytes 0-9/10"],
    ];
    for (const [Range, bytes, ContentRange] of ranges) {
      const read = await get({ Range });
      expect([read.$metadata.httpStatusCode, await read.Body?.transformToString(), read.ContentRange, read.ContentLength]).toEqual([
        206,
        bytes,
        ContentRange,
        bytes.length,
      ]);
      expect(read.ChecksumSHA256).toBeUndefined();
    }
  });

  test("beyond the end is 416", async () => {
    for (const Range of ["bytes=10-", "bytes=10-12", "bytes=-0"])
      expect(await refusalOf(get({ Range }))).toMatchObject({ name: "InvalidRange", status: 416 });
  });

  test("of another form, or more than one, is ignored", async () => {
    for (const Range of ["bytes=0-1,3-4", "bytes=4-2", "lines=1-2", "bytes=-"]) {
      const read = await get({ Range });
      expect([Range, read.$metadata.httpStatusCode, await read.Body?.transformToString()]).toEqual([Range, 200, body]);
    }
  });

  test("with If-Range is answered only while the object is the same", async () => {
    const url = await s3.presign(new GetObjectCommand({ Bucket: bucket, Key: key }));
    expect((await send(url, { headers: { Range: "bytes=2-4", "If-Range": etag } })).status).toBe(206);
    expect((await send(url, { headers: { Range: "bytes=2-4", "If-Range": '"other"' } })).status).toBe(200);
  });
});

describe("a conditional read", () => {
  const before = new Date(Date.now() - 3_600_000);
  const after = new Date(Date.now() + 3_600_000);

  test("is 304 without a body while the caller's copy is good", async () => {
    for (const headers of [
      { "If-None-Match": etag },
      { "If-None-Match": `"other", ${etag}` },
      { "If-None-Match": "*" },
      { "If-Modified-Since": after.toUTCString() },
    ]) {
      const reply = await send(await s3.presign(new GetObjectCommand({ Bucket: bucket, Key: key })), { headers });
      expect([reply.status, reply.body, reply.headers.etag]).toEqual([304, "", etag]);
    }
  });

  test("is 412 when the object is not the one that was meant", async () => {
    expect(await refusalOf(get({ IfMatch: '"other"' }))).toMatchObject({ name: "PreconditionFailed", status: 412 });
    expect(await refusalOf(get({ IfUnmodifiedSince: before }))).toMatchObject({ name: "PreconditionFailed", status: 412 });
  });

  test("is answered when its conditions hold", async () => {
    for (const conditions of [
      { IfMatch: etag },
      { IfNoneMatch: '"other"' },
      { IfModifiedSince: before },
      { IfUnmodifiedSince: after },
      { IfMatch: etag, IfUnmodifiedSince: before },
    ])
      expect((await get(conditions)).$metadata.httpStatusCode).toBe(200);
  });
});

describe("response overrides", () => {
  const disposition = "attachment; filename=\"x.pdf\"; filename*=UTF-8''%C3%A9.pdf";

  test("come back byte for byte on a presigned URL that names the version", async () => {
    const command = new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      VersionId: versionId,
      ResponseContentDisposition: disposition,
      ResponseContentType: "application/octet-stream",
      ResponseCacheControl: "no-store",
    });
    const url = await s3.presign(command);
    for (const reply of [
      await send(url),
      await fetch(url).then(async (answer) => ({
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
        body: await answer.text(),
      })),
    ]) {
      expect([reply.status, reply.body]).toEqual([200, body]);
      expect(reply.headers).toMatchObject({
        "content-disposition": disposition,
        "content-type": "application/octet-stream",
        "cache-control": "no-store",
        "x-amz-version-id": versionId,
        etag,
      });
    }
    const tampered = await send(url.replace("x.pdf", "y.pdf"));
    expect([tampered.status, codeOf(tampered)]).toEqual([403, "SignatureDoesNotMatch"]);
  });

  test("are refused on an unsigned request", async () => {
    const reply = await send(`${s3.url}/${bucket}/${key}?response-content-type=text%2Fhtml`);
    expect([reply.status, codeOf(reply)]).toEqual([400, "InvalidRequest"]);
  });

  test("that no header can hold are refused", async () => {
    for (const ResponseContentDisposition of ['attachment; filename="€.pdf"', "attachment\r\nX-Injected: 1"])
      expect(await refusalOf(get({ ResponseContentDisposition }))).toMatchObject({ name: "InvalidArgument", status: 400 });
  });
});

describe("cross-origin requests", () => {
  const preflight = (from: string, method: string, target = bucket) =>
    send(`${s3.url}/${target}/${key}`, {
      method: "OPTIONS",
      headers: {
        Origin: from,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type,x-amz-checksum-sha256",
      },
    });

  test("are allowed to the bucket's origins, with the headers that an upload sends and reads", async () => {
    for (const method of ["PUT", "GET", "HEAD"]) {
      const reply = await preflight(origin, method);
      expect(reply.status).toBe(200);
      expect(reply.headers).toMatchObject({
        "access-control-allow-origin": origin,
        "access-control-allow-headers": "content-type,x-amz-checksum-sha256",
      });
      expect(reply.headers["access-control-allow-methods"]).toContain(method);
    }
  });

  test("are refused to other origins, to other methods and to a bucket without rules", async () => {
    for (const reply of [
      await preflight("https://elsewhere.example", "PUT"),
      await preflight(`${origin}.evil.example`, "PUT"),
      await preflight(origin, "DELETE"),
      await preflight(origin, "PUT", "unknown"),
    ])
      expect([reply.status, codeOf(reply), reply.headers["access-control-allow-origin"]]).toEqual([403, "AccessForbidden", undefined]);
    expect((await send(`${s3.url}/${bucket}/${key}`, { method: "OPTIONS" })).status).toBe(400);
  });

  test("see the answer, its ETag and its version id from an allowed origin only, refusals included", async () => {
    const target = newKey();
    const url = await s3.presign(new PutObjectCommand({ Bucket: bucket, Key: target }));
    const allowed = await send(url, { method: "PUT", headers: { Origin: origin }, body });
    expect(allowed.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-expose-headers": "ETag, x-amz-version-id",
      vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    });
    const other = await send(url, { method: "PUT", headers: { Origin: "https://elsewhere.example" }, body });
    expect([other.status, other.headers["access-control-allow-origin"]]).toEqual([200, undefined]);
    const refused = await send(`${s3.url}/${bucket}/${target}`, { headers: { Origin: origin } });
    expect([refused.status, refused.headers["access-control-allow-origin"]]).toEqual([403, origin]);
  });
});
