import { describe, expect, it } from "vitest";
import { openingGrants, reachingPlaces, staffMay, type Grant, type Holder, type Location, type Place } from "../../lib/domain/access.ts";
import { newId, type CaseId, type ClientId, type ContactId, type DocumentId, type FolderId } from "../../lib/domain/ids.ts";
import type { Instant } from "../../lib/domain/time.ts";

const at = new Date();
const [caseId, otherCase]: [CaseId, CaseId] = [newId("case", at), newId("case", at)];
const [contact, stranger]: [ContactId, ContactId] = [newId("contact", at), newId("contact", at)];
const client: ClientId = newId("client", at);
const documentId: DocumentId = newId("document", at);
const newFolder = (): FolderId => newId("folder", at);
const [inner, middle, outer, elsewhere] = [newFolder(), newFolder(), newFolder(), newFolder()] as const;
const now: Instant = "2026-11-22T10:00:00.000Z";

const grant = (place: Place, holder: Holder = contact, more: Partial<Grant> = {}): Grant => ({ grantId: newId("grant", at), caseId, holder, place, level: "read", createdAt: now, givenBy: newId("member", at), ...more });
const location = (...closed: FolderId[]): Location => ({ caseId, documentId, folders: [inner, middle, outer].map((it) => ({ folderId: it, inherit: !closed.includes(it) })) });
const opens = (where: Location, it: Grant, holders: readonly Holder[] = [contact, client]): boolean => openingGrants(where, holders, [it], now).length === 1;

describe("what a grant opens", () => {
  it("is the thing itself and all that lies in it", () => {
    for (const place of [documentId, inner, middle, outer, caseId]) expect(opens(location(), grant(place))).toBe(true);
    expect(opens(location(), grant(elsewhere))).toBe(false);
    expect(opens(location(), grant(newId("document", at)))).toBe(false);
  });

  it("ends at a folder that stops inheritance, which is open from itself and from within", () => {
    expect(reachingPlaces(location(middle))).toEqual([documentId, inner, middle]);
    expect([documentId, inner, middle, outer, caseId].map((place) => opens(location(middle), grant(place)))).toEqual([true, true, true, false, false]);
    expect([documentId, inner, middle, outer, caseId].map((place) => opens(location(inner), grant(place)))).toEqual([true, true, false, false, false]);
    expect([documentId, inner, middle, outer, caseId].map((place) => opens(location(outer), grant(place)))).toEqual([true, true, true, true, false]);
  });

  it("is opened to its holder alone, a contact or a client whose contact asks", () => {
    expect(opens(location(), grant(caseId, client))).toBe(true);
    expect(opens(location(), grant(caseId, client), [contact])).toBe(false);
    expect(opens(location(), grant(caseId, stranger))).toBe(false);
    expect(opens(location(), grant(caseId), [])).toBe(false);
  });

  it("lies in the grant's own case", () => {
    expect(opens(location(), grant(caseId, contact, { caseId: otherCase }))).toBe(false);
    expect(opens(location(), grant(documentId, contact, { caseId: otherCase }))).toBe(false);
  });

  it("is closed from the millisecond of the grant's end", () => {
    expect(opens(location(), grant(caseId, contact, { expiresAt: "2026-11-22T10:00:00.001Z" }))).toBe(true);
    expect(opens(location(), grant(caseId, contact, { expiresAt: now }))).toBe(false);
    expect(opens(location(), grant(caseId, contact, { expiresAt: "2026-11-22T09:59:59.999Z" }))).toBe(false);
  });

  it("is nothing where nothing was given", () => { expect(openingGrants(location(), [contact, client], [], now)).toEqual([]); });
});

it("lets administrators administer and nobody else", () => {
  expect((["admin", "adviser", "assistant"] as const).map((role) => (["read", "write", "administer"] as const).map((act) => staffMay(role, act)))).toEqual([[true, true, true], [true, true, false], [true, true, false]]);
});
