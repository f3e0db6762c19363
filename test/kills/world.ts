import { foldName } from "../../lib/domain/text.ts";
import { callerOf, expectOk, type Answer, type Caller } from "../../local/caller.ts";
import { passwordIn, signIn } from "../../local/people.ts";
import type { Contract } from "./cloud.ts";

/** One difference is one too many: the command ends with it. */
export class Difference extends Error {}
export const same = (what: string, found: unknown, expected: unknown): void => {
  if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Difference(`${what}: ${JSON.stringify(found)} where ${JSON.stringify(expected)} was expected.`);
};

/** Who plays: everything that they do goes over the public API, and every answer that they heard is remembered by its request's id. */
export interface World {
  readonly contract: Contract;
  /** The administrator's token, for the upload command. */
  readonly token: string;
  readonly clientId: string;
  readonly staff: Caller;
  readonly contacts: readonly { readonly contactId: string; readonly call: Caller }[];
  readonly heard: Set<string>;
}

export const peopleOf = async (contract: Contract): Promise<World> => {
  const heard = new Set<string>();
  const callerWith = (token: string): Caller => {
    const call = callerOf(contract.api, token);
    return async (...what) => {
      const answer = await call(...what);
      heard.add(answer.headers.get("x-request-id") ?? "");
      return answer;
    };
  };
  const [admin] = contract.staff;
  const token = await signIn(contract.cognito, contract.staffPool, admin?.email ?? "", admin?.password ?? "");
  const staff = callerWith(token);
  const { clientId } = await expectOk(staff("POST", "/staff/clients", { name: "Construcciones Núñez, S.L." }));
  const contacts = [];
  for (const name of ["Ana", "Pere"]) {
    const email = `${name.toLowerCase()}@nunez.example`;
    const { contactId } = await expectOk(staff("POST", `/staff/clients/${clientId}/contacts`, { email, name, locale: "es" }));
    contacts.push({ contactId, call: callerWith(await signIn(contract.cognito, contract.clientPool, email, await passwordIn(contract.mail, email))) });
  }
  return { contract, token, clientId, staff, contacts, heard };
};

export const caseOf = async ({ staff, clientId }: World, reference: string): Promise<string> => (await expectOk(staff("POST", "/staff/cases", { clientId, reference, title: "Kills" }))).caseId;

/** All pages of a list. */
export const listed = async <T>(call: (path: string) => Promise<Answer>, path: string): Promise<T[]> => {
  const all: T[] = [];
  for (let cursor = ""; ;) {
    const { items, nextCursor } = await expectOk(call(`${path}${path.includes("?") ? "&" : "?"}limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`));
    all.push(...items);
    if (nextCursor === null) return all;
    cursor = nextCursor;
  }
};

export interface Thing { readonly kind: "folder" | "document"; readonly folderId: string; readonly documentId?: string; readonly name: string; readonly published?: { readonly size: number } | null }

/** Everything below a folder, as staff find it folder by folder; `path` has the names on the way. No two of a folder may have one name. */
export const walk = async (world: World, caseId: string, folderId: string, path: readonly string[] = []): Promise<(Thing & { readonly path: readonly string[] })[]> => {
  const here = await listed<Thing>((page) => world.staff("GET", page), `/staff/cases/${caseId}/items?folderId=${folderId}`);
  if (new Set(here.map((it) => foldName(it.name))).size < here.length) throw new Difference(`A name is there twice in folder ${folderId}.`);
  const found = [];
  for (const it of here) found.push({ ...it, path: [...path, it.name] }, ...(it.kind === "folder" ? await walk(world, caseId, it.folderId, [...path, it.name]) : []));
  return found;
};

/** Every answer that anybody heard, of whatever kill before or after, is in the access register. @returns how many. */
export const checkRegister = async ({ staff, heard }: World): Promise<number> => {
  const wanted = new Set(heard);
  const count = wanted.size;
  for (const { requestId } of await listed<{ requestId: string }>((page) => staff("GET", page), "/staff/audit")) wanted.delete(requestId);
  if (wanted.size > 0) throw new Difference(`${wanted.size} answers are not in the access register: ${[...wanted].slice(0, 3).join(", ")}`);
  return count;
};
