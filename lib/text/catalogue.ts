import { ca } from "./ca.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";
import type { Locale } from "./locale.ts";

/** Every word that clients read. Spanish is written first; a key that another language lacks or invents does not compile. */
export type Catalogue = typeof es;

export const catalogues: Readonly<Record<Locale, Catalogue>> = { es, ca, en };

/** The words of one language. */
export const wordsIn = (locale: Locale): Catalogue => catalogues[locale];
