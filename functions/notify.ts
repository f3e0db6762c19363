import { aws, composeNotify } from "../lib/compose.ts";
import { readConfig } from "../lib/config.ts";

export const handler = composeNotify(readConfig("notify", process.env), aws);
