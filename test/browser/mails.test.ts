import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { contactInvitation, memberInvitation } from "../../lib/mail/invitations.ts";
import type { Mail } from "../../lib/mail/letter.ts";
import { shareMail } from "../../lib/mail/share-mail.ts";
import { threatMail } from "../../lib/mail/threat.ts";
import { locales, type Locale } from "../../lib/text/locale.ts";
import { firm } from "../pages/sample.ts";
import { scrollsSideways, startChromium, takePicture, widths } from "./chromium.ts";

const staffAppUrl = "https://despacho.example.com";
const person = { firm, name: "Marta Ferrer", email: "marta.ferrer@despacho.example.com" };
const mails: Readonly<Record<string, (locale: Locale) => Mail>> = {
  share: (locale) => shareMail({ firm, locale, senderName: "Marta Ferrer", recipientName: "Ana Puig", message: "Le envío la escritura.\nUn saludo.", link: `https://documentos.example.com/s/${"aB3_".repeat(10)}xyz`, expiresAt: "2026-12-22T11:15:00.000Z", asksPasscode: false }),
  contact: (locale) => contactInvitation({ ...person, locale, portalUrl: "https://clientes.example.com" }),
  member: (locale) => memberInvitation({ ...person, locale, role: "adviser", signInUrl: staffAppUrl }),
  threat: (locale) => threatMail({ ...person, locale, caseReference: "2026/0147", documentName: `Factura_${"proveedor_".repeat(12)}2026.pdf.exe`, staffAppUrl }),
};

describe("mails in Chromium", () => {
  let browser: Browser;
  beforeAll(async () => { browser = await startChromium(); });
  afterAll(() => browser.close());

  it.each(Object.keys(mails))("fit a phone and a desk, by day and by night, in each language: %s", async (kind) => {
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await browser.newPage({ colorScheme });
      for (const locale of locales) {
        await page.setContent(mails[kind]!(locale).html);
        for (const width of widths) {
          await page.setViewportSize({ width, height: 900 });
          expect(await scrollsSideways(page), `${locale} at ${width} px`).toBe(false);
          await takePicture(page, `mail-${kind}-${locale}-${width}${colorScheme === "dark" ? "-dark" : ""}`);
        }
      }
      await page.close();
    }
  });
});
