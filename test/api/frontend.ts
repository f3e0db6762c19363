import type { Answer } from "../../local/caller.ts";
import type { Asked } from "./held-to-the-document.ts";

export interface Wanted {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
export type Frontend = (operationId: string, wanted?: Wanted) => Promise<Answer>;
type Any = any; // eslint-disable-line @typescript-eslint/no-explicit-any -- a document from the wire

/** A frontend that knows the API by its document alone: operations by name, with the token that their security asks for. */
export const frontendOf = async (api: string, tokens: Readonly<Record<string, string>>, onAnswer: (operationId: string, asked: Asked, answer: Answer) => void = () => undefined): Promise<Frontend> => {
  const document: Any = await (await fetch(`${api}/openapi.json`)).json();
  const operations = new Map<string, Any>(Object.entries<Any>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Any>(methods).map(([method, operation]) => [operation.operationId, { ...operation, path, method: method.toUpperCase() }])));

  return async (operationId, { path = {}, query = {}, body, headers = {} } = {}) => {
    const operation = operations.get(operationId);
    const filled = (operation.path as string).replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? ""));
    const search = new URLSearchParams(query).toString();
    const token = Object.keys(Object.assign({}, ...operation.security)).map((scheme) => tokens[scheme]).find((it) => it !== undefined);
    const target = `${filled}${search && `?${search}`}`;
    const response = await fetch(`${api}${target}`, {
      method: operation.method, redirect: "manual",
      headers: { ...(token && { authorization: `Bearer ${token}` }), ...(body !== undefined && { "content-type": "application/json" }), accept: "application/json", ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = { status: response.status, headers: response.headers, body: (response.headers.get("content-type") ?? "").includes("json") ? JSON.parse(text) : text };
    onAnswer(operationId, { method: operation.method, path: target, body, type: "application/json" }, answer);
    return answer;
  };
};
