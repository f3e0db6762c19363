import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { consumers, outboxFilter, rules, schedules } from "../../lib/events/rules.ts";
import { clinica, ferrer, resourcesOf, statementsOf, synthesize, text } from "./synth.ts";

const { events, mail } = synthesize(ferrer).templates;
const away = synthesize(clinica).templates;
const everyTemplate = [...Object.values(synthesize(ferrer).templates), ...Object.values(away)];

describe("The pipe", () => {
  const pipe = resourcesOf(events, "AWS::Pipes::Pipe")[0]?.[1].Properties ?? {};
  it("reads the table's stream and lets through the access register alone", () => {
    expect(text(pipe["Source"])).toContain("StreamArn");
    expect(pipe["SourceParameters"]).toMatchObject({ FilterCriteria: { Filters: [{ Pattern: JSON.stringify(outboxFilter) }] } });
  });
  it("makes an event of each new image, whole and unchanged", () => {
    expect(pipe["TargetParameters"]).toEqual({ EventBridgeEventBusParameters: { Source: "legajo", DetailType: "audit" }, InputTemplate: "<$.dynamodb.NewImage>" });
  });
  it("parts a bad record from its batch and gives it up while the stream still has it", () => {
    expect(pipe["SourceParameters"]).toMatchObject({ DynamoDBStreamParameters: { OnPartialBatchItemFailure: "AUTOMATIC_BISECT", MaximumRetryAttempts: 100, MaximumRecordAgeInSeconds: 21_600, DeadLetterConfig: { Arn: expect.anything() } } });
  });
  it("raises an alarm when it fails, and logs no event", () => {
    events.hasResourceProperties("AWS::CloudWatch::Alarm", { Namespace: "AWS/EventBridge/Pipes", MetricName: "ExecutionFailed", Dimensions: [{ Name: "PipeName", Value: "legajo-ferrer-outbox" }] });
    expect(pipe["LogConfiguration"]).toEqual({ Level: "ERROR", CloudwatchLogsLogDestination: expect.anything() });
  });
});

it("Nobody but the pipe may put an event on the firm's bus, because every consumer believes it", () => {
  const policy = text(resourcesOf(events, "AWS::Events::EventBusPolicy")[0]?.[1].Properties["Statement"]);
  expect(policy).toMatch(/events:PutEvents.*ArnNotEquals.*OutboxRole.*"Effect":"Deny","Principal":"\*"/);
});

describe("The rules", () => {
  const found = resourcesOf(events, "AWS::Events::Rule").map(([, { Properties }]) => Properties);
  it("are those of the event rules, each to its consumer's queue", () => {
    expect(found.map(({ Name }) => Name).sort()).toEqual([...Object.keys(rules), ...Object.keys(schedules)].map((name) => `legajo-ferrer-${name}`).sort());
    for (const [name, { consumer }] of Object.entries(rules)) {
      const rule = found.find(({ Name }) => Name === `legajo-ferrer-${name}`);
      expect(text(rule?.["Targets"])).toContain(`"${consumer.replaceAll("-", "")}inboxQueue`);
    }
  });
  it("of the account's bus name this account, and this firm's bucket where S3 and where GuardDuty say it", () => {
    const account = [{ Ref: "AWS::AccountId" }];
    const patterns = found.filter(({ EventBusName, EventPattern }) => EventBusName === undefined && EventPattern !== undefined).map(({ EventPattern }) => EventPattern);
    expect(patterns).toEqual([
      { source: ["aws.s3"], "detail-type": ["Object Created"], account, detail: { bucket: { name: [{ "Fn::ImportValue": expect.stringContaining("DocumentsBucket") }] } } },
      { source: ["aws.guardduty"], "detail-type": ["GuardDuty Malware Protection Object Scan Result"], account, detail: { s3ObjectDetails: { bucketName: [{ "Fn::ImportValue": expect.stringContaining("DocumentsBucket") }] } } },
    ]);
  });
  it("of the clock bring each schedule's hour, in UTC, to its consumer's queue", () => {
    for (const [name, { consumer, hour, minute }] of Object.entries(schedules)) {
      const rule = found.find(({ Name }) => Name === `legajo-ferrer-${name}`);
      expect(rule).toMatchObject({ ScheduleExpression: `cron(${minute} ${hour} * * ? *)`, State: "ENABLED" });
      expect(text(rule?.["Targets"])).toContain(`"${consumer}inboxQueue`);
    }
  });
  it("of the firm's bus stand on the firm's bus, with the pattern of the event rules", () => {
    for (const [name, { bus, pattern }] of Object.entries(rules).filter(([, rule]) => rule.bus === "firm"))
      expect({ bus, rule: found.find(({ Name }) => Name === `legajo-ferrer-${name}`) }).toMatchObject({ rule: { EventPattern: pattern, EventBusName: { Ref: expect.stringContaining("Bus") } } });
  });
  it.each(everyTemplate)("of stack %# have for every target a retry policy and a dead-letter queue", (template) => {
    for (const [, { Properties }] of resourcesOf(template, "AWS::Events::Rule"))
      expect(Properties["Targets"]).toEqual([expect.objectContaining({ RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 }, DeadLetterConfig: { Arn: expect.anything() } })]);
  });
});

