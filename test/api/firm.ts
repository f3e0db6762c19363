import { mkdtemp, rm } from "node:fs/promises";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { keyRingIn, linksFrom } from "../../lib/adapters/secrets.ts";
import type { MemberId, RecipientId, ShareId } from "../../lib/domain/ids.ts";
import { callerOf, expectOk, uploadDocument, type Answer, type Caller } from "../../local/caller.ts";
import { movableClock, type MovableClock } from "../../local/clock.ts";
import { startDynamoDb } from "../../local/emulators/dynamodb.ts";
import { freePorts } from "../../local/emulators/ports.ts";
import { startLocalFirm, type LocalFirm, type LocalFirmOptions } from "../../local/firm.ts";
import type { JournalEntry } from "../../local/gateway.ts";
import { signIn } from "../../local/people.ts";
import { heldToTheDocument } from "./held-to-the-document.ts";

export interface Person { readonly id: string; readonly email: string; readonly call: Caller; readonly token: string }

/** A firm of its own for one test file, with the people most tests need. */
export interface TestFirm extends LocalFirm {
  readonly clock: MovableClock;
  readonly mail: string;
  readonly journal: JournalEntry[];
  readonly anyone: Caller;
  readonly admin: Person;
  /** A link's path, as the recipient's mail has it. */
  pathOfLink(shareId: string, recipientId: string): Promise<string>;
  /** Waits until every event has reached every consumer. */
  settle(): Promise<void>;
  /** An assistant works for the administrator unless advisers are named. */
  inviteMember(role: "admin" | "adviser" | "assistant", advisers?: readonly string[]): Promise<Person>;
  createClient(name?: string): Promise<string>;
  inviteContact(clientId: string): Promise<Person>;
  inviteCollaborator(): Promise<Person>;
  /** Signs in as a contact whom somebody invited. */
  enterAs(contactId: string, email: string): Promise<Person>;
  createCase(clientId: string, title?: string): Promise<string>;
  upload(caseId: string, name: string, bytes?: Buffer, folderId?: string): Promise<string>;
  /** Shares with one new recipient, by the administrator unless another is named. @returns their link's path. */
  share(caseId: string, body: Readonly<Record<string, unknown>>, by?: Caller): Promise<{ readonly shareId: string; readonly recipientId: string; readonly email: string; readonly path: string }>;
  stop(): Promise<void>;
}

/**
 * One DynamoDB for a few firms of a worker, whatever files they are in. At each write it looks through the stream records of every table it ever had, dropped
 * ones too: with 600 records in each a put takes 0.5 ms more per table (measured: 5.6 ms at the second, 13 ms at the sixteenth). But its start takes seconds, and
 * so do its first hundreds of calls, which are twice as slow: a Java that has not warmed up.
 */
const firmsInOne = 5;
let dynamodb: { readonly emulator: ReturnType<typeof startDynamoDb>; firms: number; open: number } | null = null;
const enterDynamoDb = async (): Promise<{ readonly url: string; leave(): void }> => {
  const worn = dynamodb;
  if (worn !== null && worn.open === 0 && worn.firms >= firmsInOne) {
    dynamodb = null;
    await (await worn.emulator).stop();
  }
  dynamodb ??= { emulator: freePorts(1).then(([port = 0]) => startDynamoDb({ directory: null, port, log: () => undefined })), firms: 0, open: 0 };
  const entered = dynamodb;
  entered.firms += 1;
  entered.open += 1;
  try {
    return { url: (await entered.emulator).url, leave: () => { entered.open -= 1; } };
  } catch (error) {
    dynamodb = null;
    throw error;
  }
};
/** For whoever plays for hours in one firm: the next one gets a new DynamoDB. */
export const wearDynamoDbOut = (): void => {
  if (dynamodb !== null) dynamodb.firms = firmsInOne;
};

let count = 0;
const unique = (what: string): string => `${what}${++count}.${randomBytes(3).toString("hex")}`;

