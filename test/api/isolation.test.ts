import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk, type Answer } from "../../local/caller.ts";
import { newId } from "../../lib/domain/ids.ts";
import { routeNames, routes } from "../../lib/http/routes.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { rounds } from "./rounds.ts";

const sameBytes = (answer: Answer): string => JSON.stringify({ ...answer.body, instance: "" }) + JSON.stringify([...answer.headers].filter(([name]) => !["x-request-id", "date"].includes(name)));

interface Side { readonly clientId: string; readonly contact: Person; readonly caseId: string; readonly folderId: string; readonly inner: string; readonly documentId: string; readonly loose: string; readonly grantId: string }

describe("what is another's does not exist", () => {
  let firm: TestFirm;
  let ours: Side;
  let theirs: Side;
  const give = async (caseId: string, principal: object, resource: object, more: object = {}): Promise<string> =>
    (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal, resource, level: "read", ...more }))).grantId;
  const folder = async (caseId: string, name: string, more: object = {}): Promise<string> => (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name, ...more }))).folderId;
  const side = async (): Promise<Side> => {
    const clientId = await firm.createClient();
    const contact = await firm.inviteContact(clientId);
    const caseId = await firm.createCase(clientId);
    const folderId = await folder(caseId, "Folder");
    const inner = await folder(caseId, "Inner", { parentId: folderId });
    const documentId = await firm.upload(caseId, "In the folder.pdf", Buffer.from("bytes"), folderId);
    const loose = await firm.upload(caseId, "In the root.pdf", Buffer.from("more bytes"));
    return { clientId, contact, caseId, folderId, inner, documentId, loose, grantId: await give(caseId, { clientId }, {}) };
  };
  beforeAll(async () => {
    firm = await startTestFirm();
    [ours, theirs] = [await side(), await side()];
  });
  afterAll(() => firm.stop());

  const absent = { caseId: newId("case", new Date()), folderId: newId("folder", new Date()), documentId: newId("document", new Date()) };

  it("opens everything to its own contact, so that the refusals below mean something", async () => {
    for (const it of [ours, theirs]) {
      expect((await expectOk(it.contact.call("GET", "/client/cases"))).items.map((kase: { caseId: string }) => kase.caseId)).toEqual([it.caseId]);
      for (const path of ["", "/timeline", "/items", `/items?folderId=${it.folderId}`, `/items?folderId=${it.inner}`]) expect((await it.contact.call("GET", `/client/cases/${it.caseId}${path}`)).status, path).toBe(200);
      for (const id of [it.documentId, it.loose]) expect((await it.contact.call("POST", `/client/cases/${it.caseId}/documents/${id}/download`)).status).toBe(200);
    }
  });

  it("answers every client route with another's ids, in any mixture, with the bytes of ids that nothing has", async () => {
    const tried: string[] = [];
    for (const name of routeNames.filter((it) => routes[it].audience === "client" && routes[it].path.includes("{"))) {
      const { method, path } = routes[name];
      const fill = (caseId: string, documentId: string): string => path.replace("{caseId}", caseId).replace("{documentId}", documentId).replace("{versionId}", `ver_${"0".repeat(26)}`);
      const body = name === "client.announce" ? { name: "X", contentType: "text/plain", size: 1, sha256: "0".repeat(64) } : name === "client.sign-parts" ? { parts: [{ partNumber: 1, sha256: "0".repeat(64) }] } : undefined;
      const nothing = await ours.contact.call(method, fill(absent.caseId, absent.documentId), body);
      expect(nothing, name).toMatchObject({ status: 404, body: { code: "not_found" } });
      const paths = path.includes("{documentId}")
        ? [ours, theirs].flatMap((it) => [fill(theirs.caseId, it.documentId), fill(theirs.caseId, it.loose), fill(absent.caseId, it.documentId)])
          .concat(fill(ours.caseId, theirs.documentId), fill(ours.caseId, theirs.loose), fill(ours.caseId, absent.documentId), fill(theirs.caseId, absent.documentId), fill("x", "y"), fill(ours.caseId, ours.caseId), fill(ours.caseId, "%2e%2e"), fill(`${ours.caseId}%0A`, ours.documentId))
        : [fill(theirs.caseId, ""), fill("x", ""), fill("%2e%2e", ""), fill(theirs.caseId.toUpperCase(), ""), fill(`${ours.caseId}%00`, ""), fill(`${ours.caseId}%23CASE`, "")];
      for (const it of paths) {
        expect(sameBytes(await ours.contact.call(method, it, body)), `${name} ${it}`).toBe(sameBytes(nothing));
        tried.push(it);
      }
    }
    expect(tried.length).toBeGreaterThan(30);
  });

  it("opens no folder by way of another case, nor a case by way of a folder", async () => {
    const nothing = await ours.contact.call("GET", `/client/cases/${absent.caseId}/items?folderId=${absent.folderId}`);
    for (const [caseId, folderId] of [[theirs.caseId, theirs.folderId], [theirs.caseId, ours.folderId], [ours.caseId, theirs.folderId], [ours.caseId, theirs.inner], [ours.caseId, absent.folderId], [theirs.caseId, absent.folderId], [absent.caseId, ours.folderId]])
      expect(sameBytes(await ours.contact.call("GET", `/client/cases/${caseId}/items?folderId=${folderId}`)), `${caseId} ${folderId}`).toBe(sameBytes(nothing));
  });

  it("tells staff nothing of a document, folder, version or grant under another case", async () => {
    const version = async (it: Side): Promise<string> => (await expectOk(firm.admin.call("GET", `/staff/cases/${it.caseId}/documents/${it.documentId}/versions`))).items[0].versionId;
    const [own, other] = [await version(ours), await version(theirs)];
    const tries = [
      ["GET", `/staff/cases/${ours.caseId}/documents/${theirs.documentId}`], ["POST", `/staff/cases/${ours.caseId}/documents/${theirs.documentId}/download`], ["GET", `/staff/cases/${ours.caseId}/documents/${theirs.documentId}/versions`],
      ["POST", `/staff/cases/${ours.caseId}/documents/${theirs.documentId}/versions/${other}/complete`], ["POST", `/staff/cases/${ours.caseId}/documents/${theirs.documentId}/versions/${other}/publish`],
      ["POST", `/staff/cases/${ours.caseId}/documents/${ours.documentId}/versions/${other}/publish`], ["POST", `/staff/cases/${ours.caseId}/documents/${ours.loose}/versions/${own}/publish`], ["POST", `/staff/cases/${ours.caseId}/documents/${ours.loose}/versions/${own}/complete`],
      ["GET", `/staff/cases/${ours.caseId}/folders/${theirs.folderId}`], ["GET", `/staff/cases/${ours.caseId}/items?folderId=${theirs.folderId}`], ["DELETE", `/staff/cases/${ours.caseId}/grants/${theirs.grantId}`],
    ] as const;
    for (const [method, path] of tries) expect(await firm.admin.call(method, path), `${method} ${path}`).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await firm.admin.call("POST", `/staff/cases/${ours.caseId}/documents/${ours.documentId}/download`, { versionId: other })).toMatchObject({ status: 404 });
    expect((await theirs.contact.call("GET", `/client/cases/${theirs.caseId}`)).status).toBe(200);
    for (const [body, field] of [
      [{ principal: { clientId: ours.clientId }, resource: { folderId: theirs.folderId }, level: "read" }, "body.resource.folderId"], [{ principal: { clientId: ours.clientId }, resource: { documentId: theirs.documentId }, level: "read" }, "body.resource.documentId"],
      [{ principal: { clientId: theirs.clientId }, resource: {}, level: "read" }, "body.principal.clientId"], [{ principal: { contactId: theirs.contact.id }, resource: {}, level: "read" }, "body.principal.contactId"],
      [{ principal: { contactId: newId("contact", new Date()) }, resource: {}, level: "read" }, "body.principal.contactId"],
    ] as const) expect(await firm.admin.call("POST", `/staff/cases/${ours.caseId}/grants`, body)).toMatchObject({ status: 400, body: { code: "invalid_request", errors: [{ path: field }] } });
    for (const [path, body] of [["folders", { name: "x", parentId: theirs.folderId }], ["documents", { name: "x", folderId: theirs.folderId, contentType: "text/plain", size: 1, sha256: "0".repeat(64) }]] as const)
      expect(await firm.admin.call("POST", `/staff/cases/${ours.caseId}/${path}`, body)).toMatchObject({ status: 400, body: { errors: [{ path: path === "folders" ? "body.parentId" : "body.folderId" }] } });
  });

  it("shows a client no other participant, no staff address, no storage key and nothing internal", async () => {
    await expectOk(firm.admin.call("POST", `/staff/cases/${ours.caseId}/timeline`, { text: "INTERNAL NOTE", visibleToClient: false }));
    const texts = await Promise.all(["/client/me", "/client/cases", "/client/shared-with-me", ...["", "/timeline", "/items", `/items?folderId=${ours.folderId}`].map((it) => `/client/cases/${ours.caseId}${it}`)].map(async (path) => JSON.stringify((await ours.contact.call("GET", path)).body)));
    for (const text of texts) {
      for (const secret of [firm.admin.email, firm.admin.id, theirs.contact.id, theirs.clientId, theirs.caseId, "INTERNAL NOTE", firm.bucket, "s3VersionId", "nameKey", "revision", "clientIds", "givenBy", "folderPath", "ancestors"]) expect(text).not.toContain(secret);
    }
  });

  it("is gone with a revoked grant: the next request is 404 and the case leaves the list at once, many times", async () => {
    const clientId = await firm.createClient();
    const contact = await firm.inviteContact(clientId);
    const caseId = await firm.createCase(clientId);
    const documentId = await firm.upload(caseId, "Paper.pdf");
    for (let round = 0; round < rounds(50); round++) {
      const grantId = await give(caseId, round % 2 ? { clientId } : { contactId: contact.id }, round % 3 ? { documentId } : {});
      expect((await contact.call("POST", `/client/cases/${caseId}/documents/${documentId}/download`)).status, `round ${round}`).toBe(200);
      expect((await firm.admin.call("DELETE", `/staff/cases/${caseId}/grants/${grantId}`)).status).toBe(204);
      const [download, read, cases, shared] = await Promise.all([
        contact.call("POST", `/client/cases/${caseId}/documents/${documentId}/download`), contact.call("GET", `/client/cases/${caseId}`), contact.call("GET", "/client/cases"), contact.call("GET", "/client/shared-with-me"),
      ]);
      expect([download.status, read.status, cases.body.items, shared.body.items], `round ${round}`).toEqual([404, 404, [], []]);
    }
    expect((await firm.admin.call("GET", `/staff/cases/${caseId}/grants`)).body.items).toEqual([]);
  });

  it("keeps the case for whoever holds another grant in it", async () => {
    const clientId = await firm.createClient();
    const contact = await firm.inviteContact(clientId);
    const caseId = await firm.createCase(clientId);
    const documentId = await firm.upload(caseId, "Paper.pdf");
    const [first, second] = [await give(caseId, { clientId }, {}), await give(caseId, { contactId: contact.id }, { documentId })];
    await firm.admin.call("DELETE", `/staff/cases/${caseId}/grants/${first}`);
    expect((await contact.call("GET", "/client/cases")).body.items).toHaveLength(1);
    expect((await contact.call("GET", `/client/cases/${caseId}/timeline`)).status).toBe(404);
    expect((await contact.call("GET", `/client/cases/${caseId}/items`)).body.items).toMatchObject([{ documentId }]);
    expect((await firm.admin.call("DELETE", `/staff/cases/${caseId}/grants/${first}`)).status).toBe(404);
    await firm.admin.call("DELETE", `/staff/cases/${caseId}/grants/${second}`);
    expect((await contact.call("GET", "/client/cases")).body.items).toEqual([]);
  });

  it("is gone when a grant is over: lists and reads alike, to the millisecond that was said", async () => {
    const clientId = await firm.createClient();
    const contact = await firm.inviteContact(clientId);
    const caseId = await firm.createCase(clientId);
    const documentId = await firm.upload(caseId, "Paper.pdf");
    const expiresAt = new Date(firm.clock().getTime() + 3_600_000).toISOString();
    await give(caseId, { contactId: contact.id }, {}, { expiresAt });
    const look = (): Promise<Answer[]> => Promise.all([
      contact.call("GET", `/client/cases/${caseId}`), contact.call("GET", `/client/cases/${caseId}/items`), contact.call("GET", `/client/cases/${caseId}/timeline`), contact.call("POST", `/client/cases/${caseId}/documents/${documentId}/download`),
    ]);
    try {
      expect((await look()).map((it) => it.status)).toEqual([200, 200, 200, 200]);
      firm.clock.offset = Date.parse(expiresAt) - Date.now();
      expect((await look()).map((it) => it.status)).toEqual([404, 404, 404, 404]);
      expect((await contact.call("GET", "/client/cases")).body.items).toEqual([]);
      expect((await contact.call("GET", "/client/shared-with-me")).body.items).toEqual([]);
      // Another grant without an end opens it again, although the first is still there.
      await give(caseId, { clientId }, { documentId });
      expect((await look()).map((it) => it.status)).toEqual([200, 200, 404, 200]);
      expect((await contact.call("GET", "/client/cases")).body.items).toHaveLength(1);
    } finally {
      firm.clock.offset = 0;
    }
  });

  it("refuses an end that is over already, and one that is none", async () => {
    for (const expiresAt of [new Date(Date.now() - 1).toISOString(), "2026-11-31T00:00:00.000Z", "2027-01-01", "tomorrow", 1, "2027-01-01T00:00:00Z", "+027-01-01T00:00:00.000Z"])
      expect(await firm.admin.call("POST", `/staff/cases/${ours.caseId}/grants`, { principal: { contactId: ours.contact.id }, resource: {}, level: "read", expiresAt }), String(expiresAt)).toMatchObject({ status: 400, body: { errors: [{ path: "body.expiresAt" }] } });
  });

  it("refuses to give twice what somebody holds, one after the other or at once", async () => {
    const body = { principal: { contactId: ours.contact.id }, resource: { folderId: ours.inner }, level: "read" };
    const answers = await Promise.all(Array.from({ length: 4 }, () => firm.admin.call("POST", `/staff/cases/${ours.caseId}/grants`, body)));
    expect(answers.map((it) => it.status).toSorted()).toEqual([201, 409, 409, 409]);
    expect(await firm.admin.call("POST", `/staff/cases/${ours.caseId}/grants`, body)).toMatchObject({ status: 409, body: { code: "conflict" } });
  });

  it("counts grants right when many are given and revoked at the same moment", async () => {
    const clientId = await firm.createClient();
    const contact = await firm.inviteContact(clientId);
    const caseId = await firm.createCase(clientId);
    const folders = await Promise.all(Array.from({ length: 6 }, (_, index) => folder(caseId, `F${index}`)));
    let open = (await Promise.all(folders.map((folderId) => firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { contactId: contact.id }, resource: { folderId }, level: "read" })))).flatMap((it) => (it.status === 201 ? [it.body.grantId as string] : []));
    expect(open.length).toBeGreaterThan(0);
    for (let round = 0; round < 20 && open.length > 0; round++) {
      expect((await contact.call("GET", "/client/cases")).body.items).toHaveLength(1);
      const answers = await Promise.all(open.map(async (grantId) => ({ grantId, status: (await firm.admin.call("DELETE", `/staff/cases/${caseId}/grants/${grantId}`)).status })));
      // No door stays open because another is shut at the same moment, however busy the table is said to be.
      for (const { status } of answers) expect([204, 503]).toContain(status);
      open = answers.filter((it) => it.status !== 204).map((it) => it.grantId);
    }
    expect(open).toEqual([]);
    expect((await contact.call("GET", "/client/cases")).body.items).toEqual([]);
  });
});
