import { expectOk, type Caller } from "../../local/caller.ts";
import { openLink, startTestFirm, formOf, type Person, type TestFirm } from "../api/firm.ts";
import { makePlace, type Place } from "./places.ts";

/** Everybody of the matrix's columns, in the firm and at the place where the column finds them. */
export interface Column {
  readonly firm: TestFirm; readonly by: Caller; readonly place: Place;
  /** Asks so many minutes later. */
  readonly later?: number;
}
export type Columns = Readonly<Record<string, Column>>;
const minutes = 60_000;

const change = async (by: Caller, path: string, body: object): Promise<unknown> => expectOk(by("PATCH", path, body, { "if-match": (await by("GET", path)).headers.get("etag") ?? "" }));

interface Staff { readonly firm: TestFirm; readonly lead: Person; readonly adviser: Person; readonly outsider: Person; readonly assistant: Person; readonly leads: Person; readonly outsiders: Person; readonly clientId: string; readonly contact: Person; readonly open: Place }
/** A firm with its team, and people who stand outside. */
const staffOf = async (adviserCases: "own" | "all"): Promise<Staff> => {
  const firm = await startTestFirm({ adviserCases });
  const [lead, adviser, outsider, clientId] = await Promise.all([firm.inviteMember("adviser"), firm.inviteMember("adviser"), firm.inviteMember("adviser"), firm.createClient()]);
  const [assistant, leads, outsiders, contact] = await Promise.all([firm.inviteMember("assistant", [outsider.id]), firm.inviteMember("assistant", [lead.id]), firm.inviteMember("assistant", [outsider.id]), firm.inviteContact(clientId)]);
  const open = await makePlace(firm, lead, { clientId, contactId: contact.id, team: [adviser.id, assistant.id], restricted: false });
  return { firm, lead, adviser, outsider, assistant, leads, outsiders, clientId, contact, open };
};

export interface World { readonly staff: Staff; readonly tables: Readonly<Record<string, Columns>> }
const columnsAt = (firm: TestFirm, place: Place, people: Readonly<Record<string, { readonly call: Caller }>>): Columns => Object.fromEntries(Object.entries(people).map(([name, it]) => [name, { firm, by: it.call, place }]));

/** A firm whose advisers have their own cases alone: what differs there, and what must not. */
export const worldOfOwn = async (): Promise<World> => {
  const staff = await staffOf("own");
  const { firm, open, lead, adviser, outsider, assistant, leads, outsiders, contact } = staff;
  await expectOk(contact.call("POST", `/client/cases/${open.caseId}/documents/${open.documentId}/download`));
  await firm.settle();
  const people = { "Adm": firm.admin, "Lead": lead, "Adv+": adviser, "Adv/own": outsider, "Ast+": assistant, "Ast/lead": leads, "Ast/own": outsiders };
  return { staff, tables: { "A case that is not restricted": columnsAt(firm, open, people) } };
};

export const worldOfAll = async (): Promise<World> => {
  const staff = await staffOf("all");
  const { firm, lead, adviser, outsider, assistant, leads, outsiders, clientId, contact } = staff;
  const [adminOn, glass, over, nobodys, suspended, gone, dummy, person] = await Promise.all([
    firm.inviteMember("admin"), firm.inviteMember("admin"), firm.inviteMember("admin"), firm.inviteMember("assistant", []), firm.inviteMember("adviser"), firm.inviteMember("admin"), firm.inviteMember("assistant"), firm.inviteContact(clientId),
  ]);
  const team = [adminOn.id, adviser.id, assistant.id, suspended.id];
  await change(lead.call, `/staff/cases/${staff.open.caseId}`, { team });
  // Whoever is suspended stays in a team, and cannot be put into one.
  const able = team.slice(0, -1);
  const open: Place = { ...staff.open, team: able };
  const wall: Place = { ...(await makePlace(firm, lead, { clientId, contactId: contact.id, team, restricted: true })), team: able };
  for (const it of [suspended, gone]) await change(firm.admin.call, `/staff/members/${it.id}`, { suspended: true });
  for (const { caseId, documentId } of [open, wall]) await expectOk(contact.call("POST", `/client/cases/${caseId}/documents/${documentId}/download`));
  const breakGlass = (it: Person) => expectOk(it.call("POST", `/staff/cases/${wall.caseId}/break-glass`, { reason: "The team is ill." }));
  for (const it of [glass, over]) await breakGlass(it);
  await firm.settle();

  const strangers = { "Client": contact, "Nobody": { call: firm.anyone } };
  // Requests of the firm's own table are about a person and a contact whom nothing else needs.
  const theFirm: Place = { ...open, memberId: dummy.id, contactId: person.id, tender: firm.admin.call };
  return {
    staff, tables: {
      "The firm": columnsAt(firm, theFirm, { "Admin": firm.admin, "Adviser": outsider, "Assistant": outsiders, "Susp": gone, ...strangers }),
      "A case that is not restricted": columnsAt(firm, open, {
        "Adm+": adminOn, "Adm": firm.admin, "Lead": lead, "Adv+": adviser, "Adv/all": outsider, "Ast+": assistant, "Ast/lead": leads, "Ast/all": outsiders, "Ast/0": nobodys, "Susp": suspended, ...strangers,
      }),
      "A case that is restricted to its team": { "Adm/over": { firm, by: over.call, place: wall, later: 61 }, ...columnsAt(firm, wall, {
        "Adm+": adminOn, "Adm": firm.admin, "Adm/glass": glass, "Lead": lead, "Adv+": adviser, "Adv": outsider, "Ast+": assistant, "Ast/lead": leads, "Ast": outsiders, "Susp": suspended, ...strangers,
      }) },
      "The people whom the firm serves": await clients(staff),
      "Everyone": columnsAt(firm, open, { "Nobody": { call: firm.anyone }, "Staff": lead, "Client": contact, "Susp": suspended }),
    },
  };
};

