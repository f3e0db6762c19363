import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { EventBridgeEvent } from "../../local/s3/server.ts";
import { bucket, Harness, md5, newKey, refusalOf, region } from "./s3-harness.ts";

let s3: Harness;
beforeAll(async () => {
  s3 = await Harness.start();
});
afterAll(() => s3.stop());
afterEach(() => {
  s3.consumerError = undefined;
});

const eventsOf = (key: string): readonly EventBridgeEvent[] => s3.events.filter(({ detail }) => detail.object.key === key);
const arrived = (key: string, count: number) => vi.waitUntil(() => eventsOf(key).length >= count, { timeout: 20_000, interval: 5 });
const put = (Key: string, Body = "content") => s3.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));

test("PutObject sends Object Created in S3's shape, with the version and the key as it is", async () => {
  const key = newKey("año/a b+c&d");
  const { VersionId } = await put(key);
  await arrived(key, 1);
  // Vitest types its matchers as any; each stands where the event has a string.
  expect(eventsOf(key)).toEqual([
    {
      version: "0",
      id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      "detail-type": "Object Created",
      source: "aws.s3",
      account: expect.stringMatching(/^\d{12}$/) as string,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
      region,
      resources: [`arn:aws:s3:::${bucket}`],
      detail: {
        version: "0",
        bucket: { name: bucket },
        object: {
          key,
          size: 7,
          etag: md5("content"),
          "version-id": VersionId,
          sequencer: expect.stringMatching(/^[0-9A-F]{18}$/) as string,
        },
        "request-id": expect.stringMatching(/^[0-9A-F]{16}$/) as string,
        requester: expect.stringMatching(/^\d{12}$/) as string,
        "source-ip-address": "127.0.0.1",
        reason: "PutObject",
      },
    },
  ]);
});

test("CompleteMultipartUpload sends one event with the size of the whole, and the parts send none", async () => {
  const key = newKey();
  const address = {
    Bucket: bucket,
    Key: key,
    UploadId: (await s3.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }))).UploadId,
  };
  const { ETag } = await s3.client.send(new UploadPartCommand({ ...address, PartNumber: 1, Body: "the only part" }));
  const completed = await s3.client.send(
    new CompleteMultipartUploadCommand({ ...address, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }),
  );
  await arrived(key, 1);
  expect(eventsOf(key)).toMatchObject([
    {
      "detail-type": "Object Created",
      detail: { reason: "CompleteMultipartUpload", object: { size: 13, "version-id": completed.VersionId } },
    },
  ]);
});

test("DeleteObject sends Object Deleted and says whether a marker was made or a version removed", async () => {
  const key = newKey();
  const { VersionId } = await put(key);
  const marker = await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId }));
  await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId }));
  await arrived(key, 3);
  expect(eventsOf(key)).toMatchObject([
    { "detail-type": "Object Created" },
    {
      "detail-type": "Object Deleted",
      detail: { reason: "DeleteObject", "deletion-type": "Delete Marker Created", object: { "version-id": marker.VersionId } },
    },
    {
      "detail-type": "Object Deleted",
      detail: { reason: "DeleteObject", "deletion-type": "Permanently Deleted", object: { "version-id": VersionId } },
    },
  ]);
});

test("the sequencers of a key grow, also when the clock is moved back", async () => {
  const key = newKey();
  await put(key);
  s3.clockOffset = -600_000;
  await put(key);
  s3.clockOffset = 0;
  await arrived(key, 2);
  const sequencers = eventsOf(key).map(({ detail }) => detail.object.sequencer);
  expect(sequencers).toEqual(sequencers.toSorted());
  expect(new Set(sequencers).size).toBe(2);
});

test("a consumer that fails does not fail the upload", async () => {
  const silenced = vi.spyOn(console, "error").mockImplementation(() => undefined);
  s3.consumerError = new Error("the consumer is down");
  const key = newKey();
  await put(key);
  await arrived(key, 1);
  expect(await s3.client.send(new GetObjectCommand({ Bucket: bucket, Key: key })).then(({ Body }) => Body?.transformToString())).toBe(
    "content",
  );
  silenced.mockRestore();
});

test("an event that nobody took before the process ended is sent again after the next start, until somebody takes it", async () => {
  const silenced = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const [taken, lost] = [newKey(), newKey()];
  await put(taken);
  await arrived(taken, 1);
  s3.consumerError = new Error("the process ends here");
  const { VersionId } = await put(lost);
  await arrived(lost, 1);
  for (const attempt of [2, 3]) {
    await s3.close();
    await s3.open();
    s3.consumerError = attempt === 2 ? new Error("and here") : undefined;
    s3.tellAgain();
    await arrived(lost, attempt);
  }
  await s3.close();
  await s3.open();
  s3.tellAgain();
  const last = newKey();
  await put(last);
  await arrived(last, 1);
  expect(eventsOf(lost)).toHaveLength(3);
  for (const event of eventsOf(lost)) expect(event).toMatchObject({ "detail-type": "Object Created", detail: { reason: "PutObject", object: { key: lost, size: 7, etag: md5("content"), "version-id": VersionId } } });
  expect(eventsOf(taken)).toHaveLength(1);
  silenced.mockRestore();
});

test("a refused upload sends no event", async () => {
  const key = newKey();
  await put(key);
  const again = s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: "other", IfNoneMatch: "*" }));
  expect(await refusalOf(again)).toMatchObject({ name: "PreconditionFailed" });
  const later = newKey();
  await put(later);
  await arrived(later, 1);
  expect(eventsOf(key)).toHaveLength(1);
});
