import { countedActions } from "../domain/event.ts";
import { jobActions } from "../domain/job.ts";

/**
 * Which events reach which consumer, as data: `infra/` makes EventBridge rules, queues and alarms of it, `local/` its bus. The firm's
 * bus carries the outbox: `detail` is the audit item as the stream has it, in DynamoDB's JSON. `default` is the account's bus, where
 * S3 and GuardDuty report.
 */
export interface EventRule {
  readonly bus: "firm" | "default";
  readonly consumer: Consumer;
  /** EventBridge pattern without the bucket: `infra/` adds it to rules of the default bus, and the consumer checks it again. */
  readonly pattern: { readonly source: readonly string[]; readonly "detail-type": readonly string[]; readonly detail?: Readonly<Record<string, unknown>> };
}

export const consumers = ["document-state", "notify", "stats", "jobs"] as const;
export type Consumer = (typeof consumers)[number];

/** A queue shows a message so often; then it is a dead letter. */
export const triesPerMessage = 5;

export const outboxSource = "legajo";
export const outboxDetailType = "audit";

const outbox = (actions: readonly string[]) => ({
  source: [outboxSource], "detail-type": [outboxDetailType],
  detail: { result: { S: ["granted"] }, action: { S: actions } },
});

export const rules = {
  "objects-created": { bus: "default", consumer: "document-state", pattern: { source: ["aws.s3"], "detail-type": ["Object Created"] } },
  "scan-results": { bus: "default", consumer: "document-state", pattern: { source: ["aws.guardduty"], "detail-type": ["GuardDuty Malware Protection Object Scan Result"] } },
  "uploads-completed": { bus: "firm", consumer: "document-state", pattern: outbox(["versions.complete", "client.complete", "versions.release", "version.found"]) },
  "mails-due": { bus: "firm", consumer: "notify", pattern: outbox(["members.invite", "contacts.invite", "collaborators.invite", "shares.create", "version.quarantined"]) },
  "jobs-due": { bus: "firm", consumer: "jobs", pattern: outbox(jobActions) },
  "accesses": { bus: "firm", consumer: "stats", pattern: outbox(countedActions) },
} as const satisfies Readonly<Record<string, EventRule>>;

/** What the hour brings, in UTC: EventBridge's own events, from `scheduleSource`. Early in the morning, before anybody works. */
export const schedules = {
  daily: { consumer: "jobs", hour: 3, minute: 20 },
} as const satisfies Readonly<Record<string, { readonly consumer: Consumer; readonly hour: number; readonly minute: number }>>;
export const scheduleSource = "aws.events";

/** The pipe lets through the stream records of the register's items alone: everything else in the table is nobody's event. */
export const outboxFilter = { eventName: ["INSERT"], dynamodb: { Keys: { pk: { S: [{ prefix: "AUDIT#" }] } } } };
