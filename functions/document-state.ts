import { aws, composeDocumentState } from "../lib/compose.ts";
import { readConfig } from "../lib/config.ts";

export const handler = composeDocumentState(readConfig("document-state", process.env), aws);
