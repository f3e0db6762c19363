import * as z from "zod/mini";
import { newId } from "../domain/ids.ts";
import type { SystemPrincipal } from "../domain/principal.ts";
import { toInstant } from "../domain/time.ts";
import { daily } from "../usecases/daily.ts";
import { continueJob, type JobDeps } from "../usecases/jobs.ts";
import { sendMailsFor, type MailSettings } from "../usecases/mails.ts";
import type { Ports } from "../usecases/ports.ts";
import { Trail, type Request } from "../usecases/request.ts";
import { lookAgain, objectScanned, objectStored, type FactsDeps, type Verdict } from "../usecases/facts.ts";
import { scheduleSource, triesPerMessage } from "./rules.ts";
import { eachMessage, recordIn, wholeBatch, type BusEvent } from "./queue.ts";

type Clock = () => Date;

const objectCreated = z.object({ bucket: z.object({ name: z.string() }), object: z.object({ key: z.string(), "version-id": z.string() }) });
/** https://docs.aws.amazon.com/guardduty/latest/ug/monitor-with-eventbridge-s3-malware-protection.html */
const scanResult = z.object({
  s3ObjectDetails: z.object({ bucketName: z.string(), objectKey: z.string(), versionId: z.string() }),
  scanResultDetails: z.object({ scanResultStatus: z.string() }),
});
const verdicts: Readonly<Record<string, Verdict>> = { NO_THREATS_FOUND: "clean", THREATS_FOUND: "threats", UNSUPPORTED: "unsupported", ACCESS_DENIED: "failed", FAILED: "failed" };

/** What S3, the malware scan, the uploader and staff say about a version, in whatever order they say it. */
export const documentStateConsumer = (ports: FactsDeps, bucket: string, clock: Clock) =>
  eachMessage(async (event: BusEvent) => {
    const now = toInstant(clock());
    const principal: SystemPrincipal = { kind: "system", name: "document-state" };
    const request: Request<SystemPrincipal> = { principal, now, trail: new Trail("version.changed", newId("httpRequest", new Date(now))) };
    if (event.source === "aws.s3") {
      const { bucket: from, object } = objectCreated.parse(event.detail);
      if (from.name === bucket) await objectStored(ports)(request, object.key, object["version-id"]);
    } else if (event.source === "aws.guardduty") {
      const { s3ObjectDetails: object, scanResultDetails } = scanResult.parse(event.detail);
      const verdict = verdicts[scanResultDetails.scanResultStatus];
      if (object.bucketName === bucket && verdict) await objectScanned(ports)(request, object.objectKey, object.versionId, verdict);
    } else {
      const about = recordIn(event)?.about;
      if (about?.documentId && about.versionId) await lookAgain(ports)(request, about.documentId, about.versionId);
    }
  });

/** Mails that events ask for. */
export const notifyConsumer = (ports: Pick<Ports, "people" | "cases" | "documents" | "shares" | "links" | "firm" | "claims" | "mailer">, settings: MailSettings, clock: Clock) =>
  eachMessage(async (event) => {
    const record = recordIn(event);
    if (record !== null) await sendMailsFor(ports, settings)(record, () => toInstant(clock()));
  });

/** Work that does not fit one transaction, step by step. */
export const jobsConsumer = (ports: JobDeps, clock: Clock) =>
  eachMessage(async (event, attempt) => {
    const now = toInstant(clock());
    const principal: SystemPrincipal = { kind: "system", name: "jobs" };
    const request: Request<SystemPrincipal> = { principal, now, trail: new Trail("jobs.step", newId("httpRequest", new Date(now))) };
    const record = recordIn(event);
    if (record !== null) await continueJob(ports)(request, record, attempt >= triesPerMessage);
    else if (event.source === scheduleSource) await daily(ports)(request);
  });

/** Counts uses: a whole batch is added up before it is written. */
export const statsConsumer = ({ statistics }: Pick<Ports, "statistics">) =>
  wholeBatch(recordIn, (records) => statistics.add(records.flatMap((it) => (it?.result === "granted" ? [it] : []))));
