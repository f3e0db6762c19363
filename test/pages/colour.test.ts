import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contrast, paletteOf, paper } from "../../lib/http/pages/colour.ts";
import { renderDoor } from "../../lib/http/pages/door.ts";
import { doorView, firm } from "./sample.ts";

const brands = [["red", "#ff0000"], ["yellow", "#ffdd00"], ["white", "#ffffff"], ["black", "#000000"], ["middle grey", "#808080"], ["turquoise", "#40b8b0"]] as const;

const expectReadable = (colour: string): void => {
  const { fill, text, line } = paletteOf(colour);
  expect(contrast(text, fill)).toBeGreaterThanOrEqual(4.5);
  expect(contrast(line.day, paper.day)).toBeGreaterThanOrEqual(4.5);
  expect(contrast(line.night, paper.night)).toBeGreaterThanOrEqual(4.5);
};

describe("a firm's colour", () => {
  test("contrast is measured as WCAG does", () => {
    expect(contrast("#000000", "#ffffff")).toBe(21);
    expect(contrast("#767676", "#ffffff")).toBeCloseTo(4.54, 2);
  });

  test.each(brands)("%s is readable on the button, and its line on light and dark paper", (_, colour) => expectReadable(colour));

  test("any colour is readable on the button, and its line on light and dark paper", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 0xffffff }), (value) => expectReadable(`#${value.toString(16).padStart(6, "0")}`)));
  });

  test("a colour that can be read is left as it is", () => {
    expect(paletteOf("#1f4e79")).toMatchObject({ fill: "#1f4e79", text: "#ffffff", line: { day: "#1f4e79" } });
  });

  test("yellow stays yellow and takes black text", () => {
    expect(paletteOf("#ffdd00")).toMatchObject({ fill: "#ffdd00", text: "#000000", line: { night: "#ffdd00" } });
  });

  test("a colour that is none is refused, so that no setting writes markup", () => {
    expect(() => renderDoor({ ...doorView, firm: { ...firm, colour: 'red"/><script>' } })).toThrow(RangeError);
  });
});
