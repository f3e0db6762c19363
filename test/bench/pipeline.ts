import { S3Client } from "@aws-sdk/client-s3";
import { JwtVerifier } from "aws-jwt-verify";
import type { Context } from "aws-lambda";
import { objectsIn } from "../../lib/adapters/s3.ts";
import { verifierOf } from "../../lib/adapters/verifier.ts";
import type { HttpHandler } from "../../local/gateway.ts";
import type { AwsClient } from "../../lib/compose.ts";
import type { Grant } from "../../lib/domain/access.ts";
import type { Case } from "../../lib/domain/case.ts";
import type { Document } from "../../lib/domain/document.ts";
import { firmProfile } from "../../lib/domain/firm.ts";
import { newId } from "../../lib/domain/ids.ts";
import type { Identity } from "../../lib/domain/people.ts";
import { toInstant } from "../../lib/domain/time.ts";
import { jsonApi } from "../../lib/http/api.ts";
import { clientBindings } from "../../lib/http/bindings/client.ts";
import { eventOf, profile, type Ask, type Cloud } from "./cloud.ts";
import { contactSub, type LoadedFirm } from "./load.ts";
import { say, table, type Verdicts } from "./report.ts";

const clock = (): Date => new Date();
const context = {} as Context; // no handler of ours reads it
const [batches, perBatch] = [31, 40];

/** Microseconds of each work: batches in turns, so that a busy moment hits them all; the median of the batches, with least and most. */
const timed = async (works: Readonly<Record<string, () => Promise<unknown>>>): Promise<Map<string, readonly number[]>> => {
  const all = new Map(Object.keys(works).map((name) => [name, [] as number[]]));
  for (let batch = -5; batch < batches; batch++) {
    for (const [name, work] of Object.entries(works)) {
      const start = performance.now();
      for (let turn = 0; turn < perBatch; turn++) await work();
      if (batch >= 0) all.get(name)?.push(((performance.now() - start) * 1000) / perBatch);
    }
  }
  return new Map([...all].map(([name, samples]) => [name, samples.toSorted((a, b) => a - b)]));
};

