import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DescribeStreamCommand, DynamoDBStreamsClient, GetRecordsCommand, GetShardIteratorCommand } from "@aws-sdk/client-dynamodb-streams";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { keyRingIn } from "../../lib/adapters/secrets.ts";
import { expectOk } from "../../local/caller.ts";
import { mailsTo, passwordIn } from "../../local/people.ts";
import { formOf, openLink, startTestFirm, submit, type TestFirm } from "./firm.ts";
import { announce, complete, outboxEvent, put, raw, scan } from "./probe.ts";

describe("secrets", () => {
  let firm: TestFirm;
  const secrets = new Map<string, string>();
  const places = new Map<string, string>();
  const mailed: string[] = [];

  const filesOf = async (): Promise<string> => {
    const homes = (await readdir(tmpdir())).filter((it) => it.startsWith("legajo-firm-")).map((it) => join(tmpdir(), it));
    const home = homes.find((it) => existsSync(join(it, "s3", firm.bucket)));
    if (home === undefined) throw new Error("The firm's own directory is not found.");
    const files = (await readdir(home, { recursive: true, withFileTypes: true })).filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name));
    expect(files.map((it) => basename(it))).toContain("dead-letters.jsonl");
    // secrets.json is Secrets Manager itself: it holds the key, and nothing derived of it.
    return (await Promise.all(files.map(async (it) => `${it}\n${await readFile(it, "latin1")}`))).join("\n");
  };
  const streamOf = async (): Promise<string> => {
    const [tables, streams] = [new DynamoDBClient({}), new DynamoDBStreamsClient({})];
    const StreamArn = (await tables.send(new DescribeTableCommand({ TableName: firm.table }))).Table?.LatestStreamArn;
    const records: unknown[] = [];
    for (const { ShardId } of (await streams.send(new DescribeStreamCommand({ StreamArn }))).StreamDescription?.Shards ?? []) {
      let iterator = (await streams.send(new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }))).ShardIterator;
      for (let empty = 0; iterator !== undefined && empty < 2;) {
        const page: { Records?: unknown[] | undefined; NextShardIterator?: string | undefined } = await streams.send(new GetRecordsCommand({ ShardIterator: iterator }));
        records.push(...(page.Records ?? []));
        empty = page.Records?.length ? 0 : empty + 1;
        iterator = page.NextShardIterator;
      }
    }
    expect(records.length).toBeGreaterThan(30);
    return JSON.stringify(records);
  };

  beforeAll(async () => {
    const said: string[] = [];
    const listen = (chunk: unknown): boolean => { said.push(String(chunk)); return true; };
    const spies = [vi.spyOn(process.stdout, "write").mockImplementation(listen), vi.spyOn(process.stderr, "write").mockImplementation(listen), ...(["log", "error", "warn", "info", "debug"] as const).map((name) => vi.spyOn(console, name).mockImplementation((...args) => { said.push(JSON.stringify(args)); }))];
    firm = await startTestFirm();
    const events: string[] = [];
    const publish = firm.bus.publish.bind(firm.bus);
    firm.bus.publish = async (bus, event) => { events.push(JSON.stringify(event)); await publish(bus, event); };

    const clientId = await firm.createClient();
    const contact = await firm.inviteContact(clientId);
    const caseId = await firm.createCase(clientId);
    const bytes = randomBytes(20);
    const it = await announce(firm, caseId, bytes);
    await put(it, bytes);
    await expectOk(complete(firm, caseId, it));
    await firm.settle();
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { clientId }, resource: {}, level: "read" }));
    const signed = (what: string, url: string) => secrets.set(what, new URL(url).searchParams.get("X-Amz-Signature") ?? "");
    signed("an upload's signature", it.upload.url);
    signed("a staff download's signature", (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/documents/${it.documentId}/download`))).url);
    signed("a client download's signature", (await expectOk(contact.call("POST", `/client/cases/${caseId}/documents/${it.documentId}/download`))).url);
    const share = await firm.share(caseId, { documentIds: [it.documentId], message: "Hola" });
    const revoked = await firm.share(caseId, { documentIds: [it.documentId] });
    secrets.set("a link's token", share.path.slice(3));
    secrets.set("a revoked link's token", revoked.path.slice(3));
    const { cookie } = await openLink(firm, share.path);
    secrets.set("a session", cookie.slice(cookie.indexOf("=") + 1));
    const { nonce } = await formOf(firm, share.path, cookie);
    secrets.set("a form's nonce", nonce);
    const download = await submit(firm, `${share.path}/documents/${it.documentId}`, { nonce }, cookie);
    signed("a recipient's download's signature", download.headers.get("location") ?? "");
    await firm.admin.call("DELETE", `/staff/shares/${revoked.shareId}`);
    await raw(firm, "GET", revoked.path);
    await raw(firm, "GET", `${share.path}?folder=x`, { cookie });
    await raw(firm, "PUT", share.path);
    for (const [who, person] of [["a member", firm.admin], ["a contact", contact]] as const) {
      secrets.set(`${who}'s access token`, person.token);
      secrets.set(`${who}'s first password`, await passwordIn(firm.mail, person.email));
    }
    // A crash of ours, and a message that nobody can read.
    await firm.admin.call("GET", `/staff/cases/${caseId}/items?cursor=${share.path.slice(3)}`);
    await firm.bus.publish("firm", outboxEvent({ action: "shares.create", result: "granted", about: { shareId: share.shareId } }));
    await firm.settle();
    spies.forEach((spy) => { spy.mockRestore(); });

    for (const address of [share.email, revoked.email, firm.admin.email, contact.email]) mailed.push(JSON.stringify(await mailsTo(firm.mail, address)));
    places.set("the table", JSON.stringify(await scan(firm)));
    places.set("the stream", await streamOf());
    places.set("the events", events.join("\n"));
    places.set("the files of the bucket, the pipe and the dead letters", await filesOf());
    places.set("the gateway's journal", JSON.stringify(firm.journal));
    places.set("the logs", said.join("\n"));
  });
  afterAll(() => firm.stop());

  it("are what they are taken for", () => {
    expect(secrets.size).toBe(12);
    for (const [what, secret] of secrets) expect(secret.length, what).toBeGreaterThan(25);
    expect(places.get("the events")).toContain("shares.create");
    expect(places.get("the table")).toContain("linkHash");
    expect(places.get("the logs")).toContain("dead letter");
  });

  it("lie nowhere: not in the table, its stream, an event, a file, a dead letter, the journal or a log", () => {
    for (const [where, text] of places) for (const [what, secret] of secrets) expect(text.includes(secret), `${what} in ${where}`).toBe(false);
  });

  it("are in the mail of the person they are for, and in no other; a signed URL is in none", () => {
    const mails = mailed.map((text, index) => [...secrets].flatMap(([what, secret]) => (text.includes(secret) ? [[index, what]] : []))).flat();
    expect(mails).toEqual([[0, "a link's token"], [1, "a revoked link's token"], [2, "a member's first password"], [3, "a contact's first password"]]);
    expect(mailed.join("")).not.toMatch(/X-Amz-/i);
  });

  it("in Secrets Manager that cannot be reached are an outage, not a bug", async () => {
    const client = new SecretsManagerClient({ endpoint: "http://127.0.0.1:9", maxAttempts: 1 });
    await expect(keyRingIn(client, "x").current()).rejects.toMatchObject({ code: "unavailable" });
    await expect(keyRingIn(client, "x").at("v")).rejects.toMatchObject({ code: "unavailable" });
  });
});
