import { BatchWriteCommand, QueryCommand } from "@aws-sdk/lib-dynamodb";
import { createHash } from "node:crypto";
import { casesIn } from "../../lib/adapters/dynamo/cases.ts";
import { documentsIn } from "../../lib/adapters/dynamo/documents.ts";
import { grantsIn } from "../../lib/adapters/dynamo/grants.ts";
import { keys } from "../../lib/adapters/dynamo/keys.ts";
import { TableChange } from "../../lib/adapters/dynamo/ledger.ts";
import { peopleIn } from "../../lib/adapters/dynamo/people.ts";
import { sharesIn } from "../../lib/adapters/dynamo/shares.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import type { Grant, Holder, Place } from "../../lib/domain/access.ts";
import type { Case } from "../../lib/domain/case.ts";
import type { CaseId, DocumentId } from "../../lib/domain/ids.ts";
import { newId } from "../../lib/domain/ids.ts";
import { plusDays, toInstant } from "../../lib/domain/time.ts";
import type { Change } from "../../lib/usecases/ports.ts";
import { linkHashOf } from "../../lib/usecases/shares.ts";
import type { Cloud } from "./cloud.ts";
import type { Item } from "./sizes.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const started = Date.now() - 30 * 86_400_000;
let tick = 0;
/** Ids a millisecond apart: their order is the order of loading. */
const id = <K extends Parameters<typeof newId>[0]>(kind: K) => newId(kind, new Date(started + ++tick));
const at = toInstant(new Date(started));
export const [staffSub, contactSub] = ["00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"] as const;

/** The items that a store would write, taken out of the change it prepares: what is loaded cannot differ from what is written. */
const itemsOf = (change: Change): Item[] => (change instanceof TableChange ? change.writes.flatMap(({ write }) => (write.Put?.Item ? [write.Put.Item] : [])) : []);

/** One firm with one large case: a folder in a folder with every document, each given to one contact by itself; and other cases of the client. */
export class LoadedFirm {
  readonly memberId = id("member");
  readonly clientId = id("client");
  readonly contactId = id("contact");
  readonly caseId = id("case");
  readonly outer = id("folder");
  readonly folderId = id("folder");
  readonly documentIds: DocumentId[] = [];
  /** Published, and given to nobody by itself: what `grant` gives. */
  readonly spare = id("document");
  itemsWritten = 0;
  #otherCases = 0;
  readonly #cloud: Cloud;
  readonly #stores;

  constructor(cloud: Cloud) {
    this.#cloud = cloud;
    const table = new Table(cloud.client, cloud.table);
    this.#stores = { people: peopleIn(table), cases: casesIn(table), documents: documentsIn(table), grants: grantsIn(table), shares: sharesIn(table) };
  }

