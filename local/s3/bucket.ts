/**
 * One bucket: every version of every key, always versioned. The index is held in memory and written through to one document per key,
 * whose file name is the SHA-256 of the key. Every change of a key goes through `change`, which takes turns per key: that is what makes
 * `If-None-Match: *` a promise and not a guess.
 */
import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Blobs, type Piece } from "./blobs.ts";
import type { Checksum } from "./checksums.ts";
import { documentsIn, readDocument, Turns, writeDocument } from "./disk.ts";
import { Uploads } from "./uploads.ts";

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** What an object says of itself in headers: Content-Type and its kin, and x-amz-meta-*. */
export type ObjectHeaders = Readonly<Record<string, string>>;

export interface CompletedPart {
  readonly number: number;
  readonly size: number;
  readonly checksum?: string;
}

export interface StoredObject {
  readonly kind: "object";
  readonly versionId: string;
  readonly lastModified: string;
  /** Without its quotes. */
  readonly etag: string;
  readonly size: number;
  readonly pieces: readonly Piece[];
  readonly headers: ObjectHeaders;
  readonly tags: readonly Tag[];
  readonly checksum?: Checksum;
  /** Of a multipart upload. */
  readonly parts?: readonly CompletedPart[];
  /** Nobody has taken its event yet: it is sent again when the process dies before. */
  readonly untold?: true;
}

export interface DeleteMarker {
  readonly kind: "delete-marker";
  readonly versionId: string;
  readonly lastModified: string;
}

export type Version = StoredObject | DeleteMarker;

interface KeyDocument {
  readonly key: string;
  /** The newest first. */
  readonly versions: readonly Version[];
}

export class Bucket {
  readonly name: string;
  corsOrigins: readonly string[];
  readonly blobs: Blobs;
  readonly uploads: Uploads;
  readonly #folder: string;
  readonly #versions = new Map<string, readonly Version[]>();
  readonly #turns = new Turns();
  #sortedKeys: readonly string[] | undefined;

  private constructor(name: string, folder: string, corsOrigins: readonly string[]) {
    this.name = name;
    this.corsOrigins = corsOrigins;
    this.blobs = new Blobs(join(folder, "blobs"));
    this.uploads = new Uploads(join(folder, "uploads"));
    this.#folder = join(folder, "keys");
  }

  static async open(name: string, folder: string, corsOrigins: readonly string[]): Promise<Bucket> {
    const bucket = new Bucket(name, folder, corsOrigins);
    await bucket.#load();
    return bucket;
  }

  async #load(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const referred = new Set<string>();
    for (const file of await documentsIn(this.#folder)) {
      const { key, versions } = await readDocument<KeyDocument>(join(this.#folder, file));
      this.#versions.set(key, versions);
      for (const blob of versions.flatMap(blobsOf)) referred.add(blob);
    }
    for (const blob of await this.uploads.open(referred)) referred.add(blob);
    await this.blobs.open(referred);
  }

  /** The versions of a key, the newest first. */
  versionsOf(key: string): readonly Version[] {
    return this.#versions.get(key) ?? [];
  }

  /** "Results are sorted in lexicographical order of the UTF-8 encoding" of the keys. */
  keys(prefix: string): readonly string[] {
    this.#sortedKeys ??= [...this.#versions.keys()].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    return this.#sortedKeys.filter((key) => key.startsWith(prefix));
  }

  /** The objects whose event nobody has taken. */
  untold(): readonly (readonly [key: string, object: StoredObject])[] {
    return [...this.#versions].flatMap(([key, versions]) => versions.flatMap((it) => (it.kind === "object" && it.untold ? [[key, it] as const] : [])));
  }

  /** The event of this version was taken. */
  async told(key: string, versionId: string): Promise<void> {
    await this.change(key, (versions) => {
      const index = versions.findIndex((it) => it.versionId === versionId && it.kind === "object" && it.untold);
      const it = versions[index];
      if (it?.kind !== "object") return { versions, result: undefined };
      const { untold: _, ...rest } = it;
      return { versions: versions.with(index, rest), result: undefined };
    });
  }

  /** Decides on the current versions and makes the decision durable before it resolves; a refusal thrown by `decide` changes nothing. */
  change<T>(
    key: string,
    decide: (versions: readonly Version[]) => { readonly versions: readonly Version[]; readonly result: T },
  ): Promise<T> {
    return this.#turns.take(key, async () => {
      const before = this.versionsOf(key);
      const { versions, result } = decide(before);
      if (versions === before) return result;
      const document = join(this.#folder, `${createHash("sha256").update(key).digest("hex")}.json`);
      if (versions.length > 0) await writeDocument(document, { key, versions } satisfies KeyDocument);
      else await rm(document, { force: true });
      if (versions.length > 0) this.#versions.set(key, versions);
      else this.#versions.delete(key);
      if (before.length === 0 || versions.length === 0) this.#sortedKeys = undefined;
      const kept = new Set(versions.flatMap(blobsOf));
      await this.blobs.remove(before.flatMap(blobsOf).filter((blob) => !kept.has(blob)));
      return result;
    });
  }
}

const blobsOf = (version: Version): readonly string[] => (version.kind === "object" ? version.pieces.map(({ blob }) => blob) : []);
