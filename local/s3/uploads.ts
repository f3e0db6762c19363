/**
 * Multipart uploads in progress: one folder per upload with a document for the upload and one per part. A part's bytes are blobs of the
 * bucket; sending a part number again replaces the part. Completing or aborting an upload takes it away for good.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ObjectHeaders, Tag } from "./bucket.ts";
import type { ChecksumAlgorithm } from "./checksums.ts";
import { documentsIn, readDocument, Turns, writeDocument } from "./disk.ts";
import { S3Error } from "./errors.ts";

export interface Part {
  readonly number: number;
  readonly blob: string;
  readonly size: number;
  /** MD5 in hex, without quotes. */
  readonly etag: string;
  readonly lastModified: string;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}

export interface UploadStart {
  readonly key: string;
  readonly initiated: string;
  readonly headers: ObjectHeaders;
  readonly tags: readonly Tag[];
  /** What the upload was created with; its parts must carry it. */
  readonly algorithm?: ChecksumAlgorithm;
}

export interface Upload extends UploadStart {
  readonly id: string;
  /** By part number. */
  readonly parts: ReadonlyMap<number, Part>;
}

interface OpenUpload extends Upload {
  readonly parts: Map<number, Part>;
}

const startDocument = "upload.json";

export class Uploads {
  readonly #folder: string;
  readonly #open = new Map<string, OpenUpload>();
  readonly #turns = new Turns();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Reads what is on the disk; tells which blobs the parts refer to. An upload whose blobs are an object's already was completed just
   * before a crash: it is forgotten, so that no abort can take the object's bytes away.
   */
  async open(blobsOfObjects: ReadonlySet<string>): Promise<readonly string[]> {
    await mkdir(this.#folder, { recursive: true });
    for (const id of await readdir(this.#folder)) {
      const folder = join(this.#folder, id);
      const documents = await documentsIn(folder);
      const partDocuments = documents.filter((name) => name !== startDocument);
      const parts = await Promise.all(partDocuments.map((name) => readDocument<Part>(join(folder, name))));
      if (!documents.includes(startDocument) || parts.some(({ blob }) => blobsOfObjects.has(blob))) {
        await rm(folder, { recursive: true, force: true });
        continue;
      }
      const start = await readDocument<UploadStart>(join(folder, startDocument));
      this.#open.set(id, { ...start, id, parts: new Map(parts.map((part) => [part.number, part])) });
    }
    return [...this.#open.values()].flatMap(({ parts }) => [...parts.values()].map(({ blob }) => blob));
  }

  async create(start: UploadStart): Promise<Upload> {
    const id = randomBytes(48).toString("base64url");
    await mkdir(join(this.#folder, id));
    await writeDocument(join(this.#folder, id, startDocument), start);
    const upload = { ...start, id, parts: new Map<number, Part>() };
    this.#open.set(id, upload);
    return upload;
  }

  /** The upload of this id, which must have been created for this key. */
  find(key: string, id: string): Upload {
    return this.#find(key, id);
  }

  #find(key: string, id: string): OpenUpload {
    const upload = this.#open.get(id);
    if (upload?.key !== key) throw new S3Error("NoSuchUpload", { details: { UploadId: id } });
    return upload;
  }

  all(): readonly Upload[] {
    return [...this.#open.values()];
  }

  /** Stores a part; returns the blob of the part that it replaces. NoSuchUpload when the upload ended while the part was on its way. */
  putPart(key: string, id: string, part: Part): Promise<string | undefined> {
    return this.#turns.take(id, async () => {
      const upload = this.#find(key, id);
      await writeDocument(join(this.#folder, id, `part-${part.number}.json`), part);
      const replaced = upload.parts.get(part.number)?.blob;
      upload.parts.set(part.number, part);
      return replaced;
    });
  }

  /** Lets `finish` use the parts while no part can change, then takes the upload away; when `finish` throws, the upload stays. */
  end<T>(key: string, id: string, finish: (upload: Upload) => Promise<T>): Promise<T> {
    return this.#turns.take(id, async () => {
      const result = await finish(this.#find(key, id));
      this.#open.delete(id);
      await rm(join(this.#folder, id), { recursive: true, force: true });
      return result;
    });
  }
}
