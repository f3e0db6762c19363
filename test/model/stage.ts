import { documentsIn } from "../../lib/adapters/dynamo/documents.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import type { Document, Version } from "../../lib/domain/document.ts";
import { newId, type CaseId, type FolderId, type MemberId } from "../../lib/domain/ids.ts";
import { toInstant } from "../../lib/domain/time.ts";
import { publishedOf } from "../../lib/usecases/documents.ts";
import { callerOf, expectOk } from "../../local/caller.ts";
import { startTestFirm, type Person, type TestFirm } from "../api/firm.ts";
import { documentClient, layDown } from "../api/probe.ts";
import type { World } from "./reference.ts";

/** The people of one firm, who play many sequences, each in a case of its own. */
export interface Stage {
  readonly firm: TestFirm;
  readonly adviserCases: World["adviserCases"];
  readonly clientId: string;
  readonly members: readonly Person[];
  /** Two of the client, and one of nobody who may join it: in the next case somebody else is in their place. */
  readonly contacts: Person[];
  /** Who joined the client in an earlier case: they have what it has, and do nothing. */
  readonly earlier: string[];
  /** A contact of another client, to whom nothing may ever be given. */
  readonly stranger: Person;
}

const roles = ["admin", "adviser", "adviser", "assistant", "assistant"] as const;

/** Called without the contract's judge, who looks at every exchange of the other tests: here there are hundreds of thousands. */
const plainly = (firm: TestFirm, it: Person): Person => ({ ...it, call: callerOf(firm.api, it.token) });

export const startStage = async (adviserCases: World["adviserCases"]): Promise<Stage> => {
  const firm = await startTestFirm({ adviserCases }, { deaf: ["stats", "notify"] });
  const [clientId, otherClient] = [await firm.createClient(), await firm.createClient()];
  const plain = (it: Person): Person => plainly(firm, it);
  const members: Person[] = [plain(firm.admin)];
  for (const role of roles) members.push(plain(await firm.inviteMember(role, [])));
  const contacts = [await firm.inviteContact(clientId), await firm.inviteContact(clientId), await firm.inviteCollaborator()].map(plain);
  return { firm, adviserCases, clientId, members, contacts, earlier: [], stranger: await firm.inviteContact(otherClient) };
};

/** A token is good for a day of the firm's clock: a stage is left before its people have to sign in again. */
export const isOld = ({ firm }: Stage): boolean => firm.clock.offset > 18 * 3_600_000;

/** A new case, with everybody as they began. */
export const setTheScene = async ({ firm, adviserCases, clientId, members, contacts, earlier }: Stage): Promise<{ readonly world: World; readonly caseId: CaseId }> => {
  const { call } = firm.admin;
  const [, , adviser] = members;
  const advisersOf = (index: number): string[] => (index === 4 && adviser ? [adviser.id] : []);
  for (const [index, { id }] of members.entries()) {
    const it = await expectOk(call("GET", `/staff/members/${id}`));
    const wanted = { role: roles[index - 1] ?? "admin", suspended: false, ...(roles[index - 1] === "assistant" && { advisers: advisersOf(index) }) };
    if (index > 0 && (it.suspended || JSON.stringify(it.advisers) !== JSON.stringify(advisersOf(index)) || it.role !== wanted.role)) await expectOk(call("PATCH", `/staff/members/${id}`, wanted, { "if-match": `"${it.etag}"` }));
  }
  for (const [index, { id }] of contacts.entries()) {
    const it = await expectOk(call("GET", `/staff/contacts/${id}`));
    if (it.suspended) await expectOk(call("PATCH", `/staff/contacts/${id}`, { suspended: false }, { "if-match": `"${it.etag}"` }));
    if (index < 2 || it.clientIds.length === 0) continue;
    earlier.push(id);
    contacts[index] = plainly(firm, await firm.inviteCollaborator());
  }
  const { caseId } = await expectOk(call("POST", "/staff/cases", { clientId, reference: newId("case", firm.clock()).slice(4, 24), title: "A case", adviserId: adviser?.id }));
  const world: World = {
    adviserCases, now: firm.clock().getTime(),
    members: new Map(members.map((it, index) => [it.id, { role: roles[index - 1] ?? "admin", advisers: advisersOf(index), suspended: false }])),
    contacts: new Map([...contacts.map(({ id }, index) => [id, index < 2 ? clientId : null] as const), ...earlier.map((id) => [id, clientId] as const)].map(([id, client]) => [id, { client, joined: 0, suspended: false }])),
    adviser: adviser?.id ?? "", team: [], restricted: false, walled: 0, glass: new Map(), folders: new Map(), documents: new Map(), grants: new Map(), shares: new Map(),
  };
  return { world, caseId };
};

/** A document as it lies in the table after its upload: the bytes themselves are other tests' matter. */
export const layDocument = async ({ firm }: Stage, caseId: CaseId, it: { readonly name: string; readonly folder: string | null; readonly published: boolean }): Promise<{ documentId: string; versionId: string }> => {
  const at = toInstant(firm.clock());
  const [documentId, versionId] = [newId("document", firm.clock()), newId("version", firm.clock())];
  const sha256 = "a".repeat(64);
  const facts = { completed: at, stored: { at, s3VersionId: "v", size: 1, sha256 }, verdict: { at, s3VersionId: "v", result: "clean" as const }, released: at };
  const version: Version = {
    versionId, documentId, caseId, number: 1, draft: !it.published, contentType: "application/pdf", size: 1, sha256, uploadedBy: firm.admin.id as MemberId, createdAt: at, ...(it.published && { publishedAt: at }), scan: true, facts, revision: 1,
  };
  const document: Document = {
    documentId, caseId, ...(it.folder !== null && { folderId: it.folder as FolderId }), folderPath: [], name: it.name, versionCount: 1, createdAt: at, revision: 1, ...(it.published && { published: publishedOf(version, at) }),
  };
  const stores = documentsIn(new Table(documentClient(), firm.table));
  await layDown(firm.table, [stores.addDocument(document, version)]);
  return { documentId, versionId };
};
