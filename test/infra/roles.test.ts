import { describe, expect, it } from "vitest";
import { environments } from "../../lib/config.ts";
import { actionsOf, clinica, ferrer, parsed, resourcesIn, resourcesOf, statementsOf, synthesize, text, type Statement } from "./synth.ts";

const { templates } = synthesize(ferrer);
const everyTemplate = [templates, synthesize(clinica).templates].flatMap((it) => Object.values(it));
const find = (type: string, property: string, value: string) =>
  Object.values(templates).flatMap((template) => resourcesOf(template, type)).find(([, { Properties }]) => Properties[property] === value);

/** What the role of a function may do, without what every function may: write its own log and trace. */
const statementsOfRole = (name: string): Statement[] => {
  const [roleId] = find("AWS::IAM::Role", "RoleName", `legajo-ferrer-${name}`) ?? [""];
  return Object.values(templates).flatMap((template) => resourcesOf(template, "AWS::IAM::Policy")).filter(([, { Properties }]) => text(Properties["Roles"]).includes(`"${roleId}"`)).flatMap(([, policy]) => statementsOf(policy));
};
const own = /^(logs|xray|kms):/;
const actionsOfRole = (name: string) => [...new Set(statementsOfRole(name).flatMap(actionsOf))].filter((action) => !own.test(action)).sort();

const read = ["dynamodb:BatchGetItem", "dynamodb:GetItem"];
const consume = ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage"];

const upload = ["s3:AbortMultipartUpload", "s3:ListBucket", "s3:ListMultipartUploadParts", "s3:PutObject"];

// Written out once more, apart from infra/needs.ts, so that a wider role needs two hands.
const allowed: Readonly<Record<string, readonly string[]>> = {
  "staff-api": [
    "cognito-idp:AdminCreateUser", "cognito-idp:AdminDisableUser", "cognito-idp:AdminEnableUser", "cognito-idp:AdminGetUser", "cognito-idp:AdminSetUserPassword", "cognito-idp:AdminUserGlobalSignOut",
    ...read, "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem",
    "s3:GetObjectVersion", ...upload, "secretsmanager:GetSecretValue",
  ],
  "client-api": [...read, "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Query", "s3:GetObjectVersion", ...upload, "secretsmanager:GetSecretValue"],
  "share-page": [...read, "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem", "s3:GetObjectVersion", "secretsmanager:GetSecretValue"],
  "document-state": [
    ...read, "dynamodb:PutItem", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:PutObjectVersionTagging", ...consume,
  ],
  "notify": [...read, "dynamodb:UpdateItem", "secretsmanager:GetSecretValue", "ses:SendEmail", ...consume],
  "jobs": [
    ...read, "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem", "s3:AbortMultipartUpload", "s3:DeleteObjectVersion", "s3:ListBucket", "s3:ListBucketVersions", ...consume,
  ],
  "stats": ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", ...consume],
};

