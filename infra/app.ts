import { App } from "aws-cdk-lib";
import { bundled } from "./bundling/bundle.ts";
import { addChecks } from "./checks.ts";
import { firmStacks } from "./firm.ts";
import { readSettings, SettingsError } from "./settings.ts";

// `cdk synth -c firm=firms/<name>.json`; cdk.json names the default.
const app = new App();
try {
  const settings = readSettings(String(app.node.tryGetContext("firm")));
  firmStacks(app, settings, bundled);
  addChecks(app);
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(error.message);
  process.exit(1);
}
app.synth();
