import { describe, expect, test } from "vitest";
import { renderList } from "../../lib/http/pages/list.ts";
import { documentRow, listView } from "./sample.ts";

const withRow = (change: Partial<typeof documentRow>): string => renderList({ ...listView, documents: [{ ...documentRow, ...change }] });

describe("the list", () => {
  const page = renderList(listView);

  test("shows each document's type, name, date and size", () => {
    expect(page).toContain('aria-label="PDF"');
    expect(page).toContain("<h2><bdi>Escritura.pdf</bdi></h2>");
    expect(page).toContain("22 de noviembre de 2026 · 2,4 MB");
  });

  test("gives each document one button that names it to a screen reader", () => {
    const button = /<button class="second">(.*?)<\/button>/u.exec(page)?.[1] ?? "";
    expect(button.replace(/<[^>]*>/gu, "")).toBe("Descargar Escritura.pdf");
    expect(page).toContain('<form method="post" action="/s/link/documents/doc_1"><input type="hidden" name="nonce" value="nonce-1">');
  });

  test("says when a document was downloaded, by the reader's day", () => {
    expect(withRow({ downloadedAt: "2026-11-29T11:15:00.000Z" })).toContain("Descargado hoy a las 12:15");
    expect(withRow({ downloadedAt: "2026-11-28T23:30:00.000Z" })).toContain("Descargado hoy a las 00:30");
    expect(withRow({ downloadedAt: "2026-11-28T11:15:00.000Z" })).toContain("Descargado el 28 de noviembre de 2026, 12:15");
  });

  test("says of a document that nobody scanned it, and of those that were scanned nothing", () => {
    expect(page).not.toContain("virus");
    expect(withRow({ scanned: false })).toMatch(/2,4 MB<\/p><p class="quiet">No se ha comprobado si tiene virus<\/p>/u);
    const mixed = renderList({ ...listView, documents: [documentRow, { ...documentRow, scanned: false }, { ...documentRow, scanned: false }] });
    expect(mixed.match(/No se ha comprobado si tiene virus/gu)).toHaveLength(2);
  });

  test("says it once where no document was scanned", () => {
    const documents = Array.from({ length: 3 }, () => ({ ...documentRow, scanned: false }));
    const unscanned = renderList({ ...listView, documents });
    expect(unscanned).toContain("No se ha comprobado si estos documentos tienen virus.");
    expect(unscanned.match(/virus/gu)).toHaveLength(1);
    expect(renderList({ ...listView, documents: [], folders: [{ name: "Anexos", href: "/s/link?folder=fol_2" }] })).not.toContain("virus");
  });

  test("says how often a document may still be downloaded, and takes the button away after the last", () => {
    expect(withRow({ downloadsLeft: 2 })).toContain("Puede descargarlo 2 veces más");
    expect(withRow({ downloadsLeft: 1 })).toContain("Puede descargarlo una vez más");
    expect(withRow({ downloadsLeft: 0 })).toContain("Ya no puede descargarlo más veces");
    expect(withRow({ downloadsLeft: 0 })).not.toContain("<button");
  });

  test("shows the way back from a folder, and only there", () => {
    const path = [{ name: "Compraventa", href: "/s/link" }, { name: "Escrituras", href: "/s/link?folder=fol_1" }];
    const inside = renderList({ ...listView, path });
    expect(inside).toContain('<a href="/s/link"><bdi>Compraventa</bdi></a>');
    expect(inside).toContain('<li aria-current="page"><bdi>Escrituras</bdi></li>');
    expect(inside).toContain("<h1><bdi>Escrituras</bdi></h1>");
    expect(page).not.toContain("<nav");
  });

  test("shows folders before documents", () => {
    expect(renderList({ ...listView, folders: [{ name: "Anexos", href: "/s/link?folder=fol_2" }] })).toMatch(/Anexos.*Escritura\.pdf/su);
  });

  test("says that nothing is there now and that a mail will come", () => {
    const empty = renderList({ ...listView, documents: [] });
    expect(empty).toContain("Ahora mismo aquí no hay ningún documento.");
    expect(empty).toContain("le avisaremos por correo");
  });

  test("leads to the next page when there is one", () => {
    expect(page).not.toContain("Ver más documentos");
    expect(renderList({ ...listView, nextPage: "/s/link?cursor=a&b" })).toContain('<a href="/s/link?cursor=a&amp;b">Ver más documentos</a>');
  });

  test("of a hundred long names stays far below what a function may answer", () => {
    const documents = Array.from({ length: 100 }, () => ({ ...documentRow, name: "ñ".repeat(250) }));
    expect(Buffer.byteLength(renderList({ ...listView, documents }))).toBeLessThan(250_000);
  });
});
