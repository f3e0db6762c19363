import { randomUUID } from "node:crypto";
import type { CaseId } from "../../lib/domain/ids.ts";
import type { Person } from "../api/firm.ts";
import { isFree, isInside, knowsMember, mayEnter, pathOf, type Grant, type Spot, type World } from "./reference.ts";
import { layDocument, type Stage } from "./stage.ts";

/** One thing that somebody does: how it is asked of the system, whether it should succeed, and what the world is afterwards. */
export interface Operation {
  readonly name: string;
  readonly run: () => Promise<{ readonly ok: boolean; readonly body: any }>; // eslint-disable-line @typescript-eslint/no-explicit-any -- what an API answers
  readonly allowed: (world: World) => boolean;
  readonly change: (world: World, body: any) => void; // eslint-disable-line @typescript-eslint/no-explicit-any -- as above
  /** The dry run that must have announced what it does. */
  readonly preview?: object;
}
export interface Scene { readonly stage: Stage; readonly caseId: CaseId; readonly links: Map<string, string> }
/** Chooses by a number, whatever there is to choose from. */
export type Pick = <T>(from: readonly T[]) => T | undefined;
/** Two times of three one of those where the answer is yes, if there are any: chosen blindly, most are a no. */
export const likely = <T>(pick: Pick, from: readonly T[], isYes: (it: T) => boolean): T | undefined => {
  const yes = from.filter(isYes);
  return pick(pick([true, true, false]) === true && yes.length > 0 ? yes : from);
};

const names = ["Acta", "ACTA", "Ñandú", "N\u0303andu\u0301", "Poder", "Poder (2)", "الوثيقة", "ﬁn", "fin"];
const levels = ["read", "upload"] as const;
const soon = 600_000;

/** Builds an operation of a kind from what there is now; null where there is nothing to do it to. */
export type Builder = (scene: Scene, world: World, pick: Pick) => Operation | null;

/** Somebody of the firm; most often one who may. */
const actor = (scene: Scene, world: World, pick: Pick): Person => {
  const able = scene.stage.members.filter((it) => mayEnter(world, it.id));
  return pick([...able, ...able, ...able, ...scene.stage.members]) ?? scene.stage.firm.admin;
};
const acts = (world: World, who: Person): boolean => knowsMember(world, who.id) && mayEnter(world, who.id);
const assigns = (world: World, who: Person): boolean => acts(world, who) && world.members.get(who.id)?.role !== "assistant";

const asked = async (who: Person, method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
  const answer = await who.call(method, path, body, headers);
  if (answer.status >= 500) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return { ok: answer.status < 300, body: answer.body };
};
/** Reads the etag as a frontend does, then changes. Whoever may not read may not change either. */
const patched = async (who: Person, path: string, body: unknown) => {
  const read = await asked(who, "GET", path);
  return read.ok ? asked(who, "PATCH", path, body, { "if-match": `"${read.body.etag}"` }) : read;
};
const of = ({ caseId }: Scene, path: string): string => `/staff/cases/${caseId}${path}`;

const folders = (world: World): string[] => [...world.folders.keys()];
const documents = (world: World): string[] => [...world.documents.keys()];
const places = (world: World): (string | null)[] => [null, ...folders(world)];
const live = (world: World, folder: string | null): boolean => folder === null || pathOf(world, { kind: "folder", id: folder }) !== null;
const spots = (world: World): Spot[] => [{ kind: "case" }, ...folders(world).map((id): Spot => ({ kind: "folder", id })), ...documents(world).map((id): Spot => ({ kind: "document", id }))];
export const resourceOf = (spot: Spot): object => (spot.kind === "folder" ? { folderId: spot.id } : spot.kind === "document" ? { documentId: spot.id } : {});
const most = 12;

