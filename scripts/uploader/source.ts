import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { UploadError } from "./api.ts";

/** Bytes to be sent, read in slices and never whole. */
export interface Source {
  readonly name: string;
  /** Names of the folders between what the command named and this file. */
  readonly folders: readonly string[];
  readonly contentType: string;
  readonly size: number;
  /** As a browser's `File.slice`: nothing is read before somebody reads the slice. */
  slice(from: number, to: number): Blob;
}

const types: Readonly<Record<string, string>> = {
  ".pdf": "application/pdf", ".dcm": "application/dicom", ".xml": "application/xml", ".txt": "text/plain", ".csv": "text/csv", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png",
  ".gif": "image/gif", ".webp": "image/webp", ".tif": "image/tiff", ".tiff": "image/tiff", ".zip": "application/zip", ".doc": "application/msword", ".xls": "application/vnd.ms-excel",
  ".odt": "application/vnd.oasis.opendocument.text", ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};

/** Node's file-backed blob refuses to be read when the file changed meanwhile: what was hashed is what is sent. */
const fileSource = async (path: string, folders: readonly string[]): Promise<Source> => {
  const blob = await openAsBlob(path);
  return { name: basename(path).normalize("NFC"), folders, contentType: types[extname(path).toLowerCase()] ?? "application/octet-stream", size: blob.size, slice: (from, to) => blob.slice(from, to) };
};

// What desktops leave in folders for themselves.
const isLitter = (name: string): boolean => name.startsWith(".") || name === "Thumbs.db" || name === "desktop.ini";

/** The files of a folder and of those inside, or the one file. A folder itself is made where its files go; links are not followed. */
export const sourcesIn = async (path: string, folders: readonly string[] = []): Promise<Source[]> => {
  const found = await stat(path).catch(() => { throw new UploadError(`${path} is not there.`); });
  if (!found.isDirectory()) return [await fileSource(path, folders)];
  const inside = [...folders, basename(join(path, ".")).normalize("NFC")];
  const entries = (await readdir(path, { withFileTypes: true })).filter((it) => !isLitter(it.name) && (it.isFile() || it.isDirectory())).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const sources: Source[] = [];
  for (const entry of entries) sources.push(...(await sourcesIn(join(path, entry.name), inside)));
  return sources;
};

/** Bytes that nobody has to store: block number and position, so that no two parts are the same. */
export const syntheticSource = (size: number): Source => ({
  name: `Synthetic ${size}.bin`, folders: [], contentType: "application/octet-stream", size,
  slice(from, to) {
    const bytes = Buffer.alloc(Math.min(to, size) - from, "legajo  ");
    for (let at = 0; at + 8 <= bytes.length; at += 4096) bytes.writeBigUInt64LE(BigInt(from + at), at);
    return new Blob([bytes]);
  },
});

/** The hash of a slice, read as a stream. */
export const sha256Of = async (bytes: Blob): Promise<string> => {
  const hash = createHash("sha256");
  const chunks: AsyncIterable<Uint8Array> = bytes.stream();
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
};
