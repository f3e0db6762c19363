/**
 * Makes `fs.writeFile` of this process replace a file whole, one write after the other.
 *
 * cognito-local writes a pool's file with overlapping, truncating writes. Measured with 12 users created and deleted at once: after 11 of 40
 * rounds the file was broken JSON, and cognito-local refuses to start on such a file. It calls `fs.writeFile` of the shared module object.
 */
import fs from "node:fs";
import { rename, writeFile } from "node:fs/promises";

const last = new Map<string, Promise<void>>();

/** Writes a draft beside the file and renames it, after every earlier write to the same file. */
function writeWhole(path: string, data: string): Promise<void> {
  const before = last.get(path) ?? Promise.resolve();
  const write = before
    .catch(() => undefined)
    .then(async () => {
      const draft = `${path}.tmp`;
      await writeFile(draft, data, { mode: 0o600 });
      await rename(draft, path);
    });
  last.set(path, write);
  return write;
}

/** Takes effect for every module that asks `fs` for `writeFile` at the moment of the call. */
export function writeWholeFiles(): void {
  const replacement = (path: string, data: string, done: (error: Error | null) => void): void => {
    writeWhole(path, data).then(() => done(null), done);
  };
  Object.assign(fs, { writeFile: replacement });
}

/** Resolves when every write that was asked for has ended. */
export async function writesEnded(): Promise<void> {
  await Promise.allSettled(last.values());
}
