import * as z from "zod/mini";
import type { About } from "../../domain/event.ts";
import { idOf } from "../../domain/ids.ts";
import { roles } from "../../domain/people.ts";
import type { StaffPrincipal } from "../../domain/principal.ts";
import { emailAddress, line, localeTag, paragraph } from "../../domain/text.ts";
import { finishContact, finishMember, inviteContact, inviteMember } from "../../usecases/invitations.ts";
import { changeClient, changeContact, changeMember, createClient, found, signOut } from "../../usecases/people.ts";
import type { Ports } from "../../usecases/ports.ts";
import type { Request } from "../../usecases/request.ts";
import { bind, made, paged, pageOf } from "../route.ts";
import { clientView, contactView, memberView, viewClient, viewContact, viewMember } from "../views.ts";

const route = bind<StaffPrincipal>();
const none = z.void();
const memberId = z.object({ memberId: idOf("member") });
const clientId = z.object({ clientId: idOf("client") });
const contactId = z.object({ contactId: idOf("contact") });
const advisers = z.optional(z.array(idOf("member")).check(z.maxLength(50, "Has more than 50 advisers.")));
const phone = z.optional(line(40));
const person = { email: emailAddress, name: line(120), locale: z.optional(localeTag) };
const clientFields = { taxId: z.optional(line(40)), notes: z.optional(paragraph(4000)) };

/** Members, clients, contacts and collaborators. */
export const peopleBindings = (ports: Pick<Ports, "ledger" | "people" | "accounts" | "links" | "firm">) => {
  const { people } = ports;
  const invitedAgain = async (request: Request, about: About) => viewContact(await finishContact(ports)(request, found(await people.contact(made(about.contactId)))));
  return {
    "me.read": route({ reply: memberView, run: async ({ principal }) => viewMember(found(await people.member(principal.memberId))) }),
    "members.list": route({ list: true, reply: pageOf(memberView), run: async (_, { page }) => paged(await people.members(page), viewMember) }),
    "members.invite": route({
      body: z.strictObject({ email: emailAddress, name: line(120), role: z.enum(roles), advisers }), reply: memberView, status: 201, location: (it) => `/staff/members/${it.memberId}`,
      run: async (request, { body }) => viewMember(await inviteMember(ports)(request, body)),
      again: async (request, about) => viewMember(await finishMember(ports)(request, found(await people.member(made(about.memberId))))),
    }),
    "members.read": route({ params: memberId, reply: memberView, run: async ({ trail }, { params }) => {
      trail.concerns(params);
      return viewMember(found(await people.member(params.memberId)));
    } }),
    "members.change": route({
      params: memberId, ifMatch: "required", body: z.strictObject({ role: z.optional(z.enum(roles)), suspended: z.optional(z.boolean()), advisers }), reply: memberView,
      run: async (request, { params, body, revision }) => viewMember(await changeMember(ports)(request, params.memberId, { ...body, revision })),
    }),
    "members.sign-out": route({ params: memberId, reply: none, status: 204, run: async (request, { params }) => signOut(ports)(request, params) }),

    "clients.list": route({ list: true, reply: pageOf(clientView), run: async (_, { page }) => paged(await people.clients(page), viewClient) }),
    "clients.create": route({
      body: z.strictObject({ name: line(200), ...clientFields }), reply: clientView, status: 201, location: (it) => `/staff/clients/${it.clientId}`,
      run: async (request, { body }) => viewClient(await createClient(ports)(request, body)),
      again: async (_, about) => viewClient(found(await people.client(made(about.clientId)))),
    }),
    "clients.read": route({ params: clientId, reply: clientView, run: async ({ trail }, { params }) => {
      trail.concerns(params);
      return viewClient(found(await people.client(params.clientId)));
    } }),
    "clients.change": route({
      params: clientId, ifMatch: "required", body: z.strictObject({ name: z.optional(line(200)), ...clientFields }), reply: clientView,
      run: async (request, { params, body, revision }) => viewClient(await changeClient(ports)(request, params.clientId, { ...body, revision })),
    }),

    "contacts.list": route({ list: true, params: clientId, reply: pageOf(contactView), run: async ({ trail }, { params, page }) => {
      trail.concerns(params);
      found(await people.client(params.clientId));
      return paged(await people.contactsOf(params.clientId, page), viewContact);
    } }),
    "contacts.invite": route({
      params: clientId, body: z.strictObject({ ...person, phone }), reply: contactView, status: 201, location: (it) => `/staff/contacts/${it.contactId}`,
      run: async (request, { params, body }) => viewContact(await inviteContact(ports)(request, body, params.clientId)), again: invitedAgain,
    }),
    "collaborators.list": route({ list: true, reply: pageOf(contactView), run: async (_, { page }) => paged(await people.collaborators(page), viewContact) }),
    "collaborators.invite": route({
      body: z.strictObject({ ...person, organisation: z.optional(line(200)) }), reply: contactView, status: 201, location: (it) => `/staff/contacts/${it.contactId}`,
      run: async (request, { body }) => viewContact(await inviteContact(ports)(request, body, null)), again: invitedAgain,
    }),
    "contacts.read": route({ params: contactId, reply: contactView, run: async ({ trail }, { params }) => {
      trail.concerns(params);
      return viewContact(found(await people.contact(params.contactId)));
    } }),
    "contacts.change": route({
      params: contactId, ifMatch: "required", body: z.strictObject({ name: z.optional(line(120)), locale: z.optional(localeTag), suspended: z.optional(z.boolean()) }), reply: contactView,
      run: async (request, { params, body, revision }) => viewContact(await changeContact(ports)(request, params.contactId, { ...body, revision })),
    }),
    "contacts.sign-out": route({ params: contactId, reply: none, status: 204, run: async (request, { params }) => signOut(ports)(request, params) }),
  };
};
