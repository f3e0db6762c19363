import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { html, nameOf, oneLine, visible } from "../../lib/text/html.ts";
import { everyPage, hostileNames, skeleton } from "./sample.ts";

describe("text in markup", () => {
  test("any text at all leaves no sign that markup is made of", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(html`${text}`.markup).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)/u);
    }));
  });

  test("markup made by the template is not escaped twice, alone or in a list", () => {
    expect(html`<p>${html`<b>${"a & b"}</b>`}${["<", ">"].map((it) => html`<i>${it}</i>`)}</p>`.markup).toBe("<p><b>a &amp; b</b><i>&lt;</i><i>&gt;</i></p>");
  });

  test("nothing is written for what is absent, and zero is written", () => {
    expect(html`[${undefined}${false}${0}]`.markup).toBe("[0]");
  });

  test("a name that hides its real ending shows it", () => {
    expect(nameOf("factura\u202Efdp.exe").markup).toBe("<bdi>facturafdp.exe</bdi>");
  });

  test.each(["\u034f", "\u115f", "\u2800", "\u3164", "\u{e0041}"])("what no name may hold is not shown either: %j", (mark) => {
    expect(oneLine(`Nom${mark}ina`)).toBe("Nomina");
    expect(visible(`Uno${mark}\n\tdos`)).toBe("Uno\n\tdos");
  });

  test("half of a surrogate pair becomes the sign for an unknown character", () => {
    expect(visible("a\ud800b")).toBe("a\ufffdb");
  });

  test("names stay whole: accents, other alphabets and joined emoji", () => {
    const name = "Núñez i Güell · שלום · الوثيقة · 👩‍⚖️";
    expect(oneLine(name)).toBe(name);
  });

  test("no line break of any kind survives on one line", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
      // eslint-disable-next-line no-control-regex -- they are what it looks for
      expect(oneLine(`Ana${text}\r\n${text}`)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u);
    }));
  });
});

describe("every page", () => {
  test.each(hostileNames)("has the same elements when every name is %s", (_, name) => {
    expect(everyPage(name).map(skeleton)).toEqual(everyPage("Ana").map(skeleton));
  });

  test.each(hostileNames)("holds no mark that reorders or hides letters when every name is %s", (_, name) => {
    for (const page of everyPage(name)) {
      expect(page.isWellFormed()).toBe(true);
      // eslint-disable-next-line no-control-regex -- they are what it looks for
      expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/u);
    }
  });

  test("shows a name of 250 letters in full", () => {
    for (const page of everyPage("N".repeat(250))) expect(page).toContain(`<bdi>${"N".repeat(250)}</bdi>`);
  });
});
