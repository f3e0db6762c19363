import { aws, composeStats } from "../lib/compose.ts";
import { readConfig } from "../lib/config.ts";

export const handler = composeStats(readConfig("stats", process.env), aws);
