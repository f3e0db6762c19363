import { mayChangeMember } from "../domain/access.ts";
import type { ClientId, ContactId, MemberId } from "../domain/ids.ts";
import { newId } from "../domain/ids.ts";
import type { Client, Contact, Member, Role } from "../domain/people.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { notFound, Refusal } from "../domain/refusal.ts";
import { backOff } from "./back-off.ts";
import { advisersOf, identityOfContact, identityOfMember } from "./invitations.ts";
import type { Change, Pool, Ports } from "./ports.ts";
import type { Request } from "./request.ts";

type Deps = Pick<Ports, "ledger" | "people" | "accounts">;
type Staff = Request<StaffPrincipal>;

/** What a change may touch; absent fields stay. `revision` is the one that the caller read. */
type Changes<T> = { readonly [K in keyof T]?: T[K] | undefined } & { readonly revision: number };

/** The fields that were given, so that an absent one changes nothing. */
const given = <T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
// Object.fromEntries forgets the names of the fields it was given.

/** @throws Refusal `stale` when somebody changed it since. */
export const sameRevision = (it: { readonly revision: number }, read: number): void => {
  if (it.revision !== read) throw new Refusal("stale", "This was changed since you read it. Read it again and send its new etag.");
};
export const found = <T>(it: T | null): T => {
  if (it === null) throw notFound();
  return it;
};

/** The door shuts with the table's write, on the next request; the user pool follows, and repeating the call repeats it. */
export const changeMember = ({ ledger, people, accounts }: Deps) =>
  async (request: Staff, memberId: MemberId, input: Changes<{ role: Role; suspended: boolean; advisers: readonly MemberId[] }>): Promise<Member> => {
    request.trail.concerns({ memberId });
    const before = found(await people.member(memberId));
    sameRevision(before, input.revision);
    if (!mayChangeMember(request.principal, memberId)) throw new Refusal("conflict", "Nobody changes their own role or suspends themselves: ask another administrator.");
    const { revision, ...fields } = input;
    const role = fields.role ?? before.role;
    // An assistant who becomes something else works for nobody any more.
    const kept = role === "assistant" ? before.advisers : [];
    const advisers = fields.advisers === undefined ? kept : await advisersOf({ people }, role, fields.advisers);
    const after: Member = { ...before, ...given(fields), advisers, revision: revision + 1 };
    const identity = after.sub === undefined ? null : await people.identity("staff", after.sub);
    const changes = [people.changeMember(after), ...(endsAnAdministrator(before, after) ? [await byAnAdministrator(people, request.principal)] : [])];
    if (identity) changes.push(people.putIdentity("staff", identityOfMember(after, identity.sub, identity.tokensValidAfter)));
    await ledger.commit(request, changes);
    if (after.sub !== undefined && input.suspended !== undefined) await followed(accounts.setEnabled("staff", after.email, !after.suspended), doorOf(after));
    return after;
  };

/** The table has decided by then: who hears that the pool is silent must know it, and that asking again takes the pool along. */
const followed = async (pool: Promise<void>, done: string): Promise<void> => {
  try {
    await pool;
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "unavailable") throw error;
    throw new Refusal("unavailable", `${done}, but the user pool does not answer. Read them again and repeat the request, so that the pool follows.`);
  }
};
const doorOf = ({ suspended }: Member | Contact): string => (suspended ? "This person is shut out already" : "The suspension is lifted already");

const administers = (it: Member): boolean => it.role === "admin" && !it.suspended;
const endsAnAdministrator = (before: Member, after: Member): boolean => administers(before) && !administers(after);

/**
 * Two administrators who take it from each other at the same moment would leave the firm without any: whoever takes it writes their own
 * item too, so that one of the two transactions finds itself changed.
 */
const byAnAdministrator = async (people: Ports["people"], { memberId }: StaffPrincipal): Promise<Change> => {
  const taker = found(await people.member(memberId));
  if (!administers(taker)) throw new Refusal("forbidden", "Your role does not allow this.");
  return people.changeMember({ ...taker, revision: taker.revision + 1 });
};

export const changeContact = ({ ledger, people, accounts }: Deps) =>
  async (request: Staff, contactId: ContactId, input: Changes<{ name: string; locale: Contact["locale"]; suspended: boolean }>): Promise<Contact> => {
    request.trail.concerns({ contactId });
    const before = found(await people.contact(contactId));
    sameRevision(before, input.revision);
    const { revision, ...fields } = input;
    const after: Contact = { ...before, ...given(fields), revision: revision + 1 };
    const identity = after.sub === undefined ? null : await people.identity("client", after.sub);
    const changes = [people.changeContact(after)];
    if (identity) changes.push(people.putIdentity("client", identityOfContact(after, identity.sub, identity.tokensValidAfter)));
    await ledger.commit(request, changes);
    if (after.sub !== undefined && input.suspended !== undefined) await followed(accounts.setEnabled("client", after.email, !after.suspended), doorOf(after));
    return after;
  };

const attempts = 5;

/**
 * Refuses every token of sign-ins until now; the pool ends the refresh tokens. The person's item gets a new revision with it: the identity holds
 * what a suspension writes too, and of two that were read at the same moment only one is written.
 */
export const signOut = ({ ledger, people, accounts }: Deps) =>
  async (request: Staff, who: { memberId: MemberId } | { contactId: ContactId }): Promise<void> => {
    request.trail.concerns(who);
    for (let attempt = 1; ; attempt++) {
      const { pool, email, sub, touched } = await personOf(people, who);
      const identity = sub === undefined ? null : await people.identity(pool, sub);
      try {
        await ledger.commit(request, identity ? [touched, people.putIdentity(pool, { ...identity, tokensValidAfter: request.now })] : []);
        if (identity) await followed(accounts.signOut(pool, email), "Every token until now is refused already");
        return;
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== "stale" || attempt === attempts) throw error;
        await backOff(attempt);
      }
    }
  };

const personOf = async (people: Ports["people"], who: { memberId: MemberId } | { contactId: ContactId }): Promise<{ pool: Pool; email: string; sub: string | undefined; touched: Change }> => {
  if ("memberId" in who) {
    const it = found(await people.member(who.memberId));
    return { pool: "staff", email: it.email, sub: it.sub, touched: people.changeMember({ ...it, revision: it.revision + 1 }) };
  }
  const it = found(await people.contact(who.contactId));
  return { pool: "client", email: it.email, sub: it.sub, touched: people.changeContact({ ...it, revision: it.revision + 1 }) };
};

export const createClient = ({ ledger, people }: Pick<Ports, "ledger" | "people">) =>
  async (request: Staff, input: { name: string; taxId?: string | undefined; notes?: string | undefined }): Promise<Client> => {
    const clientId = newId("client", new Date(request.now));
    const client: Client = { clientId, name: input.name, ...(input.taxId && { taxId: input.taxId }), ...(input.notes && { notes: input.notes }), createdAt: request.now, revision: 1 };
    await ledger.commit(request, [people.addClient(client)], { about: { clientId } });
    return client;
  };

export const changeClient = ({ ledger, people }: Pick<Ports, "ledger" | "people">) =>
  async (request: Staff, clientId: ClientId, input: Changes<{ name: string; taxId: string; notes: string }>): Promise<Client> => {
    request.trail.concerns({ clientId });
    const before = found(await people.client(clientId));
    sameRevision(before, input.revision);
    const { revision, ...fields } = input;
    const after: Client = { ...before, ...given(fields), revision: revision + 1 };
    await ledger.commit(request, [people.changeClient(after)]);
    return after;
  };
