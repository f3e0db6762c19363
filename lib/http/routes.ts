import type { StaffAct } from "../domain/access.ts";

/**
 * Every route of the API, as data. `infra/` turns this table into gateway routes and authorizers, `functions/` into handlers,
 * `local/` into the local gateway, the OpenAPI document into paths, the tests into the access matrix. The name is the action that
 * the access register shows. A staff route says what its caller must be allowed to do (`domain/access.ts`); `summary` is its sentence in the reference.
 */
export const routes = {
  "me.read": { audience: "staff", act: "read", method: "GET", path: "/staff/me", summary: "Who I am in the firm." },
  "members.list": { audience: "staff", act: "read", method: "GET", path: "/staff/members", summary: "The people of the firm." },
  "members.invite": { audience: "staff", act: "administer", method: "POST", path: "/staff/members", summary: "Invites a person of the firm by e-mail; inviting the same address again finishes what was left open." },
  "members.read": { audience: "staff", act: "read", method: "GET", path: "/staff/members/{memberId}", summary: "One person of the firm." },
  "members.change": { audience: "staff", act: "administer", method: "PATCH", path: "/staff/members/{memberId}", summary: "Changes a person's role, or suspends them from their very next request." },
  "members.sign-out": { audience: "staff", act: "administer", method: "POST", path: "/staff/members/{memberId}/sign-out", summary: "Refuses every token that this person of the firm holds." },
  "clients.list": { audience: "staff", act: "read", method: "GET", path: "/staff/clients", summary: "The persons and companies that the firm serves." },
  "clients.create": { audience: "staff", act: "write", method: "POST", path: "/staff/clients", summary: "Adds a client." },
  "clients.read": { audience: "staff", act: "read", method: "GET", path: "/staff/clients/{clientId}", summary: "One client." },
  "clients.change": { audience: "staff", act: "write", method: "PATCH", path: "/staff/clients/{clientId}", summary: "Changes a client's name, tax id or notes." },
  "contacts.list": { audience: "staff", act: "read", method: "GET", path: "/staff/clients/{clientId}/contacts", summary: "The people who sign in or receive links for a client." },
  "contacts.invite": { audience: "staff", act: "write", method: "POST", path: "/staff/clients/{clientId}/contacts", summary: "Invites a person of a client by e-mail." },
  "collaborators.list": { audience: "staff", act: "read", method: "GET", path: "/staff/collaborators", summary: "The contacts of no client: suppliers, experts, partner firms." },
  "collaborators.invite": { audience: "staff", act: "write", method: "POST", path: "/staff/collaborators", summary: "Invites a person who belongs to no client by e-mail." },
  "contacts.read": { audience: "staff", act: "read", method: "GET", path: "/staff/contacts/{contactId}", summary: "One contact or collaborator." },
  "contacts.change": { audience: "staff", act: "write", method: "PATCH", path: "/staff/contacts/{contactId}", summary: "Changes a contact's name or language, or suspends them from their very next request." },
  "contacts.sign-out": { audience: "staff", act: "write", method: "POST", path: "/staff/contacts/{contactId}/sign-out", summary: "Refuses every token that this contact holds." },
  "cases.list": { audience: "staff", act: "read", method: "GET", path: "/staff/cases", summary: "Cases, by status, client, adviser or words of their reference and title." },
  "cases.create": { audience: "staff", act: "write", method: "POST", path: "/staff/cases", summary: "Opens a case for a client." },
  "cases.read": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}", summary: "One case." },
  "cases.change": { audience: "staff", act: "write", method: "PATCH", path: "/staff/cases/{caseId}", summary: "Changes a case's title, status or adviser." },
  "cases.break-glass": { audience: "staff", act: "administer", method: "POST", path: "/staff/cases/{caseId}/break-glass", summary: "Lets an administrator into a restricted case for an hour, for a reason that its team can read." },
  "timeline.list": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/timeline", summary: "A case's story, newest first, internal notes included." },
  "timeline.add": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/timeline", summary: "Adds a line to a case's story, for the firm alone or for the client too." },
  "folders.create": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/folders", summary: "Makes a folder in a case." },
  "folders.read": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/folders/{folderId}", summary: "One folder." },
  "folders.change": { audience: "staff", act: "write", method: "PATCH", path: "/staff/cases/{caseId}/folders/{folderId}", summary: "Renames or moves a folder with all that is in it, or says whether it inherits who may see it; at once for everybody." },
  "folders.delete": { audience: "staff", act: "write", method: "DELETE", path: "/staff/cases/{caseId}/folders/{folderId}", summary: "Deletes a folder with all that is in it, at once for everybody; it can be brought back for as long as the firm keeps what was deleted." },
  "folders.restore": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/folders/{folderId}/restore", summary: "Brings a deleted folder back with all that is in it, where it lay or elsewhere." },
  "items.list": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/items", summary: "What lies in a folder, or in the case's root: folders first, then documents, by name." },
  "documents.announce": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/documents", summary: "Announces a document and its bytes; the answer says where to PUT them." },
  "documents.read": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/documents/{documentId}", summary: "One document, with the version that clients see." },
  "documents.change": { audience: "staff", act: "write", method: "PATCH", path: "/staff/cases/{caseId}/documents/{documentId}", summary: "Renames or moves a document, at once for everybody." },
  "documents.delete": { audience: "staff", act: "write", method: "DELETE", path: "/staff/cases/{caseId}/documents/{documentId}", summary: "Deletes a document, at once for everybody; it can be brought back for as long as the firm keeps what was deleted." },
  "documents.restore": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/documents/{documentId}/restore", summary: "Brings a deleted document back, where it lay or elsewhere." },
  "trash.list": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/trash", summary: "What was deleted in a case and can still be brought back, newest first: who deleted it, when, and until when." },
  "documents.download": { audience: "staff", act: "read", method: "POST", path: "/staff/cases/{caseId}/documents/{documentId}/download", summary: "Hands out a URL of at most a minute for one version, the published one unless named." },
  "versions.list": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/documents/{documentId}/versions", summary: "The versions of a document, each with its state." },
  "versions.announce": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/documents/{documentId}/versions", summary: "Announces another version of a document; the answer says where to PUT it." },
  "parts.list": { audience: "staff", act: "write", method: "GET", path: "/staff/cases/{caseId}/documents/{documentId}/versions/{versionId}/parts", summary: "Which parts of a version S3 holds: where an interrupted upload goes on." },
  "parts.sign": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/documents/{documentId}/versions/{versionId}/parts", summary: "URLs for at most a hundred parts, each for exactly the bytes of its hash; may be asked for again." },
  "versions.complete": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/documents/{documentId}/versions/{versionId}/complete", summary: "Says that the bytes were sent; may be repeated, and then finishes what was left open." },
  "versions.abort": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/documents/{documentId}/versions/{versionId}/abort", summary: "Gives an unfinished upload up; a document that has no other version gives its name back." },
  "versions.release": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/documents/{documentId}/versions/{versionId}/release", summary: "Lets a version through, for a reason, on which the malware scan could give no word." },
  "versions.publish": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/documents/{documentId}/versions/{versionId}/publish", summary: "Makes a version the one that clients see." },
  "grants.list": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/grants", summary: "Who may see what in a case." },
  "grants.give": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/grants", summary: "Lets a contact, or every contact of a client, see a case, a folder or a document." },
  "grants.preview": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/grants/preview", summary: "Who would gain and who would lose by a grant, a revocation, a move, a stop of inheritance or a change of team; nothing is changed." },
  "grants.revoke": { audience: "staff", act: "write", method: "DELETE", path: "/staff/cases/{caseId}/grants/{grantId}", summary: "Ends a grant: the next request is refused." },
  "shares.list": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/shares", summary: "What was shared from a case by e-mail." },
  "shares.create": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/shares", summary: "Shares a folder or documents by e-mail, with a link of their own for each recipient." },
  "shares.read": { audience: "staff", act: "read", method: "GET", path: "/staff/shares/{shareId}", summary: "One share, with what each recipient did." },
  "shares.revoke": { audience: "staff", act: "write", method: "DELETE", path: "/staff/shares/{shareId}", summary: "Closes every link of a share." },
  "shares.revoke-recipient": { audience: "staff", act: "write", method: "DELETE", path: "/staff/shares/{shareId}/recipients/{recipientId}", summary: "Closes one recipient's link." },
  "audit.list": { audience: "staff", act: "read", method: "GET", path: "/staff/audit", summary: "The access register: who did or tried what, when, from where, and why it was refused." },
  "jobs.list": { audience: "staff", act: "read", method: "GET", path: "/staff/jobs", summary: "Long work that I started, newest first." },
  "jobs.read": { audience: "staff", act: "read", method: "GET", path: "/staff/jobs/{jobId}", summary: "How far long work has come." },
  "jobs.results": { audience: "staff", act: "read", method: "GET", path: "/staff/jobs/{jobId}/results", summary: "What long work found or did, thing by thing." },
  "statistics.access": { audience: "staff", act: "read", method: "GET", path: "/staff/stats/access", summary: "How often people used what, by client, service, case, document or adviser." },

  "access.explain": { audience: "staff", act: "read", method: "GET", path: "/staff/access", summary: "Why a person may or may not see a case, a folder or a document: what opens it, and what stands in the way." },
  "view-as.cases": { audience: "staff", act: "read", method: "GET", path: "/staff/view-as/{contactId}/cases", summary: "The cases that a contact sees, as they see them." },
  "view-as.case": { audience: "staff", act: "read", method: "GET", path: "/staff/view-as/{contactId}/cases/{caseId}", summary: "One case as a contact sees it." },
  "view-as.timeline": { audience: "staff", act: "read", method: "GET", path: "/staff/view-as/{contactId}/cases/{caseId}/timeline", summary: "What a contact reads of a case's story." },
  "view-as.items": { audience: "staff", act: "read", method: "GET", path: "/staff/view-as/{contactId}/cases/{caseId}/items", summary: "What a contact finds in a folder, or the topmost things they were given in the case." },
  "view-as.shared-with-me": { audience: "staff", act: "read", method: "GET", path: "/staff/view-as/{contactId}/shared-with-me", summary: "What was given to a contact, newest first." },

  "client.me": { audience: "client", method: "GET", path: "/client/me", summary: "Who I am, and the firm that serves me." },
  "client.cases": { audience: "client", method: "GET", path: "/client/cases", summary: "The cases in which I was given something." },
  "client.case": { audience: "client", method: "GET", path: "/client/cases/{caseId}", summary: "One case of mine." },
  "client.timeline": { audience: "client", method: "GET", path: "/client/cases/{caseId}/timeline", summary: "What the firm tells me of a case that I was given as a whole, newest first." },
  "client.items": { audience: "client", method: "GET", path: "/client/cases/{caseId}/items", summary: "What lies in a folder that I may see, or the topmost things I was given in the case." },
  "client.shared-with-me": { audience: "client", method: "GET", path: "/client/shared-with-me", summary: "What was given to me, newest first, not expanded." },
  "client.download": { audience: "client", method: "POST", path: "/client/cases/{caseId}/documents/{documentId}/download", summary: "Hands out a URL of at most a minute for a document's published version." },
  "client.announce": { audience: "client", method: "POST", path: "/client/cases/{caseId}/documents", summary: "Announces a document in a folder, or a case, that I was given with `upload`; the answer says where its bytes go." },
  "client.parts": { audience: "client", method: "GET", path: "/client/cases/{caseId}/documents/{documentId}/versions/{versionId}/parts", summary: "Which parts of my upload arrived." },
  "client.sign-parts": { audience: "client", method: "POST", path: "/client/cases/{caseId}/documents/{documentId}/versions/{versionId}/parts", summary: "URLs for at most a hundred parts of my upload; may be asked for again." },
  "client.complete": { audience: "client", method: "POST", path: "/client/cases/{caseId}/documents/{documentId}/versions/{versionId}/complete", summary: "Says that I sent the bytes; may be repeated, and then tells how far the version is." },
  "client.abort": { audience: "client", method: "POST", path: "/client/cases/{caseId}/documents/{documentId}/versions/{versionId}/abort", summary: "Gives my unfinished upload up." },

  "share.page": { audience: "share", method: "GET", path: "/s/{token}", summary: "The page behind a mailed link: a door that names nothing, or the list once it was opened." },
  "share.open": { audience: "share", method: "POST", path: "/s/{token}/open", summary: "Opens the link: what counts as opened, and begins a session of a quarter of an hour." },
  "share.download": { audience: "share", method: "POST", path: "/s/{token}/documents/{documentId}", summary: "Counts and records a download, and leads to its URL." },

  "health": { audience: "open", method: "GET", path: "/health", summary: "Says that the API answers." },
  "openapi": { audience: "open", method: "GET", path: "/openapi.json", summary: "This document." },
} as const satisfies Readonly<Record<string, Route>>;

