import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { clinica, clinicaWithOidc, ferrer, ferrerWithSaml, parsed, resourcesOf, statementsOf, synthesize, actionsOf, text } from "./synth.ts";

const saml = synthesize(ferrerWithSaml).templates;
const oidc = synthesize(clinicaWithOidc).templates;
const kinds = [["SAML", saml, "Entra", "legajo-ferrer-staff-sso"], ["OIDC", oidc, "Keycloak", "legajo-clinica-sol-staff-sso"]] as const;

const pools = (template: typeof saml.identity) => resourcesOf(template, "AWS::Cognito::UserPool");
const staffPoolOf = (template: typeof saml.identity) => pools(template).find(([, { Properties }]) => String(Properties["UserPoolName"]).endsWith("-staff"))?.[0] ?? "";

describe("The staff's own provider", () => {
  it("is read from the address of its SAML metadata, and says nothing of a person but the e-mail address", () => {
    expect(resourcesOf(saml.identity, "AWS::Cognito::UserPoolIdentityProvider").map(([, { Properties }]) => Properties)).toEqual([{
      ProviderName: "Entra", ProviderType: "SAML", UserPoolId: { Ref: staffPoolOf(saml.identity) },
      ProviderDetails: { MetadataURL: "https://login.microsoftonline.com/0b1c2d3e/federationmetadata/2007-06/federationmetadata.xml", IDPSignout: false },
      AttributeMapping: { email: "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress" },
    }]);
  });

  it("is asked by OpenID Connect for the address alone, with a secret that only CloudFormation reads", () => {
    expect(resourcesOf(oidc.identity, "AWS::Cognito::UserPoolIdentityProvider").map(([, { Properties }]) => Properties)).toEqual([{
      ProviderName: "Keycloak", ProviderType: "OIDC", UserPoolId: { Ref: staffPoolOf(oidc.identity) },
      ProviderDetails: {
        client_id: "legajo", client_secret: "{{resolve:secretsmanager:legajo/clinica-sol/staff-sso:SecretString:::}}", oidc_issuer: "https://id.clinicasol.example/realms/staff",
        authorize_scopes: "openid email", attributes_request_method: "GET",
      },
      AttributeMapping: { email: "email" },
    }]);
  });

  it("names its secret in no other place: not in the API, not in a function, not in an output", () => {
    const { identity, ...others } = oidc;
    expect(Object.values(others).map((it) => text(it.toJSON())).join("")).not.toContain("staff-sso\"");
    expect(text(parsed(identity).Outputs)).not.toContain("resolve:");
    expect(text(identity.toJSON()).match(/resolve:secretsmanager/g)).toHaveLength(1);
  });

  it("belongs to the staff pool and to no client's", () => {
    for (const [, { identity }] of kinds) for (const type of ["UserPoolIdentityProvider", "UserPoolDomain"]) for (const [, { Properties }] of resourcesOf(identity, `AWS::Cognito::${type}`)) expect(Properties["UserPoolId"]).toEqual({ Ref: staffPoolOf(identity) });
  });

  it("leaves both pools and their own app clients as they are without it", () => {
    for (const [without, [, { identity }]] of [[ferrer, kinds[0]], [clinica, kinds[1]]] as const) {
      const before = synthesize(without).templates.identity;
      for (const type of ["AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient"]) {
        const after = new Map(resourcesOf(identity, type));
        for (const [id, resource] of resourcesOf(before, type)) expect(after.get(id)).toEqual(resource);
      }
    }
  });
});

