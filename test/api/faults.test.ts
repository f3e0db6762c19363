import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callerOf, expectOk, sha256Of, type Answer, type Caller } from "../../local/caller.ts";
import { openLink, startTestFirm, type TestFirm } from "./firm.ts";
import { recordsOf } from "./probe.ts";

type Output = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any -- what the SDK answers is whatever it answers
type Next = (args: { input: unknown }) => Promise<unknown>;
interface Stack { add(middleware: (next: Next, context: { commandName?: string }) => Next, options: { step: "initialize" | "finalizeRequest"; name: string; priority?: "low" }): void }

/** What a call to the table comes to instead of its answer. */
type Fault = (input: Output, answer: () => Promise<Output>) => Promise<unknown>;
const thrown = (name: string, more: object = {}): Fault => () => Promise.reject(Object.assign(new Error("The table does not answer."), { name, $metadata: {}, ...more }));
const anyCall: Readonly<Record<string, Fault>> = {
  "a throttle": thrown("ProvisionedThroughputExceededException", { $fault: "client" }),
  "a limit": thrown("RequestLimitExceeded", { $fault: "client" }),
  "a time-out": thrown("TimeoutError"),
  "a lost line": thrown("Error", { code: "ECONNRESET" }),
  "their own failure": thrown("InternalServerError", { $fault: "server" }),
};
/** Faults that only a batch can have: nothing of it was read, or all but its last item, and so again however often one asks. */
const unprocessed = ({ RequestItems }: Output): Promise<unknown> => Promise.resolve({ response: {}, output: { $metadata: {}, Responses: {}, UnprocessedKeys: RequestItems } });
const truncated: Fault = async ({ RequestItems }, answer) => {
  const [[table, request] = ["", { Keys: [] }]] = Object.entries(RequestItems as Record<string, { Keys: unknown[] }>);
  const whole = await answer();
  const items: unknown[] = whole["output"].Responses?.[table] ?? [];
  return { ...whole, output: { ...whole["output"], Responses: { [table]: items.slice(0, -1) }, UnprocessedKeys: { [table]: { ...request, Keys: request.Keys.slice(-1) } } } };
};

