import { Duration, Stack, Validations } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { EventSourceMapping } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import type { Environment } from "../../lib/config.ts";
import { consumers, rules, schedules, type Consumer, type EventRule } from "../../lib/events/rules.ts";
import type { CodeOf } from "../bundling/bundle.ts";
import type { HumanFacts } from "../constructs/alarm.ts";
import { HouseFunction } from "../constructs/function.ts";
import { Outbox } from "../constructs/outbox.ts";
import type { Grounds } from "../constructs/policies.ts";
import { Inbox } from "../constructs/queue.ts";
import { MalwareScan } from "../constructs/scan.ts";
import { mailRegionOf, nameOf, portalOf, stackProps } from "../names.ts";
import type { SharedData } from "./data.ts";

interface EventsStackProps {
  readonly grounds: Grounds;
  readonly publicUrl: `https://${string}`;
  readonly codeOf: CodeOf;
}

interface Handling extends HumanFacts {
  readonly whoRetries: string;
  readonly timeout: Duration;
  readonly batchSize: number;
  /** How long to wait for a fuller batch. */
  readonly gather: Duration;
  /** At most this many copies at once. */
  readonly atOnce: number;
}

const handling: Readonly<Record<Consumer, Handling>> = {
  "document-state": {
    purpose: "Releases a document once it is complete, stored and found clean.", suffers: "Uploaded documents stay invisible to clients and recipients.",
    whoRetries: "SQS shows each message of document-state five times, then hands it to the queue's dead letters.",
    timeout: Duration.seconds(60), batchSize: 10, gather: Duration.seconds(0), atOnce: 20,
  },
  "notify": {
    purpose: "Writes the mails: invitations, links and alarms of malware.", suffers: "Recipients get no link, invited people no invitation, and advisers do not learn of malware.",
    whoRetries: "SQS shows each mail that is due to notify five times, then hands it to the queue's dead letters.",
    timeout: Duration.seconds(60), batchSize: 5, gather: Duration.seconds(0), atOnce: 5,
  },
  "jobs": {
    purpose: "Does what does not fit one transaction, step by step.", suffers: "Long work stands still: its caller reads `running` or `failed`; no access depends on it.",
    whoRetries: "SQS shows each step to jobs five times, then hands it to the queue's dead letters; a step that is done twice changes nothing.",
    timeout: Duration.seconds(60), batchSize: 1, gather: Duration.seconds(0), atOnce: 5,
  },
  "stats": {
    purpose: "Counts accesses for the firm's statistics.", suffers: "Statistics fall behind; nothing else does.",
    whoRetries: "SQS shows each access to stats five times, then hands it to the queue's dead letters; counting is idempotent.",
    timeout: Duration.seconds(60), batchSize: 100, gather: Duration.seconds(10), atOnce: 5,
  },
};

/** Everything that happens after the answer: the outbox, the consumers with their queues, the malware scan. */
export class EventsStack extends Stack {
  constructor(scope: Construct, { grounds, publicUrl, codeOf }: EventsStackProps) {
    const { settings, data } = grounds;
    super(scope, `legajo-${settings.firm}-events`, stackProps(settings, "events", "outbox, consumers and malware scan."));
    const { bus } = new Outbox(this, "Outbox", { settings, data });
    if (settings.malwareScan) new MalwareScan(this, "MalwareScan", { settings, data });

    const table = { TABLE_NAME: data.table.name };
    const firm = { FIRM: JSON.stringify(settings.profile) };
    const portal = portalOf(settings) ?? publicUrl;
    const build = <F extends Consumer>(name: F, environment: Environment<F>) =>
      new HouseFunction(this, name, { name, environment, timeout: handling[name].timeout, codeOf, grounds, ...facts(name) });
    const functions = {
      "document-state": build("document-state", { ...table, ...firm, BUCKET_NAME: data.documents.name }),
      "notify": build("notify", {
        ...table, ...firm, LINK_KEY_SECRET: data.secrets.link, PUBLIC_URL: publicUrl, PORTAL_URL: portal, STAFF_APP_URL: portal,
        MAIL_SENDER: settings.mail.sender, ...(settings.mail.replyTo !== undefined && { MAIL_REPLY_TO: settings.mail.replyTo }),
        MAIL_CONFIGURATION_SET: nameOf(settings, "mail"), MAIL_REGION: mailRegionOf(settings),
      }),
      "stats": build("stats", table),
      "jobs": build("jobs", { ...table, ...firm, BUCKET_NAME: data.documents.name }),
    };

    for (const name of consumers) {
      const { timeout, batchSize, gather, atOnce } = handling[name];
      const inbox = new Inbox(this, `${name}-inbox`, { settings, name, handling: timeout, alarmTopicArn: data.alarmTopicArn, ...facts(name) });
      const { lambda, role } = functions[name];
      inbox.queue.grantConsumeMessages(role);
      const mapping = new EventSourceMapping(this, `${name}-source`, {
        target: lambda, eventSourceArn: inbox.queue.queueArn, reportBatchItemFailures: true, batchSize, maxBatchingWindow: gather, maxConcurrency: atOnce,
      });
      Validations.of(mapping).acknowledge({ id: "Serverless-LambdaEventSourceMappingDestination", reason: `${handling[name].whoRetries} Lambda knows no other destination for a queue.` });

      for (const [ruleName, rule] of Object.entries<EventRule>(rules).filter(([, { consumer }]) => consumer === name)) {
        new Rule(this, ruleName, {
          ruleName: nameOf(settings, ruleName), description: handling[name].purpose,
          ...(rule.bus === "firm" && { eventBus: bus }),
          eventPattern: patternOf(rule, data, this.account),
          targets: [targetOf(inbox)],
        });
      }
      for (const [scheduleName, { hour, minute }] of Object.entries(schedules).filter(([, { consumer }]) => consumer === name)) {
        new Rule(this, scheduleName, {
          ruleName: nameOf(settings, scheduleName), description: handling[name].purpose, schedule: Schedule.cron({ hour: String(hour), minute: String(minute) }), targets: [targetOf(inbox)],
        });
      }
    }
  }
}

/** A day of tries, then the inbox's own dead letters: the message there is the same event, and goes back the same way. */
const targetOf = ({ queue, deadLetters }: Inbox) => new SqsQueue(queue, { deadLetterQueue: deadLetters, maxEventAge: Duration.hours(24), retryAttempts: 185 });

const facts = (name: Consumer) => ({ purpose: handling[name].purpose, suffers: handling[name].suffers, whoRetries: handling[name].whoRetries });

/**
 * The account's bus carries every bucket's events, and other accounts' where somebody let them in: a rule there names this firm's bucket and account. S3 and
 * GuardDuty say the bucket in different places.
 */
const patternOf = ({ bus, pattern }: EventRule, data: SharedData, account: string) => {
  const bucket = [data.documents.name];
  const ofThisBucket = pattern.source.includes("aws.guardduty") ? { s3ObjectDetails: { bucketName: bucket } } : { bucket: { name: bucket } };
  const detail = { ...pattern.detail, ...(bus === "default" && ofThisBucket) };
  return { source: [...pattern.source], detailType: [...pattern["detail-type"]], ...(bus === "default" && { account: [account] }), ...(Object.keys(detail).length > 0 && { detail }) };
};
