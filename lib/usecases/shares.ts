import { createHash } from "node:crypto";
import type { CaseId, DocumentId, FolderId, RecipientId, ShareId } from "../domain/ids.ts";
import { newId } from "../domain/ids.ts";
import type { StaffPrincipal } from "../domain/principal.ts";
import { invalid } from "../domain/refusal.ts";
import type { Link, Share } from "../domain/share.ts";
import { plusDays, type Instant } from "../domain/time.ts";
import { enterCase } from "./cases.ts";
import { found, sameRevision } from "./people.ts";
import type { Ports } from "./ports.ts";
import type { Request } from "./request.ts";
import { liveAmong, liveFolder } from "./tree.ts";

type Staff = Request<StaffPrincipal>;
type Deps = Pick<Ports, "ledger" | "cases" | "documents" | "shares" | "links" | "firm">;

export interface ShareInput {
  readonly folderId?: FolderId | undefined;
  readonly documentIds?: readonly DocumentId[] | undefined;
  readonly recipients: readonly { readonly email: string; readonly name?: string | undefined; readonly locale?: Link["locale"] | undefined }[];
  readonly message?: string | undefined;
  readonly expiresAt?: Instant | undefined;
  readonly maxDownloads?: number | undefined;
}

/** What the table keeps of a token: its SHA-256. A stolen table opens no link. */
export const linkHashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

/** Shares a folder or a selection by e-mail: one link per recipient, derived, never stored and in no answer. `notify` writes the mails. */
export const createShare = ({ ledger, cases, documents, shares, links, firm }: Deps) =>
  async (request: Staff, caseId: CaseId, input: ShareInput): Promise<Share> => {
    const kase = await enterCase({ cases, firm }, request, caseId);
    const { selection, ...hint } = await selectionOf(documents, caseId, input);
    const expiresAt = input.expiresAt ?? plusDays(request.now, firm.defaultShareDays);
    if (expiresAt <= request.now) throw invalid("body.expiresAt", "Is over already.");
    if (expiresAt > plusDays(request.now, firm.maxShareDays)) throw invalid("body.expiresAt", `Is more than ${firm.maxShareDays} days away, the firm's longest.`);
    const addresses = input.recipients.map((it) => it.email);
    const repeated = addresses.findIndex((email, index) => addresses.indexOf(email) !== index);
    if (repeated >= 0) throw invalid(`body.recipients.${repeated}.email`, "Is there twice.");

    const shareId = newId("share", new Date(request.now));
    const keyVersion = await links.currentVersion();
    const common = { shareId, caseId, clientId: kase.clientId, sharedBy: request.principal.memberId, generation: 1, keyVersion, expiresAt, ...(input.maxDownloads && { maxDownloads: input.maxDownloads }), downloads: 0, ...hint };
    const addressed = await Promise.all(input.recipients.map(async ({ email, name, locale }) => {
      const recipientId = newId("recipient", new Date(request.now));
      const linkHash = linkHashOf(await links.token({ shareId, recipientId, generation: 1, keyVersion }));
      const link: Link = { ...common, recipientId, linkHash, locale: locale ?? firm.locale };
      return { link, recipient: { recipientId, email, ...(name && { name }), locale: link.locale, linkHash } };
    }));
    const share: Share = {
      shareId, caseId, clientId: kase.clientId, sharedBy: request.principal.memberId, senderName: request.principal.name, selection, ...(input.message && { message: input.message }),
      expiresAt, ...(input.maxDownloads && { maxDownloads: input.maxDownloads }), recipients: addressed.map((it) => it.recipient), createdAt: request.now, revision: 1,
    };
    await ledger.commit(request, [shares.add(share, addressed.map((it) => it.link))], { about: { shareId } });
    return share;
  };

const selectionOf = async (documents: Ports["documents"], caseId: CaseId, { folderId, documentIds }: ShareInput): Promise<Pick<Share, "selection"> & Pick<Link, "folderPath">> => {
  if (folderId !== undefined) {
    const folder = await liveFolder({ documents }, caseId, folderId);
    if (folder === null) throw invalid("body.folderId", "Is not a folder of this case.");
    return { selection: { kind: "folder", folderId }, folderPath: [...folder.ancestors, folderId] };
  }
  const wanted = [...new Set(documentIds)];
  const known = new Set((await liveAmong({ documents }, caseId, await documents.byIds(caseId, wanted))).map(({ it }) => it.documentId));
  const missing = wanted.findIndex((id) => !known.has(id));
  if (missing >= 0) throw invalid(`body.documentIds.${missing}`, "Is not a document of this case.");
  return { selection: { kind: "documents", documentIds: wanted } };
};

/** A share as staff see it, with what happened to each link. */
export interface ShareInUse {
  readonly share: Share;
  readonly links: ReadonlyMap<RecipientId, Link>;
}

export const readShare = ({ shares, cases, firm }: Pick<Ports, "shares" | "cases" | "firm">) =>
  async (request: Staff, shareId: ShareId): Promise<ShareInUse> => {
    const share = await enterShare({ shares, cases, firm }, request, shareId);
    const links = await shares.links(share.recipients.map((it) => it.linkHash));
    return { share, links: new Map(links.map((link) => [link.recipientId, link])) };
  };

/** Shuts every link of the share on the next request. */
export const revokeShare = (deps: Pick<Ports, "ledger" | "shares" | "cases" | "firm">) =>
  async (request: Staff, shareId: ShareId, read: number | null): Promise<void> => {
    const share = await enterShare(deps, request, shareId);
    if (read !== null) sameRevision(share, read);
    await deps.ledger.commit(request, [deps.shares.revoke(share, request.now)]);
  };

export const revokeRecipient = (deps: Pick<Ports, "ledger" | "shares" | "cases" | "firm">) =>
  async (request: Staff, shareId: ShareId, recipientId: RecipientId): Promise<void> => {
    const share = await enterShare(deps, request, shareId);
    request.trail.concerns({ recipientId });
    const recipient = found(share.recipients.find((it) => it.recipientId === recipientId) ?? null);
    const link = found(await deps.shares.link(recipient.linkHash));
    await deps.ledger.commit(request, [deps.shares.revokeLink(link, request.now)]);
  };

const enterShare = async ({ shares, cases, firm }: Pick<Ports, "shares" | "cases" | "firm">, request: Staff, shareId: ShareId): Promise<Share> => {
  request.trail.concerns({ shareId });
  const share = found(await shares.get(shareId));
  await enterCase({ cases, firm }, request, share.caseId);
  return share;
};
