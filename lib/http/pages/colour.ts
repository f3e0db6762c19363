/** Least contrast of text, lines and buttons: WCAG 2.2 AA for text of any size. */
export const leastContrast = 4.5;

/** What lies behind everything, by the reader's colour scheme. `style.ts` and the mails use the same two. */
export const paper = { day: "#ffffff", night: "#14171a" } as const;

type Rgb = readonly [red: number, green: number, blue: number];

const parse = (colour: string): Rgb => {
  const [, red, green, blue] = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour) ?? [];
  if (red === undefined || green === undefined || blue === undefined) throw new RangeError("A colour is written #rrggbb.");
  return [parseInt(red, 16), parseInt(green, 16), parseInt(blue, 16)];
};

const write = (rgb: Rgb): string => `#${rgb.map((it) => Math.round(it).toString(16).padStart(2, "0")).join("")}`;

const linear = (channel: number): number => {
  const share = channel / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};

const luminance = (colour: string): number => {
  const [red, green, blue] = parse(colour);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
};

/** The contrast ratio of WCAG 2: 1 for equal colours, 21 for black on white. */
export const contrast = (one: string, other: string): number => {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};

/** `colour`, moved towards black or white by as little as makes it stand out from `against`. */
export const readable = (colour: string, against: string): string => {
  const from = parse(colour);
  const to = parse(contrast("#000000", against) > contrast("#ffffff", against) ? "#000000" : "#ffffff");
  const mixed = (step: number): string => {
    const mix = (index: 0 | 1 | 2) => from[index] + ((to[index] - from[index]) * step) / 100;
    return write([mix(0), mix(1), mix(2)]);
  };
  const step = Array.from({ length: 100 }, (_, index) => index).find((it) => contrast(mixed(it), against) >= leastContrast);
  return mixed(step ?? 100);
};

/** A firm's colour, made fit to be read: the button's fill and its text, and a line or link on each paper. */
export interface Palette {
  readonly fill: string;
  readonly text: "#ffffff" | "#000000";
  readonly line: { readonly day: string; readonly night: string };
}

// Below this, white text would need a fill so much darker that the firm would not know its colour: yellow, turquoise and white take black text.
const nearlyCarriesWhite = 3;

/** Keeps the firm's colour as it is wherever it can be read. */
export const paletteOf = (colour: string): Palette => {
  const line = { day: readable(colour, paper.day), night: readable(colour, paper.night) };
  return contrast(colour, "#ffffff") >= nearlyCarriesWhite
    ? { fill: readable(colour, "#ffffff"), text: "#ffffff", line }
    : { fill: readable(colour, "#000000"), text: "#000000", line };
};
