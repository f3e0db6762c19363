import { Refusal } from "../domain/refusal.ts";
import type { Ports } from "./ports.ts";

/**
 * Links every member who can sign in already to the firm's identity provider; who is being invited is linked by inviting. `create` finds the
 * account that is there and goes on from it, so that this can be repeated as often as one likes.
 * @returns whom it linked, and whom the provider does not take: the others do not wait for them.
 */
export const linkMembers = ({ people, accounts }: Pick<Ports, "people" | "accounts">) =>
  async (): Promise<{ readonly linked: number; readonly refused: readonly string[] }> => {
    let linked = 0;
    const refused: string[] = [];
    for (let after: string | null = null; ;) {
      const { items, next } = await people.members({ limit: 100, after });
      for (const { email, account } of items) {
        if (account !== "active") continue;
        try {
          await accounts.create("staff", email, null);
          linked += 1;
        } catch (error) {
          if (!(error instanceof Refusal) || error.code !== "conflict") throw error;
          refused.push(email);
        }
      }
      if (next === null) return { linked, refused };
      after = next;
    }
  };
