import type { ClientId, ContactId, MemberId, RecipientId, ShareId } from "./ids.ts";
import type { Role } from "./people.ts";
import type { Instant } from "./time.ts";

/** Who asks. The kind comes from where the proof was checked (which pool, which link), never from a claim, a header or a path. */
export interface StaffPrincipal { readonly kind: "member"; readonly memberId: MemberId; readonly role: Role; readonly advisers: readonly MemberId[]; readonly name: string }
export interface ContactPrincipal {
  readonly kind: "contact"; readonly contactId: ContactId; readonly clientIds: readonly ClientId[];
  /** When they were invited for each client. */
  readonly since: Readonly<Record<string, Instant>>; readonly name: string; readonly locale: "es" | "ca" | "en";
}
/** Staff who look at things as a contact sees them: no verb that changes or hands out takes such a principal. */
export interface ViewerPrincipal { readonly kind: "viewer"; readonly member: StaffPrincipal; readonly contact: ContactPrincipal }
export interface RecipientPrincipal { readonly kind: "recipient"; readonly recipientId: RecipientId; readonly shareId: ShareId }
export interface SystemPrincipal { readonly kind: "system"; readonly name: string }
export interface Anonymous { readonly kind: "anonymous" }

export type Principal = StaffPrincipal | ContactPrincipal | ViewerPrincipal | RecipientPrincipal | SystemPrincipal | Anonymous;
