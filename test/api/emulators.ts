import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startCognito } from "../../local/emulators/cognito.ts";
import { startDynamoDb } from "../../local/emulators/dynamodb.ts";
import { freePorts } from "../../local/emulators/ports.ts";
import { startSes } from "../../local/emulators/ses.ts";
import type { SharedEmulators } from "../../local/firm.ts";

declare module "vitest" {
  export interface ProvidedContext {
    emulators: Omit<SharedEmulators, "dynamodb"> & { readonly dynamodbs: readonly string[] };
  }
}

/** One DynamoDB for each worker: it does one thing at a time, and with one for all of them the tests took twice as long. */
export const workers = 2;

/** Emulators for all test files; each file makes firms of its own in them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "legajo-test-"));
  const log = (): void => undefined;
  const [first = 0, second = 0, ...others] = await freePorts(2 + workers);
  const [cognito, mail, ...dynamodbs] = await Promise.all([
    startCognito({ directory, port: first, log }), startSes({ port: second, log }), ...others.map((port) => startDynamoDb({ directory: null, port, log })),
  ]);
  project.provide("emulators", { dynamodbs: dynamodbs.map((it) => it.url), cognito: cognito.url, mail: mail.url });
  return async () => {
    await Promise.all([cognito, mail, ...dynamodbs].map((it) => it.stop()));
    await rm(directory, { recursive: true, force: true });
  };
}
