import { html, type Html } from "../../lib/text/html.ts";

/** As much of JSON Schema as the document writes. */
export interface Shape {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Shape | boolean;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly oneOf?: readonly Shape[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
}

const joined = (parts: readonly Html[], by: string): Html => html`${parts.map((it, index) => html`${index > 0 && by}${it}`)}`;
const code = (text: string): Html => html`<code>${text}</code>`;
export const nameIn = (ref: string): string => ref.slice(ref.lastIndexOf("/") + 1);

/** What a value is, in a few words. */
export const kindOf = (it: Shape): Html => {
  if (it.$ref !== undefined) return html`<a href="#schema-${nameIn(it.$ref)}">${nameIn(it.$ref)}</a>`;
  const either = it.oneOf ?? it.anyOf;
  if (either) return joined(either.map(kindOf), " or ");
  if (it.const !== undefined) return code(JSON.stringify(it.const));
  if (it.enum) return joined(it.enum.map(code), " | ");
  if (it.type === "array") return html`list${limits(it.minItems, it.maxItems)} of ${it.items ? kindOf(it.items) : "anything"}`;
  if (it.format === "date-time") return html`instant`;
  const id = /^\^([a-z]{3}_)/.exec(it.pattern ?? "")?.[1];
  if (id !== undefined) return html`id ${code(`${id}…`)}`;
  if (it.type === "object" && typeof it.additionalProperties === "object") return html`object of ${kindOf(it.additionalProperties)} by name`;
  if (it.type === "object" && it.properties?.["kind"]?.const !== undefined) return code(JSON.stringify(it.properties["kind"].const));
  return html`${typeof it.type === "string" ? it.type : (it.type ?? ["anything"]).join(" or ")}${limits(it.minimum ?? it.minLength, it.maximum ?? it.maxLength)}`;
};

const limits = (low: number | undefined, high: number | undefined): string =>
  low === undefined && high === undefined ? "" : low === undefined ? ` (at most ${high ?? ""})` : high === undefined ? ` (at least ${low})` : ` (${low} to ${high})`;

interface Row { readonly name: string; readonly shape: Shape; readonly required: boolean }

/** The fields of an object, those inside it by their whole path. */
const rowsOf = (it: Shape, prefix = ""): Row[] =>
  Object.entries(it.properties ?? {}).flatMap(([name, shape]) => {
    const path = `${prefix}${name}`;
    const inner = shape.type === "array" ? rowsOf(shape.items ?? {}, `${path}[].`) : [shape, ...(shape.oneOf ?? shape.anyOf ?? [])].flatMap((one) => rowsOf(one, `${path}.`));
    return [{ name: path, shape, required: it.required?.includes(name) === true }, ...inner];
  });

const row = ({ name, shape, required }: Row): Html =>
  html`<tr><th scope="row"><code>${name}</code>${required && html` <b title="required">*</b>`}</th><td>${kindOf(shape)}${shape.default !== undefined && html`, ${JSON.stringify(shape.default)} unless given`}${shape.description !== undefined && html`<br><span>${shape.description}</span>`}</td></tr>`;

export const tableOf = (rows: readonly Row[]): Html => html`<table>${rows.map(row)}</table>`;

/** An object as its fields, a choice as one table each, everything else in a few words. */
export const fieldsOf = (it: Shape): Html => {
  if (it.oneOf) return html`${it.oneOf.map((one) => html`<p>${kindOf(one)}</p>${fieldsOf(one)}`)}`;
  const rows = rowsOf(it);
  return rows.length > 0 && it.$ref === undefined ? tableOf(rows) : html`<p>${kindOf(it)}</p>`;
};
