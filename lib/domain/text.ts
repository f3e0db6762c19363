import * as z from "zod/mini";

// Control characters, bidirectional overrides, zero-width and line separators, fillers, soft hyphens and tags: they hide what a name says, break headers and
// logs, and no one types them. U+200C and U+200D stay: Persian and Indic names need them.
// eslint-disable-next-line no-control-regex -- they are what it looks for
const unseen = /\u034f|[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

/** What people call letters, near enough: an emoji with a skin tone counts as two. Counted as kept: NFC writes a few letters as three. */
const codePoints = (text: string): number => Array.from(text).length;

/** Text on one line, such as a title or a person's name: NFC, trimmed, 1 to `max` code points. */
export const line = (max: number) =>
  z.pipe(
    z.string().check(
      z.refine((text) => text.isWellFormed(), "Has half of a surrogate pair, which is no character."),
      z.refine((text) => !unseen.test(text), "Has a control character, a line break or an invisible mark."),
      z.refine((text) => text.trim().length > 0, "Is empty."),
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
      z.refine((text) => text.trim().length > 0, "Is empty."),
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

/** Two names that a person would call the same fold to the same text: NFKC, without case. Spanish Ñ and N stay apart. */
export const foldName = (name: string): string => name.normalize("NFKC").toLowerCase().normalize("NFKC");

/** RFC 5321 limits; no comments, quotes or address lists, so that one address in is one recipient out. */
export const emailAddress = z.pipe(
  z.string().check(
    z.maxLength(254, "Is longer than an e-mail address can be (254 characters)."),
    z.regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$/, "Is not an e-mail address."),
  ),
  z.transform((address) => address.toLowerCase()),
);

export const localeTag = z.enum(["es", "ca", "en"]);
