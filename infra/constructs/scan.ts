import { Aws } from "aws-cdk-lib";
import { CfnMalwareProtectionPlan } from "aws-cdk-lib/aws-guardduty";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import type { FirmSettings } from "../../lib/domain/firm.ts";
import { nameOf, scanRole } from "../names.ts";
import type { SharedData } from "../stacks/data.ts";
import { acknowledgeWildcards } from "./acknowledge.ts";

/** GuardDuty looks at every new version and tells the account's default bus what it found. */
export class MalwareScan extends Construct {
  constructor(scope: Construct, id: string, { settings, data }: { settings: FirmSettings; data: SharedData }) {
    super(scope, id);
    const { region } = settings;
    const { arn: bucket, keyArn, name } = data.documents;
    const role = new Role(this, "Role", { roleName: nameOf(settings, scanRole), description: "Reads new documents for GuardDuty's malware scan.", assumedBy: new ServicePrincipal("malware-protection-plan.guardduty.amazonaws.com") });
    const managedRule = `arn:aws:events:${region}:${Aws.ACCOUNT_ID}:rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*`;
    const allow = (actions: string[], resource: string, conditions?: Record<string, Record<string, string>>) => {
      const statement = new PolicyStatement({ actions, resources: [resource], ...(conditions && { conditions }) });
      role.addToPolicy(statement);
      return statement;
    };
    const why = "GuardDuty chooses the end of its managed rule's name";
    acknowledgeWildcards(role, allow(["events:PutRule", "events:DeleteRule", "events:PutTargets", "events:RemoveTargets"], managedRule,
      { StringLike: { "events:ManagedBy": "malware-protection-plan.guardduty.amazonaws.com" } }), `${why}; it may write those that it manages alone.`);
    acknowledgeWildcards(role, allow(["events:DescribeRule", "events:ListTargetsByRule"], managedRule), `${why}; it looks whether the rule is still there.`);
    allow(["s3:GetBucketNotification", "s3:PutBucketNotification", "s3:ListBucket"], bucket);
    allow(["s3:PutObject"], `${bucket}/malware-protection-resource-validation-object`);
    acknowledgeWildcards(role, allow(["s3:GetObject", "s3:GetObjectVersion"], `${bucket}/*`), "The scan reads every version that arrives; it writes and tags none.");
    allow(["kms:Decrypt", "kms:GenerateDataKey"], keyArn, { StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com` } });

    // No tags: the verdict comes as an event for one version, and a second writer of tags could take `released` away again.
    const plan = new CfnMalwareProtectionPlan(this, "Plan", { role: role.roleArn, protectedResource: { s3Bucket: { bucketName: name } }, actions: { tagging: { status: "DISABLED" } } });
    plan.node.addDependency(role);
  }
}
