import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk, sha256Of } from "../../local/caller.ts";
import { pdf } from "../../local/files.ts";
import { openLink, startTestFirm, type TestFirm } from "../api/firm.ts";
import { startChromium } from "./chromium.ts";
import { saveInFirefox } from "./firefox.ts";

/** A document's name, and the file's in either browser where it is another. Marks that turn the direction of writing are in no name: the API refuses them. */
interface Named { readonly name: string; readonly chromium?: string; readonly firefox?: string }
const inBoth = (name: string, saved: string): Named => ({ name, chromium: saved, firefox: saved });

const documents: readonly Named[] = [
  { name: "Escritura de compraventa.pdf" },
  { name: "Año «2026», niño & cigüeña's.pdf" },
  { name: "'Annex' d’en Pere; v=2.pdf" },
  { name: "عقد البيع النهائي.pdf" },
  { name: "عقد Contrato 2026 نهائي v2.pdf" },
  { name: "买卖合同.pdf" },
  { name: "Firma 🖋️ recibida.pdf" },
  { name: `${"Anexos ".repeat(35)}1.pdf` },
  // File systems take 255 bytes. Firefox shortens and keeps the ending. Chromium still means the whole name; on Linux it then asks where to save what has more
  // than 244 bytes, since it adds ".crdownload" while it saves, and on Windows and macOS it shortens.
  { name: `${"ñ".repeat(246)}.pdf`, firefox: `${"ñ".repeat(123)}.pdf` },
  // Both write "_" for what Windows forbids, on every system, and for the marks that join the letters of Persian words and the people of one emoji.
  inBoth('Con "comillas".pdf', "Con _comillas_.pdf"),
  inBoth("Acta: ¿venta o <cesión>? *final*|2.pdf", "Acta_ ¿venta o _cesión__ _final__2.pdf"),
  inBoth("می\u200cخواهم.pdf", "می_خواهم.pdf"),
  inBoth("Familia 👨\u200d👩\u200d👧.pdf", "Familia 👨_👩_👧.pdf"),
  { name: "IVA al 21%.pdf", firefox: "IVA al 21_.pdf" },
];

describe("a download has its document's name and exactly its bytes", () => {
  let firm: TestFirm;
  let path: string;
  const bytes = documents.map((_, index) => pdf(`Documento ${index}`, 5));
  const documentIds: string[] = [];

  beforeAll(async () => {
    firm = await startTestFirm();
    const caseId = await firm.createCase(await firm.createClient());
    for (const [index, { name }] of documents.entries()) documentIds.push(await firm.upload(caseId, name, bytes[index]));
    ({ path } = await firm.share(caseId, { documentIds }));
  });
  afterAll(() => firm.stop());

  it("in Chromium, from the buttons of the page", async () => {
    const browser = await startChromium();
    try {
      const page = await browser.newPage({ javaScriptEnabled: false });
      await page.goto(`${firm.api}${path}`);
      await page.getByRole("button", { name: "Ver los documentos" }).click();
      for (const [index, { name, chromium }] of documents.entries()) {
        const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: `Descargar ${name}`, exact: true }).click()]);
        expect(download.suggestedFilename()).toBe(chromium ?? name);
        expect(sha256Of(await readFile(await download.path())), name).toBe(sha256Of(bytes[index]!));
      }
    } finally {
      await browser.close();
    }
  });

  it("in Firefox, from the addresses that the page leads to", async () => {
    const { cookie } = await openLink(firm, path);
    const addresses: string[] = [];
    for (const documentId of documentIds) addresses.push((await expectOk(firm.anyone("POST", `${path}/documents/${documentId}`, {}, { accept: "application/json", cookie }))).url);
    expect(await saveInFirefox(addresses)).toEqual(Object.fromEntries(documents.map(({ name, firefox }, index) => [firefox ?? name, sha256Of(bytes[index]!)])));
  }, 120_000);
});
