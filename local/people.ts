import { CognitoIdentityProviderClient, InitiateAuthCommand } from "@aws-sdk/client-cognito-identity-provider";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";

const store = z.object({ emails: z.array(z.object({ subject: z.string(), destination: z.object({ to: z.array(z.string()) }), body: z.object({ text: z.optional(z.string()), html: z.optional(z.string()) }) })) });
export interface ReceivedMail { readonly subject: string; readonly text: string; readonly html: string }

/** Every mail that the local mail service took for an address, oldest first. */
export const mailsTo = async (mail: string, address: string): Promise<ReceivedMail[]> => {
  const { emails } = store.parse(await (await fetch(`${mail}/store`)).json());
  return emails.filter((it) => it.destination.to.includes(address)).map((it) => ({ subject: it.subject, text: it.body.text ?? "", html: it.body.html ?? "" }));
};

/** Waits for the first mail to an address whose text matches. @throws Error after `seconds`. */
export const mailWith = async (mail: string, address: string, pattern: RegExp, seconds = 30): Promise<RegExpExecArray> => {
  for (let tries = 0; tries < seconds * 10; tries++) {
    for (const { text } of (await mailsTo(mail, address)).toReversed()) {
      const found = pattern.exec(text);
      if (found) return found;
    }
    await sleep(100);
  }
  throw new Error(`No mail to ${address} with ${pattern.source} after ${seconds} s.`);
};

/** The first password, as the invitation's mail shows it on this machine. */
export const passwordIn = async (mail: string, address: string): Promise<string> => (await mailWith(mail, address, /: (\S{27}-aA1)(?:\s|$)/))[1] ?? "";

/** Signs in with a password, which exists on this machine alone. @returns an access token. */
export const signIn = async (cognito: string, pool: { readonly clientId: string }, email: string, password: string): Promise<string> => {
  const client = new CognitoIdentityProviderClient({ endpoint: cognito, region: "eu-west-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } });
  try {
    const { AuthenticationResult } = await client.send(new InitiateAuthCommand({ AuthFlow: "USER_PASSWORD_AUTH", ClientId: pool.clientId, AuthParameters: { USERNAME: email, PASSWORD: password } }));
    if (AuthenticationResult?.AccessToken === undefined) throw new Error(`${email} got no access token.`);
    return AuthenticationResult.AccessToken;
  } finally {
    client.destroy();
  }
};

