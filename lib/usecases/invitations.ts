import type { About } from "../domain/event.ts";
import type { ClientId, MemberId } from "../domain/ids.ts";
import { newId } from "../domain/ids.ts";
import type { Contact, Identity, Member, Role } from "../domain/people.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { invalid, notFound, Refusal } from "../domain/refusal.ts";
import type { Change, Ports } from "./ports.ts";
import type { Request } from "./request.ts";

type Deps = Pick<Ports, "ledger" | "people" | "accounts" | "links">;

/**
 * Inviting takes three steps that a crash may part: the person's item (`inviting`), the account in the user pool, and the identity with
 * `active`, which is the step whose event sends the mail. Inviting the same address again goes on from the first step that is missing, and
 * what it says counts: nobody becomes an administrator because a request that was cut off said so.
 */
export const inviteMember = ({ ledger, people, accounts, links }: Deps) =>
  async (request: Request, input: { email: string; name: string; role: Role; advisers?: readonly MemberId[] | undefined }): Promise<Member> => {
    const advisers = await advisersOf({ people }, input.role, input.advisers ?? []);
    let member = await people.memberBy(input.email);
    if (member?.account === "active") throw invalidAddress();
    if (member === null) {
      const memberId = newId("member", new Date(request.now));
      member = { ...input, advisers, memberId, suspended: false, account: "inviting", keyVersion: await links.currentVersion(), createdAt: request.now, revision: 1 };
      await ledger.commit(request, [people.addMember(member)], { action: "members.invite-begun", about: { memberId } });
    } else member = { ...member, name: input.name, role: input.role, advisers };
    return finishMember({ ledger, people, accounts, links })(request, member);
  };

/** Whom an assistant works for. @throws Refusal for anyone who takes no cases, and for advisers of somebody who is no assistant. */
export const advisersOf = async ({ people }: Pick<Deps, "people">, role: Role, ids: readonly MemberId[]): Promise<MemberId[]> => {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return [];
  if (role !== "assistant") throw invalid("body.advisers", "Is for assistants alone.");
  const members = new Map((await people.membersBy(wanted)).map((it) => [it.memberId, it]));
  const stranger = ids.findIndex((id) => { const it = members.get(id); return it === undefined || it.role === "assistant"; });
  if (stranger >= 0) throw invalid(`body.advisers.${stranger}`, "Is not an adviser of the firm.");
  return wanted;
};

/** Takes an invited member through the steps that are missing. Whoever does it at the same moment gets the same member, and one mail leaves. */
export const finishMember = ({ ledger, people, accounts, links }: Deps) =>
  async (request: Request, member: Member): Promise<Member> => {
    if (member.account === "active") return member;
    const { sub } = await accounts.create("staff", member.email, await links.firstPassword(member.memberId, member.keyVersion));
    const active: Member = { ...member, account: "active", sub, revision: member.revision + 1 };
    const changes = [people.changeMember(active), people.putIdentity("staff", identityOfMember(active, sub, never))];
    const about = { memberId: active.memberId };
    const finished = await unlessFinished({ ledger }, request, changes, about, active, () => people.member(active.memberId));
    // Two who invited the same person to different roles at the same moment: only one of them got what they asked for.
    if (finished.role !== active.role) throw invalidAddress();
    return finished;
  };

/** Somebody else may have taken the last step meanwhile: then theirs is the person, and the record of that step, which sends the mail, is theirs too. */
const unlessFinished = async <P extends { readonly account: string }>(
  { ledger }: Pick<Deps, "ledger">, request: Request, changes: readonly Change[], about: About, mine: P, read: () => Promise<P | null>,
): Promise<P> => {
  try {
    await ledger.commit(request, changes, { about });
    return mine;
  } catch (error) {
    const theirs = error instanceof Refusal && error.code === "stale" ? await read() : null;
    if (theirs?.account !== "active") throw error;
    await ledger.commit(request, [], { action: "request.repeated", about });
    request.trail.markRecorded();
    return theirs;
  }
};

export interface ContactInput {
  readonly email: string;
  readonly name: string;
  readonly locale?: Contact["locale"] | undefined;
  readonly phone?: string | undefined;
  readonly organisation?: string | undefined;
}

