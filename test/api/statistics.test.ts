import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { statisticsIn } from "../../lib/adapters/dynamo/statistics.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import type { AuditEvent } from "../../lib/domain/event.ts";
import { newId } from "../../lib/domain/ids.ts";
import type { Instant } from "../../lib/domain/time.ts";
import { expectOk } from "../../local/caller.ts";
import { formOf, openLink, startTestFirm, submit, type Person, type TestFirm } from "./firm.ts";
import { documentClient, raw } from "./probe.ts";

describe("the statistics", () => {
  let firm: TestFirm;
  let clientId: string;
  let caseId: string;
  let documentId: string;
  let contact: Person;
  let adviser: Person;

  beforeAll(async () => {
    firm = await startTestFirm();
    [clientId, adviser] = [await firm.createClient("Textiles Roca S.L."), await firm.inviteMember("adviser")];
    contact = await firm.inviteContact(clientId);
    caseId = await firm.createCase(clientId);
    documentId = await firm.upload(caseId, "A.pdf");
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { clientId }, resource: {}, level: "read" }));
  });
  afterAll(() => firm.stop());

  const read = async (groupBy: string, more = ""): Promise<unknown[]> => (await expectOk(firm.admin.call("GET", `/staff/stats/access?groupBy=${groupBy}${more}`))).items;
  const everything = async () => Object.fromEntries(await Promise.all(["client", "service", "case", "document", "adviser"].map(async (groupBy) => [groupBy, await read(groupBy)])));

  it("count neither what staff do nor who looks at a door, nor what was refused", async () => {
    const share = await firm.share(caseId, { documentIds: [documentId] });
    for (const path of [`/staff/cases/${caseId}`, `/staff/cases/${caseId}/items`, `/staff/cases/${caseId}/documents/${documentId}`]) await expectOk(firm.admin.call("GET", path));
    await expectOk(adviser.call("POST", `/staff/cases/${caseId}/documents/${documentId}/download`));
    await Promise.all(Array.from({ length: 20 }, (_, index) => raw(firm, index % 2 ? "GET" : "HEAD", share.path, { "user-agent": "SafeLinks" })));
    const { nonce } = await formOf(firm, share.path);
    await submit(firm, `${share.path}/open`, {});
    await submit(firm, `${share.path}/documents/${documentId}`, { nonce });
    await submit(firm, "/s/unknown/open", { nonce });
    expect((await contact.call("POST", `/client/cases/${caseId}/documents/doc_00000000000000000000000000/download`)).status).toBe(404);
    expect((await contact.call("GET", "/client/cases")).status).toBe(200);
    await firm.settle();
    expect(await everything()).toEqual({ client: [], service: [], case: [], document: [], adviser: [] });
  });

  it("count what clients and recipients used, under names that the firm knows, the most used first", async () => {
    const share = await firm.share(caseId, { documentIds: [documentId] });
    const { cookie } = await openLink(firm, share.path);
    for (let time = 0; time < 2; time++) expect((await submit(firm, `${share.path}/documents/${documentId}`, { nonce: (await formOf(firm, share.path, cookie)).nonce }, cookie)).status).toBe(303);
    await expectOk(contact.call("POST", `/client/cases/${caseId}/documents/${documentId}/download`));
    await expectOk(contact.call("GET", `/client/cases/${caseId}`));
    await firm.settle();
    const { reference } = await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}`));
    expect(await everything()).toEqual({
      client: [{ key: clientId, label: "Textiles Roca S.L.", count: 5, people: 2, previews: 0 }],
      service: [{ key: "documents", label: "documents", count: 3, people: 2, previews: 0 }, { key: "cases", label: "cases", count: 1, people: 1, previews: 0 }, { key: "shares", label: "shares", count: 1, people: 1, previews: 0 }],
      case: [{ key: caseId, label: reference, count: 5, people: 2, previews: 0 }],
      document: [{ key: documentId, label: "A.pdf", count: 3, people: 2, previews: 0 }],
      adviser: [{ key: firm.admin.id, label: "Ada Min", count: 5, people: 2, previews: 0 }],
    });
  });

  it("keep months apart, by the instant of the use in UTC, and add up those that are asked for", async () => {
    const other = newId("client", new Date());
    const [one, two] = [newId("contact", new Date()), newId("contact", new Date())];
    const use = (at: Instant, id: typeof one): AuditEvent => ({ eventId: newId("event", new Date(at)), at, action: "client.download", who: { kind: "contact", id }, about: { clientId: other }, result: "granted", requestId: "r" });
    await statisticsIn(new Table(documentClient(), firm.table)).add([use("2026-03-31T23:59:59.999Z", one), use("2026-04-01T00:00:00.000Z", one), use("2026-04-30T12:00:00.000Z", two), use("2026-06-01T00:00:00.000Z", one),
      // Staff who look as a client would, and a request of nobody, are no use.
      { ...use("2026-04-02T00:00:00.000Z", one), who: { kind: "member", id: newId("member", new Date()) } }, { ...use("2026-04-02T00:00:00.000Z", one), who: { kind: "anonymous" } },
    ]);
    const counts = async (from: string, to: string) => (await read("client", `&from=${from}&to=${to}`)).map((it) => { const { count, people, label } = it as { count: number; people: number; label: string }; return [count, people, label]; });
    expect(await counts("2026-03", "2026-03")).toEqual([[1, 1, other]]);
    expect(await counts("2026-04", "2026-04")).toEqual([[2, 2, other]]);
    expect(await counts("2026-05", "2026-05")).toEqual([]);
    expect(await counts("2026-03", "2026-06")).toEqual([[4, 4, other]]);
    expect((await expectOk(firm.admin.call("GET", "/staff/stats/access?groupBy=client")))).toMatchObject({ from: firm.clock().toISOString().slice(0, 7), to: firm.clock().toISOString().slice(0, 7) });
  });

  it("are asked for in months, at most twenty-four, the first before the last", async () => {
    for (const [query, status] of [
      ["from=2026-05&to=2026-04", 400], ["from=2024-04&to=2026-04", 400], ["from=2024-05&to=2026-04", 200], ["from=0000-01&to=0000-02", 200], ["from=9999-12&to=9999-12", 200], ["from=0000-01", 400], ["from=2026-13", 400], ["from=2026-00", 400],
      ["from=2026-1", 400], ["from=x", 400], ["to=9999-12", 200], ["groupBy=person", 400], ["limit=1", 400], ["from=2026-04&from=2026-05", 400],
    ] as const) expect([query, (await firm.admin.call("GET", `/staff/stats/access?${query.startsWith("groupBy") ? "" : "groupBy=client&"}${query}`)).status]).toEqual([query, status]);
    expect((await firm.admin.call("GET", "/staff/stats/access")).status).toBe(400);
  });

  it("are for administrators: an adviser or an assistant may not read them, a client may not even ask", async () => {
    const assistant = await firm.inviteMember("assistant");
    for (const person of [adviser, assistant]) expect((await person.call("GET", "/staff/stats/access?groupBy=client")).body).toMatchObject({ status: 403, code: "forbidden" });
    for (const call of [contact.call, firm.anyone]) expect((await call("GET", "/staff/stats/access?groupBy=client")).status).toBe(401);
  });
});
