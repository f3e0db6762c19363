import { isDeepStrictEqual } from "node:util";
import { checks, differencesOf, type Check } from "./checks.ts";
import { builders, type Operation, type Pick, type Scene } from "./operations.ts";
import { copyOf, mayEnter, type World } from "./reference.ts";
import { setTheScene, type Stage } from "./stage.ts";

/** A step as a generator draws it: numbers that choose among what there is when the step comes. */
export interface Step { readonly kind: string; readonly beside: string | null; readonly looks: readonly string[]; readonly numbers: readonly number[] }

/** How often what was done and seen, so that a run shows what it tried. */
export const tally = new Map<string, number>();
const count = (what: string): void => { tally.set(what, (tally.get(what) ?? 0) + 1); };

export class Disagreement extends Error {}
const disagree = (what: string, expected: unknown, seen: unknown, history: readonly string[], world: World): never => {
  const state = JSON.stringify({ ...world, ...Object.fromEntries((["members", "contacts", "glass", "folders", "documents", "grants", "shares"] as const).map((it) => [it, [...world[it]]])) }, null, 1);
  throw new Disagreement(`${what}: the reference says ${JSON.stringify(expected)}, the system ${JSON.stringify(seen)}\nafter ${history.join(" · ")}\nin ${state}`);
};

/** Plays one sequence in a case of its own. @throws Disagreement at the first difference between the system and the reference. */
export const play = async (stage: Stage, steps: readonly Step[]): Promise<void> => {
  const opening = await setTheScene(stage);
  const scene: Scene = { stage, caseId: opening.caseId, links: new Map() };
  let { world } = opening;
  const history: string[] = [];
  for (const step of steps) {
    let drawn = 0;
    const pick: Pick = (from) => from[(step.numbers[drawn++ % step.numbers.length] ?? 0) % from.length];
    world.now = stage.firm.clock().getTime();
    const operation = builders[step.kind]?.(scene, world, pick) ?? null;
    const beside = step.beside === null ? null : (builders[step.beside]?.(scene, world, pick) ?? null);
    const looks = step.looks.flatMap((name) => checks[name]?.(scene, world, pick) ?? []);
    if (operation !== null && beside !== null) world = await together(world, [operation, beside], looks.filter((it) => !inSeveralRequests.has(it.name)).slice(0, 1), history);
    else if (operation !== null) world = await alone(scene, world, operation, history);
    world.now = stage.firm.clock().getTime();
    for (const look of looks) await agree(look, world, history);
  }
};

const after = (world: World, { change }: Operation, body: unknown): World => {
  const next = copyOf(world);
  change(next, body);
  return next;
};

const alone = async (scene: Scene, world: World, operation: Operation, history: string[]): Promise<World> => {
  const { name, allowed, run, preview } = operation;
  const isAllowed = allowed(world);
  const announced = preview && isAllowed ? await dryRun(scene, world, preview) : null;
  const { ok, body } = await run();
  history.push(`${name}${ok ? "" : " (refused)"}`);
  count(`${name}: ${ok ? "done" : "refused"}`);
  if (ok !== isAllowed) disagree(name, isAllowed, ok, history, world);
  if (!ok) return world;
  const next = after(world, operation, body);
  if (announced !== null) {
    const real = differencesOf(world, next);
    count(`dry run: ${real.gains.length + real.loses.length > 0 ? "somebody" : "nobody"}`);
    if (!isDeepStrictEqual(announced, real)) disagree(`dry run of ${name}`, real, announced, history, world);
    if (name === "revoke" && real.gains.length > 0) disagree("revoke adds access", [], real.gains, history, world);
  }
  return next;
};

const dryRun = async ({ stage, caseId }: Scene, world: World, body: object) => {
  const who = stage.members.find((it) => mayEnter(world, it.id) && world.members.get(it.id)?.role !== "assistant");
  if (who === undefined) return null;
  const answer = await who.call("POST", `/staff/cases/${caseId}/grants/preview`, body);
  if (answer.status !== 200) throw new Disagreement(`dry run ${JSON.stringify(body)}: ${answer.status} ${JSON.stringify(answer.body)}`);
  const short = (list: readonly { contactId?: string; memberId?: string; shareId?: string }[]): string[] => list.map((it) => it.contactId ?? it.memberId ?? it.shareId ?? "").toSorted();
  return { gains: short(answer.body.gains), loses: short(answer.body.loses) };
};

/** Looks that ask more than once cannot be of one world while it changes. */
const inSeveralRequests = new Set(["case", "staff"]);

/** Two at once, and somebody who looks meanwhile: what succeeded must have been allowed in one order or the other, and the look must be of a world on the way. */
const together = async (world: World, operations: readonly [Operation, Operation], looks: readonly Check[], history: string[]): Promise<World> => {
  const [seen, ...answers] = await Promise.all([Promise.all(looks.map((it) => it.look())), ...operations.map((it) => it.run())]);
  const done = operations.flatMap((it, index) => (answers[index]?.ok ? [{ it, body: answers[index].body as unknown }] : []));
  history.push(`[${operations.map((it, index) => `${it.name}${answers[index]?.ok ? "" : " (refused)"}`).join(" | ")}]`);
  count(`two at once: ${done.length} done`);
  const orders = [done, done.toReversed()].flatMap((order) => {
    const worlds = [world];
    for (const { it, body } of order) {
      const now = worlds.at(-1) ?? world;
      if (!it.allowed(now)) return [];
      worlds.push(after(now, it, body));
    }
    return [worlds];
  });
  const last = orders[0]?.at(-1);
  if (last === undefined) return disagree(`two at once: ${operations.map((it) => it.name).join(" and ")}`, "an order in which both are allowed", "none", history, world);
  const onTheWay = orders.flat();
  looks.forEach((it, index) => {
    if (!onTheWay.some((between) => isDeepStrictEqual(it.expected(between), seen[index]))) disagree(`${it.name} meanwhile`, onTheWay.map((between) => it.expected(between)), seen[index], history, world);
  });
  return last;
};

/** A status, or a list that begins with one or with yes or no, or things, which only who may see them gets. */
const verdictOf = (seen: unknown): "yes" | "nothing" | "no" => {
  const first: unknown = Array.isArray(seen) ? seen[0] : seen;
  if (first === false || (typeof first === "number" && first >= 400)) return "no";
  return first === undefined ? "nothing" : "yes";
};
/** How much of the answers to these kinds of look was a yes. */
export const shareOfYes = (looks: readonly string[]): number => {
  const answers = (verdict: string): number => looks.reduce((sum, look) => sum + (tally.get(`${look}: ${verdict}`) ?? 0), 0);
  return answers("yes") / (answers("yes") + answers("nothing") + answers("no"));
};

const agree = async (look: Check, world: World, history: readonly string[]): Promise<void> => {
  const seen = await look.look();
  const expected = look.expected(world);
  count(`${look.name}: ${verdictOf(seen)}`);
  if (!isDeepStrictEqual(expected, seen)) disagree(look.name, expected, seen, history, world);
};
