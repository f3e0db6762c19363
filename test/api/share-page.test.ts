import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { composeSharePage } from "../../lib/compose.ts";
import { expectOk, sha256Of } from "../../local/caller.ts";
import { mailWith } from "../../local/people.ts";
import { formOf, openLink, submit } from "./firm.ts";
import { raw, recordsOf, stateOf } from "./probe.ts";
import { caseTitle, json, names, reserveFolder } from "./reserved-folder.ts";

const secretWords = [...Object.values(names), caseTitle, "Carpeta reservada", "12.345", "12345", "12,3"];
const agents = ["Mozilla/5.0 (Windows NT 10.0) Chrome/120", "Mozilla/5.0 (compatible; MSIE 9.0) SafeLinks", "ProofpointURLDefense", "Barracuda", "curl/8", "Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1", "", "HeadlessChrome", "Googlebot"];

const { firm, caseId, folderId, inner, ids, bytes, cookieOf, download } = await reserveFolder();

describe("the share page", () => {
  afterAll(() => firm.stop());

  const mailedPath = async (email: string): Promise<string> => (await mailWith(firm.mail, email, /http:\/\/127\.0\.0\.1:\d+(\/s\/[\w-]+)/))[1] ?? "";
  const linkOf = async (shareId: string, email: string) => (await expectOk(firm.admin.call("GET", `/staff/shares/${shareId}`))).recipients.find((it: { email: string }) => it.email === email);
  const isGone = ({ status, body }: { status: number; body: unknown }) => { expect(status).toBe(404); expect(body).toContain("Este enlace no abre"); };

  describe("before a person has opened it", () => {
    it("changes nothing and names nothing, however often and whoever looks", async () => {
      const share = await firm.share(caseId, { folderId, message: "Para usted" });
      await firm.settle();
      const before = await stateOf(firm);
      const bodies = await Promise.all(Array.from({ length: 50 }, (_, index) => raw(firm, index % 2 ? "GET" : "HEAD", share.path, { "user-agent": agents[index % agents.length] ?? "", ...(index % 3 === 0 && { accept: "application/json" }) })));
      await firm.settle();
      expect(await stateOf(firm)).toEqual(before);
      for (const { status, body, headers } of bodies) {
        expect(status).toBe(200);
        expect(headers["set-cookie"]).toBeUndefined();
        for (const word of secretWords) expect(`${body}${JSON.stringify(headers)}`).not.toContain(word);
        for (const id of Object.values(ids)) expect(body).not.toContain(id);
      }
      expect(bodies.filter((it, index) => index % 2 === 0 && it.body !== "")).toEqual([]);
      expect(await linkOf(share.shareId, share.email)).toMatchObject({ status: "sent", downloads: 0 });
      const records = (await recordsOf(firm)).filter((it) => it["about"].shareId === share.shareId && it["action"] === "share.page");
      expect(records.map((it) => it["who"].kind)).toEqual(Array.from({ length: 50 }, () => "anonymous"));
    });

    it("says who sends, what and until when, in the recipient's language", async () => {
      for (const [locale, door, list] of [["es", "le ha enviado documentos", "Descargar"], ["ca", "us ha enviat documents|li ha enviat documents", "Baixa|Descarrega"], ["en", "has sent you documents", "Download"]] as const) {
        const email = `${locale}${randomBytes(3).toString("hex")}@elsewhere.example`;
        await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/shares`, { folderId, recipients: [{ email, locale }] }));
        const link = await mailedPath(email);
        const { html } = await formOf(firm, link);
        expect(html).toContain(`<html lang="${locale}">`);
        expect(html).toMatch(new RegExp(door));
        const opened = await formOf(firm, link, await cookieOf(link));
        expect(opened.html).toContain(`<html lang="${locale}">`);
        expect(opened.html).toMatch(new RegExp(list));
      }
    });

    it("opens by a POST with the page's own nonce and by no other", async () => {
      const share = await firm.share(caseId, { folderId });
      const other = await firm.share(caseId, { folderId });
      const { nonce } = await formOf(firm, share.path);
      const { nonce: foreign } = await formOf(firm, other.path);
      firm.clock.offset -= 25 * 3_600_000;
      const { nonce: expired } = await formOf(firm, share.path);
      firm.clock.offset = 0;
      const session = (await cookieOf(other.path)).split("=")[1] ?? "";
      await firm.settle();
      const before = await stateOf(firm);
      const wrong: readonly Record<string, string>[] = [{}, { nonce: "" }, { nonce: "x.y" }, { nonce: foreign }, { nonce: expired }, { nonce: `${nonce.slice(0, -6)}AAAAAA` }, { nonce: nonce.replace(/^\d+/, (until) => String(Number(until) + 1)) }, { nonce: session }];
      for (const fields of wrong) {
        const answer = await submit(firm, `${share.path}/open`, fields);
        expect([answer.status, answer.headers.getSetCookie()], JSON.stringify(fields)).toEqual([400, []]);
        expect(await answer.text()).toContain('name="nonce"');
      }
      const asText = await fetch(`${firm.api}${share.path}/open`, { method: "POST", redirect: "manual", headers: { "content-type": "text/plain", accept: "application/json" }, body: "{}" });
      expect(asText.status).toBe(400);
      await firm.settle();
      expect(await stateOf(firm), "nothing is opened, nothing is counted").toEqual(before);
      expect(await linkOf(share.shareId, share.email)).toMatchObject({ status: "sent" });
      const records = (await recordsOf(firm)).filter((it) => it["action"] === "share.open" && it["about"].shareId === share.shareId);
      expect(records.map((it) => it["result"])).toEqual([...wrong, {}].map(() => "refused"));
      expect((await submit(firm, `${share.path}/open`, { nonce })).status).toBe(303);
      expect(await linkOf(share.shareId, share.email)).toMatchObject({ status: "opened" });
    });

    it("hands out nothing, and neither counts nor records a download", async () => {
      const share = await firm.share(caseId, { folderId });
      const { nonce } = await formOf(firm, share.path);
      await firm.settle();
      const before = await stateOf(firm);
      for (const cookie of ["", "__Secure-legajo=", "__Secure-legajo=1.x", "other=1"]) {
        const answer = await submit(firm, `${share.path}/documents/${ids.deed}`, { nonce }, cookie);
        expect([answer.status, answer.headers.get("location")]).toEqual([303, share.path]);
      }
      const asked = await firm.anyone("POST", `${share.path}/documents/${ids.deed}`, {}, json());
      expect([asked.status, asked.body.code]).toEqual([401, "unauthenticated"]);
      const unnonced = await submit(firm, `${share.path}/documents/${ids.deed}`, {}, await cookieOf(share.path));
      expect([unnonced.status, unnonced.headers.get("location")]).toEqual([303, share.path]);
      await firm.settle();
      expect((await stateOf(firm)).filter((it) => /^(STATS#document|PEOPLE#document)/.test(it["pk"]))).toEqual(before.filter((it) => /^(STATS#document|PEOPLE#document)/.test(it["pk"])));
      expect(await linkOf(share.shareId, share.email)).toMatchObject({ downloads: 0 });
      const records = (await recordsOf(firm)).filter((it) => it["action"] === "share.download" && it["about"].shareId === share.shareId);
      expect(records.map((it) => it["result"])).toEqual(Array.from({ length: 6 }, () => "refused"));
      expect((await formOf(firm, share.path, await cookieOf(share.path))).html).not.toContain("Descargado");
    });
  });

  describe("its session", () => {
    it("is a cookie of this link alone, for a quarter of an hour, out of reach of scripts", async () => {
      const share = await firm.share(caseId, { folderId });
      const { nonce } = await formOf(firm, share.path);
      const [cookie = "", ...more] = (await submit(firm, `${share.path}/open`, { nonce })).headers.getSetCookie();
      expect(more).toEqual([]);
      expect(cookie.split("; ").slice(1).toSorted()).toEqual(["HttpOnly", "Max-Age=900", `Path=${share.path}`, "SameSite=Lax", "Secure"]);
    });

    it("opens neither another link, nor after a quarter of an hour, nor with a letter changed", async () => {
      const [one, two] = [await firm.share(caseId, { folderId }), await firm.share(caseId, { folderId })];
      const cookie = await cookieOf(one.path);
      const [name = "", value = ""] = cookie.split("=");
      const [until = "", mac = ""] = value.split(".");
      const isDoor = async (path: string, given: string) => { expect((await formOf(firm, path, given)).html, given).not.toContain(names.deed); };
      expect((await formOf(firm, one.path, `x=1; ${cookie}; y=2`)).html).toContain(names.deed);
      await isDoor(two.path, cookie);
      const { nonce } = await formOf(firm, one.path);
      for (const given of [`${name}=${nonce}`, `${name}=${Number(until) + 1}.${mac}`, `${name}=${until}.${mac.startsWith("A") ? "B" : "A"}${mac.slice(1)}`, `${name}=${until}.${mac}.x`, `${name}=${until}.`, `${name}=.${mac}`, `legajo=${value}`, `${name}=9999999999999.${mac}`]) await isDoor(one.path, given);
      firm.clock.offset += 901_000;
      try {
        await isDoor(one.path, cookie);
      } finally {
        firm.clock.offset = 0;
      }
    });
  });

  describe("a link that opens nothing", () => {
    it("is the same page to the byte whether it is unknown, malformed or revoked, and says nothing", async () => {
      const share = await firm.share(caseId, { folderId });
      await firm.admin.call("DELETE", `/staff/shares/${share.shareId}`);
      const token = share.path.slice(3);
      const paths = [share.path, `/s/${"A".repeat(43)}`, "/s/%00", "/s/..%2F..%2Fetc%2Fpasswd", "/s/%E0%A4%A", `/s/${"a".repeat(9900)}`, "/s/%F0%9F%94%91", `/s/${token}%20`, `/s/${token.toLowerCase()}`, `/s/${token}=`, `/s/${token}%0A`, "/s/__proto__", "/s/constructor", "/s/'%20OR%201=1--"];
      const answers = await Promise.all(paths.map((path) => raw(firm, "GET", path)));
      const [first] = answers;
      isGone(first!);
      for (const [index, answer] of answers.entries()) {
        expect([answer.status, answer.body === first!.body], paths[index]?.slice(0, 60)).toEqual([404, true]);
        const { date: _date, "x-request-id": _id, ...headers } = answer.headers;
        const { date: _date2, "x-request-id": _id2, ...expected } = first!.headers;
        expect(headers).toEqual(expected);
      }
      for (const path of [share.path, paths[1]]) for (const action of ["/open", `/documents/${ids.deed}`]) {
        const answer = await submit(firm, `${path}${action}`, {});
        expect([answer.status, await answer.text()]).toEqual([404, first!.body]);
      }
      const [revoked, unknown] = [await firm.anyone("GET", share.path, undefined, json()), await firm.anyone("GET", paths[1] ?? "", undefined, json())];
      expect({ ...revoked.body, instance: "" }).toEqual({ ...unknown.body, instance: "" });
    });

    it("says when it expired and nothing else when it is over", async () => {
      const expiresAt = new Date(firm.clock().getTime() + 3_600_000).toISOString();
      const share = await firm.share(caseId, { folderId, expiresAt, message: "Secreto del mensaje" });
      const { cookie } = await openLink(firm, share.path);
      const { nonce } = await formOf(firm, share.path, cookie);
      await firm.settle(); // opening it is counted a moment later
      firm.clock.offset += 3_600_000;
      try {
        const before = await stateOf(firm);
        for (const answer of [await raw(firm, "GET", share.path, { cookie }), await raw(firm, "GET", share.path)]) {
          expect(answer.status).toBe(410);
          for (const word of [...secretWords, "Secreto del mensaje", "Ada Min"]) expect(answer.body).not.toContain(word);
          expect(answer.body).toContain("caducado");
        }
        expect([(await submit(firm, `${share.path}/open`, { nonce }, cookie)).status, (await submit(firm, `${share.path}/documents/${ids.deed}`, { nonce }, cookie)).status]).toEqual([410, 410]);
        expect((await raw(firm, "GET", share.path, json())).body).toContain('"code":"gone"');
        expect(await stateOf(firm)).toEqual(before);
      } finally {
        firm.clock.offset = 0;
      }
    });

    it("bites on the next request, and leaves the others as they were", async () => {
      const emails = [1, 2].map(() => `r${randomBytes(4).toString("hex")}@elsewhere.example`);
      const { share, recipients } = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/shares`, { folderId, recipients: emails.map((email) => ({ email })) }));
      const [one = "", two = ""] = await Promise.all(emails.map(mailedPath));
      expect(one).not.toBe(two);
      const [cookieOne, cookieTwo] = [await cookieOf(one), await cookieOf(two)];
      const { nonce } = await formOf(firm, one, cookieOne);
      expect((await firm.admin.call("DELETE", `/staff/shares/${share.shareId}/recipients/${recipients[0].recipientId}`)).status).toBe(204);
      isGone(await raw(firm, "GET", one, { cookie: cookieOne }));
      expect((await submit(firm, `${one}/documents/${ids.deed}`, { nonce }, cookieOne)).status).toBe(404);
      expect((await submit(firm, `${one}/open`, { nonce })).status).toBe(404);
      expect((await download(two, ids.deed, cookieTwo)).status).toBe(303);
      expect((await expectOk(firm.admin.call("GET", `/staff/shares/${share.shareId}`))).recipients).toMatchObject([{ status: "revoked" }, { status: "opened", downloads: 1 }]);
      expect((await firm.admin.call("DELETE", `/staff/shares/${share.shareId}`)).status).toBe(204);
      isGone(await raw(firm, "GET", two, { cookie: cookieTwo }));
    });
  });

  describe("the number of downloads", () => {
    it("is kept exactly when twenty come at once, for each recipient alone", async () => {
      const emails = [1, 2].map(() => `r${randomBytes(4).toString("hex")}@elsewhere.example`);
      const { share } = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/shares`, { documentIds: [ids.deed], maxDownloads: 5, recipients: emails.map((email) => ({ email })) }));
      const [one = "", two = ""] = await Promise.all(emails.map(mailedPath));
      const [cookie, cookieTwo] = [await cookieOf(one), await cookieOf(two)];
      const { nonce, html } = await formOf(firm, one, cookie);
      expect(html).toContain("5");
      const answers = await Promise.all(Array.from({ length: 20 }, () => submit(firm, `${one}/documents/${ids.deed}`, { nonce }, cookie)));
      const statuses = answers.map((it) => it.status);
      expect([statuses.filter((it) => it === 303).length, statuses.filter((it) => it === 410).length]).toEqual([5, 15]);
      expect(await answers.find((it) => it.status === 410)?.text()).toContain("<h1>");
      expect((await download(two, ids.deed, cookieTwo)).status).toBe(303);
      expect((await expectOk(firm.admin.call("GET", `/staff/shares/${share.shareId}`))).recipients).toMatchObject([{ downloads: 5 }, { downloads: 1 }]);
      const granted = (await recordsOf(firm)).filter((it) => it["action"] === "share.download" && it["about"].shareId === share.shareId && it["result"] === "granted");
      expect(granted).toHaveLength(6);
    });
  });

  describe("in JSON", () => {
    it("opens with the list and the cookie, and hands out a URL for the bytes", async () => {
      const { path } = await firm.share(caseId, { folderId });
      const door = await firm.anyone("GET", path, undefined, json());
      expect([door.status, door.body.state, door.headers.getSetCookie()]).toEqual([200, "closed", []]);
      for (const word of secretWords) expect(JSON.stringify(door.body)).not.toContain(word);
      const opened = await firm.anyone("POST", `${path}/open`, {}, json());
      expect(opened.status).toBe(200);
      expect(opened.body.items).toMatchObject([{ kind: "folder", folderId: inner, name: "Dentro" }, { kind: "document", documentId: ids.deed, name: names.deed, size: 12_345, sha256: sha256Of(bytes.deed) }]);
      expect(JSON.stringify(opened.body)).not.toMatch(/s3VersionId|folderPath|caseId/);
      const cookie = opened.headers.getSetCookie()[0]?.split(";")[0] ?? "";
      expect((await firm.anyone("GET", path, undefined, json(cookie))).body.items).toEqual(opened.body.items);
      const file = await expectOk(firm.anyone("POST", `${path}/documents/${ids.deed}`, {}, json(cookie)));
      expect(Object.keys(file).toSorted()).toEqual(["expiresAt", "fileName", "url"]);
      expect(new URL(file.url).searchParams.get("X-Amz-Expires")).toBe("60");
      expect(sha256Of(Buffer.from(await (await fetch(file.url)).arrayBuffer()))).toBe(sha256Of(bytes.deed));
      expect((await firm.anyone("POST", `${path}/documents/${ids.beside}`, {}, json(cookie))).body).toMatchObject({ status: 404, code: "not_found" });
    });
  });

  describe("every page", () => {
    it("allows no script, no frame and no address but the bucket's, and holds none", async () => {
      const { path } = await firm.share(caseId, { folderId, message: '<script>alert(1)</script>"><img src=x onerror=alert(2)>' });
      const cookie = await cookieOf(path);
      for (const answer of [await raw(firm, "GET", path), await raw(firm, "GET", path, { cookie }), await raw(firm, "GET", "/s/none"), await raw(firm, "POST", `${path}/open`, { "content-type": "application/x-www-form-urlencoded" }, "nonce=x")]) {
        const policy = String(answer.headers["content-security-policy"]);
        expect(policy).toContain("default-src 'none'");
        expect(policy).toContain(`form-action 'self' ${new URL(firm.s3).origin}`);
        expect(policy).toContain("frame-ancestors 'none'");
        expect(policy).not.toMatch(/unsafe|script-src|\*/);
        expect(answer.headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff", "x-request-id": expect.stringMatching(/^req_/) });
        expect(answer.body).not.toMatch(/<script|javascript:|<img src=x/i);
        expect(answer.body).toMatch(/^<!doctype html>/);
      }
    });

    it("says that a method is not known here, and which ones are", async () => {
      const { path } = await firm.share(caseId, { folderId });
      const event = { version: "2.0", routeKey: "$default", rawPath: path, rawQueryString: "", headers: {}, pathParameters: { token: path.slice(3) }, isBase64Encoded: false, requestContext: { http: { method: "PUT", path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "" }, requestId: "x" } };
      const answer = await firm.handlers["share-page"](event as never, {} as never);
      expect(answer).toMatchObject({ statusCode: 405, headers: { allow: "GET, HEAD", "content-type": "text/html; charset=utf-8" }, body: expect.stringContaining("<h1>") });
      for (const method of ["PUT", "PATCH", "DELETE", "POST"]) expect([method, (await raw(firm, method, path)).status]).toEqual([method, 405]);
    });

    it("says that the service does not answer when the table does not, and gives nothing away", async () => {
      const { path } = await firm.share(caseId, { folderId });
      const dynamodb = process.env["AWS_ENDPOINT_URL_DYNAMODB"];
      process.env["AWS_ENDPOINT_URL_DYNAMODB"] = "http://127.0.0.1:9";
      try {
        const page = composeSharePage({ TABLE_NAME: firm.table, BUCKET_NAME: firm.bucket, LINK_KEY_SECRET: "x", CURSOR_KEY_SECRET: "x", BUCKET_ORIGIN: "http://127.0.0.1:1", FIRM: { name: "Bufete", locale: "es", timeZone: "Europe/Madrid", colour: "#1f4e79", phone: "1", address: "x", maxShareDays: 90, defaultShareDays: 30, maxUploadBytes: 10 } } as never, { clock: firm.clock } as never);
        const event = { version: "2.0", routeKey: "GET /s/{token}", rawPath: path, rawQueryString: "", headers: {}, pathParameters: { token: path.slice(3) }, isBase64Encoded: false, requestContext: { http: { method: "GET", path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "" }, requestId: "x" } };
        expect(await page(event as never, {} as never)).toMatchObject({ statusCode: 503, headers: { "content-type": "text/html; charset=utf-8", "retry-after": "5" }, body: expect.stringContaining("<h1>") });
      } finally {
        process.env["AWS_ENDPOINT_URL_DYNAMODB"] = dynamodb;
      }
    });
  });
});
