import { describe, expect, test } from "vitest";
import { contactInvitation, memberInvitation } from "../../lib/mail/invitations.ts";
import type { Mail } from "../../lib/mail/letter.ts";
import { shareMail, type ShareMailView } from "../../lib/mail/share-mail.ts";
import { threatMail } from "../../lib/mail/threat.ts";
import { firm, hostileNames, skeleton } from "../pages/sample.ts";

const link = "https://documentos.example.com/s/abc-DEF_123";
const share: ShareMailView = { firm, locale: "es", senderName: "Marta Ferrer", recipientName: "Ana Puig", message: "Le envío el contrato.\n\nUn saludo", link, expiresAt: "2026-12-22T11:15:00.000Z", asksPasscode: true };

const everyMail = (text: string, name = text): readonly Mail[] => {
  const named = { ...firm, name, address: text, phone: text };
  const person = { firm: named, locale: "es", name: text, email: text, password: text } as const;
  return [
    shareMail({ ...share, firm: named, senderName: text, recipientName: text, message: text }),
    shareMail({ ...share, firm: named, senderName: text, recipientName: text, message: text, renewed: true }),
    contactInvitation({ ...person, portalUrl: "https://clientes.example.com" }),
    memberInvitation({ ...person, role: "adviser", signInUrl: "https://despacho.example.com" }),
    threatMail({ ...person, caseReference: text, documentName: text, staffAppUrl: "https://despacho.example.com" }),
  ];
};

