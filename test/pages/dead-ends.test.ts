import { describe, expect, test } from "vitest";
import { renderExpired, renderGone, renderTrouble } from "../../lib/http/pages/dead-ends.ts";
import { firm, troubleKinds } from "./sample.ts";

describe("a link that leads nowhere", () => {
  test("gone is one page, whatever was known about the link", () => {
    const careless = { firm, locale: "es", reason: "revoked", senderName: "Marta", documents: ["Escritura.pdf"] } as const;
    expect(renderGone(careless)).toBe(renderGone({ firm, locale: "es" }));
  });

  test("gone says whom to call and where they are", () => {
    const page = renderGone({ firm, locale: "es" });
    expect(page).toContain('<a href="tel:+34963123456"><bdi>+34 963 12 34 56</bdi></a>');
    expect(page).toContain("Carrer de Colom, 12, 46004 València");
  });

  test("expired says when, and offers a new link where one can be asked for", () => {
    const page = renderExpired({ firm, locale: "es", expiredAt: "2026-11-22T11:15:00.000Z", formAction: "/s/link/renewal", nonce: "nonce-1" });
    expect(page).toContain("Dejó de funcionar el 22 de noviembre de 2026, 12:15.");
    expect(page).toMatch(/<form method="post" action="\/s\/link\/renewal"><input type="hidden" name="nonce" value="nonce-1">.*Pedir un enlace nuevo/su);
  });

  test("expired says whom to call where no link can be asked for", () => {
    const page = renderExpired({ firm, locale: "es", expiredAt: "2026-11-22T11:15:00.000Z" });
    expect(page).not.toContain("<form");
    expect(page).toContain("llame a Bufete Ferrer y Asociados");
  });

  test("a new link that was asked for is confirmed, and can not be asked for again by reloading a button", () => {
    const page = renderExpired({ firm, locale: "es", expiredAt: "2026-11-22T11:15:00.000Z", formAction: "/s/link/renewal", requested: true });
    expect(page).toContain("Hemos pedido un enlace nuevo");
    expect(page).not.toContain("<form");
  });

  test.each(troubleKinds)("%s says what to do, whom to call and the reference", (kind) => {
    const page = renderTrouble({ firm, locale: "es", kind, requestId: "req-7", back: "/s/link" });
    expect(page).toContain("req-7");
    expect(page).toContain("tel:+34963123456");
    expect(page).toContain('<a href="/s/link">Volver</a>');
    expect(page).not.toContain(kind);
  });

  test("too many requests says when to try again", () => {
    expect(renderTrouble({ firm, locale: "es", kind: "throttled", requestId: "r", retryAfterSeconds: 5 })).toContain("dentro de un minuto");
    expect(renderTrouble({ firm, locale: "en", kind: "throttled", requestId: "r", retryAfterSeconds: 121 })).toContain("in 3 minutes");
  });
});
