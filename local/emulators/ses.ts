/** The mail service: `aws-ses-v2-local`, which takes SES v2 SendEmail and shows every mail. */
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { startChild, type Emulator, type Log } from "./child.ts";
import { assertPortFree } from "./ports.ts";

/** Starts the mail emulator. It keeps mails in memory only: a restart begins with an empty store. */
export async function startSes({ port, log }: { readonly port: number; readonly log: Log }): Promise<Emulator> {
  const name = "The mail emulator (aws-ses-v2-local)";
  await assertPortFree(port, name);
  const url = `http://127.0.0.1:${port}`;
  const script = createRequire(import.meta.url).resolve("aws-ses-v2-local/dist/cli.js");
  return startChild({
    name,
    mode: "node",
    command: script,
    args: ["--host", "127.0.0.1", "--port", String(port)],
    cwd: dirname(script),
    url,
    log,
    answers: async () => {
      const response = await fetch(`${url}/health-check`, { signal: AbortSignal.timeout(2_000) });
      if (!response.ok) throw new Error(`health check: ${response.status}`);
    },
  });
}
