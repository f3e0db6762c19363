import * as z from "zod/mini";
import type { Version } from "../../domain/document.ts";
import type { About } from "../../domain/event.ts";
import { idOf } from "../../domain/ids.ts";
import type { Principal } from "../../domain/principal.ts";
import { fileName } from "../../domain/text.ts";
import { maxParts } from "../../domain/upload.ts";
import { listParts, signParts } from "../../usecases/parts.ts";
import type { Ports } from "../../usecases/ports.ts";
import type { Request } from "../../usecases/request.ts";
import type { Way } from "../../usecases/upload-ways.ts";
import { abortVersion, announcedBefore, completeVersion, type Announced } from "../../usecases/uploads.ts";
import { bind, made, paged, pageOf } from "../route.ts";
import { heldPartView, signedPartsView, viewSignedParts } from "../views.ts";

const ofVersion = z.object({ caseId: idOf("case"), documentId: idOf("document"), versionId: idOf("version") });

const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/, "Is not 64 hexadecimal digits in lower case."));
const partNumber = z.int().check(z.gte(1, "Is less than 1."), z.lte(maxParts, `Is more than ${maxParts}.`));
/** S3's quotes around it may stay or go. */
const etag = z.string().check(z.regex(/^"?[0-9a-zA-Z-]{1,64}"?$/, "Is not the ETag of S3's answer."));
const parts = <T>(part: z.ZodMiniType<T>, most: number) => z.array(part).check(z.minLength(1, "Names no part."), z.maxLength(most, `Has more than ${most} parts.`));

/** The bytes of a new version. */
export const announcedBytes = {
  // RFC 6838: a type, a subtype, no parameters. It goes into a signed header.
  contentType: z.string().check(z.maxLength(127), z.regex(/^[A-Za-z0-9][\w.+-]*\/[A-Za-z0-9][\w.+-]*$/, "Is not a media type such as application/pdf.")),
  size: z.int().check(z.gte(1, "Is less than 1 byte.")),
  sha256: z.optional(sha256),
};
export const announcedFile = { ...announcedBytes, name: fileName, folderId: z.optional(idOf("folder")) };

/** An announcement that comes again: read as it is now, with a URL signed anew. */
export const announcedAgain = <P extends Principal, A>(ports: Pick<Ports, "ledger" | "documents" | "objects" | "firm" | "malwareScan">, way: Way<P>, view: (it: Announced) => A) =>
  async (request: Request<P>, about: About): Promise<A> => view(await announcedBefore(ports, way)(request, made(about.caseId), made(about.documentId), made(about.versionId)));

/** The verbs on a version whose bytes are on their way, the same for whoever sends them; what differs is the way in and what leaves. */
export const uploadBindings = <P extends Principal, V>(ports: Pick<Ports, "ledger" | "documents" | "objects">, way: Way<P>, reply: z.ZodMiniType<V>, view: (it: Version) => V) => {
  const route = bind<P>();
  return {
    listParts: route({
      list: true, params: ofVersion, reply: pageOf(heldPartView),
      run: async (request, { params: it, page }) => paged(await listParts(ports, way)(request, it.caseId, it.documentId, it.versionId, page), (part) => part),
    }),
    signParts: route({
      params: ofVersion, body: z.strictObject({ parts: parts(z.strictObject({ partNumber, sha256 }), 100) }), reply: signedPartsView,
      run: async (request, { params: it, body }) => viewSignedParts(await signParts(ports, way)(request, it.caseId, it.documentId, it.versionId, body.parts)),
    }),
    complete: route({
      params: ofVersion, body: z.optional(z.strictObject({ parts: z.optional(parts(z.strictObject({ partNumber, etag, sha256 }), maxParts)) })), reply,
      run: async (request, { params: it, body }) => view(await completeVersion(ports, way)(request, it.caseId, it.documentId, it.versionId, body?.parts)),
    }),
    abort: route({ params: ofVersion, reply, run: async (request, { params: it }) => view(await abortVersion(ports, way)(request, it.caseId, it.documentId, it.versionId)) }),
  };
};
