import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { moveClock } from "../../local/emulators/child-clock.ts";

/** Loaded before a command, so that it lives as far ahead of the machine as a local cloud whose clock was moved. */
const ahead = new PassThrough();
moveClock(ahead);
ahead.end(`${Number(process.env["LEGAJO_AHEAD_SECONDS"] ?? 0) * 1000}\n`);
await finished(ahead);