export const builders: Readonly<Record<string, Builder>> = {
  "create folder": (scene, world, pick) => {
    const [who, parent, name, inherit] = [actor(scene, world, pick), pick(places(world)) ?? null, pick(names) ?? "", pick([true, true, false]) ?? true];
    return world.folders.size >= most ? null : {
      name: "create folder", run: () => asked(who, "POST", of(scene, "/folders"), { name, inherit, ...(parent !== null && { parentId: parent }) }),
      allowed: (it) => acts(it, who) && live(it, parent) && isFree(it, parent, name), change: (it, body) => it.folders.set(body.folderId, { parent, name, inherit, deleted: false }),
    };
  },
  "add document": (scene, world, pick) => {
    const [folder, name, published] = [pick(places(world)) ?? null, pick(names) ?? "", pick([true, true, false]) ?? true];
    return world.documents.size >= most || !isFree(world, folder, name) ? null : {
      name: "add document", run: async () => ({ ok: true, body: await layDocument(scene.stage, scene.caseId, { name, folder, published }) }),
      allowed: () => true, change: (it, body) => it.documents.set(body.documentId, { folder, name, published, deleted: false, version: body.versionId }),
    };
  },
  "publish": (scene, world, pick) => {
    const [who, id] = [actor(scene, world, pick), pick(documents(world))];
    const version = id === undefined ? undefined : world.documents.get(id)?.version;
    return id === undefined ? null : {
      name: "publish", run: () => asked(who, "POST", of(scene, `/documents/${id}/versions/${version}/publish`)),
      allowed: (it) => acts(it, who) && pathOf(it, { kind: "document", id }) !== null, change: (it) => { const known = it.documents.get(id); if (known) known.published = true; },
    };
  },
  "rename": (scene, world, pick) => {
    const [who, spot, name] = [actor(scene, world, pick), pick(spots(world)), pick(names) ?? ""];
    return spot === undefined || spot.kind === "case" ? null : {
      name: "rename", run: () => patched(who, of(scene, `/${spot.kind}s/${spot.id}`), { name }),
      allowed: (it) => acts(it, who) && pathOf(it, spot) !== null && isFree(it, parentOf(it, spot), name, spot.id), change: (it) => { const known = it.folders.get(spot.id) ?? it.documents.get(spot.id); if (known) known.name = name; },
    };
  },
  "move folder": (scene, world, pick) => {
    const [who, id, to] = [actor(scene, world, pick), pick(folders(world)), pick(places(world)) ?? null];
    return id === undefined ? null : {
      name: "move folder", preview: { move: { folderId: id, to } }, run: () => patched(who, of(scene, `/folders/${id}`), { parentId: to }),
      allowed: (it) => acts(it, who) && live(it, id) && live(it, to) && !isInside(it, to, id) && isFree(it, to, it.folders.get(id)?.name ?? "", id),
      change: (it) => { const known = it.folders.get(id); if (known) known.parent = to; },
    };
  },
  "move document": (scene, world, pick) => {
    const [who, id, to] = [actor(scene, world, pick), pick(documents(world)), pick(places(world)) ?? null];
    return id === undefined ? null : {
      name: "move document", preview: { move: { documentId: id, to } }, run: () => patched(who, of(scene, `/documents/${id}`), { folderId: to }),
      allowed: (it) => acts(it, who) && pathOf(it, { kind: "document", id }) !== null && live(it, to) && isFree(it, to, it.documents.get(id)?.name ?? "", id),
      change: (it) => { const known = it.documents.get(id); if (known) known.folder = to; },
    };
  },
  "delete": (scene, world, pick) => {
    const [who, spot] = [actor(scene, world, pick), pick(spots(world))];
    return spot === undefined || spot.kind === "case" ? null : {
      name: "delete", run: () => asked(who, "DELETE", of(scene, `/${spot.kind}s/${spot.id}`)),
      allowed: (it) => acts(it, who) && pathOf(it, spot) !== null, change: (it) => { const known = it.folders.get(spot.id) ?? it.documents.get(spot.id); if (known) known.deleted = true; },
    };
  },
  "restore": (scene, world, pick) => {
    const deleted = (it: World, spot: Spot): boolean => spot.kind !== "case" && (it.folders.get(spot.id) ?? it.documents.get(spot.id))?.deleted === true;
    const [who, spot] = [actor(scene, world, pick), likely(pick, spots(world), (it) => deleted(world, it))];
    return spot === undefined || spot.kind === "case" ? null : {
      name: "restore", run: () => asked(who, "POST", of(scene, `/${spot.kind}s/${spot.id}/restore`), {}),
      allowed: (it) => acts(it, who) && deleted(it, spot) && live(it, parentOf(it, spot)) && isFree(it, parentOf(it, spot), (it.folders.get(spot.id) ?? it.documents.get(spot.id))?.name ?? "", spot.id),
      change: (it) => { const known = it.folders.get(spot.id) ?? it.documents.get(spot.id); if (known) known.deleted = false; },
    };
  },
  "stop or go on": (scene, world, pick) => {
    const [who, id, value] = [actor(scene, world, pick), pick(folders(world)), pick([true, false]) ?? true];
    return id === undefined ? null : {
      name: "stop or go on", preview: { inherit: { folderId: id, value } }, run: () => patched(who, of(scene, `/folders/${id}`), { inherit: value }),
      allowed: (it) => acts(it, who) && live(it, id), change: (it) => { const known = it.folders.get(id); if (known) known.inherit = value; },
    };
  },
  "grant": (scene, world, pick) => {
    const { stage } = scene;
    const [who, spot, level, ends] = [actor(scene, world, pick), pick(spots(world)), pick(levels) ?? "read", pick([true, false, false]) ?? false];
    const holder = pick([...stage.contacts.map((it) => it.id), stage.clientId, stage.stranger.id]) ?? "";
    if (spot === undefined) return null;
    const until = ends ? world.now + soon : Number.POSITIVE_INFINITY;
    const body = { principal: holder === stage.clientId ? { clientId: holder } : { contactId: holder }, resource: resourceOf(spot), level, ...(ends && { expiresAt: new Date(until).toISOString() }) };
    const taken = (it: Grant): boolean => it.holder === holder && JSON.stringify(it.spot) === JSON.stringify(spot);
    return {
      name: "grant", preview: body, run: () => asked(who, "POST", of(scene, "/grants"), body),
      allowed: (it) => acts(it, who) && holder !== stage.stranger.id && pathOf(it, spot) !== null && ![...it.grants.values()].some(taken),
      change: (it, { grantId }) => it.grants.set(grantId, { holder, spot, level, given: it.now, until }),
    };
  },
  "revoke": (scene, world, pick) => {
    const [who, id] = [actor(scene, world, pick), pick([...world.grants.keys()])];
    return id === undefined ? null : { name: "revoke", preview: { revoke: id }, run: () => asked(who, "DELETE", of(scene, `/grants/${id}`)), allowed: (it) => acts(it, who) && it.grants.has(id), change: (it) => it.grants.delete(id) };
  },
  "time passes": ({ stage }) => ({ name: "time passes", run: () => { stage.firm.clock.offset += soon + 1000; return Promise.resolve({ ok: true, body: null }); }, allowed: () => true, change: () => undefined }),
  "suspend a contact": ({ stage }, _world, pick) => {
    const [it, suspended] = [pick(stage.contacts), pick([true, false, false]) ?? false];
    return it === undefined ? null : { name: "suspend a contact", run: () => patched(stage.firm.admin, `/staff/contacts/${it.id}`, { suspended }), allowed: () => true, change: (world) => { const known = world.contacts.get(it.id); if (known) known.suspended = suspended; } };
  },
  "join the client": ({ stage }, world, pick) => {
    const it = stage.contacts.find(({ id }) => world.contacts.get(id)?.client === null);
    return it === undefined || pick([true, false, false, false]) !== true ? null : {
      name: "join the client", run: () => asked(stage.firm.admin, "POST", `/staff/clients/${stage.clientId}/contacts`, { email: it.email, name: "Con Tact", locale: "es" }),
      allowed: () => true, change: (world) => { const known = world.contacts.get(it.id); if (known) Object.assign(known, { client: stage.clientId, joined: world.now }); },
    };
  },
  "suspend a member": ({ stage }, _world, pick) => {
    const [it, suspended] = [pick(stage.members.slice(1)), pick([true, false, false]) ?? false];
    return it === undefined ? null : { name: "suspend a member", run: () => patched(stage.firm.admin, `/staff/members/${it.id}`, { suspended }), allowed: () => true, change: (world) => { const known = world.members.get(it.id); if (known) known.suspended = suspended; } };
  },
  "change a role": ({ stage }, _world, pick) => {
    const [it, role, advisers] = [pick(stage.members.slice(2)), pick(["adviser", "assistant", "admin"] as const) ?? "adviser", pick([[], [stage.members[0]?.id ?? ""], [stage.members[1]?.id ?? ""]]) ?? []];
    return it === undefined ? null : {
      name: "change a role", run: () => patched(stage.firm.admin, `/staff/members/${it.id}`, { role, ...(role === "assistant" && { advisers }) }),
      allowed: () => true, change: (world) => { const known = world.members.get(it.id); if (known) Object.assign(known, { role, advisers: role === "assistant" ? advisers : [] }); },
    };
  },
  "restrict": (scene, world, pick) => staffing(scene, world, pick, "restrict", { restricted: pick([true, false]) ?? false }),
  "team": (scene, world, pick) => staffing(scene, world, pick, "team", { team: [...new Set([pick(scene.stage.members)?.id ?? "", pick(scene.stage.members)?.id ?? ""])] }),
  "hand over": (scene, world, pick) => staffing(scene, world, pick, "hand over", { adviserId: pick(scene.stage.members)?.id ?? "" }),
  "break glass": (scene, world, pick) => {
    const who = likely(pick, scene.stage.members, (it) => world.members.get(it.id)?.role === "admin");
    return who === undefined ? null : {
      name: "break glass", run: () => asked(who, "POST", of(scene, "/break-glass"), { reason: "Because." }),
      allowed: (it) => knowsMember(it, who.id) && it.members.get(who.id)?.role === "admin" && it.restricted, change: (it) => it.glass.set(who.id, it.now + 3_600_000),
    };
  },
  "share": (scene, world, pick) => {
    const [who, folder, chosen] = [actor(scene, world, pick), pick([null, ...folders(world)]) ?? null, [...new Set([pick(documents(world)), pick(documents(world))])].filter((it) => it !== undefined)];
    if (folder === null && chosen.length === 0) return null;
    const inIt = (it: World): boolean => (folder === null ? chosen.every((id) => pathOf(it, { kind: "document", id }) !== null) : live(it, folder));
    return {
      name: "share", run: async () => {
        const answer = await asked(who, "POST", of(scene, "/shares"), { ...(folder === null ? { documentIds: chosen } : { folderId: folder }), recipients: [{ email: `${randomUUID()}@elsewhere.example` }] });
        if (answer.ok) scene.links.set(answer.body.share.shareId, await scene.stage.firm.pathOfLink(answer.body.share.shareId, answer.body.recipients[0].recipientId));
        return answer;
      },
      allowed: (it) => acts(it, who) && inIt(it), change: (it, { share }) => it.shares.set(share.shareId, { sharer: who.id, folder, documents: folder === null ? chosen : [], revoked: false }),
    };
  },
  "revoke a share": (scene, world, pick) => {
    const [who, id] = [actor(scene, world, pick), pick([...world.shares.keys()])];
    return id === undefined ? null : { name: "revoke a share", run: () => asked(who, "DELETE", `/staff/shares/${id}`), allowed: (it) => acts(it, who) && it.shares.has(id), change: (it) => { const known = it.shares.get(id); if (known) known.revoked = true; } };
  },
};

const parentOf = (world: World, spot: Spot): string | null => (spot.kind === "folder" ? world.folders.get(spot.id)?.parent : spot.kind === "document" ? world.documents.get(spot.id)?.folder : null) ?? null;

const staffing = (scene: Scene, world: World, pick: Pick, name: string, change: Partial<Record<"restricted" | "team" | "adviserId", unknown>>): Operation => {
  const who = actor(scene, world, pick);
  const named = [change.adviserId, ...(Array.isArray(change.team) ? change.team : [])].filter((it): it is string => typeof it === "string");
  return {
    name, preview: { team: change }, run: () => patched(who, of(scene, ""), change),
    allowed: (it) => assigns(it, who) && named.every((id) => it.members.get(id)?.suspended === false),
    change: (it) => {
      const { adviserId, ...more } = change;
      if (more.restricted === true && !it.restricted) it.walled = it.now;
      Object.assign(it, more, adviserId !== undefined && { adviser: adviserId });
    },
  };
};
