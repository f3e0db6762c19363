import { describe, expect, test } from "vitest";
import { catalogues } from "../../lib/text/catalogue.ts";
import { formatDate, formatDateTime, formatMoment, formatSize } from "../../lib/text/locale.ts";

/** Every text of a catalogue by its key; those that take values get the same ones in each language. */
const textsOf = (value: unknown, key = ""): readonly (readonly [key: string, text: string])[] => {
  if (typeof value === "string") return [[key, value]];
  if (typeof value === "function") return [[key, String(Reflect.apply(value, undefined, [key.endsWith("wait") || key.endsWith("Left") ? 2 : "X", "Y"]))]];
  if (typeof value === "object" && value !== null) return Object.entries(value).flatMap(([name, it]) => textsOf(it, key === "" ? name : `${key}.${name}`));
  throw new TypeError(`No text at ${key}`);
};

const texts = { es: new Map(textsOf(catalogues.es)), ca: new Map(textsOf(catalogues.ca)), en: new Map(textsOf(catalogues.en)) };

/** Reviewed: these are one word in two languages. */
const same: readonly string[] = ["es=en door.errorPrefix", "ca=en list.documents", "es=ca list.folder", "ca=en mail.threat.file"];

describe("the catalogue", () => {
  test("has every key in every language", () => {
    expect([...texts.ca.keys()]).toEqual([...texts.es.keys()]);
    expect([...texts.en.keys()]).toEqual([...texts.es.keys()]);
  });

  test("differs between languages, so that nothing was left untranslated", () => {
    const found = [...texts.es.keys()].flatMap((key) =>
      ([["es", "ca"], ["es", "en"], ["ca", "en"]] as const).flatMap(([one, other]) => (texts[one].get(key) === texts[other].get(key) ? [`${one}=${other} ${key}`] : [])),
    );
    expect(found).toEqual(same);
  });

  test("speaks to a client, not to a programmer", () => {
    for (const words of Object.values(texts)) for (const [key, text] of words) expect(text, key).not.toMatch(/token|hash|\b(?:4|5)\d\d\b|HTTP|URL|server|servidor|undefined|\bnull\b/iu);
  });

  test("addresses Spanish and Catalan readers with usted and vostè", () => {
    for (const [key, text] of [...texts.es, ...texts.ca]) expect(text, key).not.toMatch(/\b(?:tú|tus|te|tienes|puedes|tens|pots|teu|teus|teva)\b/iu);
  });
});

describe("dates, times and sizes", () => {
  const noon = "2026-11-22T11:15:00.000Z";

  test("are the firm's day and clock, in the reader's language", () => {
    expect(formatDateTime(noon, "es", "Europe/Madrid")).toBe("22 de noviembre de 2026, 12:15");
    expect(formatDateTime(noon, "ca", "Europe/Madrid")).toBe("22 de novembre del 2026, 12:15");
    expect(formatDateTime(noon, "en", "Europe/Madrid")).toBe("22 November 2026, 12:15");
    expect(formatDateTime(noon, "es", "Atlantic/Canary")).toBe("22 de noviembre de 2026, 11:15");
  });

  test("follow summer time and the turn of the day", () => {
    expect(formatDateTime("2026-07-01T22:30:00.000Z", "es", "Europe/Madrid")).toBe("2 de julio de 2026, 00:30");
    expect(formatDate("2026-12-31T23:00:00.000Z", "es", "Europe/Madrid")).toBe("1 de enero de 2027");
  });

  test("today is said as today", () => {
    expect(formatMoment(noon, "2026-11-22T22:59:59.000Z", "es", "Europe/Madrid")).toBe("hoy a las 12:15");
    expect(formatMoment(noon, "2026-11-22T23:00:00.000Z", "es", "Europe/Madrid")).toBe("el 22 de noviembre de 2026, 12:15");
    expect(formatMoment(noon, noon, "ca", "Europe/Madrid")).toBe("avui a les 12:15");
    expect(formatMoment(noon, noon, "en", "Europe/Madrid")).toBe("today at 12:15");
  });

  test.each([[0, "0 bytes"], [1, "1 byte"], [999, "999 bytes"], [1000, "1 KB"], [2_400_000, "2,4 MB"], [9_949_999, "9,9 MB"], [9_950_000, "10 MB"], [48_200, "48 KB"], [999_499, "999 KB"], [999_500, "1 MB"], [10 * 1024 ** 3, "11 GB"], [5 * 1024 ** 4, "5,5 TB"]])(
    "%i bytes are %s",
    (bytes, text) => {
      expect(formatSize(bytes, "es")).toBe(text);
    },
  );

  test("use the point in English", () => {
    expect(formatSize(2_400_000, "en")).toBe("2.4 MB");
  });
});
