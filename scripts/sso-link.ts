import { parseArgs } from "node:util";
import { SettingsError } from "../infra/settings.ts";
import { aws, composeStaffLinking } from "../lib/compose.ts";
import { deployedStaffApi } from "./deployed.ts";

/**
 * `npm run sso:link -- --firm firms/<name>.json`: links the members whom a deployed firm had before its staff came through a provider of
 * their own, with the operator's own AWS credentials. Running it again links whoever is missing.
 */
const main = async (): Promise<void> => {
  const { values: { firm } } = parseArgs({ options: { firm: { type: "string" } } });
  if (firm === undefined) throw new SettingsError("--firm is missing. Usage: npm run sso:link -- --firm firms/ferrer.json");
  const { settings, config } = await deployedStaffApi(firm);
  if (config.STAFF_SSO_PROVIDER === undefined) throw new SettingsError(`${settings.firm} is deployed without staffSso: nobody was linked. Deploy first.`);
  const { linked, refused } = await composeStaffLinking(config, aws)();
  console.log(`${linked} of ${linked + refused.length} members are linked to ${config.STAFF_SSO_PROVIDER}.`);
  if (refused.length === 0) return;
  console.error(`Not linked, most likely because they came through it before: ${refused.join(", ")}. docs/deploy.md says what to do.`);
  process.exitCode = 1;
};

try {
  await main();
} catch (error) {
  if (error instanceof Error) console.error(error instanceof SettingsError ? error.message : `${error.name}: ${error.message}`);
  process.exit(1);
}
