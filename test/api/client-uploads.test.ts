import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk, sendBytes, sha256Of } from "../../local/caller.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { announceInParts, large, sendParts } from "./in-parts.ts";
import { announce, put, recordsOf, verdictEvent } from "./probe.ts";

describe("what contacts upload", () => {
  let firm: TestFirm;
  let clientId: string;
  let contact: Person;
  let colleague: Person;
  let stranger: Person;
  let caseId: string;
  let folderId: string;
  let readable: string;

  beforeAll(async () => {
    firm = await startTestFirm({ maxUploadBytes: 1024 ** 3 });
    firm.scanner.mode = "NO_THREATS_FOUND";
    clientId = await firm.createClient();
    [contact, colleague, stranger] = [await firm.inviteContact(clientId), await firm.inviteContact(clientId), await firm.inviteContact(await firm.createClient())];
    caseId = await firm.createCase(clientId);
    ({ folderId } = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "Para enviar" })));
    ({ folderId: readable } = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "Para leer" })));
    await give({ clientId }, { folderId }, "upload");
    await give({ contactId: contact.id }, { folderId: readable }, "read");
  });
  afterAll(() => firm.stop());

  const give = async (principal: object, resource: object, level: string): Promise<string> => (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal, resource, level }))).grantId;
  const revoke = async (grantId: string) => expectOk(firm.admin.call("DELETE", `/staff/cases/${caseId}/grants/${grantId}`));
  const documents = () => `/client/cases/${caseId}/documents`;
  let names = 0;
  const bodyFor = (bytes: Buffer, more: Readonly<Record<string, unknown>> = {}) => ({ folderId, name: `Nómina ${++names}.pdf`, contentType: "application/pdf", size: bytes.length, sha256: sha256Of(bytes), ...more });
  const announces = (who: Person, bytes: Buffer, more: Readonly<Record<string, unknown>> = {}) => who.call("POST", documents(), bodyFor(bytes, more));
  const verbs = (path: string) => [["POST", `${path}/complete`, {}], ["POST", `${path}/abort`, undefined], ["GET", `${path}/parts`, undefined], ["POST", `${path}/parts`, { parts: [{ partNumber: 1, sha256: "a".repeat(64) }] }]] as const;
  const pathOf = ({ document, version }: { document: { documentId: string }; version: { versionId: string } }) => `${documents()}/${document.documentId}/versions/${version.versionId}`;
  /** The same answer, whoever asks for whatever is not there: without the request's own id. */
  const bytesOf = ({ body }: { body: Record<string, unknown> }) => JSON.stringify({ ...body, instance: "" });

  it("lies in the folder for whoever may read it, and its record says who brought it", async () => {
    const bytes = randomBytes(300);
    const announced = await expectOk(announces(contact, bytes, { name: "Contrato.pdf" }));
    expect(Object.keys(announced.version)).not.toContain("uploadedBy");
    expect(JSON.stringify([announced.document, announced.version])).not.toMatch(/mem_|draft/);
    await sendBytes(announced.upload, bytes);
    const completed = await expectOk(contact.call("POST", `${pathOf(announced)}/complete`));
    expect(completed).toMatchObject({ versionId: announced.version.versionId, sha256: sha256Of(bytes) });
    await firm.settle();
    // Saying it again is how a client learns how far it is.
    expect((await expectOk(contact.call("POST", `${pathOf(announced)}/complete`))).state).toBe("available");
    const { items } = await expectOk(colleague.call("GET", `/client/cases/${caseId}/items?folderId=${folderId}`));
    expect(items).toMatchObject([{ kind: "document", name: "Contrato.pdf", size: 300 }]);
    const { url } = await expectOk(colleague.call("POST", `${documents()}/${announced.document.documentId}/download`));
    expect(Buffer.from(await (await fetch(url)).arrayBuffer())).toEqual(bytes);
    const [version] = (await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/documents/${announced.document.documentId}/versions`))).items;
    expect(version).toMatchObject({ uploadedBy: contact.id, state: "available" });
    const records = (await recordsOf(firm)).filter((it) => it["about"].documentId === announced.document.documentId && it["who"].kind === "contact");
    expect(records.slice(0, 2)).toMatchObject([
      { action: "client.announce", who: { id: contact.id }, about: { caseId, clientId, versionId: announced.version.versionId }, result: "granted" },
      { action: "client.complete", who: { id: contact.id } },
    ]);
  });

  it("comes in parts where it is large, and goes on by who began it", async () => {
    const it = await announceInParts(contact.call, documents(), { folderId });
    await sendParts(contact.call, it, [1, 2, 3]);
    expect((await expectOk(contact.call("GET", `${it.path}/parts`))).items).toHaveLength(3);
    await sendParts(contact.call, it, [4, 5, 6, 7]);
    await expectOk(contact.call("POST", `${it.path}/complete`));
    await firm.settle();
    const { url, size } = await expectOk(contact.call("POST", `${it.document}/download`));
    expect([size, sha256Of(new Uint8Array(await (await fetch(url)).arrayBuffer()))]).toEqual([large.length, sha256Of(large)]);
  });

  it("is one upload when it is announced twice under one key", async () => {
    const body = bodyFor(randomBytes(10));
    const [one, two] = await Promise.all([0, 1].map(() => expectOk(contact.call("POST", documents(), body, { "idempotency-key": "client" }))));
    expect(one.version.versionId).toBe(two.version.versionId);
    await expectOk(contact.call("POST", `${pathOf(one)}/abort`));
  });

  it("goes where they were given `upload`: the case's root if that is the case, never where they only read, and elsewhere there is nothing", async () => {
    const bytes = randomBytes(10);
    expect((await announces(contact, bytes, { folderId: readable })).status).toBe(403);
    const nowhere = await announces(contact, bytes, { folderId: `fol_${"0".repeat(26)}` });
    const closed = (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "Interno" }))).folderId;
    const refused = [nowhere, await announces(contact, bytes, { folderId: closed }), await announces(contact, bytes, { folderId: undefined }), await announces(stranger, bytes), await announces(stranger, bytes, { folderId: undefined }),
      await contact.call("POST", `/client/cases/cas_${"0".repeat(26)}/documents`, bodyFor(bytes))];
    expect(refused.map((it) => it.status)).toEqual([404, 404, 404, 404, 404, 404]);
    expect(new Set(refused.map(bytesOf)).size).toBe(1);
    const grantId = await give({ contactId: contact.id }, {}, "upload");
    const { document } = await expectOk(announces(contact, bytes, { folderId: undefined }));
    expect(document.folderId).toBeUndefined();
    // What is given with the case reaches its folders, until one stops it.
    await expectOk(announces(contact, bytes, { folderId: closed }));
    const walled = (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "Cerrado", inherit: false }))).folderId;
    expect((await announces(contact, bytes, { folderId: walled })).status).toBe(404);
    await revoke(grantId);
    expect((await announces(contact, bytes, { folderId: undefined })).status).toBe(404);
  });

  it("finds its folder while it is being moved", async () => {
    const [from, to] = await Promise.all(["Desde", "Hasta"].map(async (name) => expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name }))));
    const moved = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "De paso", parentId: from.folderId }));
    await give({ contactId: contact.id }, { folderId: moved.folderId }, "upload");
    const answers = await Promise.all([
      ...Array.from({ length: 6 }, () => announces(contact, randomBytes(10), { folderId: moved.folderId })),
      firm.admin.call("PATCH", `/staff/cases/${caseId}/folders/${moved.folderId}`, { parentId: to.folderId }, { "if-match": `"${moved.etag}"` }),
    ]);
    expect(answers.map((it) => it.status)).toEqual([201, 201, 201, 201, 201, 201, 200]);
  });

  it("is theirs alone until it is there: nobody else's upload exists for them, not even a colleague's or the firm's", async () => {
    const bytes = randomBytes(10);
    const mine = await expectOk(announces(contact, bytes));
    const firms = await announce(firm, caseId, bytes, { folderId });
    const ofFirm = `${documents()}/${firms.documentId}/versions/${firms.versionId}`;
    const answers = [];
    for (const [who, path] of [[colleague, pathOf(mine)], [stranger, pathOf(mine)], [contact, ofFirm], [contact, `${documents()}/${mine.document.documentId}/versions/${firms.versionId}`], [contact, `${documents()}/${firms.documentId}/versions/${mine.version.versionId}`]] as const)
      for (const [method, verb, body] of verbs(path)) answers.push(await who.call(method, verb, body));
    expect([...new Set(answers.map((it) => it.status))]).toEqual([404]);
    expect(new Set(answers.map(bytesOf)).size).toBe(1);
    await sendBytes(mine.upload, bytes);
    await expectOk(contact.call("POST", `${pathOf(mine)}/complete`));
    await put(firms, bytes);
  });

  it("stops with the grant: what was begun cannot be finished, and is given back when the grant is", async () => {
    const own = (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "Por unos días" }))).folderId;
    const grantId = await give({ contactId: contact.id }, { folderId: own }, "upload");
    const bytes = randomBytes(10);
    const begun = await expectOk(announces(contact, bytes, { folderId: own }));
    await sendBytes(begun.upload, bytes);
    await revoke(grantId);
    for (const [method, path, body] of verbs(pathOf(begun))) expect((await contact.call(method, path, body)).status).toBe(404);
    const read = await give({ contactId: contact.id }, { folderId: own }, "read");
    expect((await contact.call("POST", `${pathOf(begun)}/complete`)).status).toBe(404);
    await revoke(read);
    await give({ contactId: contact.id }, { folderId: own }, "upload");
    await expectOk(contact.call("POST", `${pathOf(begun)}/complete`));
  });

  it("whose bytes come after the grant is gone, or the person, is published by nobody but staff", async () => {
    const own = (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "Cerrada pronto" }))).folderId;
    await give({ contactId: colleague.id }, { folderId: own }, "read");
    const grantId = await give({ contactId: contact.id }, { folderId: own }, "upload");
    const bytes = randomBytes(10);
    const [late, later] = [await expectOk(announces(contact, bytes, { folderId: own })), await expectOk(announces(contact, bytes, { folderId: own }))];
    await revoke(grantId);
    for (const it of [late, later]) await sendBytes(it.upload, bytes);
    await firm.settle();
    const seen = async () => (await expectOk(colleague.call("GET", `/client/cases/${caseId}/items?folderId=${own}`))).items.map((it: { documentId: string }) => it.documentId);
    expect(await seen()).toEqual([]);
    const staff = pathOf(late).replace("/client/", "/staff/");
    expect((await expectOk(firm.admin.call("GET", staff.slice(0, staff.lastIndexOf("/"))))).items).toMatchObject([{ state: "available" }]);
    await expectOk(firm.admin.call("POST", `${staff}/publish`));
    expect(await seen()).toEqual([late.document.documentId]);
    // Given again, they say what they could not say then.
    await give({ contactId: contact.id }, { folderId: own }, "upload");
    await expectOk(contact.call("POST", `${pathOf(later)}/complete`));
    await firm.settle();
    expect((await seen()).toSorted()).toEqual([late.document.documentId, later.document.documentId].toSorted());
  });

  it.each(["grant", "person"] as const)("is published by nobody but staff where the %s is gone before the scan has spoken", async (what) => {
    const own = (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: `Antes del escaneo: ${what}` }))).folderId;
    const who = await firm.inviteContact(clientId);
    const grantId = await give({ contactId: who.id }, { folderId: own }, "upload");
    const bytes = randomBytes(10);
    firm.scanner.mode = "hold";
    const it = await expectOk(announces(who, bytes, { folderId: own }));
    const { s3VersionId } = await put(it, bytes);
    await expectOk(who.call("POST", `${pathOf(it)}/complete`));
    await firm.settle();
    firm.scanner.mode = "NO_THREATS_FOUND";
    if (what === "grant") await revoke(grantId);
    else await expectOk(firm.admin.call("PATCH", `/staff/contacts/${who.id}`, { suspended: true }, { "if-match": `"${(await expectOk(firm.admin.call("GET", `/staff/contacts/${who.id}`))).etag}"` }));
    await firm.bus.publish("default", verdictEvent(firm.bucket, `${it.document.documentId}/${it.version.versionId}`, s3VersionId, "NO_THREATS_FOUND"));
    const document = `/staff/cases/${caseId}/documents/${it.document.documentId}`;
    expect((await expectOk(firm.admin.call("GET", `${document}/versions`))).items).toMatchObject([{ state: "available" }]);
    expect((await expectOk(firm.admin.call("GET", document))).published).toBeNull();
  });

  it("is a document and nothing else: no draft, no other version, no folder, no change of what is there", async () => {
    const bytes = randomBytes(10);
    expect(await announces(contact, bytes, { draft: true })).toMatchObject({ status: 400, body: { errors: [{ path: "body.draft" }] } });
    const { document, version } = await expectOk(announces(contact, bytes, { name: "Once.pdf" }));
    expect(await announces(contact, bytes, { name: "ONCE.pdf" })).toMatchObject({ status: 409, body: { errors: [{ path: "body.name" }] } });
    for (const [method, path] of [["POST", `${documents()}/${document.documentId}/versions`], ["POST", `/client/cases/${caseId}/folders`], ["PATCH", `${documents()}/${document.documentId}`], ["DELETE", `${documents()}/${document.documentId}`]] as const)
      expect([404, 405]).toContain((await contact.call(method, path, {})).status);
    await expectOk(contact.call("POST", `${documents()}/${document.documentId}/versions/${version.versionId}/abort`));
    await expectOk(announces(contact, bytes, { name: "once.pdf" }));
  });
});
