import type { APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { RouteName } from "../../lib/http/routes.ts";
import type { Ask, Cloud } from "./cloud.ts";
import { at } from "./lay.ts";
import { cookieOf, nonceOf } from "./operations.ts";
import type { Office, Plan, Scene } from "./scene.ts";

/** What must be the same at every size: all counts, the calls and their steps (what they read grows), the steps alone, or nothing: it grows, and is shown. */
export type Keeps = "all" | "calls" | "steps" | "nothing";

/** One request of an axis. Requests of an axis follow one another, and leave things as they were when the last is through. */
export interface Step {
  readonly name: string;
  readonly keeps: Keeps;
  readonly status: number | ((plan: Plan) => number);
  /** Whatever it changes, it changes in one write. */
  readonly oneWrite?: true;
  /** How many URLs leave; none unless said. */
  readonly signs?: 1;
  readonly ask: (scene: Scene, cloud: Cloud, last: APIGatewayProxyStructuredResultV2) => Ask | Promise<Ask>;
}
export interface Axis {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly plan: (size: number) => Partial<Plan>;
  readonly steps: readonly Step[];
}

const page = "limit=5";
type Who = "contact" | "expert" | "former";
const as = (cloud: Cloud, scene: Scene, who: Who) => ({ token: cloud.issuer.token({ sub: scene[who].sub }) });
const staff = (cloud: Cloud, scene: Scene, who: keyof Office["subs"] = "own") => ({ token: cloud.issuer.token({ sub: scene.office.subs[who] }) });
const inCase = ({ caseId }: Scene) => ({ caseId });
const shown = ({ path }: Scene) => `folderId=${path.at(-1) ?? ""}&${page}`;
const firstOf = ({ documentIds }: Scene) => documentIds[0] ?? "";
const etag = async (cloud: Cloud, scene: Scene, route: RouteName, params: Readonly<Record<string, string>>): Promise<{ ifMatch: string }> =>
  ({ ifMatch: String((await cloud.ask({ route, params, ...staff(cloud, scene) })).headers?.["etag"]) });

const download = (name: string, who: Who, of: (scene: Scene) => string, more: Partial<Step> = {}): Step => ({
  name, keeps: "all", status: 200, signs: 1, ask: (scene, cloud) => ({ route: "client.download", params: { ...inCase(scene), documentId: of(scene) }, ...as(cloud, scene, who) }), ...more,
});
const clientDownload = download("client download", "contact", firstOf);
const clientPage: Step = { name: "client folder page", keeps: "all", status: 200, ask: (scene, cloud) => ({ route: "client.items", params: inCase(scene), query: shown(scene), ...as(cloud, scene, "contact") }) };
const caseOf = (who: Who, keeps: Keeps): Step => ({ name: `client case, by ${who}`, keeps, status: 200, ask: (scene, cloud) => ({ route: "client.case", params: inCase(scene), ...as(cloud, scene, who) }) });
const listOf = (name: string, route: "client.cases" | "client.shared-with-me", who: Who, keeps: Keeps): Step => ({ name, keeps, status: 200, ask: (scene, cloud) => ({ route, query: page, ...as(cloud, scene, who) }) });
const topmost = (who: Who, status: Step["status"]): Step => ({ name: "topmost things", keeps: "nothing", status, ask: (scene, cloud) => ({ route: "client.items", params: inCase(scene), query: page, ...as(cloud, scene, who) }) });
const shareDownload: Step = { name: "share download", keeps: "all", status: 303, signs: 1, ask: async (scene) => {
  const { token, linkHash } = await scene.link();
  return { route: "share.download", params: { token, documentId: firstOf(scene) }, cookie: cookieOf(linkHash), form: { nonce: nonceOf(linkHash) } };
} };
const staffPage: Step = { name: "staff folder page", keeps: "all", status: 200, ask: (scene, cloud) => ({ route: "items.list", params: inCase(scene), query: shown(scene), ...staff(cloud, scene) }) };
const staffCase = (name: string, who: keyof Office["subs"], of: "caseId" | "restrictedId", status = 200): Step =>
  ({ name, keeps: "all", status, ask: (scene, cloud) => ({ route: "cases.read", params: { caseId: scene[of] }, ...staff(cloud, scene, who) }) });
const viewPage: Step = { name: "view-as folder page", keeps: "all", status: 200, ask: (scene, cloud) => ({ route: "view-as.items", params: { ...inCase(scene), contactId: scene.contact.contactId }, query: shown(scene), ...staff(cloud, scene) }) };
const viewShared: Step = { name: "view-as shared with me", keeps: "all", status: 200, ask: (scene, cloud) => ({ route: "view-as.shared-with-me", params: { contactId: scene.expert.contactId }, query: page, ...staff(cloud, scene) }) };
const why = (name: string, who: Who, of: (scene: Scene) => string, keeps: Keeps = "all"): Step =>
  ({ name, keeps, status: 200, ask: (scene, cloud) => ({ route: "access.explain", query: `contactId=${scene[who].contactId}&caseId=${scene.caseId}${of(scene)}`, ...staff(cloud, scene) }) });
const whyDocument = why("why a document", "contact", (scene) => `&documentId=${firstOf(scene)}`);
const give = (name: string, to: (scene: Scene) => object): Step => ({
  name, keeps: "all", status: 201, oneWrite: true, ask: (scene, cloud) => ({ route: "grants.give", params: inCase(scene), ...staff(cloud, scene), json: { principal: to(scene), resource: { documentId: scene.spare }, level: "read" } }),
});
const revoke: Step = { name: "revoke", keeps: "all", status: 204, oneWrite: true, ask: (scene, cloud, last) => ({ route: "grants.revoke", params: { ...inCase(scene), grantId: String(JSON.parse(last.body ?? "").grantId) }, ...staff(cloud, scene) }) };

const ofMoved = (scene: Scene) => ({ ...inCase(scene), folderId: scene.moved });
const change = (name: string, keeps: Keeps, to: (scene: Scene) => object): Step => ({
  name, keeps, status: 200, oneWrite: true, ask: async (scene, cloud) => ({ route: "folders.change", params: ofMoved(scene), json: to(scene), ...staff(cloud, scene), ...(await etag(cloud, scene, "folders.read", ofMoved(scene))) }),
});
const stop = change("stop inheritance", "all", () => ({ inherit: false }));
const moveIn = (keeps: Keeps) => change("move into a folder", keeps, (scene) => ({ parentId: scene.way.at(-1) ?? null }));
const moveOut = change("move to the root", "all", () => ({ parentId: null }));
const remove: Step = { name: "delete a folder", keeps: "all", status: 204, oneWrite: true, ask: (scene, cloud) => ({ route: "folders.delete", params: ofMoved(scene), ...staff(cloud, scene) }) };
const restore = (name: string, keeps: Keeps): Step => ({ name, keeps, status: 200, oneWrite: true, ask: (scene, cloud) => ({ route: "folders.restore", params: ofMoved(scene), json: {}, ...staff(cloud, scene) }) });
const below = (name: string, keeps: Keeps, status = 200): Step => download(name, "contact", (scene) => scene.deepest, status === 200 ? { keeps } : { name, keeps, status, ask: clientDownloadOf });
const clientDownloadOf: Step["ask"] = (scene, cloud) => ({ route: "client.download", params: { ...inCase(scene), documentId: scene.deepest }, ...as(cloud, scene, "contact") });
const ofDocument = (scene: Scene) => ({ ...inCase(scene), documentId: scene.spare });
const filed: readonly Step[] = [
  { name: "move a document", keeps: "all", status: 200, oneWrite: true, ask: async (scene, cloud) => ({ route: "documents.change", params: ofDocument(scene), json: { folderId: scene.way.at(-1) ?? null }, ...staff(cloud, scene), ...(await etag(cloud, scene, "documents.read", ofDocument(scene))) }) },
  { name: "delete a document", keeps: "all", status: 204, oneWrite: true, ask: (scene, cloud) => ({ route: "documents.delete", params: ofDocument(scene), ...staff(cloud, scene) }) },
  { name: "restore a document", keeps: "all", status: 200, oneWrite: true, ask: (scene, cloud) => ({ route: "documents.restore", params: ofDocument(scene), json: { folderId: scene.path.at(-1) ?? null }, ...staff(cloud, scene) }) },
];
const dryRun = (name: string, keeps: Keeps, of: (scene: Scene) => object, status: Step["status"] = 200): Step =>
  ({ name, keeps, status, ask: (scene, cloud) => ({ route: "grants.preview", params: inCase(scene), json: of(scene), ...staff(cloud, scene) }) });

const putOff = ({ contacts }: Plan): number => (contacts > 1000 ? 202 : 200);
let made = 0;
const makeInside: Step = { name: "make a folder inside", keeps: "nothing", status: 400, ask: (scene, cloud) => ({ route: "folders.create", params: inCase(scene), json: { name: `Anexo ${++made}`, parentId: scene.path.at(-1) }, ...staff(cloud, scene) }) };
const inDepth: readonly Step[] = [clientDownload, clientPage, shareDownload, staffPage, viewPage];

export const axes: readonly Axis[] = [
  {
    name: "grants that others hold in the case", sizes: [10, 10_000], plan: (grants) => ({ grants }),
    steps: [clientDownload, download("client download, by expert", "expert", firstOf), clientPage, caseOf("contact", "all"), shareDownload, staffCase("staff case", "own", "caseId"), staffPage, viewPage, whyDocument, give("grant to a contact", (scene) => ({ contactId: scene.contact.contactId })), revoke],
  },
  { name: "levels of folders above the document", sizes: [1, 32], plan: (depth) => ({ depth }), steps: inDepth.map((it) => ({ ...it, keeps: "calls" })) },
  { name: "levels of folders above the document, one more than may be, laid by hand", sizes: [33], plan: (depth) => ({ depth }), steps: [...inDepth.map((it): Step => ({ ...it, keeps: "nothing", status: 404 })), makeInside] },
  { name: "folders beside the document", sizes: [10, 10_000], plan: (width) => ({ width }), steps: [clientDownload, clientPage, shareDownload, staffPage, viewPage, whyDocument] },
  {
    name: "contacts of the client", sizes: [10, 1_000, 10_000], plan: (contacts) => ({ contacts }),
    steps: [
      clientDownload, clientPage, shareDownload, viewPage, whyDocument, give("grant to a client", (scene) => ({ clientId: scene.clientId })), revoke, stop, change("inherit again", "all", () => ({ inherit: true })),
      dryRun("dry run: grant to a client", "nothing", (scene) => ({ principal: { clientId: scene.clientId }, resource: { documentId: scene.spare }, level: "read" }), putOff),
      dryRun("dry run: stop", "nothing", (scene) => ({ inherit: { folderId: scene.moved, value: false } }), putOff),
    ],
  },
  { name: "documents in the folder, each given to one expert by itself", sizes: [10, 1_000, 10_000], plan: (held) => ({ held, documents: held }), steps: [
    clientDownload, clientPage, staffPage, shareDownload, download("client download, by expert", "expert", firstOf), listOf("client case list", "client.cases", "expert", "all"), listOf("shared with me", "client.shared-with-me", "expert", "all"), viewShared, caseOf("expert", "calls"),
    why("why the case", "expert", () => "", "calls"), topmost("expert", ({ held }) => (held > 1000 ? 413 : 200)),
  ] },
  {
    name: "folders inside the one that is changed", sizes: [10, 10_000], plan: (inside) => ({ below: inside }),
    steps: [
      stop, below("download below the stop: 404", "all", 404), change("inherit again", "all", () => ({ inherit: true })), change("rename", "all", () => ({ name: `Escrituras ${++made % 2}` })),
      dryRun("dry run: move", "all", (scene) => ({ move: { folderId: scene.moved, to: scene.way.at(-1) ?? null } })), moveIn("nothing"), below("download below, hints not told", "all"), remove, below("download below what is deleted: 404", "all", 404),
      restore("restore into its folder", "nothing"), moveOut, remove, restore("restore to the root", "all"), ...filed,
    ],
  },
  { name: "levels of folders above where it is moved to", sizes: [1, 10, 29], plan: (way) => ({ way }), steps: [moveIn("nothing"), below("download below, hints not told", "nothing"), { ...moveOut, keeps: "calls" }, below("download below, hints true again", "all")] },
  { name: "members in the team", sizes: [1, 50], plan: (team) => ({ team }), steps: [
    staffCase("own case", "own", "caseId"), staffCase("as an assistant", "assistant", "caseId"), staffCase("as an administrator", "admin", "caseId"), staffCase("another adviser's: 404", "other", "caseId", 404),
    staffCase("restricted, of the team", "teamed", "restrictedId"), staffCase("restricted, to an administrator: 404", "admin", "restrictedId", 404), staffCase("restricted, to an assistant: 404", "assistant", "restrictedId", 404),
  ] },
  { name: "clients of the contact", sizes: [1, 3, 10], plan: (clients) => ({ clients }), steps: [
    { ...clientDownload, keeps: "steps" }, { ...clientPage, keeps: "steps" }, listOf("client case list", "client.cases", "contact", "steps"), listOf("shared with me", "client.shared-with-me", "contact", "steps"),
  ] },
  { name: "grants of the contact in the case that are over", sizes: [10, 1_000, 10_000], plan: (ended) => ({ ended }), steps: [
    download("client download", "former", (scene) => scene.spare), caseOf("former", "nothing"), listOf("client case list", "client.cases", "former", "nothing"), topmost("former", 200),
  ] },
  { name: "records of a case that is shut to whoever asks", sizes: [10, 1_000], plan: (records) => ({ records }), steps: [
    ...(["own", "other"] as const).map((who): Step => ({ name: `register of the client, ${who === "own" ? "to its adviser" : "to another adviser"}`, keeps: who === "own" ? "calls" : "nothing", status: 200, ask: (scene, cloud) => ({ route: "audit.list", query: `clientId=${scene.clientId}&from=${at}&${page}`, ...staff(cloud, scene, who) }) })),
  ] },
  // Last, because its cases come before all others in the firm's list.
  { name: "cases shut to whoever lists, newer than those that are not", sizes: [10, 1_000, 10_000], plan: (hidden) => ({ hidden }), steps: [
    { name: "staff case list", keeps: "nothing", status: 200, ask: (scene, cloud) => ({ route: "cases.list", query: page, ...staff(cloud, scene, "teamed") }) },
  ] },
];