/** Invites a person for a client, or a collaborator (no client). Somebody who is known already becomes a contact of this client too. */
export const inviteContact = ({ ledger, people, accounts, links, firm }: Deps & Pick<Ports, "firm">) =>
  async (request: Request<StaffPrincipal>, input: ContactInput, clientId: ClientId | null): Promise<Contact> => {
    if (clientId !== null) {
      request.trail.concerns({ clientId });
      if ((await people.client(clientId)) === null) throw notFound();
    }
    let contact = await people.contactBy(input.email);
    const joins = contact !== null && clientId !== null && !contact.clientIds.includes(clientId);
    if (contact?.account === "active" && !joins) throw invalidAddress();
    if (contact === null) {
      const { email, name, phone, organisation } = input;
      const contactId = newId("contact", new Date(request.now));
      contact = {
        contactId, clientIds: clientId === null ? [] : [clientId], since: clientId === null ? {} : { [clientId]: request.now }, email, name, locale: input.locale ?? firm.locale, ...(phone && { phone }), ...(organisation && { organisation }),
        suspended: false, account: "inviting", keyVersion: await links.currentVersion(), createdAt: request.now, revision: 1,
      };
      await ledger.commit(request, [people.addContact(contact)], { action: "contacts.invite-begun", about: { contactId } });
    } else if (contact.account === "inviting") {
      const { name, locale, phone, organisation } = input;
      contact = { ...contact, name, locale: locale ?? contact.locale, ...(phone && { phone }), ...(organisation && { organisation }) };
    }
    if (!joins) return finishContact({ ledger, people, accounts, links })(request, contact);
    const joined: Contact = { ...contact, clientIds: [...contact.clientIds, clientId], since: { ...contact.since, [clientId]: request.now }, revision: contact.revision + 1 };
    const before = joined.sub === undefined ? null : await people.identity("client", joined.sub);
    const changes = [people.changeContact(joined, clientId), ...(before ? [people.putIdentity("client", identityOfContact(joined, before.sub, before.tokensValidAfter))] : [])];
    // The last step's record sends the mail: this one is the last only for somebody who can sign in already.
    await ledger.commit(request, changes, { ...(joined.account === "inviting" && { action: "contacts.invite-begun" }), about: { contactId: joined.contactId } });
    return finishContact({ ledger, people, accounts, links })(request, joined);
  };

/** As `finishMember`, for a contact or collaborator. */
export const finishContact = ({ ledger, people, accounts, links }: Deps) =>
  async (request: Request, contact: Contact): Promise<Contact> => {
    if (contact.account === "active") return contact;
    const { sub } = await accounts.create("client", contact.email, await links.firstPassword(contact.contactId, contact.keyVersion));
    const active: Contact = { ...contact, account: "active", sub, revision: contact.revision + 1 };
    const changes = [people.changeContact(active), people.putIdentity("client", identityOfContact(active, sub, never))];
    return unlessFinished({ ledger }, request, changes, { contactId: active.contactId }, active, () => people.contact(active.contactId));
  };

/** Nobody has been signed out yet. */
const never: Identity["tokensValidAfter"] = "1970-01-01T00:00:00.000Z";

const invalidAddress = (): Refusal => {
  const { faults } = invalid("body.email", "Is known already.");
  return new Refusal("conflict", "Somebody with this e-mail address is known already.", faults);
};

/** What the request of a signed-in person reads. `tokensValidAfter` refuses every token of an earlier sign-in. */
export const identityOfMember = (it: Member, sub: string, tokensValidAfter: Identity["tokensValidAfter"]): Identity =>
  ({ sub, suspended: it.suspended, tokensValidAfter, person: { kind: "member", memberId: it.memberId, role: it.role, advisers: it.advisers, name: it.name } });

export const identityOfContact = (it: Contact, sub: string, tokensValidAfter: Identity["tokensValidAfter"]): Identity =>
  ({ sub, suspended: it.suspended, tokensValidAfter, person: { kind: "contact", contactId: it.contactId, clientIds: it.clientIds, since: it.since, name: it.name, locale: it.locale } });
