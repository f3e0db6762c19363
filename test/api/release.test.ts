import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk } from "../../local/caller.ts";
import { mailsTo, mailWith } from "../../local/people.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { announce, complete, put, recordsOf, tagsOf, verdictEvent, versionNow, type Announced } from "./probe.ts";

describe("what the scan could not read", () => {
  let firm: TestFirm;
  let caseId: string;
  let clientId: string;
  let contact: Person;

  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient();
    contact = await firm.inviteContact(clientId);
    caseId = await firm.createCase(clientId);
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { clientId }, resource: {}, level: "read" }));
  });
  afterAll(() => firm.stop());

  const uploaded = async (mode: TestFirm["scanner"]["mode"], more: Readonly<Record<string, unknown>> = {}): Promise<Announced & { s3VersionId: string }> => {
    firm.scanner.mode = mode;
    const bytes = randomBytes(40);
    const it = await announce(firm, caseId, bytes, more);
    const { s3VersionId } = await put(it, bytes);
    await expectOk(complete(firm, caseId, it));
    await firm.settle();
    firm.scanner.mode = "auto";
    return { ...it, s3VersionId };
  };
  const release = (it: Announced, body: unknown = { reason: "The notary encrypts what he sends." }) => firm.admin.call("POST", `/staff/cases/${caseId}/documents/${it.documentId}/versions/${it.versionId}/release`, body);
  const state = async (it: Announced): Promise<string> => (await versionNow(firm, caseId, it))["state"];
  const clientDownload = async (it: Announced): Promise<number> => (await contact.call("POST", `/client/cases/${caseId}/documents/${it.documentId}/download`)).status;
  const say = (it: Announced & { s3VersionId: string }, word: string) => firm.bus.publish("default", verdictEvent(firm.bucket, it.key, it.s3VersionId, word));

  it.each(["UNSUPPORTED", "FAILED", "ACCESS_DENIED"] as const)("is held after %s, and is released by staff for a reason that stays on the version", async (word) => {
    const it = await uploaded("hold");
    await say(it, word);
    expect([await state(it), await clientDownload(it), await tagsOf(firm, it.documentId, it.versionId)]).toEqual(["held", 404, {}]);
    expect((await release(it)).body).toMatchObject({ state: "scanning", released: { by: firm.admin.id, reason: "The notary encrypts what he sends." } });
    await firm.settle();
    expect(await versionNow(firm, caseId, it)).toMatchObject({ state: "available", scanned: false, released: { by: firm.admin.id, at: expect.any(String), reason: "The notary encrypts what he sends." } });
    expect([await clientDownload(it), await tagsOf(firm, it.documentId, it.versionId)]).toEqual([200, { released: "yes" }]);
    // Saying it again keeps the first reason.
    expect((await release(it, { reason: "Another." })).body).toMatchObject({ state: "available", released: { reason: "The notary encrypts what he sends." } });
    const records = (await recordsOf(firm)).filter((record) => record["action"] === "versions.release" && record["about"].versionId === it.versionId && record["result"] === "granted");
    expect(records).toMatchObject([{ who: { kind: "member", id: firm.admin.id }, about: { caseId, clientId, documentId: it.documentId } }, {}]);
    // The register holds ids: words that staff chose are no part of what is kept for years.
    expect(JSON.stringify(records)).not.toContain("notary");
  });

  it("says in every list that nobody scanned it", async () => {
    const it = await uploaded("UNSUPPORTED", { name: "Unread.pdf" });
    await expectOk(release(it));
    await firm.settle();
    const ofStaff = (await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/items?limit=100`))).items;
    const ofClient = (await expectOk(contact.call("GET", `/client/cases/${caseId}/items?limit=100`))).items;
    const named = (items: { name: string }[]) => items.find(({ name }) => name === "Unread.pdf");
    expect(named(ofStaff)).toMatchObject({ published: { scanned: false } });
    expect(named(ofClient)).toMatchObject({ scanned: false });
  });

  it("needs a reason", async () => {
    const it = await uploaded("FAILED");
    for (const body of [{}, { reason: "" }, { reason: " " }, { reason: "x".repeat(1001) }, { reason: 1 }]) expect(await release(it, body)).toMatchObject({ status: 400, body: { errors: [{ path: "body.reason" }] } });
    expect(await state(it)).toBe("held");
  });

  it("is not what is clean, on its way, or not there", async () => {
    const clean = await uploaded("NO_THREATS_FOUND");
    expect((await release(clean)).status).toBe(409);
    const waiting = await uploaded("hold");
    expect((await release(waiting)).status).toBe(409);
    const unsent = await announce(firm, caseId, randomBytes(10));
    expect((await release(unsent)).status).toBe(409);
    expect((await release({ ...unsent, versionId: clean.versionId })).status).toBe(404);
  });

  it("is never what has threats: not before, and not after it was released", async () => {
    const infected = await uploaded("THREATS_FOUND");
    expect((await release(infected)).status).toBe(423);
    const it = await uploaded("UNSUPPORTED");
    await expectOk(release(it));
    await firm.settle();
    expect(await clientDownload(it)).toBe(200);
    await say(it, "THREATS_FOUND");
    expect([await state(it), await clientDownload(it), (await release(it)).status]).toEqual(["quarantined", 404, 423]);
  });

  it("is available when the scan finds it clean after all, whichever word comes first", async () => {
    for (const words of [["FAILED", "NO_THREATS_FOUND"], ["NO_THREATS_FOUND", "FAILED"]]) {
      const it = await uploaded("hold");
      for (const word of words) await say(it, word);
      expect([words, (await versionNow(firm, caseId, it))["state"], (await versionNow(firm, caseId, it))["scanned"]]).toEqual([words, "available", true]);
    }
  });

  describe("and threats", () => {
    it("are told to the case's adviser by mail, once, whether the version was published or not", async () => {
      const adviser = await firm.inviteMember("adviser");
      const own = await expectOk(firm.admin.call("POST", "/staff/cases", { clientId, reference: "2026/0777", title: "T", adviserId: adviser.id }));
      const here = caseId;
      caseId = own.caseId;
      try {
        const infected = await uploaded("THREATS_FOUND", { name: "Factura.pdf.exe" });
        const alarm = /expediente 2026\/0777[^]*Documento: (.+)/;
        expect((await mailWith(firm.mail, adviser.email, alarm))[1]).toBe("Factura.pdf.exe");
        for (let time = 0; time < 2; time++) await say(infected, "THREATS_FOUND");
        const later = await uploaded("NO_THREATS_FOUND", { name: "Clean at first.pdf" });
        await say(later, "THREATS_FOUND");
        await mailWith(firm.mail, adviser.email, /Documento: Clean at first\.pdf/);
        await firm.settle();
        expect((await mailsTo(firm.mail, adviser.email)).filter(({ text }) => alarm.test(text))).toHaveLength(2);
        expect((await recordsOf(firm)).filter((record) => record["action"] === "version.quarantined" && record["about"].caseId === own.caseId)).toHaveLength(2);
      } finally {
        caseId = here;
      }
    });

    it("are told to the team when the adviser is suspended", async () => {
      const [adviser, colleague] = [await firm.inviteMember("adviser"), await firm.inviteMember("adviser")];
      const own = await expectOk(firm.admin.call("POST", "/staff/cases", { clientId, reference: "2026/0778", title: "T", adviserId: adviser.id, team: [colleague.id] }));
      const { etag } = await expectOk(firm.admin.call("GET", `/staff/members/${adviser.id}`));
      await expectOk(firm.admin.call("PATCH", `/staff/members/${adviser.id}`, { suspended: true }, { "if-match": `"${etag}"` }));
      const here = caseId;
      caseId = own.caseId;
      try {
        await uploaded("THREATS_FOUND");
        await mailWith(firm.mail, colleague.email, /expediente 2026\/0778/);
        expect((await mailsTo(firm.mail, adviser.email)).filter(({ text }) => text.includes("2026/0778"))).toEqual([]);
      } finally {
        caseId = here;
      }
    });
  });
});

describe("a firm that scans nothing", () => {
  let firm: TestFirm;
  beforeAll(async () => { firm = await startTestFirm({}, { malwareScan: "off" }); });
  afterAll(() => firm.stop());

  it("has its documents at once, and every listing says that nobody scanned them", async () => {
    firm.scanner.mode = "hold";
    const clientId = await firm.createClient();
    const contact = await firm.inviteContact(clientId);
    const caseId = await firm.createCase(clientId);
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { clientId }, resource: {}, level: "upload" }));
    const documentId = await firm.upload(caseId, "Unscanned.pdf");
    const get = (path: string) => expectOk(firm.admin.call("GET", path));
    expect((await get(`/staff/cases/${caseId}/documents/${documentId}/versions`)).items).toMatchObject([{ state: "available", scanned: false }]);
    expect((await get(`/staff/cases/${caseId}/documents/${documentId}`)).published).toMatchObject({ scanned: false });
    expect((await get(`/staff/cases/${caseId}/items`)).items).toMatchObject([{ published: { scanned: false } }]);
    expect((await expectOk(contact.call("GET", `/client/cases/${caseId}/items`))).items).toMatchObject([{ scanned: false }]);
    const mine = await expectOk(contact.call("POST", `/client/cases/${caseId}/documents`, { name: "Mine.pdf", contentType: "application/pdf", size: 1, sha256: "a".repeat(64) }));
    expect(mine.version).toMatchObject({ scanned: false });
  });
});