describe.each(Object.keys(environments))("%s", (name) => {
  const lambda = find("AWS::Lambda::Function", "FunctionName", `legajo-ferrer-${name}`)?.[1].Properties ?? {};

  it("may do what is written here and nothing else", () => {
    expect(actionsOfRole(name)).toEqual([...(allowed[name] ?? [])].sort());
  });
  it("has a role of its own", () => {
    expect(text(lambda["Role"])).toContain(find("AWS::IAM::Role", "RoleName", `legajo-ferrer-${name}`)?.[0]);
  });
  it("uses keys only through the service that they belong to", () => {
    const keys = statementsOfRole(name).filter((statement) => actionsOf(statement).some((action) => action.startsWith("kms:")));
    for (const { Condition, Resource } of keys) {
      expect(Condition).toEqual({ StringEquals: { "kms:ViaService": expect.stringMatching(/^(dynamodb|s3|secretsmanager)\.eu-west-1\.amazonaws\.com$/) } });
      expect(text(Resource)).toMatch(/(Table|Documents|Secrets)Key/);
    }
  });
  it("runs on Node.js 24 and arm64 with an encrypted log that forgets, and is traced", () => {
    expect(lambda).toMatchObject({ Runtime: "nodejs24.x", Architectures: ["arm64"], MemorySize: 512, TracingConfig: { Mode: "Active" } });
    const [, log] = Object.values(templates).flatMap((template) => resourcesOf(template, "AWS::Logs::LogGroup")).find(([id]) => text(lambda["LoggingConfig"]).includes(id)) ?? [];
    expect(log?.Properties).toMatchObject({ RetentionInDays: 90, KmsKeyId: { "Fn::ImportValue": expect.stringContaining("LogKey") } });
  });
  it("finds no secret in its environment", () => {
    const { FIRM: _, ...variables } = Object(lambda["Environment"]?.valueOf() ?? {}).Variables;
    expect(Object.keys(variables).sort()).toEqual(expect.arrayContaining(["TABLE_NAME"]));
    expect(text(variables)).not.toMatch(/\{\{resolve|password|SecretString|NODE_OPTIONS|DEBUG/i);
  });
  it("wakes someone who learns from the alarm who suffers", () => {
    const [, alarm] = find("AWS::CloudWatch::Alarm", "AlarmName", `legajo-ferrer-${name}-errors`) ?? [];
    expect(String(alarm?.Properties["AlarmDescription"])).toContain("First: read the log group");
  });
});

it("Only released versions are read by the roles that sign downloads", () => {
  for (const name of ["staff-api", "client-api", "share-page"]) {
    const reads = statementsOfRole(name).filter((statement) => actionsOf(statement).includes("s3:GetObjectVersion"));
    expect(reads.map(({ Condition }) => Condition)).toEqual([{ StringEquals: { "s3:ExistingObjectTag/released": "yes" } }]);
  }
});

it("Tags are written by document-state, which replaces them and deletes none, and by no other role", () => {
  const tagging = Object.keys(environments).flatMap((name) => actionsOfRole(name).filter((action) => action.includes("Tagging")).map((action) => [name, action]));
  expect(tagging).toEqual([["document-state", "s3:PutObjectVersionTagging"]]);
});

it("Who uploads may ask whether one key exists, and list nothing else of the bucket", () => {
  for (const name of ["staff-api", "client-api"]) {
    const lists = statementsOfRole(name).filter((statement) => actionsOf(statement).includes("s3:ListBucket"));
    expect(lists.map(({ Condition }) => Condition)).toEqual([{ StringLike: { "s3:prefix": "doc_*/ver_*" } }]);
  }
});

it("Mails leave from the firm's address alone, in the mail's own region", () => {
  const { templates: far } = synthesize(clinica);
  const sends = resourcesOf(far.events, "AWS::IAM::Policy").flatMap(([, policy]) => statementsOf(policy)).filter((statement) => actionsOf(statement).includes("ses:SendEmail"));
  expect(sends).toHaveLength(1);
  expect(sends[0]?.Condition).toEqual({ StringEquals: { "ses:FromAddress": "documents@clinicasol.example" } });
  expect(text(sends[0]?.Resource)).toMatch(/ses:eu-west-1:.*configuration-set\/legajo-clinica-sol-mail.*ses:eu-west-1:.*identity\/clinicasol\.example/);
});

describe("Wildcards", () => {
  const allowing = everyTemplate.flatMap((template) => resourcesOf(template, "AWS::IAM::Policy")).flatMap(([, policy]) => statementsOf(policy)).filter(({ Effect }) => Effect === "Allow");
  it("stand in no action of any role", () => {
    expect(allowing.flatMap(actionsOf).filter((action) => action.includes("*"))).toEqual([]);
  });
  it("stand in resources only for tracing, for objects of the documents bucket and for GuardDuty's managed rule", () => {
    const wild = allowing.filter((statement) => text(resourcesIn(statement)).includes("*"));
    for (const statement of wild) {
      const actions = actionsOf(statement);
      const known = actions.every((action) => action.startsWith("xray:Put")) || (actions.every((action) => action.startsWith("s3:")) && text(statement.Resource).includes("DocumentsBucket")) ||
        (actions.every((action) => action.startsWith("events:")) && text(statement.Resource).includes("DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*"));
      expect({ actions, known }).toEqual({ actions, known: true });
    }
  });
  it("come with no policy managed by AWS, whose contents change without us", () => {
    for (const template of everyTemplate) for (const [, { Properties }] of resourcesOf(template, "AWS::IAM::Role")) expect(Properties["ManagedPolicyArns"]).toBeUndefined();
  });
});

it("No output of a stack names a secret or a key", () => {
  const outputs = everyTemplate.flatMap((template) => Object.entries(parsed(template).Outputs)).filter(([, output]) => !text(output).includes('"Export"'));
  expect([...new Set(outputs.map(([id]) => id))].sort()).toEqual(["ClientPoolClientId", "ClientPoolId", "DkimRecord1", "DkimRecord2", "DkimRecord3", "PublicUrl", "StaffPoolClientId", "StaffPoolId"]);
});
