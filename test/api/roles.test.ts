import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TableLedger } from "../../lib/adapters/dynamo/ledger.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import type { AuditEvent } from "../../lib/domain/event.ts";
import { newId, type CaseId, type ClientId, type DocumentId, type MemberId } from "../../lib/domain/ids.ts";
import { toInstant } from "../../lib/domain/time.ts";
import { expectOk } from "../../local/caller.ts";
import { openLink, type Person } from "./firm.ts";
import { documentClient, recordsOf } from "./probe.ts";
import { bytesOf, change, minutes, statusOf, worldOf, type World } from "./staffed-firm.ts";

describe.each(["own", "all"] as const)("in a firm whose advisers have %s cases", (adviserCases) => {
  let world: World;
  beforeAll(async () => { world = await worldOf(adviserCases); });
  afterAll(() => world.firm.stop());

  const everyone = { admin: true, lead: true, mate: true, outsider: adviserCases === "all", aide: true, named: true, clerk: adviserCases === "all", nobodys: false };
  const team = { admin: false, lead: true, mate: true, outsider: false, aide: false, named: true, clerk: false, nobodys: false };
  const people = (): Readonly<Record<keyof typeof team, Person>> => {
    const { firm: { admin }, lead, mate, outsider, aide, named, clerk, nobodys } = world;
    return { admin, lead, mate, outsider, aide, named, clerk, nobodys };
  };
  const whoSees = async (sees: (person: Person) => Promise<boolean>) => Object.fromEntries(await Promise.all(Object.entries(people()).map(async ([name, person]) => [name, await sees(person)])));
  const mentions = (path: string, id: () => string) => async (person: Person): Promise<boolean> => JSON.stringify(await expectOk(person.call("GET", path))).includes(id());

  it("a case exists for its team, their assistants and administrators, and one that is restricted for its team alone", async () => {
    expect(await whoSees(async (it) => (await statusOf(it, world.open)) === 200)).toEqual(everyone);
    expect(await whoSees(async (it) => (await statusOf(it, world.wall)) === 200)).toEqual(team);
  });

  it("so do lists, search, sums and the register say", async () => {
    for (const path of ["/staff/cases", "/staff/cases?q=matter", `/staff/cases?clientId=${world.clientId}`, `/staff/cases?adviserId=${world.lead.id}&status=open`, "/staff/stats/access?groupBy=case", `/staff/audit?clientId=${world.clientId}&limit=100`, `/staff/audit?to=${world.madeAt}&limit=100`]) {
      expect(await whoSees(mentions(path, () => world.open)), path).toEqual(everyone);
      expect(await whoSees(mentions(path, () => world.wall)), path).toEqual(team);
    }
    for (const path of ["/staff/cases?q=walled", `/staff/audit?caseId=${world.wall}`, `/staff/audit?documentId=${world.wallDocument}`]) expect(await whoSees(mentions(path, () => world.wall)), path).toEqual(team);
  });

  it("whoever may not know of a restricted case gets the bytes of one that was never there, from every question", async () => {
    const never = newId("case", new Date());
    const same = (path: (id: string) => string, by: Person) => Promise.all([world.wall, never].map(async (id) => bytesOf(await by.call("GET", path(id)))));
    for (const [name, by] of Object.entries(people()).filter(([it]) => !team[it as keyof typeof team])) {
      for (const path of [
        (id: string) => `/staff/cases/${id}`, (id: string) => `/staff/cases/${id}/timeline`, (id: string) => `/staff/cases/${id}/items`, (id: string) => `/staff/cases/${id}/grants`, (id: string) => `/staff/cases/${id}/shares`,
        (id: string) => `/staff/access?contactId=${world.contact.id}&caseId=${id}`, (id: string) => `/staff/view-as/${world.contact.id}/cases/${id}`, (id: string) => `/staff/view-as/${world.contact.id}/cases/${id}/items`,
        // Among the records of a case there is the one of having asked for it just now. An administrator may tell: breaking the glass would tell them, too.
        ...(name === "admin" ? [] : [(id: string) => `/staff/audit?caseId=${id}`, (id: string) => `/staff/audit?caseId=${id}&limit=1`]),
      ]) {
        const [wall, nothing] = await same(path, by);
        expect(wall, `${name} ${path("…")}`).toBe(nothing);
      }
    }
  });

  it("no page says by its length or its next page that there is more than it shows", async () => {
    const client = await world.firm.createClient();
    const make = async (restricted: boolean): Promise<string> => (await expectOk(world.lead.call("POST", "/staff/cases", { clientId: client, reference: "R", title: "T", adviserId: world.lead.id, team: [world.clerk.id], restricted }))).caseId;
    // Oldest to newest: hidden, shown, hidden, shown, hidden.
    const cases = [await make(true), await make(false), await make(true), await make(false), await make(true)];
    for (const id of [cases[0], cases[2], cases[4]]) await expectOk(change(world.lead.call, `/staff/cases/${id ?? ""}`, { team: [] }));
    await world.firm.settle();
    const pages: number[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: { items: unknown[]; nextCursor: string | null } = await expectOk(world.clerk.call("GET", `/staff/cases?clientId=${client}&limit=1${cursor && `&cursor=${cursor}`}`));
      pages.push(page.items.length);
      cursor = page.nextCursor;
    }
    expect(pages).toEqual([1, 1]);
    const onlyHidden = await world.firm.createClient();
    await expectOk(world.lead.call("POST", "/staff/cases", { clientId: onlyHidden, reference: "R", title: "T", restricted: true }));
    expect(await expectOk(world.clerk.call("GET", `/staff/audit?clientId=${onlyHidden}&limit=1`))).toEqual({ items: [], nextCursor: null });
    expect(await expectOk(world.clerk.call("GET", `/staff/cases?clientId=${onlyHidden}&limit=1`))).toEqual({ items: [], nextCursor: null });
  });

  it("nor does the register of a case or a document that was at work a thousand times", async () => {
    const { firm, wall, wallDocument, clientId, lead, outsider } = world;
    const put = (at: number) => {
      const event: AuditEvent = { eventId: newId("event", new Date(at)), at: toInstant(new Date(at)), action: "documents.read", who: { kind: "member", id: lead.id as MemberId }, about: { clientId: clientId as ClientId, caseId: wall as CaseId, documentId: wallDocument as DocumentId }, result: "granted", requestId: "req" };
      return new TableLedger(new Table(client, firm.table)).record(event);
    };
    const client = documentClient();
    const now = firm.clock().getTime();
    for (let hundred = 0; hundred < 11; hundred++) await Promise.all(Array.from({ length: 100 }, (_, index) => put(now - 60_000 - hundred * 100 - index)));
    client.destroy();
    for (const key of [`caseId=${wall}`, `documentId=${wallDocument}`]) {
      expect(await expectOk(outsider.call("GET", `/staff/audit?${key}&limit=100`)), key).toEqual({ items: [], nextCursor: null });
      expect((await expectOk(lead.call("GET", `/staff/audit?${key}&limit=100`))).items, key).toHaveLength(100);
    }
  });
});

