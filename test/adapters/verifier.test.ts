import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifierOf } from "../../lib/adapters/verifier.ts";
import { signed, signedWithEc, signedWithHmac, startTestIssuer, unsigned, type TestIssuer } from "./issuer.ts";

const clientId = "app-client";
const seconds = (): number => Math.floor(Date.now() / 1000);
const header = { kid: "first", alg: "RS256" };

describe("the verifier of access tokens", () => {
  let issuer: TestIssuer;
  let verify: ReturnType<typeof verifierOf>;
  beforeAll(async () => {
    issuer = await startTestIssuer(clientId);
    verify = verifierOf({ issuer: issuer.issuer, clientId }, () => new Date());
    expect(await verify(issuer.token())).not.toBeNull();
  });
  afterAll(() => issuer.stop());

  const refused = async (token: string): Promise<void> => expect(await verify(token)).toBeNull();
  const accepted = async (token: string): Promise<void> => expect(await verify(token)).toMatchObject({ sub: issuer.claims()["sub"] });

  it("says who a good token is for and when they signed in, not when it was renewed", async () => {
    const signedIn = seconds() - 5000;
    expect(await verify(issuer.token({ auth_time: signedIn, sub: "somebody" }))).toEqual({ sub: "somebody", signedInAt: new Date(signedIn * 1000) });
  });

  it("accepts 1,500 good tokens of every shape, each of them", async () => {
    const letters = ["a", "é", "ñ", "字", "😀", "\\", '"', "\":", "{", "}", ":", ",", "[", "\n", "\u0000", " "];
    for (let round = 0; round < 1500; round++) {
      const text = Array.from({ length: round % 40 }, (_, index) => letters[(index * 7 + round) % letters.length]).join("");
      const token = issuer.token({ jti: `${round}${text}`, username: text, device_key: round % 3 === 0 ? undefined : text, "cognito:groups": round % 2 ? [text, "b"] : undefined, extra: round % 5 ? undefined : { a: { b: text }, [`k${text}`]: [{}, { c: 1 }] } });
      expect(await verify(token), `token ${round}: ${token}`).not.toBeNull();
    }
  });

  describe("times", () => {
    it("refuses a token without an end", () => refused(issuer.token({ exp: undefined })));
    it("refuses a token whose time is over, to the second", () => refused(issuer.token({ exp: seconds() })));
    it("refuses a token that ended a minute ago: there is no grace", () => refused(issuer.token({ exp: seconds() - 60 })));
    it.each([["a text", "9999999999"], ["null", null], ["a list", [9999999999]], ["true", true]])("refuses an end that is %s", (_, exp) => refused(issuer.token({ exp })));
    it("refuses an end beyond all numbers", () => refused(issuer.raw(JSON.stringify(header), JSON.stringify(issuer.claims()).replace(/"exp":\d+/, '"exp":1e400'))));
    it("refuses a token issued more than five minutes ahead", () => refused(issuer.token({ iat: seconds() + 330, exp: seconds() + 5000 })));
    it("bears a clock that is four minutes off", () => accepted(issuer.token({ iat: seconds() + 240, auth_time: seconds() + 240 })));
    it("refuses a token without the time of its issue", () => refused(issuer.token({ iat: undefined })));
    it("refuses a token that does not say when its holder signed in", () => refused(issuer.token({ auth_time: undefined })));
    it("refuses a sign-in more than five minutes ahead, which no sign-out could ever reach", () => refused(issuer.token({ auth_time: seconds() + 330 })));
    it("refuses a token that is not valid yet", () => refused(issuer.token({ nbf: seconds() + 600 })));
    it("accepts a token that is valid since now", () => accepted(issuer.token({ nbf: seconds() })));
    it("goes by the clock that it was given", async () => {
      const tomorrow = verifierOf({ issuer: issuer.issuer, clientId }, () => new Date(Date.now() + 86_400_000));
      expect(await tomorrow(issuer.token())).toBeNull();
      expect(await tomorrow(issuer.token({ exp: seconds() + 90_000 }))).not.toBeNull();
    });
  });

  describe("signatures", () => {
    it("refuses a token of another key under this key's id", () => refused(signed(issuer.otherKey, JSON.stringify(header), JSON.stringify(issuer.claims()))));
    it("refuses a token that is not signed", () => refused(unsigned({ kid: "first", alg: "none" }, issuer.claims())));
    it("refuses a token that says none, whatever is in its third part", () => refused(`${unsigned({ kid: "first", alg: "none" }, issuer.claims())}AAAA`));
    it.each(["None", "NONE", "nOnE", "rs256", ""])("refuses the algorithm %j", (alg) => refused(signed(issuer.key, JSON.stringify({ ...header, alg }), JSON.stringify(issuer.claims()))));
    it("refuses HS256 made with the public key as the secret", async () => {
      for (const secret of [issuer.key.publicKey.export({ format: "pem", type: "spki" }), issuer.key.publicKey.export({ format: "der", type: "spki" }), JSON.stringify(issuer.key.publicKey.export({ format: "jwk" }))])
        await refused(signedWithHmac(secret, { kid: "first", alg: "HS256" }, issuer.claims()));
    });
    it("refuses ES256 although the issuer has such a key", () => refused(signedWithEc(issuer.ecKey, { kid: "curve", alg: "ES256" }, issuer.claims())));
    it("refuses RS512 although the key could make it", () => refused(signed(issuer.key, JSON.stringify({ ...header, alg: "RS512" }), JSON.stringify(issuer.claims()), "RS512")));
    it("refuses a token with any byte of its signature changed", async () => {
      const [first = "", second = "", third = ""] = issuer.token().split(".");
      const signature = Buffer.from(third, "base64url");
      for (let at = 0; at < signature.length; at += 16) {
        const changed = Buffer.from(signature);
        changed[at] = (changed[at] ?? 0) ^ 1;
        await refused(`${first}.${second}.${changed.toString("base64url")}`);
      }
      await refused(`${first}.${second}.`);
      await refused(`${first}.${second}.${signature.subarray(0, 255).toString("base64url")}`);
    });
    it("refuses a token whose payload was exchanged", async () => {
      const [first = "", , third = ""] = issuer.token().split(".");
      await refused(`${first}.${Buffer.from(JSON.stringify(issuer.claims({ sub: "somebody-else" }))).toString("base64url")}.${third}`);
    });
  });

  describe("whose token it is", () => {
    it("refuses a token for another app client", () => refused(issuer.token({ client_id: "another" })));
    it("refuses a list of app clients, ours among them", () => refused(issuer.token({ client_id: [clientId] })));
    it("refuses a token without an app client, whatever its audience", () => refused(issuer.token({ client_id: undefined, aud: clientId })));
    it("refuses another issuer's token", async () => {
      for (const iss of [`${issuer.issuer}/`, "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Other", [issuer.issuer], undefined]) await refused(issuer.token({ iss }));
    });
    it("refuses a token of the other pool, which is good there, whatever client and key id it names", async () => {
      const other = await startTestIssuer(clientId, "other-pool");
      try {
        const there = verifierOf({ issuer: other.issuer, clientId }, () => new Date());
        expect(await there(other.token())).not.toBeNull();
        for (const token of [other.token(), other.token({ iss: issuer.issuer })]) await refused(token);
        expect(await there(issuer.token())).toBeNull();
      } finally {
        await other.stop();
      }
    });
    it("refuses an ID token", async () => {
      await refused(issuer.token({ token_use: "id", aud: clientId, client_id: undefined }));
      await refused(issuer.token({ token_use: "id" }));
      await refused(issuer.token({ token_use: undefined }));
    });
    describe("of a firm whose staff come through a provider of their own", () => {
      const sso = "sso-client";
      // As Cognito writes them after a hosted sign-in: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
      const hosted = { client_id: sso, scope: "openid", version: 2, "cognito:groups": ["eu-west-1_abc_Entra"], username: "00000000-0000-4000-8000-000000000001" };
      const federated = (token: string) => verifierOf({ issuer: issuer.issuer, clientId, ssoClientId: sso }, () => new Date())(token);
      it("accepts tokens of both its app clients and of no third", async () => {
        expect(await federated(issuer.token(hosted))).toMatchObject({ sub: issuer.claims()["sub"] });
        expect(await federated(issuer.token())).not.toBeNull();
        for (const client_id of ["another", "", `${sso} `, [sso], [clientId, sso], undefined]) expect(await federated(issuer.token({ ...hosted, client_id }))).toBeNull();
      });
      it("refuses its ID tokens, and tokens of a sign-in whose time nobody knows", async () => {
        expect(await federated(issuer.token({ ...hosted, token_use: "id", aud: sso, client_id: undefined, identities: [{ providerName: "Entra" }] }))).toBeNull();
        expect(await federated(issuer.token({ ...hosted, auth_time: undefined }))).toBeNull();
      });
      it("refuses a hosted sign-in where the firm has no provider", () => refused(issuer.token(hosted)));
      it("refuses a token without a client where the firm has no provider: nothing is equal to nothing", async () => {
        await refused(issuer.token({ client_id: undefined }));
        await refused(issuer.token({ client_id: null }));
      });
    });
    it.each([["none", undefined], ["an empty one", ""], ["a number", 7], ["a list", ["a"]], ["an object", {}]])("refuses a token whose subject is %s", (_, sub) => refused(issuer.token({ sub })));
  });

  describe("what a token may not contain", () => {
    it.each([
      ["critical extensions", { crit: ["exp"] }], ["no critical extensions at all, but the word", { crit: [] }], ["a key of its own", { jwk: {} }],
      ["an address of keys", { jku: "https://evil.example/keys" }], ["certificates", { x5c: ["MII"] }], ["an address of certificates", { x5u: "https://evil.example/cert" }], ["compression", { zip: "DEF" }], ["an unencoded payload", { b64: false }],
    ])("refuses a header with %s, although it is well signed", (_, more) => refused(issuer.token({}, more)));
    it("takes its keys from nowhere else, though a header offers one", async () => {
      const jwk = { ...issuer.otherKey.publicKey.export({ format: "jwk" }), kid: "first" };
      await refused(signed(issuer.otherKey, JSON.stringify({ ...header, jwk }), JSON.stringify(issuer.claims())));
    });
    it("accepts the type that says what it is", () => accepted(issuer.token({}, { typ: "JWT" })));

    const payload = (): string => JSON.stringify(issuer.claims()).slice(1, -1);
    const later = (): number => seconds() + 9999;
    it.each([
      ["twice the end", () => `{"exp":1,${payload()}}`], ["twice the end, the good one first", () => `{${payload()},"exp":${later()}}`],
      ["twice the end, once escaped", () => `{"\\u0065xp":1,${payload()}}`], ["twice the subject, the same one", () => `{${payload()},"sub":"00000000-0000-4000-8000-000000000001"}`],
      ["twice a member of no meaning", () => `{${payload()},"zz":1,"zz":1}`], ["twice an empty name", () => `{${payload()},"":1,"":1}`], ["twice a member inside", () => `{${payload()},"more":{"a":1,"a":2}}`],
      ["twice a member inside a list inside", () => `{${payload()},"more":[[{"a":{"b":1,"b":1}}]]}`], ["twice a member inside, once escaped", () => `{${payload()},"more":{"a":1,"\\u0061":2}}`],
      ["twice a member in what is overwritten", () => `{${payload()},"more":{"a":1},"more":{}}`], ["twice a prototype", () => `{${payload()},"__proto__":{},"__proto__":{}}`],
      ["twice a member with a space before its colon", () => `{"exp" \n:\t1,${payload()}}`], ["twice a member whose name has quotes", () => `{${payload()},"a\\"b":1,"a\\"b":1}`],
    ])("refuses a payload with %s", (_, text) => refused(issuer.raw(JSON.stringify(header), text())));
    it.each([
      ["the algorithm", '{"kid":"first","alg":"none","alg":"RS256"}'], ["the algorithm, once escaped", '{"kid":"first","\\u0061lg":"none","alg":"RS256"}'], ["the key id", '{"kid":"second","kid":"first","alg":"RS256"}'],
    ])("refuses a header with twice %s", (_, text) => refused(issuer.raw(text, JSON.stringify(issuer.claims()))));

    it("refuses a token of more than 8 KB, however good", async () => {
      await accepted(issuer.token({ filler: "x".repeat(5000) }));
      await refused(issuer.token({ filler: "x".repeat(6000) }));
    });
    it("refuses a thousand levels of nesting without failing", async () => {
      for (const open of ["[", '{"a":']) {
        const depth = Math.floor(5000 / open.length);
        const close = open === "[" ? "]" : "}";
        const text = `{${payload()},"deep":${open.repeat(depth)}${open === "[" ? "" : "1"}${close.repeat(depth)}}`;
        await verify(issuer.raw(JSON.stringify(header), text)); // whatever it says, it must answer
        await refused(issuer.raw(text, JSON.stringify(issuer.claims())));
      }
    });
  });

  it.each(["", ".", "..", "...", "a.b.c", "e30.e30.e30", "e30.e30", "bnVsbA.bnVsbA.AAAA", "W10.W10.AAAA", "MQ.MQ.AAAA", "\u0000.\u0000.\u0000", "é.é.é", `${"a".repeat(9000)}.b.c`])("refuses %j", (token) => refused(token));
  it("refuses a good token with anything before, between or after it", async () => {
    const token = issuer.token();
    for (const other of [`${token}.`, `${token}.e30`, `.${token}`, `Bearer ${token}`]) await refused(other);
  });
});

