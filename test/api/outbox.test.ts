import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { casesIn } from "../../lib/adapters/dynamo/cases.ts";
import { claimsIn } from "../../lib/adapters/dynamo/claims.ts";
import { documentsIn } from "../../lib/adapters/dynamo/documents.ts";
import { TableLedger } from "../../lib/adapters/dynamo/ledger.ts";
import { peopleIn } from "../../lib/adapters/dynamo/people.ts";
import { sharesIn } from "../../lib/adapters/dynamo/shares.ts";
import { statisticsIn } from "../../lib/adapters/dynamo/statistics.ts";
import { Table } from "../../lib/adapters/dynamo/table.ts";
import { keyRingIn, linksFrom } from "../../lib/adapters/secrets.ts";
import type { AuditEvent } from "../../lib/domain/event.ts";
import { firmProfile } from "../../lib/domain/firm.ts";
import { newId } from "../../lib/domain/ids.ts";
import { toInstant } from "../../lib/domain/time.ts";
import { notifyConsumer, statsConsumer } from "../../lib/events/consumers.ts";
import type { Mail, Mailer } from "../../lib/usecases/ports.ts";
import { Trail } from "../../lib/usecases/request.ts";
import { expectOk } from "../../local/caller.ts";
import { mailsTo } from "../../local/people.ts";
import { openLink, startTestFirm, submit, formOf, type TestFirm } from "./firm.ts";
import { batchOf, documentClient, outboxEvent, recordsOf, scan, stateOf } from "./probe.ts";

