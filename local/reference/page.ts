import type { OpenApi } from "../../lib/http/openapi/document.ts";
import { Html, html } from "../../lib/text/html.ts";
import { fieldsOf, nameIn, tableOf, type Shape } from "./shapes.ts";
import { style } from "./style.ts";

interface Content { readonly content?: Readonly<Record<string, { readonly schema: Shape; readonly example?: unknown }>> }
interface Response extends Content { readonly $ref?: string; readonly description: string; readonly headers?: Readonly<Record<string, unknown>> }
interface Parameter { readonly name: string; readonly in: string; readonly required?: boolean; readonly description?: string; readonly schema: Shape }
interface Operation {
  readonly operationId: string; readonly tags: readonly string[]; readonly summary: string; readonly security: readonly object[];
  readonly parameters?: readonly Parameter[]; readonly requestBody?: Content & { readonly required?: boolean; readonly description?: string };
  readonly responses: Readonly<Record<string, Response>>;
}
interface Document {
  readonly info: { readonly title: string; readonly summary: string; readonly description: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Shape>>; readonly responses: Readonly<Record<string, Response>> };
}
type Placed = Operation & { readonly method: string; readonly path: string };

/** The OpenAPI document for people, in one page that loads nothing and runs nothing. swagger-ui-dist depends on @scarf/scarf, which reports installations. */
export const referencePage = (generated: OpenApi, api: string): string => {
  const document = generated as unknown as Document; // read as any reader of its JSON would
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, it]): Placed => ({ ...it, path, method: method.toUpperCase() })));
  const chapters = document.tags.map(({ name }) => ({ name, operations: operations.filter((it) => it.tags[0] === name) }));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${document.info.title}: the API</title>
<style>${new Html(style)}</style>
</head>
<body>
<nav aria-label="Operations">
<p><a href="#top"><strong>${document.info.title}</strong></a> <a href="/openapi.json">openapi.json</a></p>
${chapters.map((chapter) => html`<h2>${chapter.name}</h2><ul>${chapter.operations.map((it) => html`<li><a href="#${it.operationId}">${badge(it.method)} ${it.operationId}</a></li>`)}</ul>`)}
<h2>Shapes</h2><ul>${Object.keys(document.components.schemas).map((name) => html`<li><a href="#schema-${name}">${name}</a></li>`)}</ul>
</nav>
<main id="top">
<h1>${document.info.title}: the API</h1>
<p class="lead">${document.info.summary} This is <code>${api}</code>.</p>
${document.info.description.split("\n\n").map((it) => html`<p>${prose(it)}</p>`)}
${chapters.map((chapter) => html`<h2>${chapter.name}</h2>${chapter.operations.map((it) => section(it, document, api))}`)}
<h2>Shapes</h2>
${Object.entries(document.components.schemas).map(([name, shape]) => html`<section id="schema-${name}"><h3>${name}</h3>${shape.description !== undefined && html`<p>${prose(shape.description)}</p>`}${fieldsOf(shape)}</section>`)}
</main>
</body>
</html>
`.markup;
};

const badge = (method: string): Html => html`<b class="method ${method.toLowerCase()}">${method === "DELETE" ? "DEL" : method}</b>`;

/** Backquotes are the only mark-up that the document's sentences have. */
const prose = (text: string): Html => html`${text.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`;

const section = (it: Placed, document: Document, api: string): Html => {
  const responses = Object.entries(it.responses).map(([status, response]) => [status, response.$ref === undefined ? response : document.components.responses[nameIn(response.$ref)] ?? response] as const);
  const body = it.requestBody?.content?.["application/json"];
  return html`<section id="${it.operationId}">
<h3>${it.summary}</h3>
<p class="line">${badge(it.method)} <code>${it.path}</code> <span>${it.operationId}</span></p>
<p class="quiet">${callerOf(it)}</p>
${it.parameters && html`<h4>Parameters</h4>${tableOf(it.parameters.map(({ name, required, schema, description, in: where }) => ({ name: where === "path" ? `{${name}}` : where === "header" ? `${name}:` : `?${name}=`, required: required === true, shape: { ...schema, ...(description !== undefined && { description }) } })))}`}
${it.requestBody && html`<h4>Request${it.requestBody.required !== true && " (may be left out)"}</h4>${it.requestBody.description !== undefined && html`<p>${it.requestBody.description}</p>`}${Object.entries(it.requestBody.content ?? {}).map(([type, { schema }]) => html`${type !== "application/json" && html`<p><code>${type}</code></p>`}${fieldsOf(schema)}`)}`}
${body?.example !== undefined && html`<pre>${curl(it, api, body.example)}</pre>`}
<h4>Answers</h4>
${responses.filter(([status]) => status < "400").map(([status, response]) => success(status, response))}
<details><summary>Refusals: ${responses.filter(([status]) => status >= "400").map(([status]) => status).join(", ")}</summary><dl>${responses.filter(([status]) => status >= "400").map(([status, { description }]) => html`<dt>${status}</dt><dd>${prose(description)}</dd>`)}</dl></details>
</section>`;
};

const success = (status: string, { description, headers = {}, content = {} }: Response): Html => {
  const named = Object.keys(headers).filter((it) => it !== "x-request-id");
  return html`<p><b>${status}</b> ${description}${named.length > 0 && html` With ${named.map((it) => html`<code>${it}</code> `)}`}</p>
${Object.entries(content).map(([type, { schema, example }]) => html`${type === "application/json" ? fieldsOf(schema) : html`<p><code>${type}</code></p>`}${example !== undefined && html`<pre>${JSON.stringify(example, null, 2)}</pre>`}`)}`;
};

const callerOf = ({ security }: Placed): string => {
  const schemes = security.flatMap((it) => Object.keys(it));
  if (schemes.includes("staff")) return "For the firm's staff: an access token of the staff pool.";
  if (schemes.includes("client")) return "For clients and collaborators: an access token of the client pool.";
  return schemes.includes("openedLink") ? "For whoever holds the link; the session's cookie shows more." : "For everyone.";
};

const curl = ({ method, path, parameters = [] }: Placed, api: string, example: unknown): string =>
  [`curl -X ${method} ${api}${path}`, `-H "authorization: Bearer $TOKEN"`, ...(parameters.some((it) => it.name === "If-Match") ? [`-H 'if-match: "1"'`] : []), `-H "content-type: application/json"`, `-d '${JSON.stringify(example, null, 2)}'`].join(" \\\n  ");
