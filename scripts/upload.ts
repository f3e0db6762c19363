import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { signIn } from "../local/people.ts";
import { Api, UploadError } from "./uploader/api.ts";
import { Folders } from "./uploader/folders.ts";
import { Progress } from "./uploader/progress.ts";
import { send } from "./uploader/send.ts";
import { refreshing, Session } from "./uploader/session.ts";
import { sourcesIn, syntheticSource, type Source } from "./uploader/source.ts";

/**
 * `npm run upload -- <file or folder> --case … [--folder …]`: uploads over the public API alone, as any frontend would. Run again after whatever
 * happened, on this machine or another, it finds what is there and sends the rest: nothing is remembered beside the API.
 */
const usage = `npm run upload -- <file or folder>... --case <case id> [--folder <folder id, or names such as "Contratos/2026">]
  --api <url>       the firm's API, with an access token in LEGAJO_TOKEN, which is renewed where LEGAJO_REFRESH_TOKEN is of the same sign-in; without it the local cloud of
                    \`npm start\`, signed in as its first administrator
  --email, --password   somebody else of the local cloud
  --parallel <n>    parts or files at once, 4 when absent; as many parts of 16 MiB are in memory
  --as-version      where a document of the same name has other bytes: its next version
  --synthetic <bytes>   in place of a file: bytes made up on the way`;

const options = {
  case: { type: "string" }, folder: { type: "string" }, api: { type: "string" }, email: { type: "string" }, password: { type: "string" }, parallel: { type: "string" }, "as-version": { type: "boolean" }, synthetic: { type: "string" },
} as const;
const local = z.object({ api: z.string(), cognito: z.string(), staffPool: z.object({ clientId: z.string() }), staff: z.array(z.object({ email: z.string(), password: z.string() })) });

/** The API and a session with it: given, or signed in to the local cloud. */
const connect = async (api: string | undefined, email: string | undefined, password: string | undefined): Promise<Api> => {
  const [token, refreshToken] = [process.env["LEGAJO_TOKEN"], process.env["LEGAJO_REFRESH_TOKEN"]];
  if (api !== undefined) {
    if (token === undefined) throw new UploadError("Put an access token of the staff pool into LEGAJO_TOKEN: a token in the command line would be in the history.");
    return new Api(api, new Session(token, refreshToken === undefined ? null : refreshing(token, refreshToken)));
  }
  const file = join(resolve(process.env["LOCAL_DIR"] ?? ".local"), "local.json");
  if (!existsSync(file)) throw new UploadError("Name the firm's API with --api, or start the local cloud with npm start.");
  const it = local.parse(JSON.parse(await readFile(file, "utf8")));
  const who = it.staff.find((person) => email === undefined || person.email === email) ?? { email: email ?? "", password: "" };
  const enter = () => signIn(it.cognito, it.staffPool, who.email, password ?? who.password);
  return new Api(it.api, new Session(await enter(), enter));
};

const wholeNumber = (name: string, text: string | undefined, otherwise: number): number => {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new UploadError(`--${name} is not a whole number above 0.`);
  return value;
};

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const caseId = values.case;
  if (caseId === undefined || (positionals.length === 0) === (values.synthetic === undefined)) throw new UploadError(usage);
  const parallel = wholeNumber("parallel", values.parallel, 4);
  const sources: Source[] = values.synthetic === undefined ? (await Promise.all(positionals.map((it) => sourcesIn(it)))).flat() : [syntheticSource(wholeNumber("synthetic", values.synthetic, 1))];
  const api = await connect(values.api, values.email, values.password);
  const folders = new Folders(api, caseId);
  const isId = /^fol_[0-9a-z]{26}$/.test(values.folder ?? "");
  const start = isId ? values.folder : await folders.at(undefined, (values.folder ?? "").split("/").filter((name) => name !== ""));
  const progress = new Progress(sources.reduce((sum, it) => sum + it.size, 0));
  let failed = 0;
  const left = sources.values();
  const worker = async (): Promise<void> => {
    for (const source of left) {
      const name = [...source.folders, source.name].join("/");
      try {
        const folderId = await folders.at(start, source.folders);
        progress.line(`${name}: ${await send(api, { caseId, folderId }, source, { parallel, asVersion: values["as-version"] === true, onBytes: progress.add })}`);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        failed++;
        progress.line(`${name}: ${error.message}`);
      }
    }
  };
  // A large file uses all lines by itself; small ones share them.
  await Promise.all(Array.from({ length: sources.some((it) => it.size > 100 * 1024 ** 2) ? 1 : parallel }, worker));
  progress.line(`${sources.length - failed} of ${sources.length} files. ${progress.summary()}`);
  return failed === 0 ? 0 : 1;
};

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof UploadError ? error.message : error);
  process.exitCode = 1;
}
