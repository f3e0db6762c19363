import { idOf } from "../domain/ids.ts";
import { Refusal, type RefusalCode } from "../domain/refusal.ts";
import type { Link } from "../domain/share.ts";
import type { Locale } from "../text/locale.ts";
import type { Ports } from "../usecases/ports.ts";
import type { Request } from "../usecases/request.ts";
import type { RecipientPrincipal } from "../domain/principal.ts";
import { admit, downloadShared, findDoor, listShared, openLink, type Listing } from "../usecases/visit.ts";
import { bodyText, header, rawInputOf } from "./api.ts";
import { openCursor, sealCursor } from "./cursor.ts";
import { explainAsJson, httpHandler, noRoute, type Explain, type FrameDeps, type HttpEvent, type HttpResult } from "./lambda.ts";
import { renderExpired, renderGone, renderTrouble, type TroubleKind } from "./pages/dead-ends.ts";
import { renderDoor, type DoorProblem } from "./pages/door.ts";
import { pageHeaders } from "./pages/headers.ts";
import { renderList } from "./pages/list.ts";
import { problemOf } from "./problem.ts";
import { parse } from "./route.ts";
import { matchRoute, type RouteName, type RouteNameOf } from "./routes.ts";
import { isStamp, makeStamp, sessionCookie, sessionIn } from "./session.ts";
import { doorView, listQuery, sharedFileView, sharedView, visitInput } from "./share-views.ts";

export interface SharePageDeps extends FrameDeps, Pick<Ports, "ledger" | "shares" | "documents" | "objects" | "cases" | "people" | "register" | "firm"> {
  readonly linkKey: () => Promise<string>;
  readonly cursorKey: () => Promise<string>;
  /** Where downloads are: the only other origin that the page's forms may lead to. */
  readonly bucketOrigin: string;
}

/** The link as this request found it: what a page needs to know in whose language it speaks. */
const languages = new WeakMap<HttpEvent, Locale>();

/**
 * The page behind an e-mailed link. GET and HEAD change nothing and name nothing until the person's own POST has opened the link;
 * every request reads the link anew. Callers who accept JSON are answered in JSON, so that a firm's own page can stand in front.
 */
export const sharePage = (deps: SharePageDeps) =>
  httpHandler(deps, explainTo(deps), async (event, exchange) => {
    const token = event.pathParameters?.["token"] ?? "";
    const door = await findDoor(deps)(token, exchange.now);
    if (door.state === "gone") throw new Refusal("not_found", "There is nothing here that you may see.");
    const { link } = door;
    const { shareId, recipientId, caseId, clientId, linkHash } = link;
    languages.set(event, link.locale);
    exchange.trail.concerns({ shareId, recipientId, caseId, clientId });
    if (door.state === "expired") throw new Expired(link);

    const key = await deps.linkKey();
    const principal: RecipientPrincipal = { kind: "recipient", recipientId, shareId };
    const visit: Visit = { deps, event, link, token, key, isOpen: isStamp(key, "session", linkHash, sessionIn(event.cookies), exchange.now), request: { principal, now: exchange.now, trail: exchange.trail } };
    const { route } = exchange;
    if (route === null || !isOurs(route)) throw noRoute(event);
    // Whoever only looks at the door, a scanner perhaps, is nobody yet.
    if (visit.isOpen || route !== "share.page") exchange.principal = principal;
    return visits[route](visit);
  });

interface Visit {
  readonly deps: SharePageDeps;
  readonly event: HttpEvent;
  readonly link: Link;
  readonly token: string;
  readonly key: string;
  /** The person opened the link in this browser, at most a quarter of an hour ago. */
  readonly isOpen: boolean;
  readonly request: Request<RecipientPrincipal>;
}

class Expired extends Refusal {
  readonly link: Link;
  constructor(link: Link) {
    super("gone", "This link is over.");
    this.link = link;
  }
}

