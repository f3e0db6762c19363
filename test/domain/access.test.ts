import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openingGrants, reachingPlaces, staffMay, type Grant, type Location } from "../../lib/domain/access.ts";
import { newId } from "../../lib/domain/ids.ts";
import type { Instant } from "../../lib/domain/time.ts";

const now: Instant = "2026-11-22T10:15:00.000Z";
const id = <K extends Parameters<typeof newId>[0]>(kind: K) => newId(kind, new Date());
const [caseId, otherCase, documentId, outer, middle, inner, beside] = [id("case"), id("case"), id("document"), id("folder"), id("folder"), id("folder"), id("folder")];
const [contact, client, stranger] = [id("contact"), id("client"), id("contact")];
const open = (folderId: typeof outer, inherit = true) => ({ folderId, inherit });
const here: Location = { caseId, documentId, folders: [open(inner), open(middle), open(outer)] };
const grant = (more: Partial<Grant>): Grant => ({ grantId: id("grant"), caseId, holder: contact, place: caseId, level: "read", createdAt: now, givenBy: id("member"), ...more });

describe("where a grant reaches from", () => {
  it("is the document, its folders and its case", () => { expect(reachingPlaces(here)).toEqual([documentId, inner, middle, outer, caseId]); });
  it("stops at the nearest folder that stops inheritance, which still opens what lies in it", () => {
    expect(reachingPlaces({ ...here, folders: [open(inner), open(middle, false), open(outer)] })).toEqual([documentId, inner, middle]);
    expect(reachingPlaces({ ...here, folders: [open(inner, false), open(middle, false), open(outer)] })).toEqual([documentId, inner]);
  });
  it("is the case alone for what lies in no folder", () => { expect(reachingPlaces({ caseId, documentId, folders: [] })).toEqual([documentId, caseId]); });
});

describe("the grants that open a place", () => {
  const holders = [contact, client];
  it("are none without any", () => { expect(openingGrants(here, holders, [], now)).toEqual([]); });
  it("are those on it or above, held by the person or their client", () => {
    for (const place of [documentId, inner, middle, outer, caseId]) for (const holder of holders) expect(openingGrants(here, holders, [grant({ place, holder })], now)).toHaveLength(1);
  });
  it("are not those of somebody else", () => { expect(openingGrants(here, holders, [grant({ holder: stranger })], now)).toEqual([]); });
  it("are not those beside or of another document", () => { expect(openingGrants(here, holders, [grant({ place: beside }), grant({ place: id("document") })], now)).toEqual([]); });
  it("are not those of another case, even on the same place", () => { expect(openingGrants(here, holders, [grant({ caseId: otherCase, place: inner })], now)).toEqual([]); });
  it("end at their end, to the millisecond", () => {
    expect(openingGrants(here, holders, [grant({ expiresAt: "2026-11-22T10:15:00.001Z" })], now)).toHaveLength(1);
    expect(openingGrants(here, holders, [grant({ expiresAt: now })], now)).toEqual([]);
  });
  it("are not those above a folder that stops inheritance", () => {
    const shut: Location = { ...here, folders: [open(inner), open(middle, false), open(outer)] };
    expect(openingGrants(shut, holders, [grant({ place: outer }), grant({ place: caseId })], now)).toEqual([]);
    expect(openingGrants(shut, holders, [grant({ place: middle })], now)).toHaveLength(1);
  });

  const anyGrant = fc.record({
    holder: fc.constantFrom(contact, client, stranger), place: fc.constantFrom(documentId, inner, middle, outer, beside, caseId, otherCase), caseId: fc.constantFrom(caseId, otherCase),
    expiresAt: fc.constantFrom<Instant[]>("2026-11-22T10:14:59.999Z", now, "2026-11-22T10:15:00.001Z"),
  }).map((it) => grant(it));
  const anyLocation = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()).map(([a, b, c]): Location => ({ ...here, folders: [open(inner, a), open(middle, b), open(outer, c)] }));

  it("never become more when a grant is taken away or a folder stops inheriting", () => {
    fc.assert(fc.property(anyLocation, fc.array(anyGrant, { maxLength: 8 }), fc.nat(7), fc.nat(2), (location, grants, removed, stopped) => {
      const before = new Set(openingGrants(location, holders, grants, now));
      const fewer = openingGrants(location, holders, grants.filter((_, index) => index !== removed), now);
      const tighter = openingGrants({ ...location, folders: location.folders.map((it, index) => (index === stopped ? { ...it, inherit: false } : it)) }, holders, grants, now);
      for (const kept of [...fewer, ...tighter]) expect(before.has(kept)).toBe(true);
    }), { numRuns: 1000 });
  });
});

describe("a role", () => {
  it("may do exactly this", () => {
    expect((["admin", "adviser", "assistant"] as const).map((role) => (["read", "write", "administer"] as const).filter((act) => staffMay(role, act))))
      .toEqual([["read", "write", "administer"], ["read", "write"], ["read", "write"]]);
  });
});