describe.each(kinds)("The hosted sign-in through %s", (_, { identity, api }, provider, name) => {
  const [clientId = "", client] = resourcesOf(identity, "AWS::Cognito::UserPoolClient").find(([, { Properties }]) => Properties["ClientName"] === name) ?? [];

  it("has one app client of its own, public, whose codes go to the firm's addresses alone, and no implicit flow", () => {
    identity.resourceCountIs("AWS::Cognito::UserPoolClient", 3);
    expect(client?.Properties).toMatchObject({
      GenerateSecret: false, AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ["code"], UserPoolId: { Ref: staffPoolOf(identity) },
      CallbackURLs: [expect.stringMatching(/^https:\/\/(despacho|equip)\..*\/signed-in$/)], EnableTokenRevocation: true, PreventUserExistenceErrors: "ENABLED", RefreshTokenRotation: { Feature: "ENABLED" },
    });
  });
  it("leads to the firm's provider alone, and takes no password, neither there nor by the API", () => {
    expect(text(client?.Properties["SupportedIdentityProviders"])).toMatch(/^\[\{"Ref":"StaffSso(Saml|Oidc)\w+"\}\]$/);
    expect(client?.Properties["ExplicitAuthFlows"]).toEqual(["ALLOW_CUSTOM_AUTH"]);
    identity.allResourcesProperties("AWS::Cognito::UserPool", Match.objectLike({ LambdaConfig: Match.absent() }));
  });
  it("asks for the one scope with which nobody changes or deletes their own user, because Cognito must be able to write the address through it", () => {
    expect(client?.Properties["AllowedOAuthScopes"]).toEqual(["openid"]);
    expect(client?.Properties["WriteAttributes"]).toEqual(["email"]);
    expect(client?.Properties["ReadAttributes"]).toEqual(["email", "email_verified"]);
  });
  it("gives tokens of a quarter of an hour, and sends staff back to their provider after a working day", () => {
    expect(client?.Properties).toMatchObject({ AccessTokenValidity: 15, IdTokenValidity: 15, RefreshTokenValidity: 720, TokenValidityUnits: { AccessToken: "minutes", IdToken: "minutes", RefreshToken: "minutes" } });
  });

  it("is let through the gateway's staff routes by its access tokens, and through no other", () => {
    const [staffId, staff] = resourcesOf(api, "AWS::ApiGatewayV2::Authorizer").find(([, { Properties }]) => Properties["Name"] === "staff") ?? [];
    const [, clients] = resourcesOf(api, "AWS::ApiGatewayV2::Authorizer").find(([, { Properties }]) => Properties["Name"] === "client") ?? [];
    const audience = Object(staff?.Properties["JwtConfiguration"]).Audience;
    expect(audience).toHaveLength(2);
    expect(text(audience[1])).toContain(clientId);
    expect(text(clients?.Properties["JwtConfiguration"])).not.toContain("Staff");
    for (const [, { Properties }] of resourcesOf(api, "AWS::ApiGatewayV2::Route")) {
      if (Properties["AuthorizationType"] !== "JWT") continue;
      const ofStaff = text(Properties["AuthorizerId"]).includes(`"${staffId ?? ""}"`);
      expect(Properties["AuthorizationScopes"]).toEqual(ofStaff ? ["aws.cognito.signin.user.admin", "openid"] : ["aws.cognito.signin.user.admin"]);
    }
  });

  it("is known to staff-api alone, by its provider's name and its app client", () => {
    for (const [, { Properties }] of resourcesOf(api, "AWS::Lambda::Function")) {
      const { Variables } = Object(Properties["Environment"]);
      if (!String(Properties["FunctionName"]).endsWith("staff-api")) expect(text(Variables)).not.toContain("SSO");
      else expect(Variables).toMatchObject({ STAFF_SSO_PROVIDER: provider, STAFF_SSO_CLIENT_ID: { "Fn::ImportValue": expect.stringContaining(clientId) } });
    }
  });

  it("lets staff-api link members in the staff pool, and nothing link clients", () => {
    const linking = resourcesOf(api, "AWS::IAM::Policy").flatMap(([, policy]) => statementsOf(policy)).filter((it) => actionsOf(it).includes("cognito-idp:AdminLinkProviderForUser"));
    expect(linking).toHaveLength(1);
    expect(actionsOf(linking[0]!)).toEqual(["cognito-idp:AdminLinkProviderForUser"]);
    expect(text(linking[0]?.Resource)).toContain("StaffPool");
    expect(text(linking[0]?.Resource)).not.toContain("ClientPool");
  });

  it("tells the firm where its web application sends people, and no secret", () => {
    expect(Object.keys(parsed(identity).Outputs)).toEqual(expect.arrayContaining(["StaffSsoClientId", "StaffSsoDomain"]));
  });
});

it("The domain of the sign-in is the firm's own, or what its settings say", () => {
  saml.identity.hasResourceProperties("AWS::Cognito::UserPoolDomain", { Domain: "legajo-ferrer-staff" });
  oidc.identity.hasResourceProperties("AWS::Cognito::UserPoolDomain", { Domain: "clinica-sol-equip" });
});

it("A firm without a provider of its own has none of it", () => {
  const { identity, api } = synthesize(ferrer).templates;
  for (const type of ["UserPoolIdentityProvider", "UserPoolDomain"]) identity.resourceCountIs(`AWS::Cognito::${type}`, 0);
  expect(text(api.toJSON())).not.toMatch(/AdminLinkProviderForUser|openid|STAFF_SSO/);
});
