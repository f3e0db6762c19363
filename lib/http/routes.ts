/**
 * Every route of the API, as data. `infra/` turns this table into gateway routes and authorizers, `functions/` into handlers,
 * `local/` into the local gateway, the OpenAPI document into paths, the tests into the access matrix. The name is the action that
 * the access register shows. A staff route says what its caller must be allowed to do (`domain/access.ts`).
 */
export const routes = {
  "me.read": { audience: "staff", act: "read", method: "GET", path: "/staff/me" },
  "members.list": { audience: "staff", act: "read", method: "GET", path: "/staff/members" },
  "members.invite": { audience: "staff", act: "administer", method: "POST", path: "/staff/members" },
  "members.read": { audience: "staff", act: "read", method: "GET", path: "/staff/members/{memberId}" },
  "members.change": { audience: "staff", act: "administer", method: "PATCH", path: "/staff/members/{memberId}" },
  "members.sign-out": { audience: "staff", act: "administer", method: "POST", path: "/staff/members/{memberId}/sign-out" },
  "clients.list": { audience: "staff", act: "read", method: "GET", path: "/staff/clients" },
  "clients.create": { audience: "staff", act: "write", method: "POST", path: "/staff/clients" },
  "clients.read": { audience: "staff", act: "read", method: "GET", path: "/staff/clients/{clientId}" },
  "clients.change": { audience: "staff", act: "write", method: "PATCH", path: "/staff/clients/{clientId}" },
  "contacts.list": { audience: "staff", act: "read", method: "GET", path: "/staff/clients/{clientId}/contacts" },
  "contacts.invite": { audience: "staff", act: "write", method: "POST", path: "/staff/clients/{clientId}/contacts" },
  "collaborators.list": { audience: "staff", act: "read", method: "GET", path: "/staff/collaborators" },
  "collaborators.invite": { audience: "staff", act: "write", method: "POST", path: "/staff/collaborators" },
  "contacts.read": { audience: "staff", act: "read", method: "GET", path: "/staff/contacts/{contactId}" },
  "contacts.change": { audience: "staff", act: "write", method: "PATCH", path: "/staff/contacts/{contactId}" },
  "contacts.sign-out": { audience: "staff", act: "write", method: "POST", path: "/staff/contacts/{contactId}/sign-out" },
  "cases.list": { audience: "staff", act: "read", method: "GET", path: "/staff/cases" },
  "cases.create": { audience: "staff", act: "write", method: "POST", path: "/staff/cases" },
  "cases.read": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}" },
  "cases.change": { audience: "staff", act: "write", method: "PATCH", path: "/staff/cases/{caseId}" },
  "timeline.list": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/timeline" },
  "timeline.add": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/timeline" },
  "folders.create": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/folders" },
  "folders.read": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/folders/{folderId}" },
  "items.list": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/items" },
  "documents.announce": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/documents" },
  "documents.read": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/documents/{documentId}" },
  "documents.download": { audience: "staff", act: "read", method: "POST", path: "/staff/cases/{caseId}/documents/{documentId}/download" },
  "versions.list": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/documents/{documentId}/versions" },
  "versions.announce": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/documents/{documentId}/versions" },
  "versions.complete": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/documents/{documentId}/versions/{versionId}/complete" },
  "versions.publish": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/documents/{documentId}/versions/{versionId}/publish" },
  "grants.list": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/grants" },
  "grants.give": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/grants" },
  "grants.revoke": { audience: "staff", act: "write", method: "DELETE", path: "/staff/cases/{caseId}/grants/{grantId}" },
  "shares.list": { audience: "staff", act: "read", method: "GET", path: "/staff/cases/{caseId}/shares" },
  "shares.create": { audience: "staff", act: "write", method: "POST", path: "/staff/cases/{caseId}/shares" },
  "shares.read": { audience: "staff", act: "read", method: "GET", path: "/staff/shares/{shareId}" },
  "shares.revoke": { audience: "staff", act: "write", method: "DELETE", path: "/staff/shares/{shareId}" },
  "shares.revoke-recipient": { audience: "staff", act: "write", method: "DELETE", path: "/staff/shares/{shareId}/recipients/{recipientId}" },
  "audit.list": { audience: "staff", act: "read", method: "GET", path: "/staff/audit" },
  "statistics.access": { audience: "staff", act: "administer", method: "GET", path: "/staff/stats/access" },

  "client.me": { audience: "client", method: "GET", path: "/client/me" },
  "client.cases": { audience: "client", method: "GET", path: "/client/cases" },
  "client.case": { audience: "client", method: "GET", path: "/client/cases/{caseId}" },
  "client.timeline": { audience: "client", method: "GET", path: "/client/cases/{caseId}/timeline" },
  "client.items": { audience: "client", method: "GET", path: "/client/cases/{caseId}/items" },
  "client.shared-with-me": { audience: "client", method: "GET", path: "/client/shared-with-me" },
  "client.download": { audience: "client", method: "POST", path: "/client/cases/{caseId}/documents/{documentId}/download" },

  "share.page": { audience: "share", method: "GET", path: "/s/{token}" },
  "share.open": { audience: "share", method: "POST", path: "/s/{token}/open" },
  "share.download": { audience: "share", method: "POST", path: "/s/{token}/documents/{documentId}" },

  "health": { audience: "open", method: "GET", path: "/health" },
} as const satisfies Readonly<Record<string, Route>>;

/** Who a route is for, and so which function answers it and which user pool guards it. `open` is answered by the share function's neighbour. */
export type Audience = "staff" | "client" | "share" | "open";
export type Method = "GET" | "POST" | "PATCH" | "DELETE";

export type Route = { readonly method: Method; readonly path: `/${string}` } & (
  | { readonly audience: "staff"; readonly act: "read" | "write" | "administer" }
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
