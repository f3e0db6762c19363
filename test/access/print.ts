import { routes } from "../../lib/http/routes.ts";
import { gapsOf, theMatrix, type Cell } from "./matrix.ts";

/** Prints the access matrix with each route's method and path, and says what is missing in it. */
const inColour = process.stdout.isTTY;
const paint = (code: number, text: string): string => (inColour ? `\u001b[${code}m${text}\u001b[0m` : text);
const colourOf = ({ status }: Cell): number => (status < 400 ? 32 : status === 401 ? 90 : status === 404 ? 33 : 31);
const textOf = ({ status, tells }: Cell): string => `${status}${tells === null ? "" : tells ? "+" : "-"}`;

const tables = theMatrix();
for (const { title, columns, rows } of tables) {
  console.log(`\n${paint(1, title)}\n`);
  const widths = columns.map((it) => Math.max(it.length, 4));
  const name = Math.max(...rows.map((it) => it.key.length));
  console.log(`${" ".repeat(name)}  ${columns.map((it, index) => it.padEnd(widths[index] ?? 0)).join("  ")}`);
  for (const { key, route, cells } of rows)
    console.log(`${key.padEnd(name)}  ${cells.map((it, index) => paint(colourOf(it), textOf(it).padEnd(widths[index] ?? 0))).join("  ")}  ${paint(90, `${routes[route].method} ${routes[route].path}`)}`);
}
const gaps = gapsOf(tables);
const cells = tables.flatMap((it) => it.rows.flatMap((row) => row.cells)).length;
console.log(`\n${new Set(tables.flatMap((it) => it.rows.map((row) => row.route))).size} routes of ${Object.keys(routes).length}, ${cells} cells.`);
for (const it of gaps) console.error(it);
if (gaps.length > 0) process.exitCode = 1;
