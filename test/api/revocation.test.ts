import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { S3Client } from "@aws-sdk/client-s3";
import { casesIn } from "../../lib/adapters/dynamo/cases.ts";
import { documentsIn } from "../../lib/adapters/dynamo/documents.ts";
import { TableLedger } from "../../lib/adapters/dynamo/ledger.ts";
import { peopleIn } from "../../lib/adapters/dynamo/people.ts";
import { sharesIn } from "../../lib/adapters/dynamo/shares.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import { objectsIn } from "../../lib/adapters/s3.ts";
import { firmProfile } from "../../lib/domain/firm.ts";
import { newId, type DocumentId } from "../../lib/domain/ids.ts";
import { toInstant } from "../../lib/domain/time.ts";
import { Trail } from "../../lib/usecases/request.ts";
import { linkHashOf } from "../../lib/usecases/shares.ts";
import * as visit from "../../lib/usecases/visit.ts";
import { callerOf, expectOk, type Answer, type Caller } from "../../local/caller.ts";
import { openLink, startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { documentClient } from "./probe.ts";
import { rounds } from "./rounds.ts";

/** Who reads, and what they see of it: true while the door is open. */
type Read = () => Promise<boolean>;
interface Lane { readonly call: Caller; readonly contactId: string; readonly caseId: string; readonly folderId: string; readonly inner: string; readonly documentId: string; readonly reads: readonly Read[] }

const nth = <T>(of: readonly T[], number: number): T => of[number % of.length]!;

/** Contacts side by side, each with a case of their own, so that the rounds of one run while those of the others do. */
const lanes = 5;

describe("what is taken away is gone with the answer that says so", () => {
  let firm: TestFirm;
  let admin: Caller;
  let mate: Person;
  let all: readonly Lane[];

  beforeAll(async () => {
    firm = await startTestFirm();
    admin = callerOf(firm.api, firm.admin.token);
    mate = await firm.inviteMember("adviser");
    const clientId = await firm.createClient();
    all = await Promise.all(Array.from({ length: lanes }, async (): Promise<Lane> => {
      const [contact, caseId] = await Promise.all([firm.inviteContact(clientId), firm.createCase(clientId)]);
      const call = callerOf(firm.api, contact.token);
      const folder = async (body: object): Promise<string> => (await expectOk(admin("POST", `/staff/cases/${caseId}/folders`, body))).folderId;
      const folderId = await folder({ name: "Outer" });
      const inner = await folder({ name: "Inner", parentId: folderId });
      const documentId = await firm.upload(caseId, "Deep.pdf", Buffer.from("x"), inner);
      const sees = async (method: string, path: string, of: (answer: Answer) => boolean = () => true): Promise<boolean> => {
        const answer = await call(method, path);
        if (answer.status >= 500) throw new Error(`${path} answers ${answer.status}.`);
        return answer.status === 200 && of(answer);
      };
      const mentions = (id: string) => ({ body }: Answer): boolean => JSON.stringify(body).includes(id);
      return {
        call, contactId: contact.id, caseId, folderId, inner, documentId,
        reads: [
          () => sees("POST", `/client/cases/${caseId}/documents/${documentId}/download`), () => sees("GET", `/client/cases/${caseId}/items?folderId=${inner}`),
          () => sees("GET", `/client/cases/${caseId}`), () => sees("GET", "/client/cases", mentions(caseId)), () => sees("GET", "/client/shared-with-me", mentions(caseId)), () => sees("GET", `/client/cases/${caseId}/items`),
        ],
      };
    }));
  });
  afterAll(async () => {
    await firm.stop();
    expect(inTime.seen, JSON.stringify(inTime)).toBeGreaterThan(inTime.refused);
  });

  const give = async ({ caseId, contactId }: Lane, resource: object = {}, more: object = {}): Promise<string> =>
    (await expectOk(admin("POST", `/staff/cases/${caseId}/grants`, { principal: { contactId }, resource, level: "read", ...more }))).grantId;
  const patch = async (path: string, body: object): Promise<void> => { await expectOk(admin("PATCH", path, body, { "if-match": (await admin("GET", path)).headers.get("etag") ?? "" })); };

  /**
   * Callers read while the door is shut, and again as soon as it is. What began before the answer may end either way; what began after it
   * must end in a refusal.
   * @returns how many of them still saw something that began after it.
   */
  const race = async (read: Read, shut: () => Promise<unknown>, callers = 2): Promise<number> => {
    let isShut = false;
    let late = 0;
    const look = async (): Promise<void> => {
      const after = isShut;
      const sees = await read();
      if (after && sees) late += 1;
      if (!after) inTime[sees ? "seen" : "refused"] += 1;
    };
    const first = look();
    const done = shut().then(() => { isShut = true; });
    await Promise.all([first, ...Array.from({ length: callers - 1 }, look), ...Array.from({ length: callers }, () => done.then(look))]);
    return late;
  };
  /** What the reads saw that began in time: were they all refused, nothing would have been proved. */
  const inTime = { seen: 0, refused: 0 };
  /** So many rounds, shared out among the lanes. @returns how often somebody still saw something. */
  const inLanes = async (count: number, round: (lane: Lane, number: number) => Promise<number>): Promise<number> => {
    let late = 0;
    let next = 0;
    await Promise.all(all.map(async (lane) => { while (next < count) late += await round(lane, next++); }));
    return late;
  };
  const deep = ({ reads }: Lane): readonly Read[] => reads.slice(0, 2);

  it("a link, by its share, by its recipient, and by whoever sent it", async () => {
    const [{ caseId, documentId }] = all as readonly [Lane, ...Lane[]];
    await patch(`/staff/cases/${caseId}`, { team: [mate.id, firm.admin.id] });
    let late = 0;
    for (let round = 0; round < 9; round++) {
      const share = await firm.share(caseId, { documentIds: [documentId] }, mate.call);
      const { cookie } = await openLink(firm, share.path);
      const visitor = callerOf(firm.api, null);
      const reads: readonly Read[] = [
        async () => (await visitor("POST", `${share.path}/documents/${documentId}`, {}, { cookie, accept: "application/json" })).status === 200,
        async () => (await visitor("GET", share.path, undefined, { cookie, accept: "application/json" })).status === 200,
        async () => (await visitor("POST", `${share.path}/open`, {}, { accept: "application/json" })).status === 200,
      ];
      const ways = [
        async () => { await expectOk(admin("DELETE", `/staff/shares/${share.shareId}`)); }, async () => { await expectOk(admin("DELETE", `/staff/shares/${share.shareId}/recipients/${share.recipientId}`)); },
        () => patch(`/staff/members/${mate.id}`, { suspended: true }),
      ];
      late += await race(nth(reads, Math.floor(round / 3)), nth(ways, round));
      if (round % 3 === 2) await patch(`/staff/members/${mate.id}`, { suspended: false });
    }
    expect(late).toBe(0);
    await patch(`/staff/cases/${caseId}`, { team: [] });
  });

  it("a link that is revoked between the look at it and its use, which says no more than one revoked before", async () => {
    const [{ caseId, documentId }] = all as readonly [Lane, ...Lane[]];
    const { shareId, path } = await firm.share(caseId, { documentIds: [documentId] });
    const table = new Table(documentClient(), firm.table);
    const ports = { ledger: new TableLedger(table), shares: sharesIn(table), cases: casesIn(table), people: peopleIn(table), documents: documentsIn(table), firm: firmProfile.parse({ name: "F", phone: "1", address: "A" }), objects: objectsIn(new S3Client({}), firm.bucket, firm.clock) };
    const link = await ports.shares.link(linkHashOf(path.slice("/s/".length)));
    if (link === null) throw new Error("There is no such link.");
    const request = () => ({ principal: { kind: "recipient", recipientId: link.recipientId, shareId: link.shareId }, now: toInstant(firm.clock()), trail: new Trail("share.open", newId("httpRequest", firm.clock())) }) as const;
    await visit.openLink(ports)(request(), link);
    await expectOk(admin("DELETE", `/staff/shares/${shareId}`));
    await expect(visit.openLink(ports)(request(), link)).rejects.toMatchObject({ code: "not_found" });
    await expect(visit.downloadShared(ports)(request(), link, documentId as DocumentId)).rejects.toMatchObject({ code: "not_found" });
  });

  it("a grant, hundreds of times over", { timeout: 240_000 }, async () => {
    await firm.settle();
    firm.bus.hold(true); // from here on nobody waits for what events do
    expect(await inLanes(rounds(500), async (lane, number) => {
      const grantId = await give(lane);
      return race(nth(lane.reads, number), async () => { expect((await admin("DELETE", `/staff/cases/${lane.caseId}/grants/${grantId}`)).status).toBe(204); }, number % 5 === 0 ? 4 : 1);
    })).toBe(0);
  });

  it("whatever a suspended person held", async () => {
    for (const lane of all) await give(lane);
    expect(await inLanes(24, async (lane, number) => {
      const path = `/staff/contacts/${lane.contactId}`;
      const late = await race(nth(lane.reads, number), () => patch(path, { suspended: true }));
      await patch(path, { suspended: false });
      return late;
    })).toBe(0);
  });

  it("what was inherited, by a stop, a move, and the end of a folder", { timeout: 120_000 }, async () => {
    const place = (lane: Lane) => `/staff/cases/${lane.caseId}/folders/${lane.inner}`;
    const ways: readonly [shut: (lane: Lane) => Promise<void>, open: (lane: Lane) => Promise<void>][] = [
      [(lane) => patch(place(lane), { inherit: false }), (lane) => patch(place(lane), { inherit: true })],
      [(lane) => patch(`/staff/cases/${lane.caseId}/folders/${lane.folderId}`, { inherit: false }), (lane) => patch(`/staff/cases/${lane.caseId}/folders/${lane.folderId}`, { inherit: true })],
      [async (lane) => { await expectOk(admin("DELETE", place(lane))); }, async (lane) => { await expectOk(admin("POST", `${place(lane)}/restore`)); }],
      [async (lane) => { await expectOk(admin("DELETE", `/staff/cases/${lane.caseId}/folders/${lane.folderId}`)); }, async (lane) => { await expectOk(admin("POST", `/staff/cases/${lane.caseId}/folders/${lane.folderId}/restore`)); }],
    ];
    expect(await inLanes(40, async (lane, number) => {
      const [shut, open] = ways[number % ways.length]!;
      const late = await race(nth(deep(lane), Math.floor(number / ways.length)), () => shut(lane));
      await open(lane);
      return late;
    })).toBe(0);
    for (const lane of all) {
      const { items } = await expectOk(admin("GET", `/staff/cases/${lane.caseId}/grants`));
      for (const { grantId } of items) await expectOk(admin("DELETE", `/staff/cases/${lane.caseId}/grants/${grantId}`));
      await give(lane, { folderId: lane.folderId });
    }
    expect(await inLanes(12, async (lane, number) => {
      const late = await race(nth(deep(lane), number), () => patch(place(lane), { parentId: null }));
      await patch(place(lane), { parentId: lane.folderId });
      return late;
    })).toBe(0);
  });

  it("what was given until an instant, from that instant on", async () => {
    for (const lane of all) {
      const { items } = await expectOk(admin("GET", `/staff/cases/${lane.caseId}/grants`));
      for (const { grantId } of items) await expectOk(admin("DELETE", `/staff/cases/${lane.caseId}/grants/${grantId}`));
    }
    let late = 0;
    for (let round = 0; round < 12; round++) {
      const expiresAt = new Date(firm.clock().getTime() + 30_000).toISOString();
      const grants = await Promise.all(all.map((lane) => give(lane, {}, { expiresAt })));
      late += (await Promise.all(all.map(async (lane, index) => race(nth(lane.reads, round + index), async () => { firm.clock.offset = Date.parse(expiresAt) - Date.now(); })))).reduce((sum, it) => sum + it, 0);
      await Promise.all(all.map(async (lane, index) => expectOk(admin("DELETE", `/staff/cases/${lane.caseId}/grants/${grants[index] ?? ""}`))));
    }
    expect(late).toBe(0);
  });

  it("a case, when its team is left, the restriction comes, the role goes or the person is suspended", async () => {
    const call = callerOf(firm.api, mate.token);
    const [{ caseId, documentId, contactId }] = all as readonly [Lane, ...Lane[]];
    await patch(`/staff/cases/${caseId}`, { restricted: true, team: [firm.admin.id, mate.id] });
    const reads: readonly Read[] = [
      async () => (await call("POST", `/staff/cases/${caseId}/documents/${documentId}/download`)).status === 200, async () => (await call("GET", `/staff/cases/${caseId}`)).status === 200,
      async () => JSON.stringify((await call("GET", "/staff/cases")).body).includes(caseId), async () => (await call("GET", `/staff/access?contactId=${contactId}&caseId=${caseId}`)).status === 200,
    ];
    const [kase, member] = [`/staff/cases/${caseId}`, `/staff/members/${mate.id}`];
    const ways: readonly [shut: () => Promise<void>, open: () => Promise<void>][] = [
      [() => patch(kase, { team: [firm.admin.id] }), () => patch(kase, { team: [firm.admin.id, mate.id] })],
      [() => patch(member, { suspended: true }), () => patch(member, { suspended: false })],
    ];
    let late = 0;
    for (let round = 0; round < 16; round++) {
      const [shut, open] = ways[round % 2]!;
      late += await race(nth(reads, Math.floor(round / 2)), shut);
      await open();
    }
    await patch(kase, { team: [firm.admin.id], restricted: false });
    for (let round = 0; round < 8; round++) {
      late += await race(nth(reads, round), () => patch(kase, { restricted: true }));
      await patch(kase, { restricted: false });
    }
    expect(late).toBe(0);
  });
});
