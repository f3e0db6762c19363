import { expectOk, type Caller } from "../../local/caller.ts";
import { routes, type RouteName } from "../../lib/http/routes.ts";
import { announce, announceAndSend, announcement, inParts, newFolder, newGrant, newShare, remove, uniqueEmail, uniqueName, type Place } from "./places.ts";

/** A row of the matrix as a request that is right in all but the person. */
interface Asked {
  readonly place: Place;
  /** The cell will change something: it gets a thing of its own. */
  readonly changes: boolean;
  /** Whoever asks, for what must be their own. */
  readonly by: Caller;
}
interface Sent { readonly ids?: Readonly<Record<string, string>>; readonly query?: string; readonly body?: object; readonly ifMatch?: true }
type Making = (it: Asked) => Sent | Promise<Sent>;

const folder = async ({ place, changes }: Asked) => ({ folderId: changes ? await newFolder(place) : place.folderId });
const draft = async ({ place, changes }: Asked) => (changes ? announce(place.tender, place.caseId) : { documentId: place.unsent, versionId: place.unsentVersion });
const share = async ({ place, changes }: Asked) => (changes ? newShare(place) : {});
const parts = ({ place }: Asked) => ({ documentId: place.inParts, versionId: place.partsVersion });
const onePart = { parts: [{ partNumber: 1, sha256: announcement.sha256 }] };
/** A contact's own upload where the cell says that they may have one, somebody else's where not. */
const own = async ({ place, changes, by }: Asked, what: object, sent: boolean) =>
  changes ? (sent ? announceAndSend : announce)(by, place.caseId, { folderId: place.folderId, ...what }, "client") : { documentId: place.unsent, versionId: place.unsentVersion };
const lastMonths = (): string => { const now = new Date(); return `&from=${new Date(now.getTime() - 27 * 86_400_000).toISOString().slice(0, 7)}`; };

