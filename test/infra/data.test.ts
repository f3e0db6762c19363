import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { tableShape } from "../../lib/adapters/dynamo/shape.ts";
import { actionsOf, clinica, ferrer, resourcesOf, statementsOf, synthesize, text } from "./synth.ts";

const { data } = synthesize(ferrer).templates;

describe("The table", () => {
  it("survives its stack, mistakes of 35 days, and whoever deletes without thinking", () => {
    data.hasResource("AWS::DynamoDB::Table", { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" });
    data.hasResourceProperties("AWS::DynamoDB::Table", {
      DeletionProtectionEnabled: true, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 }, BillingMode: "PAY_PER_REQUEST",
    });
  });
  it("is encrypted with the firm's own key, forgets by its TTL and streams new images", () => {
    data.hasResourceProperties("AWS::DynamoDB::Table", {
      SSESpecification: { SSEEnabled: true, SSEType: "KMS", KMSMasterKeyId: Match.objectLike({ "Fn::GetAtt": [Match.stringLikeRegexp("TableKey"), "Arn"] }) },
      TimeToLiveSpecification: { AttributeName: tableShape.timeToLive, Enabled: true }, StreamSpecification: { StreamViewType: "NEW_IMAGE" },
    });
  });
  it("has the keys and indexes of the table's shape", () => {
    const key = (partition: string, sort: string) => [{ AttributeName: partition, KeyType: "HASH" }, { AttributeName: sort, KeyType: "RANGE" }];
    data.hasResourceProperties("AWS::DynamoDB::Table", {
      KeySchema: key(tableShape.partitionKey, tableShape.sortKey),
      LocalSecondaryIndexes: Object.entries(tableShape.localIndexes).map(([IndexName, sort]) => Match.objectLike({ IndexName, KeySchema: key(tableShape.partitionKey, sort) })),
      GlobalSecondaryIndexes: Object.entries(tableShape.globalIndexes).map(([IndexName, it]) => Match.objectLike({ IndexName, KeySchema: key(it.partitionKey, it.sortKey) })),
    });
  });
});

describe("The documents bucket", () => {
  const bucket = resourcesOf(data, "AWS::S3::Bucket").find(([id]) => id.startsWith("DocumentsBucket"))?.[1];
  const policy = resourcesOf(data, "AWS::S3::BucketPolicy").find(([id]) => id.startsWith("DocumentsBucket"))?.[1];
  const statements = policy ? statementsOf(policy) : [];
  const denial = (sid: string) => statements.find(({ Sid }) => Sid === sid);

  it("is versioned, closed to the public, without access lists, and kept", () => {
    expect(bucket).toMatchObject({
      DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain",
      Properties: {
        VersioningConfiguration: { Status: "Enabled" }, OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
        NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
      },
    });
  });
  it("encrypts with the firm's own key and refuses a PUT that names another way or another key", () => {
    expect(text(bucket?.Properties["BucketEncryption"])).toMatch(/"BucketKeyEnabled":true.*DocumentsKey.*aws:kms/);
    expect(denial("NoOtherEncryption")).toMatchObject({ Effect: "Deny", Action: "s3:PutObject", Condition: { StringNotEquals: { "s3:x-amz-server-side-encryption": "aws:kms" } } });
    expect(text(denial("NoOtherKey")?.Condition)).toContain("DocumentsKey");
  });
  it("logs every access to a bucket of its own", () => {
    expect(text(bucket?.Properties["LoggingConfiguration"])).toContain("DocumentsAccessLogs");
  });
  it("speaks TLS 1.2 or newer", () => {
    expect(statements).toContainEqual(expect.objectContaining({ Effect: "Deny", Action: "s3:*", Condition: { Bool: { "aws:SecureTransport": "false" } } }));
    expect(statements).toContainEqual(expect.objectContaining({ Effect: "Deny", Action: "s3:*", Condition: { NumericLessThan: { "s3:TlsVersion": 1.2 } } }));
  });
  it("lets nobody read what is not released, but the function that inspects and the scan", () => {
    const rule = denial("OnlyReleasedVersionsAreRead");
    expect(rule).toMatchObject({ Effect: "Deny", Principal: "*", Action: ["s3:GetObject", "s3:GetObjectVersion"], Condition: { StringNotEquals: { "s3:ExistingObjectTag/released": "yes" } } });
    const exempt = [...text(rule?.Condition?.["ArnNotEquals"]).matchAll(/role\/([a-z-]+)/g)].map(([, role]) => role);
    expect(exempt).toEqual(["legajo-ferrer-document-state", "legajo-ferrer-malware-scan"]);
  });
  it("refuses a download whose signature is older than a minute, and caps nothing else", () => {
    const capped = statements.filter(({ Condition }) => text(Condition ?? {}).includes("s3:signatureAge"));
    expect(capped.flatMap(actionsOf)).toEqual(["s3:GetObject", "s3:GetObjectVersion"]);
    expect(capped[0]?.Condition).toEqual({ NumericGreaterThan: { "s3:signatureAge": 60_000 } });
  });
  it("takes tags from document-state alone, so that nobody else can release or withhold", () => {
    const rule = denial("OnlyDocumentStateReleases");
    expect(rule && actionsOf(rule).toSorted()).toEqual(["s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging", "s3:PutObjectTagging", "s3:PutObjectVersionTagging"]);
    expect(text(rule?.Condition)).toContain("legajo-ferrer-document-state");
    expect(text(rule?.Condition)).not.toContain("malware-scan");
  });
  it("lets nobody delete an object but jobs, and whoever the account's owner has tagged for it", () => {
    expect(denial("OnlyJobsDelete")).toMatchObject({
      Action: ["s3:DeleteObject", "s3:DeleteObjectVersion"], Principal: "*",
      Condition: { ArnNotEquals: { "aws:PrincipalArn": expect.anything() }, StringNotEquals: { "aws:PrincipalTag/legajo": "operator" } },
    });
    expect(text(denial("OnlyJobsDelete"))).toContain("role/legajo-ferrer-jobs");
  });
  it("takes no bytes for a key that has some, from anybody but the scan that tries whether it may write", () => {
    const rule = denial("NothingIsOverwritten");
    expect(rule).toMatchObject({ Action: "s3:PutObject", Principal: "*", Condition: { Null: { "s3:if-none-match": "true" }, Bool: { "s3:ObjectCreationOperation": "true" } } });
    expect([...text(rule?.Condition?.["ArnNotEquals"]).matchAll(/role\/([a-z-]+)/g)].map(([, role]) => role)).toEqual(["legajo-ferrer-malware-scan"]);
  });
  it("forgets abandoned uploads after a week, and no version by itself: only the purge knows what may go", () => {
    const lifecycle = text(bucket?.Properties["LifecycleConfiguration"]);
    expect(lifecycle).toContain('"DaysAfterInitiation":7');
    expect(lifecycle).not.toMatch(/Noncurrent|"ExpirationInDays"|"Expiration"/);
  });
  it("answers the firm's applications and its share page, and no other origin", () => {
    const origins = (settings: typeof ferrer) => [...text(synthesize(settings).templates.data.toJSON()).matchAll(/"AllowedOrigins":(\[[^\]]*\])/g)].map(([, list]) => list);
    expect(origins(clinica)).toEqual(['["https://pacients.clinicasol.example"]', '["https://documents.clinicasol.example"]']);
    expect(origins(ferrer)).toEqual([text(ferrer.origins), '["https://*.execute-api.eu-west-1.amazonaws.com"]']);
  });
});

describe("The keys and secrets", () => {
  it("are kept when the stack goes, and the keys rotate", () => {
    data.allResources("AWS::KMS::Key", Match.objectLike({ DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain", Properties: { EnableKeyRotation: true } }));
    data.allResources("AWS::SecretsManager::Secret", Match.objectLike({ DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" }));
  });
  it("are generated by AWS, 64 characters without punctuation, and stand in no template", () => {
    data.resourceCountIs("AWS::SecretsManager::Secret", 2);
    data.allResourcesProperties("AWS::SecretsManager::Secret", Match.objectLike({ GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true }, KmsKeyId: Match.anyValue(), SecretString: Match.absent() }));
  });
});
