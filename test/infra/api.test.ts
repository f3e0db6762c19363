import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { functionOf, routeKeys, routeNames, routes, type Audience } from "../../lib/http/routes.ts";
import { clinica, ferrer, resourcesOf, synthesize, text, type Resource } from "./synth.ts";

const { api } = synthesize(ferrer).templates;
const byId = new Map(["AWS::ApiGatewayV2::Authorizer", "AWS::ApiGatewayV2::Integration"].flatMap((type) => resourcesOf(api, type)));

/** Which pool's authorizer and which function stand behind each route of the gateway. */
const routeOf = ({ Properties }: Resource) => {
  const authorizer = [...byId].find(([id]) => text(Properties["AuthorizerId"] ?? null).includes(`"${id}"`))?.[1];
  const integration = [...byId].find(([id]) => text(Properties["Target"]).includes(`"${id}"`))?.[1];
  return {
    key: Properties["RouteKey"], type: Properties["AuthorizationType"] ?? "NONE", scopes: Properties["AuthorizationScopes"],
    pool: authorizer?.Properties["Name"] ?? null, uri: text(integration?.Properties["IntegrationUri"]),
  };
};
const gateway = resourcesOf(api, "AWS::ApiGatewayV2::Route").map(([, route]) => routeOf(route));
const logicalName = (name: string) => name.replaceAll("-", "");
const poolOf: Readonly<Record<Audience, string | null>> = { staff: "staff", client: "client", share: null, open: null };

describe("The gateway's routes", () => {
  it("are those of the route table, HEAD beside every GET, and $default", () => {
    expect(gateway.map(({ key }) => key).sort()).toEqual([...routeNames.flatMap(routeKeys), "$default"].sort());
  });

  it.each(routeNames.flatMap((name) => routeKeys(name).map((key) => [key, name] as const)))("%s is guarded by its audience's pool and answered by its audience's function", (key, name) => {
    const { audience } = routes[name];
    const route = gateway.find((it) => it.key === key);
    expect(route).toMatchObject({ type: poolOf[audience] === null ? "NONE" : "JWT", pool: poolOf[audience] });
    expect(route?.uri).toContain(logicalName(functionOf[audience]));
  });

  it("let only access tokens pass, because ID tokens carry no scope", () => {
    for (const { type, scopes } of gateway) expect(scopes).toEqual(type === "JWT" ? ["aws.cognito.signin.user.admin"] : undefined);
  });

  it("stand open in nine places: the share page's four, two each for health and for the API's description, and the answer to what does not exist", () => {
    expect(gateway.filter(({ type }) => type === "NONE").map(({ key }) => key).sort()).toEqual([
      "$default", "GET /health", "GET /openapi.json", "GET /s/{token}", "HEAD /health", "HEAD /openapi.json", "HEAD /s/{token}", "POST /s/{token}/documents/{documentId}", "POST /s/{token}/open",
    ]);
  });
});

describe("The authorizers", () => {
  const authorizer = (name: string) => text(resourcesOf(api, "AWS::ApiGatewayV2::Authorizer").find(([, { Properties }]) => Properties["Name"] === name)?.[1].Properties["JwtConfiguration"]);
  it("are one per pool, each with its own issuer and its own client", () => {
    api.resourceCountIs("AWS::ApiGatewayV2::Authorizer", 2);
    expect(authorizer("staff")).toMatch(/cognito-idp\.eu-west-1\.amazonaws\.com.*StaffPool/);
    expect(authorizer("staff")).toContain("StaffClient");
    expect(authorizer("staff")).not.toContain("ClientPool");
    expect(authorizer("client")).toMatch(/cognito-idp\.eu-west-1\.amazonaws\.com.*ClientPool/);
    expect(authorizer("client")).not.toContain("Staff");
  });
});

describe("The stage", () => {
  it("throttles as the firm's settings say", () => {
    api.hasResourceProperties("AWS::ApiGatewayV2::Stage", { StageName: "$default", DefaultRouteSettings: { ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 } });
    synthesize(clinica).templates.api.hasResourceProperties("AWS::ApiGatewayV2::Stage", { DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 } });
  });
  it("logs the route and never the path, which may hold a recipient's token", () => {
    const format = text(resourcesOf(api, "AWS::ApiGatewayV2::Stage")[0]?.[1].Properties["AccessLogSettings"]);
    expect(format).toContain("$context.routeKey");
    expect(format).not.toMatch(/\$context\.(path|requestOverride|customDomain)|\$request|userAgent|referer/i);
  });
  it("answers preflights for the firm's origins alone", () => {
    api.hasResourceProperties("AWS::ApiGatewayV2::Api", { CorsConfiguration: { AllowOrigins: ferrer.origins, AllowCredentials: Match.absent() } });
    expect(resourcesOf(synthesize({ ...ferrer, origins: [] }).templates.api, "AWS::ApiGatewayV2::Api")[0]?.[1].Properties["CorsConfiguration"]).toBeUndefined();
  });
});

it("Each function may be called by the gateway through one permission, because one per route would pass the 20 KB of its policy", () => {
  api.resourceCountIs("AWS::Lambda::Permission", 3);
});

it("Every function of the API gives up before the gateway does", () => {
  for (const [, { Properties }] of resourcesOf(api, "AWS::Lambda::Function")) expect(Properties["Timeout"]).toBeLessThan(29);
});
