import { expectOk, sha256Of, type Caller } from "../../local/caller.ts";

/** A file that has to come in parts, as small as there are any: hashed once, and each part other than its neighbours. */
const mebibyte = 1024 ** 2;
export const partSize = 16 * mebibyte;
export const large = Buffer.alloc(101 * mebibyte);
for (let at = 0; at < large.length; at += partSize) large.writeUInt32BE(at / partSize + 1, at);
const parts = Array.from({ length: Math.ceil(large.length / partSize) }, (_, index) => large.subarray(index * partSize, (index + 1) * partSize));
const hashes = parts.map(sha256Of);
export const partCount = parts.length;

export interface PartSent { readonly partNumber: number; readonly etag: string; readonly sha256: string }
export interface InParts { readonly documentId: string; readonly versionId: string; readonly key: string; readonly path: string; readonly document: string }

let names = 0;
/** `documents` is the path of a case's documents, for staff or for clients. */
export const announceInParts = async (call: Caller, documents: string, more: Readonly<Record<string, unknown>> = {}): Promise<InParts> => {
  const { document, version } = await expectOk(call("POST", documents, { name: `Large ${++names}.zip`, contentType: "application/zip", size: large.length, ...more }));
  return { ...version, key: `${document.documentId}/${version.versionId}`, document: `${documents}/${document.documentId}`, path: `${documents}/${document.documentId}/versions/${version.versionId}` };
};

/** The URLs of these parts. */
export const urlsOf = async (call: Caller, { path }: Pick<InParts, "path">, numbers: readonly number[]): Promise<readonly { partNumber: number; url: string; headers: Record<string, string> }[]> =>
  (await expectOk(call("POST", `${path}/parts`, { parts: numbers.map((partNumber) => ({ partNumber, sha256: hashes[partNumber - 1] })) }))).parts;

export const sendPart = async ({ partNumber, url, headers }: { partNumber: number; url: string; headers: Record<string, string> }, bytes: Buffer = parts[partNumber - 1] ?? Buffer.alloc(0)): Promise<PartSent & { readonly status: number }> => {
  const { status, headers: answered } = await fetch(url, { method: "PUT", headers, body: new Uint8Array(bytes) });
  return { status, partNumber, etag: answered.get("etag") ?? "", sha256: hashes[partNumber - 1] ?? "" };
};

export const sendParts = async (call: Caller, it: Pick<InParts, "path">, numbers: readonly number[] = parts.map((_, index) => index + 1)): Promise<PartSent[]> => {
  const sent = await Promise.all((await urlsOf(call, it, numbers)).map((url) => sendPart(url)));
  return sent.map(({ partNumber, etag, sha256 }) => ({ partNumber, etag, sha256 }));
};
