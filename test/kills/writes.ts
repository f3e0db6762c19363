import { setTimeout as sleep } from "node:timers/promises";
import { seconds, type Chance } from "./chance.ts";
import type { Cloud } from "./cloud.ts";
import { caseOf, listed, same, type Thing, type World } from "./world.ts";

const writers = 8;

/** Many write at once, everything is killed, and every answer that was heard must be true afterwards: a folder that was made is there, and no name of it twice. */
export const killAmongWrites = async (cloud: Cloud, world: World, chance: Chance, kills: number): Promise<string> => {
  const began = Date.now();
  const caseId = await caseOf(world, `WRITES-${chance.seed}`);
  const folders = `/staff/cases/${caseId}/folders`;
  const made = new Map<string, string>();
  let unanswered = 0;
  for (let kill = 0; kill < kills; kill++) {
    const before = made.size;
    const writing = Array.from({ length: writers }, async (_, writer) => {
      for (let name = 0; ; name++) {
        const answer = await world.staff("POST", folders, { name: `${kill} ${writer} ${name}` }).catch(() => null);
        if (answer === null) { unanswered += 1; return; }
        same("The answer to a new folder", answer.status, 201);
        made.set(answer.body.folderId, answer.body.name);
      }
    });
    while (made.size < before + writers * 4) await sleep(5);
    await sleep(chance.next() * 500);
    await cloud.kill();
    await Promise.all(writing);
    await cloud.start();
    const there = new Map((await listed<Thing>((path) => world.staff("GET", path), `/staff/cases/${caseId}/items`)).map((it) => [it.folderId, it.name]));
    same("Folders that are not there any more", [...made].filter(([id, name]) => there.get(id) !== name), []);
    same("Names that are there twice", there.size - new Set(there.values()).size, 0);
  }
  return `${kills} kills beside ${writers} writers: all ${made.size} folders whose making was answered are there, ${unanswered} requests had no answer; ${seconds(began)}`;
};
