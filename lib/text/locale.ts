/** The languages that a firm's clients read. */
export const locales = ["es", "ca", "en"] as const;
export type Locale = (typeof locales)[number];

// British English: day before month, 24 hours, as on every Spanish document that the reader holds.
const tags = { es: "es-ES", ca: "ca-ES", en: "en-GB" } as const satisfies Record<Locale, string>;

/** Numbers as the language writes them: `2,4` in Spanish and Catalan, `2.4` in English. */
export const formatNumber = (value: number, locale: Locale, fractionDigits = 0): string =>
  new Intl.NumberFormat(tags[locale], { maximumFractionDigits: fractionDigits }).format(value);

/** `22 de noviembre de 2026`, on the calendar of the firm's time zone. */
export const formatDate = (instant: string, locale: Locale, timeZone: string): string =>
  new Intl.DateTimeFormat(tags[locale], { dateStyle: "long", timeZone }).format(new Date(instant));

/** `12:15`, on the clock of the firm's time zone. */
export const formatTime = (instant: string, locale: Locale, timeZone: string): string =>
  new Intl.DateTimeFormat(tags[locale], { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(new Date(instant));

/** `22 de noviembre de 2026, 12:15`: joined here, because each ICU version joins date and time differently. */
export const formatDateTime = (instant: string, locale: Locale, timeZone: string): string =>
  `${formatDate(instant, locale, timeZone)}, ${formatTime(instant, locale, timeZone)}`;

const moments = {
  es: { today: (time: string) => `hoy a las ${time}`, then: (dateTime: string) => `el ${dateTime}` },
  ca: { today: (time: string) => `avui a les ${time}`, then: (dateTime: string) => `el ${dateTime}` },
  en: { today: (time: string) => `today at ${time}`, then: (dateTime: string) => `on ${dateTime}` },
} as const satisfies Record<Locale, unknown>;

/** `hoy a las 12:15` on the reader's same day, `el 22 de noviembre de 2026, 12:15` on any other. */
export const formatMoment = (instant: string, now: string, locale: Locale, timeZone: string): string =>
  formatDate(instant, locale, timeZone) === formatDate(now, locale, timeZone)
    ? moments[locale].today(formatTime(instant, locale, timeZone))
    : moments[locale].then(formatDateTime(instant, locale, timeZone));

const units = ["KB", "MB", "GB", "TB"] as const;

/** `2,4 MB`: powers of 1000, as phones and browsers show them; one decimal below ten, none above. */
export const formatSize = (bytes: number, locale: Locale): string => {
  if (bytes < 1000) return `${formatNumber(bytes, locale)} ${bytes === 1 ? "byte" : "bytes"}`;
  let [value, unit]: [number, string] = [bytes, ""];
  for (const next of units) {
    // 999.5 would be shown as 1000: it is one of the next unit.
    if (unit !== "" && value < 999.5) break;
    [value, unit] = [value / 1000, next];
  }
  return `${formatNumber(value, locale, value < 9.95 ? 1 : 0)} ${unit}`;
};
