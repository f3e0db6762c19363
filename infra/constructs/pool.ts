import { Duration, RemovalPolicy } from "aws-cdk-lib";
import type {
  AccountRecovery} from "aws-cdk-lib/aws-cognito";
import { CfnUserPoolRiskConfigurationAttachment, ClientAttributes, UserPool, UserPoolClient, UserPoolEmail, type AuthFlow, type UserPoolProps,
} from "aws-cdk-lib/aws-cognito";
import { Construct } from "constructs";
import type { FirmSettings } from "../../lib/domain/firm.ts";
import { mailDomainOf, mailRegionOf, nameOf } from "../names.ts";
import type { CodeMail } from "../wording.ts";

/** What every app client has in common: public, short tokens, refresh tokens that rotate and end, and no word on who exists. */
export const tokensOf = (session: Duration) => ({
  generateSecret: false,
  accessTokenValidity: Duration.minutes(15), idTokenValidity: Duration.minutes(15), refreshTokenValidity: session, authSessionValidity: Duration.minutes(10),
  refreshTokenRotationGracePeriod: Duration.seconds(30), enableTokenRevocation: true, preventUserExistenceErrors: true,
  readAttributes: new ClientAttributes().withStandardAttributes({ email: true, emailVerified: true }),
});

interface HousePoolProps {
  readonly settings: FirmSettings;
  readonly name: string;
  readonly recovery: AccountRecovery;
  readonly flows: AuthFlow;
  /** After this long a person signs in again, however busy they were: a rotated refresh token does not live longer than the first. */
  readonly session: Duration;
  /** What Cognito writes when it must write itself. */
  readonly codes: CodeMail;
  readonly own: Pick<UserPoolProps, "mfa" | "mfaSecondFactor" | "signInPolicy" | "passkeyRelyingPartyId" | "passkeyUserVerification" | "featurePlan" | "standardThreatProtectionMode">;
}

/** A pool that nobody can join by themselves, and the one client that signs in to it. What it knows of a person is the e-mail address. */
export class HousePool extends Construct {
  readonly pool: UserPool;
  readonly clientId: string;
  readonly issuer: `https://${string}`;

  constructor(scope: Construct, id: string, { settings, name, recovery, flows, session, codes, own }: HousePoolProps) {
    super(scope, id);
    const { mail, profile } = settings;
    this.pool = new UserPool(this, "Pool", {
      userPoolName: nameOf(settings, name),
      selfSignUpEnabled: false,
      signInAliases: { email: true }, signInCaseSensitive: false,
      autoVerify: { email: true }, keepOriginal: { email: true },
      // ASVS 5.0 V6.2: length and a check against leaked passwords; no rules of composition.
      passwordPolicy: { minLength: 15, requireDigits: false, requireLowercase: false, requireSymbols: false, requireUppercase: false, tempPasswordValidity: Duration.days(7) },
      accountRecovery: recovery,
      userVerification: { emailSubject: codes.subject, emailBody: codes.body },
      email: UserPoolEmail.withSES({
        fromEmail: mail.sender, fromName: profile.name, sesRegion: mailRegionOf(settings), sesVerifiedDomain: mailDomainOf(settings), configurationSetName: nameOf(settings, "mail"),
        ...(mail.replyTo !== undefined && { replyTo: mail.replyTo }),
      }),
      deletionProtection: true, removalPolicy: RemovalPolicy.RETAIN,
      ...own,
    });
    const client = new UserPoolClient(this, "Client", {
      userPool: this.pool, userPoolClientName: nameOf(settings, name),
      ...tokensOf(session), disableOAuth: true, authFlows: flows,
      // An empty list means every attribute to Cognito; the locale decides nothing here.
      writeAttributes: new ClientAttributes().withStandardAttributes({ locale: true }),
    });
    this.clientId = client.userPoolClientId;
    this.issuer = `https://cognito-idp.${settings.region}.amazonaws.com/${this.pool.userPoolId}`;
  }

  /** What threat protection does about a risky sign-in; it needs the Plus plan. */
  guard(): void {
    const ask = { eventAction: "MFA_REQUIRED", notify: false };
    new CfnUserPoolRiskConfigurationAttachment(this, "Guard", {
      userPoolId: this.pool.userPoolId, clientId: "ALL",
      compromisedCredentialsRiskConfiguration: { actions: { eventAction: "BLOCK" } },
      accountTakeoverRiskConfiguration: { actions: { mediumAction: ask, highAction: { eventAction: "BLOCK", notify: false } } },
    });
  }
}
