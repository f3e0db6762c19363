import { CognitoIdentityProviderClient, GetTokensFromRefreshTokenCommand } from "@aws-sdk/client-cognito-identity-provider";
import * as z from "zod/mini";
import { notGood, UploadError } from "./api.ts";

/** Gets another access token; what it throws is the reason why there is none. */
type Renew = () => Promise<string>;

/** As long as this before its end a token is not begun with any more. */
const marginSeconds = 60;
const claims = z.object({ exp: z.number() });
const ofCognito = z.object({ iss: z.string(), client_id: z.string() });

/** What a token says of itself: nobody here believes it, the API verifies it. */
const said = <T>(token: string, schema: z.ZodMiniType<T>): T | null => {
  try {
    return schema.parse(JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()));
  } catch {
    return null;
  }
};

/** Access tokens last a quarter of an hour, and an upload as long as it takes: gives the token for each call, renewed where there is a way to. */
export class Session {
  #token: string;
  readonly #renew: Renew | null;
  readonly #now: () => number;
  #renewal: Promise<string> | null = null;

  constructor(token: string, renew: Renew | null, now: () => number = Date.now) {
    this.#token = token;
    this.#renew = renew;
    this.#now = now;
  }

  /** @param refused a token that the API did not take: it is not given again. */
  async token(refused?: string): Promise<string> {
    if (this.#token === refused || (this.#renew !== null && this.#isEnding())) this.#token = await this.#renewed();
    return this.#token;
  }

  #isEnding(): boolean {
    const end = said(this.#token, claims)?.exp;
    return end !== undefined && this.#now() >= (end - marginSeconds) * 1000;
  }

  /** Once for all that wait. */
  async #renewed(): Promise<string> {
    if (this.#renew === null) throw notGood();
    this.#renewal ??= this.#renew().finally(() => { this.#renewal = null; });
    return this.#renewal.catch((error: unknown) => {
      throw new UploadError(`No new access token was to be had (${error instanceof Error ? error.name : "unknown"}). Run the same command after a new sign-in: the upload goes on where it stopped.`);
    });
  }
}

/** A line that was down for a minute is no reason to begin again. */
const maxAttempts = 10;

/**
 * Renews with the refresh token of the sign-in that the access token is of, which names pool and app client. Where refresh tokens rotate, as the firm's do
 * (`infra/constructs/pool.ts`), Cognito knows no other call for it, takes each once and gives the next.
 */
export const refreshing = (token: string, refreshToken: string): Renew => {
  const of = said(token, ofCognito);
  if (of === null) throw new UploadError("LEGAJO_TOKEN is no access token of Cognito: LEGAJO_REFRESH_TOKEN needs one of the same sign-in, over or not.");
  const region = /^https:\/\/cognito-idp\.([a-z0-9-]+)\.amazonaws\.com\//.exec(of.iss)?.[1];
  const client = new CognitoIdentityProviderClient({ maxAttempts, ...(region !== undefined && { region }) });
  let RefreshToken = refreshToken;
  return async () => {
    const { AuthenticationResult } = await client.send(new GetTokensFromRefreshTokenCommand({ ClientId: of.client_id, RefreshToken }));
    RefreshToken = AuthenticationResult?.RefreshToken ?? RefreshToken;
    return AuthenticationResult?.AccessToken ?? "";
  };
};