/** A refusal whose answer is a page of its own: for a person it is a way on, for the register and the statistics nothing happened. */
class TurnedAway extends Refusal {
  readonly result: HttpResult;
  constructor(code: RefusalCode, detail: string, result: HttpResult) {
    super(code, detail);
    this.result = result;
  }
}
const toDoor = (token: string): HttpResult => ({ statusCode: 303, headers: { location: pathOf(token) }, body: "" });

const pathOf = (token: string): string => `/s/${encodeURIComponent(token)}`;
const page = ({ bucketOrigin }: SharePageDeps, statusCode: number, body: string, headers: Record<string, string> = {}): HttpResult => ({ statusCode, headers: { ...pageHeaders(bucketOrigin), ...headers }, body });
const json = (statusCode: number, body: unknown): HttpResult => ({ statusCode, headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify(body) });
const wantsJson = (event: HttpEvent): boolean => {
  const accept = header(event, "accept") ?? "";
  return accept.includes("application/json") && !accept.includes("text/html");
};

const showDoor = async ({ deps, event, link, token, key, request }: Visit, problem?: DoorProblem): Promise<HttpResult> => {
  const [share] = await Promise.all([deps.shares.get(link.shareId), admit(deps, request, link)]);
  if (share === null) throw new Refusal("not_found", "There is nothing here that you may see.");
  const door = { senderName: share.senderName, message: share.message, expiresAt: link.expiresAt, asks: { passcode: false, code: false } };
  if (wantsJson(event)) return json(200, doorView.parse({ state: "closed", firm: deps.firm, ...door }));
  const view = { firm: deps.firm, locale: link.locale, ...door, formAction: `${pathOf(token)}/open`, nonce: makeStamp(key, "form", link.linkHash, request.now), problem };
  return page(deps, problem ? 400 : 200, renderDoor(view));
};

/** A form proves that a page of ours was read; JSON cannot be sent across origins without asking. @throws Refusal for JSON that is none of ours. */
const formIsOurs = ({ event, link, key, request }: Visit): boolean => {
  if (/^application\/json\b/i.test(header(event, "content-type") ?? "")) {
    parse(visitInput, rawInputOf(event).body, "body");
    return true;
  }
  return isStamp(key, "form", link.linkHash, new URLSearchParams(bodyText(event)).get("nonce") ?? undefined, request.now);
};

const open = async (visit: Visit): Promise<HttpResult> => {
  const { deps, event, link, token, key, request } = visit;
  if (!formIsOurs(visit)) {
    if (wantsJson(event)) throw new Refusal("invalid_request", "Send JSON, or the page's own form.", [{ path: "body", message: "Is not JSON." }]);
    throw new TurnedAway("invalid_request", "A form of no page of ours, or an old one.", await showDoor(visit, "form_expired"));
  }
  await openLink(deps)(request, link);
  const cookies = [sessionCookie(makeStamp(key, "session", link.linkHash, request.now), pathOf(token))];
  if (wantsJson(event)) return { ...(await showList({ ...visit, isOpen: true })), cookies };
  return { ...toDoor(token), cookies };
};

