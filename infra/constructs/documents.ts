import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import { Effect, PolicyStatement, StarPrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, HttpMethods, ObjectOwnership, TargetObjectKeyFormat, PartitionDateSource, type CorsRule, type IBucket } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import type { FirmSettings } from "../../lib/domain/firm.ts";
import { uploadDays } from "../../lib/domain/upload.ts";
import { roleArn, scanRole } from "../names.ts";

/** A download URL is good for a minute, whatever its signer asked for. */
const signatureAgeMs = 60_000;
/** Two years: the time for which Spanish practice keeps registers of access to files (RD 1720/2007 art. 103). */
const accessLogDays = 731;

const priv = { blockPublicAccess: BlockPublicAccess.BLOCK_ALL, objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED, enforceSSL: true, minimumTLSVersion: 1.2, removalPolicy: RemovalPolicy.RETAIN };

interface DocumentsProps {
  readonly settings: FirmSettings;
  readonly encryptionKey: IKey;
}

/** The firm's documents and the log of who fetched them. */
export class Documents extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, { settings, encryptionKey }: DocumentsProps) {
    super(scope, id);
    const accessLogs = new Bucket(this, "AccessLogs", {
      ...priv, encryption: BucketEncryption.S3_MANAGED, lifecycleRules: [{ expiration: Duration.days(accessLogDays), abortIncompleteMultipartUploadAfter: Duration.days(7) }],
    });
    Validations.of(accessLogs).acknowledge({ id: "AwsSolutions-S1", reason: "This bucket receives the access log of the documents; logging its own writes would only log the logging." });

    this.bucket = new Bucket(this, "Bucket", {
      ...priv,
      versioned: true,
      encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true,
      // Bucket declares `policy` as possibly undefined where IBucket declares it optional: exactOptionalPropertyTypes tells them apart, CDK does not.
      serverAccessLogsBucket: accessLogs as IBucket,
      targetObjectKeyFormat: TargetObjectKeyFormat.partitionedPrefix(PartitionDateSource.EVENT_TIME),
      cors: corsOf(settings),
      lifecycleRules: [
        { id: "AbandonedUploads", abortIncompleteMultipartUploadAfter: Duration.days(uploadDays) },
        // No rule takes versions: what was overwritten or deleted by accident or attack can be brought back until `jobs` purges its document, all versions of a key at once.
        { id: "DeleteMarkers", expiredObjectDeleteMarker: true },
      ],
    });
    // `eventBridgeEnabled` would bring a function and a custom resource with rights to every bucket; CloudFormation knows the property.
    const resource = this.bucket.node.defaultChild;
    if (resource instanceof CfnBucket) resource.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
    for (const statement of this.#policy(settings, encryptionKey)) this.bucket.addToResourcePolicy(statement);
  }

  #policy(settings: FirmSettings, key: IKey): PolicyStatement[] {
    const objects = this.bucket.arnForObjects("*");
    const stateRole = roleArn(this, settings, "document-state");
    const readersOfAll = [stateRole, ...(settings.malwareScan ? [roleArn(this, settings, scanRole)] : [])];
    const deny = (sid: string, actions: string[], conditions: Record<string, Record<string, unknown>>) =>
      new PolicyStatement({ sid, effect: Effect.DENY, principals: [new StarPrincipal()], actions, resources: [objects], conditions });
    return [
      deny("OnlyReleasedVersionsAreRead", ["s3:GetObject", "s3:GetObjectVersion"], {
        StringNotEquals: { "s3:ExistingObjectTag/released": "yes" }, ArnNotEquals: { "aws:PrincipalArn": readersOfAll },
      }),
      // Uploads sign for longer, so the cap names the reads alone.
      deny("DownloadsBeginWithinAMinute", ["s3:GetObject", "s3:GetObjectVersion"], { NumericGreaterThan: { "s3:signatureAge": signatureAgeMs } }),
      deny("OnlyDocumentStateReleases", ["s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"], {
        ArnNotEquals: { "aws:PrincipalArn": stateRole },
      }),
      // What is deleted for good goes by one hand, after the firm's retention, or by a person whom the account's owner has named for it. Lifecycle rules are no principal.
      deny("OnlyJobsDelete", ["s3:DeleteObject", "s3:DeleteObjectVersion"], {
        ArnNotEquals: { "aws:PrincipalArn": roleArn(this, settings, "jobs") }, StringNotEquals: { "aws:PrincipalTag/legajo": "operator" },
      }),
      // Written once: whoever holds a role that uploads cannot put other bytes under a version's key. The scan writes one object of its own, to see whether it may. (S3 User Guide, "Enforce conditional writes")
      deny("NothingIsOverwritten", ["s3:PutObject"], {
        Null: { "s3:if-none-match": "true" }, Bool: { "s3:ObjectCreationOperation": "true" }, ...(settings.malwareScan && { ArnNotEquals: { "aws:PrincipalArn": roleArn(this, settings, scanRole) } }),
      }),
      // A PUT without encryption headers gets the bucket's key; one that names another way or another key is refused.
      deny("NoOtherEncryption", ["s3:PutObject"], { StringNotEquals: { "s3:x-amz-server-side-encryption": "aws:kms" }, Null: { "s3:x-amz-server-side-encryption": "false" } }),
      deny("NoOtherKey", ["s3:PutObject"], {
        StringNotEquals: { "s3:x-amz-server-side-encryption-aws-kms-key-id": key.keyArn }, Null: { "s3:x-amz-server-side-encryption-aws-kms-key-id": "false" },
      }),
    ];
  }
}

/**
 * The firm's web applications upload and download; the share page, which lives on the API's own origin, downloads. Where that origin is
 * the gateway's, its name is not known before the API is, so the rule names the region's gateways: the URL is the credential, not its origin.
 */
const corsOf = ({ origins, publicUrl, region }: FirmSettings): CorsRule[] => {
  const exposedHeaders = ["ETag", "x-amz-version-id", "x-amz-checksum-sha256", "Content-Disposition"];
  const read = { allowedMethods: [HttpMethods.GET, HttpMethods.HEAD], exposedHeaders, maxAge: 3600 };
  const apps: CorsRule = {
    ...read, allowedMethods: [...read.allowedMethods, HttpMethods.PUT], allowedOrigins: origins, allowedHeaders: ["content-type", "if-none-match", "x-amz-checksum-sha256"],
  };
  return [...(origins.length > 0 ? [apps] : []), { ...read, allowedOrigins: [publicUrl ?? `https://*.execute-api.${region}.amazonaws.com`] }];
};
