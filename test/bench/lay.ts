import { BatchWriteCommand } from "@aws-sdk/lib-dynamodb";
import { createHash } from "node:crypto";
import { casesIn } from "../../lib/adapters/dynamo/cases.ts";
import { documentsIn } from "../../lib/adapters/dynamo/documents.ts";
import { grantsIn } from "../../lib/adapters/dynamo/grants.ts";
import { keys } from "../../lib/adapters/dynamo/keys.ts";
import { TableChange, TableLedger } from "../../lib/adapters/dynamo/ledger.ts";
import { peopleIn } from "../../lib/adapters/dynamo/people.ts";
import { sharesIn } from "../../lib/adapters/dynamo/shares.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import type { Grant, Holder, Place } from "../../lib/domain/access.ts";
import type { Case, Folder } from "../../lib/domain/case.ts";
import type { CaseId, ClientId, ContactId, DocumentId, FolderId, MemberId } from "../../lib/domain/ids.ts";
import { newId } from "../../lib/domain/ids.ts";
import type { Role } from "../../lib/domain/people.ts";
import { plusDays, toInstant, type Instant } from "../../lib/domain/time.ts";
import type { Change } from "../../lib/usecases/ports.ts";
import { linkHashOf } from "../../lib/usecases/shares.ts";
import type { Cloud } from "./cloud.ts";
import type { Item } from "./sizes.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const started = Date.now() - 30 * 86_400_000;
let tick = 0;
/** Ids a millisecond apart: their order is the order of loading. */
export const id = <K extends Parameters<typeof newId>[0]>(kind: K) => newId(kind, new Date(started + ++tick));
export const at = toInstant(new Date(started));

/** The items that a store would write, taken out of the change it prepares: what is loaded cannot differ from what is written. */
export const itemsOf = (change: Change): Item[] => (change instanceof TableChange ? change.writes.flatMap(({ write }) => (write.Put?.Item ? [write.Put.Item] : [])) : []);

export interface Link { readonly token: string; readonly linkHash: string }
/** Where a thing is put: the case and the folders around it, outermost first. */
export interface Where { readonly caseId: CaseId; readonly path: readonly FolderId[] }

