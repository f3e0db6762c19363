import { BatchWriteCommand, DeleteCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { keys } from "../../lib/adapters/dynamo/keys.ts";
import { newId } from "../../lib/domain/ids.ts";
import { expectOk } from "../../local/caller.ts";
import { formOf, openLink, startTestFirm, submit, type Person, type TestFirm } from "./firm.ts";
import { announce, documentClient, raw, scan } from "./probe.ts";

type Event = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- what the API answers is whatever it answers

describe("the access register", () => {
  let firm: TestFirm;
  let adviser: Person;
  let contact: Person;
  let clientId: string;
  let caseId: string;
  let documentId: string;
  let share: Awaited<ReturnType<TestFirm["share"]>>;
  let from = "";
  let to = "";
  let journal: TestFirm["journal"] = [];
  const expected: { requestId: string | null; status: number; reason: string | null }[] = [];
  const nowhere = "doc_00000000000000000000000000";

  const audit = async (query: string, limit = 100): Promise<Event[]> => {
    const items: Event[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: { items: Event[]; nextCursor: string | null } = await expectOk(firm.admin.call("GET", `/staff/audit?limit=${limit}${query}${cursor ? `&cursor=${cursor}` : ""}`));
      expect(page.items.length).toBeLessThanOrEqual(limit);
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  };
  const window = () => `&from=${from}&to=${to}`;

  beforeAll(async () => {
    firm = await startTestFirm();
    from = firm.clock().toISOString();
    const call = async (reason: string | null, answer: ReturnType<Person["call"]>) => {
      const { status, headers } = await answer;
      expected.push({ requestId: headers.get("x-request-id"), status, reason });
    };
    [adviser, clientId] = await Promise.all([firm.inviteMember("adviser"), firm.createClient("Textiles Roca S.L.")]);
    contact = await firm.inviteContact(clientId);
    caseId = await firm.createCase(clientId);
    documentId = await firm.upload(caseId, "Contrato.pdf");
    share = await firm.share(caseId, { documentIds: [documentId] });
    const pending = await announce(firm, caseId, Buffer.from("x"));
    const [admin, mine, anyone] = [firm.admin.call, contact.call, firm.anyone];
    const documentPath = `/staff/cases/${caseId}/documents/${documentId}`;
    await call(null, admin("GET", documentPath));
    await call(null, admin("POST", `${documentPath}/download`));
    await call("not_found", admin("GET", `/staff/cases/${caseId}/documents/${nowhere}`));
    await call("not_found", admin("GET", "/staff/cases/x"));
    await call("locked", admin("POST", `/staff/cases/${caseId}/documents/${pending.documentId}/download`));
    await call("invalid_request", admin("POST", `/staff/cases/${caseId}/folders`, { name: "" }));
    await call("invalid_request", admin("POST", `/staff/cases/${caseId}/folders`, "{"));
    await call("unsupported_media_type", admin("POST", `/staff/cases/${caseId}/folders`, "x", { "content-type": "text/plain" }));
    await call("conflict", admin("POST", `/staff/cases/${caseId}/documents`, { name: "Contrato.pdf", contentType: "application/pdf", size: 1, sha256: "a".repeat(64) }));
    await call("too_large", admin("POST", `/staff/cases/${caseId}/documents`, { name: "B.pdf", contentType: "application/pdf", size: 2 ** 40, sha256: "a".repeat(64) }));
    await call("precondition_required", admin("PATCH", `/staff/cases/${caseId}`, { title: "x" }));
    await call("stale", admin("PATCH", `/staff/cases/${caseId}`, { title: "x" }, { "if-match": '"99"' }));
    await call("forbidden", adviser.call("GET", "/staff/stats/access?groupBy=client"));
    await call("method_not_allowed", admin("PUT", "/staff/me"));
    await call("not_found", anyone("GET", "/nowhere"));
    await call("not_found", mine("POST", `/client/cases/${caseId}/documents/${documentId}/download`));
    await expectOk(admin("POST", `/staff/cases/${caseId}/grants`, { principal: { contactId: contact.id }, resource: { documentId }, level: "read" }));
    await call(null, mine("POST", `/client/cases/${caseId}/documents/${documentId}/download`));
    await call(null, mine("HEAD", "/client/cases"));
    await call(null, anyone("GET", share.path));
    await call("not_found", anyone("GET", "/s/unknown"));
    await call("invalid_request", anyone("POST", `${share.path}/open`, undefined, { "content-type": "application/x-www-form-urlencoded" }));
    await call("unauthenticated", anyone("POST", `${share.path}/documents/${documentId}`, {}, { accept: "application/json" }));
    const { cookie } = await openLink(firm, share.path);
    expect((await submit(firm, `${share.path}/documents/${documentId}`, { nonce: (await formOf(firm, share.path, cookie)).nonce }, cookie)).status).toBe(303);
    await call("not_found", anyone("POST", `${share.path}/documents/${nowhere}`, {}, { cookie, accept: "application/json" }));
    // A broken item is our own fault.
    const broken = await firm.createCase(clientId);
    await documentClient().send(new PutCommand({ TableName: firm.table, Item: { pk: broken, sk: "CASE", caseId: broken, clientId, adviserId: 1 } }));
    const silence = vi.spyOn(console, "error").mockImplementation(() => undefined);
    await call("internal", admin("GET", `/staff/cases/${broken}`));
    silence.mockRestore();
    // The register asks the case whether a record may be read, and does not guess.
    await documentClient().send(new DeleteCommand({ TableName: firm.table, Key: { pk: broken, sk: "CASE" } }));
    await firm.admin.call("GET", "/staff/me", undefined, { authorization: "Bearer x.y.z" });
    await firm.anyone("GET", "/staff/me");
    await raw(firm, "GET", "/health");
    await firm.settle();
    journal = [...firm.journal];
    to = firm.clock().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
  afterAll(() => firm.stop());

  it("has exactly one record for each request that a function answered, and none for what never was", async () => {
    const records = (await audit(window())).filter((it) => it["who"].kind !== "system" && !it["action"].endsWith("-begun"));
    const answered = journal.slice(journal.findIndex((it) => it.requestId === expected[0]?.requestId)).flatMap((it) => (it.requestId !== null && !it.routeKey.endsWith(" /health") ? [it.requestId] : []));
    expect(answered.length).toBeGreaterThan(25);
    const recorded = records.map((it) => it["requestId"] as string);
    expect(new Set(recorded).size, "one record each").toBe(recorded.length);
    expect(answered.filter((id) => !recorded.includes(id)), "requests without a record").toEqual([]);
    const known = new Set(journal.map((it) => it.requestId));
    expect(recorded.filter((id) => !known.has(id)), "records without a request").toEqual([]);
    expect(journal.filter((it) => it.requestId === null).map((it) => it.status), "the gateway's own").toEqual([401, 401]);
  });

  it("says of each whether it was granted, and why not", async () => {
    const records = new Map((await audit(window())).map((it) => [it["requestId"], it]));
    for (const { requestId, reason, status } of expected) {
      expect([status, records.get(requestId)?.["result"], records.get(requestId)?.["reason"] ?? null]).toEqual([status, reason === null ? "granted" : "refused", reason]);
      if (reason === null) expect(status).toBeLessThan(400);
    }
    expect(expected.find((it) => it.reason === "internal")?.status).toBe(500);
  });

  it("answers by case, client, contact, document and result, and by all of them together", async () => {
    const all = await audit(window());
    const by: readonly (readonly [string, (it: Event) => boolean])[] = [
      [`&caseId=${caseId}`, (it) => it["resource"].caseId === caseId], [`&clientId=${clientId}`, (it) => it["resource"].clientId === clientId], [`&documentId=${documentId}`, (it) => it["resource"].documentId === documentId],
      [`&contactId=${contact.id}`, (it) => it["who"].id === contact.id], ["&result=refused", (it) => it["result"] === "refused"],
      [`&recipientId=${share.recipientId}`, (it) => it["who"].id === share.recipientId], [`&recipientId=${share.recipientId}&documentId=${documentId}&result=granted`, (it) => it["who"].id === share.recipientId && it["resource"].versionId !== undefined],
      [`&caseId=${caseId}&documentId=${documentId}&contactId=${contact.id}&result=granted`, (it) => it["resource"].documentId === documentId && it["who"].id === contact.id && it["result"] === "granted"],
    ];
    for (const [query, keep] of by) {
      const found = (await audit(`${query}${window()}`)).map((it) => it["eventId"]);
      expect(found, query).toEqual(all.filter(keep).map((it) => it["eventId"]));
      expect(found.length, query).toBeGreaterThan(0);
    }
  });

  it("is newest first and the same whatever the size of its pages", async () => {
    const whole = (await audit(window())).map((it) => it["eventId"]);
    expect(whole).toEqual(whole.toSorted().toReversed());
    for (const query of [`&documentId=${documentId}`, "&result=refused", `&contactId=${contact.id}`]) expect(await audit(`${query}${window()}`, 1), query).toEqual(await audit(`${query}${window()}`));
    const middle = whole.length;
    expect((await audit(window(), 7)).map((it) => it["eventId"])).toEqual(whole.slice(0, middle));
  });

  it("takes every range: the first instant is in, the last is out, and what is long ago or yet to come is empty", async () => {
    const [newest] = await audit(window());
    const at = newest?.["at"] as string;
    const next = new Date(Date.parse(at) + 1).toISOString();
    expect((await audit(`&from=${at}&to=${next}`)).map((it) => it["eventId"])).toContain(newest?.["eventId"]);
    expect((await audit(`&from=${from}&to=${at}`)).map((it) => it["eventId"])).not.toContain(newest?.["eventId"]);
    const empty = [["1900-01-01T00:00:00.000Z", "1900-01-05T00:00:00.000Z"], ["1969-01-01T00:00:00.000Z", "1969-12-01T00:00:00.000Z"], ["9998-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"], ["2020-01-01T00:00:00.000Z", "2020-01-03T00:00:00.000Z"]];
    for (const more of ["", `&documentId=${documentId}`]) {
      for (const [start, end] of empty) expect([start, await audit(`&from=${start}&to=${end}${more}`)]).toEqual([start, []]);
      for (const end of ["1900-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"]) expect([end, await audit(`&to=${end}${more}`)]).toEqual([end, []]);
      for (const bounds of [`&from=${to}&to=${from}`, `&from=${from}&to=${from}`]) expect((await firm.admin.call("GET", `/staff/audit?limit=1${bounds}${more}`)).body).toMatchObject({ status: 400, errors: [{ path: "query.from" }] });
    }
    expect((await audit(`&from=${from}&to=9999-12-31T23:59:59.999Z&documentId=${documentId}`)).length).toBeGreaterThan(0);
    for (const wrong of ["from=yesterday", "from=2026-11-22", "to=0000-01-01T00:00:00.000Z", "from=0000-01-01T00:00:00.000Z&to=0000-01-05T00:00:00.000Z", "to=2026-02-30T00:00:00.000Z", "from=%2B010000-01-01T00:00:00.000Z", "result=maybe", "caseId=x", "limit=0", "limit=101", "cursor=AAAA", "who=x"])
      expect([wrong, (await firm.admin.call("GET", `/staff/audit?${wrong}`)).status]).toEqual([wrong, 400]);
  });

  it("says of a refusal who it was and what they asked for, also where neither the role, the body nor the account let them come so far", async () => {
    const since = firm.clock().toISOString();
    const shut = await firm.inviteContact(clientId);
    const etag = (await firm.admin.call("GET", `/staff/contacts/${shut.id}`)).headers.get("etag") ?? "";
    await expectOk(firm.admin.call("PATCH", `/staff/contacts/${shut.id}`, { suspended: true }, { "if-match": etag }));
    expect((await adviser.call("POST", `/staff/cases/${caseId}/break-glass`, { reason: "Curious." })).status).toBe(403);
    expect((await firm.admin.call("POST", `/staff/cases/${caseId}/documents/${documentId}/download`, { nonsense: 1 })).status).toBe(400);
    expect((await shut.call("POST", `/client/cases/${caseId}/documents/${documentId}/download`)).status).toBe(401);
    const refused = await audit(`&from=${since}&caseId=${caseId}&result=refused`);
    expect(refused.map((it) => [it["action"], it["reason"], it["who"].id, it["resource"].documentId])).toEqual([
      ["client.download", "unauthenticated", shut.id, documentId], ["documents.download", "invalid_request", firm.admin.id, documentId], ["cases.break-glass", "forbidden", adviser.id, undefined],
    ]);
  });

  it("names people as they are called today, and a recipient by the address that the link went to", async () => {
    const all = await audit(window());
    const names = new Map(all.map((it) => [it["who"].kind, it["who"].name]));
    expect([names.get("contact"), names.get("recipient"), names.get("anonymous"), names.get("system")]).toEqual(["Con Tact", share.email, null, null]);
    expect(new Set(all.filter((it) => it["who"].kind === "member").map((it) => it["who"].name))).toEqual(new Set(["Ada Min", "Mem Ber"]));
    for (const it of all.filter((record) => record["who"].kind !== "system")) expect(it["source"]).toMatchObject({ ip: "127.0.0.1" });
  });

  it("and everything else that clients read holds no address of the firm's people", async () => {
    const paths = ["/client/me", "/client/cases", `/client/cases/${caseId}`, `/client/cases/${caseId}/items`, "/client/shared-with-me", `/client/cases/${caseId}/timeline`, share.path, "/staff/audit"];
    const { cookie } = await openLink(firm, share.path);
    const bodies = await Promise.all(paths.flatMap((path) => [contact.call("GET", path, undefined, { cookie }), contact.call("GET", path, undefined, { cookie, accept: "application/json" })]));
    for (const [index, { body }] of bodies.entries()) for (const address of [firm.admin.email, adviser.email]) expect(JSON.stringify(body), paths[index >> 1]).not.toContain(address);
  });

  it("finds a rare record under a day's thousands", async () => {
    const day = "2026-03-02T12:00:00.000Z";
    const about = (index: number, result: string) => {
      const eventId = `${newId("event", new Date(Date.parse(day) + index)).slice(0, -1)}3` as const;
      return { ...keys.audit(day, eventId as never), eventId, at: new Date(Date.parse(day) + index).toISOString(), action: "cases.read", who: { kind: "anonymous" }, about: {}, result, ...(result === "refused" && { reason: "not_found" }), requestId: `req${index}` };
    };
    // All in one shard, the refused one below 1,200 others.
    const items = [about(0, "refused"), ...Array.from({ length: 1200 }, (_, index) => about(index + 1, "granted"))];
    const client = documentClient();
    for (let start = 0; start < items.length; start += 25)
      await client.send(new BatchWriteCommand({ RequestItems: { [firm.table]: items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } })) } }));
    const range = "&from=2026-03-01T00:00:00.000Z&to=2026-03-04T00:00:00.000Z";
    expect((await audit(`${range}&result=refused`)).map((it) => it["requestId"])).toEqual(["req0"]);
    expect(await audit(range)).toHaveLength(1201);
    expect((await scan(firm)).filter((it) => it["at"]?.startsWith("2026-03-02"))).toHaveLength(1201);
  });
});
