import { Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { FirmSettings } from "../lib/domain/firm.ts";

type Https = `https://${string}`;

/** Every physical name begins with the firm's, so that two firms can share an account in a test without meeting. */
export const nameOf = (settings: FirmSettings, what: string): string => `legajo-${settings.firm}-${what}`;

/** Roles have names because the bucket's policy speaks of them before their stacks exist. */
export const roleArn = (scope: Construct, settings: FirmSettings, role: string): string =>
  Stack.of(scope).formatArn({ service: "iam", region: "", resource: "role", resourceName: nameOf(settings, role) });
export const scanRole = "malware-scan";

export const mailRegionOf = (settings: FirmSettings): string => settings.mailRegion ?? settings.region;
/** The domain whose DNS proves to SES that the sender is the firm. */
export const mailDomainOf = (settings: FirmSettings): string => settings.mail.sender.slice(settings.mail.sender.indexOf("@") + 1);

/** The schema has checked the scheme; this only tells the type so. */
export const https = (origin: string): Https => `https://${origin.slice("https://".length)}`;

/** The firm's own web application, where it has one; without it the share page stands in, and passkeys are not offered. */
export const portalOf = (settings: FirmSettings): Https | null => (settings.portalUrl === undefined ? null : https(settings.portalUrl));

export const stackProps = (settings: FirmSettings, what: string, description: string): StackProps => ({
  stackName: nameOf(settings, what),
  // Descriptions hold ASCII: some services take no other letters, and a firm's name may have any.
  description: `Legajo of ${settings.firm}: ${description}`,
  env: { region: settings.region, ...(settings.account !== undefined && { account: settings.account }) },
  tags: { firm: settings.firm, application: "legajo" },
});