const showList = async (visit: Visit): Promise<HttpResult> => {
  const { deps, event, link, token, key, request } = visit;
  const raw = rawInputOf({ ...event, body: "" });
  const query = listQuery.safeParse(Object.fromEntries([...raw.query].map(([name, values]) => [name, values[0]])));
  if (!query.success) throw new Refusal("not_found", "There is nothing here that you may see.");
  const { folder, cursor } = query.data;
  const scope = { caller: link.recipientId, request: JSON.stringify([link.shareId, folder ?? ""]) };
  const after = cursor === undefined ? null : openCursor(await deps.cursorKey(), scope, cursor, request.now);
  const listing = await listShared(deps)(request, link, folder, { limit: 100, after });
  const next = listing.next === null ? null : sealCursor(await deps.cursorKey(), scope, listing.next, request.now);
  if (wantsJson(event)) return json(200, sharedView.parse(itemsOf(listing, next)));
  const at = (folderId: string, more = "") => `${pathOf(token)}?folder=${folderId}${more}`;
  const shown = listing.path.at(-1)?.folderId;
  return page(deps, 200, renderList({
    firm: deps.firm, locale: link.locale, senderName: listing.share.senderName, expiresAt: link.expiresAt, now: request.now,
    path: listing.path.map((it) => ({ name: it.name, href: at(it.folderId) })),
    folders: listing.folders.map((it) => ({ name: it.name, href: at(it.folderId) })),
    documents: listing.documents.map((it) => ({
      name: it.name, contentType: it.published.contentType, size: it.published.size, publishedAt: it.published.publishedAt, scanned: it.published.scanned, action: `${pathOf(token)}/documents/${it.documentId}`,
      downloadedAt: listing.fetched.get(it.documentId) ?? null, downloadsLeft: link.maxDownloads === undefined ? null : Math.max(0, link.maxDownloads - link.downloads),
    })),
    nonce: makeStamp(key, "form", link.linkHash, request.now),
    nextPage: next === null || shown === undefined ? null : at(shown, `&cursor=${next}`),
  }));
};

const itemsOf = (listing: Listing, nextCursor: string | null) => ({
  items: [
    ...listing.folders.map(({ folderId, name }) => ({ kind: "folder", folderId, name })),
    ...listing.documents.map(({ documentId, name, published }) => ({ kind: "document", documentId, name, ...published })),
  ],
  nextCursor,
});

const download = async (visit: Visit): Promise<HttpResult> => {
  const { deps, event, link, token, request } = visit;
  if (!visit.isOpen) {
    if (wantsJson(event)) throw new Refusal("unauthenticated", "Open the link first.");
    throw new TurnedAway("unauthenticated", "Nobody opened the link here.", toDoor(token));
  }
  if (!formIsOurs(visit)) throw new TurnedAway("invalid_request", "A form of no page of ours, or an old one.", toDoor(token));
  const documentId = idOf("document").safeParse(event.pathParameters?.["documentId"]);
  if (!documentId.success) throw new Refusal("not_found", "There is nothing here that you may see.");
  const file = await downloadShared(deps)(request, link, documentId.data);
  if (wantsJson(event)) return json(200, sharedFileView.parse(file));
  return { statusCode: 303, headers: { location: file.url }, body: "" };
};

/** Code for every route of the page: a route without any does not compile. */
const visits: Readonly<Record<RouteNameOf<"share">, (visit: Visit) => Promise<HttpResult>>> = {
  "share.page": (visit) => (visit.isOpen ? showList(visit) : showDoor(visit)),
  "share.open": open,
  "share.download": download,
};
const isOurs = (route: RouteName): route is keyof typeof visits => route in visits;

const troubles: Partial<Record<string, TroubleKind>> = {
  too_many_requests: "throttled", unavailable: "unavailable", gone: "no_downloads_left", locked: "not_available_yet", method_not_allowed: "method_not_allowed",
};

/** Dead ends for people: unknown, malformed and revoked links give one page, the same to the byte but for the request's id in a header. */
const explainTo = (deps: SharePageDeps): Explain => (error, event, exchange) => {
  if (error instanceof TurnedAway) return error.result;
  if (wantsJson(event)) return explainAsJson(error, event, exchange);
  const { firm } = deps;
  const locale = languages.get(event) ?? firm.locale;
  const { status, code } = problemOf(error, exchange.trail.requestId);
  if (error instanceof Expired) return page(deps, 410, renderExpired({ firm, locale, expiredAt: error.link.expiresAt }));
  if (status === 404 || code === "invalid_request") return page(deps, 404, renderGone({ firm, locale }));
  const back = event.pathParameters?.["token"];
  return page(deps, status, renderTrouble({ firm, locale, kind: troubles[code] ?? "internal", requestId: exchange.trail.requestId, ...(back && { back: pathOf(back) }) }), {
    ...(status === 405 && { allow: matchRoute(event.rawPath).join(", ") }),
    ...(status === 503 && { "retry-after": "5" }),
  });
};
