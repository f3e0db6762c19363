import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk, sha256Of } from "../../local/caller.ts";
import { startTestFirm, type TestFirm } from "./firm.ts";
import { complete, put, verdictEvent, versionNow } from "./probe.ts";

describe("an upload whose uploader may not put it there any more when its bytes come", () => {
  let firm: TestFirm;
  beforeAll(async () => {
    firm = await startTestFirm();
    firm.scanner.mode = "NO_THREATS_FOUND";
  });
  afterAll(() => firm.stop());

  const change = async (path: string, body: object) => expectOk(firm.admin.call("PATCH", path, body, { "if-match": `"${(await expectOk(firm.admin.call("GET", path))).etag}"` }));
  /** Somebody who works on a case of their own with the administrator, and a document that they announced there. */
  const begun = async () => {
    const mate = await firm.inviteMember("adviser");
    const { caseId: own } = await expectOk(firm.admin.call("POST", "/staff/cases", { clientId: await firm.createClient(), reference: "R", title: "T", restricted: true, team: [mate.id] }));
    const bytes = randomBytes(10);
    const { document, version, upload } = await expectOk(mate.call("POST", `/staff/cases/${own}/documents`, { name: "Own.pdf", contentType: "application/pdf", size: bytes.length, sha256: sha256Of(bytes) }));
    const it = { documentId: document.documentId, versionId: version.versionId, key: `${document.documentId}/${version.versionId}`, upload };
    const published = async (): Promise<unknown> => (await expectOk(firm.admin.call("GET", `/staff/cases/${own}/documents/${it.documentId}`))).published;
    return { mate, own, bytes, it, published, path: `/staff/cases/${own}/documents/${it.documentId}/versions/${it.versionId}` };
  };
  const leaving: Readonly<Record<string, (it: Awaited<ReturnType<typeof begun>>) => Promise<unknown>>> = {
    "were suspended": ({ mate }) => change(`/staff/members/${mate.id}`, { suspended: true }),
    "left the team": ({ own }) => change(`/staff/cases/${own}`, { team: [] }),
  };

  it.each(Object.entries(leaving))("is available and not published, since they %s: a colleague publishes it", async (_, leave) => {
    const at = await begun();
    await leave(at);
    expect((await put(at.it, at.bytes)).status, "the URL is good for its time").toBe(200);
    await firm.settle();
    expect([(await versionNow(firm, at.own, at.it))["state"], await at.published()]).toEqual(["available", null]);
    await expectOk(firm.admin.call("POST", `${at.path}/publish`));
    expect(await at.published()).toMatchObject({ versionId: at.it.versionId });
  });

  it.each(Object.entries(leaving))("is not published either where they %s between saying that it is complete and the scan's word", async (_, leave) => {
    const at = await begun();
    firm.scanner.mode = "hold";
    const { s3VersionId } = await put(at.it, at.bytes);
    await expectOk(at.mate.call("POST", `${at.path}/complete`, {}));
    await firm.settle();
    firm.scanner.mode = "NO_THREATS_FOUND";
    await leave(at);
    await firm.bus.publish("default", verdictEvent(firm.bucket, at.it.key, s3VersionId, "NO_THREATS_FOUND"));
    expect([(await versionNow(firm, at.own, at.it))["state"], await at.published()]).toEqual(["available", null]);
  });

  it("is published where a colleague says that it is complete, who answers for it then", async () => {
    const at = await begun();
    await leaving["were suspended"]?.(at);
    firm.bus.hold(true);
    await put(at.it, at.bytes);
    await expectOk(complete(firm, at.own, at.it));
    firm.bus.hold(false);
    await firm.settle();
    expect(await at.published()).toMatchObject({ versionId: at.it.versionId });
  });

  it("is published without a further word where they still may", async () => {
    const at = await begun();
    await put(at.it, at.bytes);
    await firm.settle();
    expect(await at.published()).toMatchObject({ versionId: at.it.versionId });
  });
});
