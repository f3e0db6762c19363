import { objectKey, type Version } from "../domain/document.ts";
import type { CaseId, DocumentId, VersionId } from "../domain/ids.ts";
import type { Principal } from "../domain/principal.ts";
import { Refusal, type Fault } from "../domain/refusal.ts";
import { compositeOf, sizeOfPart } from "../domain/upload.ts";
import type { HeldPart, Ports, SignedUpload } from "./ports.ts";
import type { Page, PageRequest, Request } from "./request.ts";
import type { Way } from "./upload-ways.ts";

/** A file in parts: where to send them, which ones S3 holds, and one object out of them. */
type Deps = Pick<Ports, "ledger" | "documents" | "objects">;
type Multipart = NonNullable<Version["multipart"]>;

/** What the uploader says of a part; `etag` is S3's answer to its PUT. */
export interface NamedPart { readonly partNumber: number; readonly etag: string; readonly sha256: string }

const refused = (faults: readonly Fault[]): Refusal => new Refusal("invalid_request", "The request has a value that cannot be accepted.", faults.slice(0, 20));
/** The upload of a version that still takes parts. */
const openUpload = ({ multipart, facts }: Version): Multipart => {
  if (multipart === undefined) throw new Refusal("conflict", "This version comes in one piece and has no parts.");
  if (facts.aborted !== undefined) throw new Refusal("conflict", "This upload was given up: announce the file again.");
  if (facts.stored !== undefined || facts.completed !== undefined) throw new Refusal("conflict", "This upload is complete: it takes no more parts.");
  return multipart;
};
const isGone = (): Refusal => new Refusal("conflict", "S3 no longer has this upload's parts: announce the file again.");

/** URLs for at most a hundred parts. A part may be asked for and sent again, with the same bytes or others: the last one counts. */
export const signParts = <P extends Principal>(deps: Deps, way: Way<P>) =>
  async (request: Request<P>, caseId: CaseId, documentId: DocumentId, versionId: VersionId, wanted: readonly { readonly partNumber: number; readonly sha256: string }[]): Promise<readonly (SignedUpload & { readonly partNumber: number })[]> => {
    const { version } = await way.toVersion(request, caseId, documentId, versionId);
    const multipart = openUpload(version);
    const seen = new Set<number>();
    const faults = wanted.flatMap(({ partNumber }, index): Fault[] => {
      const path = `body.parts.${index}.partNumber`;
      if (partNumber > multipart.partCount) return [{ path, message: `Is more than ${multipart.partCount}, the number of this file's parts.` }];
      if (seen.has(partNumber)) return [{ path, message: "Is there more than once." }];
      seen.add(partNumber);
      return [];
    });
    if (faults.length > 0) throw refused(faults);
    const urls = await Promise.all(wanted.map(async ({ partNumber, sha256 }) =>
      ({ partNumber, ...(await deps.objects.signPart(objectKey(version), multipart.uploadId, { partNumber, sha256, size: sizeOfPart(version.size, multipart, partNumber) })) })));
    await deps.ledger.commit(request, []);
    return urls;
  };

/** Which parts S3 holds: where an upload goes on that was interrupted, on whatever machine. */
export const listParts = <P extends Principal>(deps: Deps, way: Way<P>) =>
  async (request: Request<P>, caseId: CaseId, documentId: DocumentId, versionId: VersionId, page: PageRequest): Promise<Page<HeldPart>> => {
    const { version } = await way.toVersion(request, caseId, documentId, versionId);
    const held = await deps.objects.parts(objectKey(version), openUpload(version).uploadId, page);
    if (held === null) throw isGone();
    return held;
  };

/** Every part that S3 holds, a thousand to a page and the pages at once, since a page may begin behind any number; null when the upload is over. */
const allParts = async (objects: Ports["objects"], version: Version, { uploadId, partCount }: Multipart): Promise<readonly HeldPart[] | null> => {
  const pages = await Promise.all(Array.from({ length: Math.ceil(partCount / 1000) }, (_, page) => objects.parts(objectKey(version), uploadId, { limit: 1000, after: String(page * 1000) })));
  return pages.includes(null) ? null : pages.flatMap((page) => page?.items ?? []).filter(({ partNumber }, index, all) => partNumber !== all[index - 1]?.partNumber);
};

/** @throws Refusal naming each part that is missing, of another size, or not as the uploader says. */
const checkedParts = (version: Version, multipart: Multipart, held: readonly HeldPart[], named: readonly NamedPart[] | undefined): readonly HeldPart[] => {
  const byNumber = new Map(held.map((it) => [it.partNumber, it]));
  const faults: Fault[] = [];
  const parts: HeldPart[] = [];
  for (let partNumber = 1; partNumber <= multipart.partCount; partNumber++) {
    const [part, path, said] = [byNumber.get(partNumber), `body.parts.${partNumber - 1}`, named?.[partNumber - 1]];
    if (named !== undefined && said?.partNumber !== partNumber) faults.push({ path: `${path}.partNumber`, message: `Is not ${partNumber}: name all ${multipart.partCount} parts once, in their order.` });
    else if (part === undefined) faults.push({ path, message: `Part ${partNumber} was not sent.` });
    else if (part.size !== sizeOfPart(version.size, multipart, partNumber)) faults.push({ path, message: `Part ${partNumber} is of ${part.size} bytes: send it again.` });
    else if (said !== undefined && bare(said.etag) !== bare(part.etag)) faults.push({ path: `${path}.etag`, message: "Is not the one that S3 gave for this part." });
    else if (said !== undefined && said.sha256 !== part.sha256) faults.push({ path: `${path}.sha256`, message: "Is not the hash of what S3 holds as this part." });
    else parts.push(part);
  }
  for (let index = multipart.partCount; index < (named?.length ?? 0); index++) faults.push({ path: `body.parts.${index}`, message: `Is one more than this file's ${multipart.partCount} parts.` });
  if (faults.length > 0) throw refused(faults);
  return parts;
};
const bare = (etag: string): string => etag.replaceAll('"', "");

/**
 * Has S3 make one object of the parts. What it must come to is written first, so that after a crash at any later point S3's own event, or the uploader
 * who says `complete` again, finds that the object is what was named.
 */
export const joinParts = async (deps: Deps, request: Request, version: Version, named: readonly NamedPart[] | undefined): Promise<Version> => {
  const { ledger, documents, objects } = deps;
  const { multipart } = version;
  if (multipart === undefined) return version;
  const held = await allParts(objects, version, multipart);
  const parts = held && checkedParts(version, multipart, held, named);
  const sha256 = parts ? compositeOf(parts) : version.facts.sealed?.sha256;
  const sealed: Version = sha256 === undefined || version.facts.sealed?.sha256 === sha256 ? version : { ...version, facts: { ...version.facts, sealed: { at: request.now, sha256 } }, revision: version.revision + 1 };
  if (sealed !== version) await ledger.commit(request, [documents.setFacts(version, sealed.facts)], { action: "version.sealed" });
  const outcome = parts ? await objects.joinParts(objectKey(version), multipart.uploadId, { parts, size: version.size }) : "gone";
  if (outcome === "changed") throw new Refusal("conflict", "A part was sent again at the same moment: complete it again.");
  // Over: joined by an earlier call whose answer was lost, or ended by S3 after the upload's time.
  if (outcome === "gone" && !(await objects.exists(objectKey(version)))) throw isGone();
  return sealed;
};
