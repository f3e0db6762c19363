import { aws, composeClientApi } from "../lib/compose.ts";
import { readConfig } from "../lib/config.ts";

export const handler = composeClientApi(readConfig("client-api", process.env), aws);
