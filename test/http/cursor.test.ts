import { describe, expect, it } from "vitest";
import { openCursor, sealCursor } from "../../lib/http/cursor.ts";
import { Refusal } from "../../lib/domain/refusal.ts";
import type { Instant } from "../../lib/domain/time.ts";

const secret = "a secret of the firm";
const scope = { caller: "con_1", request: '["/client/cases",[]]' };
const now: Instant = "2026-11-22T10:00:00.000Z";
const position = JSON.stringify({ pk: "con_1", sk: "HOLDS#cas_1" });
const seal = (): string => sealCursor(secret, scope, position, now);
const refuses = (run: () => string): void => {
  try {
    run();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    expect(error).toMatchObject({ code: "invalid_request", faults: [{ path: "query.cursor" }] });
    return;
  }
  expect.fail("It was opened.");
};

describe("a cursor", () => {
  it("gives back its position to whom it was given", () => {
    expect(openCursor(secret, scope, seal(), now)).toBe(position);
  });
  it("is good for a day and not a millisecond more", () => {
    expect(openCursor(secret, scope, seal(), "2026-11-23T09:59:59.999Z")).toBe(position);
    refuses(() => openCursor(secret, scope, seal(), "2026-11-23T10:00:00.000Z"));
  });
  it("is nobody else's, for nothing else, and of no other firm", () => {
    refuses(() => openCursor(secret, { ...scope, caller: "con_2" }, seal(), now));
    refuses(() => openCursor(secret, { ...scope, request: '["/client/shared-with-me",[]]' }, seal(), now));
    refuses(() => openCursor("another firm's secret", scope, seal(), now));
  });
  it("cannot move text between its caller and its request", () => {
    const cursor = sealCursor(secret, { caller: 'a","b', request: "c" }, position, now);
    refuses(() => openCursor(secret, { caller: "a", request: 'b","c' }, cursor, now));
    refuses(() => openCursor(secret, { caller: scope.caller + scope.request.slice(0, 1), request: scope.request.slice(1) }, seal(), now));
  });
  it("is refused with any letter changed, dropped or added", () => {
    const cursor = seal();
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (let at = 0; at < cursor.length; at++) {
      const next = letters[(letters.indexOf(cursor[at] ?? "") + 1) % 64] ?? "";
      refuses(() => openCursor(secret, scope, cursor.slice(0, at) + next + cursor.slice(at + 1), now));
      refuses(() => openCursor(secret, scope, cursor.slice(0, at) + cursor.slice(at + 1), now));
      refuses(() => openCursor(secret, scope, cursor.slice(0, at), now));
    }
    for (const more of ["A", "=", "!", " ", "\n", "é"]) refuses(() => openCursor(secret, scope, `${cursor}${more}`, now));
  });
  it("has one spelling", () => {
    refuses(() => openCursor(secret, scope, seal().split("").join("\n"), now));
    refuses(() => openCursor(secret, scope, `!${seal()}`, now));
    const cursor = Array.from({ length: 50 }, seal).find((it) => /[-_]/.test(it)) ?? expect.fail("No cursor with a letter of base64url alone.");
    refuses(() => openCursor(secret, scope, cursor.replaceAll("-", "+").replaceAll("_", "/"), now));
  });
  it("shows nothing of where it points", () => {
    const cursor = seal();
    const bytes = Buffer.from(cursor, "base64url").toString("latin1");
    for (const word of ["pk", "con_1", "HOLDS", "2026"]) {
      expect(cursor).not.toContain(word);
      expect(bytes).not.toContain(word);
    }
    expect(seal()).not.toBe(cursor);
  });
  it("is refused when it is nothing of the kind", () => {
    for (const text of ["", "a", "e30", "AAAA".repeat(7), "AAAA".repeat(10), "\u0000", "😀".repeat(30), Buffer.from(position).toString("base64url")]) refuses(() => openCursor(secret, scope, text, now));
  });
});
