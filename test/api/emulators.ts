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
    emulators: SharedEmulators;
  }
}

/** One set of emulators for all test files; each file makes a firm of its own in them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "legajo-test-"));
  const log = (): void => undefined;
  const [first = 0, second = 0, third = 0] = await freePorts(3);
  const [dynamodb, cognito, mail] = await Promise.all([
    startDynamoDb({ directory: null, port: first, log }), startCognito({ directory, port: second, log }), startSes({ port: third, log }),
  ]);
  project.provide("emulators", { dynamodb: dynamodb.url, cognito: cognito.url, mail: mail.url });
  return async () => {
    await Promise.all([dynamodb.stop(), cognito.stop(), mail.stop()]);
    await rm(directory, { recursive: true, force: true });
  };
}