/** The contacts of the matrix, at the open case of the firm; one at a case of their own client. */
const clients = async ({ firm, open, clientId, lead, contact }: Staff): Promise<Columns> => {
  const [other, wide] = [await firm.createClient(), await firm.createClient()];
  const [upload, over, none, suspended, stranger, ofWide, expert] = await Promise.all([
    firm.inviteContact(clientId), firm.inviteContact(clientId), firm.inviteContact(clientId), firm.inviteContact(clientId), firm.inviteContact(other), firm.inviteContact(wide), firm.inviteCollaborator(),
  ]);
  const give = (place: Place, principal: object, level: string, resource: object = {}, more: object = {}) => expectOk(lead.call("POST", `/staff/cases/${place.caseId}/grants`, { principal, resource, level, ...more }));
  await makePlace(firm, lead, { clientId: other, contactId: stranger.id, team: [], restricted: false });
  const widely = await makePlace(firm, lead, { clientId: wide, contactId: expert.id, team: [], restricted: true });
  await give(open, { contactId: upload.id }, "upload");
  await give(open, { contactId: suspended.id }, "upload");
  await give(widely, { clientId: wide }, "read");
  await give(open, { contactId: expert.id }, "read", { folderId: open.folderId });
  for (const resource of [{}, { folderId: open.folderId }, { documentId: open.documentId }]) await give(open, { contactId: over.id }, "upload", resource, { expiresAt: new Date(firm.clock().getTime() + minutes).toISOString() });
  firm.clock.offset += 2 * minutes;
  await change(firm.admin.call, `/staff/contacts/${suspended.id}`, { suspended: true });
  return {
    ...columnsAt(firm, open, { "Read": contact, "Upload": upload, "Folder": expert, "Over": over, "None": none, "Other": stranger, "Susp": suspended, "Staff": lead, "Nobody": { call: firm.anyone } }),
    ...columnsAt(firm, widely, { "Client": ofWide }),
  };
};

/** A mailed link in somebody's browser. */
export interface Visitor { readonly path: string; readonly cookie: string; readonly nonce: string; readonly documentId: string }
export const fileName = "What was shared.pdf";

export const visitors = async ({ firm, lead, adviser, clientId }: Staff): Promise<Readonly<Record<string, Visitor>>> => {
  const leaver = await firm.inviteMember("adviser");
  const { caseId } = await expectOk(lead.call("POST", "/staff/cases", { clientId, reference: "L", title: "Links", adviserId: lead.id, team: [adviser.id, leaver.id, firm.admin.id], restricted: true }));
  const documentId = await firm.upload(caseId, fileName);
  const visitor = async (by: Person, more: object = {}): Promise<Visitor & { readonly shareId: string; readonly recipientId: string }> => {
    const share = await firm.share(caseId, { documentIds: [documentId], ...more }, by.call);
    const { nonce } = await formOf(firm, share.path);
    return { ...share, nonce, cookie: (await openLink(firm, share.path)).cookie, documentId };
  };
  const [open, usedUp, expired, revoked, removed, left, suspended] = [
    await visitor(lead), await visitor(lead, { maxDownloads: 1 }), await visitor(lead, { expiresAt: new Date(firm.clock().getTime() + minutes).toISOString() }), await visitor(lead), await visitor(lead), await visitor(leaver), await visitor(adviser),
  ];
  await expectOk(firm.anyone("POST", `${usedUp.path}/documents/${documentId}`, {}, { cookie: usedUp.cookie, accept: "application/json" }));
  firm.clock.offset += 2 * minutes;
  await expectOk(lead.call("DELETE", `/staff/shares/${revoked.shareId}`));
  await expectOk(lead.call("DELETE", `/staff/shares/${removed.shareId}/recipients/${removed.recipientId}`));
  await change(lead.call, `/staff/cases/${caseId}`, { team: [adviser.id] });
  await change(firm.admin.call, `/staff/members/${adviser.id}`, { suspended: true });
  return {
    "Open": open, "Door": { ...open, cookie: "" }, "Stranger": { ...open, cookie: revoked.cookie }, "Used up": usedUp, "Expired": expired, "Revoked": revoked, "Removed": removed, "Left": left, "Suspended": suspended,
    "Unknown": { ...open, path: "/s/unknown" },
  };
};
