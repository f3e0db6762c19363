import { aws, composeStaffApi } from "../lib/compose.ts";
import { readConfig } from "../lib/config.ts";

export const handler = composeStaffApi(readConfig("staff-api", process.env), aws);
