import { aws, composeJobs } from "../lib/compose.ts";
import { readConfig } from "../lib/config.ts";

export const handler = composeJobs(readConfig("jobs", process.env), aws);