const seen = (markup: string): string =>
  markup.replace(/<style>.*?<\/style>|<title>.*?<\/title>/gsu, "").replace(/<br>/gu, "\n").replace(/<[^>]*>/gu, "")
    .replace(/&lt;/gu, "<").replace(/&gt;/gu, ">").replace(/&quot;/gu, '"').replace(/&#39;/gu, "'").replace(/&amp;/gu, "&");

describe("the mail with a link", () => {
  const mail = shareMail(share);

  test("says in its subject who sent documents", () => {
    expect(mail.subject).toBe("Bufete Ferrer y Asociados le ha enviado documentos");
    expect(shareMail({ ...share, locale: "ca" }).subject).toBe("Bufete Ferrer y Asociados li ha enviat documents");
    expect(shareMail({ ...share, locale: "en" }).subject).toBe("Bufete Ferrer y Asociados has sent you documents");
  });

  test("says who, until when, that a password is needed, and what to do when it was not expected", () => {
    expect(mail.text).toContain("Hola, Ana Puig:");
    expect(mail.text).toContain("Marta Ferrer, de Bufete Ferrer y Asociados, le ha enviado documentos.");
    expect(mail.text).toContain("hasta el 22 de diciembre de 2026, 12:15.");
    expect(mail.text).toContain("contraseña que no está en este correo");
    expect(mail.text).toContain("Si no esperaba este correo, no abra el enlace. Llámenos al +34 963 12 34 56");
    expect(shareMail({ ...share, asksPasscode: false }).text).not.toContain("contraseña");
  });

  test("carries the link once as text, and in HTML as one button and bare below it", () => {
    expect(mail.text.split(link)).toHaveLength(2);
    expect(mail.text).toContain(`\n${link}\n`);
    expect(mail.html.match(new RegExp(`href="${link}"`, "gu"))).toHaveLength(2);
    expect(seen(mail.html).split(link)).toHaveLength(2);
  });

  test("quotes the sender's words, so that they are never taken for ours", () => {
    expect(mail.text).toContain("> Le envío el contrato.\n>\n> Un saludo");
    expect(shareMail({ ...share, message: "  \n " }).text).not.toContain(">");
  });

  test("of a renewed link says that the earlier one no longer works", () => {
    expect(shareMail({ ...share, renewed: true }).text).toContain("El anterior ya no funciona.");
  });

  test("names the firm once when nobody else sends, and greets a reader whose name it does not know", () => {
    const anonymous = shareMail({ ...share, senderName: firm.name, recipientName: undefined });
    expect(anonymous.text).toMatch(/^Hola:\n\nBufete Ferrer y Asociados le ha enviado documentos\.\n/u);
  });
});

describe("invitations", () => {
  const person = { firm, locale: "es", name: "Ana Puig", email: "ana@example.com" } as const;

  test("tell a contact where to enter and with what address, and no password unless there is one", () => {
    const mail = contactInvitation({ ...person, portalUrl: "https://clientes.example.com" });
    expect(mail.subject).toBe("Bufete Ferrer y Asociados le ha abierto un espacio para sus documentos");
    expect(mail.text).toContain("https://clientes.example.com");
    expect(mail.text).toContain("ana@example.com");
    expect(mail.text).not.toMatch(/contraseña/iu);
    expect(contactInvitation({ ...person, portalUrl: "https://clientes.example.com", password: "Provisional-1" }).text).toContain("Contraseña provisional: Provisional-1");
  });

  test("tell a person of the firm their role in their language", () => {
    expect(memberInvitation({ ...person, role: "adviser", signInUrl: "https://despacho.example.com" }).text).toContain("Su función es: asesoría.");
    expect(memberInvitation({ ...person, locale: "en", role: "admin", signInUrl: "https://despacho.example.com" }).text).toContain("Your role is: administrator.");
  });
});

test("the alarm of malware names the case and the document to the firm's own people, and says what to do", () => {
  const mail = threatMail({ firm, locale: "es", name: "Marta Ferrer", caseReference: "2026/0147", documentName: "Factura.pdf.exe", staffAppUrl: "https://despacho.example.com" });
  expect(mail.subject).toBe("Se ha encontrado un virus en un documento");
  expect(mail.text).toContain("expediente 2026/0147");
  expect(mail.text).toContain("Documento: Factura.pdf.exe");
  expect(mail.text).toContain("Pida a quien lo envió");
  expect(mail.text).toContain("entre en Legajo como siempre");
  expect(mail.text, "nobody expects an alarm, and they need not call their own firm").not.toContain("Llámenos");
});

describe("every mail", () => {
  test("says in HTML, in the same order, all that it says in text", () => {
    for (const { text, html } of everyMail("Ana & Cía. <Ferrer>")) {
      const shown = seen(html).replace(/\s+/gu, " ");
      let from = 0;
      for (const line of text.split("\n").map((it) => it.replace(/^> ?/u, "").replace(/:$/u, "").trim()).filter((it) => it !== "")) {
        const at = shown.indexOf(line, from);
        expect(at, line).toBeGreaterThanOrEqual(0);
        from = at + line.length;
      }
    }
  });

  test.each(hostileNames)("has the same elements and an honest subject when every name is %s", (_, name) => {
    const plain = everyMail("Ana");
    everyMail(name, "Ana").forEach((mail, index) => {
      expect(skeleton(mail.html).replace(/<br>\n/gu, "")).toBe(skeleton(plain[index]?.html ?? "").replace(/<br>\n/gu, ""));
    });
    for (const mail of everyMail(name)) {
      // eslint-disable-next-line no-control-regex -- they are what it looks for
      expect(mail.subject).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/u);
      expect(mail.subject.isWellFormed() && mail.text.isWellFormed() && mail.html.isWellFormed()).toBe(true);
      expect(mail.text).not.toMatch(/\r|^(?:Bcc|Hola$)/mu);
    }
  });

  test("loads nothing and runs nothing", () => {
    for (const { html } of everyMail("Ana")) expect(html).not.toMatch(/<script|<img|\ssrc=|url\(|@import|<link/iu);
  });

  test("follows the reader's colour scheme", () => {
    for (const { html } of everyMail("Ana")) {
      expect(html).toContain('<meta name="color-scheme" content="light dark">');
      expect(html).toContain("@media (prefers-color-scheme:dark)");
    }
  });
});
