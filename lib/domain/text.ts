import * as z from "zod/mini";

/*
 * Control characters, bidirectional overrides, line separators, blanks, and whatever Unicode says may be left out of what is shown: no one types them, they
 * break headers and logs and hide what a name says ("factura<U+202E>fdp.exe" reads as "facturaexe.pdf"). Those that choose the form of a letter or join letters
 * stay: Persian and Indic names need U+200C and U+200D, Japanese and Mongolian ones and emoji the variation selectors.
 */
// eslint-disable-next-line no-control-regex, no-misleading-character-class -- they are what it looks for
export const unseen = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2800\ufff9-\ufffb[\p{Default_Ignorable_Code_Point}--[\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f\u{e0100}-\u{e01ef}]]]/v;
const withoutInk = /[\s\p{Default_Ignorable_Code_Point}]/gv;
const isBlank = (text: string): boolean => text.replaceAll(withoutInk, "") === "";

/** What people call letters, near enough: an emoji with a skin tone counts as two. Counted as kept: NFC writes a few letters as three. */
const codePoints = (text: string): number => Array.from(text).length;

/** Text on one line, such as a title or a person's name: NFC, trimmed, 1 to `max` code points. */
export const line = (max: number) =>
  z.pipe(
    z.string().check(
      z.refine((text) => text.isWellFormed(), "Has half of a surrogate pair, which is no character."),
      z.refine((text) => !unseen.test(text), "Has a control character, a line break or an invisible mark."),
      z.refine((text) => !isBlank(text), "Is empty."),
      z.refine((text) => codePoints(text.trim().normalize("NFC")) <= max, `Is longer than ${max} characters.`),
      z.meta({ minLength: 1, maxLength: max, description: "One line." }),
    ),
    z.transform((text) => text.trim().normalize("NFC")),
  );

/** Text of several lines, such as a message: as `line`, with line breaks and tabs. */
export const paragraph = (max: number) =>
  z.pipe(
    z.string().check(
      z.refine((text) => text.isWellFormed(), "Has half of a surrogate pair, which is no character."),
      z.refine((text) => !unseen.test(text.replaceAll(/[\r\n\t]/g, " ")), "Has a control character or an invisible mark."),
      z.refine((text) => !isBlank(text), "Is empty."),
      z.refine((text) => codePoints(text.normalize("NFC")) <= max, `Is longer than ${max} characters.`),
      z.meta({ minLength: 1, maxLength: max, description: "Text of several lines." }),
    ),
    z.transform((text) => text.trim().replaceAll(/\r\n?/g, "\n").normalize("NFC")),
  );

/** The name of a folder or a document: one line, no slash, not a path. 250 code points leave room for an extension in S3's header limits. */
export const fileName = z.pipe(
  line(250).check(
    z.refine((name) => !/[/\\]/.test(name), "Has a slash: a name is not a path."),
    z.refine((name) => name !== "." && name !== "..", "Is not a name."),
    z.meta({ description: "A name on one line, without slashes.", pattern: String.raw`^[^/\\]+$` }),
  ),
  z.string(),
);

/**
 * Two names that a person would call the same fold to the same text: NFKC, without case (upper first, since ß and SS, ς and σ are one letter there), without
 * marks that nobody sees, and with any blanks for one. Spanish Ñ and N stay apart; Turkish ı and i do not. Folding what is folded changes nothing.
 */
export const foldName = (name: string): string => {
  const folded = name.normalize("NFKC").replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "").toUpperCase().toLowerCase().normalize("NFKC").replaceAll(/\s+/gu, " ").trim();
  return folded === name ? folded : foldName(folded);
};

/** What a name is put in order by, in the table as in a list's cursor: a sort key holds 1,024 bytes, and 900 for the folded name leave room for the ids around it. */
export const nameInOrder = (name: string): string => {
  let kept = "";
  for (const character of foldName(name)) {
    if (Buffer.byteLength(kept) + Buffer.byteLength(character) > 900) break;
    kept += character;
  }
  return kept;
};

/** RFC 5321 limits; no comments, quotes or address lists, so that one address in is one recipient out. */
export const emailAddress = z.pipe(
  z.string().check(
    z.maxLength(254, "Is longer than an e-mail address can be (254 characters)."),
    z.regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$/, "Is not an e-mail address."),
  ),
  z.transform((address) => address.toLowerCase()),
);

export const localeTag = z.enum(["es", "ca", "en"]);
