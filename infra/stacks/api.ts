import { Duration, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { Environment } from "../../lib/config.ts";
import type { functionOf } from "../../lib/http/routes.ts";
import type { CodeOf } from "../bundling/bundle.ts";
import { HouseAlarm, type HumanFacts } from "../constructs/alarm.ts";
import { HouseFunction } from "../constructs/function.ts";
import { Gateway } from "../constructs/gateway.ts";
import type { Grounds } from "../constructs/policies.ts";
import { stackProps } from "../names.ts";
import type { PoolFacts } from "./identity.ts";

interface ApiStackProps {
  readonly grounds: Grounds;
  readonly staff: PoolFacts;
  readonly client: PoolFacts;
  readonly codeOf: CodeOf;
}

type ApiFunction = (typeof functionOf)[keyof typeof functionOf];

/** The gateway waits 30 s and answers 503 by itself; the function gives up before that and answers in its own words. */
const timeout = Duration.seconds(25);

const facts: Readonly<Record<ApiFunction, HumanFacts & { readonly whoRetries: string }>> = {
  "staff-api": {
    purpose: "Answers what the firm's staff ask and do.", suffers: "Staff see errors and can neither share nor upload.",
    whoRetries: "Called by the gateway alone: staff read the error at once and repeat what they did under the same Idempotency-Key.",
  },
  "client-api": {
    purpose: "Answers the firm's clients: their cases and documents, and what they send.", suffers: "Clients cannot see their cases, fetch their documents or send any.",
    whoRetries: "Called by the gateway alone: clients read the error at once; a question can be asked again, and an upload goes on where it stopped.",
  },
  "share-page": {
    purpose: "Shows what a link in a mail opens.", suffers: "Recipients of mails find a dead page where documents should be.",
    whoRetries: "Called by the gateway alone: the page says to try again, and a download that was not handed out was not counted.",
  },
};

/** The API: no state of its own, so it can be destroyed and built again. */
export class ApiStack extends Stack {
  readonly publicUrl: `https://${string}`;

  constructor(scope: Construct, { grounds, staff, client, codeOf }: ApiStackProps) {
    const { settings, data } = grounds;
    super(scope, `legajo-${settings.firm}-api`, stackProps(settings, "api", "gateway and functions of the API."));
    const common = { TABLE_NAME: data.table.name, BUCKET_NAME: data.documents.name, FIRM: JSON.stringify(settings.profile) };
    const malwareScan = { MALWARE_SCAN: settings.malwareScan ? "on" : "off" } as const;
    const linkKey = { LINK_KEY_SECRET: data.secrets.link };
    const cursorKey = { CURSOR_KEY_SECRET: data.secrets.cursor };
    const build = <F extends ApiFunction>(name: F, environment: Environment<F>) =>
      new HouseFunction(this, name, { name, environment, timeout, codeOf, grounds, ...facts[name] }).lambda;

    const gateway = new Gateway(this, "Gateway", {
      settings, data, pools: { staff, client },
      functions: {
        "staff-api": build("staff-api", {
          ...common, ...linkKey, ...cursorKey, STAFF_POOL_ID: staff.id, STAFF_POOL_CLIENT_ID: staff.clientId, STAFF_ISSUER: staff.issuer,
          ...(staff.sso && { STAFF_SSO_PROVIDER: staff.sso.provider, STAFF_SSO_CLIENT_ID: staff.sso.clientId }),
          CLIENT_POOL_ID: client.id, ...malwareScan, RETENTION_DAYS: String(settings.retentionDays),
        }),
        "client-api": build("client-api", { ...common, ...cursorKey, CLIENT_POOL_ID: client.id, CLIENT_POOL_CLIENT_ID: client.clientId, CLIENT_ISSUER: client.issuer, ...malwareScan }),
        "share-page": build("share-page", { ...common, ...linkKey, ...cursorKey, BUCKET_ORIGIN: data.documents.origin }),
      },
    });
    this.publicUrl = gateway.publicUrl;
    new HouseAlarm(this, "ServerErrors", {
      settings, name: "api-server-errors", purpose: "The API answers every request with a success or a refusal.", suffers: "Staff, clients or recipients read that something went wrong.",
      first: "look at the gateway's access log for the route and its integrationError.",
      metric: gateway.api.metricServerError({ period: Duration.minutes(5), statistic: "Sum" }), above: 0, topicArn: data.alarmTopicArn,
    });
  }
}
