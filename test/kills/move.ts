import { setTimeout as sleep } from "node:timers/promises";
import { expectOk, sha256Of, type Answer, type Caller } from "../../local/caller.ts";
import { seconds, type Chance } from "./chance.ts";
import type { Cloud } from "./cloud.ts";
import { wrongHints, type Tree } from "./tree.ts";
import { Difference, listed, same, walk, type Thing, type World } from "./world.ts";

type Side = 0 | 1;
const other = (side: Side): Side => (side === 0 ? 1 : 0);
interface Job { readonly jobId: string; readonly state: string; readonly done: number }
const jobs = ({ staff }: World): Promise<Job[]> => listed<Job>((page) => staff("GET", page), "/staff/jobs");

/** A stage for the proofs of a move: where the tree lies by the API, and who may read it there. */
export const moveOf = (cloud: Cloud, world: World, tree: Tree, chance: Chance) => {
  const { staff, contacts } = world;
  const { caseId, root, sides } = tree;
  const folder = `/staff/cases/${caseId}/folders/${root}`;
  const sample = [...chance.some(tree.documents.filter((it) => tree.hashes.has(it.documentId)), 4), ...chance.some(tree.documents, 8)];
  let decisions = 0;

  const moveTo = (side: Side, etag: string): Promise<Answer> => staff("PATCH", folder, { parentId: sides[side] }, { "if-match": `"${etag}"` });

  /** The folder says where it lies, exactly one of the two lists it, and so do all decisions: one contact gets every one of the sample, the other none. */
  const whereItLies = async (): Promise<{ readonly side: Side; readonly etag: string }> => {
    const { parentId, etag } = await expectOk(staff("GET", folder));
    const side: Side = parentId === sides[0] ? 0 : 1;
    const lists = await Promise.all(sides.map(async (id) => (await listed<Thing>((page) => staff("GET", page), `/staff/cases/${caseId}/items?folderId=${id}`)).map((it) => it.folderId)));
    same("What the two folders hold", lists, side === 0 ? [[root], []] : [[], [root]]);
    for (const [index, { call }] of contacts.entries()) for (const it of sample) await decide(call, it, index === side ? 200 : 404);
    return { side, etag };
  };

  const decide = async (call: Caller, { documentId, folderId }: Tree["documents"][number], expected: 200 | 404): Promise<void> => {
    const [list, download] = await Promise.all([call("GET", `/client/cases/${caseId}/items?folderId=${folderId}&limit=100`), call("POST", `/client/cases/${caseId}/documents/${documentId}/download`)]);
    same(`The list and the download of ${documentId}`, [list.status, download.status], [expected, expected]);
    decisions += 2;
    const hash = tree.hashes.get(documentId);
    if (expected === 200 && hash !== undefined) same(`The bytes of ${documentId}`, sha256Of(new Uint8Array(await (await fetch(download.body.url)).arrayBuffer())), hash);
  };

  const restart = async (): Promise<void> => {
    await cloud.kill();
    await cloud.start();
  };

  const untilDone = async (): Promise<void> => {
    for (let last = "", since = Date.now(); ;) {
      const open = (await jobs(world)).filter((it) => it.state !== "done");
      if (open.length === 0) return;
      const now = JSON.stringify(open);
      if (now !== last) [last, since] = [now, Date.now()];
      if (Date.now() - since > 120_000) throw new Difference(`A job does not go on any more: ${now}`);
      await sleep(500);
    }
  };

  /** Everything is there once, and the hints tell the way that it lies. */
  const checkWhole = async (): Promise<void> => {
    const found = (await walk(world, caseId, root)).map((it) => (it.kind === "folder" ? it.folderId : it.documentId ?? ""));
    same("The number of things", found.length, tree.things.size);
    same("Things that are not there", [...tree.things].filter((id) => !new Set(found).has(id)).slice(0, 3), []);
    same("Things whose hint tells another way", await wrongHints(world, tree), 0);
  };

  /** The move is asked for and everything killed at once, somewhere between before it and after it. */
  const killInTheRequest = async (kills: number): Promise<string> => {
    const began = Date.now();
    const before = decisions;
    let { side, etag } = await whereItLies();
    // What a move takes here and now. A kill that came too early makes the next one later, and the other way round: they gather about the commit on any machine.
    const asked = performance.now();
    await expectOk(moveTo(other(side), etag));
    const undisturbed = performance.now() - asked;
    let reach = undisturbed;
    const waits: number[] = [];
    let [moved, answered] = [1, 0];
    ({ side, etag } = await whereItLies());
    for (let kill = 0; kill < kills; kill++) {
      const request = moveTo(other(side), etag).catch(() => null);
      waits.push(Math.round(reach * (0.4 + chance.next())));
      await sleep(waits.at(-1));
      await restart();
      const answer = await request;
      const now = await whereItLies();
      same("The etag", now.etag, String(Number(etag) + (now.side === side ? 0 : 1)));
      if (answer?.status === 200) same("Where it lies after the answer that it was moved", now.side, other(side));
      answered += answer === null ? 0 : 1;
      moved += now.side === side ? 0 : 1;
      reach *= now.side === side ? 1.5 : 0.7;
      ({ side, etag } = now);
    }
    same("The number of jobs", (await jobs(world)).length, moved);
    await untilDone();
    await checkWhole();
    return `${kills} kills ${waits.join(", ")} ms after a PATCH was sent (one takes ${undisturbed.toFixed(0)} ms when nobody kills): ${moved - 1} wholly moved, ${kills - moved + 1} wholly not, ${answered} answered; etag, lists, ${moved} jobs and ${decisions - before} decisions agree; ${seconds(began)}`;
  };

  /** The move is answered; then everything is killed again and again while the job tells the hints. */
  const killInTheJob = async (kills: number): Promise<string> => {
    const began = Date.now();
    const before = decisions;
    const start = await whereItLies();
    const { jobId } = await expectOk(moveTo(other(start.side), start.etag));
    const expected = { side: other(start.side), etag: String(Number(start.etag) + 1) };
    same("Where it lies after the answer", await whereItLies(), expected);
    const at: number[] = [];
    const total = tree.things.size;
    for (let kill = 1; kill <= kills; kill++) {
      const wanted = (total * (kill - 1 + chance.next())) / (kills + 1);
      let job: Job;
      while ((job = await expectOk(staff("GET", `/staff/jobs/${jobId}`))).done < wanted && job.state !== "done") await sleep(20);
      if (job.state === "done") break;
      await sleep(chance.next() * 300);
      await restart();
      same("Where it lies after a kill", await whereItLies(), expected);
      at.push(job.done);
    }
    if (at.length === 0) throw new Difference("The job was done before anything could be killed: take more things.");
    await untilDone();
    same("What the job did", (await expectOk(staff("GET", `/staff/jobs/${jobId}`))).done, total);
    same("Where it lies in the end", await whereItLies(), expected);
    await checkWhole();
    for (const { documentId, folderId } of tree.documents.filter((it) => tree.hashes.has(it.documentId))) await decide(contacts[expected.side]?.call ?? staff, { documentId, folderId }, 200);
    return `${total} things moved, ${at.length} kills in the job after ${at.join(", ")} of them: every thing is there once, every hint right, ${decisions - before} decisions as the move was answered, ${tree.hashes.size} documents byte for byte; ${seconds(began)}`;
  };

  return { killInTheRequest, killInTheJob };
};