/** Who a route is for, and so which function answers it and which user pool guards it. `open` is answered by the share function's neighbour. */
export type Audience = "staff" | "client" | "share" | "open";
export type Method = "GET" | "POST" | "PATCH" | "DELETE";

export type Route = { readonly method: Method; readonly path: `/${string}`; readonly summary: string } & (
  | { readonly audience: "staff"; readonly act: StaffAct }
  | { readonly audience: Exclude<Audience, "staff"> }
);

export type RouteName = keyof typeof routes;
export type RouteNameOf<A extends Audience> = { [N in RouteName]: (typeof routes)[N]["audience"] extends A ? N : never }[RouteName];

/** The key that API Gateway gives a route and sends with each event: `GET /staff/me`. HEAD stands beside every GET (RFC 9110). */
export const routeKeys = (name: RouteName): string[] => {
  const { method, path } = routes[name];
  return method === "GET" ? [`GET ${path}`, `HEAD ${path}`] : [`${method} ${path}`];
};

const isRouteName = (name: string): name is RouteName => name in routes;
export const routeNames = Object.keys(routes).filter(isRouteName);

/** The function that answers each audience: one per audience, because that is where IAM rights differ. */
export const functionOf = { staff: "staff-api", client: "client-api", share: "share-page", open: "client-api" } as const satisfies Record<Audience, string>;

const byKey: ReadonlyMap<string, RouteName> = new Map(routeNames.flatMap((name) => routeKeys(name).map((key) => [key, name] as const)));

/** The route that the gateway matched, or null for `$default`. */
export const routeOf = (routeKey: string): RouteName | null => byKey.get(routeKey) ?? null;

const patterns = routeNames.map((name) => ({
  methods: routeKeys(name).map((key) => key.slice(0, key.indexOf(" "))),
  pattern: new RegExp(`^${routes[name].path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
}));

/** The methods that a path knows; none for a path of no route. */
export const matchRoute = (path: string): string[] => [...new Set(patterns.flatMap((it) => (it.pattern.test(path) ? it.methods : [])))];
