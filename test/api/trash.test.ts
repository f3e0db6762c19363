import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { expectOk } from "../../local/caller.ts";
import { openLink, startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { scan } from "./probe.ts";
import { filingOf, type Filing } from "./tree.ts";

const day = 86_400_000;

describe("what is deleted", () => {
  let firm: TestFirm;
  let clientId: string;
  let contact: Person;
  let caseId: string;
  let at: Filing;
  const of = (path: string) => `/staff/cases/${caseId}/${path}`;
  const give = (resource: object) => expectOk(at.call("POST", "grants", { principal: { contactId: contact.id }, resource, level: "read" }));
  const client = (method: string, path: string) => contact.call(method, `/client/cases/${caseId}/${path}`);

  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient();
  });
  beforeEach(async () => {
    contact = await firm.inviteContact(clientId);
    caseId = await firm.createCase(clientId);
    at = filingOf(firm.admin.call, caseId);
  });
  afterAll(() => firm.stop());

  /** A folder with a document in a folder in it, open to a contact and to two links. */
  const opened = async () => {
    const outer = await at.folder("Outer");
    const inner = await at.folder("Inner", outer);
    const documentId = await firm.upload(caseId, "Paper.pdf", undefined, inner);
    for (const resource of [{ folderId: outer }, { folderId: inner }, { documentId }]) await give(resource);
    const [tree, selection] = [await firm.share(caseId, { folderId: inner }), await firm.share(caseId, { documentIds: [documentId] })];
    const cookies = [(await openLink(firm, tree.path)).cookie, (await openLink(firm, selection.path)).cookie];
    const byLink = async (index: 0 | 1): Promise<(number | string[])[]> => {
      const { path } = [tree, selection][index]!;
      const headers = { cookie: cookies[index]!, accept: "application/json" };
      const list = await firm.anyone("GET", path, undefined, headers);
      return [(await firm.anyone("POST", `${path}/documents/${documentId}`, {}, headers)).status, list.status === 200 ? list.body.items.map((it: { documentId: string }) => it.documentId) : list.status];
    };
    const ids = (items: { kind: string; folderId: string; documentId?: string }[]) => items.map((it) => it.documentId ?? it.folderId);
    /** All ways to the document: staff, the client, view-as and links. */
    const ways = async () => ({
      staff: await Promise.all([["GET", `documents/${documentId}`], ["POST", `documents/${documentId}/download`], ["GET", `documents/${documentId}/versions`], ["GET", `folders/${inner}`], ["GET", `items?folderId=${inner}`]].map(async ([method = "", path = ""]) => (await at.call(method, path)).status)),
      client: [(await client("POST", `documents/${documentId}/download`)).status, (await client("GET", `items?folderId=${inner}`)).status, ids((await client("GET", "items")).body.items), (await contact.call("GET", "/client/shared-with-me")).body.items.length],
      viewAs: [(await firm.admin.call("GET", `/staff/view-as/${contact.id}/cases/${caseId}/items?folderId=${inner}`)).status, ids((await firm.admin.call("GET", `/staff/view-as/${contact.id}/cases/${caseId}/items`)).body.items)],
      links: [...(await byLink(0)), ...(await byLink(1))],
    });
    const open = { staff: [200, 200, 200, 200, 200], client: [200, 200, [outer], 3], viewAs: [200, [outer]], links: [200, [documentId], 200, [documentId]] };
    const shut = { staff: [404, 404, 404, 404, 404], client: [404, 404, [], 0], viewAs: [404, []], links: [404, 404, 404, []] };
    return { outer, inner, documentId, ways, open, shut };
  };

  it.each(["outer", "inner"] as const)("shuts all that lies inside the %s folder to everybody in one write, and opens it again as it was", async (which) => {
    const it = await opened();
    expect(await it.ways()).toEqual(it.open);
    await firm.settle();
    const writes = (await scan(firm)).length;
    firm.bus.hold(true);
    try {
      expect((await at.call("DELETE", `folders/${it[which]}`)).status).toBe(204);
      // Nothing but the register has grown, and a name is free.
      expect((await scan(firm)).filter((item) => !item["pk"].startsWith("AUDIT#")).length).toBeLessThan(writes);
      const { client: [download, list, topmost, given], ...others } = await it.ways();
      const { client: _, ...shut } = it.shut;
      expect({ download, list, others }).toEqual({ download: 404, list: 404, others: which === "outer" ? shut : { ...shut, viewAs: [404, [it.outer]] } });
      expect({ topmost, given }).toEqual(which === "outer" ? { topmost: [], given: 0 } : { topmost: [it.outer], given: 1 });
      expect(await at.inside()).toEqual(which === "outer" ? [] : [it.outer]);
      expect((await at.call("POST", `folders/${it[which]}/restore`, {})).status).toBe(200);
      expect(await it.ways(), "before any job").toEqual(it.open);
    } finally {
      firm.bus.hold(false);
    }
    await firm.settle();
    expect(await it.ways()).toEqual(it.open);
  });

  it("is a document alone, without its folder", async () => {
    const it = await opened();
    expect((await at.call("DELETE", `documents/${it.documentId}`)).status).toBe(204);
    expect(await it.ways()).toEqual({ staff: [404, 404, 404, 200, 200], client: [404, 200, [it.outer], 2], viewAs: [200, [it.outer]], links: [404, [], 404, []] });
    expect((await at.call("DELETE", `documents/${it.documentId}`)).status).toBe(404);
    expect((await at.call("POST", `documents/${it.documentId}/restore`)).body).toMatchObject({ documentId: it.documentId, name: "Paper.pdf", folderId: it.inner });
    expect(await it.ways()).toEqual(it.open);
    expect(await at.call("POST", `documents/${it.documentId}/restore`)).toMatchObject({ status: 409, body: { code: "conflict" } });
  });

  it("cannot be given, shared, moved, uploaded to or put into", async () => {
    const { outer, inner, documentId } = await opened();
    const loose = await firm.upload(caseId, "Loose.pdf");
    const sibling = await at.folder("Sibling");
    await at.call("DELETE", `folders/${outer}`);
    const announcement = { contentType: "application/pdf", size: 1, sha256: "0".repeat(64) };
    const field = (path: string) => ({ status: 400, body: { errors: [{ path }] } });
    const principal = { contactId: contact.id };
    for (const folderId of [outer, inner]) {
      expect(await at.call("POST", "grants", { principal: { clientId }, resource: { folderId }, level: "read" })).toMatchObject(field("body.resource.folderId"));
      expect(await at.call("POST", "shares", { folderId, recipients: [{ email: "x@elsewhere.example" }] })).toMatchObject(field("body.folderId"));
      expect(await at.call("POST", "folders", { name: "New", parentId: folderId })).toMatchObject(field("body.parentId"));
      expect(await at.call("POST", "documents", { name: "New.pdf", folderId, ...announcement })).toMatchObject(field("body.folderId"));
      expect(await at.patch(`documents/${loose}`, { folderId })).toMatchObject(field("body.folderId"));
      expect(await at.patch(`folders/${sibling}`, { parentId: folderId })).toMatchObject(field("body.parentId"));
      expect((await firm.admin.call("PATCH", of(`folders/${folderId}`), { name: "X" }, { "if-match": '"1"' })).status).toBe(404);
    }
    expect(await at.call("POST", "grants", { principal, resource: { documentId }, level: "read" })).toMatchObject(field("body.resource.documentId"));
    expect(await at.call("POST", "shares", { documentIds: [loose, documentId], recipients: [{ email: "x@elsewhere.example" }] })).toMatchObject(field("body.documentIds.1"));
    expect((await at.call("POST", `documents/${documentId}/versions`, announcement)).status).toBe(404);
    expect((await firm.admin.call("PATCH", of(`documents/${documentId}`), { name: "X" }, { "if-match": '"2"' })).status).toBe(404);
  });

  it("frees its name, and comes back under another or elsewhere where that was taken or its place is gone", async () => {
    const [a, b] = [await at.folder("A"), await at.folder("B")];
    const documentId = await firm.upload(caseId, "Paper.pdf", undefined, a);
    await at.call("DELETE", `documents/${documentId}`);
    const second = await firm.upload(caseId, "paper.PDF", undefined, a);
    expect(await at.call("POST", `documents/${documentId}/restore`)).toMatchObject({ status: 409, body: { errors: [{ path: "body.name", message: "“Paper.pdf” is taken in this folder." }] } });
    expect((await at.call("POST", `documents/${documentId}/restore`, { name: "Paper (2).pdf" })).body).toMatchObject({ name: "Paper (2).pdf", folderId: a });
    await at.call("DELETE", `documents/${documentId}`);
    await at.call("DELETE", `folders/${a}`);
    expect(await at.call("POST", `documents/${documentId}/restore`)).toMatchObject({ status: 409, body: { errors: [{ path: "body.folderId", message: "Is needed: null is the case's root." }] } });
    expect(await at.call("POST", `documents/${documentId}/restore`, { folderId: a })).toMatchObject({ status: 400, body: { errors: [{ path: "body.folderId" }] } });
    expect((await at.call("POST", `documents/${documentId}/restore`, { folderId: b })).body).toMatchObject({ folderId: b });
    // A folder comes back with what was in it, and nowhere into itself.
    const inner = await at.folder("A");
    expect(await at.call("POST", `folders/${a}/restore`)).toMatchObject({ status: 409, body: { errors: [{ path: "body.name" }] } });
    expect((await at.call("POST", `folders/${a}/restore`, { parentId: inner })).body).toMatchObject({ parentId: inner, jobId: expect.stringMatching(/^job_/) });
    expect(await at.inside(a)).toEqual([second]);
    await at.call("DELETE", `folders/${inner}`);
    expect(await at.call("POST", `folders/${inner}/restore`, { parentId: a })).toMatchObject({ status: 400, body: { errors: [{ path: "body.parentId" }] } });
    await at.call("POST", `folders/${inner}/restore`);
    expect(await at.call("POST", `folders/${inner}/restore`)).toMatchObject({ status: 409 });
  });

  it("is listed by who deleted it, when and until when, newest first, page by page", async () => {
    const adviser = await firm.inviteMember("adviser");
    const folders = [await at.folder("A"), await at.folder("B"), await at.folder("C")];
    const documentId = await firm.upload(caseId, "Paper.pdf", undefined, folders[1]);
    expect(await at.trash()).toEqual([]);
    await firm.admin.call("DELETE", of(`documents/${documentId}`), undefined, { "if-match": '"9"' }).then((it) => expect(it.status).toBe(412));
    await at.call("DELETE", `documents/${documentId}`);
    for (const it of folders) await expectOk(adviser.call("DELETE", of(`folders/${it}`)));
    const listed = await at.trash();
    expect(listed.map((it) => it.documentId ?? it.folderId)).toEqual([...folders.toReversed(), documentId]);
    expect(listed[3]).toMatchObject({ kind: "document", documentId, folderId: folders[1], caseId, name: "Paper.pdf", deletedBy: firm.admin.id });
    expect(listed[0]).toMatchObject({ kind: "folder", folderId: folders[2], name: "C", deletedBy: adviser.id });
    expect(Date.parse(listed[0].restorableUntil) - Date.parse(listed[0].deletedAt)).toBe(90 * day);
    const seen: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: any = await at.read(`trash?limit=1${cursor && `&cursor=${encodeURIComponent(cursor)}`}`); // eslint-disable-line @typescript-eslint/no-explicit-any -- as above
      seen.push(...page.items.map((it: { documentId?: string; folderId: string }) => it.documentId ?? it.folderId));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([...folders.toReversed(), documentId]);
    expect(await contact.call("GET", of("trash"))).toMatchObject({ status: 401 });
  });
});
