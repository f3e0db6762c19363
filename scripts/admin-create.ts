import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { SettingsError } from "../infra/settings.ts";
import { aws, composeFirstAdministrator } from "../lib/compose.ts";
import { Refusal } from "../lib/domain/refusal.ts";
import { emailAddress, line } from "../lib/domain/text.ts";
import { deployedStaffApi } from "./deployed.ts";

/**
 * `npm run admin:create -- --firm firms/<name>.json --email … --name …`: a deployed firm's first administrator, with the operator's own
 * AWS credentials and the configuration of the firm's staff-api, read from Lambda. Running it again finishes what a crash left open.
 */
const usage = 'npm run admin:create -- --firm firms/ferrer.json --email marta@example.com --name "Marta Ferrer"';

const main = async (): Promise<string> => {
  const { values } = parseArgs({ options: { firm: { type: "string" }, email: { type: "string" }, name: { type: "string" } } });
  const input = z.object({ firm: z.string(), email: emailAddress, name: line(120) }).safeParse(values);
  if (!input.success) throw new SettingsError(`${input.error.issues.map((issue) => `--${issue.path.join(".")} is missing or wrong.`).join(" ")} Usage: ${usage}`);
  const { firm, ...person } = input.data;
  const { settings, config } = await deployedStaffApi(firm);
  const member = await composeFirstAdministrator(config, aws)(person);
  return `${member.name} is an administrator of ${settings.profile.name}. The invitation, with a temporary password that is good for seven days at most, goes to ${member.email}.`;
};

try {
  console.log(await main());
} catch (error) {
  if (error instanceof Refusal && error.code === "conflict") console.error("Somebody with this e-mail address is a member already: nothing was changed.");
  else if (error instanceof Error) console.error(error instanceof SettingsError ? error.message : `${error.name}: ${error.message}`);
  process.exit(1);
}
