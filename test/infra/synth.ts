import type { Stack } from "aws-cdk-lib";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Code } from "aws-cdk-lib/aws-lambda";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod/mini";
import { addChecks } from "../../infra/checks.ts";
import { firmStacks } from "../../infra/firm.ts";
import { parseSettings, readSettings } from "../../infra/settings.ts";
import type { FirmSettings } from "../../lib/domain/firm.ts";

export const root = join(import.meta.dirname, "../..");
export const ferrer = readSettings(join(root, "firms/ferrer.json"));
export const clinica = readSettings(join(root, "firms/clinica-sol.json"));

const withSso = (settings: FirmSettings, staffSso: object): FirmSettings => parseSettings("a firm with a provider of its own", JSON.stringify({ ...settings, staffSso }));
/** Firms whose staff come through a provider of their own: one for each kind, one of them in Spain. */
export const ferrerWithSaml = withSso(ferrer, {
  kind: "saml", name: "Entra", metadataUrl: "https://login.microsoftonline.com/0b1c2d3e/federationmetadata/2007-06/federationmetadata.xml", callbackUrls: ["https://despacho.bufeteferrer.example/signed-in"], signOutUrls: ["https://despacho.bufeteferrer.example/"],
});
export const clinicaWithOidc = withSso(clinica, {
  kind: "oidc", name: "Keycloak", issuer: "https://id.clinicasol.example/realms/staff", clientId: "legajo", clientSecretName: "legajo/clinica-sol/staff-sso", callbackUrls: ["https://equip.clinicasol.example/signed-in"], domainPrefix: "clinica-sol-equip",
});

const json = z.record(z.string(), z.unknown());
const cdkJson = z.object({ context: json });
const resource = z.object({ Type: z.string(), Properties: z._default(json, {}), DeletionPolicy: z.optional(z.string()), UpdateReplacePolicy: z.optional(z.string()), DependsOn: z.optional(z.unknown()) });
const template = z.object({ Resources: z.record(z.string(), resource), Outputs: z._default(json, {}) });
export type Resource = z.infer<typeof resource>;

export interface Synthesized {
  readonly app: App;
  readonly stacks: Readonly<Record<"mail" | "data" | "identity" | "api" | "events", Stack>>;
  readonly templates: Readonly<Record<"mail" | "data" | "identity" | "api" | "events", Template>>;
}

const outdir = mkdtempSync(join(tmpdir(), "legajo-synth-"));
process.once("exit", () => rmSync(outdir, { recursive: true, force: true }));

const done = new Map<string, Synthesized>();
/** A firm's stacks, with stubs in place of bundles; made once for each test file. */
export const synthesize = (settings: FirmSettings): Synthesized => {
  const key = JSON.stringify(settings);
  const made = done.get(key) ?? synthesizeAnew(settings, false);
  done.set(key, made);
  return made;
};
/** The same as the command line would, checked by CDK and by cdk-nag: four times as slow, so one test file does it for all. */
export const synthesizeChecked = (settings: FirmSettings): Synthesized => synthesizeAnew(settings, true);

const synthesizeAnew = (settings: FirmSettings, checked: boolean): Synthesized => {
  const { context } = cdkJson.parse(JSON.parse(readFileSync(join(root, "cdk.json"), "utf8")));
  const app = new App({ context, outdir: mkdtempSync(join(outdir, `${settings.firm}-`)) });
  const stacks = firmStacks(app, settings, () => Code.fromInline("exports.handler = async () => undefined"));
  if (checked) addChecks(app);
  process.env["CDK_VALIDATION"] = String(checked);
  app.synth();
  const of = (stack: Stack) => Template.fromStack(stack);
  return { app, stacks, templates: { mail: of(stacks.mail), data: of(stacks.data), identity: of(stacks.identity), api: of(stacks.api), events: of(stacks.events) } };
};

export const parsed = (from: Template) => template.parse(from.toJSON());
export const resourcesOf = (from: Template, type: string): [string, Resource][] => Object.entries(parsed(from).Resources).filter(([, { Type }]) => Type === type);
/** Values as one flat text, for "is this said anywhere" questions. */
export const text = (value: unknown): string => JSON.stringify(value);

const statement = z.object({
  Sid: z.optional(z.string()), Effect: z.enum(["Allow", "Deny"]), Action: z.union([z.string(), z.array(z.string())]), Resource: z.optional(z.unknown()), Condition: z.optional(json), Principal: z.optional(z.unknown()),
});
export type Statement = z.infer<typeof statement>;
const document = z.object({ PolicyDocument: z.object({ Statement: z.array(statement) }) });
export const statementsOf = ({ Properties }: Resource): Statement[] => document.parse(Properties).PolicyDocument.Statement;
export const actionsOf = ({ Action }: Statement): string[] => [Action].flat();
export const resourcesIn = ({ Resource }: Statement): unknown[] => [Resource].flat();
