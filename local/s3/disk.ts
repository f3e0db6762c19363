/** What the stores share about the disk: documents that are either whole or absent, and work on one name done one after the other. */
import { randomBytes } from "node:crypto";
import { open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

const unfinished = ".unfinished";

/** Writes a JSON document so that a crash leaves the old one or the new one, and it is on the disk when this resolves. */
export async function writeDocument(path: string, value: unknown): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString("hex")}${unfinished}`;
  const file = await open(draft, "wx");
  try {
    await file.writeFile(JSON.stringify(value));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

/** Reads a document that writeDocument wrote: the type is what this folder's own code put there. */
export async function readDocument<T>(path: string): Promise<T> {
  const value: T = JSON.parse(await readFile(path, "utf8"));
  return value;
}

/** The documents of a folder by file name; drafts that a crash left are removed. */
export async function documentsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  await Promise.all(names.filter((name) => name.endsWith(unfinished)).map((name) => rm(join(folder, name), { force: true })));
  return names.filter((name) => name.endsWith(".json"));
}

/** Runs work on the same name one after the other, and on different names side by side. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  take<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#last.set(name, mine);
    const leave = (): void => {
      if (this.#last.get(name) === mine) this.#last.delete(name);
    };
    mine.then(leave, leave);
    return mine;
  }
}
