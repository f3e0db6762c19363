import {
  AdminCreateUserCommand, AdminDisableUserCommand, AdminEnableUserCommand, AdminGetUserCommand, AdminSetUserPasswordCommand, AdminUserGlobalSignOutCommand,
  type AttributeType, type CognitoIdentityProviderClient,
} from "@aws-sdk/client-cognito-identity-provider";
import type { Accounts, Pool } from "../usecases/ports.ts";

/**
 * How a first sign-in works: `temporary` is a password to change at the first sign-in (staff on AWS), `none` means e-mailed codes and
 * passkeys (clients on AWS), `permanent` exists for the local cloud, whose emulator knows neither.
 */
export type FirstPassword = "temporary" | "none" | "permanent";

interface UserPool {
  readonly userPoolId: string;
  readonly firstPassword: FirstPassword;
}

const subOf = (attributes: readonly AttributeType[] | undefined): string => {
  const sub = attributes?.find((it) => it.Name === "sub")?.Value;
  if (sub === undefined) throw new Error("A user without a sub.");
  return sub;
};

/** The pools' users, by e-mail address. Cognito sends no mail of its own: `notify` writes every mail. */
export const accountsIn = (client: CognitoIdentityProviderClient, pools: Readonly<Record<Pool, UserPool>>): Accounts => ({
  async create(pool, email, password) {
    const { userPoolId: UserPoolId, firstPassword } = pools[pool];
    const user = { UserPoolId, Username: email };
    let sub: string;
    try {
      const { User } = await client.send(new AdminCreateUserCommand({
        ...user, MessageAction: "SUPPRESS", UserAttributes: [{ Name: "email", Value: email }, { Name: "email_verified", Value: "true" }],
        ...(firstPassword === "temporary" && password !== null && { TemporaryPassword: password }),
      }));
      sub = subOf(User?.Attributes);
    } catch (error) {
      // An earlier try got this far: inviting goes on from here.
      if (!(error instanceof Error) || error.name !== "UsernameExistsException") throw error;
      sub = subOf((await client.send(new AdminGetUserCommand(user))).UserAttributes);
    }
    if (firstPassword === "permanent" && password !== null) await client.send(new AdminSetUserPasswordCommand({ ...user, Password: password, Permanent: true }));
    return { sub };
  },

  async setEnabled(pool, email, enabled) {
    const user = { UserPoolId: pools[pool].userPoolId, Username: email };
    await client.send(enabled ? new AdminEnableUserCommand(user) : new AdminDisableUserCommand(user));
  },

  async signOut(pool, email) {
    // The emulator knows no global sign-out; `tokensValidAfter` has shut the door already.
    if (pools[pool].firstPassword === "permanent") return;
    await client.send(new AdminUserGlobalSignOutCommand({ UserPoolId: pools[pool].userPoolId, Username: email }));
  },
});
