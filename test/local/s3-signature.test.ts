import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bucket, codeOf, credentials, Harness, messageOf, newKey, refusalOf, send, sha256 } from "./s3-harness.ts";

const fifteenMinutes = 15 * 60_000;
let s3: Harness;
const key = "signed";

beforeAll(async () => {
  s3 = await Harness.start();
  await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: "content" }));
});
afterAll(() => s3.stop());

describe("a request without a valid signature", () => {
  test("is refused when it is not signed at all", async () => {
    for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
      const reply = await send(`${s3.url}/${bucket}/${key}`, { method, headers: { "Content-Length": "0" } });
      expect([method, reply.status]).toEqual([method, 403]);
      if (method !== "HEAD") expect(codeOf(reply)).toBe("AccessDenied");
    }
  });

  test("is refused when the secret is another one", async () => {
    const stranger = s3.clientWith({ credentials: { ...credentials, secretAccessKey: "another" } });
    expect(await refusalOf(stranger.send(new GetObjectCommand({ Bucket: bucket, Key: key })))).toMatchObject({
      name: "SignatureDoesNotMatch",
      status: 403,
    });
  });

  test("is refused when the access key is unknown", async () => {
    const stranger = s3.clientWith({ credentials: { ...credentials, accessKeyId: "AKIAUNKNOWN" } });
    expect(await refusalOf(stranger.send(new GetObjectCommand({ Bucket: bucket, Key: key })))).toMatchObject({
      name: "InvalidAccessKeyId",
      status: 403,
    });
  });

  test("is refused when it brings a session token that this account never gave", async () => {
    const stranger = s3.clientWith({ credentials: { ...credentials, sessionToken: "token" } });
    expect(await refusalOf(stranger.send(new GetObjectCommand({ Bucket: bucket, Key: key })))).toMatchObject({
      name: "InvalidToken",
      status: 400,
    });
  });

  test("is refused when it is signed for another region", async () => {
    const stranger = s3.clientWith({ region: "eu-south-2" });
    expect(await refusalOf(stranger.send(new GetObjectCommand({ Bucket: bucket, Key: key })))).toMatchObject({
      name: "AuthorizationHeaderMalformed",
      status: 400,
    });
  });

  test("is refused when its clock is more than 15 minutes away from ours, in either direction", async () => {
    for (const offset of [fifteenMinutes + 5000, -fifteenMinutes - 5000]) {
      s3.clockOffset = offset;
      // A client that reads the server's time from the refusal would correct itself and try again: this one does not.
      const refused = await refusalOf(s3.clientWith({}).send(new GetObjectCommand({ Bucket: bucket, Key: key })));
      s3.clockOffset = 0;
      expect(refused).toMatchObject({ name: "RequestTimeTooSkewed", status: 403 });
    }
    s3.clockOffset = fifteenMinutes - 5000;
    const accepted = await s3.clientWith({}).send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    s3.clockOffset = 0;
    expect(accepted.$metadata.httpStatusCode).toBe(200);
  });
});

describe("a presigned URL", () => {
  const get = () => new GetObjectCommand({ Bucket: bucket, Key: key });

  test("fetches the object until it expires", async () => {
    const url = await s3.presign(get(), { expiresIn: 60 });
    expect(await send(url)).toMatchObject({ status: 200, body: "content" });
    s3.clockOffset = 58_000;
    expect((await send(url)).status).toBe(200);
    s3.clockOffset = 62_000;
    const expired = await send(url);
    s3.clockOffset = 0;
    expect([expired.status, codeOf(expired), messageOf(expired)]).toEqual([403, "AccessDenied", "Request has expired"]);
  });

  test("is refused before the time for which it was signed", async () => {
    const reply = await send(await s3.presign(get(), { signingDate: new Date(Date.now() + 2 * fifteenMinutes) }));
    expect([reply.status, messageOf(reply)]).toEqual([403, "Request is not yet valid"]);
  });

  test("is refused when any part of its query was changed", async () => {
    const url = await s3.presign(new GetObjectCommand({ Bucket: bucket, Key: key, ResponseContentDisposition: "attachment" }));
    const changes: readonly (readonly [string, string])[] = [
      ["X-Amz-Expires=60", "X-Amz-Expires=600"],
      ["response-content-disposition=attachment", "response-content-disposition=inline"],
      [`/${key}?`, "/other?"],
      ["x-id=GetObject", "x-id=GetObject&versionId=null"],
      ["X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=host%3Brange"],
    ];
    for (const [from, to] of changes) {
      expect(url).toContain(from);
      const reply = await send(url.replace(from, to));
      expect([to, reply.status, codeOf(reply)]).toEqual([to, 403, "SignatureDoesNotMatch"]);
    }
    expect((await send(url)).status).toBe(200);
  });

  test("is refused when it asks to live longer than a week", async () => {
    const url = (await s3.presign(get(), { expiresIn: 604_800 })).replace("X-Amz-Expires=604800", "X-Amz-Expires=604801");
    const reply = await send(url);
    expect([reply.status, codeOf(reply)]).toEqual([400, "AuthorizationQueryParametersError"]);
  });

  test("is refused when a parameter of the signature is missing", async () => {
    const reply = await send((await s3.presign(get())).replace(/&X-Amz-Expires=\d+/, ""));
    expect([reply.status, codeOf(reply)]).toEqual([400, "AuthorizationQueryParametersError"]);
  });

  test("that was made for GET does not PUT, HEAD or DELETE", async () => {
    const url = await s3.presign(get());
    for (const method of ["PUT", "DELETE", "HEAD"])
      expect([method, (await send(url, { method, headers: { "Content-Length": "0" } })).status]).toEqual([method, 403]);
    expect((await send(url)).body).toBe("content");
    expect((await send(await s3.presign(new HeadObjectCommand({ Bucket: bucket, Key: key })), { method: "HEAD" })).status).toBe(200);
  });

  test("is refused together with an Authorization header", async () => {
    const reply = await send(await s3.presign(get()), { headers: { Authorization: "AWS4-HMAC-SHA256 Credential=x" } });
    expect([reply.status, codeOf(reply)]).toEqual([400, "InvalidArgument"]);
  });

  test("is refused with an x-amz- header that was not signed", async () => {
    const target = newKey();
    const url = await s3.presign(new PutObjectCommand({ Bucket: bucket, Key: target }));
    const reply = await send(url, { method: "PUT", headers: { "x-amz-meta-client": "someone" }, body: "content" });
    expect([reply.status, codeOf(reply), messageOf(reply)]).toEqual([
      403,
      "AccessDenied",
      "There were headers present in the request which were not signed",
    ]);
    expect(reply.body).toContain("<HeadersNotSigned>x-amz-meta-client</HeadersNotSigned>");
  });
});

