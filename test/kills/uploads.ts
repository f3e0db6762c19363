import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { syntheticSource, sourcesIn } from "../../scripts/uploader/source.ts";
import { expectOk } from "../../local/caller.ts";
import { seconds, type Chance } from "./chance.ts";
import { root, type Cloud } from "./cloud.ts";
import { reconcile, sendWithKills, type Run, type Sending } from "./uploader.ts";
import { caseOf, Difference, listed, same, walk, type World } from "./world.ts";

const samples = join(root, "../shared/samples");
const smallFiles = 150;

/** Files of a byte to 200 kB in folders, some with names that are not of ASCII. */
const makeFiles = async (directory: string, chance: Chance): Promise<string> => {
  const top = join(directory, "Pruebas periciales");
  for (let index = 0; index < smallFiles; index++) {
    const folder = join(top, ...["Año 1", "Núñez & Peña", "买卖合同", "Anexos/Fotos"].slice(index % 5, index % 5 + 1));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `Documento nº ${index}.pdf`), chance.bytes(`file ${index}`, 1 + Math.floor(chance.next() ** 3 * 200_000)));
  }
  return top;
};

const sha256 = async (bytes: AsyncIterable<Uint8Array>): Promise<{ readonly hash: string; readonly size: number }> => {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of bytes) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { hash: hash.digest("hex"), size };
};

/** A source's bytes in slices, so that none is in memory whole. */
const bytesOf = async function* (source: { readonly size: number; slice(from: number, to: number): Blob }): AsyncGenerator<Uint8Array> {
  const step = 16 * 1024 ** 2;
  for (let from = 0; from < source.size; from += step) yield* source.slice(from, Math.min(from + step, source.size)).stream();
};

