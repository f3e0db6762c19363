import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { linkHashOf } from "../../lib/usecases/shares.ts";
import { expectOk, sha256Of } from "../../local/caller.ts";
import { formOf, submit } from "./firm.ts";
import { announce, complete, documentClient, put, raw, scan } from "./probe.ts";
import { caseTitle, json, names, reserveFolder } from "./reserved-folder.ts";
import { filingOf } from "./tree.ts";

const { firm, caseId, folderId, inner, closed, ids, bytes, cookieOf, download } = await reserveFolder();

describe("a shared folder", () => {
  afterAll(() => firm.stop());

  it("shows what lies in it, and nothing above, beside, closed or unpublished", async () => {
    const { path } = await firm.share(caseId, { folderId });
    const cookie = await cookieOf(path);
    const { html } = await formOf(firm, path, cookie);
    for (const word of [names.deed, "Dentro", ids.deed]) expect(html).toContain(word);
    for (const word of [names.inner, names.closed, names.beside, names.above, names.draft, "Cerrada", "Hermana", "Todo", caseTitle]) expect(html).not.toContain(word);
    expect((await formOf(firm, `${path}?folder=${inner}`, cookie)).html).toContain(names.inner);
    const folders = (await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/items`))).items;
    for (const query of [`folder=${closed}`, `folder=${folders[0].folderId}`, "folder=fol_00000000000000000000000000", "folder=x", "cursor=x", "other=1", `folder=${inner}&cursor=AAAA`])
      expect((await raw(firm, "GET", `${path}?${query}`, { cookie })).status, query).toBe(404);
    for (const key of ["deed", "inner"] as const) {
      const answer = await download(path, ids[key], cookie);
      expect(answer.status, key).toBe(303);
      expect(sha256Of(Buffer.from(await (await fetch(answer.headers.get("location") ?? "")).arrayBuffer()))).toBe(sha256Of(bytes[key]));
    }
    for (const key of ["closed", "beside", "above", "draft"] as const) expect((await download(path, ids[key], cookie)).status, key).toBe(404);
  });

  it("is what lies in it now: what is moved out, or lies in another case, is not there", async () => {
    const { path } = await firm.share(caseId, { folderId });
    const cookie = await cookieOf(path);
    const moving = await firm.upload(caseId, "Mudanza.pdf", randomBytes(10), inner);
    expect((await download(path, moving, cookie)).status).toBe(303);
    await expectOk(filingOf(firm.admin.call, caseId).patch(`documents/${moving}`, { folderId: closed }));
    expect((await download(path, moving, cookie)).status).toBe(404);
    const elsewhere = await firm.upload(await firm.createCase((await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}`))).clientId), "Ajeno.pdf");
    for (const id of [elsewhere, "doc_00000000000000000000000000", "doc_x", "..%2F..", "%00"]) expect((await submit(firm, `${path}/documents/${id}`, { nonce: (await formOf(firm, path, cookie)).nonce }, cookie)).status, id).toBe(404);
  });

  it("is shown the same whatever its link hints at: nothing, another way, or a folder that nobody shared", async () => {
    const { path } = await firm.share(caseId, { folderId });
    const cookie = await cookieOf(path);
    const list = async () => (await firm.anyone("GET", path, undefined, json(cookie))).body;
    const shown = await list();
    expect(shown.items).toMatchObject([{ folderId: inner }, { documentId: ids.deed }]);
    const item = (await scan(firm)).find((it) => it["linkHash"] === linkHashOf(path.slice("/s/".length)));
    expect(item?.["folderPath"]).toHaveLength(2);
    // Of a link from before there were hints; of a folder that was moved since; of one that was never shared.
    for (const folderPath of [undefined, [inner, folderId], [inner], [folderId, closed], ["fol_00000000000000000000000000"]]) {
      await documentClient().send(new PutCommand({ TableName: firm.table, Item: { ...item, folderPath } }));
      expect(await list(), String(folderPath)).toEqual(shown);
    }
  });

  it("says of what staff let through unscanned that nobody checked it, on the page as in JSON", async () => {
    const { folderId: mixed } = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "Cifrados" }));
    await firm.upload(caseId, "Limpio.pdf", randomBytes(10), mixed);
    firm.scanner.mode = "UNSUPPORTED";
    const sealed = randomBytes(10);
    const it = await announce(firm, caseId, sealed, { name: "Cifrado.pdf", folderId: mixed });
    await put(it, sealed);
    await expectOk(complete(firm, caseId, it));
    await firm.settle();
    firm.scanner.mode = "auto";
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/documents/${it.documentId}/versions/${it.versionId}/release`, { reason: "Lo cifra el notario." }));
    await firm.settle();
    const { path } = await firm.share(caseId, { folderId: mixed });
    const cookie = await cookieOf(path);
    expect((await firm.anyone("GET", path, undefined, json(cookie))).body.items).toMatchObject([{ name: "Cifrado.pdf", scanned: false }, { name: "Limpio.pdf", scanned: true }]);
    const { html } = await formOf(firm, path, cookie);
    expect(html).toMatch(/Cifrado\.pdf<.*No se ha comprobado si tiene virus.*Limpio\.pdf</s);
    expect(html.match(/virus/g)).toHaveLength(1);
  });

  it("shared as a selection is those documents alone", async () => {
    const { path } = await firm.share(caseId, { documentIds: [ids.inner, ids.draft, ids.closed] });
    const cookie = await cookieOf(path);
    const { items } = (await firm.anyone("GET", path, undefined, json(cookie))).body;
    expect(items.map((it: { documentId: string }) => it.documentId)).toEqual([ids.inner, ids.closed]);
    expect((await download(path, ids.deed, cookie)).status).toBe(404);
    expect((await raw(firm, "GET", `${path}?folder=${inner}`, { cookie })).status).toBe(404);
  });
});
