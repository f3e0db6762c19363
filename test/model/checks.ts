import { likely, resourceOf, type Pick, type Scene } from "./operations.ts";
import { behindLink, binOf, everySpot, knowsCase, knowsMember, levelOf, listOf, maySee, mayEnter, openingGrants, reachedByLink, sharedWith, staffList, type World } from "./reference.ts";

/** One look at the system, and what the reference says that it must show. */
export interface Check {
  readonly name: string;
  readonly look: () => Promise<unknown>;
  readonly expected: (world: World) => unknown;
}
type Builder = (scene: Scene, world: World, pick: Pick) => Check | null;

const ids = (items: readonly { folderId?: string; documentId?: string; kind?: string }[]): unknown[] => items.map((it) => (it.kind === "document" ? it.documentId : it.folderId)).toSorted();
const sorted = (list: readonly string[] | null): unknown => list?.toSorted() ?? 404;

export const checks: Readonly<Record<string, Builder>> = {
  "download": ({ stage, caseId }, world, pick) => {
    const { who, it: id } = likely(pick, pairs(stage.contacts, [...world.documents.keys()]), (pair) => maySee(world, pair.who.id, { kind: "document", id: pair.it })) ?? {};
    return who === undefined || id === undefined ? null : {
      name: "download", look: async () => (await who.call("POST", `/client/cases/${caseId}/documents/${id}/download`)).status,
      expected: (it) => (!isIn(it, who.id) ? 401 : maySee(it, who.id, { kind: "document", id }) ? 200 : 404),
    };
  },
  "list": ({ stage, caseId }, world, pick) => {
    const { who, it: folder = null } = likely(pick, pairs(stage.contacts, [null, ...world.folders.keys()]), (pair) => (listOf(world, pair.who.id, pair.it) ?? []).length > 0) ?? {};
    return who === undefined ? null : {
      name: "list", look: async () => {
        const { status, body } = await who.call("GET", `/client/cases/${caseId}/items?limit=100${folder === null ? "" : `&folderId=${folder}`}`);
        return status === 200 ? ids(body.items) : status;
      },
      expected: (it) => (isIn(it, who.id) ? sorted(listOf(it, who.id, folder)) : 401),
    };
  },
  "case": ({ stage, caseId }, _world, pick) => {
    const who = pick(stage.contacts);
    return who === undefined ? null : {
      name: "case", look: async () => {
        const [one, page] = [await who.call("GET", `/client/cases/${caseId}`), await who.call("GET", "/client/cases?limit=100")];
        return [one.status, page.body.items?.some((it: { caseId: string }) => it.caseId === caseId) ?? null];
      },
      expected: (it) => (!isIn(it, who.id) ? [401, null] : knowsCase(it, who.id) ? [200, true] : [404, false]),
    };
  },
  "shared with me": ({ stage, caseId }, _world, pick) => {
    const who = pick(stage.contacts);
    return who === undefined ? null : {
      name: "shared with me", look: async () => {
        const { status, body } = await who.call("GET", "/client/shared-with-me?limit=100");
        return status === 200 ? body.items.filter((it: { case: { caseId: string } }) => it.case.caseId === caseId).map((it: { grantId: string }) => it.grantId).toSorted() : status;
      },
      expected: (it) => (isIn(it, who.id) ? sharedWith(it, who.id).toSorted() : 401),
    };
  },
  "view as": ({ stage, caseId }, world, pick) => {
    const looks = likely(pick, stage.members, (it) => mayEnter(world, it.id));
    const { who, it: folder = null } = likely(pick, pairs(stage.contacts, [null, ...world.folders.keys()]), (pair) => (listOf(world, pair.who.id, pair.it) ?? []).length > 0) ?? {};
    return who === undefined || looks === undefined ? null : {
      name: "view as", look: async () => {
        const { status, body } = await looks.call("GET", `/staff/view-as/${who.id}/cases/${caseId}/items?limit=100${folder === null ? "" : `&folderId=${folder}`}`);
        return status === 200 ? ids(body.items) : status;
      },
      expected: (it) => (!knowsMember(it, looks.id) ? 401 : !isIn(it, who.id) ? 409 : mayEnter(it, looks.id) ? sorted(listOf(it, who.id, folder)) : 404),
    };
  },
  "staff": ({ stage, caseId }, _world, pick) => {
    const who = pick(stage.members);
    return who === undefined ? null : {
      name: "staff", look: async () => (await Promise.all(["", "/items", "/grants", "/shares", "/timeline"].map((path) => who.call("GET", `/staff/cases/${caseId}${path}`)))).map((it) => it.status),
      expected: (it) => Array.from({ length: 5 }, () => (!knowsMember(it, who.id) ? 401 : mayEnter(it, who.id) ? 200 : 404)),
    };
  },
  "staff lists": ({ stage, caseId }, world, pick) => {
    const [who, folder] = [pick(stage.members), pick([null, ...world.folders.keys()]) ?? null];
    const list = pick([
      { name: "staff items", path: `/items?limit=100${folder === null ? "" : `&folderId=${folder}`}`, of: ids, expected: (it: World) => staffList(it, folder) },
      { name: "bin", path: "/trash?limit=100", of: ids, expected: binOf },
      { name: "grants", path: "/grants?limit=100", of: (items: readonly { grantId: string }[]) => items.map((it) => it.grantId).toSorted(), expected: ({ grants }: World) => [...grants.keys()] },
      { name: "shares", path: "/shares?limit=100", of: (items: readonly { shareId: string }[]) => items.map((it) => it.shareId).toSorted(), expected: ({ shares }: World) => [...shares.keys()] },
    ]);
    return who === undefined || list === undefined ? null : {
      name: list.name, look: async () => {
        const { status, body } = await who.call("GET", `/staff/cases/${caseId}${list.path}`);
        return status === 200 ? list.of(body.items) : status;
      },
      expected: (it) => (!knowsMember(it, who.id) ? 401 : mayEnter(it, who.id) ? sorted(list.expected(it)) : 404),
    };
  },
  "why": ({ stage, caseId }, world, pick) => {
    const { who, it: spot } = likely(pick, pairs(stage.contacts, everySpot(world)), (pair) => maySee(world, pair.who.id, pair.it)) ?? {};
    const asks = stage.members.find((it) => mayEnter(world, it.id));
    if (who === undefined || spot === undefined || asks === undefined) return null;
    const query = new URLSearchParams({ contactId: who.id, caseId, ...resourceOf(spot) });
    return {
      name: "why", look: async () => {
        const { status, body } = await asks.call("GET", `/staff/access?${query.toString()}`);
        if (status !== 200) return status;
        return [body.allowed, body.level, body.because.filter((it: { kind: string }) => it.kind === "grant").map((it: { grantId: string }) => it.grantId).toSorted()];
      },
      expected: (it) => {
        if (!mayEnter(it, asks.id)) return knowsMember(it, asks.id) ? 404 : 401;
        const allowed = spot.kind === "case" ? knowsCase(it, who.id) : maySee(it, who.id, spot);
        return [allowed, allowed ? levelOf(it, who.id, spot) : null, openingGrants(it, who.id, spot).toSorted()];
      },
    };
  },
  "link": ({ stage, links }, world, pick) => {
    const id = likely(pick, [...world.shares.keys()], (it) => isLinkOpen(world, it));
    const path = links.get(id ?? "");
    return id === undefined || path === undefined ? null : {
      name: "link", look: async () => {
        const { status, body } = await stage.firm.anyone("POST", `${path}/open`, {}, { accept: "application/json" });
        return status === 200 ? ids(body.items) : status;
      },
      expected: (it) => { const share = it.shares.get(id); return share ? sorted(behindLink(it, share)) : 404; },
    };
  },
};
const pairs = <A, B>(people: readonly A[], things: readonly B[]): { readonly who: A; readonly it: B }[] => people.flatMap((who) => things.map((it) => ({ who, it })));
const isLinkOpen = (world: World, id: string): boolean => { const share = world.shares.get(id); return share !== undefined && (behindLink(world, share) ?? []).length > 0; };
const isIn = (world: World, contact: string): boolean => world.contacts.get(contact)?.suspended === false;