/** Lays things down in the table as the stores would, many to a call. */
export class Layer {
  readonly stores;
  itemsWritten = 0;
  readonly #cloud: Cloud;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
    const table = new Table(cloud.client, cloud.table);
    this.stores = { people: peopleIn(table), cases: casesIn(table), documents: documentsIn(table), grants: grantsIn(table), shares: sharesIn(table), ledger: new TableLedger(table) };
  }

  member(memberId: MemberId, sub: string, name: string, role: Role, advisers: readonly MemberId[] = []): Item[] {
    const { people } = this.stores;
    return [
      people.putIdentity("staff", { sub, suspended: false, tokensValidAfter: at, person: { kind: "member", memberId, role, advisers: [...advisers], name } }),
      people.addMember({ memberId, email: `${memberId}@firm.example`, name, role, advisers: [...advisers], sub, ...account }),
    ].flatMap(itemsOf);
  }

  contact(contactId: ContactId, clientIds: readonly ClientId[], name: string, sub?: string): Item[] {
    const { people } = this.stores;
    return [
      ...(sub === undefined ? [] : [people.putIdentity("client", { sub, suspended: false, tokensValidAfter: at, person: { kind: "contact", contactId, clientIds: [...clientIds], since: {}, name, locale: "es" } })]),
      people.addContact({ contactId, clientIds: [...clientIds], since: {}, email: `${contactId}@client.example`, name, locale: "es", ...(sub !== undefined && { sub }), ...account }),
    ].flatMap(itemsOf);
  }

  client(clientId: ClientId, name = "Construcciones Prats SL"): Item[] {
    return itemsOf(this.stores.people.addClient({ clientId, name, createdAt: at, revision: 1 }));
  }

  case(it: Pick<Case, "caseId" | "clientId" | "adviserId"> & Partial<Case>): Item[] {
    const kase: Case = { team: [], restricted: false, brokenGlass: [], reference: "2026/000123", title: "Compraventa de la finca registral 12.345", status: "open", createdAt: at, updatedAt: at, revision: 1, ...it };
    return itemsOf(this.stores.cases.add(kase));
  }

  folder(folderId: FolderId, { caseId, path }: Where, name: string): Item[] {
    const folder: Folder = { folderId, caseId, ...(path.length > 0 && { parentId: path[path.length - 1] }), ancestors: [...path], name, inherit: true, createdAt: at, revision: 1 };
    return itemsOf(this.stores.documents.addFolder(folder));
  }

  /** Published, or a draft that only staff see. */
  document(documentId: DocumentId, { caseId, path }: Where, name: string, uploadedBy: MemberId, draft = false): Item[] {
    const [versionId, digest] = [id("version"), sha256(documentId)];
    const bytes = { versionId, number: 1, size: 184_320, sha256: digest, contentType: "application/pdf", scanned: true } as const;
    const s3VersionId = digest.slice(0, 32);
    const { scanned: _, ...version } = bytes;
    const place = path.length > 0 ? { folderId: path[path.length - 1] } : {};
    return itemsOf(this.stores.documents.addDocument(
      { documentId, caseId, ...place, folderPath: [...path], name, versionCount: 1, ...(!draft && { published: { ...bytes, s3VersionId, publishedAt: at } }), createdAt: at, revision: 3 },
      {
        ...version, documentId, caseId, draft, uploadedBy, createdAt: at, ...(!draft && { publishedAt: at }), scan: true, revision: 5,
        facts: { completed: at, stored: { at, s3VersionId, size: bytes.size, sha256: digest }, verdict: { at, s3VersionId, result: "clean" }, released: at },
      },
    ));
  }

  grant(caseId: CaseId, holder: Holder, place: Place, givenBy: MemberId, expiresAt?: Instant): Item[] {
    const grant: Grant = { grantId: id("grant"), caseId, holder, place, level: "read", ...(expiresAt && { expiresAt }), createdAt: at, givenBy };
    return itemsOf(this.stores.grants.give(grant));
  }

  /** What `give` adds up in place of a put: how many grants somebody holds in a case, and how many of them have no end. */
  holding(holder: Holder, caseId: CaseId, grants: number, endless = grants): Item {
    return { ...keys.caseOfHolder(holder, caseId), caseId, grants, endless };
  }

  /** A link that nobody has opened yet, to the last of these folders. @returns its token, and what it is known by. */
  async link(it: { readonly caseId: CaseId; readonly clientId: ClientId; readonly memberId: MemberId; readonly path: readonly FolderId[] }): Promise<Link> {
    const [shareId, recipientId] = [id("share"), id("recipient")];
    const token = createHash("sha256").update(recipientId).digest("base64url");
    const linkHash = linkHashOf(token);
    const folderId = it.path.at(-1);
    if (folderId === undefined) throw new Error("A link to no folder.");
    const whole = { shareId, caseId: it.caseId, clientId: it.clientId, sharedBy: it.memberId, expiresAt: plusDays(at, 60) };
    await this.put(itemsOf(this.stores.shares.add(
      { ...whole, senderName: "Ada Ferrer Vidal", selection: { kind: "folder", folderId }, recipients: [{ recipientId, email: "perito@elsewhere.example", locale: "es", linkHash }], createdAt: at, revision: 1 },
      [{ ...whole, linkHash, recipientId, locale: "es", generation: 1, keyVersion: "1", downloads: 0, maxDownloads: 20, folderPath: [...it.path] }],
    )));
    return { token, linkHash };
  }

  /** Twenty-five items to a call, eight calls at once. */
  async put(items: readonly Item[]): Promise<void> {
    const batches = Array.from({ length: Math.ceil(items.length / 25) }, (_, index) => items.slice(index * 25, index * 25 + 25));
    const lane = async (): Promise<void> => {
      for (let batch = batches.shift(); batch; batch = batches.shift()) await this.#batch(batch);
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    this.itemsWritten += items.length;
  }

  async #batch(items: readonly Item[]): Promise<void> {
    const { client, table } = this.#cloud;
    let left = items.map((item) => ({ PutRequest: { Item: { ...item } } }));
    while (left.length > 0) {
      const { UnprocessedItems } = await client.send(new BatchWriteCommand({ RequestItems: { [table]: left } }));
      left = (UnprocessedItems?.[table] ?? []) as typeof left; // what comes back is what was sent
    }
  }
}

const account = { suspended: false, account: "active", keyVersion: "1", createdAt: at, revision: 1 } as const;
