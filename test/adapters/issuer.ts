import { createHmac, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { createServer } from "node:http";

const encode = (value: string | object): string => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

export interface TestKey { readonly kid: string; readonly privateKey: KeyObject; readonly publicKey: KeyObject }
const rsaKey = (kid: string): TestKey => ({ kid, ...generateKeyPairSync("rsa", { modulusLength: 2048 }) });

/** An issuer of our own, who signs whatever a test asks for: an emulator's tokens are all good ones. */
export interface TestIssuer {
  readonly issuer: `http://127.0.0.1:${string}`;
  readonly key: TestKey;
  readonly otherKey: TestKey;
  readonly ecKey: TestKey;
  /** How often somebody asked for the keys. */
  fetches: number;
  /** What the key endpoint does when it is asked. */
  mode: "up" | "down" | "silent" | "nonsense";
  /** The claims of a good access token at `seconds`, with changes; `undefined` takes a claim away. */
  claims(changes?: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** A good token but for what is changed. */
  token(changes?: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, unknown>>): string;
  /** A token of these very texts, signed with RS256 by this issuer's key. */
  raw(header: string, payload: string): string;
  stop(): Promise<void>;
}

export const signed = (key: TestKey, header: string, payload: string, algorithm: "RS256" | "RS512" = "RS256"): string => {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${sign(algorithm === "RS256" ? "sha256" : "sha512", Buffer.from(input), key.privateKey).toString("base64url")}`;
};
export const signedWithHmac = (secret: string | Buffer, header: object, payload: object): string => {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
};
export const signedWithEc = (key: TestKey, header: object, payload: object): string => {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${sign("sha256", Buffer.from(input), { key: key.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
};
export const unsigned = (header: object, payload: object): string => `${encode(header)}.${encode(payload)}.`;

/** @param pool the path under which the keys lie, as Cognito's pool id is. */
export const startTestIssuer = async (clientId: string, pool = "pool"): Promise<TestIssuer> => {
  const key = rsaKey("first");
  const otherKey = rsaKey("second");
  const ecKey: TestKey = { kid: "curve", ...generateKeyPairSync("ec", { namedCurve: "P-256" }) };
  const server = createServer((incoming, outgoing) => {
    if (incoming.url !== `/${pool}/.well-known/jwks.json`) { outgoing.writeHead(404).end(); return; }
    it.fetches += 1;
    if (it.mode === "silent") return;
    if (it.mode === "down") { outgoing.writeHead(500).end(); return; }
    if (it.mode === "nonsense") { outgoing.writeHead(200, { "content-type": "text/html" }).end("<title>Maintenance</title>"); return; }
    const published = [key, ecKey].map(({ kid, publicKey }) => ({ ...publicKey.export({ format: "jwk" }), kid, use: "sig" }));
    outgoing.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/${pool}` as const;

  const claims: TestIssuer["claims"] = (changes = {}) => {
    const now = Math.floor(Date.now() / 1000);
    const all = { sub: "00000000-0000-4000-8000-000000000001", iss: issuer, client_id: clientId, token_use: "access", scope: "aws.cognito.signin.user.admin", auth_time: now, iat: now, exp: now + 3600, jti: String(Math.random()), username: "u", ...changes }; // eslint-disable-line no-restricted-properties -- a jti that differs is all that is needed
    return Object.fromEntries(Object.entries<unknown>(all).filter(([, value]) => value !== undefined));
  };
  const it: TestIssuer = {
    issuer, key, otherKey, ecKey, fetches: 0, mode: "up", claims,
    token: (changes, header = {}) => signed(key, JSON.stringify({ kid: key.kid, alg: "RS256", ...header }), JSON.stringify(claims(changes))),
    raw: (header, payload) => signed(key, header, payload),
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(() => { resolve(); }); }),
  };
  return it;
};
