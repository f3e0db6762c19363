import { newId, type CaseId, type DocumentId, type FolderId } from "../../lib/domain/ids.ts";
import { plusDays } from "../../lib/domain/time.ts";
import { at, id, type Layer, type Link } from "./lay.ts";
import type { Item } from "./sizes.ts";

/** How much of what lies around a decision. Each axis of the bench changes one of these and leaves the others as they are here. */
export interface Plan {
  /** Folders around the documents. */
  readonly depth: number;
  /** Published documents in the innermost folder. */
  readonly documents: number;
  /** Folders beside them. */
  readonly width: number;
  /** Folders inside the one that is stopped, moved, deleted and brought back, a hundred to each. */
  readonly below: number;
  /** Folders, in one another, that it is moved into. */
  readonly way: number;
  /** Grants in the case that others hold. */
  readonly grants: number;
  /** Documents that an expert was given, each by itself. */
  readonly held: number;
  /** Grants of a former expert that are over, before one that is not. */
  readonly ended: number;
  /** Contacts of the client. */
  readonly contacts: number;
  /** Clients of the contact who asks. */
  readonly clients: number;
  /** Members in the team. */
  readonly team: number;
  /** Cases that are shut to other advisers, opened after the ones that are theirs. */
  readonly hidden: number;
  /** Records of a case that is shut to whoever asks the register. */
  readonly records: number;
}
const plan: Plan = { depth: 2, documents: 20, width: 2, below: 2, way: 1, grants: 2, held: 12, ended: 2, contacts: 2, clients: 1, team: 1, hidden: 0, records: 0 };

const many = <T>(count: number, one: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => one(index));
const numbered = (name: string, index: number): string => `${name} ${String(index).padStart(6, "0")}`;

/** The firm's people who ask, one for each way into a case and two for whom there is none. */
export class Office {
  readonly subs = { own: "own", assistant: "assistant", teamed: "teamed", admin: "admin", other: "other" } as const;
  readonly ids = { own: id("member"), assistant: id("member"), teamed: id("member"), admin: id("member"), other: id("member") };

  async open(lay: Layer): Promise<void> {
    const { ids, subs } = this;
    await lay.put([
      ...lay.member(ids.own, subs.own, "Ada Ferrer Vidal", "adviser"), ...lay.member(ids.assistant, subs.assistant, "Bea Soler Mir", "assistant", [ids.own]),
      ...lay.member(ids.teamed, subs.teamed, "Dora Pons Gil", "adviser"), ...lay.member(ids.admin, subs.admin, "Carla Roig Sala", "admin"), ...lay.member(ids.other, subs.other, "Eva Vila Puig", "adviser"),
    ]);
  }
}

/** A client, its case and who has a hand in it. */
export class Scene {
  readonly office: Office;
  readonly plan: Plan;
  readonly clientId = id("client");
  readonly caseId = id("case");
  /** Shut to all but its team. */
  readonly restrictedId = id("case");
  readonly contact = { contactId: id("contact"), sub: "" };
  readonly expert = { contactId: id("contact"), sub: "" };
  readonly former = { contactId: id("contact"), sub: "" };
  readonly path: FolderId[];
  readonly documentIds: DocumentId[];
  readonly moved = id("folder");
  readonly below: FolderId[];
  readonly way: FolderId[];
  /** Lies in a folder inside the moved one. */
  readonly deepest = id("document");
  /** Published, and given to nobody by itself. */
  readonly spare = id("document");
  readonly #lay: Layer;

  constructor(lay: Layer, office: Office, changes: Partial<Plan>) {
    this.#lay = lay;
    this.office = office;
    this.plan = { ...plan, ...changes };
    for (const it of [this.contact, this.expert, this.former]) it.sub = `sub-${it.contactId}`;
    this.path = many(this.plan.depth, () => id("folder"));
    this.documentIds = many(Math.max(this.plan.documents, this.plan.held), () => id("document"));
    this.below = many(this.plan.below, () => id("folder"));
    this.way = many(this.plan.way, () => id("folder"));
  }

