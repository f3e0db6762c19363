import { wordsIn } from "../../text/catalogue.ts";
import type { Locale } from "../../text/locale.ts";

/** "dentro de 2 minutos", rounded up; without a number, "dentro de unos minutos". */
export const waitFor = (seconds: number | undefined, locale: Locale): string => {
  const { wait, waitAWhile } = wordsIn(locale).trouble;
  return seconds === undefined ? waitAWhile : wait(Math.max(1, Math.ceil(seconds / 60)));
};
