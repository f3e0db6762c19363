import { aws, composeSharePage } from "../lib/compose.ts";
import { readConfig } from "../lib/config.ts";

export const handler = composeSharePage(readConfig("share-page", process.env), aws);
