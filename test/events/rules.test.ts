import type { SQSEvent } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { countedActions } from "../../lib/domain/event.ts";
import { jobActions } from "../../lib/domain/job.ts";
import { outboxFilter, rules } from "../../lib/events/rules.ts";
import { matches, startBus } from "../../local/bus.ts";
import { outboxEvent, storedEvent, verdictEvent } from "../api/probe.ts";

const reached = async (bus: "firm" | "default", event: Parameters<ReturnType<typeof startBus>["publish"]>[1]): Promise<string[]> => {
  const got: string[] = [];
  const consumer = (name: string) => async () => { got.push(name); return { batchItemFailures: [] }; };
  await startBus({ "document-state": consumer("document-state"), notify: consumer("notify"), stats: consumer("stats"), jobs: consumer("jobs") }, null).publish(bus, event);
  return got.toSorted();
};
const record = (action: string, result = "granted") => outboxEvent({ action, result });

describe("the rules of the bus", () => {
  it("bring each event to the consumers that it is for", async () => {
    expect(await reached("default", storedEvent("b", "k", "v"))).toEqual(["document-state"]);
    expect(await reached("default", verdictEvent("b", "k", "v", "FAILED"))).toEqual(["document-state"]);
    for (const action of ["versions.complete", "client.complete", "versions.release"]) expect(await reached("firm", record(action)), action).toEqual(["document-state"]);
    for (const action of ["members.invite", "contacts.invite", "collaborators.invite", "shares.create", "version.quarantined"]) expect(await reached("firm", record(action)), action).toEqual(["notify"]);
    for (const action of jobActions) expect(await reached("firm", record(action)), action).toEqual(["jobs"]);
    for (const action of countedActions) expect(await reached("firm", record(action)), action).toEqual(["stats"]);
  });

  it("bring an event that matches none to nobody", async () => {
    for (const action of ["share.page", "documents.download", "contacts.invite-begun", "shares.revoke", "audit.list", "", "versions.completed"]) expect(await reached("firm", record(action)), action).toEqual([]);
    expect(await reached("firm", { source: "legajo", "detail-type": "other", detail: record("shares.create").detail })).toEqual([]);
    expect(await reached("firm", { source: "legajo", "detail-type": "audit", detail: null })).toEqual([]);
  });

  it("bring an hour to the consumer whose it is, and to no other", async () => {
    const got: string[] = [];
    const consumer = (name: string) => async ({ Records }: SQSEvent) => { got.push(`${name} ${JSON.parse(Records[0]!.body).source}`); return { batchItemFailures: [] }; };
    await startBus({ "document-state": consumer("document-state"), notify: consumer("notify"), stats: consumer("stats"), jobs: consumer("jobs") }, null).fire("daily");
    expect(got).toEqual(["jobs aws.events"]);
  });

  it("bring no refusal to anybody", async () => {
    for (const action of ["shares.create", "members.invite", "share.open", "versions.complete"]) expect(await reached("firm", record(action, "refused")), action).toEqual([]);
  });

  it("believe nobody who speaks in another's name or on the other bus", async () => {
    expect(await reached("firm", storedEvent("b", "k", "v"))).toEqual([]);
    expect(await reached("default", record("shares.create"))).toEqual([]);
    expect(await reached("default", { ...storedEvent("b", "k", "v"), source: "aws.s3.example" })).toEqual([]);
    expect(await reached("default", { ...verdictEvent("b", "k", "v", "NO_THREATS_FOUND"), source: "guardduty" })).toEqual([]);
  });

  it("name consumers of their own only once for one event", () => {
    const perPattern = Object.values(rules).map((rule) => JSON.stringify([rule.bus, rule.consumer, rule.pattern]));
    expect(new Set(perPattern).size).toBe(perPattern.length);
  });
});

describe("the pipe's filter", () => {
  const stream = (eventName: string, pk: string) => ({ eventName, dynamodb: { Keys: { pk: { S: pk } } } });
  it("lets new records of the register through, and nothing else", () => {
    expect(matches(outboxFilter, stream("INSERT", "AUDIT#2026-11-22#03"))).toBe(true);
    for (const [name, pk] of [["MODIFY", "AUDIT#2026-11-22#03"], ["REMOVE", "AUDIT#2026-11-22#03"], ["INSERT", "TOKEN#0123"], ["INSERT", "xAUDIT#"]] as const) expect(matches(outboxFilter, stream(name, pk)), `${name} ${pk}`).toBe(false);
  });
});

describe("a message that keeps failing", () => {
  it("is tried five times, then lies among the dead letters while others go on", async () => {
    let tries = 0;
    const fails = async () => { tries += 1; throw new Error("down"); };
    const fine = async () => ({ batchItemFailures: [] });
    await startBus({ "document-state": fine, notify: fails, stats: fine, jobs: fine }, null).publish("firm", record("shares.create"));
    expect(tries).toBe(5);
  });
});
