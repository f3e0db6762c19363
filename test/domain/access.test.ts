import { describe, expect, it } from "vitest";
import {
  allPlaces, entriesOf, holdersOf, includes, levelOf, levels, mayBreakGlass, mayChangeMember, mayEnter, mayGoOnUploading, mayHold, mayReadJob, mayReadRecord, mayReadTotals, mayStillEnter, openingGrants, reachingPlaces, staffEntries, staffMay,
  type Firm, type Grant, type Guarded, type Holder, type Location, type Place, type Served, type StaffMember, type Walled,
} from "../../lib/domain/access.ts";
import { groupings, type AuditEvent } from "../../lib/domain/event.ts";
import { newId, type CaseId, type ClientId, type ContactId, type DocumentId, type FolderId, type MemberId } from "../../lib/domain/ids.ts";
import type { Role } from "../../lib/domain/people.ts";
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
const open: Walled = { clientId: client, restricted: false };
const of = (contactId: ContactId, ...clientIds: ClientId[]): Served => ({ contactId, clientIds, since: {} });
const opens = (where: Location, it: Grant, who = of(contact, client), kase = open): boolean => openingGrants(where, who, kase, [it], now).length === 1;

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
    expect(opens(location(), grant(caseId, client), of(contact))).toBe(false);
    expect(opens(location(), grant(caseId, stranger))).toBe(false);
    expect(opens(location(), grant(caseId), of(stranger, client))).toBe(false);
    expect(holdersOf(of(contact, client))).toEqual([contact, client]);
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

  it("is nothing where nothing was given", () => { expect(openingGrants(location(), of(contact, client), open, [], now)).toEqual([]); });

  it("rests while its holder is a contact of other clients alone", () => {
    const other = newId("client", at);
    expect([opens(location(), grant(caseId), of(contact)), opens(location(), grant(caseId), of(contact, other)), opens(location(), grant(caseId), of(contact, other, client))]).toEqual([true, false, true]);
  });

  it("of a client is, behind a wall, for the contacts that the client had when it was given or when the wall went up", () => {
    const [before, later, latest]: readonly Instant[] = ["2026-11-20T10:00:00.000Z", "2026-11-21T10:00:00.000Z", "2026-11-21T12:00:00.000Z"];
    const since = (joined: Instant | undefined): Served => ({ ...of(contact, client), since: { ...(joined && { [client]: joined }) } });
    const asked = (joined: Instant | undefined, given: Instant | undefined, wall: Instant | undefined, holder: Holder = client): boolean =>
      opens(location(), grant(caseId, holder, { createdAt: given ?? now }), since(joined), { clientId: client, restricted: true, restrictedAt: wall });
    expect([asked(before, later, latest), asked(later, later, before), asked(latest, before, latest), asked(latest, later, before), asked(latest, before, undefined)]).toEqual([true, true, true, false, false]);
    expect([asked(undefined, before, before), asked(latest, before, before, contact)]).toEqual([true, true]);
    expect(opens(location(), grant(caseId, client, { createdAt: before ?? now }), since(latest))).toBe(true);
  });
});

describe("a level", () => {
  it("includes all before it, and nothing is included in none", () => {
    expect(levels).toEqual(["read", "upload"]);
    expect(([null, "read", "upload"] as const).map((held) => levels.map((needed) => includes(held, needed)))).toEqual([[false, false], [true, false], [true, true]]);
  });

  it("of several grants is the most that one of them gives", () => {
    const of = (...held: readonly ("read" | "upload")[]) => levelOf(held.map((level) => ({ level })));
    expect([of(), of("read"), of("upload"), of("read", "upload"), of("upload", "read"), of("read", "read")]).toEqual([null, "read", "upload", "upload", "upload", "read"]);
  });
});

describe("the places of a location", () => {
  it("are itself, the folders around it and its case, nearest first", () => {
    expect(allPlaces(location())).toEqual([documentId, inner, middle, outer, caseId]);
    expect(allPlaces({ caseId, folders: [] })).toEqual([caseId]);
    expect(allPlaces({ caseId, folders: [{ folderId: outer, inherit: true }] })).toEqual([outer, caseId]);
    expect(allPlaces(location(middle)), "stopped or not").toEqual([documentId, inner, middle, outer, caseId]);
    expect(reachingPlaces(location())).toEqual([documentId, inner, middle, outer, caseId]);
    expect(reachingPlaces({ caseId, folders: [] })).toEqual([caseId]);
    expect(reachingPlaces({ caseId, documentId, folders: [] })).toEqual([documentId, caseId]);
    expect(reachingPlaces({ caseId, folders: [{ folderId: outer, inherit: false }] })).toEqual([outer]);
  });
});

