import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectOk, sha256Of } from "../../local/caller.ts";
import { startTestFirm, type TestFirm } from "./firm.ts";
import { large } from "./in-parts.ts";

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
  const upload = (args: readonly string[], { hangAfter, token = firm.admin.token }: { hangAfter?: number; token?: string } = {}): Promise<Run> => new Promise((resolve, reject) => {
    const preload = hangAfter === undefined ? [] : ["--import", join(import.meta.dirname, "hang.ts")];
    const child = spawn(process.execPath, [...preload, join(import.meta.dirname, "../../scripts/upload.ts"), "--api", firm.api, "--case", caseId, ...args], {
      env: { ...process.env, LEGAJO_TOKEN: token, LEGAJO_HANG_AFTER: String(hangAfter ?? 0) },
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
  const partsAsked = (): number => firm.journal.filter((it) => it.routeKey.startsWith("POST ") && it.routeKey.endsWith("/parts")).length;

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
    expect(partsAsked()).toBe(4);
    const killedAgain = await upload([file, "--parallel", "2"], { hangAfter: 2 });
    expect(killedAgain).toMatchObject({ signal: "SIGKILL" });
    const before = partsAsked();
    const [document] = (await items()).filter((it) => it.name === "Resonancia.zip");
    const [version] = (await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/documents/${document!.documentId}/versions`))).items;
    const held = (await expectOk(firm.admin.call("GET", `/staff/cases/${caseId}/documents/${document!.documentId}/versions/${version.versionId}/parts`))).items.length;
    expect(held).toBeGreaterThanOrEqual(4);
    // Somebody touched the file meanwhile: its first part is sent again, and no other that is there.
    const touched = Buffer.from(large).fill("!", 100, 101);
    await writeFile(file, touched);
    expect(await upload([file])).toMatchObject({ code: 0, output: expect.stringContaining("Resonancia.zip: sent") });
    expect(partsAsked() - before).toBeLessThanOrEqual(8 - held);
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

  it("says what is wrong in a sentence, goes on with the other files, and ends with 1", async () => {
    await writeFile(join(directory, "Vacío.txt"), "");
    await writeFile(join(directory, "Bien.txt"), "Bien.");
    expect(await upload([join(directory, "Vacío.txt"), join(directory, "Bien.txt")])).toMatchObject({ code: 1, output: expect.stringMatching(/Vacío\.txt: .*body\.size: Is less than 1 byte[^]*Bien\.txt: sent[^]*1 of 2 files/) });
    expect(await upload([join(directory, "nowhere")])).toMatchObject({ code: 1, output: `${join(directory, "nowhere")} is not there.\n` });
    expect(await upload([join(directory, "Bien.txt")], { token: "a.b.c" })).toMatchObject({ code: 1, output: expect.stringContaining("The access token is not (or no longer) good") });
    expect(await upload([])).toMatchObject({ code: 1, output: expect.stringContaining("--case <case id>") });
  });
});
