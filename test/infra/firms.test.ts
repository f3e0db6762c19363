import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseSettings, SettingsError } from "../../infra/settings.ts";
import { clinica, ferrer, parsed, resourcesOf, root, synthesize, text, type Synthesized } from "./synth.ts";

const one = synthesize(ferrer);
const other = synthesize({ ...ferrer, firm: "otro", mail: { sender: "avisos@otro.example" } });

const naming = ["AlarmName", "AliasName", "ConfigurationSetName", "EmailIdentity", "EventBusName", "FunctionName", "Name", "QueueName", "RoleName", "RuleName", "TableName", "BucketName", "TopicName", "UserPoolName", "ClientName", "LogGroupName"];
/** Every name that AWS would have to tell apart: those of resources, of stacks and of exports. Authorizers are named within their API. */
const physicalNames = ({ templates, stacks }: Synthesized): string[] => [
  ...Object.values(templates).flatMap((template) => Object.values(parsed(template).Resources)).filter(({ Type }) => Type !== "AWS::ApiGatewayV2::Authorizer")
    .flatMap(({ Properties }) => naming.map((name) => Properties[name]).filter((value) => typeof value === "string")),
  ...Object.values(stacks).map(({ stackName }) => stackName),
  ...Object.values(templates).flatMap((template) => [...text(parsed(template).Outputs).matchAll(/"Export":\{"Name":"([^"]+)"/g)].map(([, name = ""]) => name)),
];

describe("Two firms", () => {
  it("share no physical name, even in one account and region", () => {
    const taken = new Set(physicalNames(one));
    expect(physicalNames(other).filter((name) => taken.has(name))).toEqual([]);
    expect(taken.size).toBeGreaterThan(50);
  });
  it("carry their name in every one of theirs", () => {
    for (const name of physicalNames(one)) expect(name).toMatch(/^(alias\/)?legajo-ferrer-|^bufeteferrer\.example$/);
  });
  it("are named on each stack by a tag", () => {
    for (const stack of Object.values(one.stacks)) expect(stack.tags.tagValues()).toEqual({ firm: "ferrer", application: "legajo" });
  });
  it("keep within their own regions", () => {
    const { stacks } = synthesize(clinica);
    expect(Object.fromEntries(Object.entries(stacks).map(([name, { region }]) => [name, region]))).toEqual({ mail: "eu-west-1", data: "eu-south-2", identity: "eu-south-2", api: "eu-south-2", events: "eu-south-2" });
  });
});

it("What a firm cannot lose is protected against deletion, and what can be built again is not", () => {
  expect(Object.fromEntries(Object.entries(one.stacks).map(([name, { terminationProtection }]) => [name, terminationProtection]))).toEqual({ mail: true, data: true, identity: true, api: false, events: false });
});

it("Resources that hold state keep their logical ids, because another id is another, empty resource", () => {
  const stateful = ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient", "AWS::SES::EmailIdentity", "AWS::ApiGatewayV2::Api"];
  const ids = Object.values(one.templates).flatMap((template) => stateful.flatMap((type) => resourcesOf(template, type).map(([id]) => id)));
  expect(ids.sort()).toEqual([
    "Client1CFC1E05", "ClientPoolD1F01888", "CursorKey255E8F8A", "DocumentsAccessLogsE0128BD5", "DocumentsBucket089EA665", "DocumentsKeyF8AA898C", "GatewayApi4EDF2151", "LinkKey27470AF7",
    "LogKeyE83D0C1B", "SecretsKey317DCF94", "SenderF5F9B8E0", "StaffClient04492C54", "StaffPool8CA90F24", "TableCD117FA1", "TableKeyF581D96F",
  ]);
});

describe("A wrong setting", () => {
  const valid = { firm: "prueba", profile: { name: "Prueba", phone: "+34 910 000 000", address: "Calle Mayor 1" }, mail: { sender: "a@prueba.example" } };
  const refusal = (change: object): string => {
    try {
      parseSettings("firms/prueba.json", JSON.stringify({ ...valid, ...change }));
      return "accepted";
    } catch (error) {
      return error instanceof SettingsError ? error.message : "another error";
    }
  };

  it.each([
    ["a region that is not offered", { region: "us-east-1" }, /firms\/prueba\.json: region: Is not one of eu-west-1/],
    ["a field that no one knows", { colour: "red" }, /colour: Is not a setting\./],
    ["a misspelt field inside another", { profile: { ...valid.profile, fone: "1" } }, /profile\.fone: Is not a setting\./],
    ["a missing field", { mail: {} }, /mail\.sender: Is missing or not a string\./],
    ["a number out of bounds", { retentionDays: 0 }, /retentionDays: Is less than 1\./],
    ["a default above its ceiling", { profile: { ...valid.profile, defaultShareDays: 60, maxShareDays: 30 } }, /profile\.defaultShareDays: Is more than maxShareDays\./],
    ["Spain without a mail region", { region: "eu-south-2" }, /mailRegion: Is missing: SES does not exist in eu-south-2\./],
    ["an origin that is not one", { origins: ["http://a.example"] }, /origins\.0: Is not an https origin/],
  ])("is named with its file and field: %s", (_, change, sentence) => {
    expect(refusal(change)).toMatch(sentence);
    expect(refusal(change)).not.toContain("\n");
  });

  it("ends the command with one line and status 1, and nothing is synthesized", () => {
    const folder = mkdtempSync(join(tmpdir(), "legajo-wrong-"));
    const file = join(folder, "wrong.json");
    writeFileSync(file, JSON.stringify({ ...valid, region: "mars-1" }));
    const outdir = join(folder, "out");
    const run = spawnSync(join(root, "node_modules/.bin/node"), ["infra/app.ts"], { cwd: root, encoding: "utf8", env: { ...process.env, CDK_CONTEXT_JSON: JSON.stringify({ firm: file }), CDK_OUTDIR: outdir } });
    expect(run.status).toBe(1);
    expect(run.stderr.trim().split("\n")).toEqual([expect.stringContaining(`${file}: region: Is not one of`)]);
    expect(readdirSync(folder, { recursive: true }).map(String).filter((name) => name.endsWith("template.json"))).toEqual([]);
  });
});
