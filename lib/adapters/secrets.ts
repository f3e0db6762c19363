import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { createHmac } from "node:crypto";
import { Refusal } from "../domain/refusal.ts";
import type { Links } from "../usecases/ports.ts";

/** A key out of Secrets Manager, by version. */
export interface KeyRing {
  /** @throws Refusal `unavailable` when Secrets Manager does not answer. */
  current(): Promise<{ readonly version: string; readonly key: string }>;
  at(version: string): Promise<string>;
}

/** How long a warm function goes on with a key it has read before it looks for a newer one. */
const freshForMs = 5 * 60_000;

export const keyRingIn = (client: SecretsManagerClient, SecretId: string): KeyRing => {
  const keys = new Map<string, string>();
  let latest: { version: string; readAt: number } | null = null;
  const read = async (VersionId?: string) => {
    // Whatever the SDK throws is an outage here, a connection that nobody answers included: without a key nothing is decided.
    const { SecretString, VersionId: version } = await client.send(new GetSecretValueCommand({ SecretId, ...(VersionId && { VersionId }) }))
      .catch(() => { throw new Refusal("unavailable", "The keys cannot be read. Try again."); });
    if (!SecretString || !version) throw new Error(`Secret ${SecretId} holds no text.`);
    keys.set(version, SecretString);
    return { version, key: SecretString };
  };
  return {
    async current() {
      const known = latest && Date.now() - latest.readAt < freshForMs ? keys.get(latest.version) : undefined;
      if (latest && known) return { version: latest.version, key: known };
      const { version, key } = await read();
      latest = { version, readAt: Date.now() };
      return { version, key };
    },
    at: async (version) => keys.get(version) ?? (await read(version)).key,
  };
};

/**
 * Derives what a mail must say and nothing may store: whoever holds the key can write the same mail again, so that a redelivered
 * event, a reminder or a renewal needs nothing kept. 256 bits of HMAC-SHA-256; the label keeps the uses apart.
 */
const derive = (key: string, label: string, ...parts: readonly (string | number)[]): string =>
  createHmac("sha256", key).update([label, ...parts].join("|")).digest("base64url");

export const linksFrom = (ring: KeyRing): Links => ({
  currentVersion: async () => (await ring.current()).version,
  token: async ({ shareId, recipientId, generation, keyVersion }) => derive(await ring.at(keyVersion), "share", shareId, recipientId, generation),
  /** 160 bits and one character of each class that a password policy may ask for. */
  firstPassword: async (personId, keyVersion) => `${derive(await ring.at(keyVersion), "password", personId).slice(0, 27)}-aA1`,
});
