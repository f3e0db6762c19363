import { Stack } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { FirmSettings } from "../../lib/domain/firm.ts";
import { mailDomainOf, mailRegionOf, nameOf } from "../names.ts";
import type { Needs, ObjectUse } from "../needs.ts";
import type { SharedData } from "../stacks/data.ts";

export interface Grounds {
  readonly settings: FirmSettings;
  readonly data: SharedData;
  readonly pools: { readonly staffArn: string; readonly clientArn: string };
}

/** A statement, and the reason for its wildcard where it has one. */
export interface Permission {
  readonly statement: PolicyStatement;
  readonly wildcard?: string;
}

const released = { StringEquals: { "s3:ExistingObjectTag/released": "yes" } };

/** What each use of documents means to S3, to the documents' key, and why the statement cannot name its objects. */
const objectUses: Readonly<Record<ObjectUse, { actions: string[]; keyActions: string[]; under: string; conditions?: Record<string, Record<string, string>>; wildcard: string }>> = {
  "upload": { actions: ["s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"], keyActions: ["kms:GenerateDataKey", "kms:Decrypt"], under: "/*/*", wildcard: "Object keys are random ids made per version; the URL that is signed names one of them, its length and its hash." },
  "download-released": { actions: ["s3:GetObjectVersion"], keyActions: ["kms:Decrypt"], under: "/*", conditions: released, wildcard: "Which version may be read is decided per request; S3 itself refuses those that are not tagged as released." },
  "inspect": {
    actions: ["s3:GetObject", "s3:GetObjectVersion"], keyActions: ["kms:Decrypt"], under: "/*",
    wildcard: "Reads size and checksum of whatever was uploaded, before anyone may download it.",
  },
  "release": { actions: ["s3:PutObjectVersionTagging"], keyActions: [], under: "/*", wildcard: "Releases any version once its facts allow it, and withholds it when they no longer do; no other role may write a tag." },
  "discard": { actions: ["s3:AbortMultipartUpload", "s3:DeleteObjectVersion"], keyActions: [], under: "/*/*", wildcard: "Removes what any abandoned upload left under its random key." },
};

/** Turns a function's needs into the statements of its role, each on named resources, the keys only through the service that uses them. */
export const permissionsOf = (scope: Construct, needs: Needs, { settings, data, pools }: Grounds): Permission[] => {
  const key = (arn: string, service: string, actions: string[]) =>
    new PolicyStatement({ actions, resources: [arn], conditions: { StringEquals: { "kms:ViaService": `${service}.${settings.region}.amazonaws.com` } } });

  const table = (): PolicyStatement[] => {
    const indexes = needs.indexes ?? [];
    return [
      new PolicyStatement({ actions: needs.table.map((action) => `dynamodb:${action}`), resources: [data.table.arn] }),
      ...(indexes.length > 0 ? [new PolicyStatement({ actions: ["dynamodb:Query"], resources: indexes.map((index) => `${data.table.arn}/index/${index}`) })] : []),
      // DynamoDB uses the table's key in the caller's name when its own copy of the data key has aged.
      key(data.table.keyArn, "dynamodb", ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]),
    ];
  };

  const keyOfDocuments = (actions: string[]): Permission[] => (actions.length > 0 ? [{ statement: key(data.documents.keyArn, "s3", actions) }] : []);

  const objects = (uses: readonly ObjectUse[]): Permission[] => [
    ...uses.map((use) => {
      const { actions, under, conditions, wildcard } = objectUses[use];
      return { statement: new PolicyStatement({ actions, resources: [`${data.documents.arn}${under}`], ...(conditions && { conditions }) }), wildcard };
    }),
    // Without the right to list, S3 answers 403 for what it does not hold: "gone" could not be told from "forbidden", and would be tried for ever.
    ...(uses.includes("inspect") ? [{ statement: new PolicyStatement({ actions: ["s3:ListBucket"], resources: [data.documents.arn] }) }] : []),
    // Whoever uploads asks whether one key exists. The key must be named: the condition leaves no way to list the bucket.
    ...(uses.includes("upload") ? [{ statement: new PolicyStatement({ actions: ["s3:ListBucket"], resources: [data.documents.arn], conditions: { StringLike: { "s3:prefix": "doc_*/ver_*" } } }) }] : []),
    ...(uses.includes("discard") ? [{ statement: new PolicyStatement({ actions: ["s3:ListBucket", "s3:ListBucketVersions"], resources: [data.documents.arn] }) }] : []),
    ...keyOfDocuments([...new Set(uses.flatMap((use) => objectUses[use].keyActions))]),
  ];

  const secrets = (names: NonNullable<Needs["secrets"]>): PolicyStatement[] => [
    new PolicyStatement({ actions: ["secretsmanager:GetSecretValue"], resources: names.map((name) => data.secrets[name]) }),
    key(data.secrets.keyArn, "secretsmanager", ["kms:Decrypt"]),
  ];

  const people = (names: NonNullable<Needs["people"]>): PolicyStatement =>
    new PolicyStatement({
      actions: ["AdminCreateUser", "AdminGetUser", "AdminDisableUser", "AdminEnableUser", "AdminUserGlobalSignOut"].map((action) => `cognito-idp:${action}`),
      resources: names.map((name) => pools[`${name}Arn`]),
    });
  /** Whoever may set staff's passwords could come in as anyone: the client pool alone, for passwords that nobody knows. */
  const passwords = (): PolicyStatement => new PolicyStatement({ actions: ["cognito-idp:AdminSetUserPassword"], resources: [pools.clientArn] });

  /** Whoever may link could come in as anyone: the staff pool alone, and only where the firm has a provider. */
  const links = (): PolicyStatement => new PolicyStatement({ actions: ["cognito-idp:AdminLinkProviderForUser"], resources: [pools.staffArn] });

  const mail = (): PolicyStatement => {
    const arn = (resource: string, resourceName: string) => Stack.of(scope).formatArn({ service: "ses", region: mailRegionOf(settings), resource, resourceName });
    return new PolicyStatement({
      actions: ["ses:SendEmail"], resources: [arn("identity", mailDomainOf(settings)), arn("configuration-set", nameOf(settings, "mail"))],
      conditions: { StringEquals: { "ses:FromAddress": settings.mail.sender } },
    });
  };

  const named = [...table(), ...(needs.secrets ? secrets(needs.secrets) : []), ...(needs.people ? [people(needs.people)] : []), ...(needs.people?.includes("client") ? [passwords()] : []), ...(needs.linksStaff && settings.staffSso ? [links()] : []), ...(needs.mail ? [mail()] : [])];
  return [...named.map((statement) => ({ statement })), ...(needs.objects ? objects(needs.objects) : [])];
};
