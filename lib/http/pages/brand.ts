import { html, nameOf, oneLine, type Html } from "../../text/html.ts";
import { paletteOf } from "./colour.ts";

/** What a firm shows of itself to the people it serves. */
export interface FirmBrand {
  readonly name: string;
  /** `data:` URI of a PNG or SVG image; as an image, an SVG runs no script and loads nothing. */
  readonly logo?: string | undefined;
  /** `#rrggbb` */
  readonly colour: string;
  readonly phone: string;
  readonly address: string;
  readonly timeZone: string;
}

/** What a telephone dials: digits and a leading plus. */
export const dialled = (phone: string): string => `tel:${phone.replace(/(?!^\+)\D/gu, "")}`;

const isImage = (uri: string): boolean => /^data:image\/(?:png|svg\+xml)[;,]/u.test(uri);

/** The logo, or the name where there is none. */
export const signOf = (firm: FirmBrand): Html =>
  firm.logo !== undefined && isImage(firm.logo)
    ? html`<img class="logo" src="${firm.logo}" alt="${oneLine(firm.name)}">`
    : html`<p class="name">${nameOf(firm.name)}</p>`;

// A page's policy allows one style, known by its hash, and so no style of one firm. Presentation attributes of SVG are no styles to
// the policy: the firm's colour is painted with them, and the style that is hashed is the same for every firm.

/** The thin line under the firm's name. */
export const ruleOf = (firm: FirmBrand): Html => {
  const { line } = paletteOf(firm.colour);
  return html`<svg class="rule" width="100%" height="4" aria-hidden="true" focusable="false"><rect class="day" width="100%" height="4" fill="${line.day}"/><rect class="night" width="100%" height="4" fill="${line.night}"/></svg>`;
};

/** The page's one button in the firm's colour, with an edge that shows on either paper. */
export const mainButton = (firm: FirmBrand, label: string): Html => {
  const { fill, text, line } = paletteOf(firm.colour);
  const edge = (scheme: "day" | "night") => html`<rect class="${scheme}" width="100%" height="100%" rx="4" fill="${fill}" stroke="${line[scheme]}" stroke-width="4"/>`;
  return html`<button class="main ${text === "#ffffff" ? "white" : "black"}"><svg width="100%" height="100%" aria-hidden="true" focusable="false">${edge("day")}${edge("night")}</svg><span>${label}</span></button>`;
};
