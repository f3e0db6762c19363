import { createHash } from "node:crypto";
import type { Holder, Place } from "../../domain/access.ts";
import type { Grouping } from "../../domain/event.ts";
import type { CaseId, ClientId, ContactId, DocumentId, EventId, FolderId, GrantId, Id, JobId, MemberId, ShareId, VersionId } from "../../domain/ids.ts";
import { foldName, nameInOrder } from "../../domain/text.ts";
import { dayOf, type Instant } from "../../domain/time.ts";

/** The one file where keys are built; nothing else knows what they look like. Ids hold no `#`, and other text is hashed or comes last. */
export interface Key {
  readonly pk: string;
  readonly sk: string;
}
const key = (pk: string, sk: string): Key => ({ pk, sk });
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Sixteen shards a day, by the event's last random letter: no partition carries a firm's whole day. */
export const auditShards = 16;
const shardOf = (id: EventId): number => Number.parseInt(id.slice(-1), 36) % auditShards;

export const keys = {
  identity: (pool: string, sub: string) => key(`IDENTITY#${pool}#${sub}`, "IDENTITY"),
  /** The address is hashed, so that a key in a log or a metric names nobody. */
  address: (pool: string, email: string) => key(`ADDRESS#${pool}#${sha256(email)}`, "PERSON"),
  member: (id: MemberId) => key(id, "PROFILE"),
  client: (id: ClientId) => key(id, "PROFILE"),
  contact: (id: ContactId) => key(id, "PROFILE"),
  contactOfClient: (client: ClientId, contact: ContactId) => key(client, `CONTACT#${contact}`),
  case: (id: CaseId) => key(id, "CASE"),
  timelineEntry: (id: CaseId, entry: Id<"timelineEntry">) => key(id, `TIMELINE#${entry}`),
  folder: (id: CaseId, folder: FolderId) => key(id, `FOLDER#${folder}`),
  document: (id: CaseId, document: DocumentId) => key(id, `DOC#${document}`),
  name: (id: CaseId, parent: FolderId | undefined, name: string) => key(id, `NAME#${parent ?? "root"}#${sha256(foldName(name))}`),
  grant: (id: CaseId, holder: Holder, place: Place) => key(id, `GRANT#${holder}#${place}`),
  given: (holder: Holder, grant: GrantId) => key(holder, `GIVEN#${grant}`),
  caseOfHolder: (holder: Holder, id: CaseId) => key(holder, `HOLDS#${id}`),
  version: (document: DocumentId, version: VersionId) => key(document, `VERSION#${version}`),
  share: (id: ShareId) => key(id, "SHARE"),
  shareOfCase: (id: CaseId, share: ShareId) => key(id, `SHARE#${share}`),
  link: (hash: string) => key(`TOKEN#${hash}`, "TOKEN"),
  audit: (at: Instant, id: EventId) => key(auditPartition(dayOf(at), shardOf(id)), id),
  once: (principal: string, text: string) => key(`ONCE#${principal}#${sha256(text)}`, "ONCE"),
  count: (grouping: Grouping, month: string, of: string) => key(`STATS#${grouping}#${month}`, of),
  countedPerson: (grouping: Grouping, month: string, of: string, person: string) => key(`PEOPLE#${grouping}#${month}#${of}`, person),
  seen: (id: EventId) => key(`SEEN#${id}`, "SEEN"),
  job: (id: JobId) => key(id, "JOB"),
  jobOfMember: (member: MemberId, id: JobId) => key(member, `JOB#${id}`),
  jobResult: (id: JobId, name: string) => key(id, `RESULT#${name}`),
  claim: (id: EventId, part: string) => key(`CLAIM#${id}#${part}`, "CLAIM"),
} as const;

export const auditPartition = (day: string, shard: number): string => `AUDIT#${day}#${String(shard).padStart(2, "0")}`;

/** What was deleted in a case, by instant. */
export const deletedPage = "BIN#";
export const deletedList = "TRASH";

/** Sort keys of the local indexes. `IN#<folder>#` is one folder's page: folders are `0`, documents `1`, each by folded name. */
export const nameKeys = {
  page: (parent: FolderId | undefined) => `IN#${parent ?? "root"}#`,
  folder: (parent: FolderId | undefined, name: string, id: FolderId) => `IN#${parent ?? "root"}#0#${nameInOrder(name)}#${id}`,
  document: (parent: FolderId | undefined, name: string, id: DocumentId) => `IN#${parent ?? "root"}#1#${nameInOrder(name)}#${id}`,
  grant: (id: GrantId) => `GRANT#${id}`,
  deleted: (at: Instant, id: string) => `${deletedPage}${at}#${id}`,
  /** Lists of what falls due, such as what was deleted and is to go for good: by instant, all cases together. */
  due: (at: Instant, id: string) => `${at}#${id}`,
  upload: (due: Instant, id: VersionId) => `${due}#${id}`,
  onPlace: (place: Place) => `ON#${place}#`,
  grantOnPlace: (place: Place, id: GrantId) => `ON#${place}#${id}`,
  timeline: (at: Instant, id: Id<"timelineEntry">) => `TIMELINE#${at}#${id}`,
} as const;
