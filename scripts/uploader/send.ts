import { randomUUID, createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";
import { foldName } from "../../lib/domain/text.ts";
import { putToS3, Refused, UploadError, type Api } from "./api.ts";
import { sha256Of, type Source } from "./source.ts";

/** One file to one place: announced, sent, completed, and gone on with when somebody began it before. The worked example for frontends. */
export interface Place { readonly caseId: string; readonly folderId: string | undefined }
export interface Options {
  /** How many requests to S3 run at once; as many parts are in memory. */
  readonly parallel: number;
  /** A name that is taken by other bytes: add these as the document's next version. */
  readonly asVersion: boolean;
  readonly onBytes: (bytes: number) => void;
}
export type Outcome = "sent" | "there already";

const version = z.object({
  versionId: z.string(), documentId: z.string(), state: z.string(), size: z.int(), sha256: z.optional(z.string()), composite: z.optional(z.object({ sha256: z.string(), partSize: z.int() })),
  multipart: z.optional(z.object({ partSize: z.int(), partCount: z.int() })),
});
type Version = z.infer<typeof version>;
const target = { url: z.string(), headers: z.record(z.string(), z.string()) };
const announced = z.object({ version, upload: z.discriminatedUnion("kind", [z.object({ kind: z.literal("single"), ...target }), z.object({ kind: z.literal("multipart") })]) });
const signed = z.object({ parts: z.array(z.object({ partNumber: z.int(), ...target })) });
const held = z.object({ partNumber: z.int(), size: z.int(), etag: z.string(), sha256: z.string() });
const item = z.object({ kind: z.enum(["folder", "document"]), name: z.string(), folderId: z.optional(z.string()), documentId: z.optional(z.string()) });

/** Up to here a file goes in one piece, and the announcement needs its hash. */
const singlePutLimit = 100 * 1024 ** 2;

/** Names are unique in a folder as a person would read them. */
export const sameName = (a: string, b: string): boolean => foldName(a) === foldName(b);

export const send = async (api: Api, { caseId, folderId }: Place, source: Source, options: Options): Promise<Outcome> => {
  const documents = `/staff/cases/${caseId}/documents`;
  const bytes = { contentType: source.contentType, size: source.size, ...(source.size <= singlePutLimit && { sha256: await sha256Of(source.slice(0, source.size)) }) };
  const announce = (path: string, body: object) => api.call("POST", path, announced, body, randomUUID());
  const begin = async (): Promise<z.infer<typeof announced> | Version | "there already"> => {
    try {
      return await announce(documents, { ...bytes, name: source.name, ...(folderId !== undefined && { folderId }) });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 409 || !error.fields.includes("body.name")) throw error;
    }
    // The name is taken: by this very file, finished or not, or by another one.
    const known = await findVersion(api, { caseId, folderId }, source.name);
    if (await isSame(source, known, bytes.sha256)) {
      if (known.state !== "pending") return "there already";
      if (known.multipart) return known;
      // A single PUT's URL is over or in other hands: a new announcement is as good.
      await api.call("POST", `${documents}/${known.documentId}/versions/${known.versionId}/abort`, version);
      return begin();
    }
    if (!options.asVersion) throw new UploadError("There is another document of this name. --as-version adds this file as its next version.");
    return announce(`${documents}/${known.documentId}/versions`, bytes);
  };
  const begun = await begin();
  if (begun === "there already") {
    options.onBytes(source.size);
    return begun;
  }
  const it = "upload" in begun ? begun.version : begun;
  const path = `${documents}/${it.documentId}/versions/${it.versionId}`;
  if ("upload" in begun && begun.upload.kind === "single") {
    if ((await putToS3(begun.upload, source.slice(0, source.size))) === null) throw new UploadError("The line is too slow for the URL's quarter of an hour. Run the command again.");
    options.onBytes(source.size);
    await api.call("POST", `${path}/complete`, version, {});
  } else await sendParts(api, path, it, source, options);
  await settled(api, `${documents}/${it.documentId}/versions`, it.versionId);
  return "sent";
};

