import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { documentsIn } from "../../lib/adapters/dynamo/documents.ts";
import { TableLedger } from "../../lib/adapters/dynamo/ledger.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import { newId } from "../../lib/domain/ids.ts";
import { toInstant } from "../../lib/domain/time.ts";
import type { Change } from "../../lib/usecases/ports.ts";
import { Trail } from "../../lib/usecases/request.ts";
import { expectOk } from "../../local/caller.ts";
import { openLink, startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { documentClient } from "./probe.ts";
import { rounds } from "./rounds.ts";
import { filingOf, forceParent, type Filing } from "./tree.ts";

type FolderId = `fol_${string}`;

describe("folders", () => {
  let firm: TestFirm;
  let clientId: string;
  let contact: Person;
  let caseId: `cas_${string}`;
  let at: Filing;
  const of = (path: string) => `/staff/cases/${caseId}/${path}`;
  const give = (resource: object) => expectOk(firm.admin.call("POST", of("grants"), { principal: { contactId: contact.id }, resource, level: "read" }));
  const download = async (documentId: string): Promise<number> => (await contact.call("POST", `/client/cases/${caseId}/documents/${documentId}/download`)).status;
  const seen = async (folderId?: string): Promise<string[] | number> => {
    const { status, body } = await contact.call("GET", `/client/cases/${caseId}/items${folderId ? `?folderId=${folderId}` : ""}`);
    return status === 200 ? body.items.map((it: { folderId: string; documentId?: string }) => it.documentId ?? it.folderId) : status;
  };
  const moveTo = (folderId: string, parentId: string | null) => at.patch(`folders/${folderId}`, { parentId });

  beforeAll(async () => {
    firm = await startTestFirm();
    clientId = await firm.createClient();
  });
  beforeEach(async () => {
    contact = await firm.inviteContact(clientId);
    caseId = await firm.createCase(clientId) as typeof caseId; // the harness says only that it is text
    at = filingOf(firm.admin.call, caseId);
  });
  afterAll(() => firm.stop());

  describe("change", () => {
    it("by name, place and inheritance, for whoever names the revision that they read", async () => {
      const [a, b] = [await at.folder("A"), await at.folder("B")];
      const before = await at.read(`folders/${a}`);
      expect((await firm.admin.call("PATCH", of(`folders/${a}`), { name: "X" })).status).toBe(428);
      const renamed = await expectOk(firm.admin.call("PATCH", of(`folders/${a}`), { name: "Z" }, { "if-match": `"${before.etag}"` }));
      expect(renamed).toEqual({ ...before, name: "Z", etag: "2" });
      expect(await firm.admin.call("PATCH", of(`folders/${a}`), { name: "Late" }, { "if-match": `"${before.etag}"` })).toMatchObject({ status: 412, body: { code: "stale" } });
      expect((await at.read("items")).items.map((it: { name: string }) => it.name)).toEqual(["B", "Z"]);
      expect((await moveTo(a, b)).body).toMatchObject({ folderId: a, parentId: b, etag: "3", jobId: expect.stringMatching(/^job_/) });
      expect([await at.inside(), await at.inside(b)]).toEqual([[b], [a]]);
      expect((await at.patch(`folders/${a}`, { parentId: null, inherit: false })).body).toMatchObject({ inherit: false, etag: "4" });
      expect((await at.read(`folders/${a}`)).parentId).toBeUndefined();
      expect([await at.inside(), await at.inside(b)]).toEqual([[b, a], []]);
    });

    it("refuses a name that is taken, by folder or document, in whatever letters, and names it", async () => {
      const [a, inner] = [await at.folder("Núñez"), await at.folder("Other")];
      const documentId = await firm.upload(caseId, "Escritura.pdf");
      const taken = (name: string) => ({ status: 409, body: { code: "conflict", errors: [{ path: "body.name", message: `“${name}” is taken in this folder.` }] } });
      for (const name of ["NÚÑEZ", "Nu\u0301n\u0303ez", "ESCRITURA.PDF"]) {
        expect(await firm.admin.call("POST", of("folders"), { name }), name).toMatchObject(taken(name.normalize("NFC")));
        expect(await at.patch(`folders/${inner}`, { name }), name).toMatchObject(taken(name.normalize("NFC")));
      }
      expect(await at.patch(`documents/${documentId}`, { name: "núñez" })).toMatchObject(taken("núñez"));
      const twin = await at.folder("núñez", a);
      expect(await moveTo(twin, null)).toMatchObject(taken("núñez"));
      // Its own name in other letters is its own.
      expect((await at.patch(`folders/${a}`, { name: "NÚÑEZ" })).status).toBe(200);
      expect((await at.patch(`folders/${twin}`, { parentId: null, name: "Twin" })).status).toBe(200);
      // What was given up is free.
      expect((await firm.admin.call("POST", of("folders"), { name: "nÚñez", parentId: a })).status).toBe(201);
    });

    it("gives one of ten that want the same name at once", async () => {
      const parents = await Promise.all(Array.from({ length: 10 }, (_, index) => at.folder(`P${index}`)));
      const folders = await Promise.all(parents.map((parent) => at.folder("Same", parent)));
      const target = await at.folder("Target");
      const answers = await Promise.all(folders.map((it) => moveTo(it, target)));
      expect(answers.map((it) => it.status).toSorted()).toEqual([200, ...Array.from({ length: 9 }, () => 409)]);
      expect(await at.inside(target)).toHaveLength(1);
    });

    it("lets no client rename, move, delete or bring back anything", async () => {
      const a = await at.folder("A");
      for (const [method, path] of [["PATCH", `folders/${a}`], ["DELETE", `folders/${a}`], ["POST", `folders/${a}/restore`], ["GET", "trash"]] as const)
        expect((await contact.call(method, of(path), method === "GET" ? undefined : {}, { "if-match": '"1"' })).status, path).toBe(401);
    });
  });

  describe("that move", () => {
    it("take with them who may see what is inside, at once and before any job", async () => {
      const [open, shut] = [await at.folder("Open"), await at.folder("Shut")];
      const moved = await at.folder("Moved", shut);
      const deep = await at.folder("Deep", moved);
      const documentId = await firm.upload(caseId, "Inside.pdf", undefined, deep);
      await give({ folderId: open });
      const { path } = await firm.share(caseId, { folderId: open });
      const { cookie } = await openLink(firm, path);
      const link = async (): Promise<number> => (await firm.anyone("POST", `${path}/documents/${documentId}`, {}, { cookie, accept: "application/json" })).status;
      const all = async () => [await download(documentId), await link(), await seen(deep), await seen(open)];
      await firm.settle();
      firm.bus.hold(true);
      try {
        expect(await all()).toEqual([404, 404, 404, []]);
        await expectOk(moveTo(moved, open));
        expect(await all(), "the hints are the old ones").toEqual([200, 200, [documentId], [moved]]);
        await expectOk(moveTo(moved, shut));
        expect(await all()).toEqual([404, 404, 404, []]);
        await expectOk(moveTo(moved, open));
        await expectOk(at.patch(`folders/${moved}`, { inherit: false }));
        expect(await all(), "a stop is one write").toEqual([404, 404, 404, []]);
        await expectOk(at.patch(`folders/${moved}`, { inherit: true }));
      } finally {
        firm.bus.hold(false);
      }
      await firm.settle();
      expect(await all()).toEqual([200, 200, [documentId], [moved]]);
    });

    it("move to another place documents too, which their own grants follow", async () => {
      const [open, shut] = [await at.folder("Open"), await at.folder("Shut")];
      const documentId = await firm.upload(caseId, "Paper.pdf", undefined, shut);
      await give({ folderId: open });
      expect(await download(documentId)).toBe(404);
      expect((await at.patch(`documents/${documentId}`, { folderId: open, name: "Renamed.pdf" })).body).toMatchObject({ folderId: open, name: "Renamed.pdf" });
      expect([await download(documentId), await seen(open)]).toEqual([200, [documentId]]);
      expect((await at.patch(`documents/${documentId}`, { folderId: null })).body.folderId).toBeUndefined();
      expect([await download(documentId), await at.inside()]).toEqual([404, [open, shut, documentId]]);
    });

    it("go nowhere below themselves, into no folder of another case, and into none that is not there", async () => {
      const a = await at.folder("A");
      const b = await at.folder("B", a);
      const c = await at.folder("C", b);
      for (const to of [a, b, c]) expect(await moveTo(a, to), to).toMatchObject({ status: 400, body: { errors: [{ path: "body.parentId" }] } });
      const other = filingOf(firm.admin.call, await firm.createCase(clientId));
      const elsewhere = await other.folder("Elsewhere");
      expect(await moveTo(a, elsewhere)).toMatchObject({ status: 400, body: { errors: [{ path: "body.parentId", message: "Is not a folder of this case." }] } });
      const documentId = await firm.upload(caseId, "Paper.pdf");
      expect(await at.patch(`documents/${documentId}`, { folderId: elsewhere })).toMatchObject({ status: 400, body: { errors: [{ path: "body.folderId" }] } });
      expect([await at.inside(), await at.inside(a), await at.inside(b)]).toEqual([[a, documentId], [b], [c]]);
    });

    /** A chain of folders, each in the one before. */
    const chain = async (name: string, length: number, parentId?: string): Promise<string[]> => {
      const ids: string[] = [];
      for (let level = 1; level <= length; level++) ids.push(await at.folder(`${name}${level}`, ids.at(-1) ?? parentId));
      return ids;
    };

    it("lie 32 levels deep at most, whether they are made there or moved there with what is in them", async () => {
      const deep = await chain("D", 32);
      const tooDeep = { status: 400, body: { errors: [{ path: "body.parentId", message: expect.stringContaining("too deep") }] } };
      expect(await firm.admin.call("POST", of("folders"), { name: "D33", parentId: deep[31] })).toMatchObject(tooDeep);
      const documentId = await firm.upload(caseId, "At the bottom.pdf", undefined, deep[31]);
      await give({ folderId: deep[0] });
      expect(await download(documentId)).toBe(200);
      const tower = await chain("T", 3);
      expect(await moveTo(tower[0]!, deep[29]!)).toMatchObject(tooDeep);
      expect((await moveTo(tower[0]!, deep[28]!)).status).toBe(200);
      expect(await firm.admin.call("POST", of("folders"), { name: "T4", parentId: tower[2] })).toMatchObject(tooDeep);
      expect((await moveTo(tower[2]!, null)).status).toBe(200);
      expect((await moveTo(tower[2]!, deep[31]!))).toMatchObject(tooDeep);
      // What lies in the bin takes no room, until it is brought back.
      const high = await chain("H", 3);
      await expectOk(firm.admin.call("DELETE", of(`folders/${high[1]}`)));
      expect((await moveTo(high[0]!, deep[30]!)).status).toBe(200);
      expect((await firm.admin.call("POST", of(`folders/${high[1]}/restore`))).status).toBe(409);
    });

    it("fail closed, for clients and staff, where a race left them deeper, and open again once they are lifted", async () => {
      const deep = await chain("D", 31);
      const top = await at.folder("Top");
      const low = await at.folder("Low", top);
      await give({ folderId: deep[0] });
      await give({ folderId: low });
      const documentId = await firm.upload(caseId, "Low.pdf", undefined, low);
      expect(await download(documentId)).toBe(200);
      // As if `low` had been made while `top` moved to the bottom: both were legal when they were decided.
      await forceParent(firm, caseId, top, "Top", deep[30]! as `fol_${string}`);
      const asStaff = async () => [(await firm.admin.call("GET", of(`folders/${low}`))).status, (await firm.admin.call("GET", of(`items?folderId=${low}`))).status, (await firm.admin.call("GET", of(`documents/${documentId}`))).status];
      expect([await seen(top), await seen(low), await download(documentId), ...(await asStaff())]).toEqual([[low], 404, 404, 404, 404, 404]);
      await expectOk(moveTo(top, null));
      expect([await seen(low), await download(documentId), ...(await asStaff())]).toEqual([[documentId], 200, 200, 200, 200]);
    });

    it("never make a circle together, in many rounds of four at once", async () => {
      const ids = await Promise.all(["A", "B", "C", "D"].map((name) => at.folder(name)));
      const statuses = new Map<number, number>();
      const times = rounds(50);
      for (let round = 0; round < times; round++) {
        const etags = await Promise.all(ids.map(async (id) => (await at.read(`folders/${id}`)).etag));
        const turn = ids.map((id, index) => [id, ids[(index + 1 + (round % 3)) % 4]!, etags[index]!] as const);
        const answers = await Promise.all(turn.map(([id, to, etag]) => firm.admin.call("PATCH", of(`folders/${id}`), { parentId: to }, { "if-match": `"${etag}"` })));
        for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect(answers.map((it) => it.status).filter((it) => ![200, 400, 409, 503].includes(it))).toEqual([]);
        expect(await reachable(), `round ${round}`).toEqual(ids.toSorted());
        for (const id of ids) await moveTo(id, null);
        expect((await at.inside()).toSorted()).toEqual(ids.toSorted());
      }
      expect(statuses.get(200)).toBeGreaterThan(times);
      expect(statuses.get(400)).toBeGreaterThan(times / 5);
    }, 240_000);

    /** Every folder that can be found from the root. */
    const reachable = async (): Promise<string[]> => {
      const found: string[] = [];
      for (let level = await at.inside(); level.length > 0 && found.length < 100; level = (await Promise.all(level.map((id) => at.inside(id)))).flat()) found.push(...level);
      return found.toSorted();
    };

    it("are checked in the write of what is put into them: it fails where one on the way was moved or deleted since it was read", async () => {
      const table = new Table(documentClient(), firm.table);
      const [ledger, documents] = [new TableLedger(table), documentsIn(table)];
      const now = toInstant(firm.clock());
      const commit = (change: Change) => ledger.commit({ principal: { kind: "system", name: "test" }, now, trail: new Trail("test", newId("httpRequest", new Date())) }, [change]);
      const shelter = await at.folder("Shelter");
      for (const [round, happen] of [(id: string) => firm.admin.call("DELETE", of(`folders/${id}`)), (id: string) => moveTo(id, shelter)].entries()) {
        for (const which of [0, 1]) {
          const outer = await at.folder(`Outer ${round} ${which}`);
          const inner = await at.folder(`Inner ${round} ${which}`, outer);
          const loose = await firm.upload(caseId, `Loose ${round} ${which}.pdf`);
          const [folderPath, folderId] = [[outer, inner], inner] as [FolderId[], FolderId];
          const common = { caseId, createdAt: now, revision: 1, name: "New" } as const;
          const folder = { ...common, folderId: newId("folder", new Date()), parentId: folderId, ancestors: folderPath, inherit: true };
          const document = { ...common, documentId: newId("document", new Date()), folderId, folderPath, versionCount: 1 };
          const version = { versionId: newId("version", new Date()), documentId: document.documentId, caseId, number: 1, draft: false, contentType: "a/b", size: 1, sha256: "0".repeat(64), uploadedBy: firm.admin.id as `mem_${string}`, createdAt: now, scan: true, facts: {}, revision: 1 };
          const before = (await documents.get(caseId, loose as `doc_${string}`))!;
          const read = (await documents.folder(caseId, shelter as FolderId))!;
          const changes = [
            documents.addFolder(folder), documents.addDocument(document, version), documents.changeDocument(before, { ...before, folderId, folderPath, revision: before.revision + 1 }),
            documents.changeFolder(read, { ...read, parentId: folderId, ancestors: folderPath, revision: read.revision + 1 }),
          ];
          expect((await happen([outer, inner][which]!)).status).toBeLessThan(300);
          for (const [index, change] of changes.entries()) await expect(commit(change), `${round} ${which} ${index}`).rejects.toMatchObject({ code: "conflict", faults: [] });
          expect(await at.inside()).toContain(loose);
        }
      }
    });

    it("lose nothing where a document is announced into a folder that moves or is deleted at the same moment", async () => {
      const shelter = await at.folder("Shelter");
      let refused = 0;
      for (let round = 0; round < 15; round++) {
        const outer = await at.folder(`Outer ${round}`);
        const inner = await at.folder("Inner", outer);
        const announce = firm.admin.call("POST", of("documents"), { name: "x.pdf", folderId: inner, contentType: "application/pdf", size: 1, sha256: "0".repeat(64) });
        const [announced, gone] = await Promise.all([announce, round % 2 ? firm.admin.call("DELETE", of(`folders/${outer}`)) : moveTo(outer, shelter)]);
        expect([200, 204]).toContain(gone.status);
        expect([201, 400, 409]).toContain(announced.status);
        if (announced.status !== 201) { refused += 1; continue; }
        if (round % 2) await expectOk(firm.admin.call("POST", of(`folders/${outer}/restore`), {}));
        expect(await at.inside(inner)).toEqual([announced.body.document.documentId]);
      }
      expect(refused).toBeLessThan(15);
    });
  });
});
