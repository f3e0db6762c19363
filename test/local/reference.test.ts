import { describe, expect, it } from "vitest";
import { openApi } from "../../lib/http/openapi/document.ts";
import { routeNames } from "../../lib/http/routes.ts";
import { referencePage } from "../../local/reference/page.ts";

const page = referencePage(openApi(), "http://127.0.0.1:4000");

describe("The readable reference", () => {
  it.each(routeNames)("shows %s", (name) => {
    expect(page).toContain(`<section id="${name}">`);
    expect(page).toContain(`href="#${name}"`);
  });

  it("leads nowhere that is not on the page, but to the document", () => {
    const ids = new Set([...page.matchAll(/ id="([^"]+)"/g)].map((match) => `#${match[1] ?? ""}`));
    const links = [...page.matchAll(/(?:href|src|action)="([^"]+)"/g)].map((match) => match[1] ?? "");
    expect(links.filter((it) => !ids.has(it)).toSorted()).toEqual(["/openapi.json", "data:,"]);
  });

  it("loads and runs nothing", () => {
    expect(page).not.toMatch(/<script|<link rel="stylesheet|@import|url\(|<img|<iframe/);
    expect(page).toContain("default-src 'none'");
  });

  it("leaves no value of the program in the text", () => {
    expect(page).not.toMatch(/undefined|\[object|NaN/);
  });
});