describe("the firm's own jobs", () => {
  let world: World;
  beforeAll(async () => { world = await worldOf("own"); });
  afterAll(() => world.firm.stop());

  it("name a restricted case to nobody outside its team: administrators read of the others", async () => {
    const { firm, lead, open, wall, wallDocument } = world;
    const document = await firm.upload(open, "Goes too.pdf");
    for (const path of [`${open}/documents/${document}`, `${wall}/documents/${wallDocument}`]) await expectOk(lead.call("DELETE", `/staff/cases/${path}`));
    firm.clock.offset += 91 * 24 * 60 * minutes;
    await firm.bus.fire("daily");
    await firm.settle();
    firm.clock.offset = 0;
    const gone = (await recordsOf(firm)).filter((it) => it["action"] === "documents.purged").map((it) => [it["about"].documentId, it["about"].jobId]);
    expect(gone.map(([id]) => id).toSorted()).toEqual([document, wallDocument].toSorted());
    const results = async () => (await expectOk(firm.admin.call("GET", `/staff/jobs/${gone[0]?.[1]}/results`))).items.map((it: { documentId: string }) => it.documentId);
    expect(await results()).toEqual([document]);
    await expectOk(firm.admin.call("POST", `/staff/cases/${wall}/break-glass`, { reason: "What went?" }));
    expect((await results()).toSorted()).toEqual([document, wallDocument].toSorted());
  });
});