describe("a fault while a decision is read", () => {
  let firm: TestFirm;
  /** The calls of one request to the table, and what happens to which of them. */
  interface Watched { readonly commands: string[]; readonly at: (index: number, command: string) => Fault | undefined; readonly loses: Set<string> }
  let upcoming: Watched | null = null;
  // A refusal does not wait for what was read beside it: those calls are still that request's, though the next one has begun.
  const watched = new AsyncLocalStorage<Watched | null>();
  const begin = (): void => { watched.enterWith(upcoming); };
  type Ask = () => Promise<Answer>;
  let open: Readonly<Record<string, Ask>>;
  let shut: Readonly<Record<string, Ask>>;

  beforeAll(async () => {
    subscribe("http.server.request.start", begin);
    firm = await startTestFirm({}, { watch: (_, client) => {
      if (!(client instanceof DynamoDBClient)) return;
      // The kinds of client share this method but not its type.
      const stack = client.middlewareStack as Stack;
      // Behind the SDK's retries: what was asked was done, and its answer is lost once.
      stack.add((next, { commandName = "" }) => async (args) => {
        const answer = await next(args);
        if (watched.getStore()?.loses.delete(commandName)) throw Object.assign(new Error("No answer in time."), { name: "TimeoutError", $metadata: {} });
        return answer;
      }, { step: "finalizeRequest", name: "lose", priority: "low" });
      stack.add((next, { commandName = "" }) => async (args) => {
        const request = watched.getStore();
        const fault = request?.at(request.commands.push(commandName) - 1, commandName);
        return fault ? fault(args.input as Output, () => next(args) as Promise<Output>) : next(args); // the SDK passes its input and output as they are
      }, { step: "initialize", name: "fault" });
    } });
    const admin = callerOf(firm.api, firm.admin.token);
    const clientId = await firm.createClient();
    const [contact, stranger, adviser, outsider] = await Promise.all([firm.inviteContact(clientId), firm.inviteContact(clientId), firm.inviteMember("adviser"), firm.inviteMember("adviser")]);
    const { caseId } = await expectOk(admin("POST", "/staff/cases", { clientId, reference: "R", title: "T", restricted: true, adviserId: adviser.id, team: [firm.admin.id] }));
    const folder = async (body: object): Promise<string> => (await expectOk(admin("POST", `/staff/cases/${caseId}/folders`, body))).folderId;
    const outer = await folder({ name: "Outer" });
    const [inner, closed] = [await folder({ name: "Inner", parentId: outer }), await folder({ name: "Closed", parentId: outer, inherit: false })];
    const [documentId, hidden] = [await firm.upload(caseId, "Deep.pdf", Buffer.from("x"), inner), await firm.upload(caseId, "Hidden.pdf", Buffer.from("y"), closed)];
    await expectOk(admin("POST", `/staff/cases/${caseId}/grants`, { principal: { contactId: contact.id }, resource: { folderId: outer }, level: "upload" }));
    await expectOk(admin("POST", `/staff/cases/${caseId}/timeline`, { text: "x", visibleToClient: true }));
    const share = await firm.share(caseId, { folderId: outer }, callerOf(firm.api, adviser.token));
    const { cookie } = await openLink(firm, share.path);
    await expectOk(callerOf(firm.api, contact.token)("POST", `/client/cases/${caseId}/documents/${documentId}/download`));
    await firm.settle();

    let names = 0;
    const by = (call: Caller) => (method: string, path: string, body?: object, headers = {}): Ask => () => call(method, path, body, headers);
    const asked = (token: string, staffToken: string) => {
      const [client, staff] = [by(callerOf(firm.api, token)), by(callerOf(firm.api, staffToken))];
      const [ofClient, ofStaff, looked] = [`/client/cases/${caseId}`, `/staff/cases/${caseId}`, `/staff/view-as/${contact.id}/cases/${caseId}`];
      return {
        "client.download": client("POST", `${ofClient}/documents/${documentId}/download`), "client.items": client("GET", `${ofClient}/items?folderId=${inner}`), "client.items of the case": client("GET", `${ofClient}/items`), "client.case": client("GET", ofClient),
        "client.announce": client("POST", `${ofClient}/documents`, { name: `File ${++names}`, folderId: inner, contentType: "text/plain", size: 1, sha256: sha256Of(Buffer.from("x")) }),
        "cases.read": staff("GET", ofStaff), "documents.download": staff("POST", `${ofStaff}/documents/${documentId}/download`), "items.list": staff("GET", `${ofStaff}/items?folderId=${inner}`), "grants.list": staff("GET", `${ofStaff}/grants`),
        "access.explain": staff("GET", `/staff/access?contactId=${contact.id}&caseId=${caseId}&documentId=${documentId}`), "shares.read": staff("GET", `/staff/shares/${share.shareId}`),
        "view-as.case": staff("GET", looked), "view-as.items": staff("GET", `${looked}/items?folderId=${inner}`),
      };
    };
    const visitor = by(callerOf(firm.api, null));
    const json = { accept: "application/json" };
    const [client, staff] = [by(callerOf(firm.api, contact.token)), by(callerOf(firm.api, adviser.token))];
    open = {
      ...asked(contact.token, adviser.token),
      "client.cases": client("GET", "/client/cases"), "client.shared-with-me": client("GET", "/client/shared-with-me"),
      "cases.list": staff("GET", "/staff/cases"), "audit.list": staff("GET", `/staff/audit?caseId=${caseId}`), "statistics.access": staff("GET", "/staff/stats/access?groupBy=document"), "view-as.cases": staff("GET", `/staff/view-as/${contact.id}/cases`),
      "view-as.shared-with-me": staff("GET", `/staff/view-as/${contact.id}/shared-with-me`),
      "share.page": visitor("GET", share.path), "share.page, opened": visitor("GET", `${share.path}?folder=${inner}`, undefined, { cookie, ...json }), "share.open": visitor("POST", `${share.path}/open`, {}, json),
      "share.download": visitor("POST", `${share.path}/documents/${documentId}`, {}, { cookie, ...json }),
    };
    const ofStranger = asked(stranger.token, outsider.token);
    shut = {
      ...ofStranger,
      // Behind a folder that stops: what was given above must not reach it, whatever is not read.
      "client.download, stopped": client("POST", `/client/cases/${caseId}/documents/${hidden}/download`), "client.items, stopped": client("GET", `/client/cases/${caseId}/items?folderId=${closed}`),
      "share.download, stopped": visitor("POST", `${share.path}/documents/${hidden}`, {}, { cookie, ...json }), "share.page, stopped": visitor("GET", `${share.path}?folder=${closed}`, undefined, { cookie, ...json }),
    };
  }, 120_000);
  afterAll(async () => { unsubscribe("http.server.request.start", begin); await firm.stop(); });

  /** @returns the answer, and the calls to the table that it took. */
  const during = async (ask: Ask, at: Watched["at"] = () => undefined, loses = new Set<string>()) => {
    const commands: string[] = [];
    upcoming = { commands, at, loses };
    const { status, headers } = await ask();
    upcoming = null;
    return { status, headers, commands };
  };

  const kinds = Object.entries(anyCall);
  const faultsOf = async (asked: typeof open, isRight: (status: number) => boolean, isHealthy: (status: number) => boolean) => {
    const wrong: string[] = [];
    let tried = 0;
    const broken = async (what: string, it: Ask, at: Watched["at"]): Promise<void> => {
      tried += 1;
      const { status } = await during(it, at);
      if (!isRight(status)) wrong.push(`${what}: ${status}`);
    };
    for (const [what, it] of Object.entries(asked)) {
      const healthy = await during(it);
      if (!isHealthy(healthy.status)) wrong.push(`${what} without a fault: ${healthy.status}`);
      expect(healthy.commands.length, what).toBeGreaterThan(1);
      for (const [index, command] of healthy.commands.entries()) {
        // One of the kinds at each call, each kind at every fifth one.
        const [name, fault] = kinds[tried % kinds.length]!;
        await broken(`${what}, ${name} at call ${index + 1}, ${command}`, it, (at) => (at === index ? fault : undefined));
        if (command !== "BatchGetItemCommand") continue;
        // Counted among the batches alone: calls that run beside each other come in any order.
        const before = healthy.commands.slice(0, index).filter((other) => other === command).length;
        for (const [name, fault] of Object.entries({ unprocessed, truncated })) {
          let batches = 0;
          await broken(`${what}, ${name} from batch ${before + 1} on`, it, (_, now) => (now === command && batches++ >= before ? fault : undefined));
        }
      }
    }
    expect(wrong).toEqual([]);
    return tried;
  };

  it("is 503, at every call of every decision, and never yes", { timeout: 180_000 }, async () => {
    expect(await faultsOf(open, (status) => status === 503, (status) => status < 300)).toBeGreaterThan(150);
  });

  it("is 503 or the refusal that it would have been", { timeout: 180_000 }, async () => {
    expect(await faultsOf(shut, (status) => status === 503 || status === 404, (status) => status === 404)).toBeGreaterThan(75);
  });

  it("says when to come again, and is over when the table answers: a fault that passes changes nothing", async () => {
    const [download] = [open["client.download"]!];
    expect((await during(download, () => anyCall["a throttle"])).headers.get("retry-after")).toBe("5");
    expect((await during(download)).status).toBe(200);
    let batches = 0;
    const once = await during(download, (_, command) => (command === "BatchGetItemCommand" && batches++ === 0 ? truncated : undefined));
    expect([once.status, batches]).toEqual([200, expect.any(Number)]);
    expect(batches).toBeGreaterThan(1);
  });

  it("that loses the answer to a write leaves it written once, and the request as it was", async () => {
    for (const [what, command] of [["client.download", "PutItemCommand"], ["share.download", "TransactWriteItemsCommand"]] as const) {
      const loses = new Set<string>([command]);
      const { status, headers } = await during(open[what]!, undefined, loses);
      const records = (await recordsOf(firm)).filter((it) => it["requestId"] === headers.get("x-request-id"));
      expect([what, status < 400, loses.size, records.map((it) => it["result"])]).toEqual([what, true, 0, ["granted"]]);
    }
  });
});
