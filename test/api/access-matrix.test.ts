import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Answer } from "../../local/caller.ts";
import { gapsOf, readMatrix, theMatrix, type Cell, type Row, type Table } from "../access/matrix.ts";
import { fileName, visitors, worldOfAll, worldOfOwn, type Column, type Columns, type Visitor, type World } from "../access/people.ts";
import { noPlace } from "../access/places.ts";
import { callOf, changesOneThing } from "../access/requests.ts";
import { submit } from "./firm.ts";

const matrix = theMatrix();
const mailed = "Links that were mailed";
const textOf = ({ status, tells }: Cell): string => `${status}${tells === null ? "" : tells ? "+" : "-"}`;
/** All that a caller could compare, but what is new in every answer. */
const bytesOf = ({ status, body, headers }: Answer): string => JSON.stringify([status, typeof body === "string" ? body : { ...body, instance: "" }, [...headers].filter(([name]) => !["x-request-id", "date"].includes(name))]);

const asked = new Set<string>();
const cellKey = (title: string, key: string, column: string): string => `${title}: ${key}, ${column}`;

/** What a row's requests have in common, so that it is asked once: the answer for ids of nothing, and that HEAD is as GET for each status. */
interface RowMemory { nothing: Promise<string> | null; readonly heads: Set<number> }

/** What is wrong with one cell; nothing when all is as it was written. */
const ask = async ({ key, route }: Row, memory: RowMemory, cell: Cell, name: string, { by, place }: Column): Promise<string[]> => {
  const { method, path, body, headers } = await callOf(key, route, { place, by, changes: cell.status < 300 });
  const answer = await by(method, path, body, headers);
  const where = `${key}, ${name}: ${method} ${path}`;
  const faults = answer.status === cell.status ? [] : [`${where} is ${answer.status} where ${textOf(cell)} was written: ${JSON.stringify(answer.body).slice(0, 300)}`];
  const tells = [place.caseId, place.documentId].some((it) => JSON.stringify(answer.body).includes(it));
  if (cell.tells !== null && tells !== cell.tells) faults.push(`${where} ${cell.tells ? "does not tell" : "tells"} of the case.`);
  if (method === "GET" && !memory.heads.has(answer.status)) {
    memory.heads.add(answer.status);
    if ((await by("HEAD", path)).status !== answer.status) faults.push(`${where} has another status for HEAD.`);
  }
  // Whoever is refused without being told so gets the bytes of what never was, and so does whoever may not even ask for their role.
  if (answer.status === 404 || (answer.status === 403 && key === "cases.break-glass")) {
    memory.nothing ??= callOf(key, route, { place: { ...noPlace(), tender: place.tender, team: place.team }, by, changes: false }).then(async (it) => bytesOf(await by(it.method, it.path, body, headers)));
    if (bytesOf(answer) !== (await memory.nothing)) faults.push(`${where} is not the ${answer.status} of an id of nothing.`);
  }
  return faults;
};

const askTable = async ({ title, columns, rows }: Table, people: Columns): Promise<string[]> => {
  const faults: string[] = [];
  for (const row of rows) {
    const memory: RowMemory = { nothing: null, heads: new Set() };
    const cells = row.cells.flatMap((cell, index) => {
      const name = columns[index] ?? "";
      const column = people[name];
      if (column === undefined) return [];
      asked.add(cellKey(title, row.key, name));
      return [{ column, ask: () => ask(row, memory, cell, name, column) }];
    });
    const now = cells.filter((it) => it.column.later === undefined);
    if (changesOneThing.has(row.key)) for (const it of now) faults.push(...(await it.ask()));
    else faults.push(...(await Promise.all(now.map((it) => it.ask()))).flat());
    for (const { column: { firm, later = 0 }, ask: askLater } of cells.filter((it) => !now.includes(it))) {
      firm.clock.offset += later * 60_000;
      faults.push(...(await askLater()));
      firm.clock.offset -= later * 60_000;
    }
  }
  return faults;
};

const visit = async ({ firm }: World["staff"], { key, route }: Row, { path, cookie, nonce, documentId }: Visitor): Promise<Answer> => {
  const inJson = key.endsWith("(JSON)");
  const at = route === "share.page" ? path : route === "share.open" ? `${path}/open` : `${path}/documents/${documentId}`;
  if (route === "share.page") return firm.anyone("GET", at, undefined, { cookie, ...(inJson && { accept: "application/json" }) });
  if (inJson) return firm.anyone("POST", at, {}, { cookie, accept: "application/json" });
  const response = await submit(firm, at, { nonce }, cookie);
  return { status: response.status, headers: response.headers, body: await response.text() };
};

const askLinks = async ({ title, columns, rows }: Table, { staff }: World): Promise<string[]> => {
  const links = await visitors(staff);
  const faults: string[] = [];
  for (const row of rows) {
    const never = bytesOf(await visit(staff, row, links["Unknown"]!));
    for (const [index, cell] of row.cells.entries()) {
      const name = columns[index] ?? "";
      const link = links[name]!;
      asked.add(cellKey(title, row.key, name));
      const answer = await visit(staff, row, link);
      const location = answer.headers.get("location") ?? "";
      const tells = answer.status === 303 ? location.startsWith(staff.firm.s3) : JSON.stringify(answer.body).includes(fileName);
      if (answer.status !== cell.status) faults.push(`${row.key}, ${name} is ${answer.status} where ${textOf(cell)} was written.`);
      if (answer.status === 404 && bytesOf(answer) !== never) faults.push(`${row.key}, ${name} is not the 404 of a link that never was.`);
      if (answer.status === 303 && !tells && location !== link.path) faults.push(`${row.key}, ${name} leads to ${location}.`);
      if (cell.tells !== null && tells !== cell.tells) faults.push(`${row.key}, ${name} ${cell.tells ? "does not show" : "shows"} what was shared.`);
    }
  }
  return faults;
};

describe("the access matrix", () => {
  it("has a row for every route, and none for what is no route", () => {
    expect(gapsOf(matrix)).toEqual([]);
    expect(gapsOf(matrix.slice(1))).toContain("me.read is a route without a row.");
    const table = (row: string): string => `## T\n| Route | A |\n|---|---|\n${row}`;
    for (const [row, fault] of [["| `no.route` | 200 |", "row of no route"], ["| `me.read` | 200 | 200 |", "2 cells under 1 columns"], ["| `me.read` | yes |", "is no cell"], ["| `me.read` | 200 |\n| `me.read` | 200 |", "stands there twice"]] as const)
      expect(() => readMatrix(table(row))).toThrow(fault);
  });

  describe.each([["own", worldOfOwn], ["all", worldOfAll]] as const)("is what a firm's API answers whose advisers have %s cases", (adviserCases, make) => {
    let world: World;
    beforeAll(async () => { world = await make(); });
    afterAll(() => world.staff.firm.stop());

    it.each(matrix.filter((it) => adviserCases === "all" || it.title === "A case that is not restricted"))("$title", { timeout: 120_000 }, async (table) => {
      expect(table.title === mailed ? await askLinks(table, world) : await askTable(table, world.tables[table.title] ?? {})).toEqual([]);
    });
  });

  it("leaves no cell unasked", () => {
    expect(matrix.flatMap(({ title, columns, rows }) => rows.flatMap((row) => columns.map((it) => cellKey(title, row.key, it)))).filter((it) => !asked.has(it)).slice(0, 10)).toEqual([]);
  });
});
