import {
  AdminCreateUserCommand, AdminDisableUserCommand, AdminEnableUserCommand, AdminGetUserCommand, AdminLinkProviderForUserCommand, AdminSetUserPasswordCommand, AdminUserGlobalSignOutCommand,
  type AttributeType, type CognitoIdentityProviderClient,
} from "@aws-sdk/client-cognito-identity-provider";
import { randomBytes } from "node:crypto";
import * as z from "zod/mini";
import { Refusal } from "../domain/refusal.ts";
import type { Accounts, Pool } from "../usecases/ports.ts";
import { answeredOr } from "./outage.ts";

/**
 * How a first sign-in works: `temporary` is a password to change at the first sign-in (staff on AWS), `none` means e-mailed codes and
 * passkeys (clients on AWS): a password that nobody knows, see `lockPassword`; `permanent` exists for the local cloud, whose emulator knows neither.
 */
export type FirstPassword = "temporary" | "none" | "permanent";

interface UserPool {
  readonly userPoolId: string;
  readonly firstPassword: FirstPassword;
  /** The firm's own provider of identities: whoever was invited comes through it as the user that inviting made, never as another one. */
  readonly provider?: string | undefined;
}

interface User {
  readonly username: string;
  readonly sub: string;
  readonly providers: readonly string[];
}

const identities = z.array(z.object({ providerName: z.string() }));

const userOf = (username: string | undefined, attributes: readonly AttributeType[] | undefined): User => {
  const valueOf = (name: string) => attributes?.find((it) => it.Name === name)?.Value;
  const sub = valueOf("sub");
  if (username === undefined || sub === undefined) throw new Error("A user without a name or a sub.");
  return { username, sub, providers: identities.parse(JSON.parse(valueOf("identities") ?? "[]")).map((it) => it.providerName) };
};

const named = (error: unknown, ...names: readonly string[]): boolean => error instanceof Error && names.includes(error.name);

/** The pools' users, by e-mail address. Cognito sends no mail of its own: `notify` writes every mail. */
export const accountsIn = (client: CognitoIdentityProviderClient, pools: Readonly<Record<Pool, UserPool>>): Accounts => {
  const answered = <T>(reply: Promise<T>): Promise<T> => answeredOr("The user pool does not answer. Repeat the request: it goes on where it stopped.", reply);

  const read = async (user: { readonly UserPoolId: string; readonly Username: string }): Promise<User> => {
    const { Username, UserAttributes } = await answered(client.send(new AdminGetUserCommand(user)));
    return userOf(Username, UserAttributes);
  };

  /**
   * By address, because the subject that the provider knows a person by is told only when they first come. The attribute is the pool's own
   * name for what the provider's claim is mapped to.
   * @throws Refusal `conflict` when Cognito does not link them.
   */
  const link = async (UserPoolId: string, email: string, { username }: User, provider: string): Promise<void> => {
    try {
      await answered(client.send(new AdminLinkProviderForUserCommand({
        UserPoolId, DestinationUser: { ProviderName: "Cognito", ProviderAttributeValue: username },
        SourceUser: { ProviderName: provider, ProviderAttributeName: "email", ProviderAttributeValue: email },
      })));
    } catch (error) {
      if (!named(error, "InvalidParameterException", "AliasExistsException")) throw error;
      // Cognito is known to refuse what it has done all the same (aws/aws-sdk-net issue 1000), and a link that another try has made.
      if ((await read({ UserPoolId, Username: email })).providers.includes(provider)) return;
      throw new Refusal("conflict", "The account cannot be linked to the firm's identity provider, most likely because this person came through it before they were invited. docs/deploy.md says what to do under Staff sign-in; invite again afterwards.");
    }
  };

  /**
   * Whoever has no password may set a first one with an access token alone (ChangePassword, `PreviousPassword`): a token that was held for a minute would be
   * a sign-in for ever. So there is one, thrown away at once, and another after each sign-out, for what somebody may have made of the one before.
   */
  const lockPassword = async (key: { readonly UserPoolId: string; readonly Username: string }): Promise<void> => {
    await answered(client.send(new AdminSetUserPasswordCommand({ ...key, Password: randomBytes(48).toString("base64url"), Permanent: true })));
  };

  return {
    async create(pool, email, password) {
      const { userPoolId: UserPoolId, firstPassword, provider } = pools[pool];
      const key = { UserPoolId, Username: email };
      let user: User;
      try {
        const { User } = await answered(client.send(new AdminCreateUserCommand({
          ...key, MessageAction: "SUPPRESS", UserAttributes: [{ Name: "email", Value: email }, { Name: "email_verified", Value: "true" }],
          ...(firstPassword === "temporary" && password !== null && { TemporaryPassword: password }),
        })));
        user = userOf(User?.Username, User?.Attributes);
      } catch (error) {
        // An earlier try got this far: inviting goes on from here.
        if (!named(error, "UsernameExistsException")) throw error;
        user = await read(key);
      }
      if (firstPassword === "none") await lockPassword(key);
      if (firstPassword === "permanent" && password !== null) await answered(client.send(new AdminSetUserPasswordCommand({ ...key, Password: password, Permanent: true })));
      if (provider !== undefined && !user.providers.includes(provider)) await link(UserPoolId, email, user, provider);
      return { sub: user.sub };
    },

    async setEnabled(pool, email, enabled) {
      const key = { UserPoolId: pools[pool].userPoolId, Username: email };
      await answered(enabled ? client.send(new AdminEnableUserCommand(key)) : client.send(new AdminDisableUserCommand(key)));
    },

    async signOut(pool, email) {
      // The emulator knows no global sign-out; `tokensValidAfter` has shut the door already.
      const { userPoolId: UserPoolId, firstPassword } = pools[pool];
      if (firstPassword === "permanent") return;
      const key = { UserPoolId, Username: email };
      if (firstPassword === "none") await lockPassword(key);
      await answered(client.send(new AdminUserGlobalSignOutCommand(key)));
    },
  };
};
