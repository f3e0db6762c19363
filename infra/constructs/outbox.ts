import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { Metric } from "aws-cdk-lib/aws-cloudwatch";
import { EventBus } from "aws-cdk-lib/aws-events";
import { Effect, PolicyStatement, Role, ServicePrincipal, StarPrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { CfnPipe } from "aws-cdk-lib/aws-pipes";
import { Construct } from "constructs";
import type { FirmSettings } from "../../lib/domain/firm.ts";
import { outboxDetailType, outboxFilter, outboxSource } from "../../lib/events/rules.ts";
import { nameOf } from "../names.ts";
import type { SharedData } from "../stacks/data.ts";
import { HouseAlarm } from "./alarm.ts";
import { DeadLetters } from "./queue.ts";

const facts = {
  purpose: "Carries every event of the access register from the table to those who act on it.",
  suffers: "Nobody is told by mail, uploads stay unreleased and statistics stand still, while the API seems well.",
};

/** The firm's bus, and the pipe that brings to it what the table's stream tells of the access register, and nothing else. */
export class Outbox extends Construct {
  readonly bus: EventBus;

  constructor(scope: Construct, id: string, { settings, data }: { settings: FirmSettings; data: SharedData }) {
    super(scope, id);
    const name = nameOf(settings, "outbox");
    this.bus = new EventBus(this, "Bus", { eventBusName: nameOf(settings, "bus"), description: `What has happened at ${settings.firm}, as its access register tells it.` });
    const deadLetters = new DeadLetters(this, "DeadLetters", { settings, name: "outbox", ...facts, alarmTopicArn: data.alarmTopicArn }).queue;
    const log = new LogGroup(this, "Log", { retention: RetentionDays.THREE_MONTHS, encryptionKey: Key.fromKeyArn(this, "LogKey", data.logKeyArn), removalPolicy: RemovalPolicy.RETAIN });

    const role = new Role(this, "Role", { roleName: name, description: facts.purpose, assumedBy: new ServicePrincipal("pipes.amazonaws.com") });
    const allow = (actions: string[], resource: string, conditions?: Record<string, Record<string, string>>) =>
      role.addToPolicy(new PolicyStatement({ actions, resources: [resource], ...(conditions && { conditions }) }));
    allow(["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], data.table.streamArn);
    allow(["kms:Decrypt"], data.table.keyArn, { StringEquals: { "kms:ViaService": `dynamodb.${settings.region}.amazonaws.com` } });
    allow(["events:PutEvents"], this.bus.eventBusArn);
    allow(["sqs:SendMessage"], deadLetters.queueArn);
    allow(["logs:CreateLogStream", "logs:PutLogEvents"], log.logGroupArn);
    // What stands on the bus is believed by every consumer: nobody but the pipe may put it there.
    this.bus.addToResourcePolicy(new PolicyStatement({
      sid: "OnlyTheOutboxSpeaks", effect: Effect.DENY, principals: [new StarPrincipal()], actions: ["events:PutEvents"], resources: [this.bus.eventBusArn],
      conditions: { ArnNotEquals: { "aws:PrincipalArn": role.roleArn } },
    }));

    const pipe = new CfnPipe(this, "Pipe", {
      name, description: facts.purpose, roleArn: role.roleArn,
      source: data.table.streamArn,
      sourceParameters: {
        filterCriteria: { filters: [{ pattern: JSON.stringify(outboxFilter) }] },
        dynamoDbStreamParameters: {
          startingPosition: "TRIM_HORIZON", batchSize: 10, parallelizationFactor: 10,
          // A record that cannot be sent is parted from its batch, and given up after six hours: the stream keeps it for eighteen more, to be sent by hand.
          onPartialBatchItemFailure: "AUTOMATIC_BISECT", maximumRetryAttempts: 100, maximumRecordAgeInSeconds: Duration.hours(6).toSeconds(),
          deadLetterConfig: { arn: deadLetters.queueArn },
        },
      },
      target: this.bus.eventBusArn,
      targetParameters: { eventBridgeEventBusParameters: { source: outboxSource, detailType: outboxDetailType }, inputTemplate: "<$.dynamodb.NewImage>" },
      logConfiguration: { level: "ERROR", cloudwatchLogsLogDestination: { logGroupArn: log.logGroupArn } },
    });
    pipe.node.addDependency(role);
    new HouseAlarm(this, "Failing", {
      settings, name: "outbox-failing", ...facts, first: `read the log group of the pipe ${name}: it names the service that refused.`,
      metric: new Metric({ namespace: "AWS/EventBridge/Pipes", metricName: "ExecutionFailed", dimensionsMap: { PipeName: name }, period: Duration.minutes(5), statistic: "Sum" }),
      above: 0, topicArn: data.alarmTopicArn,
    });
  }
}
