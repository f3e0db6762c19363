import { expect } from "vitest";
import { expectOk, type Answer } from "../../local/caller.ts";
import { startTestFirm, type Person, type TestFirm } from "./firm.ts";
import { announce, complete, put, versionNow, type Announced } from "./probe.ts";

/** A firm with one case that a client may read, and what the tests of its documents say often. */
export interface Desk {
  readonly firm: TestFirm;
  readonly caseId: string;
  readonly clientId: string;
  readonly contact: Person;
  readonly staffDownload: (it: Pick<Announced, "documentId">, versionId?: string) => Promise<Answer>;
  readonly clientDownload: (it: Pick<Announced, "documentId">) => Promise<Answer>;
  readonly clientSees: () => Promise<string[]>;
  readonly publish: (it: Announced) => Promise<Answer>;
  /** Sent and said to be complete, and everything that follows from it has happened. */
  readonly uploaded: (bytes: Buffer, more?: Readonly<Record<string, unknown>>) => Promise<Announced>;
}

export const bytesOf = async (url: string): Promise<Buffer> => Buffer.from(await (await fetch(url)).arrayBuffer());

export const openDesk = async (profile: Readonly<Record<string, unknown>> = {}): Promise<Desk> => {
  const firm = await startTestFirm(profile);
  const clientId = await firm.createClient();
  const [contact, caseId] = [await firm.inviteContact(clientId), await firm.createCase(clientId)];
  await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/grants`, { principal: { clientId }, resource: {}, level: "read" }));
  /** What an upload comes to where the scan answers by itself. */
  const isDecided = async (it: Announced): Promise<boolean> => {
    const { state, draft, publishedAt } = await versionNow(firm, caseId, it);
    return state === "quarantined" || (state === "available" && (draft === true || publishedAt !== undefined));
  };
  return {
    firm, caseId, clientId, contact,
    staffDownload: (it, versionId) => firm.admin.call("POST", `/staff/cases/${caseId}/documents/${it.documentId}/download`, versionId ? { versionId } : undefined),
    clientDownload: (it) => contact.call("POST", `/client/cases/${caseId}/documents/${it.documentId}/download`),
    clientSees: async () => (await expectOk(contact.call("GET", `/client/cases/${caseId}/items?limit=100`))).items.map((it: { documentId: string }) => it.documentId),
    publish: (it) => firm.admin.call("POST", `/staff/cases/${caseId}/documents/${it.documentId}/versions/${it.versionId}/publish`),
    uploaded: async (bytes, more = {}) => {
      const it = await announce(firm, caseId, bytes, more);
      expect((await put(it, bytes)).status).toBe(200);
      await expectOk(complete(firm, caseId, it));
      if (firm.scanner.mode !== "auto") await firm.settle();
      else await expect.poll(() => isDecided(it), { timeout: 30_000, interval: 30 }).toBeTruthy();
      return it;
    },
  };
};
