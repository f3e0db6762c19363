/**
 * The bytes of objects and of parts: files with random names, written once, never changed. An object is a list of pieces (one for a PUT,
 * one per part after a multipart upload), so completing an upload of many gigabytes copies nothing.
 */
import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable, type Writable } from "node:stream";

export interface Piece {
  readonly blob: string;
  readonly size: number;
}

export class Blobs {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder ready and removes the files that nothing refers to: what a crash left of a PUT that never finished. */
  async open(referred: ReadonlySet<string>): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const names = await readdir(this.#folder);
    await this.remove(names.filter((name) => !referred.has(name)));
  }

  /** Lets `fill` write a new blob and hands its name to `keep`; when either throws, the file is gone before the caller hears of it. */
  async add<R, T>(fill: (sink: Writable) => Promise<R>, keep: (blob: string, received: R) => Promise<T>): Promise<T> {
    const blob = randomBytes(16).toString("hex");
    // flush: the bytes are on the disk before anything refers to them.
    const sink = createWriteStream(join(this.#folder, blob), { flags: "wx", flush: true });
    try {
      return await keep(blob, await fill(sink));
    } catch (error) {
      // Until it is closed the stream may still be about to create the file.
      const closed = sink.closed ? undefined : new Promise<void>((resolve) => sink.once("close", () => resolve()));
      sink.destroy();
      await closed;
      await this.remove([blob]);
      throw error;
    }
  }

  /** The bytes from `first` to `last`, both included. */
  read(pieces: readonly Piece[], first: number, last: number): Readable {
    const folder = this.#folder;
    async function* bytes(): AsyncGenerator<Buffer> {
      let start = 0;
      for (const { blob, size } of pieces) {
        const from = Math.max(first - start, 0);
        const to = Math.min(last - start, size - 1);
        start += size;
        // A stream without encoding gives Buffers; its iterator is typed as any.
        if (from <= to) for await (const chunk of createReadStream(join(folder, blob), { start: from, end: to })) yield chunk as Buffer;
      }
    }
    return Readable.from(bytes(), { objectMode: false });
  }

  async remove(blobs: readonly string[]): Promise<void> {
    await Promise.all(blobs.map((blob) => rm(join(this.#folder, blob), { force: true })));
  }
}
