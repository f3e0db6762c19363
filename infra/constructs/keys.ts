import { Aws, RemovalPolicy } from "aws-cdk-lib";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import type { FirmSettings } from "../../lib/domain/firm.ts";
import { nameOf } from "../names.ts";

interface HouseKeyProps {
  readonly settings: FirmSettings;
  readonly name: string;
  readonly purpose: string;
}

/** A customer-managed key: rotated by KMS, never deleted with a stack, since what it has encrypted would be gone too. */
export class HouseKey extends Key {
  constructor(scope: Construct, id: string, { settings, name, purpose }: HouseKeyProps) {
    super(scope, id, { alias: nameOf(settings, name), description: purpose, enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN });
  }
}

/** Where alarms go: a topic that the firm's people subscribe to by hand, kept in a stack that outlives rebuilt APIs and consumers. */
export class AlarmTopic extends Construct {
  readonly topicArn: string;

  constructor(scope: Construct, id: string, { settings, key }: { settings: FirmSettings; key: Key }) {
    super(scope, id);
    const topic = new Topic(this, "Topic", { topicName: nameOf(settings, "alarms"), masterKey: key, enforceSSL: true });
    const cloudwatch = new ServicePrincipal("cloudwatch.amazonaws.com");
    const ofThisAccount = { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } };
    topic.addToResourcePolicy(new PolicyStatement({ sid: "AlarmsOfThisAccount", principals: [cloudwatch], actions: ["sns:Publish"], resources: [topic.topicArn], conditions: ofThisAccount }));
    // AWS's own key for SNS cannot be used by CloudWatch: an alarm would fail to publish, and nobody would hear that either.
    key.addToResourcePolicy(new PolicyStatement({ sid: "Alarms", principals: [cloudwatch], actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: ["*"], conditions: ofThisAccount }));
    this.topicArn = topic.topicArn;
  }
}

/** Lets CloudWatch Logs encrypt the log groups of this firm's stacks, whose names begin with the firm's, and no others. */
export const allowLogs = (key: Key, settings: FirmSettings): void => {
  key.addToResourcePolicy(new PolicyStatement({
    sid: "LogsOfThisFirm",
    principals: [new ServicePrincipal(`logs.${settings.region}.amazonaws.com`)],
    actions: ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"],
    resources: ["*"],
    conditions: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:${settings.region}:${Aws.ACCOUNT_ID}:log-group:${nameOf(settings, "*")}` } },
  }));
};

