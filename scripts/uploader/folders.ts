import { randomUUID } from "node:crypto";
import * as z from "zod/mini";
import { Refused, UploadError, type Api } from "./api.ts";
import { sameName } from "./send.ts";

const folder = z.object({ folderId: z.string() });
const item = z.object({ kind: z.enum(["folder", "document"]), name: z.string(), folderId: z.optional(z.string()) });

/** Finds folders by their names, one below the other, and makes those that are not there. Each is asked for once. */
export class Folders {
  readonly #api: Api;
  readonly #caseId: string;
  readonly #known = new Map<string, Promise<string>>();

  constructor(api: Api, caseId: string) {
    this.#api = api;
    this.#caseId = caseId;
  }

  async at(start: string | undefined, names: readonly string[]): Promise<string | undefined> {
    let parentId = start;
    for (const name of names) {
      const key = JSON.stringify([parentId, name]);
      const found = this.#known.get(key) ?? this.#make(parentId, name);
      this.#known.set(key, found);
      parentId = await found;
    }
    return parentId;
  }

  async #make(parentId: string | undefined, name: string): Promise<string> {
    try {
      return (await this.#api.call("POST", `/staff/cases/${this.#caseId}/folders`, folder, { name, ...(parentId !== undefined && { parentId }) }, randomUUID())).folderId;
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 409) throw error;
    }
    for await (const it of this.#api.list(`/staff/cases/${this.#caseId}/items${parentId === undefined ? "" : `?folderId=${parentId}`}`, item))
      if (it.kind === "folder" && it.folderId !== undefined && sameName(it.name, name)) return it.folderId;
    throw new UploadError(`${name} is the name of a document there, and cannot be a folder.`);
  }
}