describe("the keys of the issuer", () => {
  const count = async (mode: TestIssuer["mode"], run: (issuer: TestIssuer, verify: ReturnType<typeof verifierOf>) => Promise<void>): Promise<number> => {
    const issuer = await startTestIssuer(clientId);
    issuer.mode = mode;
    try {
      await run(issuer, verifierOf({ issuer: issuer.issuer, clientId }, () => new Date()));
      return issuer.fetches;
    } finally {
      await issuer.stop();
    }
  };
  const invented = (issuer: TestIssuer, round: number): string => issuer.token({}, { kid: `invented-${round}` });

  it("are fetched once for a thousand good tokens", async () => {
    expect(await count("up", async (issuer, verify) => {
      const token = issuer.token();
      for (let round = 0; round < 1000; round++) expect(await verify(token)).not.toBeNull();
    })).toBe(1);
  });

  it("are fetched at most twice for 200 invented key ids, and good tokens go on", async () => {
    const start = Date.now();
    expect(await count("up", async (issuer, verify) => {
      expect(await verify(issuer.token())).not.toBeNull();
      for (let round = 0; round < 200; round++) expect(await verify(invented(issuer, round))).toBeNull();
      expect(await verify(issuer.token())).not.toBeNull();
    })).toBeLessThanOrEqual(2);
    expect(Date.now() - start).toBeLessThan(3000);
  });

  it("are fetched at most once for 200 invented key ids before any good one", async () => {
    expect(await count("up", async (issuer, verify) => {
      for (let round = 0; round < 200; round++) expect(await verify(invented(issuer, round))).toBeNull();
      expect(await verify(issuer.token())).not.toBeNull();
    })).toBe(1);
  });

  it("that cannot be fetched refuse everyone, quickly and without a flood", async () => {
    const start = Date.now();
    expect(await count("down", async (issuer, verify) => {
      for (let round = 0; round < 200; round++) expect(await verify(invented(issuer, round))).toBeNull();
      expect(await verify(issuer.token())).toBeNull();
    })).toBeLessThanOrEqual(1 + (Date.now() - start) / 1000);
    expect(Date.now() - start).toBeLessThan(3000);
  });

  it("that could not be fetched at first are fetched a second later: good tokens wait no longer for the endpoint to be back", async () => {
    expect(await count("down", async (issuer, verify) => {
      expect(await verify(issuer.token())).toBeNull();
      issuer.mode = "up";
      await sleep(1100);
      expect(await verify(issuer.token())).not.toBeNull();
      for (let round = 0; round < 200; round++) expect(await verify(invented(issuer, round))).toBeNull();
    })).toBe(2);
  });

  it("that went away after they were fetched stay good", async () => {
    expect(await count("up", async (issuer, verify) => {
      expect(await verify(issuer.token())).not.toBeNull();
      issuer.mode = "down";
      for (let round = 0; round < 100; round++) expect(await verify(invented(issuer, round))).toBeNull();
      // The shorter pause is for keys that never came.
      await sleep(1100);
      for (let round = 100; round < 200; round++) expect(await verify(invented(issuer, round))).toBeNull();
      expect(await verify(issuer.token())).not.toBeNull();
    })).toBe(1);
  });

  it("that are not keys at all are asked for again like those that did not come", async () => {
    expect(await count("nonsense", async (issuer, verify) => {
      expect(await verify(issuer.token())).toBeNull();
      issuer.mode = "up";
      await sleep(1100);
      expect(await verify(issuer.token())).not.toBeNull();
    })).toBe(2);
  });

  it("that never come keep nobody waiting for more than a few seconds", async () => {
    const start = Date.now();
    expect(await count("silent", async (issuer, verify) => {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, round) => verify(invented(issuer, round))));
      expect(answers.every((it) => it === null)).toBe(true);
    })).toBe(1);
    expect(Date.now() - start).toBeLessThan(5000);
  });

  it("are waited for by everyone who comes while they are fetched", async () => {
    expect(await count("up", async (issuer, verify) => {
      const answers = await Promise.all(Array.from({ length: 50 }, () => verify(issuer.token())));
      expect(answers.filter((it) => it === null)).toHaveLength(0);
    })).toBe(1);
  });
});