  async build(): Promise<this> {
    const lay = this.#lay;
    await lay.put([...this.#people(), ...this.#cases()]);
    await lay.put([...this.#folders(), ...this.#documents()]);
    await lay.put(this.#grants());
    for (let done = 0; done < this.plan.hidden; done += 500) await lay.put(many(Math.min(500, this.plan.hidden - done), () => this.#shut(id("case"))).flat());
    for (let done = 0; done < this.plan.records; done += 20) await Promise.all(many(Math.min(20, this.plan.records - done), () => this.#record()));
    return this;
  }

  link(): Promise<Link> {
    const { caseId, clientId, office, path } = this;
    return this.#lay.link({ caseId, clientId, memberId: office.ids.own, path });
  }

  #people(): Item[] {
    const { clientId, contact, expert, former, plan } = this;
    const lay = this.#lay;
    const others = many(plan.clients - 1, () => id("client"));
    return [
      ...[clientId, ...others].flatMap((it) => lay.client(it)), ...lay.contact(contact.contactId, [clientId, ...others], "Nuria Prats Soler", contact.sub),
      ...lay.contact(expert.contactId, [], "Pere Camps Riu", expert.sub), ...lay.contact(former.contactId, [], "Quim Valls Mas", former.sub),
      ...many(plan.contacts - 1, (index) => lay.contact(id("contact"), [clientId], numbered("Contacto", index))).flat(),
    ];
  }

  #cases(): Item[] {
    const { caseId, clientId, restrictedId, office: { ids }, plan } = this;
    const team = [ids.teamed, ...many(plan.team - 1, () => id("member"))];
    return [...this.#lay.case({ caseId, clientId, adviserId: ids.own }), ...this.#lay.case({ caseId: restrictedId, clientId, adviserId: ids.own, team, restricted: true })];
  }

  #shut(caseId: CaseId): Item[] {
    return this.#lay.case({ caseId, clientId: this.clientId, adviserId: this.office.ids.own, restricted: true });
  }

  #folders(): Item[] {
    const { caseId, path, moved, below, way, plan } = this;
    const lay = this.#lay;
    /** A hundred directly inside, and a hundred inside each of these. */
    const insideOf = (index: number): FolderId[] => (index < 100 ? [moved] : [moved, below[Math.floor(index / 100) - 1] ?? moved]);
    return [
      ...path.flatMap((it, index) => lay.folder(it, { caseId, path: path.slice(0, index) }, "Documentación")), ...many(plan.width, (index) => lay.folder(id("folder"), { caseId, path }, numbered("Carpeta", index))).flat(),
      ...lay.folder(moved, { caseId, path: [] }, "Escrituras"), ...below.flatMap((it, index) => lay.folder(it, { caseId, path: insideOf(index) }, numbered("Escritura", index))),
      ...way.flatMap((it, index) => lay.folder(it, { caseId, path: way.slice(0, index) }, "Archivo")),
    ];
  }

  #documents(): Item[] {
    const { caseId, path, moved, below, documentIds, deepest, spare, office: { ids } } = this;
    const lay = this.#lay;
    return [
      ...documentIds.flatMap((it, index) => lay.document(it, { caseId, path }, `${numbered("Escritura", index)} de compraventa.pdf`, ids.own)),
      ...lay.document(deepest, { caseId, path: [moved, ...below.slice(0, 1)] }, "Nota simple.pdf", ids.own), ...lay.document(spare, { caseId, path }, "Poder notarial.pdf", ids.own),
    ];
  }

  /** The client holds the case; the experts hold single documents of it, and so do others. */
  #grants(): Item[] {
    const { caseId, clientId, contact, expert, former, documentIds, plan, office: { ids: { own } } } = this;
    const lay = this.#lay;
    const over = plusDays(at, 1);
    const perHolder = Math.min(100, documentIds.length);
    const others = many(Math.ceil(plan.grants / perHolder), () => id("contact"));
    return [
      ...lay.grant(caseId, clientId, caseId, own), lay.holding(clientId, caseId, 1), ...lay.grant(caseId, contact.contactId, documentIds[0] ?? caseId, own), lay.holding(contact.contactId, caseId, 1),
      ...documentIds.slice(0, plan.held).flatMap((it) => lay.grant(caseId, expert.contactId, it, own)), lay.holding(expert.contactId, caseId, plan.held),
      // Of documents that are gone: a grant stays when its document goes. Their ids come before that of the one that is not over.
      ...many(plan.ended, () => lay.grant(caseId, former.contactId, newId("document", new Date(1)), own, over)).flat(), ...lay.grant(caseId, former.contactId, this.spare, own, plusDays(at, 3650)), lay.holding(former.contactId, caseId, plan.ended + 1, 0),
      ...others.flatMap((other, held) => documentIds.slice(0, Math.min(perHolder, plan.grants - held * perHolder)).flatMap((it) => lay.grant(caseId, other, it, own))),
    ];
  }

  #record(): Promise<void> {
    const { clientId, restrictedId, office: { ids: { own } } } = this;
    return this.#lay.stores.ledger.record({
      eventId: id("event"), at, action: "cases.read", who: { kind: "member", id: own }, about: { clientId, caseId: restrictedId, adviserId: own }, result: "granted", requestId: id("httpRequest"),
    });
  }
}
