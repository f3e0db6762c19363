import { CfnOutput, SecretValue, Stack, type Duration } from "aws-cdk-lib";
import {
  ClientAttributes, ManagedLoginVersion, OAuthScope, OidcAttributeRequestMethod, ProviderAttribute, UserPoolClient, UserPoolClientIdentityProvider, UserPoolIdentityProviderOidc,
  UserPoolIdentityProviderSaml, UserPoolIdentityProviderSamlMetadata, type UserPool,
} from "aws-cdk-lib/aws-cognito";
import { Construct } from "constructs";
import type { FirmSettings } from "../../lib/domain/firm.ts";
import { signOnDomainOf } from "../../lib/domain/sign-on.ts";
import { nameOf } from "../names.ts";
import { tokensOf } from "./pool.ts";

type StaffSsoSettings = NonNullable<FirmSettings["staffSso"]>;

interface StaffSsoProps {
  readonly settings: FirmSettings;
  readonly sso: StaffSsoSettings;
  readonly pool: UserPool;
  readonly session: Duration;
}

/** The firm's own identity provider in the staff pool, and the one app client whose sign-in leads there. */
export class StaffSso extends Construct {
  readonly provider: string;
  readonly clientId: string;
  /** Enough for us, who read no scope, and useless for Cognito's own operations on one's user, deleting it among them. */
  readonly scope = OAuthScope.OPENID.scopeName;

  constructor(scope: Construct, id: string, { settings, sso, pool, session }: StaffSsoProps) {
    super(scope, id);
    this.provider = sso.name;
    // Nobody sees a page of this domain: its client knows one provider, to which Cognito leads at once.
    const domain = pool.addDomain("SignOn", { cognitoDomain: { domainPrefix: signOnDomainOf(settings) }, managedLoginVersion: ManagedLoginVersion.CLASSIC_HOSTED_UI });
    const client = new UserPoolClient(this, "Client", {
      userPool: pool, userPoolClientName: nameOf(settings, "staff-sso"), ...tokensOf(session),
      // None said would mean passwords too, without the detour through the provider. This flow needs a function that no pool of ours has.
      authFlows: { custom: true },
      oAuth: { flows: { authorizationCodeGrant: true, implicitCodeGrant: false, clientCredentials: false }, scopes: [OAuthScope.OPENID], callbackUrls: sso.callbackUrls, logoutUrls: sso.signOutUrls },
      supportedIdentityProviders: [UserPoolClientIdentityProvider.custom(this.#provider(sso, pool))],
      // Cognito writes what the provider says through the client, and fails the sign-in where it may not. A person cannot: their tokens lack the scope.
      writeAttributes: new ClientAttributes().withStandardAttributes({ email: true }),
    });
    this.clientId = client.userPoolClientId;
    new CfnOutput(Stack.of(this), "StaffSsoClientId", { value: this.clientId });
    new CfnOutput(Stack.of(this), "StaffSsoDomain", { value: domain.baseUrl() });
  }

  /** @returns the provider's name as the client must wait for it. */
  #provider(sso: StaffSsoSettings, userPool: UserPool): string {
    const common = { userPool, name: sso.name };
    if (sso.kind === "saml")
      return new UserPoolIdentityProviderSaml(this, "Saml", {
        ...common, metadata: UserPoolIdentityProviderSamlMetadata.url(sso.metadataUrl), attributeMapping: { email: ProviderAttribute.other(sso.emailAttribute) },
      }).providerName;
    return new UserPoolIdentityProviderOidc(this, "Oidc", {
      ...common, issuerUrl: sso.issuer, clientId: sso.clientId, scopes: ["openid", "email"], attributeRequestMethod: OidcAttributeRequestMethod.GET,
      // Unwrapped, it is a reference that CloudFormation resolves: neither the template nor a log holds the secret.
      clientSecret: SecretValue.secretsManager(sso.clientSecretName).unsafeUnwrap(),
      attributeMapping: { email: ProviderAttribute.other("email") },
    }).providerName;
  }
}