/** Uploads under kills, and whether what can be downloaded afterwards is what was sent. `before` documents with bytes are there already. */
export const uploadsOf = async (cloud: Cloud, world: World, chance: Chance, directory: string, before: number) => {
  const { staff } = world;
  const caseId = await caseOf(world, `UPLOADS-${chance.seed}`);
  const folder = async (name: string): Promise<string> => (await expectOk(staff("POST", `/staff/cases/${caseId}/folders`, { name }))).folderId;
  let documents = before;

  /** Every file is there once, and nothing else; each is downloaded and compared. */
  const compare = async (folderId: string, expected: ReadonlyMap<string, { readonly size: number; readonly hash: () => Promise<string> }>): Promise<number> => {
    let found = await walk(world, caseId, folderId);
    for (const since = Date.now(); found.some((it) => it.kind === "document" && !it.published); found = await walk(world, caseId, folderId)) {
      if (Date.now() - since > 300_000) throw new Difference(`Never published: ${found.filter((it) => it.kind === "document" && !it.published).map((it) => it.name).join(", ")}`);
      await sleep(1000);
    }
    const there = found.filter((it) => it.kind === "document");
    same("The documents by their names", there.map((it) => it.path.join("/")).toSorted(), [...expected.keys()].toSorted());
    let bytes = 0;
    for (const it of there) {
      const file = expected.get(it.path.join("/"));
      const { url } = await expectOk(staff("POST", `/staff/cases/${caseId}/documents/${it.documentId ?? ""}/download`));
      const answer = await fetch(url);
      if (!answer.ok || answer.body === null) throw new Difference(`The download of ${it.name} is answered ${answer.status}.`);
      const got = await sha256(answer.body as AsyncIterable<Uint8Array>); // what fetch streams is bytes
      same(`Size and SHA-256 of ${it.name}`, got, { hash: await file?.hash(), size: file?.size });
      bytes += got.size;
    }
    documents += there.length;
    return bytes;
  };

  /** Kills at so many instants by chance, every second one of the cloud. */
  const planOf = (kills: number): Sending["kills"] => Array.from({ length: kills }, (_, index) => ({ what: index % 2 === 0 ? "uploader" : "cloud", at: (index + chance.next()) / kills }));

  const manySmall = async (kills: number): Promise<string> => {
    const began = Date.now();
    const paths = [await makeFiles(directory, chance), ...(existsSync(samples) ? [samples] : [])];
    const sources = (await Promise.all(paths.map((it) => sourcesIn(it)))).flat();
    const folderId = await folder("Muchos");
    const { killed, runs, last } = await sendWithKills(cloud, world, chance, { args: ["--case", caseId, "--folder", folderId, ...paths], progress: (run) => run.lines() / sources.length, kills: planOf(kills) });
    const bytes = await compare(folderId, new Map(sources.map((it) => [[...it.folders, it.name].join("/"), { size: it.size, hash: async () => (await sha256(bytesOf(it))).hash }])));
    return `${sources.length} files${paths.length > 1 ? ", those of ../shared/samples among them" : ""}, ${killed} in ${runs} runs: each is there once, ${bytes} bytes downloaded and the same; ${seconds(began)}. The last run: ${last}`;
  };

  const oneLarge = async (size: number, kills: number): Promise<string> => {
    const began = Date.now();
    const source = syntheticSource(size);
    const folderId = await folder("Grande");
    const parts = async (): Promise<number> => {
      const [document] = (await walk(world, caseId, folderId)).filter((it) => it.kind === "document");
      if (document === undefined) return 0;
      const versions = `/staff/cases/${caseId}/documents/${document.documentId ?? ""}/versions`;
      const { items: [version] } = await expectOk(staff("GET", versions));
      if (version.state !== "pending") return 1;
      const held = await listed((path) => staff("GET", path), `${versions}/${version.versionId}/parts`).catch(() => null);
      return held === null ? 1 : held.length / version.multipart.partCount;
    };
    const progress = async (run: Run): Promise<number> => {
      await sleep(run.isOver() ? 0 : 200);
      return parts();
    };
    // Once more when everything has arrived, and is being joined and scanned.
    const { killed, runs, megabytes, last } = await sendWithKills(cloud, world, chance, { args: ["--case", caseId, "--folder", folderId, "--synthetic", String(size)], progress, kills: [...planOf(kills), { what: "cloud", at: 1 }] });
    const sent = seconds(began);
    const bytes = await compare(folderId, new Map([[source.name, { size, hash: async () => (await sha256(bytesOf(source))).hash }]]));
    const memory = `in memory at most ${megabytes} MB of a killed command, ${cloud.megabytes} MB of the cloud's own process, ${((process.resourceUsage().maxRSS * 1024) / 1e6).toFixed(0)} MB of this one`;
    return `${size} bytes in parts, ${killed} in ${runs} runs, ${sent}: ${bytes} bytes downloaded and the same; ${seconds(began)}; ${memory}. The last run: ${last}`;
  };

  /** The table and the bucket agree; when the sweep's two visits are over, the bucket holds a version for each document and nothing else. */
  const checkBucket = async (): Promise<string> => {
    const control = async (command: object): Promise<void> => {
      const answer = await fetch(world.contract.control, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(command) });
      if (!answer.ok) throw new Error(`The control port answered ${answer.status}.`);
    };
    const reconciledAt = async (ahead: number): Promise<string> => {
      await control({ clock: { aheadSeconds: ahead } });
      if (ahead > 86_400) for (const command of [{ schedule: { fire: "daily" } }, { delivery: { drain: true } }]) await control(command);
      const first = await reconcile(cloud, ahead);
      // A kill between S3 and the table leaves parts that no version collects, and nothing else: what the command is for.
      const strays = /^\d+ versions.*\n(\d+) uploads in parts that no version collects:\n(?: {2}doc_.*\n)+Nothing was changed\. --clean \1 removes/.exec(first.output)?.[1];
      const { code, output } = strays === undefined ? first : await reconcile(cloud, ahead, ["--clean", strays]).then(() => reconcile(cloud, ahead));
      if (code !== 0) throw new Difference(`Table and bucket do not agree: ${output}`);
      return output.replaceAll("\n", " ");
    };
    const hours = 3600;
    // Past the hour in which nothing counts as left over; past the week of whoever does not finish; a day later, when the remains go.
    const [now, , then] = [await reconciledAt(2 * hours), await reconciledAt(8 * 24 * hours), await reconciledAt(10 * 24 * hours)];
    same("Object versions when the sweep is over", /(\d+) object versions/.exec(then)?.[1], String(documents));
    return `two hours later: ${now} After the sweep: ${then}`;
  };

  return { manySmall, oneLarge, checkBucket };
};
