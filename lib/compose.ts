import { CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { SESv2Client } from "@aws-sdk/client-sesv2";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { readFileSync } from "node:fs";
import { accountsIn, type FirstPassword } from "./adapters/cognito.ts";
import { casesIn } from "./adapters/dynamo/cases.ts";
import { claimsIn } from "./adapters/dynamo/claims.ts";
import { documentsIn } from "./adapters/dynamo/documents.ts";
import { everyVersion } from "./adapters/dynamo/every-version.ts";
import { jobsIn } from "./adapters/dynamo/jobs.ts";
import { grantsIn } from "./adapters/dynamo/grants.ts";
import { TableLedger } from "./adapters/dynamo/ledger.ts";
import { peopleIn } from "./adapters/dynamo/people.ts";
import { registerIn } from "./adapters/dynamo/register.ts";
import { sharesIn } from "./adapters/dynamo/shares.ts";
import { statisticsIn } from "./adapters/dynamo/statistics.ts";
import { Table } from "./adapters/dynamo/table.ts";
import { listingOf } from "./adapters/s3-listing.ts";
import { objectsIn } from "./adapters/s3.ts";
import { keyRingIn, linksFrom } from "./adapters/secrets.ts";
import { mailerOf } from "./adapters/ses.ts";
import { verifierOf } from "./adapters/verifier.ts";
import type { Config } from "./config.ts";
import { documentStateConsumer, jobsConsumer, notifyConsumer, statsConsumer } from "./events/consumers.ts";
import { jsonApi } from "./http/api.ts";
import { clientBindings } from "./http/bindings/client.ts";
import { staffBindings } from "./http/bindings/staff.ts";
import { openAnswers } from "./http/open.ts";
import { sharePage } from "./http/share-page.ts";
import type { About } from "./domain/event.ts";
import { newId } from "./domain/ids.ts";
import { toInstant } from "./domain/time.ts";
import { inviteMember } from "./usecases/invitations.ts";
import { linkMembers } from "./usecases/linking.ts";
import { clean, reconcile, type Findings } from "./usecases/reconcile.ts";
import { Trail } from "./usecases/request.ts";
import { Round } from "./usecases/round.ts";
import { sweepUploads } from "./usecases/sweep.ts";

/**
 * The one place where clients are made: each function of its configuration. What differs on one machine (a clock that can be moved, people
 * who sign in with the password that their mail shows) is a parameter; where services answer is the SDK's own AWS_ENDPOINT_URL.
 */
export interface Surroundings {
  readonly clock: () => Date;
  readonly firstPasswords: { readonly staff: FirstPassword; readonly client: FirstPassword };
  /** Sees every client once, before its first call: what measures or proves our calls adds its middleware here. */
  readonly watch?: (client: AwsClient) => void;
}
export type AwsClient = CognitoIdentityProviderClient | DynamoDBClient | S3Client | SecretsManagerClient | SESv2Client;
type Watch = Pick<Surroundings, "watch">;
/** What every deployed function runs in. */
export const aws: Surroundings = { clock: () => new Date(), firstPasswords: { staff: "temporary", client: "none" } };

// Short, so that a call that hangs is tried again well within the gateway's 30 s.
const requestHandler = { connectionTimeout: 1000, requestTimeout: 5000 };
const retries = { maxAttempts: 4, requestHandler };

const watched = <C extends AwsClient>(client: C, { watch }: Watch): C => {
  watch?.(client);
  return client;
};

const tableNamed = (name: string, watch: Watch): Table =>
  new Table(DynamoDBDocumentClient.from(watched(new DynamoDBClient(retries), watch), { marshallOptions: { removeUndefinedValues: true } }), name);

const stores = (name: string, watch: Watch) => storesIn(tableNamed(name, watch));
const storesIn = (table: Table) => ({
  ledger: new TableLedger(table), people: peopleIn(table), cases: casesIn(table), documents: documentsIn(table), grants: grantsIn(table), shares: sharesIn(table),
  register: registerIn(table), statistics: statisticsIn(table), claims: claimsIn(table), jobs: jobsIn(table),
});

// Without WHEN_REQUIRED the SDK signs the CRC32 of nothing into every upload URL (aws-sdk-js-v3, since 3.729).
const s3 = (watch: Watch) => watched(new S3Client({ ...retries, requestChecksumCalculation: "WHEN_REQUIRED", responseChecksumValidation: "WHEN_REQUIRED" }), watch);
const keyRing = (secret: string, watch: Watch) => keyRingIn(watched(new SecretsManagerClient(retries), watch), secret);
const currentKey = (secret: string, watch: Watch) => {
  const ring = keyRing(secret, watch);
  return async () => (await ring.current()).key;
};

const staffPorts = (config: Config<"staff-api">, around: Surroundings) => ({
  ...stores(config.TABLE_NAME, around), objects: objectsIn(s3(around), config.BUCKET_NAME, around.clock), links: linksFrom(keyRing(config.LINK_KEY_SECRET, around)),
  accounts: accountsIn(watched(new CognitoIdentityProviderClient(retries), around), {
    staff: { userPoolId: config.STAFF_POOL_ID, firstPassword: around.firstPasswords.staff, provider: config.STAFF_SSO_PROVIDER },
    client: { userPoolId: config.CLIENT_POOL_ID, firstPassword: around.firstPasswords.client },
  }),
  firm: config.FIRM, malwareScan: config.MALWARE_SCAN === "on", retentionDays: config.RETENTION_DAYS,
});

export const composeStaffApi = (config: Config<"staff-api">, surroundings: Surroundings) => {
  const ports = staffPorts(config, surroundings);
  const { clock } = surroundings;
  const verify = verifierOf({ issuer: config.STAFF_ISSUER, clientId: config.STAFF_POOL_CLIENT_ID, ssoClientId: config.STAFF_SSO_CLIENT_ID }, clock);
  return jsonApi("staff", staffBindings(ports), { ...ports, verify, cursorKey: currentKey(config.CURSOR_KEY_SECRET, surroundings), clock }, ({ person }) => (person.kind === "member" ? person : null));
};

/** A firm begins with one administrator, whom nobody with a token can invite. */
export const composeFirstAdministrator = (config: Config<"staff-api">, surroundings: Surroundings) => {
  const ports = staffPorts(config, surroundings);
  return (input: { readonly email: string; readonly name: string }) => {
    const now = toInstant(surroundings.clock());
    const trail = new Trail("members.invite", newId("httpRequest", new Date(now)));
    return inviteMember(ports)({ principal: { kind: "system", name: "first-administrator" }, now, trail }, { ...input, role: "admin" });
  };
};

/** A firm that gets a provider of its own has staff already: they are linked to it as those are who are invited from then on. */
export const composeStaffLinking = (config: Config<"staff-api">, surroundings: Surroundings) => linkMembers(staffPorts(config, surroundings));

/** Table and bucket compared, for an operator with credentials of their own: no function of the firm may do this. */
export const composeReconciliation = (config: Pick<Config<"staff-api">, "TABLE_NAME" | "BUCKET_NAME">, around: Surroundings) => {
  const client = s3(around);
  const table = tableNamed(config.TABLE_NAME, around);
  const ports = storesIn(table);
  const listing = listingOf(client, config.BUCKET_NAME);
  const now = () => toInstant(around.clock());
  const sweep = sweepUploads({ ...ports, objects: objectsIn(client, config.BUCKET_NAME, around.clock) });
  const request = (action: string, about: About = {}) => ({ principal: { kind: "system", name: "reconcile" }, now: now(), trail: new Trail(action, newId("httpRequest", new Date(now())), undefined, about) }) as const;
  return {
    find: () => reconcile(ports, everyVersion(table), listing, now()),
    async clean(found: Findings): Promise<void> {
      await clean({ ...ports, bucket: listing }, request, found);
      const round = new Round();
      for (let more = true; more; ) ({ more } = await sweep(request("uploads.sweep"), round, 100));
      round.end();
    },
  };
};

/** Made with the bundle and laid beside it: what makes the document would add 60 KB that no other request needs (measured). */
const besideTheBundle = (): string => readFileSync(new URL("openapi.json", import.meta.url), "utf8");

/** `document` is the API's OpenAPI document, as JSON. */
export const composeClientApi = (config: Config<"client-api">, around: Surroundings, document: () => string = besideTheBundle) => {
  const { clock } = around;
  const ports = { ...stores(config.TABLE_NAME, around), objects: objectsIn(s3(around), config.BUCKET_NAME, clock), firm: config.FIRM, malwareScan: config.MALWARE_SCAN === "on" };
  const verify = verifierOf({ issuer: config.CLIENT_ISSUER, clientId: config.CLIENT_POOL_CLIENT_ID }, clock);
  const deps = { ...ports, verify, cursorKey: currentKey(config.CURSOR_KEY_SECRET, around), clock };
  return jsonApi("client", clientBindings(ports), deps, ({ person }) => (person.kind === "contact" ? person : null), openAnswers(document));
};

export const composeSharePage = (config: Config<"share-page">, around: Surroundings) =>
  sharePage({
    ...stores(config.TABLE_NAME, around), objects: objectsIn(s3(around), config.BUCKET_NAME, around.clock), firm: config.FIRM, clock: around.clock,
    linkKey: currentKey(config.LINK_KEY_SECRET, around), cursorKey: currentKey(config.CURSOR_KEY_SECRET, around), bucketOrigin: config.BUCKET_ORIGIN,
  });

export const composeDocumentState = (config: Config<"document-state">, around: Surroundings) =>
  documentStateConsumer({ ...stores(config.TABLE_NAME, around), objects: objectsIn(s3(around), config.BUCKET_NAME, around.clock), firm: config.FIRM }, config.BUCKET_NAME, around.clock);

export const composeNotify = (config: Config<"notify">, around: Surroundings) =>
  notifyConsumer(
    {
      ...stores(config.TABLE_NAME, around), links: linksFrom(keyRing(config.LINK_KEY_SECRET, around)), firm: config.FIRM,
      mailer: mailerOf(watched(new SESv2Client({ ...retries, region: config.MAIL_REGION }), around), { name: config.FIRM.name, address: config.MAIL_SENDER, replyTo: config.MAIL_REPLY_TO, configurationSet: config.MAIL_CONFIGURATION_SET }),
    },
    {
      publicUrl: config.PUBLIC_URL, portalUrl: config.PORTAL_URL, staffAppUrl: config.STAFF_APP_URL,
      passwordFor: { member: around.firstPasswords.staff !== "none", contact: around.firstPasswords.client !== "none" },
    },
    around.clock,
  );

export const composeJobs = (config: Config<"jobs">, around: Surroundings) => jobsConsumer({ ...stores(config.TABLE_NAME, around), objects: objectsIn(s3(around), config.BUCKET_NAME, around.clock), firm: config.FIRM }, around.clock);

export const composeStats = (config: Config<"stats">, around: Surroundings) => statsConsumer(stores(config.TABLE_NAME, around));
