/** DynamoDB Local, AWS's own emulator, out of the npm package `amplify-dynamodb-simulator` (which is used only as the jar's carrier). */
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LOCAL_CREDENTIALS, LOCAL_REGION, startChild, type Emulator, type Log } from "./child.ts";
import { assertPortFree } from "./ports.ts";

const HOME = fileURLToPath(new URL("../../node_modules/amplify-dynamodb-simulator/emulator/", import.meta.url));

/** Where and how to run it. `directory: null` keeps everything in memory, for tests. */
export interface DynamoDbOptions {
  readonly directory: string | null;
  readonly port: number;
  readonly log: Log;
}

/** Starts DynamoDB Local and resolves when it lists its tables. */
export async function startDynamoDb({ directory, port, log }: DynamoDbOptions): Promise<Emulator> {
  const name = "DynamoDB Local";
  await assertPortFree(port, name);
  if (directory !== null) await mkdir(directory, { recursive: true });
  const url = `http://127.0.0.1:${port}`;
  const client = new DynamoDBClient({ endpoint: url, region: LOCAL_REGION, credentials: LOCAL_CREDENTIALS, maxAttempts: 1 });
  try {
    return await startChild({
      name,
      mode: "run",
      command: "java",
      args: [
        "-Xmx512m",
        `-Djava.library.path=${join(HOME, "DynamoDBLocal_lib")}`,
        "-jar",
        join(HOME, "DynamoDBLocal.jar"),
        "-disableTelemetry",
        "-sharedDb",
        ...(directory === null ? ["-inMemory"] : ["-dbPath", directory]),
        "-port",
        String(port),
      ],
      cwd: HOME,
      url,
      log,
      answers: () => client.send(new ListTablesCommand({}), { abortSignal: AbortSignal.timeout(2_000) }),
    });
  } finally {
    client.destroy();
  }
}
