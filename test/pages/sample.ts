import type { FirmBrand } from "../../lib/http/pages/brand.ts";
import { renderExpired, renderGone, renderTrouble, type TroubleKind } from "../../lib/http/pages/dead-ends.ts";
import { renderDoor, type DoorView } from "../../lib/http/pages/door.ts";
import { renderList, type DocumentRow, type ListView } from "../../lib/http/pages/list.ts";

export const firm: FirmBrand = { name: "Bufete Ferrer y Asociados", colour: "#1f4e79", phone: "+34 963 12 34 56", address: "Carrer de Colom, 12, 46004 València", timeZone: "Europe/Madrid" };

export const doorView: DoorView = {
  firm, locale: "es", senderName: "Marta Ferrer", message: "Buenos días", expiresAt: "2026-12-22T11:15:00.000Z",
  asks: { passcode: false, code: false }, formAction: "/s/link/open", nonce: "nonce-1",
};

export const documentRow: DocumentRow = {
  name: "Escritura.pdf", contentType: "application/pdf", size: 2_400_000, publishedAt: "2026-11-22T11:15:00.000Z", scanned: true,
  action: "/s/link/documents/doc_1", downloadedAt: null, downloadsLeft: null,
};

export const listView: ListView = {
  firm, locale: "es", senderName: "Marta Ferrer", expiresAt: "2026-12-22T11:15:00.000Z", path: [], folders: [], documents: [documentRow],
  nonce: "nonce-1", nextPage: null, now: "2026-11-29T12:00:00.000Z",
};

export const troubleKinds: readonly TroubleKind[] = ["throttled", "unavailable", "internal", "not_available_yet", "no_downloads_left", "method_not_allowed"];

/** Every page there is, with one text in every place where a person's or a firm's own words go. */
export const everyPage = (text: string): readonly string[] => {
  const named = { ...firm, name: text, address: text, phone: text };
  const own = { ...documentRow, name: text, contentType: text, downloadedAt: "2026-11-29T11:15:00.000Z", downloadsLeft: 2, scanned: false };
  const path = [{ name: text, href: "/s/link" }, { name: text, href: "/s/link?f=1" }];
  return [
    renderDoor({ ...doorView, firm: named, senderName: text, message: text, nonce: text, asks: { passcode: true, code: true, terms: text }, codeAction: "/s/link/code", problem: "wrong_code" }),
    renderList({ ...listView, firm: named, senderName: text, path, folders: path, documents: [own, { ...own, downloadsLeft: 0 }], nonce: text, nextPage: "/s/link?p=2" }),
    renderGone({ firm: named, locale: "es" }),
    renderExpired({ firm: named, locale: "es", expiredAt: "2026-11-22T11:15:00.000Z", formAction: "/s/link/renewal", nonce: text }),
    ...troubleKinds.map((kind) => renderTrouble({ firm: named, locale: "es", kind, requestId: text, back: "/s/link" })),
  ];
};

/** Names that people have really used against pages and mails. */
export const hostileNames: readonly (readonly [what: string, name: string])[] = [
  ["a script", "<script>alert(1)</script>"],
  ["quotes that end an attribute", `" onmouseover="alert(1)' autofocus onfocus='alert(1)`],
  ["the end of the title and of the style", "</title></style></bdi></main><h1>"],
  ["an entity", "&lt;script&gt;&#60;b&#62;"],
  ["a comment", "<!-- --><![CDATA[ "],
  ["a right-to-left override", "factura\u202Efdp.exe"],
  ["half of a surrogate pair", "Escritura\ud800.pdf"],
  ["control characters and line breaks", "Ana\r\nBcc: otra@example.com\u0000\u2028Hola"],
  ["250 letters", "N".repeat(250)],
];

/** The page's elements with all text and attribute values taken out: names can not change it. */
export const skeleton = (page: string): string => (page.match(/<[^<>]*>/gu) ?? []).map((tag) => tag.replace(/"[^"]*"/gu, '""')).join("\n");
