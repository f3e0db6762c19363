import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../lib/domain/ids.ts";
import { expectOk } from "../../local/caller.ts";
import type { Person } from "./firm.ts";
import { change, minutes, statusOf, worldOf, type World } from "./staffed-firm.ts";

describe("broken glass", () => {
  let world: World;
  beforeAll(async () => { world = await worldOf("all"); });
  afterAll(() => world.firm.stop());

  const breakIt = (by: Person, caseId: string, reason = "The team is ill and a term ends today.") => by.call("POST", `/staff/cases/${caseId}/break-glass`, { reason });

  it("lets one administrator in for an hour, for a reason that the team reads and every administrator knows of", async () => {
    const { firm, wall, lead, mate, otherAdmin, outsider } = world;
    expect(await statusOf(firm.admin, wall)).toBe(404);
    expect(await breakIt(firm.admin, wall)).toMatchObject({ status: 200, body: { brokenGlass: [{ memberId: firm.admin.id }] } });
    expect([await statusOf(firm.admin, wall), await statusOf(otherAdmin, wall), await statusOf(outsider, wall)]).toEqual([200, 404, 404]);
    expect(JSON.stringify(await expectOk(firm.admin.call("GET", "/staff/cases")))).toContain(wall);
    for (const person of [lead, mate]) expect((await expectOk(person.call("GET", `/staff/cases/${wall}/timeline`))).items[0]).toMatchObject({ kind: "break-glass", author: firm.admin.id, visibleToClient: false, text: "The team is ill and a term ends today." });
    expect(JSON.stringify(await expectOk(world.contact.call("GET", `/client/cases/${wall}/timeline`)))).not.toContain("term ends");
    const records = async (by: Person): Promise<string[]> => (await expectOk(by.call("GET", `/staff/audit?caseId=${wall}&limit=100`))).items.map((it: { action: string }) => it.action);
    expect(await records(otherAdmin)).toEqual(["cases.break-glass"]);
    expect((await records(lead)).length).toBeGreaterThan(3);
    expect(await records(outsider)).toEqual([]);

    firm.clock.offset += 59 * minutes;
    expect(await statusOf(firm.admin, wall)).toBe(200);
    firm.clock.offset += 2 * minutes;
    expect(await statusOf(firm.admin, wall)).toBe(404);
    expect(JSON.stringify(await expectOk(firm.admin.call("GET", "/staff/cases")))).not.toContain(wall);
    expect((await breakIt(firm.admin, wall)).body.brokenGlass).toHaveLength(1);
    expect(await statusOf(firm.admin, wall)).toBe(200);
    expect((await expectOk(lead.call("GET", `/staff/cases/${wall}/timeline`))).items.filter((it: { kind?: string }) => it.kind === "break-glass")).toHaveLength(2);
  });

  it("is for administrators, of a restricted case, with a reason", async () => {
    const { firm, open, wall, outsider, clerk, lead } = world;
    for (const by of [outsider, clerk, lead]) for (const caseId of [open, wall, newId("case", new Date())]) expect((await breakIt(by, caseId)).status).toBe(403);
    expect((await breakIt(firm.admin, open)).status).toBe(409);
    expect((await breakIt(firm.admin, newId("case", new Date()))).status).toBe(404);
    for (const reason of ["", "  "]) expect((await breakIt(firm.admin, wall, reason)).status).toBe(400);
  });

  it("ends with the role", async () => {
    const { firm, wall } = world;
    const admin = await firm.inviteMember("admin");
    await expectOk(breakIt(admin, wall));
    expect(await statusOf(admin, wall)).toBe(200);
    await expectOk(change(firm.admin.call, `/staff/members/${admin.id}`, { role: "adviser" }));
    expect(await statusOf(admin, wall)).toBe(404);
  });
});
