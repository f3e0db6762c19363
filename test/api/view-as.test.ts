import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk } from "../../local/caller.ts";
import { newId } from "../../lib/domain/ids.ts";
import { routeNames, routes } from "../../lib/http/routes.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { raw, recordsOf, scan, stateOf } from "./probe.ts";

describe("looking as a contact", () => {
  let firm: TestFirm;
  let [clientId, caseId, wall, folderId, inner, shut, documentId]: readonly string[] = [];
  let contact: Person;
  let expert: Person;
  let adviser: Person;

  const give = (kase: string, principal: object, resource: object): Promise<unknown> => expectOk(firm.admin.call("POST", `/staff/cases/${kase}/grants`, { principal, resource, level: "read" }));
  const folder = async (name: string, more: object = {}): Promise<string> => (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name, ...more }))).folderId;

  beforeAll(async () => {
    firm = await startTestFirm();
    [clientId, adviser, expert] = [await firm.createClient("Textiles Roca S.L."), await firm.inviteMember("adviser"), await firm.inviteCollaborator()];
    contact = await firm.inviteContact(clientId);
    [caseId, wall] = [await firm.createCase(clientId, "Seen by both"), await firm.createCase(clientId, "Behind a wall")];
    folderId = await folder("Deeds");
    [inner, shut] = [await folder("Inner", { parentId: folderId }), await folder("Shut", { parentId: folderId, inherit: false })];
    documentId = await firm.upload(caseId, "In the folder.pdf", undefined, folderId);
    await firm.upload(caseId, "In the root.pdf");
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/timeline`, { text: "For the client", visibleToClient: true }));
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/timeline`, { text: "INTERNAL", visibleToClient: false }));
    await give(caseId, { clientId }, {});
    await give(wall, { contactId: contact.id }, {});
    await give(caseId, { contactId: expert.id }, { folderId: inner });
    await give(caseId, { contactId: expert.id }, { documentId });
    const etag = (await firm.admin.call("GET", `/staff/cases/${wall}`)).headers.get("etag") ?? "";
    await expectOk(firm.admin.call("PATCH", `/staff/cases/${wall}`, { restricted: true, team: [] }, { "if-match": etag }));
  });
  afterAll(() => firm.stop());

  const bytes = async (person: Person, path: string, method = "GET") => {
    const { status, body, headers } = await raw(firm, method, path, { authorization: `Bearer ${person.token}` });
    const { "x-request-id": id, date: _, ...rest } = headers;
    return { status, body: body.replaceAll(String(id), ""), headers: rest };
  };
  /** Every question that a client can ask and staff can ask in their place, by its path below `/client` and below `/staff/view-as/…`. */
  const looked = routeNames.filter((it) => it.startsWith("view-as."));
  const pathsOf = (kase: string): string[] => looked.flatMap((name) => {
    const path = routes[name].path.replace("/staff/view-as/{contactId}", "").replace("{caseId}", kase);
    return name === "view-as.items" ? [path, ...[folderId, inner, shut].flatMap((it) => [`${path}?folderId=${it}`, `${path}?folderId=${it}&limit=100`])] : [path, ...(name === "view-as.case" ? [] : [`${path}?limit=100`])];
  });

  it("has a route for every one of the client's own that shows something of a case, and none that changes or hands out", () => {
    const mirrored = (name: string): string => name.replace(/^client\./, "view-as.");
    const shows = routeNames.filter((it) => routes[it].audience === "client" && routes[it].method === "GET" && !["client.me", "client.parts"].includes(it));
    expect(shows.map(mirrored).toSorted()).toEqual(looked.toSorted());
    for (const name of looked) expect([name, routes[name].method, routes[name].path]).toEqual([name, "GET", routes[name].path]);
    expect(looked.filter((it) => /download|part|upload/.test(routes[it].path))).toEqual([]);
  });

  it("gets what the contact gets, byte for byte: what is there, what is not, and what is nobody's", async () => {
    const statuses = new Set<number>();
    for (const person of [contact, expert]) for (const path of [...pathsOf(caseId ?? ""), ...pathsOf(wall ?? ""), ...pathsOf(newId("case", new Date())), ...pathsOf("x")]) for (const method of ["GET", "HEAD"]) {
      const own = await bytes(person, `/client${path}`, method);
      expect(await bytes(firm.admin, `/staff/view-as/${person.id}${path}`, method), `${method} ${path}`).toEqual(own);
      statuses.add(own.status);
    }
    expect([...statuses].toSorted()).toEqual([200, 404]);
    expect((await bytes(contact, `/client/cases/${caseId}/items?folderId=${folderId}`)).body).toContain("In the folder.pdf");
    expect((await bytes(firm.admin, `/staff/view-as/${expert.id}/cases/${caseId}/timeline`)).status).toBe(404);
  });

  it("leads through pages by a cursor of its own, which the contact's own list does not take, nor another look", async () => {
    for (const path of ["/shared-with-me", `/cases/${caseId}/items`]) {
      const [own, look] = [await expectOk(contact.call("GET", `/client${path}?limit=1`)), await expectOk(firm.admin.call("GET", `/staff/view-as/${contact.id}${path}?limit=1`))];
      expect(look.items).toEqual(own.items);
      const next = (by: Person, at: string, cursor: string) => by.call("GET", `${at}${path}?limit=1&cursor=${cursor}`);
      expect((await next(firm.admin, `/staff/view-as/${contact.id}`, look.nextCursor)).body.items).toEqual((await next(contact, "/client", own.nextCursor)).body.items);
      expect((await next(contact, "/client", look.nextCursor)).status).toBe(400);
      expect((await next(firm.admin, `/staff/view-as/${expert.id}`, look.nextCursor)).status).toBe(400);
      expect((await next(adviser, `/staff/view-as/${contact.id}`, look.nextCursor)).status).toBe(400);
    }
  });

  it("is no way into a case that the person who looks may not enter", async () => {
    for (const path of pathsOf(wall ?? "").filter((it) => it.includes(wall ?? ""))) {
      const nothing = path.replace(wall ?? "", newId("case", new Date()));
      expect(await bytes(adviser, `/staff/view-as/${contact.id}${path}`), path).toEqual(await bytes(adviser, `/staff/view-as/${contact.id}${nothing}`));
    }
    for (const path of ["/cases", "/shared-with-me"]) {
      const [own, look] = [await bytes(contact, `/client${path}`), await bytes(adviser, `/staff/view-as/${contact.id}${path}`)];
      expect([own.body.includes(wall ?? "-"), look.body.includes(wall ?? "-"), look.body.includes(caseId ?? "-")], path).toEqual([true, false, true]);
    }
  });

  it("tells by no page's length and no next page what the person who looks may not know of", async () => {
    const person = await firm.inviteCollaborator();
    const kase = async (restricted: boolean): Promise<void> => {
      const id = await firm.createCase(clientId ?? "", "One of several");
      await give(id, { contactId: person.id }, {});
      if (restricted) await expectOk(firm.admin.call("PATCH", `/staff/cases/${id}`, { restricted: true }, { "if-match": (await firm.admin.call("GET", `/staff/cases/${id}`)).headers.get("etag") ?? "" }));
    };
    const pages = async (by: Person, path: string): Promise<number[]> => {
      const lengths: number[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const { items, nextCursor }: { items: unknown[]; nextCursor: string | null } = await expectOk(by.call("GET", `/staff/view-as/${person.id}${path}?limit=1${cursor && `&cursor=${cursor}`}`));
        lengths.push(items.length);
        cursor = nextCursor;
      }
      return lengths;
    };
    for (let index = 0; index < 3; index++) await kase(true);
    for (const path of ["/cases", "/shared-with-me"]) expect(await pages(adviser, path), path).toEqual([0]);
    // Newest first: hidden, shown, hidden, shown, and the hidden ones from before.
    for (const restricted of [false, true, false, true]) await kase(restricted);
    for (const path of ["/cases", "/shared-with-me"]) expect([path, await pages(adviser, path), await pages(firm.admin, path)]).toEqual([path, [1, 1], [1, 1, 1, 1, 1, 1, 1]]);
  });

  it("leaves a record of each look under the name of who looked and whom they looked as", async () => {
    const before = (await recordsOf(firm)).length;
    const paths = pathsOf(caseId ?? "");
    for (const path of paths) await bytes(adviser, `/staff/view-as/${expert.id}${path}`);
    const records = (await recordsOf(firm)).slice(before);
    expect(records.map((it) => [it["who"], it["onBehalfOf"], looked.includes(it["action"])])).toEqual(paths.map(() => [{ kind: "member", id: adviser.id }, expert.id, true]));
    const refused = records.find((it) => it["action"] === "view-as.timeline");
    expect(refused).toMatchObject({ result: "refused", reason: "not_found", about: { caseId, contactId: expert.id } });
    const [shown] = (await expectOk(firm.admin.call("GET", `/staff/audit?caseId=${caseId}&limit=1`))).items;
    expect(shown).toMatchObject({ who: { kind: "member", id: adviser.id, name: "Mem Ber" }, onBehalfOf: { contactId: expert.id, name: "Ex Pert" } });
    expect((await expectOk(firm.admin.call("GET", `/staff/audit?contactId=${expert.id}&limit=100`))).items.filter((it: { action: string }) => it.action.startsWith("view-as.")), "a look is not the contact's own act").toEqual([]);
  });

  it("counts as a look, apart from what the contact used", async () => {
    const client = await firm.createClient("Apart S.A.");
    const person = await firm.inviteContact(client);
    const kase = await firm.createCase(client);
    await give(kase, { clientId: client }, {});
    const counts = async () => {
      await firm.settle();
      const [of] = (await expectOk(firm.admin.call("GET", "/staff/stats/access?groupBy=case"))).items.filter((it: { key: string }) => it.key === kase);
      return of && [of.count, of.people, of.previews];
    };
    await expectOk(person.call("GET", `/client/cases/${kase}`));
    expect(await counts()).toEqual([1, 1, 0]);
    for (const path of ["", "/items", "/timeline"]) await expectOk(firm.admin.call("GET", `/staff/view-as/${person.id}/cases/${kase}${path}`));
    await expectOk(adviser.call("GET", `/staff/view-as/${person.id}/cases/${kase}`));
    expect(await counts()).toEqual([1, 1, 4]);
    expect((await firm.admin.call("GET", `/staff/view-as/${expert.id}/cases/${kase}`)).status).toBe(404);
    expect(await counts(), "a refused look counts for nothing").toEqual([1, 1, 4]);
  });

  it("changes nothing but the register and the sums", async () => {
    const share = await firm.share(caseId ?? "", { folderId });
    await firm.settle();
    const counters = /^(STATS|SEEN|PEOPLE|CLAIM)#/;
    const state = async () => (await stateOf(firm)).filter((it) => !counters.test(it["pk"]));
    const before = await state();
    for (const path of pathsOf(caseId ?? "")) await bytes(firm.admin, `/staff/view-as/${contact.id}${path}`);
    await firm.settle();
    expect(await state()).toEqual(before);
    expect(share.path).not.toBe("");
    expect((await scan(firm)).filter((it) => it["pk"] === documentId && it["sk"].startsWith("VERSION#"))).toHaveLength(1);
  });

  it("knows no other method, and no route to a file's bytes", async () => {
    const root = `/staff/view-as/${contact.id}`;
    for (const method of ["POST", "PATCH", "DELETE", "PUT"]) for (const path of ["/cases", `/cases/${caseId}`, `/cases/${caseId}/items`, `/cases/${caseId}/timeline`, "/shared-with-me"])
      expect((await raw(firm, method, root + path, { authorization: `Bearer ${firm.admin.token}` })).status, `${method} ${path}`).toBe(405);
    for (const path of [`/cases/${caseId}/documents/${documentId}/download`, `/cases/${caseId}/documents`, `/cases/${caseId}/documents/${documentId}/versions/x/parts`, "/me"]) for (const method of ["GET", "POST"])
      expect((await raw(firm, method, root + path, { authorization: `Bearer ${firm.admin.token}` })).status, `${method} ${path}`).toBe(404);
  });

  it("is refused as a contact who is suspended, who is nobody, or whose own token asks", async () => {
    const person = await firm.inviteContact(clientId ?? "");
    const etag = (await firm.admin.call("GET", `/staff/contacts/${person.id}`)).headers.get("etag") ?? "";
    await expectOk(firm.admin.call("PATCH", `/staff/contacts/${person.id}`, { suspended: true }, { "if-match": etag }));
    for (const path of pathsOf(caseId ?? "")) {
      expect((await firm.admin.call("GET", `/staff/view-as/${person.id}${path}`)).body, path).toMatchObject({ status: 409, code: "conflict" });
      expect((await firm.admin.call("GET", `/staff/view-as/${newId("contact", new Date())}${path}`)).status, path).toBe(404);
      expect((await contact.call("GET", `/staff/view-as/${contact.id}${path}`)).status, path).toBe(401);
      expect((await firm.admin.call("GET", `/client${path}`)).status, path).toBe(401);
    }
  });
});
