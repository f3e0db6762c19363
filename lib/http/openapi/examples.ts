import type { RouteName } from "../routes.ts";

export interface Example { readonly request?: unknown; readonly reply?: unknown }

const id = (prefix: string, last = "0"): string => `${prefix}_01kzq3v5w8x9y0a1b2c3d4e5f${last}`;
const [clientId, contactId, caseId, folderId, documentId, versionId, memberId, shareId, recipientId, grantId] =
  ["cli", "con", "cas", "fol", "doc", "ver", "mem", "sha", "rcp", "gra"].map((prefix) => id(prefix));
const at = "2026-11-22T10:15:00.000Z";
const sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const pdf = { contentType: "application/pdf", size: 48_213, sha256 };
const name = "Escritura de compraventa.pdf";

const version = { versionId, documentId, number: 1, draft: false, state: "pending", ...pdf, sha256Verified: false, checksumType: "full", scanned: true, uploadedBy: memberId, createdAt: at, etag: "1" };
const handOut = { url: "https://documents.example/doc/ver?X-Amz-Signature=…", expiresAt: at, fileName: name, size: pdf.size, sha256, checksumType: "full" };
const staffing = { adviserId: memberId, team: [], restricted: false, brokenGlass: [] };
const theCase = { caseId, reference: "2026/0147", title: "Compraventa de la calle Mayor 3", status: "open", createdAt: at, updatedAt: at, etag: "1" };

/** The main job: a client, a case, a document, who may see it, and who did. */
export const examples: Partial<Record<RouteName, Example>> = {
  "clients.create": { request: { name: "Marta Núñez", taxId: "12345678Z" }, reply: { clientId, name: "Marta Núñez", taxId: "12345678Z", createdAt: at, etag: "1" } },
  "contacts.invite": {
    request: { email: "marta@client.example", name: "Marta Núñez", locale: "es" },
    reply: { contactId, clientIds: [clientId], email: "marta@client.example", name: "Marta Núñez", locale: "es", suspended: false, status: "active", createdAt: at, etag: "2" },
  },
  "cases.create": { request: { clientId, reference: theCase.reference, title: theCase.title }, reply: { ...theCase, clientId, ...staffing } },
  "cases.change": { request: { status: "waiting" }, reply: { ...theCase, status: "waiting", etag: "2", clientId, ...staffing } },
  "folders.create": { request: { name: "Escrituras" }, reply: { folderId, caseId, name: "Escrituras", inherit: true, createdAt: at, etag: "1" } },
  "documents.announce": {
    request: { name, folderId, ...pdf },
    reply: {
      document: { documentId, caseId, folderId, name, versionCount: 1, published: null, createdAt: at, etag: "1" }, version,
      upload: { kind: "single", method: "PUT", url: "https://documents.example/doc/ver?X-Amz-Signature=…", headers: { "content-type": pdf.contentType, "if-none-match": "*", "x-amz-checksum-sha256": "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=" }, expiresAt: at },
    },
  },
  "versions.complete": { reply: { ...version, state: "scanning", etag: "3" } },
  "grants.give": {
    request: { principal: { contactId }, resource: { folderId }, level: "read" },
    reply: { grantId, caseId, principal: { contactId }, resource: { folderId }, level: "read", createdAt: at, givenBy: memberId, etag: "1" },
  },
  "shares.create": { request: { folderId, recipients: [{ email: "notaria@elsewhere.example", name: "Notaría Vidal", locale: "ca" }], message: "Les envío la escritura.", maxDownloads: 5 } },
  "client.shared-with-me": { reply: { items: [{ grantId, kind: "folder", name: "Escrituras", case: { caseId, reference: theCase.reference, title: theCase.title }, folderId, level: "read", givenAt: at }], nextCursor: null } },
  "client.download": { reply: handOut },
  "documents.download": { request: { versionId }, reply: handOut },
  "audit.list": {
    reply: {
      items: [{
        eventId: id("evt"), at, who: { kind: "recipient", id: recipientId, name: "Notaría Vidal" }, onBehalfOf: null, action: "share.download", resource: { shareId, recipientId, caseId, clientId, documentId, versionId },
        result: "granted", source: { ip: "192.0.2.7", userAgent: "Mozilla/5.0" }, requestId: id("req"),
      }],
      nextCursor: null,
    },
  },
  "statistics.access": { reply: { items: [{ key: "documents", label: "documents", count: 14, people: 5, previews: 2 }], from: "2026-11", to: "2026-11" } },
};
