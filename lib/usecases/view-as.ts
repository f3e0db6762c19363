import type { ContactId } from "../domain/ids.ts";
import type { StaffPrincipal, ViewerPrincipal } from "../domain/principal.ts";
import { Refusal } from "../domain/refusal.ts";
import { found } from "./people.ts";
import type { Ports } from "./ports.ts";
import type { Request } from "./request.ts";

/**
 * Staff look at things as a contact sees them: the client's own verbs run under a principal that names both people and that no verb which
 * changes or hands out takes. The look's record names both.
 */
export const viewAs = ({ people }: Pick<Ports, "people">) =>
  async (request: Request<StaffPrincipal>, contactId: ContactId): Promise<Request<ViewerPrincipal>> => {
    request.trail.concerns({ contactId });
    const contact = found(await people.contact(contactId));
    request.trail.looksAs(contactId);
    // A shut door shows nothing to look at; an invited person who has not come yet would see what is there.
    if (contact.suspended) throw new Refusal("conflict", "This contact is suspended and sees nothing.");
    const { clientIds, since, name, locale } = contact;
    return { principal: { kind: "viewer", member: request.principal, contact: { kind: "contact", contactId, clientIds, since, name, locale } }, now: request.now, trail: request.trail };
  };
