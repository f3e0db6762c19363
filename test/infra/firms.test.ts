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
  const sso = (change: object) => ({ staffSso: { kind: "oidc", name: "Entra", callbackUrls: ["https://staff.example/in"], issuer: "https://id.example", clientId: "c", clientSecretName: "legajo/prueba/staff-sso", ...change } });
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
    ["a provider of a kind that there is not", sso({ kind: "ldap" }), /staffSso\.kind: Is not one of saml, oidc\./],
    ["a provider that is no object", { staffSso: "Entra" }, /staffSso: Is missing or not an object\./],
    ["a provider's name that Cognito keeps for itself", sso({ name: "Google" }), /staffSso\.name: Is a name that Cognito keeps for itself\./],
    ["a provider's name that is too long", sso({ name: "E".repeat(33) }), /staffSso\.name: Is not a name of 3 to 32/],
    ["a field of the other kind of provider", sso({ metadataUrl: "https://id.example/metadata" }), /staffSso\.metadataUrl: Is not a setting\./],
    ["SAML without its metadata", { staffSso: { kind: "saml", name: "Entra", callbackUrls: ["https://staff.example/in"] } }, /staffSso\.metadataUrl: Is missing or not a string\./],
    ["a way back that is not https", sso({ callbackUrls: ["http://staff.example/in"] }), /staffSso\.callbackUrls\.0: Is not an https address/],
    ["a way back with a fragment", sso({ callbackUrls: ["https://staff.example/in", "https://staff.example/#in"] }), /staffSso\.callbackUrls\.1: Is not an https address/],
    ["no way back at all", sso({ callbackUrls: [] }), /staffSso\.callbackUrls: Is empty/],
    ["an issuer with a password in it", sso({ issuer: "https://a:b@id.example" }), /staffSso\.issuer: Is not an https address/],
    ["an issuer of every organisation there is", sso({ issuer: "https://login.microsoftonline.com/organizations/v2.0" }), /staffSso\.issuer: Lets in people of every organisation/],
    ["a secret in the place of its name", sso({ clientSecretName: "Q8f~lGv2nTz7pXw4" }), /staffSso\.clientSecretName: Is not the name of a secret in Secrets Manager/],
    ["a secret under a name for it", sso({ clientSecret: "Q8f~lGv2nTz7pXw4" }), /staffSso\.clientSecret: Is not a setting\./],
    ["another firm's secret", sso({ clientSecretName: "legajo/otra/staff-sso" }), /staffSso\.clientSecretName: Is not under this firm's own name/],
    ["a domain that Cognito refuses", sso({ domainPrefix: "my-aws-staff" }), /staffSso\.domainPrefix: Has aws, amazon or cognito in it/],
    ["a firm whose name makes such a domain", { ...sso({ clientSecretName: "legajo/lawson/staff-sso" }), firm: "lawson" }, /staffSso\.domainPrefix: .* missing where the firm's name has/],
    ["an origin that is not one", { origins: ["http://a.example"] }, /origins\.0: Is not an https origin/],
  ])("is named with its file and field: %s", (_, change, sentence) => {
    expect(refusal(change)).toMatch(sentence);
    expect(refusal(change)).not.toContain("\n");
    // A secret that was put into the file by mistake does not reach a log by way of the message.
    expect(refusal(change)).not.toContain("Q8f~lGv2nTz7pXw4");
  });
  it("is none of these: either kind of provider, with what it needs", () => {
    expect(refusal(sso({}))).toBe("accepted");
    expect(refusal(sso({ issuer: "https://login.microsoftonline.com/0b1c2d3e-0000-4000-8000-000000000000/v2.0" }))).toBe("accepted");
    expect(refusal({ staffSso: { kind: "saml", name: "Entra", callbackUrls: ["https://staff.example/in"], metadataUrl: "https://id.example/metadata.xml" } })).toBe("accepted");
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