describe("the outbox", () => {
  let firm: TestFirm;
  let caseId: string;
  let documentId: string;
  let table: Table;
  const sent: Mail[] = [];

  beforeAll(async () => {
    firm = await startTestFirm();
    caseId = await firm.createCase(await firm.createClient());
    documentId = await firm.upload(caseId, "A.pdf");
    table = new Table(documentClient(), firm.table);
  });
  afterAll(() => firm.stop());

  /** `notify` as it is deployed, with a mail service of the test's own. */
  const notifyWith = (mailer: Mailer) => notifyConsumer({
    people: peopleIn(table), cases: casesIn(table), documents: documentsIn(table), shares: sharesIn(table), claims: claimsIn(table), mailer, firm: firmProfile.parse({ name: "Bufete", phone: "1", address: "x" }),
    links: linksFrom(keyRingIn(new SecretsManagerClient({}), firm.table.replace("-", "/") + "/link-key")),
  }, { publicUrl: "https://a.example", portalUrl: "https://a.example", staffAppUrl: "https://a.example", passwordFor: { member: true, contact: true } }, firm.clock);

  const newShare = async (count = 1): Promise<{ shareId: string; emails: string[]; event: ReturnType<typeof outboxEvent> }> => {
    const emails = Array.from({ length: count }, () => `o${randomBytes(5).toString("hex")}@elsewhere.example`);
    const { share } = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/shares`, { documentIds: [documentId], recipients: emails.map((email) => ({ email })) }));
    const { pk: _pk, sk: _sk, ...record } = (await recordsOf(firm)).find((it) => it["action"] === "shares.create" && it["about"].shareId === share.shareId) ?? {};
    return { shareId: share.shareId, emails, event: outboxEvent(record) };
  };
  const counters = async () => (await scan(firm)).filter((it) => /^(STATS|PEOPLE|SEEN)#/.test(it["pk"]));
  /** With nothing delivered by the bus meanwhile. */
  const held = async <T>(run: () => Promise<T>): Promise<T> => {
    await firm.settle();
    firm.bus.hold(true);
    try {
      return await run();
    } finally {
      firm.bus.hold(false);
      await firm.settle();
    }
  };

  it("writes nothing of a change whose condition fails, and one record that says why", async () => {
    const folder = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "Taken" }));
    await firm.settle();
    const [before, records] = [await stateOf(firm), await recordsOf(firm)];
    const good = { contentType: "application/pdf", size: 1, sha256: "a".repeat(64) };
    const kase = await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}`));
    const answers = [
      await firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "TAKEN" }),
      await firm.admin.call("POST", `/staff/cases/${caseId}/documents`, { ...good, name: "a.PDF" }),
      await firm.admin.call("PATCH", `/staff/cases/${caseId}`, { title: "New" }, { "if-match": `"${Number(kase.etag) + 1}"` }),
    ];
    expect(answers.map((it) => it.status)).toEqual([409, 409, 412]);
    expect(await stateOf(firm)).toEqual(before);
    const fresh = (await recordsOf(firm)).slice(records.length).filter((it) => it["action"] !== "cases.read");
    expect(fresh.map((it) => [it["action"], it["result"], it["reason"]])).toEqual([["folders.create", "refused", "conflict"], ["documents.announce", "refused", "conflict"], ["cases.change", "refused", "stale"]]);
    expect(folder.folderId).toMatch(/^fol_/);
  });

  it("writes the state and its one record together: of ten at once for one name, one change and one granted record", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => firm.admin.call("POST", `/staff/cases/${caseId}/folders`, { name: "Only one" })));
    expect(answers.map((it) => it.status).toSorted()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
    const created = answers.find((it) => it.status === 201)?.body.folderId;
    const mine = (await scan(firm)).filter((it) => it["name"] === "Only one");
    expect(mine.map((it) => it["folderId"])).toEqual([created]);
    expect((await recordsOf(firm)).filter((it) => it["action"] === "folders.create" && it["result"] === "granted" && it["about"].folderId === created)).toHaveLength(1);
  });

  it("records the failure of a request that had got halfway", async () => {
    const trail = new Trail("members.invite", "req_x");
    const request = { principal: { kind: "system", name: "test" }, now: toInstant(firm.clock()), trail } as const;
    const ledger = new TableLedger(table);
    await ledger.commit(request, [], { action: "members.invite-begun" });
    expect(trail.recorded).toBe(false);
    await ledger.commit(request, []);
    expect(trail.recorded).toBe(true);
  });

  it("lets no handler mail or count: nothing happens while the bus holds, everything after", async () => {
    const known = await firm.share(caseId, { documentIds: [documentId] });
    let email = "";
    await held(async () => {
      const before = await counters();
      ({ emails: [email = ""] } = await newShare());
      const { cookie } = await openLink(firm, known.path);
      expect((await submit(firm, `${known.path}/documents/${documentId}`, { nonce: (await formOf(firm, known.path, cookie)).nonce }, cookie)).status).toBe(303);
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await mailsTo(firm.mail, email)).toEqual([]);
      expect(await counters()).toEqual(before);
    });
    expect(await mailsTo(firm.mail, email)).toHaveLength(1);
    const { items } = await expectOk(firm.admin.call("GET", "/staff/stats/access?groupBy=document"));
    expect(items).toEqual([{ key: documentId, label: "A.pdf", count: 1, people: 1, previews: 0 }]);
  });

  describe("mails", () => {
    it("are sent once, however often and in whatever order the events come, at once too", async () => {
      await held(async () => {
        const shares = [await newShare(3), await newShare(2)];
        const events = shares.map((it) => it.event);
        sent.length = 0;
        const notify = notifyWith({ send: async (mail) => { sent.push(mail); } });
        await Promise.all([notify(batchOf(...events)), notify(batchOf(...events.toReversed())), notify(batchOf(...events, ...events))]);
        for (let again = 0; again < 2; again++) expect(await notify(batchOf(...events.toReversed(), ...events))).toEqual({ batchItemFailures: [] });
        expect(sent.map((it) => it.to).toSorted()).toEqual(shares.flatMap((it) => it.emails).toSorted());
      });
      // The bus delivered the same events just now: they are done.
      for (const { to } of sent) expect(await mailsTo(firm.mail, to)).toEqual([]);
    });

    it("come again after the lease when the mail service took one and the consumer died before it could say so, and only then", async () => {
      await held(async () => {
        const { event, emails } = await newShare();
        sent.length = 0;
        let dies = true;
        const notify = notifyWith({ send: async (mail) => { sent.push(mail); if (dies) throw new Error("The answer never came."); } });
        const failed = { batchItemFailures: [{ itemIdentifier: "m0" }] };
        expect(await notify(batchOf(event))).toEqual(failed);
        dies = false;
        expect(await notify(batchOf(event)), "the message stays in the queue while the claim is held").toEqual(failed);
        expect(sent).toHaveLength(1);
        firm.clock.offset += 91_000;
        try {
          expect(await notify(batchOf(event))).toEqual({ batchItemFailures: [] });
          expect(await notify(batchOf(event))).toEqual({ batchItemFailures: [] });
        } finally {
          firm.clock.offset = 0;
        }
        expect(sent.map((it) => it.to)).toEqual([emails[0], emails[0]]);
        expect(sent[1], "the same mail to the letter, with the event's id").toEqual(sent[0]);
      });
    });

    it("to one address that cannot be reached do not hold up the others, and only that message comes again", async () => {
      await held(async () => {
        const [bad, good] = [await newShare(4), await newShare()];
        sent.length = 0;
        const notify = notifyWith({ send: async (mail) => { if (mail.to === bad.emails[1]) throw new Error("550"); sent.push(mail); } });
        expect(await notify(batchOf(bad.event, good.event))).toEqual({ batchItemFailures: [{ itemIdentifier: "m0" }] });
        expect(sent.map((it) => it.to).toSorted()).toEqual([bad.emails[0], bad.emails[2], bad.emails[3], good.emails[0]].toSorted());
      });
    });

    it("are not written for a link that was revoked before its event arrived", async () => {
      await held(async () => {
        const { event, shareId } = await newShare(2);
        await firm.admin.call("DELETE", `/staff/shares/${shareId}`);
        sent.length = 0;
        expect(await notifyWith({ send: async (mail) => { sent.push(mail); } })(batchOf(event))).toEqual({ batchItemFailures: [] });
        expect(sent).toEqual([]);
      });
    });
  });

  it("moves a counter once for each event, whatever the order, the batches and the repetitions", async () => {
    const statistics = statisticsIn(table);
    const stats = statsConsumer({ statistics });
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(3), { minLength: 1, maxLength: 16 }), fc.infiniteStream(fc.nat(1000)), async (whose, dice) => {
      const id = <K extends Parameters<typeof newId>[0]>(kind: K) => newId(kind, new Date());
      const people = Array.from({ length: 4 }, () => id("recipient"));
      const document = id("document");
      const events = whose.map((who): AuditEvent => ({ eventId: id("event"), at: toInstant(firm.clock()), action: "share.download", who: { kind: "recipient", id: people[who]! }, about: { documentId: document }, result: "granted", requestId: "r" }));
      const shuffled = [...events, ...events, ...events].map((event) => ({ event, at: dice.next().value as number })).toSorted((a, b) => a.at - b.at).map((it) => outboxEvent({ ...it.event }));
      const middle = Math.ceil(shuffled.length / 2);
      const replies = await Promise.all([stats(batchOf(...shuffled.slice(0, middle))), stats(batchOf(...shuffled.slice(middle)))]);
      for (const reply of replies) if (reply.batchItemFailures.length > 0) await stats(batchOf(...shuffled));
      const month = events[0]!.at.slice(0, 7);
      expect((await statistics.accesses("document", [month])).find((it) => it.key === document)).toMatchObject({ key: document, count: events.length, people: new Set(whose).size, previews: 0 });
    }), { numRuns: 12 });
  });
});