/** Who gains and who loses anywhere by a change of the world: what its dry run must have said. Contacts for what they may see, links for what they open, members for the case. */
export const differencesOf = (before: World, after: World): { readonly gains: string[]; readonly loses: string[] } => {
  const rank = { read: 1, upload: 2 } as const;
  const rankOf = (world: World, contact: string, spot: ReturnType<typeof everySpot>[number]): number => { const level = levelOf(world, contact, spot); return level === null ? 0 : rank[level]; };
  const gains = new Set<string>();
  const loses = new Set<string>();
  for (const [contact, { suspended }] of before.contacts) {
    if (suspended) continue;
    for (const spot of everySpot(before)) {
      const change = rankOf(after, contact, spot) - rankOf(before, contact, spot);
      if (change !== 0) (change > 0 ? gains : loses).add(contact);
    }
  }
  for (const [id, share] of before.shares) {
    for (const spot of everySpot(before)) {
      const [then, now] = [before, after].map((world) => reachedByLink(world, share, spot));
      if (then !== now) (now ? gains : loses).add(id);
    }
  }
  for (const member of before.members.keys()) {
    if (mayEnter(before, member) !== mayEnter(after, member)) (mayEnter(after, member) ? gains : loses).add(member);
  }
  return { gains: [...gains].toSorted(), loses: [...loses].toSorted() };
};

