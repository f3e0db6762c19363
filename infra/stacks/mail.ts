import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { EventBus, Rule } from "aws-cdk-lib/aws-events";
import { EventBus as BusTarget } from "aws-cdk-lib/aws-events-targets";
import { ConfigurationSet, ConfigurationSetTlsPolicy, EmailIdentity, EmailSendingEvent, EventDestination, Identity, SuppressionReasons } from "aws-cdk-lib/aws-ses";
import type { Construct } from "constructs";
import type { FirmSettings } from "../../lib/domain/firm.ts";
import { AlarmTopic, HouseKey } from "../constructs/keys.ts";
import { DeadLetters } from "../constructs/queue.ts";
import { mailDomainOf, mailRegionOf, nameOf, stackProps } from "../names.ts";

/** The firm's sender, in a region that has SES; the other stacks know it by name alone. */
export class MailStack extends Stack {
  constructor(scope: Construct, settings: FirmSettings) {
    const props = stackProps(settings, "mail", "sender, configuration set and delivery events.");
    super(scope, `legajo-${settings.firm}-mail`, { ...props, env: { ...props.env, region: mailRegionOf(settings) }, terminationProtection: true });
    const configurationSet = new ConfigurationSet(this, "ConfigurationSet", {
      configurationSetName: nameOf(settings, "mail"),
      // A link is a credential: it does not travel in clear.
      tlsPolicy: ConfigurationSetTlsPolicy.REQUIRE,
      reputationMetrics: true, suppressionReasons: SuppressionReasons.BOUNCES_AND_COMPLAINTS,
    });
    configurationSet.addEventDestination("Events", {
      configurationSetEventDestinationName: nameOf(settings, "events"),
      destination: EventDestination.eventBus(EventBus.fromEventBusName(this, "DefaultBus", "default")),
      // No opens and clicks: they would rewrite the links and tell of people what nobody has asked for.
      events: [EmailSendingEvent.SEND, EmailSendingEvent.DELIVERY, EmailSendingEvent.DELIVERY_DELAY, EmailSendingEvent.BOUNCE, EmailSendingEvent.COMPLAINT, EmailSendingEvent.REJECT],
    });
    const identity = new EmailIdentity(this, "Sender", { identity: Identity.domain(mailDomainOf(settings)), configurationSet });
    identity.dkimRecords.forEach(({ name, value }, index) => new CfnOutput(this, `DkimRecord${index + 1}`, { value: `${name} CNAME ${value}` }));
    if (mailRegionOf(settings) !== settings.region) this.#forward(settings);
  }

  /** What SES says of this firm's mails goes on to the default bus of the firm's own region, where it would be if SES were there. */
  #forward(settings: FirmSettings): void {
    const key = new HouseKey(this, "AlarmKey", { settings, name: "mail-alarms", purpose: "Encrypts the alarms of the mail region." });
    const alarms = new AlarmTopic(this, "Alarms", { settings, key });
    const { queue } = new DeadLetters(this, "DeadLetters", {
      settings, name: "mail-events", alarmTopicArn: alarms.topicArn,
      purpose: "Carries delivery events to the firm's region.", suffers: "Staff do not see that a mail bounced or was delivered.",
    });
    const home = EventBus.fromEventBusArn(this, "Home", this.formatArn({ service: "events", region: settings.region, resource: "event-bus", resourceName: "default" }));
    new Rule(this, "Forward", {
      ruleName: nameOf(settings, "mail-events"), description: "Forwards what SES says of this firm's mails.",
      eventPattern: { source: ["aws.ses"], detail: { mail: { tags: { "ses:configuration-set": [nameOf(settings, "mail")] } } } },
      targets: [{
        // CDK's target for a bus has no retry policy of its own.
        bind: (rule) => ({ ...new BusTarget(home, { deadLetterQueue: queue }).bind(rule), retryPolicy: { maximumEventAgeInSeconds: Duration.hours(24).toSeconds(), maximumRetryAttempts: 185 } }),
      }],
    });
  }
}
