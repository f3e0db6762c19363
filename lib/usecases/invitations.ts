import type { ClientId } from "../domain/ids.ts";
import { newId } from "../domain/ids.ts";
import type { Contact, Identity, Member, Role } from "../domain/people.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { invalid, notFound, Refusal } from "../domain/refusal.ts";
import type { Ports } from "./ports.ts";
import type { Request } from "./request.ts";

type Deps = Pick<Ports, "ledger" | "people" | "accounts" | "links">;

/**
 * Inviting takes three steps that a crash may part: the person's item (`inviting`), the account in the user pool, and the identity with
 * `active`, which is the step whose event sends the mail. Inviting the same address again goes on from the first step that is missing.
 */
export const inviteMember = ({ ledger, people, accounts, links }: Deps) =>
  async (request: Request, input: { email: string; name: string; role: Role }): Promise<Member> => {
    let member = await people.memberBy(input.email);
    if (member?.account === "active") throw invalidAddress();
    if (member === null) {
      const memberId = newId("member", new Date(request.now));
      member = { ...input, memberId, suspended: false, account: "inviting", keyVersion: await links.currentVersion(), createdAt: request.now, revision: 1 };
      await ledger.commit(request, [people.addMember(member)], { action: "members.invite-begun", about: { memberId } });
    }
    const { sub } = await accounts.create("staff", member.email, await links.firstPassword(member.memberId, member.keyVersion));
    const active: Member = { ...member, account: "active", sub, revision: member.revision + 1 };
    await ledger.commit(request, [people.changeMember(active), people.putIdentity("staff", identityOfMember(active, sub, never))], { about: { memberId: active.memberId } });
    return active;
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
        contactId, clientIds: clientId === null ? [] : [clientId], email, name, locale: input.locale ?? firm.locale, ...(phone && { phone }), ...(organisation && { organisation }),
        suspended: false, account: "inviting", keyVersion: await links.currentVersion(), createdAt: request.now, revision: 1,
      };
      await ledger.commit(request, [people.addContact(contact)], { action: "contacts.invite-begun", about: { contactId } });
    }
    const { sub } = contact.sub === undefined
      ? await accounts.create("client", contact.email, await links.firstPassword(contact.contactId, contact.keyVersion))
      : { sub: contact.sub };
    const clientIds = joins ? [...contact.clientIds, clientId] : contact.clientIds;
    const active: Contact = { ...contact, clientIds, account: "active", sub, revision: contact.revision + 1 };
    const before = await people.identity("client", sub);
    const identity = identityOfContact(active, sub, before?.tokensValidAfter ?? never);
    const changes = [people.changeContact(active, joins ? clientId : undefined), people.putIdentity("client", identity)];
    await ledger.commit(request, changes, { about: { contactId: active.contactId } });
    return active;
  };

/** Nobody has been signed out yet. */
const never: Identity["tokensValidAfter"] = "1970-01-01T00:00:00.000Z";

const invalidAddress = (): Refusal => {
  const { faults } = invalid("body.email", "Is known already.");
  return new Refusal("conflict", "Somebody with this e-mail address is known already.", faults);
};

/** What the request of a signed-in person reads. `tokensValidAfter` refuses every token of an earlier sign-in. */
export const identityOfMember = (it: Member, sub: string, tokensValidAfter: Identity["tokensValidAfter"]): Identity =>
  ({ sub, suspended: it.suspended, tokensValidAfter, person: { kind: "member", memberId: it.memberId, role: it.role, name: it.name } });

export const identityOfContact = (it: Contact, sub: string, tokensValidAfter: Identity["tokensValidAfter"]): Identity =>
  ({ sub, suspended: it.suspended, tokensValidAfter, person: { kind: "contact", contactId: it.contactId, clientIds: it.clientIds, name: it.name, locale: it.locale } });