  /** The people, the case and its folders. */
  async begin(): Promise<void> {
    const { people, documents } = this.#stores;
    const { memberId, clientId, contactId, caseId } = this;
    const account = { suspended: false, account: "active", keyVersion: "1", createdAt: at, revision: 1 } as const;
    const folder = { caseId, inherit: true, createdAt: at, revision: 1 };
    await this.#put([
      people.putIdentity("staff", { sub: staffSub, suspended: false, tokensValidAfter: at, person: { kind: "member", memberId, role: "adviser", advisers: [], name: "Ada Ferrer Vidal" } }),
      people.putIdentity("client", { sub: contactSub, suspended: false, tokensValidAfter: at, person: { kind: "contact", contactId, clientIds: [clientId], name: "Nuria Prats Soler", locale: "es" } }),
      people.addMember({ memberId, email: "ada@firm.example", name: "Ada Ferrer Vidal", role: "adviser", advisers: [], sub: staffSub, ...account }),
      people.addClient({ clientId, name: "Construcciones Prats SL", createdAt: at, revision: 1 }),
      people.addContact({ contactId, clientIds: [clientId], email: "nuria@client.example", name: "Nuria Prats Soler", locale: "es", sub: contactSub, ...account }),
      documents.addFolder({ ...folder, folderId: this.outer, ancestors: [], name: "Documentación" }),
      documents.addFolder({ ...folder, folderId: this.folderId, parentId: this.outer, ancestors: [this.outer], name: "Escrituras" }),
      this.#document(this.spare, "Poder notarial.pdf"),
    ].flatMap(itemsOf));
    await this.#put(this.#case(caseId));
    for (let more = 0; more < 50; more++) await this.#put(this.#case(id("case")));
  }

  /** Brings the firm to so many documents: for each a grant of its own, and with every tenth another case of the client. */
  async grow(documents: number, progress: (done: number) => void): Promise<void> {
    const cases: Item[] = [];
    for (; this.#otherCases < documents / 10; this.#otherCases++) cases.push(...this.#case(id("case")));
    await this.#put(cases);
    while (this.documentIds.length < documents) {
      const some = Array.from({ length: Math.min(500, documents - this.documentIds.length) }, () => id("document"));
      await this.#put(some.flatMap((documentId, index) => [
        ...itemsOf(this.#document(documentId, `Escritura ${String(this.documentIds.length + index).padStart(6, "0")} de compraventa.pdf`)), ...this.#given(this.contactId, documentId),
      ]));
      this.documentIds.push(...some);
      progress(this.documentIds.length);
    }
    await this.#put([{ ...keys.caseOfHolder(this.contactId, this.caseId), caseId: this.caseId, grants: documents, endless: documents }]);
  }

  /** What lies in the table, counted by it. */
  async counted(): Promise<{ readonly documents: number; readonly grants: number }> {
    const count = async (start: string): Promise<number> => {
      let sum = 0;
      for (let from: Record<string, unknown> | undefined; ;) {
        const { Count = 0, LastEvaluatedKey } = await this.#cloud.client.send(new QueryCommand({
          TableName: this.#cloud.table, Select: "COUNT", Limit: 1000, KeyConditionExpression: "pk = :pk AND begins_with(sk, :start)", ExpressionAttributeValues: { ":pk": this.caseId, ":start": start },
          ...(from && { ExclusiveStartKey: from }),
        }));
        sum += Count;
        from = LastEvaluatedKey;
        if (from === undefined) return sum;
      }
    };
    return { documents: await count("DOC#"), grants: await count(`GRANT#${this.contactId}#`) };
  }

  /** A link that nobody has opened yet, to the folder with the documents. @returns its token, and what it is known by. */
  async link(): Promise<{ readonly token: string; readonly linkHash: string }> {
    const [shareId, recipientId] = [id("share"), id("recipient")];
    const token = createHash("sha256").update(recipientId).digest("base64url");
    const linkHash = linkHashOf(token);
    const whole = { shareId, caseId: this.caseId, clientId: this.clientId, sharedBy: this.memberId, expiresAt: plusDays(at, 60) };
    await this.#put(itemsOf(this.#stores.shares.add(
      { ...whole, senderName: "Ada Ferrer Vidal", selection: { kind: "folder", folderId: this.folderId }, recipients: [{ recipientId, email: "perito@elsewhere.example", locale: "es", linkHash }], createdAt: at, revision: 1 },
      [{ ...whole, linkHash, recipientId, locale: "es", generation: 1, keyVersion: "1", downloads: 0, maxDownloads: 20 }],
    )));
    return { token, linkHash };
  }

  #document(documentId: DocumentId, name: string): Change {
    const [versionId, digest] = [id("version"), sha256(documentId)];
    const bytes = { versionId, number: 1, size: 184_320, sha256: digest, contentType: "application/pdf", publishedAt: at, scanned: true } as const;
    const s3VersionId = digest.slice(0, 32);
    return this.#stores.documents.addDocument(
      { documentId, caseId: this.caseId, folderId: this.folderId, folderPath: [this.outer, this.folderId], name, versionCount: 1, published: { ...bytes, s3VersionId }, createdAt: at, revision: 3 },
      {
        ...bytes, documentId, caseId: this.caseId, draft: false, uploadedBy: this.memberId, createdAt: at, scan: true, revision: 5,
        facts: { completed: at, stored: { at, s3VersionId, size: bytes.size, sha256: digest }, verdict: { at, s3VersionId, result: "clean" }, released: at },
      },
    );
  }

  #case(caseId: CaseId): Item[] {
    const kase: Case = { caseId, clientId: this.clientId, adviserId: this.memberId, team: [], restricted: false, brokenGlass: [], reference: "2026/000123", title: "Compraventa de la finca registral 12.345", status: "open", createdAt: at, updatedAt: at, revision: 1 };
    return [...itemsOf(this.#stores.cases.add(kase)), ...this.#given(this.clientId, caseId, caseId), { ...keys.caseOfHolder(this.clientId, caseId), caseId, grants: 1, endless: 1 }];
  }

  #given(holder: Holder, place: Place, caseId: CaseId = this.caseId): Item[] {
    const grant: Grant = { grantId: id("grant"), caseId, holder, place, level: "read", createdAt: at, givenBy: this.memberId };
    return itemsOf(this.#stores.grants.give(grant));
  }

  /** Twenty-five items to a call, eight calls at once. */
  async #put(items: readonly Item[]): Promise<void> {
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
