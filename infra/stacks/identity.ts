import { CfnOutput, Duration, Stack, Validations } from "aws-cdk-lib";
import { AccountRecovery, CfnUserPool, FeaturePlan, Mfa, PasskeyUserVerification, StandardThreatProtectionMode } from "aws-cdk-lib/aws-cognito";
import type { Construct } from "constructs";
import type { FirmSettings } from "../../lib/domain/firm.ts";
import { HousePool } from "../constructs/pool.ts";
import { StaffSso } from "../constructs/sso.ts";
import { portalOf, stackProps } from "../names.ts";
import { confirmingCode, signInCode, type CodeMail } from "../wording.ts";

export interface PoolFacts {
  readonly id: string;
  readonly arn: string;
  readonly clientId: string;
  readonly issuer: `https://${string}`;
  /** The second app client, of those who come through the firm's own identity provider. */
  readonly sso?: { readonly provider: string; readonly clientId: string; readonly scope: string };
}

/** After this long staff sign in again, whichever way they came. */
const workingDay = Duration.hours(12);

/** Two pools, so that whether someone is staff or client follows from who issued their token, and from nothing that a token says. */
export class IdentityStack extends Stack {
  readonly staff: PoolFacts;
  readonly client: PoolFacts;

  constructor(scope: Construct, settings: FirmSettings) {
    super(scope, `legajo-${settings.firm}-identity`, { ...stackProps(settings, "identity", "the pools of staff and clients; never deleted with the stack."), terminationProtection: true });
    const portal = portalOf(settings);
    // A passkey belongs to the host of the web application: where that is not known yet, none is offered.
    const passkeys = portal !== null && { passkeyRelyingPartyId: new URL(portal).hostname, passkeyUserVerification: PasskeyUserVerification.REQUIRED };

    const staff = new HousePool(this, "Staff", {
      settings, name: "staff", codes: confirmingCode(settings.profile), recovery: AccountRecovery.EMAIL_ONLY, session: workingDay,
      // Passkeys are offered by the choice-based flow alone.
      flows: { userSrp: true, ...(passkeys && { user: true }) },
      own: {
        mfa: Mfa.REQUIRED, mfaSecondFactor: { otp: true, sms: false },
        signInPolicy: { allowedFirstAuthFactors: { password: true, passkey: passkeys !== false } }, ...passkeys,
        featurePlan: FeaturePlan.PLUS, standardThreatProtectionMode: StandardThreatProtectionMode.FULL_FUNCTION,
      },
    });
    if (passkeys) passkeyCountsAsSecondFactor(staff);
    staff.guard();
    Validations.of(staff.pool).acknowledge({ id: "AwsSolutions-COG1", reason: "ASVS 5.0 V6.2.5 forbids rules of composition; 15 characters, leaked passwords blocked and a second factor stand in their place." });

    const client = new HousePool(this, "Client", {
      settings, name: "client", codes: confirmingCode(settings.profile), session: Duration.days(7), flows: { user: true },
      // With no password there is none to forget; whoever lost their mailbox asks the firm.
      recovery: AccountRecovery.NONE,
      // Cognito insists that `password` is a possible factor. Each user has one that nobody knows, or whoever holds an access token could set a first one.
      own: { mfa: Mfa.OFF, signInPolicy: { allowedFirstAuthFactors: { password: true, emailOtp: true, passkey: passkeys !== false } }, ...passkeys, featurePlan: FeaturePlan.ESSENTIALS },
    });
    writesCodes(client, signInCode(settings.profile));
    Validations.of(client.pool).acknowledge(
      { id: "AwsSolutions-COG1", reason: "Clients know no password: they sign in with a code by e-mail or with a passkey." },
      { id: "AwsSolutions-COG2", reason: "Cognito allows no e-mailed codes where a second factor is required; a passkey with user verification is two factors in itself." },
      { id: "AwsSolutions-COG8", reason: "Threat protection watches passwords, and clients know none: the Plus plan would cost per client and find nothing." },
    );

    const { staffSso } = settings;
    const sso = staffSso && new StaffSso(this, "StaffSso", { settings, sso: staffSso, pool: staff.pool, session: workingDay });
    this.staff = { ...this.#facts("Staff", staff), ...(sso && { sso }) };
    this.client = this.#facts("Client", client);
  }

  #facts(label: string, { pool, clientId, issuer }: HousePool): PoolFacts {
    new CfnOutput(this, `${label}PoolId`, { value: pool.userPoolId });
    new CfnOutput(this, `${label}PoolClientId`, { value: clientId });
    return { id: pool.userPoolId, arn: pool.userPoolArn, clientId, issuer };
  }
}

// What CDK's own construct cannot say yet.
const resourceOf = ({ pool }: HousePool): CfnUserPool => {
  const resource = pool.node.defaultChild;
  if (!(resource instanceof CfnUserPool)) throw new Error("A user pool is made of something else than a user pool.");
  return resource;
};

/** A verified passkey satisfies the second factor that the pool requires. */
const passkeyCountsAsSecondFactor = (pool: HousePool): void => {
  resourceOf(pool).webAuthnFactorConfiguration = "MULTI_FACTOR_WITH_USER_VERIFICATION";
};

const writesCodes = (pool: HousePool, { subject, body }: CodeMail): void => {
  const resource = resourceOf(pool);
  resource.emailAuthenticationSubject = subject;
  resource.emailAuthenticationMessage = body;
};
