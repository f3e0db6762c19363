import { Match } from "aws-cdk-lib/assertions";
import { describe, expect, it } from "vitest";
import { clinica, ferrer, resourcesOf, synthesize, text } from "./synth.ts";

const { identity } = synthesize(ferrer).templates;

describe("Both pools", () => {
  it("admit nobody who was not invited", () => {
    identity.allResourcesProperties("AWS::Cognito::UserPool", Match.objectLike({ AdminCreateUserConfig: { AllowAdminCreateUserOnly: true } }));
    identity.resourceCountIs("AWS::Cognito::UserPool", 2);
  });
  it("cannot be deleted, neither with their stack nor by hand without first saying so", () => {
    identity.allResourcesProperties("AWS::Cognito::UserPool", Match.objectLike({ DeletionProtection: "ACTIVE" }));
    identity.allResources("AWS::Cognito::UserPool", Match.objectLike({ DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain" }));
  });
  it("keep the old e-mail address until the new one is verified", () => {
    identity.allResourcesProperties("AWS::Cognito::UserPool", Match.objectLike({ UserAttributeUpdateSettings: { AttributesRequireVerificationBeforeUpdate: ["email"] } }));
  });
  it("require no attribute, because every client of a pool may write its required ones", () => {
    for (const [, { Properties }] of resourcesOf(identity, "AWS::Cognito::UserPool")) expect(Properties["Schema"]).toBeUndefined();
  });
  it("let a first password live for a week and ask for 15 characters", () => {
    identity.allResourcesProperties("AWS::Cognito::UserPool", Match.objectLike({ Policies: { PasswordPolicy: { MinimumLength: 15, TemporaryPasswordValidityDays: 7 } } }));
  });
  it("send their codes through the firm's own sender and configuration set", () => {
    identity.allResourcesProperties("AWS::Cognito::UserPool", Match.objectLike({ EmailConfiguration: { EmailSendingAccount: "DEVELOPER", ConfigurationSet: "legajo-ferrer-mail" } }));
  });
});

describe("The staff pool", () => {
  it("requires a second factor, and lets a verified passkey be both", () => {
    identity.hasResourceProperties("AWS::Cognito::UserPool", {
      UserPoolName: "legajo-ferrer-staff", MfaConfiguration: "ON", EnabledMfas: ["SOFTWARE_TOKEN_MFA"],
      WebAuthnUserVerification: "required", WebAuthnFactorConfiguration: "MULTI_FACTOR_WITH_USER_VERIFICATION", WebAuthnRelyingPartyID: "clientes.bufeteferrer.example",
    });
  });
  it("has threat protection enforced and acts on it", () => {
    identity.hasResourceProperties("AWS::Cognito::UserPool", { UserPoolName: "legajo-ferrer-staff", UserPoolTier: "PLUS", UserPoolAddOns: { AdvancedSecurityMode: "ENFORCED" } });
    identity.hasResourceProperties("AWS::Cognito::UserPoolRiskConfigurationAttachment", { CompromisedCredentialsRiskConfiguration: { Actions: { EventAction: "BLOCK" } } });
  });
});

describe("The client pool", () => {
  it("offers codes by e-mail and passkeys, and no way to set a password", () => {
    identity.hasResourceProperties("AWS::Cognito::UserPool", {
      UserPoolName: "legajo-ferrer-client", UserPoolTier: "ESSENTIALS",
      Policies: { SignInPolicy: { AllowedFirstAuthFactors: ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"] } },
      AccountRecoverySetting: { RecoveryMechanisms: [{ Name: "admin_only", Priority: 1 }] },
    });
  });
  it("writes its codes in the firm's language", () => {
    synthesize(clinica).templates.identity.hasResourceProperties("AWS::Cognito::UserPool", { EmailAuthenticationSubject: "El seu codi d’accés", EmailAuthenticationMessage: Match.stringLikeRegexp("Clínica Sol: \\{####\\}") });
  });
});

describe("Each app client", () => {
  it("is public, has no OAuth flow, and its tokens live for 15 minutes", () => {
    identity.resourceCountIs("AWS::Cognito::UserPoolClient", 2);
    identity.allResourcesProperties("AWS::Cognito::UserPoolClient", Match.objectLike({
      GenerateSecret: false, AllowedOAuthFlowsUserPoolClient: false, AllowedOAuthFlows: Match.absent(), AllowedOAuthScopes: Match.absent(), CallbackURLs: Match.absent(),
      AccessTokenValidity: 15, IdTokenValidity: 15, TokenValidityUnits: { AccessToken: "minutes", IdToken: "minutes", RefreshToken: "minutes" },
    }));
  });
  it("rotates refresh tokens, revokes them, and tells nobody who exists", () => {
    identity.allResourcesProperties("AWS::Cognito::UserPoolClient", Match.objectLike({ RefreshTokenRotation: { Feature: "ENABLED" }, EnableTokenRevocation: true, PreventUserExistenceErrors: "ENABLED" }));
  });
  it("writes no attribute that identifies a person", () => {
    identity.allResourcesProperties("AWS::Cognito::UserPoolClient", Match.objectLike({ WriteAttributes: ["locale"] }));
  });
  it("never takes a password as a parameter of its own", () => {
    const flows = resourcesOf(identity, "AWS::Cognito::UserPoolClient").map(([, { Properties }]) => [Properties["ClientName"], Properties["ExplicitAuthFlows"]]);
    expect(Object.fromEntries(flows)).toEqual({ "legajo-ferrer-staff": ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH"], "legajo-ferrer-client": ["ALLOW_USER_AUTH"] });
  });
});

it("A firm without a web application of its own is offered no passkeys, because they would belong to no host", () => {
  const { portalUrl: _, ...settings } = ferrer;
  const without = synthesize(settings).templates.identity;
  expect(text(without.toJSON())).not.toContain("WEB_AUTHN");
  without.hasResourceProperties("AWS::Cognito::UserPoolClient", { ClientName: "legajo-ferrer-staff", ExplicitAuthFlows: ["ALLOW_USER_SRP_AUTH"] });
});
