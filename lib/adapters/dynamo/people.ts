import * as z from "zod/mini";
import { idOf, type ClientId, type ContactId, type MemberId } from "../../domain/ids.ts";
import * as people from "../../domain/people.ts";
import { Refusal } from "../../domain/refusal.ts";
import { foldName } from "../../domain/text.ts";
import type { People } from "../../usecases/ports.ts";
import type { Page } from "../../usecases/request.ts";
import { keys } from "./keys.ts";
import type { Table } from "./table.ts";
import { together, writesOf } from "./writes.ts";

const addressTaken = (): Refusal => new Refusal("conflict", "Somebody with this e-mail address is known already.", [{ path: "body.email", message: "Is known already." }]);
const named = z.object({ pk: z.string(), name: z.string() });

/** Firm-wide lists by name; the id makes equal names two entries. */
const listed = (list: string, name: string, id: string) => ({ list, listKey: `${within(900, foldName(name))}#${id}` });

/** A sort key holds 1,024 bytes, and one letter may fold to eighteen. Cut between letters, never through one. */
const within = (bytes: number, text: string): string => {
  const cut = Buffer.from(text).subarray(0, bytes + 1);
  if (cut.length <= bytes) return text;
  let end = bytes;
  while (((cut[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return cut.subarray(0, end).toString("utf8");
};

export const peopleIn = (table: Table): People => {
  const write = writesOf(table);
  const list = <T>(name: string, page: Parameters<People["members"]>[0], schema: z.ZodMiniType<T>): Promise<Page<T>> =>
    table.page({ partition: name, index: "lists" }, page, schema);
  const contactItem = (it: people.Contact) => ({ ...it, ...(it.clientIds.length === 0 && listed("COLLABORATORS", it.name, it.contactId)) });
  const memberItem = (it: people.Member) => ({ ...it, ...listed("MEMBERS", it.name, it.memberId) });
  const clientItem = (it: people.Client) => ({ ...it, ...listed("CLIENTS", it.name, it.clientId) });
  const joins = (it: people.Contact, client: ClientId) => write.put(keys.contactOfClient(client, it.contactId), { contactId: it.contactId });

  return {
    identity: (pool, sub) => table.get(keys.identity(pool, sub), people.identity),
    async memberBy(email) {
      const of = await table.get(keys.address("staff", email), z.object({ holder: idOf("member") }));
      return of && table.get(keys.member(of.holder), people.member);
    },
    async contactBy(email) {
      const of = await table.get(keys.address("client", email), z.object({ holder: idOf("contact") }));
      return of && table.get(keys.contact(of.holder), people.contact);
    },
    member: (id) => table.get(keys.member(id), people.member),
    membersBy: (ids) => table.batch(ids.map(keys.member), people.member),
    members: (page) => list("MEMBERS", page, people.member),
    client: (id) => table.get(keys.client(id), people.client),
    clients: (page) => list("CLIENTS", page, people.client),
    contact: (id) => table.get(keys.contact(id), people.contact),
    contactsBy: (ids) => table.batch(ids.map(keys.contact), people.contact),
    collaborators: (page) => list("COLLABORATORS", page, people.contact),

    async contactsOf(id, page) {
      const of = await table.page({ partition: id, startsWith: "CONTACT#" }, page, z.object({ contactId: idOf("contact") }));
      const contacts = await table.batch(of.items.map((it) => keys.contact(it.contactId)), people.contact);
      return { items: contacts.toSorted((a, b) => (a.contactId < b.contactId ? -1 : 1)), next: of.next };
    },

    async names(ids) {
      const found = await table.batch(ids.map((id: MemberId | ContactId | ClientId) => ({ pk: id, sk: "PROFILE" })), named);
      return new Map(found.map((it) => [it.pk, it.name]));
    },

    addMember: (it) => together(write.create(keys.member(it.memberId), memberItem(it)), write.create(keys.address("staff", it.email), { holder: it.memberId }, addressTaken)),
    changeMember: (it) => write.replace(keys.member(it.memberId), memberItem(it)),
    addClient: (it) => write.create(keys.client(it.clientId), clientItem(it)),
    changeClient: (it) => write.replace(keys.client(it.clientId), clientItem(it)),
    addContact: (it) => together(
      write.create(keys.contact(it.contactId), contactItem(it)),
      write.create(keys.address("client", it.email), { holder: it.contactId }, addressTaken),
      ...it.clientIds.map((client) => joins(it, client)),
    ),
    changeContact: (it, joined) => together(write.replace(keys.contact(it.contactId), contactItem(it)), ...(joined ? [joins(it, joined)] : [])),
    putIdentity: (pool, it) => write.put(keys.identity(pool, it.sub), it),
  };
};
