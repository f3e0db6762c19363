import type { AuditEvent } from "../domain/event.ts";
import type { Instant } from "../domain/time.ts";
import type { MemberId } from "../domain/ids.ts";
import { contactInvitation, memberInvitation } from "../mail/invitations.ts";
import { shareMail } from "../mail/share-mail.ts";
import { threatMail } from "../mail/threat.ts";
import type { Mail, Ports } from "./ports.ts";

export interface MailSettings {
  readonly publicUrl: string;
  readonly portalUrl: string;
  readonly staffAppUrl: string;
  /** The local cloud's people sign in with a first password that their mail shows; AWS's clients get a code, its staff a temporary one. */
  readonly passwordFor: { readonly member: boolean; readonly contact: boolean };
}
type Deps = Pick<Ports, "people" | "cases" | "documents" | "shares" | "links" | "firm">;
type Written = Omit<Mail, "eventId"> & { readonly part: string };

/** The mails that an event asks for. Links and first passwords are derived again, so that nothing had to be stored for them. */
export const mailsFor = (deps: Deps, settings: MailSettings) =>
  async (event: AuditEvent): Promise<readonly Written[]> => {
    const { firm, people } = deps;
    switch (event.action) {
      case "members.invite": {
        const member = event.about.memberId ? await people.member(event.about.memberId) : null;
        if (member === null) return [];
        const password = settings.passwordFor.member ? await deps.links.firstPassword(member.memberId, member.keyVersion) : undefined;
        const mail = memberInvitation({ firm, locale: firm.locale, name: member.name, role: member.role, email: member.email, signInUrl: settings.staffAppUrl, password });
        return [{ to: member.email, part: member.memberId, ...mail }];
      }
      case "contacts.invite":
      case "collaborators.invite": {
        const contact = event.about.contactId ? await people.contact(event.about.contactId) : null;
        if (contact === null) return [];
        const password = settings.passwordFor.contact ? await deps.links.firstPassword(contact.contactId, contact.keyVersion) : undefined;
        const mail = contactInvitation({ firm, locale: contact.locale, name: contact.name, email: contact.email, portalUrl: settings.portalUrl, password });
        return [{ to: contact.email, part: contact.contactId, ...mail }];
      }
      case "shares.create":
        return event.about.shareId ? shareMails(deps, settings, event.about.shareId) : [];
      case "version.quarantined":
        return threatMails(deps, settings, event.about);
      default:
        return [];
    }
  };

/** To the adviser in charge; while they are suspended, to whoever else works on the case. */
const threatMails = async ({ people, cases, documents, firm }: Deps, { staffAppUrl }: MailSettings, { caseId, documentId }: AuditEvent["about"]): Promise<readonly Written[]> => {
  const [kase, document] = caseId && documentId ? await Promise.all([cases.get(caseId), documents.get(caseId, documentId)]) : [null, null];
  if (kase === null || document === null) return [];
  const active = async (ids: readonly MemberId[]) => (await people.membersBy(ids)).filter((it) => !it.suspended);
  const adviser = await active([kase.adviserId]);
  return (adviser.length > 0 ? adviser : await active(kase.team)).map((reader) => ({
    to: reader.email, part: reader.memberId,
    ...threatMail({ firm, locale: firm.locale, name: reader.name, caseReference: kase.reference, documentName: document.name, staffAppUrl }),
  }));
};

const shareMails = async ({ shares, links, firm }: Deps, { publicUrl }: MailSettings, shareId: NonNullable<AuditEvent["about"]["shareId"]>): Promise<readonly Written[]> => {
  const share = await shares.get(shareId);
  if (share === null || share.revokedAt !== undefined) return [];
  const known = new Map((await shares.links(share.recipients.map((it) => it.linkHash))).map((link) => [link.recipientId, link]));
  return Promise.all(share.recipients.flatMap((recipient) => {
    const link = known.get(recipient.recipientId);
    return link === undefined || link.revokedAt !== undefined ? [] : [(async () => {
      const token = await links.token(link);
      const mail = shareMail({
        firm, locale: recipient.locale, senderName: share.senderName, recipientName: recipient.name, message: share.message, link: `${publicUrl}/s/${token}`,
        expiresAt: share.expiresAt, asksPasscode: false,
      });
      return { to: recipient.email, part: recipient.recipientId, ...mail };
    })()];
  }));
};

/**
 * Sends what an event asks for, each mail once however often the event arrives. A mail whose sending failed, or that another invocation is
 * sending, does not hold up the others; the event comes again for it.
 * @throws the first failure, when all was tried.
 */
export const sendMailsFor = (deps: Deps & Pick<Ports, "claims" | "mailer">, settings: MailSettings) =>
  async (event: AuditEvent, clock: () => Instant): Promise<void> => {
    const failures: unknown[] = [];
    for (const { part, ...mail } of await mailsFor(deps, settings)(event)) {
      try {
        if (!(await deps.claims.take(event.eventId, part, clock()))) continue;
        await deps.mailer.send({ ...mail, eventId: event.eventId });
        await deps.claims.done(event.eventId, part, clock());
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
