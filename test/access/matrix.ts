import { readFileSync } from "node:fs";
import { routeNames, type RouteName } from "../../lib/http/routes.ts";

/** The access matrix as people wrote it: tables of a Markdown page, one row per route and kind of request, one column per kind of person. */
export interface Cell {
  readonly status: number;
  /** Must the answer tell of the case, must it not, or does the status say all? */
  readonly tells: boolean | null;
}
export interface Row { readonly key: string; readonly route: RouteName; readonly cells: readonly Cell[] }
export interface Table { readonly title: string; readonly columns: readonly string[]; readonly rows: readonly Row[] }

export const page = new URL("../../docs/access-matrix.md", import.meta.url);

const isRoute = (name: string): name is RouteName => routeNames.some((it) => it === name);

const cellOf = (text: string, where: string): Cell => {
  const [, status, mark] = /^([2345]\d\d)([+-]?)$/.exec(text) ?? [];
  if (status === undefined) throw new Error(`${where}: "${text}" is no cell.`);
  return { status: Number(status), tells: mark === "+" ? true : mark === "-" ? false : null };
};

const fieldsOf = (line: string): string[] => line.split("|").slice(1, -1).map((it) => it.trim());

/** @throws Error naming a row of no route, a row of another width than its table, a cell that is none, a row that stands there twice. */
export const readMatrix = (text: string): Table[] => {
  const tables: Table[] = [];
  for (const section of text.split(/^## /m).slice(1)) {
    const [title = "", ...lines] = section.split("\n");
    const [head, , ...body] = lines.filter((it) => it.startsWith("|")).map(fieldsOf);
    const columns = (head ?? []).slice(1);
    const rows = body.map(([name = "", ...cells]): Row => {
      const key = name.replaceAll("`", "");
      const route = key.replace(/ \(.+\)$/, "");
      if (!isRoute(route)) throw new Error(`${title}: "${key}" is a row of no route.`);
      if (cells.length !== columns.length) throw new Error(`${title}: "${key}" has ${cells.length} cells under ${columns.length} columns.`);
      return { key, route, cells: cells.map((it, index) => cellOf(it, `${title}: ${key}, ${columns[index] ?? ""}`)) };
    });
    const twice = rows.find((it, index) => rows.findIndex((other) => other.key === it.key) !== index);
    if (twice) throw new Error(`${title}: "${twice.key}" stands there twice.`);
    tables.push({ title, columns, rows });
  }
  return tables;
};

export const theMatrix = (): Table[] => readMatrix(readFileSync(page, "utf8"));

/** Whatever makes the matrix less than whole: a route without a row, and what one kind of case says and the other does not. */
export const gapsOf = (tables: readonly Table[]): string[] => {
  const routes = new Set<string>(tables.flatMap((it) => it.rows.map((row) => row.route)));
  const [open = [], restricted = []] = tables.filter((it) => it.title.startsWith("A case")).map((it) => it.rows.map((row) => row.key));
  const alone = [...open.filter((it) => !restricted.includes(it)), ...restricted.filter((it) => !open.includes(it))];
  return [
    ...routeNames.filter((it) => !routes.has(it)).map((it) => `${it} is a route without a row.`),
    ...alone.map((it) => `${it} stands in one of the two tables of cases alone.`),
  ];
};
