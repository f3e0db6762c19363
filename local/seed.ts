import { callerOf, expectOk, uploadDocument } from "./caller.ts";
import { pdf } from "./files.ts";
import type { LocalFirm, SharedEmulators } from "./firm.ts";
import { passwordIn, signIn } from "./people.ts";

export interface StaffLogin { readonly email: string; readonly password: string; readonly role: string }
export interface ClientLogin { readonly email: string; readonly password: string; readonly clientId: string; readonly contactId: string }
export interface Logins { readonly staff: readonly StaffLogin[]; readonly clients: readonly ClientLogin[] }

const admin = { email: "marta.ferrer@bufete-ferrer.example", name: "Marta Ferrer" };
const adviser = { email: "jordi.puig@bufete-ferrer.example", name: "Jordi Puig", role: "adviser" };
const assistant = { email: "laia.serra@bufete-ferrer.example", name: "Laia Serra", role: "assistant" };
const people = [
  { client: "Construcciones Núñez, S.L.", contact: { email: "ana.nunez@construcciones-nunez.example", name: "Ana Núñez", locale: "es" }, reference: "2026/0147", title: "Compraventa de la nave de Salt" },
  { client: "Família Vidal Roca", contact: { email: "pere.vidal@vidal-roca.example", name: "Pere Vidal", locale: "ca" }, reference: "2026/0152", title: "Herència Vidal" },
];

/** The firm's first administrator, and nobody else. */
export const seedAdministrator = async (firm: LocalFirm, { mail }: SharedEmulators): Promise<Logins> => {
  await firm.createAdministrator(admin);
  return { staff: [{ email: admin.email, password: await passwordIn(mail, admin.email), role: "admin" }], clients: [] };
};

/** The demonstration firm, made through the API alone: an administrator, an adviser with an assistant, two clients with a contact and a case each. */
export const seedDemonstration = async (firm: LocalFirm, emulators: SharedEmulators): Promise<Logins> => {
  const { mail, cognito } = emulators;
  const first = (await seedAdministrator(firm, emulators)).staff;
  const staff = callerOf(firm.api, await signIn(cognito, firm.pools.staff, admin.email, first[0]?.password ?? ""));
  const { memberId } = await expectOk(staff("POST", "/staff/members", adviser));
  const clients: ClientLogin[] = [];
  for (const it of people) {
    const { clientId } = await expectOk(staff("POST", "/staff/clients", { name: it.client }));
    const { contactId } = await expectOk(staff("POST", `/staff/clients/${clientId}/contacts`, it.contact));
    const { caseId } = await expectOk(staff("POST", "/staff/cases", { clientId, reference: it.reference, title: it.title, adviserId: memberId }));
    const { folderId } = await expectOk(staff("POST", `/staff/cases/${caseId}/folders`, { name: "Escrituras" }));
    await uploadDocument(staff, caseId, { name: "Borrador de escritura.pdf", contentType: "application/pdf", bytes: pdf(it.title, 3), folderId });
    await expectOk(staff("POST", `/staff/cases/${caseId}/timeline`, { text: "Hemos recibido la nota simple del registro.", visibleToClient: true }));
    await expectOk(staff("POST", `/staff/cases/${caseId}/grants`, { principal: { contactId }, resource: {}, level: "read" }));
    clients.push({ email: it.contact.email, password: await passwordIn(mail, it.contact.email), clientId, contactId });
  }
  await expectOk(staff("POST", "/staff/members", { ...assistant, advisers: [memberId] }));
  const others = [adviser, assistant].map(async ({ email, role }) => ({ email, role, password: await passwordIn(mail, email) }));
  return { staff: [...first, ...(await Promise.all(others))], clients };
};
