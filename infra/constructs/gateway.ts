import { CfnOutput, Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  CorsHttpMethod, HttpApi, HttpMethod, HttpRoute, HttpRouteKey, HttpStage, LogGroupLogDestination, type IHttpRouteAuthorizer,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpJwtAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { Key } from "aws-cdk-lib/aws-kms";
import type { Function as Lambda } from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { FirmSettings } from "../../lib/domain/firm.ts";
import { functionOf, routeKeys, routeNames, routes, type RouteNameOf } from "../../lib/http/routes.ts";
import { https, nameOf } from "../names.ts";
import type { SharedData } from "../stacks/data.ts";
import type { PoolFacts } from "../stacks/identity.ts";

type ApiFunction = (typeof functionOf)[keyof typeof functionOf];

interface GatewayProps {
  readonly settings: FirmSettings;
  readonly data: SharedData;
  readonly pools: { readonly staff: PoolFacts; readonly client: PoolFacts };
  readonly functions: Readonly<Record<ApiFunction, Lambda>>;
}

/** Every route that no pool guards, and why it may stand open: a new one does not compile without its reason. */
const openBecause: Readonly<Record<RouteNameOf<"share" | "open">, string>> = {
  "share.page": "Recipients have no account: the token in the path, 256 bits of HMAC, is the credential, and GET changes and names nothing.",
  "share.open": "Recipients have no account: the token is checked again, with passcode or code where asked, before a session begins.",
  "share.download": "Recipients have no account: the token and the session cookie that opening set are checked before a URL is signed.",
  "openapi": "The description of the API names routes and shapes, which the source tells anyway, and nobody's data.",
  "health": "A monitor has no account, and the answer says nothing but that the API answers.",
};

// No ID token carries a scope: the gateway lets access tokens alone pass. Every token of Cognito's own sign-in flows has the first, those of the hosted sign-in the other.
const accessTokensOnly = ({ sso }: PoolFacts) => ["aws.cognito.signin.user.admin", ...(sso ? [sso.scope] : [])];

/** What is known of each request, strangers' included: routes instead of paths, since a path of `/s/` holds the recipient's token. */
const accessLog = {
  requestId: "$context.requestId", at: "$context.requestTime", ip: "$context.identity.sourceIp", routeKey: "$context.routeKey", status: "$context.status",
  bytes: "$context.responseLength", latencyMs: "$context.responseLatency", integrationMs: "$context.integrationLatency",
  integrationError: "$context.integrationErrorMessage", authorizerError: "$context.authorizer.error", error: "$context.error.message",
};

/** The HTTP API that the route table describes. */
export class Gateway extends Construct {
  readonly api: HttpApi;
  readonly stage: HttpStage;
  readonly publicUrl: `https://${string}`;

  constructor(scope: Construct, id: string, { settings, data, pools, functions }: GatewayProps) {
    super(scope, id);
    const { origins, throttle, publicUrl, region } = settings;
    this.api = new HttpApi(this, "Api", {
      apiName: nameOf(settings, "api"), description: `The API of ${settings.firm}.`, createDefaultStage: false,
      ...(origins.length > 0 && { corsPreflight: corsFor(origins) }),
    });
    const log = new LogGroup(this, "AccessLog", { retention: RetentionDays.THREE_MONTHS, encryptionKey: Key.fromKeyArn(this, "LogKey", data.logKeyArn), removalPolicy: RemovalPolicy.RETAIN });
    this.stage = new HttpStage(this, "Stage", {
      httpApi: this.api, stageName: "$default", autoDeploy: true,
      throttle: { rateLimit: throttle.requestsPerSecond, burstLimit: throttle.burst },
      accessLogSettings: { destination: new LogGroupLogDestination(log), format: AccessLogFormat.custom(JSON.stringify(accessLog)) },
    });
    this.publicUrl = publicUrl !== undefined ? https(publicUrl) : `https://${this.api.apiId}.execute-api.${region}.amazonaws.com`;
    new CfnOutput(Stack.of(this), "PublicUrl", { value: this.publicUrl });

    const guard = (name: string, pool: PoolFacts): IHttpRouteAuthorizer => new HttpJwtAuthorizer(name, pool.issuer, { authorizerName: name, jwtAudience: [pool.clientId, ...(pool.sso ? [pool.sso.clientId] : [])] });
    const guards = { staff: guard("staff", pools.staff), client: guard("client", pools.client) };
    // One permission for all routes of a function: one per route would pass the 20 KB that a function's policy may have.
    const integration = (name: ApiFunction) => new HttpLambdaIntegration(name, functions[name], { scopePermissionToRoute: false, timeout: Duration.seconds(29) });
    const integrations = { "staff-api": integration("staff-api"), "client-api": integration("client-api"), "share-page": integration("share-page") };

    for (const name of routeNames) {
      const { audience, path } = routes[name];
      for (const key of routeKeys(name)) {
        const method = methodOf(key);
        const pool = audience === "staff" || audience === "client" ? audience : null;
        const route = new HttpRoute(this, key, {
          httpApi: this.api, routeKey: HttpRouteKey.with(path, method), integration: integrations[functionOf[audience]],
          ...(pool && { authorizer: guards[pool], authorizationScopes: accessTokensOnly(pools[pool]) }),
        });
        if (isOpen(name)) Validations.of(route).acknowledge({ id: "AwsSolutions-APIG4", reason: `${key}: ${openBecause[name]}` });
      }
    }
    const rest = new HttpRoute(this, "$default", { httpApi: this.api, routeKey: HttpRouteKey.DEFAULT, integration: integrations[functionOf.open] });
    Validations.of(rest).acknowledge({ id: "AwsSolutions-APIG4", reason: "Answers what no route answers, with 404 and 405 as problems; it reads nothing." });
  }
}

const isOpen = (name: string): name is keyof typeof openBecause => name in openBecause;

/** @throws Error when the route table has a method that the gateway does not know. */
const methodOf = (routeKey: string): HttpMethod => {
  const method = Object.values(HttpMethod).find((it) => routeKey.startsWith(`${it} `));
  if (method === undefined) throw new Error(`${routeKey} has no method of an HTTP API.`);
  return method;
};

/** The gateway answers OPTIONS itself and drops any CORS header of a function: this is the one place. */
const corsFor = (allowOrigins: string[]) => ({
  allowOrigins,
  allowMethods: [CorsHttpMethod.GET, CorsHttpMethod.HEAD, CorsHttpMethod.POST, CorsHttpMethod.PATCH, CorsHttpMethod.DELETE],
  allowHeaders: ["authorization", "content-type", "idempotency-key", "if-match", "if-none-match"],
  exposeHeaders: ["etag", "location", "retry-after"],
  maxAge: Duration.hours(1),
});
