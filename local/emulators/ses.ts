/**
 * The mail service: `aws-ses-v2-local` 2.10.2, which takes SES v2 SendEmail and shows every mail. A person reads them at `/`, a program with
 * GET /store, which answers (measured with the real SDK)
 *
 *   { "templates": {}, "emails": [ { "messageId": "ses-626718153", "from": "\"Gestoría\" <a@firm.example>", "replyTo": ["…"],
 *     "destination": { "to": ["…"], "cc": [], "bcc": [] }, "subject": "…", "body": { "text": "…", "html": "…" }, "attachments": [],
 *     "headers": [ { "name": "X-…", "value": "…" } ], "at": 1795977279 } ] }
 *
 * oldest first, `at` in whole seconds of the machine's clock; `?since=<seconds>` leaves out older ones, POST /clear-store empties it. Neither
 * needs a signature. `text` or `html` is absent when it was not sent, `headers` when there were none.
 *
 * - Sender and subject are kept as they were sent: a name outside ASCII stays, as does an encoded word. AWS wants the encoded word.
 * - EmailTags, ConfigurationSetName and ListManagementOptions are taken and forgotten. Headers of Simple content are kept, those of Raw are not.
 * - Nothing is refused that only AWS knows: an unknown sender or configuration set, 60 recipients, none, or one that is no address.
 * - A missing sender, body or subject (also "") is 400 without a type, so the SDK's error has the name "Unknown".
 * - There is no delivery, bounce or complaint event and no suppression list (404 in XML, on which the SDK throws SyntaxError).
 */
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
