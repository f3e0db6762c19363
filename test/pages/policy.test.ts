import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { pageHeaders } from "../../lib/http/pages/headers.ts";
import { everyPage } from "./sample.ts";

const headers = pageHeaders("https://bucket.s3.eu-west-1.amazonaws.com");
const policy = headers["content-security-policy"] ?? "";

describe("a page's policy", () => {
  test("allows the style that each page carries, by the hash of exactly its bytes, and no other", () => {
    for (const page of everyPage("Ana")) {
      const styles = [...page.matchAll(/<style>(.*?)<\/style>/gsu)].map(([, css]) => css ?? "");
      expect(styles).toHaveLength(1);
      expect(policy).toContain(`style-src 'sha256-${createHash("sha256").update(styles[0] ?? "").digest("base64")}';`);
      expect(page).not.toMatch(/\sstyle=/u);
    }
  });

  test("allows no script, and no page has one", () => {
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/script-src|unsafe|\*/u);
    for (const page of everyPage("Ana")) expect(page).not.toMatch(/<script|\son[a-z]+=|javascript:/iu);
  });

  test("allows forms to post here and to be redirected to the bucket, and nowhere else", () => {
    expect(policy).toContain("form-action 'self' https://bucket.s3.eu-west-1.amazonaws.com;");
    expect(policy).not.toContain("sandbox");
  });

  test("a bucket's address can not bring a directive of its own", () => {
    expect(pageHeaders("https://bucket.example/a; script-src *")["content-security-policy"]).toBe(policy.replace("bucket.s3.eu-west-1.amazonaws.com", "bucket.example"));
    expect(() => pageHeaders("'self'; script-src *")).toThrow(TypeError);
  });

  test("pages are not framed, sniffed, indexed, kept, or named to other sites", () => {
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(headers).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "strict-transport-security": "max-age=31536000; includeSubDomains",
      "cross-origin-opener-policy": "same-origin",
    });
    expect(headers["x-robots-tag"]).toContain("noindex");
  });

  test("no page asks another address for anything", () => {
    for (const page of everyPage("Ana")) expect(page).not.toMatch(/(?:src|href|action|url\()=?["']?(?:https?:)?\/\//u);
  });
});
