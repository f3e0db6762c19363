import { expectOk, type Answer, type Caller } from "../../local/caller.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";

export const minutes = 60_000;
/** All that a caller could compare, but what is new in every answer. */
export const bytesOf = ({ status, body, headers }: Answer): string => JSON.stringify([status, { ...body, instance: "" }, [...headers].filter(([name]) => !["x-request-id", "date"].includes(name))]);

/** A firm with an adviser in charge of an open and of a restricted case, one more on the team of both, and people around them. */
export interface World {
  readonly firm: TestFirm; readonly clientId: string; readonly contact: Person; readonly open: string; readonly wall: string; readonly wallDocument: string;
  readonly lead: Person; readonly mate: Person; readonly outsider: Person; readonly aide: Person; readonly named: Person; readonly clerk: Person; readonly nobodys: Person; readonly otherAdmin: Person;
  readonly madeAt: string;
}

export const worldOf = async (adviserCases: "own" | "all"): Promise<World> => {
  const firm = await startTestFirm({ adviserCases });
  const [clientId, lead, mate, outsider, otherAdmin] = [await firm.createClient(), await firm.inviteMember("adviser"), await firm.inviteMember("adviser"), await firm.inviteMember("adviser"), await firm.inviteMember("admin")];
  // Assistants: of the adviser in charge, named in the team themselves, of an adviser who has nothing to do with it, of nobody.
  const [aide, named, clerk, nobodys] = [await firm.inviteMember("assistant", [lead.id]), await firm.inviteMember("assistant", [outsider.id]), await firm.inviteMember("assistant", [outsider.id]), await firm.inviteMember("assistant", [])];
  const contact = await firm.inviteContact(clientId);
  const make = async (title: string, restricted: boolean): Promise<string> =>
    (await expectOk(lead.call("POST", "/staff/cases", { clientId, reference: `${title} 1`, title, adviserId: lead.id, team: [mate.id, named.id], restricted }))).caseId;
  const [open, wall] = [await make("Open matter", false), await make("Walled matter", true)];
  const wallDocument = (await expectOk(lead.call("POST", `/staff/cases/${wall}/documents`, { name: "Behind the wall.pdf", contentType: "application/pdf", size: 1, sha256: "0".repeat(64) }))).document.documentId;
  for (const caseId of [open, wall]) await expectOk(lead.call("POST", `/staff/cases/${caseId}/grants`, { principal: { clientId }, resource: {}, level: "read" }));
  for (const caseId of [open, wall]) await expectOk(contact.call("GET", `/client/cases/${caseId}`));
  await firm.settle();
  return { firm, clientId, contact, open, wall, wallDocument, lead, mate, outsider, aide, named, clerk, nobodys, otherAdmin, madeAt: firm.clock().toISOString() };
};

export const change = async (by: Caller, path: string, body: object): Promise<Answer> => by("PATCH", path, body, { "if-match": (await by("GET", path)).headers.get("etag") ?? "" });
export const statusOf = async (person: Person, caseId: string): Promise<number> => (await person.call("GET", `/staff/cases/${caseId}`)).status;
