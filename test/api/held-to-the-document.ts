import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import type { Answer, Caller } from "../../local/caller.ts";
import { openApi, type OpenApi } from "../../lib/http/openapi/document.ts";

export interface Asked { readonly method: string; readonly path: string; readonly body: unknown; readonly type: string }
type Judged = Pick<Answer, "status" | "headers" | "body">;
type Any = any; // eslint-disable-line @typescript-eslint/no-explicit-any -- a document is read as whoever wrote none of it reads it

/** Judges requests and answers by an OpenAPI document and by nothing else; no field may come that it does not name. */
export class Contract {
  readonly #document: Any;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, validateSchema: false });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: OpenApi) {
    this.#document = closed(document);
    this.#ajv.addSchema(this.#document, "document");
  }

  /** The operation that a request is for; literal segments win over parameters. */
  operationOf(method: string, path: string): { readonly id: string; readonly pointer: string; readonly operation: Any; readonly values: Readonly<Record<string, string>> } | null {
    const verb = method === "HEAD" ? "get" : method.toLowerCase();
    for (const template of Object.keys(this.#document.paths).toSorted((a, b) => a.split("{").length - b.split("{").length)) {
      const match = new RegExp(`^${template.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`).exec(path.split("?")[0] ?? "");
      const operation = this.#document.paths[template][verb];
      if (match && operation) return { id: operation.operationId, pointer: pointerOf("paths", template, verb), operation, values: { ...match.groups } };
    }
    return null;
  }

  /** What is not as the document says; nothing when all is. */
  faults(asked: Asked, answer: Judged): string[] {
    const found = this.operationOf(asked.method, asked.path);
    if (found === null) return asked.method === "OPTIONS" || [404, 405, 413, 431].includes(answer.status) ? [] : [`status ${answer.status} where the document has no operation`];
    const response = this.#resolve(found.operation.responses[answer.status], `${found.pointer}/responses/${answer.status}`);
    if (response === null) return [`status ${answer.status} is not documented`];
    const faults = answer.status < 300 ? this.#wrongInRequest(asked, found) : [];
    const type = (answer.headers.get("content-type") ?? "").split(";")[0] ?? "";
    for (const header of answer.status < 400 ? ["etag", "location", "x-request-id"] : []) {
      if (response.it.headers?.[header] !== undefined && !answer.headers.has(header)) faults.push(`the answer has no ${header}`);
      if (header !== "x-request-id" && response.it.headers?.[header] === undefined && answer.headers.has(header)) faults.push(`the answer's ${header} is not documented`);
    }
    if (asked.method === "HEAD" || (answer.body === "" && response.it.content === undefined)) return faults;
    if (response.it.content?.[type] === undefined) return [...faults, `an answer of type ${type || "(none)"} is not documented for ${answer.status}`];
    return type.includes("json") ? [...faults, ...this.#against(`${response.pointer}${pointerOf("content", type, "schema")}`, answer.body, "answer")] : faults;
  }

  #wrongInRequest({ path, body, type }: Asked, { operation, pointer, values }: NonNullable<ReturnType<Contract["operationOf"]>>): string[] {
    const faults: string[] = [];
    const parameters: Any[] = operation.parameters ?? [];
    const query = new URLSearchParams(path.split("?")[1] ?? "");
    for (const name of query.keys()) if (!parameters.some((it) => it.in === "query" && it.name === name)) faults.push(`query.${name} is not documented`);
    for (const [index, { name, in: where, required, schema }] of parameters.entries()) {
      const value = where === "path" ? values[name] : where === "query" ? (query.get(name) ?? undefined) : undefined;
      if (where === "header") continue;
      if (value === undefined) { if (required) faults.push(`${where}.${name} is required`); continue; }
      faults.push(...this.#against(`${pointer}/parameters/${index}/schema`, schema.type === "integer" ? Number(value) : decodeURIComponent(value), `${where}.${name}`));
    }
    const { requestBody } = operation;
    if (body === undefined) return requestBody?.required ? [...faults, "a body is required"] : faults;
    // What takes no body takes an empty object too.
    if (requestBody === undefined) return JSON.stringify(body) === "{}" ? faults : [...faults, "a body is not documented"];
    if (requestBody.content[type] === undefined) return [...faults, `a body of type ${type} is not documented`];
    return type === "application/json" ? [...faults, ...this.#against(`${pointer}${pointerOf("requestBody", "content", type, "schema")}`, body, "request")] : faults;
  }

  #resolve(it: Any, pointer: string): { readonly it: Any; readonly pointer: string } | null {
    if (it === undefined) return null;
    if (it.$ref === undefined) return { it, pointer };
    const inner = (it.$ref as string).slice(1);
    return { it: inner.split("/").slice(1).reduce((at, key) => at[key.replaceAll("~1", "/").replaceAll("~0", "~")], this.#document), pointer: inner };
  }

  #against(pointer: string, value: unknown, what: string): string[] {
    const validate = this.#validators.get(pointer) ?? this.#ajv.compile({ $ref: `document#${pointer.split("/").map(encodeURIComponent).join("/")}` });
    this.#validators.set(pointer, validate);
    return validate(value) ? [] : (validate.errors ?? []).map((it) => `${what}${it.instancePath} ${it.message ?? ""} ${JSON.stringify(it.params)}`);
  }
}

const pointerOf = (...keys: string[]): string => keys.map((key) => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/** Replies may gain fields in a later version; in this one, every field must be in the document. */
const closed = (it: Any): Any => {
  if (Array.isArray(it)) return it.map(closed);
  if (typeof it !== "object" || it === null) return it;
  const inner = Object.fromEntries(Object.entries(it).map(([key, value]) => [key, closed(value)]));
  return typeof it.properties === "object" && it.$ref === undefined && it.additionalProperties === undefined ? { ...inner, additionalProperties: false } : inner;
};

const own = new Contract(openApi());

/** A caller whose every exchange is as the document says, or an error. */
export const heldToTheDocument = (call: Caller): Caller => async (method, path, body, headers = {}) => {
  const answer = await call(method, path, body, headers);
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "application/json";
  const faults = own.faults({ method, path, body: typeof body === "string" ? parsed(body) : body, type: type.split(";")[0] ?? "" }, answer);
  if (faults.length > 0) throw new Error(`${method} ${path} is not as the document says: ${faults.join("; ")}.`);
  return answer;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};
