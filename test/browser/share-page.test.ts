import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { locales, type Locale } from "../../lib/text/locale.ts";
import { expectOk, sha256Of } from "../../local/caller.ts";
import { pdf } from "../../local/files.ts";
import { mailsTo } from "../../local/people.ts";
import { startTestFirm, type TestFirm } from "../api/firm.ts";
import { scrollsSideways, startChromium, takePicture, widths } from "./chromium.ts";

const names = ["Escritura de compraventa.pdf", "Año «2026», niño & cigüeña's.pdf", "عقد البيع النهائي.pdf", `${"Anexo muy largo ".repeat(15).trim()}.pdf`, 'Con "comillas".pdf'];
const words = {
  es: { open: "Ver los documentos", download: "Descargar" },
  ca: { open: "Veure els documents", download: "Descarregar" },
  en: { open: "View the documents", download: "Download" },
} as const;

describe("the share page in Chromium", () => {
  let firm: TestFirm;
  let browser: Browser;
  let context: BrowserContext;
  let caseId: string;
  let folderId: string;
  const files = new Map(names.map((name) => [name, pdf(name.normalize("NFKD").replace(/[^ -~]/g, "?"), 5)]));

  beforeAll(async () => {
    [firm, browser] = await Promise.all([startTestFirm(), startChromium()]);
    caseId = await firm.createCase(await firm.createClient());
    folderId = (await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "Escrituras" }))).folderId;
    for (const [name, bytes] of files) await firm.upload(caseId, name, bytes, folderId);
  });
  afterEach(() => context.close());
  afterAll(async () => {
    await browser.close();
    await firm.stop();
  });

  const visit = async (options: { width?: number; javaScript?: boolean; dark?: boolean } = {}): Promise<Page> => {
    context = await browser.newContext({ viewport: { width: options.width ?? 1280, height: 900 }, javaScriptEnabled: options.javaScript ?? false, colorScheme: options.dark ? "dark" : "light", acceptDownloads: true });
    return context.newPage();
  };
  /** The link as the mail has it, for a recipient with this language. */
  const mailed = async (locale: Locale, more: Record<string, unknown> = {}): Promise<string> => {
    const email = `r${Math.floor(performance.now() * 1000)}@elsewhere.example`;
    await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/shares`, { folderId, recipients: [{ email, name: "Laura Gil", locale }], message: "Le envío la escritura.\nUn saludo.", ...more }));
    await firm.settle();
    const [mail] = await mailsTo(firm.mail, email);
    return /href="(http[^"]+\/s\/[^"]+)"/.exec(mail?.html ?? "")?.[1] ?? "";
  };

  it("downloads exactly the bytes, from the mail's link, without JavaScript, and says so afterwards", async () => {
    const page = await visit();
    await page.goto(await mailed("es"));
    await page.getByRole("button", { name: words.es.open }).click();
    const name = names[0]!;
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: `${words.es.download} ${name}` }).click()]);
    expect(sha256Of(await readFile(await download.path()))).toBe(sha256Of(files.get(name)!));
    await page.reload();
    expect(await page.getByText(/^Descargado hoy a las/).count()).toBe(1);
  });

  for (const locale of locales) {
    for (const width of widths) {
      it(`shows door, list and dead ends in ${locale} at ${width} px without sideways scrolling`, async () => {
        const page = await visit({ width });
        const picture = async (state: string): Promise<void> => {
          expect(await scrollsSideways(page)).toBe(false);
          expect(await page.getAttribute("html", "lang")).toBe(locale);
          await takePicture(page, `${state}-${locale}-${width}`);
        };
        await page.goto(await mailed(locale));
        await picture("door");
        await page.getByRole("button", { name: words[locale].open }).click();
        expect(await page.getByRole("button", { name: new RegExp(`^${words[locale].download} `) }).count()).toBe(names.length);
        await picture("list");
        const soon = new Date(Date.now() + 3600_000).toISOString();
        const expiring = await mailed(locale, { expiresAt: soon });
        firm.clock.offset = 2 * 3600_000;
        const expired = await page.goto(expiring);
        expect(expired?.status()).toBe(410);
        await picture("expired");
        firm.clock.offset = 0;
      });
    }
  }

  it("shows one page for links that never were, at phone width and in the dark", async () => {
    const page = await visit({ width: 360, dark: true });
    const answer = await page.goto(`${firm.api}/s/nothing-like-this`);
    expect(answer?.status()).toBe(404);
    expect(await page.textContent("body")).toContain("+34 972 00 00 00");
    await takePicture(page, "gone-es-360-dark");
  });

  it("keeps the back button and a second look at the list working", async () => {
    const page = await visit();
    const link = await mailed("es");
    await page.goto(link);
    await page.getByRole("button", { name: words.es.open }).click();
    await page.goto("about:blank");
    await page.goBack();
    expect(page.url()).toBe(link);
    expect(await page.getByRole("button", { name: /^Descargar / }).count()).toBe(names.length);
  });

  it("runs and loads nothing: the policy is never even tried", async () => {
    const page = await visit({ javaScript: true });
    const complaints: string[] = [];
    const requests: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("request", (request) => requests.push(new URL(request.url()).origin));
    await page.goto(await mailed("en"));
    await page.getByRole("button", { name: words.en.open }).click();
    expect(complaints).toEqual([]);
    expect(new Set(requests.filter((origin) => origin !== "null"))).toEqual(new Set([firm.api]));
  });
});
