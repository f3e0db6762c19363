import { Alarm, ComparisonOperator, TreatMissingData, type IMetric } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import type { FirmSettings } from "../../lib/domain/firm.ts";
import { nameOf } from "../names.ts";

/** What the person who is woken reads first. */
export interface HumanFacts {
  /** What it is there for, as a sentence. */
  readonly purpose: string;
  /** Who suffers while it does not work, and how they notice. */
  readonly suffers: string;
}

interface HouseAlarmProps extends HumanFacts {
  readonly settings: FirmSettings;
  readonly name: string;
  readonly metric: IMetric;
  /** More than this many in the metric's period raises the alarm. */
  readonly above: number;
  /** What to do first. */
  readonly first: string;
  readonly topicArn: string;
}

/** An alarm that says whom it is about. Silence is health: nothing here reports while nothing happens. */
export class HouseAlarm extends Construct {
  constructor(scope: Construct, id: string, { settings, name, metric, above, purpose, suffers, first, topicArn }: HouseAlarmProps) {
    super(scope, id);
    const alarm = new Alarm(this, "Alarm", {
      alarmName: nameOf(settings, name),
      alarmDescription: `${purpose} ${suffers} First: ${first}`,
      metric, threshold: above, evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(Topic.fromTopicArn(this, "Topic", topicArn)));
  }
}
