import { App, Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import type { IConstruct } from "constructs";
import { describe, expect, it } from "vitest";
import { clinica, clinicaWithOidc, ferrer, ferrerWithSaml, synthesizeChecked } from "./synth.ts";

const firms = { ferrer: synthesizeChecked(ferrer), "clinica-sol": synthesizeChecked(clinica), "ferrer with SAML": synthesizeChecked(ferrerWithSaml), "clinica-sol with OIDC": synthesizeChecked(clinicaWithOidc) };

interface Acknowledged {
  readonly path: string;
  readonly scope: IConstruct;
  readonly id: string;
  readonly reason: string;
}

const acknowledgedIn = (app: App): Acknowledged[] =>
  app.node.findAll().flatMap((scope) => scope.node.metadata.filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.entries<unknown>(data).map(([id, reason]) => ({ path: scope.node.path, scope, id, reason: String(reason) }))));

describe.each(Object.entries(firms))("The stacks of %s", (_, { app }) => {
  it.each([AwsSolutionsChecks, ServerlessChecks])("leave no finding of cdk-nag open, warnings included: pack %#", (Pack) => {
    const { violations } = new Pack().validateScope(app);
    expect(violations.map(({ ruleName, violatingResources }) => [ruleName, violatingResources.map(({ constructPath }) => constructPath)])).toEqual([]);
  });

  it("accept each finding beside its resource, never for a stack", () => {
    const acknowledged = acknowledgedIn(app);
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(acknowledged.filter(({ scope }) => scope instanceof Stack || scope instanceof App)).toEqual([]);
  });

  it("give each accepted finding a reason of its own", () => {
    const reasons = acknowledgedIn(app).map(({ id, path, reason }) => ({ where: `${path} ${id}`, reason }));
    const again = reasons.filter(({ reason }, index) => reasons.findIndex((it) => it.reason === reason) !== index);
    expect(again).toEqual([]);
    for (const { reason } of reasons) expect(reason.length).toBeGreaterThan(40);
  });
});

it("Synthesis refuses what CloudFormation would refuse: a mail stack where SES does not exist", () => {
  const { mailRegion: _, ...settings } = clinica;
  expect(() => synthesizeChecked(settings)).toThrow("Resource type 'AWS::SES::ConfigurationSet' does not exist in 'eu-south-2'");
});
