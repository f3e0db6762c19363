import * as z from "zod/mini";
import { levels } from "./access.ts";
import { idOf } from "./ids.ts";
import { instant } from "./time.ts";

/** Kinds of work that does not fit one transaction; `usecases/jobs.ts` says what a step of each does. */
export const jobKinds = ["hints", "preview", "purge", "sweep"] as const;
export type JobKind = (typeof jobKinds)[number];

export const jobStates = ["running", "done", "failed"] as const;

/**
 * Work that is done step by step, each step one transaction whose event brings the next: a kill anywhere is a message that comes again.
 * `failed` is written before the queue's last try, so that a step that kills its function is seen too; sent back by hand, it goes on.
 */
export const job = z.object({
  jobId: idOf("job"), kind: z.enum(jobKinds), caseId: z.optional(idOf("case")),
  /** Absent where the firm's own schedule began it. */
  startedBy: z.optional(idOf("member")),
  /** What it is about and how far it has come: each kind reads its own. */
  input: z.unknown(), position: z.nullable(z.string()),
  /** The request whose event brings the next step. An event of another one is late: its step was taken. */
  next: z.string(),
  state: z.enum(jobStates), done: z.int(), total: z.optional(z.int()), createdAt: instant, finishedAt: z.optional(instant), revision: z.int(),
});
export type Job = z.infer<typeof job>;

/** What a job found or did, thing by thing, where that may be much: items of their own, read page by page. A kind adds its own here. */
export const jobResult = z.discriminatedUnion("kind", [
  z.object({
    kind: z.enum(["gains", "loses"]), contactId: z.optional(idOf("contact")), memberId: z.optional(idOf("member")), recipientId: z.optional(idOf("recipient")), shareId: z.optional(idOf("share")), name: z.string(), before: z.nullable(z.enum(levels)), after: z.nullable(z.enum(levels)),
  }),
  z.object({ kind: z.literal("purged"), caseId: idOf("case"), documentId: idOf("document"), versions: z.int() }),
]);
export type JobResult = z.infer<typeof jobResult>;

/** The action of a step's record; `jobs.done` and `jobs.failed` bring nothing more. */
export const stepAction = "jobs.step";
/** Actions whose event brings a step where its record names a job: those that may begin one, and a step of it. */
export const jobActions = [stepAction, "jobs.begun", "grants.preview", "folders.change", "folders.restore"];
