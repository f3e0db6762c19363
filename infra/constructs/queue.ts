import { Duration, Validations } from "aws-cdk-lib";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import { triesPerMessage } from "../../lib/events/rules.ts";
import type { FirmSettings } from "../../lib/domain/firm.ts";
import { nameOf } from "../names.ts";
import { HouseAlarm, type HumanFacts } from "./alarm.ts";

interface QueueProps extends HumanFacts {
  readonly settings: FirmSettings;
  readonly name: string;
  readonly alarmTopicArn: string;
}

// SQS's own keys: messages hold ids alone, and EventBridge can then send without a right to a key of the firm's.
const house = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true };

/** Where what could not be delivered or handled waits for a person, for two weeks; one message is enough for an alarm. */
export class DeadLetters extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { settings, name, purpose, suffers, alarmTopicArn }: QueueProps) {
    super(scope, id);
    this.queue = new Queue(this, "Queue", { ...house, queueName: nameOf(settings, `${name}-dead-letters`), retentionPeriod: Duration.days(14) });
    Validations.of(this.queue).acknowledge(
      { id: "AwsSolutions-SQS3", reason: `This is the dead-letter queue of ${name}: what waits here goes back by hand, once its cause is gone.` },
      { id: "Serverless-SQSRedrivePolicy", reason: `The last stop of ${name}: another queue behind it would only hide the alarm.` },
    );
    new HouseAlarm(this, "Waiting", {
      settings, name: `${name}-dead-letters`, purpose, suffers, first: `read one message of ${nameOf(settings, `${name}-dead-letters`)}, repair its cause, then send all of them back.`,
      metric: this.queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: "Maximum" }), above: 0, topicArn: alarmTopicArn,
    });
  }
}

/** A consumer's inbox: some tries, then the dead letters. */
export class Inbox extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  /** `handling` is the consumer's timeout: SQS must not show a message again while it may still be worked on. */
  constructor(scope: Construct, id: string, props: QueueProps & { readonly handling: Duration }) {
    super(scope, id);
    this.deadLetters = new DeadLetters(this, "DeadLetters", props).queue;
    this.queue = new Queue(this, "Queue", {
      ...house, queueName: nameOf(props.settings, props.name), retentionPeriod: Duration.days(14),
      visibilityTimeout: Duration.seconds(6 * props.handling.toSeconds()),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: triesPerMessage },
    });
  }
}