/** What a warm request costs this machine, first without any adapter, then with the SDK up to the wire; and what a signed URL costs. */
export const reportPipeline = async (cloud: Cloud, firm: LoadedFirm, verdicts: Verdicts): Promise<void> => {
  const token = cloud.issuer.token({ sub: contactSub });
  const download: Ask = { route: "client.download", params: { caseId: firm.caseId, documentId: firm.documentIds[0] ?? "" }, token };
  const list: Ask = { route: "client.items", params: { caseId: firm.caseId }, query: `folderId=${firm.folderId}&limit=50`, token };

  const bare = stubbed(cloud, firm);
  const toTheWire = cloud.clientApi(answersItself);
  const jwksUri = `${cloud.issuer.issuer}/.well-known/jwks.json`;
  const reference = JwtVerifier.create({ issuer: cloud.issuer.issuer, audience: null, jwksUri });
  reference.cacheJwks(await (await fetch(jwksUri)).json() as Parameters<typeof reference.cacheJwks>[0]); // the issuer's own keys
  const objects = objectsIn(new S3Client({ requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" }), "bucket", clock);
  const asks = (handler: HttpHandler, ask: Ask) => async () => {
    const { statusCode, body } = await handler(eventOf(ask), context);
    if (statusCode !== 200) throw new Error(`The pipeline answered ${statusCode ?? 0}: ${body ?? ""}`);
  };
  const verified = () => reference.verify(token);
  const samples = await timed({
    "RS256 verification (aws-jwt-verify)": verified,
    "the same again": verified,
    "client.download, ports stubbed": asks(bare, download),
    "client.items of 50, ports stubbed": asks(bare, list),
    "client.download, network stubbed": asks(toTheWire, download),
    "client.items of 50, network stubbed": asks(toTheWire, list),
    "one presigned download URL": () => objects.signDownload("doc/ver", { s3VersionId: "0123456789abcdef0123456789abcdef", fileName: "Escritura de compraventa (año 2026).pdf", contentType: "application/pdf" }),
  });

  const median = (name: string): number => samples.get(name)?.[Math.floor(batches / 2)] ?? Number.NaN;
  const [first = "", again = ""] = samples.keys();
  say(`\n## Warm pipeline\n\nMicroseconds: median, least and most of ${batches} batches of ${perBatch}, in turns. Ports stubbed: route, token check, validation, decision, serialising.\nNetwork stubbed: the same with the stores' schemas and the SDK, marshalling and signing included.\n`);
  table(["work", "µs", "least", "most", "ratio", "of least"], [...samples].map(([name, all]) => [name, median(name).toFixed(1), (all[0] ?? 0).toFixed(1), (all.at(-1) ?? 0).toFixed(1), (median(name) / median(first)).toFixed(2), ((all[0] ?? 0) / (samples.get(first)?.[0] ?? 0)).toFixed(2)]));
  say(`\nA/A pair: the same verification twice differs by ${(Math.abs(median(again) / median(first) - 1) * 100).toFixed(1)} %.`);
  for (const name of samples.keys()) {
    if (name.endsWith("ports stubbed")) verdicts.add(`${name}: ≤ 3 × verification`, median(name) <= 3 * median(first), `${(median(name) / median(first)).toFixed(2)} (${((samples.get(name)?.[0] ?? 0) / (samples.get(first)?.[0] ?? 0)).toFixed(2)} by the least of each)`);
  }
};

/** The clients' API over answers that are there already. */
const stubbed = ({ issuer }: Cloud, { contactId, clientId, memberId, caseId, folderId, outer, documentIds, spare }: LoadedFirm) => {
  const at = toInstant(clock());
  const kase: Case = { caseId, clientId, adviserId: memberId, team: [], restricted: false, brokenGlass: [], reference: "2026/000123", title: "Compraventa", status: "open", createdAt: at, updatedAt: at, revision: 1 };
  const versionId = newId("version", clock());
  const document = (documentId = spare): Document => ({
    documentId, caseId, folderId, folderPath: [outer, folderId], name: "Escritura de compraventa.pdf", versionCount: 1, createdAt: at, revision: 3,
    published: { versionId, number: 1, size: 184_320, sha256: "0".repeat(64), contentType: "application/pdf", s3VersionId: "0".repeat(32), publishedAt: at, scanned: true },
  });
  const folder = { caseId, inherit: true, createdAt: at, revision: 1 };
  const folders = [{ ...folder, folderId: outer, ancestors: [], name: "Documentación" }, { ...folder, folderId, parentId: outer, ancestors: [outer], name: "Escrituras" }];
  const grant: Grant = { grantId: newId("grant", clock()), caseId, holder: clientId, place: caseId, level: "read", createdAt: at, givenBy: memberId };
  const identity: Identity = { sub: contactSub, suspended: false, tokensValidAfter: toInstant(new Date(0)), person: { kind: "contact", contactId, clientIds: [clientId], since: { [clientId]: at }, name: "Nuria Prats", locale: "es" } };
  const page = documentIds.slice(0, 50).map((it) => ({ kind: "document" as const, document: document(it) }));
  // Only what the two routes ask for; anything else would be an error that the run shows.
  const ports = {
    people: { identity: () => Promise.resolve(identity) },
    cases: { get: () => Promise.resolve(kase) },
    documents: { get: () => Promise.resolve(document()), folder: () => Promise.resolve(folders[1]), folders: () => Promise.resolve(folders), items: () => Promise.resolve({ items: page, next: null }) },
    grants: { find: () => Promise.resolve([grant]) },
    objects: { signDownload: () => Promise.resolve({ url: "https://bucket.s3.eu-west-1.amazonaws.com/key", expiresAt: at }) },
    ledger: { commit: ({ trail }: { trail: { markRecorded(): void } }) => { trail.markRecorded(); return Promise.resolve(); } },
    firm: firmProfile.parse(profile),
  } as unknown as Parameters<typeof clientBindings>[0];
  const verify = verifierOf({ issuer: issuer.issuer, clientId: "bench" }, clock);
  return jsonApi("client", clientBindings(ports), { ledger: ports.ledger, people: ports.people, verify, cursorKey: () => Promise.resolve("k"), clock }, ({ person }) => (person.kind === "contact" ? person : null));
};

interface Handler { handle(request: { body?: string | Uint8Array; headers: Record<string, string> }, options?: unknown): Promise<{ response: { statusCode: number; headers: Record<string, string>; body: AsyncIterable<Uint8Array> } }> }

/** Reads go over the network once and are answered from memory ever after; a write is answered without having gone anywhere. */
const answersItself = (client: AwsClient): void => {
  const config = client.config as unknown as { requestHandler: Handler }; // the handler of whatever client it is
  const network = config.requestHandler;
  const answers = new Map<string, Uint8Array>();
  config.requestHandler = {
    async handle(request, options) {
      const target = request.headers["x-amz-target"] ?? "";
      const body = typeof request.body === "string" ? request.body : new TextDecoder().decode(request.body);
      const key = `${target} ${body}`;
      const known = /PutItem|TransactWriteItems/.test(target) ? Buffer.from("{}") : answers.get(key);
      if (known) return { response: { statusCode: 200, headers: { "content-type": "application/x-amz-json-1.0" }, body: known as unknown as AsyncIterable<Uint8Array> } }; // the SDK takes bytes as well
      const { response } = await network.handle(request, options);
      const parts: Uint8Array[] = [];
      for await (const part of response.body) parts.push(part);
      const bytes = Buffer.concat(parts);
      answers.set(key, bytes);
      return { response: { ...response, body: bytes as unknown as AsyncIterable<Uint8Array> } };
    },
  };
};