describe("a grant's holder", () => {
  it("is the case's client, a contact of theirs, or a collaborator", () => {
    const [theirs, others] = [newId("client", at), newId("client", at)];
    const kase = { clientId: theirs };
    expect([{ clientId: theirs }, { clientId: others }, { clientIds: [theirs] }, { clientIds: [others] }, { clientIds: [others, theirs] }, { clientIds: [] }].map((it) => mayHold(it, kase))).toEqual([true, false, true, false, true, true]);
  });

  it("goes on with an upload of their own as long as they may upload there", () => {
    expect(([[contact, "upload"], [contact, "read"], [contact, null], [stranger, "upload"]] as const).map(([uploadedBy, held]) => mayGoOnUploading(contact, { uploadedBy }, held))).toEqual([true, false, false, false]);
  });
});

describe("a person of the firm", () => {
  const [me, lead, mate, other] = [newId("member", at), newId("member", at), newId("member", at), newId("member", at)] as const;
  const roles = ["admin", "adviser", "assistant"] as const;
  const person = (role: Role, advisers: readonly MemberId[] = [], memberId = me): StaffMember => ({ memberId, role, advisers });
  const kase = (more: Partial<Guarded> = {}): Guarded => ({ adviserId: lead, team: [mate], restricted: false, brokenGlass: [], ...more });
  const [own, all]: [Firm, Firm] = [{ adviserCases: "own" }, { adviserCases: "all" }];
  const enters = (who: StaffMember, of: Guarded, firm: Firm): readonly string[] => {
    const ways = entriesOf(who, of, firm, now);
    expect(mayEnter(who, of, firm, now)).toBe(ways.length > 0);
    return ways;
  };

  it("may by their role", () => {
    expect(roles.map((role) => (["read", "write", "assign", "administer"] as const).filter((act) => staffMay(role, act)))).toEqual([["read", "write", "assign", "administer"], ["read", "write", "assign"], ["read", "write"]]);
  });

  it("knows six ways into a case", () => {
    expect(staffEntries).toEqual(["team", "assistant-of-team", "every-adviser", "assistant-of-every-adviser", "administrator", "break-glass"]);
  });

  it("enters with their team, in charge of it or named in it, restricted or not", () => {
    for (const restricted of [false, true]) for (const role of roles) {
      const more = role === "admin" && !restricted ? ["administrator"] : [];
      expect(enters(person(role, [], lead), kase({ restricted }), own)).toEqual(["team", ...more]);
      expect(enters(person(role, [], mate), kase({ restricted }), own)).toEqual(["team", ...more]);
    }
  });

  it("enters from outside by their role and the firm's setting, and never what is restricted", () => {
    const table: readonly (readonly [who: StaffMember, own: readonly string[], all: readonly string[]])[] = [
      [person("admin"), ["administrator"], ["administrator"]],
      [person("adviser"), [], ["every-adviser"]],
      [person("assistant"), [], []],
      [person("assistant", [other]), [], ["assistant-of-every-adviser"]],
      [person("assistant", [lead]), ["assistant-of-team"], ["assistant-of-team", "assistant-of-every-adviser"]],
      [person("assistant", [mate]), ["assistant-of-team"], ["assistant-of-team", "assistant-of-every-adviser"]],
      [person("assistant", [other, mate]), ["assistant-of-team"], ["assistant-of-team", "assistant-of-every-adviser"]],
      // Advisers are an assistant's; whoever was one once keeps nothing by theirs.
      [person("adviser", [lead]), [], ["every-adviser"]], [person("admin", [lead]), ["administrator"], ["administrator"]],
    ];
    for (const [who, inOwn, inAll] of table) {
      expect(enters(who, kase(), own), `${who.role} ${who.advisers.length}`).toEqual(inOwn);
      expect(enters(who, kase(), all), `${who.role} ${who.advisers.length}`).toEqual(inAll);
      for (const firm of [own, all]) expect(enters(who, kase({ restricted: true }), firm), `${who.role} ${who.advisers.length}`).toEqual([]);
    }
  });

  it("enters by broken glass as the administrator who broke it, until it is over", () => {
    const glass = (memberId: MemberId, until: Instant) => kase({ restricted: true, brokenGlass: [{ memberId, until }] });
    const [later, sooner]: [Instant, Instant] = ["2026-11-22T10:00:00.001Z", "2026-11-22T09:59:59.999Z"];
    expect(enters(person("admin"), glass(me, later), own)).toEqual(["break-glass"]);
    for (const until of [now, sooner]) expect(enters(person("admin"), glass(me, until), own)).toEqual([]);
    expect(enters(person("admin"), glass(other, later), own)).toEqual([]);
    for (const role of ["adviser", "assistant"] as const) for (const firm of [own, all]) expect(enters(person(role, role === "assistant" ? [lead] : []), glass(me, later), firm)).toEqual([]);
    expect(enters(person("admin"), kase({ restricted: true, brokenGlass: [{ memberId: other, until: later }, { memberId: me, until: sooner }, { memberId: me, until: later }] }), own)).toEqual(["break-glass"]);
    expect(enters(person("admin"), kase({ brokenGlass: [{ memberId: me, until: later }] }), own)).toEqual(["administrator", "break-glass"]);
  });

  it("breaks the glass as an administrator, where there is any", () => {
    expect(roles.map((role) => [mayBreakGlass(person(role), kase({ restricted: true })), mayBreakGlass(person(role), kase())])).toEqual([[true, false], [false, false], [false, false]]);
  });

  it("is behind their links and their uploads while they may enter and are not suspended", () => {
    const sharer = (suspended: boolean, memberId: MemberId) => ({ ...person("adviser", [], memberId), suspended });
    expect([sharer(false, mate), sharer(true, mate), sharer(false, other), sharer(true, other)].map((it) => mayStillEnter(it, kase(), own, now))).toEqual([true, false, false, false]);
    expect(mayStillEnter(sharer(false, other), kase(), all, now)).toBe(true);
    expect(mayStillEnter(sharer(false, other), kase({ restricted: true }), all, now)).toBe(false);
  });

  it("reads sums of cases and documents, and totals as an administrator", () => {
    expect(roles.map((role) => groupings.filter((it) => mayReadTotals(role, it)))).toEqual([["client", "service", "case", "document", "adviser"], ["case", "document"], ["case", "document"]]);
  });

  it("reads the records of cases they may enter, of broken glass as an administrator, and their own of no case", () => {
    const record = (of: MemberId | null, action = "cases.read", about: AuditEvent["about"] = {}) => ({ action, about, who: of === null ? { kind: "anonymous" as const } : { kind: "member" as const, id: of } });
    const reads = (who: StaffMember, it: ReturnType<typeof record>, of: Guarded | null) => mayReadRecord(who, it, of, own, now);
    const [admin, adviser] = [person("admin"), person("adviser")];
    const wall = kase({ restricted: true });
    // With a case, what counts is whether they may enter it: their own records too.
    for (const it of [record(me), record(other), record(null), record(me, "cases.break-glass"), record(other, "cases.break-glass")]) {
      expect([reads(admin, it, kase()), reads(person("adviser", [], mate), it, kase()), reads(adviser, it, kase())]).toEqual([true, true, false]);
      expect([reads(admin, it, wall), reads(person("adviser", [], mate), it, wall), reads(adviser, it, wall), reads(person("assistant", [lead]), it, wall)]).toEqual([it.action === "cases.break-glass", true, false, false]);
    }
    // Without one, administrators read all, others their own; a case of nothing is nobody's but theirs.
    expect([record(me), record(other), record(null)].map((it) => [reads(admin, it, null), reads(adviser, it, null), reads(person("assistant"), it, null)])).toEqual([[true, true, true], [true, false, false], [true, false, false]]);
    expect([record(me, "cases.read", { caseId }), record(other, "cases.read", { caseId })].map((it) => [reads(admin, it, null), reads(adviser, it, null)])).toEqual([[true, false], [true, false]]);
    // Nor is a share or job of nothing: one of a case that they may not enter has no record for them either.
    expect([record(me, "shares.read", { shareId: newId("share", at) }), record(me, "jobs.read", { jobId: newId("job", at) })].map((it) => [reads(admin, it, null), reads(adviser, it, null)])).toEqual([[true, false], [true, false]]);
  });

  it("reads the jobs that they started, and the schedule's as an administrator", () => {
    expect(roles.map((role) => [{ startedBy: me }, { startedBy: other }, {}].map((it) => mayReadJob(person(role), it)))).toEqual([[true, false, true], [true, false, false], [true, false, false]]);
  });

  it("changes others as an administrator, and never themselves", () => {
    expect(roles.map((role) => [me, other].map((it) => mayChangeMember(person(role), it)))).toEqual([[false, true], [false, false], [false, false]]);
  });
});