/** Sends the parts that S3 does not hold as they are in this file, wherever they came from. */
const sendParts = async (api: Api, path: string, { multipart }: Version, source: Source, { parallel, onBytes }: Options): Promise<void> => {
  if (multipart === undefined) throw new UploadError("The API named no parts.");
  const { partSize, partCount } = multipart;
  const there = new Map<number, z.infer<typeof held>>();
  for await (const part of api.list(`${path}/parts`, held)) there.set(part.partNumber, part);
  const sent: { partNumber: number; etag: string; sha256: string }[] = [];
  const left = Array.from({ length: partCount }, (_, index) => index + 1).values();
  const worker = async (): Promise<void> => {
    for (const partNumber of left) {
      const bytes = source.slice((partNumber - 1) * partSize, Math.min(partNumber * partSize, source.size));
      const sha256 = await sha256Of(bytes);
      const known = there.get(partNumber);
      const etag = known?.sha256 === sha256 ? known.etag : await sendPart(api, path, { partNumber, sha256 }, bytes);
      sent.push({ partNumber, etag, sha256 });
      onBytes(bytes.size);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  await api.call("POST", `${path}/complete`, version, { parts: sent.toSorted((a, b) => a.partNumber - b.partNumber) });
};

/** One part under a URL of its own, asked for when its turn comes: URLs are good for a quarter of an hour. */
const sendPart = async (api: Api, path: string, part: { readonly partNumber: number; readonly sha256: string }, bytes: Blob): Promise<string> => {
  for (;;) {
    const { parts: [url] } = await api.call("POST", `${path}/parts`, signed, { parts: [part] });
    if (url === undefined) throw new UploadError("The API gave no URL for a part.");
    const etag = await putToS3(url, bytes);
    if (etag !== null) return etag;
  }
};

/** The newest version of the document that has this name in the folder. */
const findVersion = async (api: Api, { caseId, folderId }: Place, name: string): Promise<Version> => {
  for await (const it of api.list(`/staff/cases/${caseId}/items${folderId === undefined ? "" : `?folderId=${folderId}`}`, item)) {
    if (it.documentId === undefined || !sameName(it.name, name)) continue;
    for await (const newest of api.list(`/staff/cases/${caseId}/documents/${it.documentId}/versions`, version)) if (newest.state !== "aborted") return newest;
  }
  throw new UploadError("The name is taken by a folder.");
};

/** Would this file come to that version? A file in parts is told by its size until it is complete, and by its composite then. */
const isSame = async (source: Source, it: Version, sha256: string | undefined): Promise<boolean> => {
  if (it.size !== source.size) return false;
  if (sha256 !== undefined) return it.sha256 === sha256;
  if (it.composite === undefined) return it.state === "pending";
  const { partSize } = it.composite;
  const hash = createHash("sha256");
  let count = 0;
  for (let from = 0; from < source.size; from += partSize, count++) hash.update(await sha256Of(source.slice(from, Math.min(from + partSize, source.size))), "hex");
  return it.composite.sha256 === `${hash.digest("hex")}-${count}`;
};

/** Until the scan has spoken. What takes longer is told by the state that the API shows. */
const settled = async (api: Api, versions: string, versionId: string): Promise<void> => {
  for (let tries = 0; tries < 300; tries++) {
    for await (const it of api.list(versions, version)) {
      if (it.versionId !== versionId) continue;
      if (it.state === "available") return;
      if (!["pending", "received", "scanning"].includes(it.state)) throw new UploadError(`The version is ${it.state}: docs/api.md says what that means.`);
    }
    await sleep(tries < 20 ? 200 : 2000);
  }
  throw new UploadError("The bytes arrived, and the malware scan has not spoken yet. Nothing has to be done again.");
};