describe("what changes a door shuts or opens it on the next request", () => {
  let world: World;
  beforeAll(async () => { world = await worldOf("own"); });
  afterAll(() => world.firm.stop());

  const caseOf = async (body: object = {}): Promise<string> => (await expectOk(world.lead.call("POST", "/staff/cases", { clientId: world.clientId, reference: "R", title: "T", adviserId: world.lead.id, ...body }))).caseId;
  const member = (person: Person, body: object): Promise<unknown> => expectOk(change(world.firm.admin.call, `/staff/members/${person.id}`, body));

  it("the team and the adviser in charge", async () => {
    const { lead, outsider } = world;
    const caseId = await caseOf();
    for (const [body, status] of [[{ team: [outsider.id] }, 200], [{ team: [] }, 404], [{ adviserId: outsider.id, team: [lead.id] }, 200], [{ adviserId: lead.id, team: [] }, 404], [{ team: [outsider.id], restricted: true }, 200], [{ team: [] }, 404]] as const) {
      await expectOk(change(lead.call, `/staff/cases/${caseId}`, body));
      expect(await statusOf(outsider, caseId), JSON.stringify(body)).toBe(status);
    }
  });

  it("the advisers of an assistant", async () => {
    const { firm, lead, outsider, mate } = world;
    const assistant = await firm.inviteMember("assistant", [outsider.id]);
    const caseId = await caseOf({ team: [mate.id] });
    for (const [advisers, status] of [[[outsider.id], 404], [[lead.id], 200], [[], 404], [[outsider.id, mate.id], 200], [[outsider.id], 404]] as const) {
      await member(assistant, { advisers });
      expect(await statusOf(assistant, caseId), JSON.stringify(advisers)).toBe(status);
    }
  });

  it("the role, in both directions", async () => {
    const { firm } = world;
    const person = await firm.inviteMember("adviser");
    const [open, wall] = [await caseOf(), await caseOf({ restricted: true })];
    expect([await statusOf(person, open), await statusOf(person, wall)]).toEqual([404, 404]);
    for (const [role, status] of [["admin", 200], ["assistant", 404], ["admin", 200], ["adviser", 404]] as const) {
      await member(person, { role });
      expect([await statusOf(person, open), await statusOf(person, wall)], role).toEqual([status, 404]);
      expect((await person.call("POST", "/staff/members", { email: "nobody", name: "N", role: "admin" })).status, role).toBe(role === "admin" ? 400 : 403);
    }
  });

  it("a restriction, and its end", async () => {
    const { firm, aide } = world;
    const caseId = await caseOf();
    for (const [restricted, status] of [[false, 200], [true, 404], [false, 200]] as const) {
      await expectOk(change(world.lead.call, `/staff/cases/${caseId}`, { restricted }));
      expect([await statusOf(firm.admin, caseId), await statusOf(aide, caseId)]).toEqual([status, status]);
    }
  });

  it("an Idempotency-Key opens nothing again: what it made is shown to whoever may enter its case now", async () => {
    const { lead, mate, clientId, contact } = world;
    const key = { "idempotency-key": newId("case", new Date()) };
    const asked = { clientId, reference: "R", title: "T", adviserId: lead.id, team: [mate.id] };
    const { caseId } = await expectOk(mate.call("POST", "/staff/cases", asked, key));
    const calls = [
      ["/staff/cases", asked], [`/staff/cases/${caseId}/folders`, { name: "F" }], [`/staff/cases/${caseId}/timeline`, { text: "x", visibleToClient: false }],
      [`/staff/cases/${caseId}/grants`, { principal: { contactId: contact.id }, resource: {}, level: "read" }], [`/staff/cases/${caseId}/documents`, { name: "D", contentType: "text/plain", size: 1, sha256: "0".repeat(64) }],
    ] as const;
    const tries = async (): Promise<number[]> => Promise.all(calls.map(async ([path, body], index) => (await mate.call("POST", path, body, index === 0 ? key : { "idempotency-key": `${caseId}-${index}` })).status));
    expect(await tries()).toEqual([201, 201, 201, 201, 201]);
    expect(await tries()).toEqual([201, 201, 201, 201, 201]);
    await expectOk(change(lead.call, `/staff/cases/${caseId}`, { team: [], restricted: true }));
    expect(await tries()).toEqual([404, 404, 404, 404, 404]);
  });
});

