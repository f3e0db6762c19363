import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { expectOk, sha256Of } from "../../local/caller.ts";
import { Session } from "../../scripts/uploader/session.ts";
import { startTestFirm, type TestFirm } from "./firm.ts";
import { large, partCount } from "./in-parts.ts";

describe("npm run upload", () => {
  let firm: TestFirm;
  let caseId: string;
  let directory: string;

  beforeAll(async () => {
    firm = await startTestFirm({ maxUploadBytes: 1024 ** 3 });
    firm.scanner.mode = "NO_THREATS_FOUND";
    caseId = await firm.createCase(await firm.createClient());
    directory = await mkdtemp(join(tmpdir(), "legajo-upload-"));
  });
  afterAll(async () => { await firm.stop(); await rm(directory, { recursive: true, force: true }); });

  interface Run { readonly code: number | null; readonly signal: string | null; readonly output: string }
  /** One process of its own, as on another machine; `hangAfter` PUTs it is killed without a word. */
  const upload = (args: readonly string[], { hangAfter, token = firm.admin.token, api = firm.api, env = {} }: { hangAfter?: number; token?: string; api?: string | null; env?: NodeJS.ProcessEnv } = {}): Promise<Run> => new Promise((resolve, reject) => {
    const preload = hangAfter === undefined ? [] : ["--import", join(import.meta.dirname, "hang.ts")];
    const child = spawn(process.execPath, [...preload, join(import.meta.dirname, "../../scripts/upload.ts"), ...(api === null ? [] : ["--api", api]), "--case", caseId, ...args], {
      env: { ...process.env, LEGAJO_TOKEN: token, LEGAJO_HANG_AFTER: String(hangAfter ?? 0), ...env },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => {
      output += text.toString();
      if (hangAfter !== undefined && output.includes("hangs")) child.kill("SIGKILL");
    });
    child.on("error", reject).on("close", (code, signal) => { resolve({ code, signal, output }); });
  });
  const items = async (folderId?: string): Promise<{ kind: string; name: string; folderId: string; documentId: string; published: { size: number } | null }[]> =>
    (await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/items?limit=100${folderId ? `&folderId=${folderId}` : ""}`))).items;
  const bytesOf = async (documentId: string): Promise<string> => {
    const { url } = await expectOk(firm.admin.call("POST", `/staff/cases/${caseId}/documents/${documentId}/download`));
    return sha256Of(new Uint8Array(await (await fetch(url)).arrayBuffer()));
  };
  /** Told by the process itself: what one that was killed had under way may arrive after it. */
  const putsOf = ({ output }: Run): number => output.match(/PUT\n/g)?.length ?? 0;

  it("brings a folder with everything in it, makes the folders that are missing, and finds it there the next time", async () => {
    const files: Readonly<Record<string, Buffer>> = { "Informe.pdf": randomBytes(3000), "Anexos/Núñez — 1.txt": randomBytes(10), "Anexos/Fotos/uno.jpg": randomBytes(5000), "Anexos/Fotos/dos.jpg": randomBytes(1) };
    for (const [path, bytes] of Object.entries(files)) {
      await mkdir(join(directory, "Pericial", path, ".."), { recursive: true });
      await writeFile(join(directory, "Pericial", path), bytes);
    }
    await writeFile(join(directory, "Pericial", ".DS_Store"), "litter");
    const first = await upload([join(directory, "Pericial"), "--folder", "Entregas/2026"]);
    expect(first).toMatchObject({ code: 0, output: expect.stringContaining("4 of 4 files") });
    const folderNamed = async (name: string, inside?: string) => (await items(inside)).find((it) => it.name === name)?.folderId;
    const pericial = await folderNamed("Pericial", await folderNamed("2026", await folderNamed("Entregas")));
    const found = async (names: readonly string[]) => {
      let inside = pericial;
      for (const name of names.slice(0, -1)) inside = await folderNamed(name, inside);
      return (await items(inside)).find((it) => it.name === names.at(-1));
    };
    for (const [path, bytes] of Object.entries(files)) expect([path, await bytesOf((await found(path.split("/")))?.documentId ?? "")]).toEqual([path, sha256Of(bytes)]);
    expect((await items(pericial)).map((it) => it.name)).toEqual(["Anexos", "Informe.pdf"]);
    const again = await upload([join(directory, "Pericial"), "--folder", "entregas/2026"]);
    expect(again.code).toBe(0);
    expect(again.output.match(/there already/g)).toHaveLength(4);
  });

  it("goes on after it was killed in the middle, from another process, with the parts that are missing and no others", async () => {
    const file = join(directory, "Resonancia.zip");
    await writeFile(file, large);
    const killed = await upload([file, "--parallel", "1"], { hangAfter: 3 });
    expect(killed).toMatchObject({ signal: "SIGKILL" });
    expect(putsOf(killed)).toBe(3);
    const killedAgain = await upload([file, "--parallel", "2"], { hangAfter: 2 });
    expect(killedAgain).toMatchObject({ signal: "SIGKILL" });
    const [document] = (await items()).filter((it) => it.name === "Resonancia.zip");
    const [version] = (await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/documents/${document!.documentId}/versions`))).items;
    const held = (await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/documents/${document!.documentId}/versions/${version.versionId}/parts`))).items.length;
    expect(held).toBeGreaterThanOrEqual(4);
    // Somebody touched the file meanwhile: its first part is sent again, and no other that is there.
    const touched = Buffer.from(large).fill("!", 100, 101);
    await writeFile(file, touched);
    const finished = await upload([file], { hangAfter: Infinity });
    expect(finished).toMatchObject({ code: 0, output: expect.stringContaining("Resonancia.zip: sent") });
    expect(putsOf(finished)).toBeGreaterThan(0);
    expect(putsOf(finished)).toBeLessThanOrEqual(partCount - held + 1);
    expect(await bytesOf(document!.documentId)).toBe(sha256Of(touched));
    expect((await upload([file])).output).toContain("there already");
  });

  it("sends a small file anew whose upload was killed, under the same name", async () => {
    const file = join(directory, "Poder.pdf");
    await writeFile(file, randomBytes(500));
    expect(await upload([file], { hangAfter: 0 })).toMatchObject({ signal: "SIGKILL" });
    expect((await items()).find((it) => it.name === "Poder.pdf")?.published).toBeNull();
    expect(await upload([file])).toMatchObject({ code: 0 });
    expect((await items()).filter((it) => it.name === "Poder.pdf")).toMatchObject([{ published: { size: 500 } }]);
  });

  it("takes other bytes under a name that is taken for a mistake, unless they are to be the next version", async () => {
    const file = join(directory, "Contrato.pdf");
    await writeFile(file, randomBytes(500));
    expect((await upload([file])).code).toBe(0);
    await writeFile(file, randomBytes(600));
    expect(await upload([file])).toMatchObject({ code: 1, output: expect.stringContaining("--as-version") });
    expect((await upload([file, "--as-version"])).code).toBe(0);
    expect((await items()).filter((it) => it.name === "Contrato.pdf")).toMatchObject([{ published: { size: 600, number: 2 } }]);
  });

  it("finds what has the name by the API's own rule of names", async () => {
    const [loud, quiet] = [join(directory, "STRASSE.pdf"), join(directory, "Straße.pdf")];
    for (const file of [loud, quiet]) await writeFile(file, randomBytes(300));
    expect((await upload([loud])).code).toBe(0);
    expect(await upload([quiet])).toMatchObject({ code: 1, output: expect.stringContaining("--as-version") });
    expect((await upload([quiet, "--as-version"])).code).toBe(0);
    expect((await items()).filter((it) => it.name === "STRASSE.pdf")).toMatchObject([{ published: { number: 2 } }]);
  });

  it("says what is wrong in a sentence, goes on with the other files, and ends with 1", async () => {
    await writeFile(join(directory, "Vacío.txt"), "");
    await writeFile(join(directory, "Bien.txt"), "Bien.");
    expect(await upload([join(directory, "Vacío.txt"), join(directory, "Bien.txt")])).toMatchObject({ code: 1, output: expect.stringMatching(/Vacío\.txt: .*body\.size: Is less than 1 byte[^]*Bien\.txt: sent[^]*1 of 2 files/) });
    expect(await upload([join(directory, "nowhere")])).toMatchObject({ code: 1, output: `${join(directory, "nowhere")} is not there.\n` });
    expect(await upload([join(directory, "Bien.txt")], { token: "a.b.c" })).toMatchObject({ code: 1, output: expect.stringContaining("The access token is not (or no longer) good") });
    expect(await upload([])).toMatchObject({ code: 1, output: expect.stringContaining("--case <case id>") });
  });

  describe("whose token does not last as long as the upload", () => {
    let front: ShortLived;
    let files: string[];
    const sent = async (run: Promise<Run>): Promise<void> => { expect(await run).toMatchObject({ code: 0, output: expect.stringContaining(`${files.length} of ${files.length} files`) }); };
    beforeEach(async () => {
      front = await startShortLived(firm);
      files = [1, 2, 3].map((number) => join(directory, `${front.name} ${number}.pdf`));
      for (const file of files) await writeFile(file, randomBytes(200));
    });
    afterEach(() => front.stop());
    const cognito = () => ({ AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: front.url });

    it("renews it with the refresh token of the same sign-in when it is refused in the middle, and with the next one after that", async () => {
      const { access, refresh } = front.signIn();
      await sent(upload(files, { api: front.url, token: access, env: { ...cognito(), LEGAJO_REFRESH_TOKEN: refresh } }));
      expect(front.renewals).toBeGreaterThan(1);
      expect(front.refusals).toBeGreaterThan(1);
    });

    it("renews it before its end, so that nothing is refused", async () => {
      front.uses = Infinity;
      front.seconds = 50;
      const { access, refresh } = front.signIn();
      // One file after the other: each call renews here, and one beside it would still hold the token before.
      await sent(upload([...files, "--parallel", "1"], { api: front.url, token: access, env: { ...cognito(), LEGAJO_REFRESH_TOKEN: refresh } }));
      expect([front.renewals > 0, front.refusals]).toEqual([true, 0]);
    });

    it("signs in again where it signed in by itself, on this machine", async () => {
      await writeFile(join(directory, "local.json"), JSON.stringify({ api: front.url, cognito: front.url, staffPool: { clientId: "c" }, staff: [{ email: firm.admin.email, password: "p" }] }));
      await sent(upload(files, { api: null, env: { LOCAL_DIR: directory } }));
      expect(front.renewals).toBeGreaterThan(1);
    });

    it("says so where there is no way to another one, and goes on with the next run", async () => {
      const { access, refresh } = front.signIn();
      expect(await upload(files, { api: front.url, token: access, env: cognito() })).toMatchObject({ code: 1, output: expect.stringContaining("The access token is not (or no longer) good. Run the same command with a new one: the upload goes on where it stopped.") });
      const used = front.signIn();
      expect(await upload(files, { api: front.url, token: used.access, env: { ...cognito(), LEGAJO_REFRESH_TOKEN: refresh } })).toMatchObject({ code: 1, output: expect.stringContaining("No new access token was to be had (NotAuthorizedException). Run the same command after a new sign-in: the upload goes on where it stopped.") });
      expect(await upload(files, { api: front.url, token: "not a token", env: { ...cognito(), LEGAJO_REFRESH_TOKEN: refresh } })).toMatchObject({ code: 1, output: expect.stringContaining("LEGAJO_TOKEN") });
      front.uses = Infinity;
      await sent(upload(files, { api: front.url, token: front.signIn().access }));
    });
  });
});

interface ShortLived {
  readonly url: string;
  readonly name: string;
  /** So many calls takes a token, and so long it says that it lasts. */
  uses: number;
  seconds: number;
  readonly renewals: number;
  readonly refusals: number;
  signIn(): { readonly access: string; readonly refresh: string };
  stop(): Promise<void>;
}
let fronts = 0;
/** The firm's API and its Cognito where tokens are short-lived: the last one given out is good for a few calls, and a refresh token for one renewal. */
const startShortLived = async (firm: TestFirm): Promise<ShortLived> => {
  let [given, left, renewals, refusals] = [0, 0, 0, 0];
  let [access, refresh] = ["", ""];
  const signIn = () => {
    const claims = { exp: Math.floor(Date.now() / 1000) + it.seconds, iss: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool", client_id: "client", number: ++given };
    [access, refresh, left] = [`h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`, `refresh ${given}`, it.uses];
    return { access, refresh };
  };
  const answer = (response: ServerResponse, status: number, body: unknown, type = "application/json") => { response.writeHead(status, { "content-type": type }).end(typeof body === "string" ? body : JSON.stringify(body)); };
  const server = createServer((request, response) => void (async () => {
    const body = Buffer.concat(await request.toArray()).toString();
    const target = /[^.]*$/.exec(String(request.headers["x-amz-target"] ?? ""))?.[0];
    if (target) {
      const { RefreshToken, ClientId } = JSON.parse(body);
      if (target !== "InitiateAuth" && !(target === "GetTokensFromRefreshToken" && RefreshToken === refresh && ClientId === "client")) {
        answer(response, 400, { __type: "NotAuthorizedException", message: "Refresh Token has been revoked" });
        return;
      }
      renewals++;
      const tokens = signIn();
      answer(response, 200, { AuthenticationResult: { AccessToken: tokens.access, RefreshToken: tokens.refresh } });
      return;
    }
    if (request.headers.authorization !== `Bearer ${access}` || left-- <= 0) {
      refusals++;
      answer(response, 401, { message: "Unauthorized" });
      return;
    }
    const passed = ["content-type", "idempotency-key"].flatMap((name) => (request.headers[name] ? [[name, String(request.headers[name])]] : []));
    const from = await fetch(`${firm.api}${request.url ?? ""}`, { method: request.method ?? "", headers: { ...Object.fromEntries(passed), authorization: `Bearer ${firm.admin.token}` }, ...(body && { body }) });
    answer(response, from.status, await from.text(), from.headers.get("content-type") ?? "");
  })());
  await new Promise<void>((resolve) => { server.listen(0, "127.0.0.1", resolve); });
  const it: ShortLived = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, name: `Short ${++fronts}`, uses: 3, seconds: 900, signIn, // a server on a port has an address of this kind
    get renewals() { return renewals; },
    get refusals() { return refusals; },
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(() => { resolve(); }); }),
  };
  return it;
};

describe("a session", () => {
  const tokenUntil = (seconds: number, name: string): string => `${name}.${Buffer.from(JSON.stringify({ exp: seconds })).toString("base64url")}.s`;

  it("gives its token until a minute before the end, then one renewal to all who ask at once", async () => {
    let now = 0;
    let renewals = 0;
    const session = new Session(tokenUntil(900, "first"), async () => { renewals++; await Promise.resolve(); return tokenUntil(now / 1000 + 900, `renewed ${renewals}`); }, () => now);
    const name = async (refused?: string) => (await session.token(refused)).split(".")[0];
    now = 839_000;
    expect(await name()).toBe("first");
    now = 840_000;
    expect(await Promise.all([name(), name(), name(tokenUntil(900, "first"))])).toEqual(["renewed 1", "renewed 1", "renewed 1"]);
    // Whoever was refused the one before gets the one that there is.
    expect([await name(tokenUntil(900, "first")), renewals]).toEqual(["renewed 1", 1]);
    expect([await name(await session.token()), renewals]).toEqual(["renewed 2", 2]);
  });

  it("is used to its last second where there is no way to another token, and then says so", async () => {
    const session = new Session(tokenUntil(900, "only"), null, () => 10 ** 9);
    const token = await session.token();
    expect(token).toBe(tokenUntil(900, "only"));
    await expect(session.token(token)).rejects.toThrow("Run the same command with a new one");
  });
});