describe("a presigned upload", () => {
  const body = "the agreed content";

  test("takes exactly the length, type and hash that were signed", async () => {
    const target = newKey();
    const command = new PutObjectCommand({
      Bucket: bucket,
      Key: target,
      ContentType: "application/pdf",
      ContentLength: body.length,
      ChecksumSHA256: sha256(body),
      IfNoneMatch: "*",
    });
    const url = await s3.presign(command, { signed: ["content-type", "content-length", "x-amz-checksum-sha256", "if-none-match"] });
    expect(new URL(url).searchParams.get("X-Amz-SignedHeaders")).toBe(
      "content-length;content-type;host;if-none-match;x-amz-checksum-sha256",
    );
    const headers = { "Content-Type": "application/pdf", "x-amz-checksum-sha256": sha256(body), "If-None-Match": "*" };

    const longer = await send(url, { method: "PUT", headers, body: `${body}!` });
    expect([longer.status, codeOf(longer)]).toEqual([403, "SignatureDoesNotMatch"]);
    const otherType = await send(url, { method: "PUT", headers: { ...headers, "Content-Type": "text/html" }, body });
    expect([otherType.status, codeOf(otherType)]).toEqual([403, "SignatureDoesNotMatch"]);
    const withoutCondition = await send(url, {
      method: "PUT",
      headers: { "Content-Type": "application/pdf", "x-amz-checksum-sha256": sha256(body) },
      body,
    });
    expect([withoutCondition.status, codeOf(withoutCondition)]).toEqual([403, "SignatureDoesNotMatch"]);
    const otherHash = await send(url, { method: "PUT", headers: { ...headers, "x-amz-checksum-sha256": sha256("x") }, body });
    expect([otherHash.status, codeOf(otherHash)]).toEqual([403, "SignatureDoesNotMatch"]);

    const before = await s3.blobs();
    const otherContent = await send(url, { method: "PUT", headers, body: "THE AGREED CONTENT" });
    expect([otherContent.status, codeOf(otherContent)]).toEqual([400, "BadDigest"]);
    expect(await s3.blobs()).toEqual(before);
    expect(await refusalOf(s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key: target })))).toMatchObject({ status: 404 });

    expect((await send(url, { method: "PUT", headers, body })).status).toBe(200);
    const again = await send(url, { method: "PUT", headers, body });
    expect([again.status, codeOf(again)]).toEqual([412, "PreconditionFailed"]);
  });

  test("does not enforce a checksum that the SDK moved into the query, as S3 does not", async () => {
    const target = newKey();
    const url = await s3.presign(new PutObjectCommand({ Bucket: bucket, Key: target, ChecksumSHA256: sha256(body) }));
    expect(url).toContain("x-amz-checksum-sha256=");
    expect((await send(url, { method: "PUT", body: "something else" })).status).toBe(200);
    const head = await s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key: target, ChecksumMode: "ENABLED" }));
    expect(head.ChecksumSHA256).toBeUndefined();
  });

  test("stores the metadata that the SDK moved into the query", async () => {
    const target = newKey();
    const url = await s3.presign(new PutObjectCommand({ Bucket: bucket, Key: target, Metadata: { origin: "portal" } }));
    expect((await send(url, { method: "PUT", body })).status).toBe(200);
    expect((await s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key: target }))).Metadata).toEqual({ origin: "portal" });
    // A query can hold what no header can: it must not get as far as an answer.
    const unspeakable = await s3.presign(new PutObjectCommand({ Bucket: bucket, Key: target, Metadata: { origin: "€" } }));
    const reply = await send(unspeakable, { method: "PUT", body });
    expect([reply.status, codeOf(reply)]).toEqual([400, "InvalidArgument"]);
  });

  test("with a plain signed body is refused when the body is another one", async () => {
    const target = newKey();
    const client = s3.clientWith({});
    client.middlewareStack.add(
      (next) => (args) => {
        // The SDK's request, of which only the body is of interest here.
        (args.request as { body: unknown }).body = "altered!";
        return next(args);
      },
      { step: "finalizeRequest", priority: "low" },
    );
    const command = new PutObjectCommand({ Bucket: bucket, Key: target, Body: "original" });
    expect(await refusalOf(client.send(command))).toMatchObject({ name: "XAmzContentSHA256Mismatch", status: 400 });
    expect(await refusalOf(s3.client.send(new HeadObjectCommand({ Bucket: bucket, Key: target })))).toMatchObject({ status: 404 });
  });
});
