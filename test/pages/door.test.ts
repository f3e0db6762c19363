import { describe, expect, test } from "vitest";
import { renderDoor, type DoorProblem } from "../../lib/http/pages/door.ts";
import { doorView, firm } from "./sample.ts";

const everything = { passcode: true, code: true, terms: "1. Es confidencial.\n2. No lo reenvíe." };

describe("the door", () => {
  const page = renderDoor(doorView);

  test("says who sends, what they say and until when", () => {
    expect(page).toContain("<h1>Bufete Ferrer y Asociados le ha enviado documentos</h1>");
    expect(page).toContain("<bdi>Marta Ferrer</bdi>");
    expect(page).toContain("Buenos días");
    expect(page).toContain("22 de diciembre de 2026, 12:15");
  });

  test("has no place for a document's name, number or size, even when it is handed them", () => {
    const careless = { ...doorView, documents: [{ name: "Escritura.pdf", size: 2_400_000 }], path: [{ name: "Divorcio", href: "/" }] };
    expect(renderDoor(careless)).toBe(page);
    expect(page).not.toMatch(/\d ?(?:bytes|KB|MB|GB)|\.pdf/u);
  });

  test("has one form with one button, posted with the nonce", () => {
    expect(page.match(/<form /gu)).toHaveLength(1);
    expect(page.match(/<button /gu)).toHaveLength(1);
    expect(page).toContain('<form method="post" action="/s/link/open">');
    expect(page).toContain('<input type="hidden" name="nonce" value="nonce-1">');
  });

  test("asks for nothing that is not wanted, and for each thing that is", () => {
    expect(page).not.toMatch(/name="(?:passcode|code|acceptTerms)"/u);
    const asking = renderDoor({ ...doorView, asks: everything });
    for (const field of ["passcode", "code", "acceptTerms"]) {
      expect(asking).toContain(`name="${field}"`);
      expect(asking).toContain(`<label for="${field}">`);
    }
    expect(asking).toContain("1. Es confidencial.\n2. No lo reenvíe.");
  });

  test("says what is recorded before it is recorded", () => {
    expect(page).toContain("quedarán registrados el día y la hora, la dirección IP");
  });

  test("names the firm once as the sender when nobody else sends", () => {
    expect(renderDoor({ ...doorView, senderName: firm.name })).not.toContain("Se los envía");
  });

  test("asks for a code in a form of its own, so that Enter opens the documents", () => {
    const asking = renderDoor({ ...doorView, asks: { passcode: false, code: true }, codeAction: "/s/link/code" });
    expect(asking).toMatch(/<form method="post" action="\/s\/link\/code">.*Enviarme un código.*<\/form>\s*<form method="post" action="\/s\/link\/open">/su);
    expect(renderDoor({ ...doorView, asks: { passcode: false, code: true }, codeAction: "/s/link/code", codeSent: true })).toContain("Le hemos enviado un código");
  });

  test.each<[DoorProblem, string]>([["wrong_passcode", "passcode"], ["wrong_code", "code"], ["terms_required", "acceptTerms"]])(
    "with %s says so in the title, at the top and at the field, and puts the cursor there",
    (problem, field) => {
      const wrong = renderDoor({ ...doorView, asks: everything, problem });
      expect(wrong).toContain("<title>Error: ");
      expect(wrong).toContain(`<a href="#${field}">`);
      expect(wrong).toMatch(new RegExp(`id="${field}"[^>]*aria-describedby="[^"]*${field}-error" aria-invalid="true" autofocus`, "u"));
      expect(wrong.match(/autofocus/gu)).toHaveLength(1);
    },
  );

  test("after too many attempts says when to try again", () => {
    expect(renderDoor({ ...doorView, problem: "throttled", retryAfterSeconds: 61 })).toContain("Vuelva a probar dentro de 2 minutos.");
    expect(renderDoor({ ...doorView, problem: "throttled" })).toContain("Vuelva a probar dentro de unos minutos.");
  });

  test("an old form is no fault of a field", () => {
    const old = renderDoor({ ...doorView, asks: everything, problem: "form_expired" });
    expect(old).toContain("Pulse de nuevo el botón.");
    expect(old).not.toContain("aria-invalid");
  });

  test.each([["ca", "Veure els documents"], ["en", "View the documents"], ["es", "Ver los documentos"]] as const)("speaks %s and says so", (locale, button) => {
    const spoken = renderDoor({ ...doorView, locale });
    expect(spoken).toContain(`<html lang="${locale}">`);
    expect(spoken).toContain(button);
  });

  test("shows a logo that is an image, and the name instead of anything else", () => {
    expect(renderDoor({ ...doorView, firm: { ...firm, logo: "data:image/png;base64,AAAA" } })).toContain('<img class="logo" src="data:image/png;base64,AAAA" alt="Bufete Ferrer y Asociados">');
    expect(renderDoor({ ...doorView, firm: { ...firm, logo: "https://tracker.example/logo.png" } })).toBe(page);
    expect(renderDoor({ ...doorView, firm: { ...firm, logo: "data:text/html,<script>" } })).toBe(page);
  });
});
