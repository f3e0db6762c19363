import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attachment } from "../../lib/domain/document.ts";
import { idOf, newId } from "../../lib/domain/ids.ts";
import { emailAddress, fileName, foldName, line, paragraph } from "../../lib/domain/text.ts";
import { instant, isOver, plusDays, toInstant, type Instant } from "../../lib/domain/time.ts";

const text = fc.string({ unit: "binary", maxLength: 60 });

describe("words", () => {
  it("that are taken are well-formed, composed, trimmed, on one line and not longer than was said", () => {
    fc.assert(fc.property(text, (given) => {
      const parsed = line(20).safeParse(given);
      if (!parsed.success) return;
      const kept = parsed.data;
      expect(kept).toBe(kept.trim().normalize("NFC"));
      expect(kept.isWellFormed()).toBe(true);
      expect(Array.from(kept).length).toBeLessThanOrEqual(20);
      expect(kept).toMatch(/^[^\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+$/u);
      expect(line(20).parse(kept)).toBe(kept);
    }), { numRuns: 3000 });
  });

  it("of several lines keep their breaks, each as one line feed", () => {
    expect(paragraph(20).parse(" a\r\nb\rc\n\td ")).toBe("a\nb\nc\n\td");
    for (const wrong of ["a\u0000", "a\u2028b", "\ud800", " \n ", "x".repeat(21)]) expect(paragraph(20).safeParse(wrong).success).toBe(false);
  });

  it("are one name for a person whenever they fold to the same, and folding is done once", () => {
    for (const [a, b] of [["ACTA", "acta"], ["Ｆｉｌｅ", "file"], ["Mun\u0303oz", "MUÑOZ"], ["ﬁn", "FIN"], ["①", "1"], ["STRASSE.pdf", "straße.pdf"], ["ΟΔΟΣ.pdf", "οδος.pdf"], ["ΟΔΟΣ", "οδος"], ["ᾳ", "ΑΙ"],
      ["Contrato", "Con\u200dtrato"], ["Acta", "Acta\ufe0f"], ["葛城", "葛\u{e0100}城"], ["Acta  final", "Acta\u00a0final"]] as const) expect(foldName(a)).toBe(foldName(b));
    for (const [a, b] of [["Muñoz", "Munoz"], ["a", "b"], ["Año", "Ano"]] as const) expect(foldName(a)).not.toBe(foldName(b));
    fc.assert(fc.property(text, (given) => { expect(foldName(foldName(given))).toBe(foldName(given)); }), { numRuns: 3000 });
  });

  it("hide nothing that nobody would see, and are not made of it", () => {
    for (const mark of ["\u0000", "\u00ad", "\u034f", "\u115f", "\u17b4", "\u200b", "\u202e", "\u2060", "\u2800", "\u3164", "\ufeff", "\ufff0", "\u{1d173}", "\u{e0041}"]) expect(line(20).safeParse(`Con${mark}trato`).success, JSON.stringify(mark)).toBe(false);
    for (const mark of ["\u200d", "\u200c\u200d", "\ufe0f", "\u{e0100}", "\u180b"]) {
      expect(line(20).safeParse(mark).success, JSON.stringify(mark)).toBe(false);
      expect(paragraph(20).safeParse(` ${mark}\n${mark}`).success, JSON.stringify(mark)).toBe(false);
    }
    for (const right of ["می\u200cخواهم", "क्\u200dष", "👩\u200d⚖\ufe0f", "葛\u{e0100}城"]) expect(line(20).safeParse(right).success, right).toBe(true);
  });

  it("that name a file are no path", () => {
    for (const wrong of ["a/b", "a\\b", ".", "..", " .. ", "", "a\nb"]) expect(fileName.safeParse(wrong).success, wrong).toBe(false);
    for (const right of ["...", ".gitignore", "a..b", "%2e%2e%2f", "COM1"]) expect(fileName.safeParse(right).success, right).toBe(true);
  });

  it("of an e-mail address are one address without case", () => {
    expect(emailAddress.parse("Ada.Min+X@Firm.EXAMPLE")).toBe("ada.min+x@firm.example");
    fc.assert(fc.property(fc.emailAddress(), fc.constantFrom(",", ";", " ", "\r\n", "<", ">", "(", ")", '"', "\u0000", ":"), (address, between) => {
      expect(emailAddress.safeParse(`${address}${between}${address}`).success).toBe(false);
    }));
  });
});

describe("a download's name", () => {
  it("arrives as it is, and breaks out of no header", () => {
    fc.assert(fc.property(text, (given) => {
      const parsed = fileName.safeParse(given);
      if (!parsed.success) return;
      const header = attachment(parsed.data);
      const [, ascii, extended] = /^attachment; filename="([A-Za-z0-9._ -]*)"; filename\*=UTF-8''([A-Za-z0-9%._~!-]+)$/.exec(header) ?? expect.fail(header);
      expect(ascii?.length).toBeLessThanOrEqual(150);
      expect(decodeURIComponent(extended ?? "")).toBe(parsed.data);
    }), { numRuns: 3000 });
  });
});

describe("ids", () => {
  it("sort by when they were made and are never the same", () => {
    const at = [1, 2, 1000, 1e12, 2e12].map((it) => newId("case", new Date(it)));
    expect(at.toSorted()).toEqual(at);
    expect(new Set(Array.from({ length: 2000 }, () => newId("case", new Date(1e12)))).size).toBe(2000);
  });
  it("are of one kind, and nothing around them", () => {
    const id = newId("case", new Date());
    expect(idOf("case").parse(id)).toBe(id);
    for (const wrong of [`${id}\n`, ` ${id}`, `${id}0`, id.slice(0, -1), id.toUpperCase(), id.replace("cas", "doc"), `x${id}`, `${id}#`, `${id}/..`, [id], null]) expect(idOf("case").safeParse(wrong).success, String(wrong)).toBe(false);
  });
});

describe("instants", () => {
  it("have one spelling, a day that exists and a year that a month can be taken from", () => {
    for (const right of ["2026-11-22T10:15:00.000Z", "2028-02-29T23:59:59.999Z", "1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "1900-01-01T00:00:00.000Z"]) expect(instant.parse(right)).toBe(right);
    for (const wrong of ["2026-11-22T10:15:00Z", "2026-11-22T10:15:00.000+00:00", "2026-02-29T00:00:00.000Z", "2026-11-31T00:00:00.000Z", "2026-11-22T24:00:00.000Z", "2026-11-22T23:59:60.000Z", "2026-11-22t10:15:00.000z", "+010000-01-01T00:00:00.000Z", "0000-01-01T00:00:00.000Z", "2026-11-22T10:15:00.000Z\n", "", 1, null])
      expect(instant.safeParse(wrong).success, String(wrong)).toBe(false);
    for (const right of ["1900-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"] as const) expect(() => plusDays(right, -400)).not.toThrow();
  });
  it("are over from the millisecond that they name", () => {
    const end: Instant = "2026-11-22T10:00:00.000Z";
    expect([isOver(end, "2026-11-22T09:59:59.999Z"), isOver(end, end), isOver(end, "2026-11-22T10:00:00.001Z"), isOver(undefined, end)]).toEqual([false, true, true, false]);
    fc.assert(fc.property(fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }), fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }), (a, b) => {
      expect(isOver(toInstant(a), toInstant(b))).toBe(a.getTime() <= b.getTime());
    }));
  });
});