describe("Every queue", () => {
  it.each(everyTemplate)("of stack %# is encrypted, speaks TLS, and has dead letters or is such a queue", (template) => {
    const queues = resourcesOf(template, "AWS::SQS::Queue");
    const policies = resourcesOf(template, "AWS::SQS::QueuePolicy");
    for (const [id, { Properties }] of queues) {
      expect(Properties).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
      expect(Properties["RedrivePolicy"] !== undefined).toBe(!String(Properties["QueueName"]).endsWith("-dead-letters"));
      const policy = policies.find(([, it]) => text(it.Properties["Queues"]).includes(id))?.[1];
      expect(policy && statementsOf(policy)).toContainEqual(expect.objectContaining({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }));
    }
  });
  it.each(everyTemplate)("of dead letters in stack %# raises an alarm at the first message", (template) => {
    const watched = text(resourcesOf(template, "AWS::CloudWatch::Alarm").filter(([, { Properties }]) => Properties["Threshold"] === 0 && Properties["MetricName"] === "ApproximateNumberOfMessagesVisible").map(([, { Properties }]) => Properties["Dimensions"]));
    for (const [id, { Properties }] of resourcesOf(template, "AWS::SQS::Queue")) if (Properties["RedrivePolicy"] === undefined) expect(watched).toContain(id);
  });
});

describe("Each consumer", () => {
  it.each(consumers)("%s has one inbox, which hides a message six times as long as it may take, and reports failures one by one", (name) => {
    const [id, queue] = resourcesOf(events, "AWS::SQS::Queue").find(([, { Properties }]) => Properties["QueueName"] === `legajo-ferrer-${name}`) ?? [];
    const [functionId, lambda] = resourcesOf(events, "AWS::Lambda::Function").find(([, { Properties }]) => Properties["FunctionName"] === `legajo-ferrer-${name}`) ?? [];
    expect(queue?.Properties["VisibilityTimeout"]).toBeGreaterThanOrEqual(6 * Number(lambda?.Properties["Timeout"]));
    expect(queue?.Properties["RedrivePolicy"]).toMatchObject({ maxReceiveCount: 5 });
    events.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [id, "Arn"] }, FunctionName: { Ref: functionId }, FunctionResponseTypes: ["ReportBatchItemFailures"], ScalingConfig: { MaximumConcurrency: Match.anyValue() },
    });
  });
});

it.each(everyTemplate)("Every alarm of stack %# says whom it is about and what to do, and rings somewhere", (template) => {
  for (const [, { Properties }] of resourcesOf(template, "AWS::CloudWatch::Alarm")) {
    expect(String(Properties["AlarmDescription"])).toMatch(/^.{10,}\. .{10,}\. First: .{10,}\.$/);
    expect(Properties["AlarmActions"]).toHaveLength(1);
  }
});

describe("The malware scan", () => {
  it("looks at this firm's bucket and writes no tags, because a second writer could take `released` away", () => {
    events.hasResourceProperties("AWS::GuardDuty::MalwareProtectionPlan", { Actions: { Tagging: { Status: "DISABLED" } }, ProtectedResource: { S3Bucket: { BucketName: { "Fn::ImportValue": Match.stringLikeRegexp("DocumentsBucket") } } } });
    const role = resourcesOf(events, "AWS::IAM::Policy").find(([id]) => id.startsWith("MalwareScan"));
    expect(text(role)).not.toContain("Tagging");
  });
  it("is absent where the firm has switched it off, and the functions know", () => {
    away.events.resourceCountIs("AWS::GuardDuty::MalwareProtectionPlan", 0);
    away.api.hasResourceProperties("AWS::Lambda::Function", { FunctionName: "legajo-clinica-sol-staff-api", Environment: { Variables: { MALWARE_SCAN: "off" } } });
    expect(text(away.data.toJSON())).not.toContain("malware-scan");
  });
});

describe("The mail stack", () => {
  it("reports what became of each mail, over TLS or not at all, and follows nobody's clicks", () => {
    mail.hasResourceProperties("AWS::SES::ConfigurationSet", { Name: "legajo-ferrer-mail", DeliveryOptions: { TlsPolicy: "REQUIRE" } });
    mail.hasResourceProperties("AWS::SES::ConfigurationSetEventDestination", { EventDestination: { Enabled: true, MatchingEventTypes: ["send", "delivery", "deliveryDelay", "bounce", "complaint", "reject"] } });
    mail.hasResourceProperties("AWS::SES::EmailIdentity", { EmailIdentity: "bufeteferrer.example" });
  });
  it("forwards to the firm's region only where that is another one", () => {
    mail.resourceCountIs("AWS::Events::Rule", 0);
    away.mail.hasResourceProperties("AWS::Events::Rule", { EventPattern: { source: ["aws.ses"], detail: { mail: { tags: { "ses:configuration-set": ["legajo-clinica-sol-mail"] } } } } });
    expect(text(resourcesOf(away.mail, "AWS::Events::Rule"))).toContain("arn:aws:events:eu-south-2:");
  });
  it("is where notify sends from", () => {
    away.events.hasResourceProperties("AWS::Lambda::Function", { FunctionName: "legajo-clinica-sol-notify", Environment: { Variables: { MAIL_REGION: "eu-west-1", MAIL_CONFIGURATION_SET: "legajo-clinica-sol-mail", PUBLIC_URL: "https://documents.clinicasol.example" } } });
  });
});
