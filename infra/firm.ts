import type { App } from "aws-cdk-lib";
import type { FirmSettings } from "../lib/domain/firm.ts";
import type { CodeOf } from "./bundling/bundle.ts";
import { ApiStack } from "./stacks/api.ts";
import { DataStack } from "./stacks/data.ts";
import { EventsStack } from "./stacks/events.ts";
import { IdentityStack } from "./stacks/identity.ts";
import { MailStack } from "./stacks/mail.ts";

/** One firm: what it cannot lose (data, identity, mail) apart from what can be built again (api, events). */
export const firmStacks = (app: App, settings: FirmSettings, codeOf: CodeOf) => {
  const mail = new MailStack(app, settings);
  const data = new DataStack(app, settings);
  const identity = new IdentityStack(app, settings);
  // Cognito sends codes through the firm's sender, and refuses a pool whose sender SES does not know.
  identity.addStackDependency(mail);

  const { staff, client } = identity;
  const grounds = { settings, data: data.shared, pools: { staffArn: staff.arn, clientArn: client.arn } };
  const api = new ApiStack(app, { grounds, staff, client, codeOf });
  const events = new EventsStack(app, { grounds, publicUrl: api.publicUrl, codeOf });
  api.addStackDependency(data);
  events.addStackDependency(data);
  events.addStackDependency(mail);
  return { mail, data, identity, api, events };
};