export const startTestFirm = async (profile: Readonly<Record<string, unknown>> = {}, more: Pick<LocalFirmOptions, "watch" | "malwareScan" | "deaf"> = {}): Promise<TestFirm> => {
  const database = await enterDynamoDb();
  const emulators = { ...inject("emulators"), dynamodb: database.url };
  const directory = await mkdtemp(join(tmpdir(), "legajo-firm-"));
  const clock = movableClock();
  const journal: JournalEntry[] = [];
  const [secrets = 0] = await freePorts(1);
  const firm = await startLocalFirm({
    name: randomBytes(6).toString("hex"), emulators, directory, ports: { api: 0, s3: 0, secrets }, profile, clock, onAnswer: (entry) => journal.push(entry), ...more,
  });
  // Passwords and links are derived as the mails' are: a test that is not about mails does not wait for one. Asked for at once, while the SDK's variables name this firm's secrets.
  const links = linksFrom(keyRingIn(new SecretsManagerClient({}), firm.table.replace("legajo-", "legajo/").concat("/link-key")));
  const keyVersion = await links.currentVersion();
  const enter = async (pool: "staff" | "client", id: string, email: string): Promise<Person> => {
    const token = await signIn(emulators.cognito, firm.pools[pool], email, await links.firstPassword(id as MemberId, keyVersion));
    return { id, email, token, call: heldToTheDocument(callerOf(firm.api, token)) };
  };
  const pathOfLink = async (shareId: string, recipientId: string): Promise<string> =>
    `/s/${await links.token({ shareId: shareId as ShareId, recipientId: recipientId as RecipientId, generation: 1, keyVersion })}`;
  const first = `${unique("admin")}@firm.example`;
  const { memberId } = await firm.createAdministrator({ email: first, name: "Ada Min" });
  const admin = await enter("staff", memberId, first);
  return {
    ...firm, clock, journal, admin, pathOfLink, mail: emulators.mail, anyone: heldToTheDocument(callerOf(firm.api, null)),
    settle: () => firm.pipe.drained(),
    async inviteMember(role, advisers = [memberId]) {
      const email = `${unique("member")}@firm.example`;
      const member = await expectOk(admin.call("POST", "/staff/members", { email, name: "Mem Ber", role, ...(role === "assistant" && { advisers }) }));
      return enter("staff", member.memberId, email);
    },
    async createClient(name = unique("Client ")) {
      return (await expectOk(admin.call("POST", "/staff/clients", { name }))).clientId;
    },
    async inviteContact(clientId) {
      const email = `${unique("contact")}@client.example`;
      const contact = await expectOk(admin.call("POST", `/staff/clients/${clientId}/contacts`, { email, name: "Con Tact", locale: "es" }));
      return enter("client", contact.contactId, email);
    },
    enterAs: (contactId, email) => enter("client", contactId, email),
    async inviteCollaborator() {
      const email = `${unique("expert")}@elsewhere.example`;
      const contact = await expectOk(admin.call("POST", "/staff/collaborators", { email, name: "Ex Pert", locale: "es" }));
      return enter("client", contact.contactId, email);
    },
    async createCase(clientId, title = "A case") {
      return (await expectOk(admin.call("POST", "/staff/cases", { clientId, reference: unique("R-"), title }))).caseId;
    },
    async upload(caseId, name, bytes = randomBytes(2000), folderId) {
      return (await uploadDocument(admin.call, caseId, { name, contentType: "application/pdf", bytes, folderId })).documentId;
    },
    async share(caseId, body, by = admin.call) {
      const email = `${unique("recipient")}@elsewhere.example`;
      const { share, recipients } = await expectOk(by("POST", `/staff/cases/${caseId}/shares`, { recipients: [{ email }], ...body }));
      const [{ shareId }, [{ recipientId }]] = [share, recipients];
      return { shareId, recipientId, email, path: await pathOfLink(shareId, recipientId) };
    },
    async stop() {
      await firm.close();
      database.leave();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

/** What a browser does with a link: opens it by its form. @returns the session's cookie. */
export const openLink = async (firm: TestFirm, path: string): Promise<{ readonly cookie: string; readonly answer: Answer }> => {
  const { nonce } = await formOf(firm, path);
  const response = await submit(firm, `${path}/open`, { nonce });
  return { cookie: response.headers.getSetCookie()[0]?.split(";")[0] ?? "", answer: { status: response.status, headers: response.headers, body: await response.text() } };
};

/** The nonce in a page's forms. */
export const formOf = async (firm: TestFirm, path: string, cookie = ""): Promise<{ readonly nonce: string; readonly html: string }> => {
  const html = (await firm.anyone("GET", path, undefined, { cookie })).body as string;
  return { nonce: /name="nonce" value="([^"]+)"/.exec(html)?.[1] ?? "", html };
};

/** A form's button, pressed. */
export const submit = async (firm: TestFirm, path: string, fields: Readonly<Record<string, string>>, cookie = ""): Promise<Response> =>
  fetch(`${firm.api}${path}`, { method: "POST", redirect: "manual", headers: { "content-type": "application/x-www-form-urlencoded", cookie }, body: new URLSearchParams(fields) });