export const requests: Readonly<Record<string, Making>> = {
  "me.read": () => ({}), "members.list": () => ({}), "members.read": () => ({}), "members.sign-out": () => ({}),
  "members.invite": () => ({ body: { email: uniqueEmail(), name: "New", role: "adviser" } }),
  "members.change": () => ({ body: { role: "assistant" }, ifMatch: true }),
  "clients.list": () => ({}), "clients.read": () => ({}), "clients.create": () => ({ body: { name: uniqueName() } }), "clients.change": () => ({ body: { notes: uniqueName() }, ifMatch: true }),
  "contacts.list": () => ({}), "contacts.read": () => ({}), "contacts.sign-out": () => ({}), "contacts.change": () => ({ body: { name: uniqueName() }, ifMatch: true }),
  "contacts.invite": () => ({ body: { email: uniqueEmail(), name: "New" } }), "collaborators.list": () => ({}), "collaborators.invite": () => ({ body: { email: uniqueEmail(), name: "New" } }),
  "cases.create": ({ place }) => ({ body: { clientId: place.clientId, reference: "R", title: "T" } }),
  "cases.create (for a team)": ({ place }) => ({ body: { clientId: place.clientId, reference: "R", title: "T", team: place.team } }),
  "jobs.list": () => ({}), "statistics.access (by client)": () => ({ query: "groupBy=client" }), "statistics.access (by service)": () => ({ query: "groupBy=service" }), "statistics.access (by adviser)": () => ({ query: "groupBy=adviser" }),

  "cases.list": () => ({ query: "limit=100" }), "cases.read": () => ({}), "cases.change": () => ({ body: { title: uniqueName() }, ifMatch: true }), "cases.change (team)": ({ place }) => ({ body: { team: place.team }, ifMatch: true }),
  "cases.break-glass": async ({ place: { tender, clientId }, changes }) => ({
    body: { reason: "A term ends today." },
    ids: changes ? { caseId: (await expectOk(tender("POST", "/staff/cases", { clientId, reference: uniqueName(), title: "T", restricted: true }))).caseId } : {},
  }),
  "timeline.list": () => ({}), "timeline.add": () => ({ body: { text: "x", visibleToClient: false } }),
  "folders.create": () => ({ body: { name: uniqueName() } }), "folders.read": () => ({}), "folders.change": async (it) => ({ ids: await folder(it), body: { name: uniqueName() }, ifMatch: true }), "folders.delete": async (it) => ({ ids: await folder(it) }),
  "folders.restore": async (it) => {
    const folderId = it.changes ? await newFolder(it.place) : it.place.deletedFolder;
    if (it.changes) await remove(it.place, `folders/${folderId}`);
    return { ids: { folderId } };
  },
  "items.list": () => ({}), "documents.announce": () => ({ body: { name: uniqueName(), ...announcement } }), "documents.read": () => ({}),
  "documents.change": async (it) => ({ ids: await draft(it), body: { name: uniqueName() }, ifMatch: true }), "documents.delete": async (it) => ({ ids: await draft(it) }),
  "documents.restore": async (it) => {
    const documentId = it.changes ? (await draft(it)).documentId : it.place.deletedDocument;
    if (it.changes) await remove(it.place, `documents/${documentId}`);
    return { ids: { documentId } };
  },
  "trash.list": () => ({}), "documents.download": () => ({ body: {} }),
  "versions.list": () => ({}), "versions.announce": () => ({ body: { ...announcement, draft: true } }), "parts.list": (it) => ({ ids: parts(it) }), "parts.sign": (it) => ({ ids: parts(it), body: onePart }),
  "versions.complete": () => ({}), "versions.abort": async (it) => ({ ids: await draft(it) }), "versions.publish": () => ({}),
  "versions.release": ({ place }) => ({ ids: { documentId: place.releasedDocument, versionId: place.releasedVersion }, body: { reason: "Encrypted." } }),
  "grants.list": () => ({}), "grants.give": async (it) => ({ body: { principal: { contactId: it.place.contactId }, resource: await folder(it), level: "read" } }),
  "grants.preview": ({ place }) => ({ body: { revoke: place.grantId } }), "grants.preview (team)": ({ place }) => ({ body: { team: { team: place.team } } }),
  "grants.revoke": async ({ place, changes }) => ({ ids: { grantId: changes ? await newGrant(place) : place.grantId } }),
  "shares.list": () => ({}), "shares.create": ({ place }) => ({ body: { documentIds: [place.documentId], recipients: [{ email: uniqueEmail() }] } }),
  "shares.read": () => ({}), "shares.revoke": async (it) => ({ ids: await share(it) }), "shares.revoke-recipient": async (it) => ({ ids: await share(it) }),
  "jobs.read": () => ({}), "jobs.results": () => ({}), "access.explain": ({ place }) => ({ query: `contactId=${place.contactId}&caseId=${place.caseId}` }), "audit.list": ({ place }) => ({ query: `caseId=${place.caseId}&limit=100` }),
  "statistics.access (by case)": () => ({ query: `groupBy=case${lastMonths()}` }), "statistics.access (by document)": () => ({ query: `groupBy=document${lastMonths()}` }),
  "view-as.cases": () => ({ query: "limit=100" }), "view-as.case": () => ({}), "view-as.timeline": () => ({}), "view-as.items": () => ({}), "view-as.shared-with-me": () => ({ query: "limit=100" }),

  "client.me": () => ({}), "client.cases": () => ({}), "client.case": () => ({}), "client.timeline": () => ({}), "client.items": () => ({}), "client.items (of a folder)": ({ place }) => ({ query: `folderId=${place.folderId}` }), "client.shared-with-me": () => ({}),
  "client.download": () => ({}), "client.announce": ({ place }) => ({ body: { name: uniqueName(), folderId: place.folderId, ...announcement } }),
  "client.parts": async (it) => ({ ids: await own(it, inParts, false) }), "client.sign-parts": async (it) => ({ ids: await own(it, inParts, false), body: onePart }),
  "client.complete": async (it) => ({ ids: await own(it, {}, true) }), "client.abort": async (it) => ({ ids: await own(it, {}, false) }),
  "health": () => ({}), "openapi": () => ({}),
};

/** Rows whose cells all change the same thing, one after the other. */
export const changesOneThing = new Set(["cases.change", "cases.change (team)", "members.change", "members.sign-out", "clients.change", "contacts.change", "contacts.sign-out", "versions.announce", "grants.give", "grants.revoke", "versions.publish", "versions.complete"]);

export interface Call { readonly method: string; readonly path: string; readonly body: object | undefined; readonly headers: Readonly<Record<string, string>> }
export const callOf = async (key: string, route: RouteName, it: Asked): Promise<Call> => {
  const making = requests[key];
  if (making === undefined) throw new Error(`No request is written for the row "${key}".`);
  const { ids = {}, query, body, ifMatch } = await making(it);
  const all: Readonly<Record<string, unknown>> = { ...it.place, ...ids };
  const path = routes[route].path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(all[name]));
  const etag = ifMatch ? ((await it.place.tender("GET", path)).headers.get("etag") ?? '"1"') : "";
  return { method: routes[route].method, path: query === undefined ? path : `${path}?${query}`, body, headers: { ...(etag && { "if-match": etag }) } };
};
