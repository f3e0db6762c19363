import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startCognito } from "../../local/emulators/cognito.ts";
import { freePorts } from "../../local/emulators/ports.ts";
import { startSes } from "../../local/emulators/ses.ts";
import type { SharedEmulators } from "../../local/firm.ts";

declare module "vitest" {
  export interface ProvidedContext {
    emulators: Omit<SharedEmulators, "dynamodb">;
  }
}

/** Emulators for all test files; each file makes firms of its own in them, in a DynamoDB of its own (`firm.ts`). */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "legajo-test-"));
  const log = (): void => undefined;
  const [first = 0, second = 0] = await freePorts(2);
  const [cognito, mail] = await Promise.all([
    startCognito({ directory, port: first, log }), startSes({ port: second, log }),
  ]);
  project.provide("emulators", { cognito: cognito.url, mail: mail.url });
  return async () => {
    await Promise.all([cognito.stop(), mail.stop()]);
    await rm(directory, { recursive: true, force: true });
  };
}