describe("roles", () => {
  let world: World;
  beforeAll(async () => { world = await worldOf("own"); });
  afterAll(() => world.firm.stop());

  it("let an assistant open a case for an adviser they work for, and say nothing of who works on one", async () => {
    const { aide, lead, outsider, clientId, open, clerk, nobodys } = world;
    const create = (by: Person, more: object = {}) => by.call("POST", "/staff/cases", { clientId, reference: "R", title: "T", ...more });
    expect((await create(aide)).body).toMatchObject({ adviserId: lead.id });
    expect((await create(aide, { adviserId: lead.id })).status).toBe(201);
    expect(await create(aide, { adviserId: outsider.id })).toMatchObject({ status: 400, body: { errors: [{ path: "body.adviserId" }] } });
    expect(await create(nobodys)).toMatchObject({ status: 400, body: { errors: [{ path: "body.adviserId" }] } });
    for (const more of [{ team: [clerk.id] }, { restricted: true }]) expect((await create(aide, more)).status, JSON.stringify(more)).toBe(403);
    for (const body of [{ team: [clerk.id] }, { restricted: true }, { adviserId: outsider.id }]) expect((await change(aide.call, `/staff/cases/${open}`, body)).status, JSON.stringify(body)).toBe(403);
    expect((await change(aide.call, `/staff/cases/${open}`, { title: "Renamed" })).status).toBe(200);
  });

  it("leave totals to administrators", async () => {
    const { firm, lead, aide } = world;
    for (const groupBy of ["client", "service", "adviser"]) expect(await Promise.all([firm.admin, lead, aide].map(async (it) => (await it.call("GET", `/staff/stats/access?groupBy=${groupBy}`)).status)), groupBy).toEqual([200, 403, 403]);
  });

  it("keep one administrator who is not suspended, and let nobody suspend themselves", async () => {
    const { firm, otherAdmin } = world;
    const path = (it: Person) => `/staff/members/${it.id}`;
    expect((await change(firm.admin.call, path(firm.admin), { suspended: true })).status).toBe(409);
    await expectOk(change(firm.admin.call, path(otherAdmin), { suspended: true }));
    expect((await otherAdmin.call("PATCH", path(firm.admin), { suspended: true }, { "if-match": '"1"' })).status).toBe(401);
    expect((await change(firm.admin.call, path(firm.admin), { role: "adviser" })).status).toBe(409);
    await expectOk(change(firm.admin.call, path(otherAdmin), { suspended: false }));
  });
});

describe("a link opens no more than its sharer may see", () => {
  let world: World;
  beforeAll(async () => { world = await worldOf("own"); });
  afterAll(() => world.firm.stop());

  /** What a visitor gets: the door, its list with a session, opening anew, and a download. */
  const visit = async (path: string, cookie: string, documentId: string): Promise<number[]> => {
    const json = { accept: "application/json" };
    return [
      (await world.firm.anyone("GET", path)).status, (await world.firm.anyone("GET", path, undefined, { cookie, ...json })).status,
      (await world.firm.anyone("POST", `${path}/open`, {}, json)).status, (await world.firm.anyone("POST", `${path}/documents/${documentId}`, {}, { cookie, ...json })).status,
    ];
  };

  it("it dies when they leave the case or are suspended, and lives again when they are back", async () => {
    const { firm, mate, lead, clientId } = world;
    const { caseId } = await expectOk(lead.call("POST", "/staff/cases", { clientId, reference: "R", title: "T", adviserId: lead.id, team: [mate.id, firm.admin.id] }));
    const documentId = await firm.upload(caseId, "Shared.pdf");
    const link = await firm.share(caseId, { documentIds: [documentId] }, mate.call);
    const { cookie } = await openLink(firm, link.path);
    const [open, shut] = [[200, 200, 200, 200], [404, 404, 404, 404]];
    const gone = await firm.anyone("GET", "/s/unknown");
    const seen = () => visit(link.path, cookie, documentId);
    expect(await seen()).toEqual(open);
    for (const [body, expected] of [[{ team: [] }, shut], [{ team: [mate.id] }, open], [{ restricted: true }, open], [{ team: [firm.admin.id] }, shut], [{ team: [mate.id] }, open]] as const) {
      await expectOk(change(lead.call, `/staff/cases/${caseId}`, body));
      expect(await seen(), JSON.stringify(body)).toEqual(expected);
      if (expected === shut) expect((await firm.anyone("GET", link.path)).body).toBe(gone.body);
    }
    for (const [suspended, expected] of [[true, shut], [false, open]] as const) {
      await expectOk(change(firm.admin.call, `/staff/members/${mate.id}`, { suspended }));
      expect(await seen(), `suspended: ${suspended}`).toEqual(expected);
    }
    await expectOk(change(firm.admin.call, `/staff/members/${mate.id}`, { role: "assistant" }));
    expect(await seen()).toEqual(open);
  });
});
