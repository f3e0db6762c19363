import { describe, expect, it } from "vitest";
import { statsConsumer, notifyConsumer } from "../../lib/events/consumers.ts";
import { eachMessage, recordIn } from "../../lib/events/queue.ts";
import { newId } from "../../lib/domain/ids.ts";
import type { AuditEvent } from "../../lib/domain/event.ts";
import { batchOf, outboxEvent } from "../api/probe.ts";

const event = (more: Partial<AuditEvent> = {}): AuditEvent => ({
  eventId: newId("event", new Date()), at: "2026-11-22T10:15:00.000Z", action: "share.open", who: { kind: "recipient", id: newId("recipient", new Date()) }, about: {}, result: "granted", requestId: "req", ...more,
});

describe("a queue's messages", () => {
  it("fail one by one: what went well does not come again", async () => {
    const handle = eachMessage(async (it) => { if (it.detail === "bad") throw new Error("bad"); });
    const message = (detail: unknown) => ({ source: "s", "detail-type": "t", detail });
    expect(await handle(batchOf(message("good"), message("bad"), "no JSON", message("good"), { source: 1 }))).toEqual({ batchItemFailures: ["m1", "m2", "m4"].map((itemIdentifier) => ({ itemIdentifier })) });
  });

  it("are records only when they come from the outbox", () => {
    const it = event();
    expect(recordIn(outboxEvent({ ...it }) as never)).toEqual(it);
    expect(recordIn({ ...outboxEvent({ ...it }), source: "aws.s3" })).toBeNull();
    expect(recordIn({ ...outboxEvent({ ...it }), "detail-type": "other" })).toBeNull();
  });
});

describe("the statistics consumer", () => {
  it("counts the good ones of a batch and names only the message that is no record", async () => {
    const added: AuditEvent[] = [];
    const consumer = statsConsumer({ statistics: { add: async (events) => { added.push(...events); }, accesses: async () => [] } });
    const [one, two] = [event(), event()];
    expect(await consumer(batchOf(outboxEvent({ ...one }), outboxEvent({ action: "share.open", result: "granted" }), outboxEvent({ ...two })))).toEqual({ batchItemFailures: [{ itemIdentifier: "m1" }] });
    expect(added).toEqual([one, two]);
  });

  it("names every message of a sum that could not be written", async () => {
    const consumer = statsConsumer({ statistics: { add: async () => { throw new Error("busy"); }, accesses: async () => [] } });
    expect((await consumer(batchOf(outboxEvent({ ...event() }), outboxEvent({ ...event() })))).batchItemFailures).toHaveLength(2);
  });

  it("gives no refusal to be counted", async () => {
    const added: AuditEvent[] = [];
    await statsConsumer({ statistics: { add: async (events) => { added.push(...events); }, accesses: async () => [] } })(batchOf(outboxEvent({ ...event({ result: "refused", reason: "gone" }) })));
    expect(added).toEqual([]);
  });
});

describe("the mail consumer", () => {
  const settings = { publicUrl: "https://a.example", portalUrl: "https://a.example", staffAppUrl: "https://a.example", passwordFor: { member: false, contact: false } };
  it("names a message that is no record, and leaves alone what is nobody's mail", async () => {
    const nothing = new Proxy({}, { get: () => { throw new Error("Nothing is needed for this."); } });
    const consumer = notifyConsumer(nothing as never, settings, () => new Date());
    const failures = (await consumer(batchOf(outboxEvent({ action: "shares.create" }), { source: "aws.s3", "detail-type": "Object Created", detail: {} }))).batchItemFailures;
    expect(failures).toEqual([{ itemIdentifier: "m0" }]);
  });
});
