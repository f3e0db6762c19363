import { JwtVerifier } from "aws-jwt-verify";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Issuer } from "../lib/adapters/verifier.ts";
import { functionOf, routeKeys, routeNames, routes, type Audience } from "../lib/http/routes.ts";

export type HttpHandler = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

/** One line for every request that the gateway took, to be compared with the access register. */
export interface JournalEntry {
  readonly routeKey: string;
  readonly status: number;
  /** The request's id where one of our functions answered, null where the gateway did. */
  readonly requestId: string | null;
}

export interface GatewayOptions {
  readonly port: number;
  readonly handlers: Readonly<Record<(typeof functionOf)[Audience], HttpHandler>>;
  readonly issuers: { readonly staff: Issuer; readonly client: Issuer };
  /** Pages that exist on this machine alone, by path. */
  readonly extras?: Readonly<Record<string, () => { readonly type: string; readonly body: string }>>;
  readonly onAnswer?: (entry: JournalEntry) => void;
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html, and Lambda's limit of a synchronous answer.
const limits = { bodyBytes: 10 * 1024 ** 2, headerBytes: 10_240, answerBytes: 6 * 1024 ** 2, answerMs: 30_000 };

interface Target { readonly routeKey: string; readonly audience: Audience; readonly pattern: RegExp; readonly names: readonly string[]; readonly method: string }

/** Literal segments win over parameters, as in API Gateway. */
const targets: readonly Target[] = routeNames.flatMap((name) => routeKeys(name).map((routeKey): Target => {
  const { path, audience } = routes[name];
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  return { routeKey, audience, names, method: routeKey.slice(0, routeKey.indexOf(" ")), pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "([^/]+)")}$`) };
})).toSorted((a, b) => a.names.length - b.names.length);

/** An HTTP API on this machine: the same routes, authorizers, limits and bodies of its own as AWS's. */
export const startGateway = async (options: GatewayOptions): Promise<{ readonly url: string; close(): Promise<void> }> => {
  const authorizers = { staff: authorizerOf(options.issuers.staff), client: authorizerOf(options.issuers.client) };
  const server = createServer({ maxHeaderSize: 65_536 }, (incoming, outgoing) => {
    void handle(incoming, outgoing).catch(() => { own(outgoing, 500, "Internal Server Error"); });
  });

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = "GET", url = "/" } = incoming;
    const [rawPath = "/", rawQueryString = ""] = url.split(/\?(.*)/s);
    const extra = options.extras?.[rawPath];
    if (extra && method === "GET") {
      const { type, body } = extra();
      outgoing.writeHead(200, { "content-type": type }).end(body);
      return;
    }
    if (method === "OPTIONS" && incoming.headers["access-control-request-method"] !== undefined) {
      outgoing.writeHead(204, crossOrigin(incoming)).end();
      return;
    }
    const lineAndHeaders = method.length + url.length + incoming.rawHeaders.reduce((sum, text) => sum + text.length + 2, 0);
    if (lineAndHeaders > limits.headerBytes) { own(outgoing, 431, "Request Header Fields Too Large"); return; }
    const body = await bodyOf(incoming);
    if (body === null) { own(outgoing, 413, "Request Entity Too Large"); return; }

    const target = targets.find((it) => it.method === method && it.pattern.test(rawPath));
    if (target && (target.audience === "staff" || target.audience === "client") && !(await authorizers[target.audience](incoming.headers.authorization))) {
      options.onAnswer?.({ routeKey: target.routeKey, status: 401, requestId: null });
      outgoing.setHeader("www-authenticate", "Bearer");
      { own(outgoing, 401, "Unauthorized", crossOrigin(incoming)); return; }
    }
    const handler = options.handlers[functionOf[target?.audience ?? "open"]];
    const event = eventOf(incoming, { method, rawPath, rawQueryString, body, target });
    const timeout = new Promise<null>((resolve) => setTimeout(resolve, limits.answerMs, null).unref());
    const answer = await Promise.race([handler(event, contextOf(event)).catch(() => undefined), timeout]);
    const status = answer === null ? 503 : (answer?.statusCode ?? 500);
    const requestId = String(answer?.headers?.["x-request-id"] ?? "") || null;
    options.onAnswer?.({ routeKey: event.routeKey, status, requestId });
    if (answer === null) { own(outgoing, 503, "Service Unavailable"); return; }
    if (answer === undefined || (answer.body?.length ?? 0) > limits.answerBytes) { own(outgoing, 500, "Internal Server Error"); return; }
    for (const [name, value] of Object.entries({ ...answer.headers, ...crossOrigin(incoming) })) outgoing.setHeader(name, String(value));
    if (answer.cookies) outgoing.setHeader("set-cookie", answer.cookies);
    outgoing.writeHead(status).end(answer.isBase64Encoded ? Buffer.from(answer.body ?? "", "base64") : (answer.body ?? ""));
  };

  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(options.port, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : options.port;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => { server.closeAllConnections(); server.close(() => { resolve(); }); }),
  };
};

/** The gateway's own answers have a body of their own. */
const own = (outgoing: ServerResponse, status: number, message: string, headers: Record<string, string> = {}): void => {
  outgoing.writeHead(status, { ...headers, "content-type": "application/json" }).end(JSON.stringify({ message }));
};

/** Frontends on this machine may call; nobody else's page may. */
const crossOrigin = ({ headers }: IncomingMessage): Record<string, string> =>
  /^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/.test(headers.origin ?? "")
    ? { "access-control-allow-origin": headers.origin ?? "", vary: "origin", "access-control-allow-methods": "GET,HEAD,POST,PATCH,DELETE", "access-control-allow-headers": "authorization,content-type,if-match,idempotency-key", "access-control-expose-headers": "etag,location,x-request-id,retry-after" }
    : {};

/** AWS's JWT authorizer: signature, issuer, times, and `aud` or `client_id`. It does not tell ID tokens from access tokens: our code does. */
const authorizerOf = ({ issuer, clientId }: Issuer) => {
  const fetcher = { fetch: async (uri: string) => (await fetch(uri)).arrayBuffer() };
  const verifier = JwtVerifier.create({ issuer, audience: null, jwksUri: `${issuer}/.well-known/jwks.json`, graceSeconds: Number.MAX_SAFE_INTEGER }, { jwksCache: new SimpleJwksCache({ fetcher }) });
  return async (authorization: string | undefined): Promise<boolean> => {
    try {
      const claims = await verifier.verify(/^Bearer (.+)$/i.exec(authorization ?? "")?.[1] ?? "");
      return (claims.aud ?? claims["client_id"]) === clientId;
    } catch {
      return false;
    }
  };
};

const bodyOf = async (incoming: IncomingMessage): Promise<Buffer | null> => {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size <= limits.bodyBytes) parts.push(part);
  }
  return size > limits.bodyBytes ? null : Buffer.concat(parts);
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** Payload format 2.0. Bodies that are not text arrive in base64, forms among them. */
const eventOf = (incoming: IncomingMessage, it: { method: string; rawPath: string; rawQueryString: string; body: Buffer; target: Target | undefined }): APIGatewayProxyEventV2 => {
  const { cookie, ...rest } = incoming.headers;
  const headers = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : (value ?? "")]));
  const values = it.target?.pattern.exec(it.rawPath)?.slice(1) ?? [];
  const isText = /^(text\/|application\/(json|xml|javascript|problem\+json))/.test(headers["content-type"] ?? "");
  const routeKey = it.target?.routeKey ?? "$default";
  const now = Date.now();
  return {
    version: "2.0", routeKey, rawPath: it.rawPath, rawQueryString: it.rawQueryString, headers, ...(cookie !== undefined && { cookies: cookie.split("; ") }),
    ...(it.target && it.target.names.length > 0 && { pathParameters: Object.fromEntries(it.target.names.map((name, index) => [name, decoded(values[index] ?? "")])) }),
    requestContext: {
      accountId: "000000000000", apiId: "local", domainName: "127.0.0.1", domainPrefix: "local", routeKey, stage: "$default", requestId: randomUUID(), time: new Date(now).toISOString(), timeEpoch: now,
      http: { method: it.method, path: it.rawPath, protocol: "HTTP/1.1", sourceIp: incoming.socket.remoteAddress ?? "127.0.0.1", userAgent: headers["user-agent"] ?? "" },
    },
    ...(it.body.length > 0 && { body: isText ? it.body.toString("utf8") : it.body.toString("base64") }),
    isBase64Encoded: it.body.length > 0 && !isText,
  };
};

const contextOf = (event: APIGatewayProxyEventV2): Context => ({
  callbackWaitsForEmptyEventLoop: false, functionName: "local", functionVersion: "1", invokedFunctionArn: "arn:aws:lambda:eu-west-1:000000000000:function:local", memoryLimitInMB: "512",
  awsRequestId: event.requestContext.requestId, logGroupName: "local", logStreamName: "local", getRemainingTimeInMillis: () => limits.answerMs,
  ...callbacks,
});

// Lambda's type still asks for the callbacks of Node.js 0.10; nobody calls them.
const callbacks = { done: () => undefined, fail: () => undefined, succeed: () => undefined };
