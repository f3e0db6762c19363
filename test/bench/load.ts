import { QueryCommand } from "@aws-sdk/lib-dynamodb";
import type { DocumentId } from "../../lib/domain/ids.ts";
import type { Cloud } from "./cloud.ts";
import { id, type Layer, type Link } from "./lay.ts";
import type { Item } from "./sizes.ts";

export const [staffSub, contactSub] = ["00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"] as const;

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
  #otherCases = 0;
  readonly #cloud: Cloud;
  readonly #lay: Layer;

  constructor(cloud: Cloud, lay: Layer) {
    this.#cloud = cloud;
    this.#lay = lay;
  }

  /** The people, the case and its folders. */
  async begin(): Promise<void> {
    const { memberId, clientId, contactId, caseId, outer, folderId } = this;
    const lay = this.#lay;
    await lay.put([
      ...lay.member(memberId, staffSub, "Ada Ferrer Vidal", "adviser"), ...lay.client(clientId), ...lay.contact(contactId, [clientId], "Nuria Prats Soler", contactSub),
      ...lay.folder(outer, { caseId, path: [] }, "Documentación"), ...lay.folder(folderId, { caseId, path: [outer] }, "Escrituras"), ...this.#document(this.spare, "Poder notarial.pdf"), ...this.#case(caseId),
    ]);
    for (let more = 0; more < 50; more++) await lay.put(this.#case(id("case")));
  }

  /** Brings the firm to so many documents: for each a grant of its own, and with every tenth another case of the client. */
  async grow(documents: number, progress: (done: number) => void): Promise<void> {
    const { caseId, contactId, memberId } = this;
    const lay = this.#lay;
    const cases: Item[] = [];
    for (; this.#otherCases < documents / 10; this.#otherCases++) cases.push(...this.#case(id("case")));
    await lay.put(cases);
    while (this.documentIds.length < documents) {
      const some = Array.from({ length: Math.min(500, documents - this.documentIds.length) }, () => id("document"));
      await lay.put(some.flatMap((documentId, index) => [...this.#document(documentId, nameOf(this.documentIds.length + index)), ...lay.grant(caseId, contactId, documentId, memberId)]));
      this.documentIds.push(...some);
      progress(this.documentIds.length);
    }
    await lay.put([lay.holding(contactId, caseId, documents)]);
  }

  /** Drafts in the same folder, each by its name before one that is published. */
  async addDrafts(drafts: number): Promise<void> {
    for (let done = 0; done < drafts; done += 500) {
      await this.#lay.put(Array.from({ length: Math.min(500, drafts - done) }, (_, index) => this.#document(id("document"), nameOf(done + index).replace("de compraventa", "borrador"), true)).flat());
    }
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

  link(): Promise<Link> {
    const { caseId, clientId, memberId, outer, folderId } = this;
    return this.#lay.link({ caseId, clientId, memberId, path: [outer, folderId] });
  }

  #document(documentId: DocumentId, name: string, draft = false): Item[] {
    const { caseId, outer, folderId, memberId } = this;
    return this.#lay.document(documentId, { caseId, path: [outer, folderId] }, name, memberId, draft);
  }

  #case(caseId: LoadedFirm["caseId"]): Item[] {
    const { clientId, memberId } = this;
    const lay = this.#lay;
    return [...lay.case({ caseId, clientId, adviserId: memberId }), ...lay.grant(caseId, clientId, caseId, memberId), lay.holding(clientId, caseId, 1)];
  }
}

const nameOf = (index: number): string => `Escritura ${String(index).padStart(6, "0")} de compraventa.pdf`;
