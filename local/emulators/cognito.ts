/**
 * The identity service: `cognito-local` 5.3.0, with one user pool for staff and one for clients.
 *
 * Tokens, as measured with the real SDK:
 * - Issuer `http://127.0.0.1:<port>/<poolId>`; keys at `<issuer>/.well-known/jwks.json`. It is one RSA key, "CognitoLocal" (RS256), the same
 *   for every pool, every installation and even a pool that does not exist: only issuer and client id tell the two pools apart. Its
 *   openid-configuration names localhost:9229 whatever the port.
 * - Access tokens have sub, username (= sub), client_id, token_use "access", auth_time, iat, exp (24 h when the client says nothing), jti,
 *   scope "aws.cognito.signin.user.admin"; no origin_jti, no version.
 * - A pool id is `local_` and eight characters, which `CognitoJwtVerifier` of aws-jwt-verify refuses; `JwtVerifier` with the issuer works, but
 *   fetches over https only, so the keys must be fetched by us and handed over (`cacheJwks`).
 *
 * Calls:
 * - AdminCreateUser with MessageAction SUPPRESS: Username in the answer is the sub, status FORCE_CHANGE_PASSWORD; UsernameExistsException for
 *   the second. RESEND is not supported. E-mail addresses are compared with case (AWS: without), so fold them before.
 * - AdminSetUserPassword Permanent: CONFIRMED; any password is taken, the pool's policy is not applied. Passwords are kept as plain text.
 * - AdminGetUser: by address or sub; UserNotFoundException.
 * - InitiateAuth USER_PASSWORD_AUTH: tokens without ExpiresIn and TokenType. Before a permanent password: NEW_PASSWORD_REQUIRED, whatever
 *   password was sent. A wrong password is InvalidPasswordException, an unknown person NotAuthorizedException (AWS: NotAuthorized for both).
 *   REFRESH_TOKEN_AUTH works, RevokeToken ends it. SRP and USER_AUTH (codes, passkeys) are 500.
 * - AdminDisableUser: AdminGetUser says Enabled false, but the person still signs in and refreshes (AWS refuses both).
 * - AdminUserGlobalSignOut and GlobalSignOut are not supported: 500, "Unsupported".
 * - SignUp succeeds (UNCONFIRMED) in a pool that allows only invited people (AWS: NotAuthorizedException).
 *
 * Pools, people and clients survive a restart. A token that was issued before stays valid while the port, and so the issuer, stays.
 */
import {
  CognitoIdentityProviderClient,
  CreateUserPoolClientCommand,
  CreateUserPoolCommand,
  ListUserPoolClientsCommand,
  ListUserPoolsCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { LOCAL_CREDENTIALS, LOCAL_REGION, startChild, type Emulator, type Log } from "./child.ts";
import { assertPortFree } from "./ports.ts";

/** Where cognito-local keeps its pools, and where it listens. */
export interface CognitoOptions {
  readonly directory: string;
  readonly port: number;
  readonly log: Log;
  /** Milliseconds since 1970 by the local cloud's clock: tokens are issued at, and expire after, that time. A jump arrives within 20 ms. */
  readonly now?: (() => number) | undefined;
}

/** A user pool and its only app client. */
export interface UserPool {
  readonly userPoolId: string;
  readonly clientId: string;
}

/** Starts cognito-local on the pools of `directory` and resolves when it answers. */
export async function startCognito({ directory, port, log, now }: CognitoOptions): Promise<Emulator> {
  const name = "The identity emulator (cognito-local)";
  await assertPortFree(port, name);
  const url = `http://127.0.0.1:${port}`;
  // cognito-local reads `.cognito/config.json` of its working directory and keeps its pools in `.cognito/db`; neither place is configurable.
  const home = join(directory, ".cognito");
  await mkdir(join(home, "db"), { recursive: true, mode: 0o700 });
  const config = {
    TokenConfig: { IssuerDomain: url },
    ServerConfig: { hostname: "127.0.0.1", port },
    TriggerFunctions: {},
    UserPoolDefaults: { UsernameAttributes: ["email"], MfaConfiguration: "OFF" },
  };
  await writeFile(join(home, "config.json"), JSON.stringify(config, null, 2));
  return startChild({
    name,
    mode: "node",
    command: createRequire(import.meta.url).resolve("cognito-local/lib/bin/start.js"),
    args: [],
    cwd: directory,
    // It still uses version 2 of the SDK for Lambda triggers, which prints a page about its end of life.
    env: { AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: "1" },
    url,
    log,
    now,
    answers: async () => {
      const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) });
      if (!response.ok) throw new Error(`health: ${response.status}`);
    },
  });
}

/** The pool called `name` and its client, created when this is the first start. */
export async function createUserPool(endpoint: string, name: string): Promise<UserPool> {
  const client = new CognitoIdentityProviderClient({ endpoint, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS });
  try {
    const userPoolId = (await findPool(client, name)) ?? (await createPool(client, name));
    const clientId = (await findClient(client, userPoolId, name)) ?? (await createClient(client, userPoolId, name));
    return { userPoolId, clientId };
  } finally {
    client.destroy();
  }
}

async function findPool(client: CognitoIdentityProviderClient, name: string): Promise<string | undefined> {
  // cognito-local ignores MaxResults and never pages.
  const { UserPools } = await client.send(new ListUserPoolsCommand({ MaxResults: 60 }));
  return UserPools?.find((pool) => pool.Name === name)?.Id;
}

async function createPool(client: CognitoIdentityProviderClient, name: string): Promise<string> {
  const { UserPool: pool } = await client.send(
    new CreateUserPoolCommand({
      PoolName: name,
      UsernameAttributes: ["email"],
      UsernameConfiguration: { CaseSensitive: false },
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
    }),
  );
  if (pool?.Id === undefined) throw new Error(`cognito-local created no user pool called ${name}.`);
  return pool.Id;
}

async function findClient(client: CognitoIdentityProviderClient, userPoolId: string, name: string): Promise<string | undefined> {
  const { UserPoolClients } = await client.send(new ListUserPoolClientsCommand({ UserPoolId: userPoolId, MaxResults: 60 }));
  return UserPoolClients?.find((one) => one.ClientName === name)?.ClientId;
}

async function createClient(client: CognitoIdentityProviderClient, userPoolId: string, name: string): Promise<string> {
  const { UserPoolClient: created } = await client.send(
    new CreateUserPoolClientCommand({
      UserPoolId: userPoolId,
      ClientName: name,
      ExplicitAuthFlows: ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
      PreventUserExistenceErrors: "ENABLED",
    }),
  );
  if (created?.ClientId === undefined) throw new Error(`cognito-local created no client for the user pool ${name}.`);
  return created.ClientId;
}
