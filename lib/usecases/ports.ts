import type { Case, Folder, TimelineEntry } from "../domain/case.ts";
import type { Document, Facts, Published, Version } from "../domain/document.ts";
import type { About, AuditEvent, Grouping } from "../domain/event.ts";
import type { Grant, Holder, Place } from "../domain/access.ts";
import type { CaseId, ClientId, ContactId, DocumentId, EventId, FolderId, GrantId, Id, JobId, MemberId, RecipientId, ShareId, VersionId } from "../domain/ids.ts";
import type { Job, JobResult } from "../domain/job.ts";
import type { FirmProfile } from "../domain/firm.ts";
import type { Client, Contact, Identity, Member } from "../domain/people.ts";
import type { Link, Share } from "../domain/share.ts";
import type { Instant } from "../domain/time.ts";
import type { Page, PageRequest, Request } from "./request.ts";

/** Everything that use cases need of the outside; each names the part it uses. */
export interface Ports {
  readonly ledger: Ledger;
  readonly people: People;
  readonly cases: Cases;
  readonly documents: Documents;
  readonly grants: Grants;
  readonly shares: Shares;
  readonly register: Register;
  readonly statistics: Statistics;
  readonly objects: Objects;
  readonly accounts: Accounts;
  readonly links: Links;
  readonly claims: Claims;
  readonly jobs: Jobs;
  readonly mailer: Mailer;
  readonly firm: FirmProfile;
  /** For so many days what was deleted can be brought back. */
  readonly retentionDays: number;
  /** Whether uploads wait for a malware verdict. */
  readonly malwareScan: boolean;
}

/** The pools of the two kinds of people who sign in. */
export type Pool = "staff" | "client";

/** Conditional writes that a store has prepared. Only `Ledger.commit` applies them: there is no other way to write. */
export interface Change {
  /** Opaque to use cases: only the ledger of the store that prepared them can read them. */
  readonly writes: readonly unknown[];
}

export interface Ledger {
  /**
   * Applies the changes and writes the request's record, which is also the event that consumers receive: all of it or nothing.
   * @throws Refusal the one that a failed condition stands for; `unavailable` when the table does not answer.
   */
  commit(request: Request, changes: readonly Change[], more?: { readonly action?: string; readonly about?: About }): Promise<AuditEvent>;
  /** What this caller's key made before, on requests that carry one. */
  earlier(request: Request): Promise<{ readonly fingerprint: string; readonly about: About } | null>;
  /** Writes a record alone, such as a refusal's. */
  record(event: AuditEvent): Promise<void>;
}

export interface People {
  identity(pool: Pool, sub: string): Promise<Identity | null>;
  /** The person known by this folded address. */
  memberBy(email: string): Promise<Member | null>;
  contactBy(email: string): Promise<Contact | null>;
  member(id: MemberId): Promise<Member | null>;
  membersBy(ids: readonly MemberId[]): Promise<readonly Member[]>;
  members(page: PageRequest): Promise<Page<Member>>;
  client(id: ClientId): Promise<Client | null>;
  clients(page: PageRequest): Promise<Page<Client>>;
  contact(id: ContactId): Promise<Contact | null>;
  contactsBy(ids: readonly ContactId[]): Promise<readonly Contact[]>;
  contactsOf(id: ClientId, page: PageRequest): Promise<Page<Contact>>;
  collaborators(page: PageRequest): Promise<Page<Contact>>;
  /** Names for records, in one read: ids that are gone are left out. */
  names(ids: readonly (MemberId | ContactId | ClientId)[]): Promise<ReadonlyMap<string, string>>;

  addMember(it: Member): Change;
  changeMember(it: Member): Change;
  addClient(it: Client): Change;
  changeClient(it: Client): Change;
  addContact(it: Contact): Change;
  changeContact(it: Contact, joined?: ClientId): Change;
  putIdentity(pool: Pool, it: Identity): Change;
}

export interface Cases {
  get(id: CaseId): Promise<Case | null>;
  list(page: PageRequest, keep: (it: Case) => boolean): Promise<Page<Case>>;
  byIds(ids: readonly CaseId[]): Promise<ReadonlyMap<CaseId, Case>>;
  add(it: Case): Change;
  change(it: Case): Change;
  timeline(id: CaseId, page: PageRequest, visibleToClient: boolean): Promise<Page<TimelineEntry>>;
  entry(id: CaseId, entry: Id<"timelineEntry">): Promise<TimelineEntry | null>;
  addEntry(id: CaseId, it: TimelineEntry): Change;
}

/** What lies in a folder, as a list shows it. */
export type Item = { readonly kind: "folder"; readonly folder: Folder } | { readonly kind: "document"; readonly document: Document };

export interface Documents {
  folder(caseId: CaseId, id: FolderId): Promise<Folder | null>;
  /** The folders and grants that a decision needs, by exact keys in one consistent batch. */
  folders(caseId: CaseId, ids: readonly FolderId[]): Promise<readonly Folder[]>;
  get(caseId: CaseId, id: DocumentId): Promise<Document | null>;
  byIds(caseId: CaseId, ids: readonly DocumentId[]): Promise<readonly Document[]>;
  /** Folders first, then documents, by name. `audience` "clients" leaves out what is not published. */
  items(caseId: CaseId, folderId: FolderId | undefined, page: PageRequest, audience: "staff" | "clients"): Promise<Page<Item>>;
  /** Every folder of a case with its parent, deleted ones too. */
  folderTree(caseId: CaseId): Promise<readonly Pick<Folder, "folderId" | "parentId" | "deleted">[]>;
  /** What was deleted and can still be brought back at `now`, newest first. */
  trash(caseId: CaseId, now: Instant, page: PageRequest): Promise<Page<Item>>;
  /** Candidates of all cases whose time was over at `now`, the first first: an index names them, which may be behind. */
  dueTrash(now: Instant, page: PageRequest): Promise<Page<Item>>;
  version(documentId: DocumentId, id: VersionId): Promise<Version | null>;
  versions(documentId: DocumentId, page: PageRequest): Promise<Page<Version>>;

  /** New things and things put elsewhere name the true way to them: it is checked in the same write, and so is that nothing on it is deleted. */
  addFolder(it: Folder): Change;
  changeFolder(before: Folder, after: Folder): Change;
  changeDocument(before: Document, after: Document): Change;
  /** For good, with whatever name it still holds. */
  dropFolder(it: Folder): Change;
  /** What is left of a version whose bytes are gone. */
  purgeVersion(it: Version, now: Instant): Change;
  /** A new document with its first version. */
  addDocument(it: Document, first: Version): Change;
  addVersion(document: Document, it: Version): Change;
  setFacts(it: Version, facts: Facts): Change;
  /** Ends a document whose every upload was given up: it leaves the lists, and its name is free again. */
  dropDocument(document: Document): Change;
  /** Forgets a given-up version of a document that is gone. */
  dropVersion(it: Version): Change;
  /** Unfinished uploads that somebody must look at by `now`, from an index that may be seconds behind: candidates. */
  dueUploads(now: Instant, page: PageRequest): Promise<Page<Version>>;
  /** Makes a version the one that clients get, unless a later one is published already. */
  publish(document: Document, it: Version, published: Published): Change;
  /** Clients get no version of the document any more, until staff publish one. */
  withdraw(document: Document): Change;
  /** The way to a thing as it is now; its revision stays, because nothing that anybody reads has changed. Not if it was moved meanwhile. */
  setHint(it: Item, path: readonly FolderId[]): Change;
}

export interface Holding { readonly caseId: CaseId; readonly endless: boolean }
export interface Grants {
  /** The grants by exact keys for every holder and place: a consistent batch of at most 100 keys. */
  find(caseId: CaseId, holders: readonly Holder[], places: readonly Place[]): Promise<readonly Grant[]>;
  get(caseId: CaseId, id: GrantId): Promise<Grant | null>;
  list(caseId: CaseId, page: PageRequest): Promise<Page<Grant>>;
  /** Grants on one place, whoever holds them. */
  onPlace(caseId: CaseId, place: Place, page: PageRequest): Promise<Page<Grant>>;
  /** Grants of one holder in one case. */
  ofHolder(caseId: CaseId, holder: Holder, page: PageRequest): Promise<Page<Grant>>;
  /** What was given to these holders, newest first. `show` says of many at once what each is shown as; null is left out, and no page tells that it was. */
  given<U>(holders: readonly Holder[], page: PageRequest, show: (found: readonly Grant[]) => Promise<readonly (U | null)[]>): Promise<Page<U>>;
  /** The cases in which these holders hold grants, shown as above; `endless` says that at least one of them has no end. */
  casesOf<U>(holders: readonly Holder[], page: PageRequest, show: (found: readonly Holding[]) => Promise<readonly (U | null)[]>): Promise<Page<U>>;
  give(it: Grant): Change;
  revoke(it: Grant): Promise<Change>;
}

export interface Shares {
  get(id: ShareId): Promise<Share | null>;
  list(caseId: CaseId, page: PageRequest): Promise<Page<Share>>;
  links(hashes: readonly string[]): Promise<readonly Link[]>;
  link(hash: string): Promise<Link | null>;
  add(it: Share, links: readonly Link[]): Change;
  revoke(it: Share, at: Instant): Change;
  revokeLink(it: Link, at: Instant): Change;
  open(it: Link, at: Instant): Change;
  /** Counts one download as a condition: the link is open at `now` and has one left. */
  count(it: Link, now: Instant): Change;
}

export interface AuditFilter {
  readonly by?: { readonly kind: "person" | "client" | "case" | "document"; readonly id: string };
  readonly from: Instant;
  readonly to: Instant;
  readonly keep: (event: AuditEvent) => boolean;
  /** Asked for many at once, about what `keep` let through. */
  readonly mayRead?: (events: readonly AuditEvent[]) => Promise<readonly AuditEvent[]>;
}

export interface Register {
  /** Newest first. */
  list(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEvent>>;
}

/** Uses by people the firm serves, how many people they were, and looks of staff in their place; a document's with the case it lies in. */
export interface AccessCount { readonly key: string; readonly count: number; readonly people: number; readonly previews: number; readonly caseId?: CaseId }
export interface Statistics {
  accesses(grouping: Grouping, months: readonly string[]): Promise<readonly AccessCount[]>;
  /** Adds up events not yet counted; an event that was counted before changes nothing. */
  add(events: readonly AuditEvent[]): Promise<void>;
}

/** Presigned URLs: never stored, never mailed, made after the decision. */
export interface Objects {
  signUpload(key: string, it: { readonly size: number; readonly contentType: string; readonly sha256: string }): Promise<SignedUpload>;
  signDownload(key: string, it: { readonly s3VersionId: string; readonly fileName: string; readonly contentType: string }): Promise<SignedUrl>;
  /** Begins an upload in parts. @returns S3's id of it. */
  beginParts(key: string, contentType: string): Promise<string>;
  signPart(key: string, uploadId: string, it: { readonly partNumber: number; readonly size: number; readonly sha256: string }): Promise<SignedUpload>;
  /** The parts that S3 holds, by number; null when the upload is over. `after` is the number of the last part seen. */
  parts(key: string, uploadId: string, page: PageRequest): Promise<Page<HeldPart> | null>;
  /**
   * Makes one object of the parts, if their sizes and checksums are these: `gone` when the upload is over, which is so when it was joined before,
   * `changed` when S3 holds other parts by now.
   */
  joinParts(key: string, uploadId: string, it: { readonly parts: readonly HeldPart[]; readonly size: number }): Promise<"joined" | "gone" | "changed">;
  /** Ends an upload in parts, if it is not over. */
  dropParts(key: string, uploadId: string): Promise<void>;
  /** Whether S3 holds an object under the key; asks no right to read it. */
  exists(key: string): Promise<boolean>;
  /** What S3 holds, by default in the newest version; hex digits of SHA-256, of the whole object or, ending in `-` and their number, of its parts. */
  describe(key: string, s3VersionId?: string): Promise<{ readonly s3VersionId: string; readonly size: number; readonly sha256: string; readonly encoding?: string } | null>;
  /** Lets those who sign downloads read this version. */
  release(key: string, s3VersionId: string): Promise<void>;
  /** Takes that back, from URLs that were signed before too. */
  withhold(key: string, s3VersionId: string): Promise<void>;
  /** Deletes every S3 version under the key, for good. */
  discard(key: string): Promise<void>;
}
/** `etag` as S3 gave it, quotes included. */
export interface HeldPart { readonly partNumber: number; readonly size: number; readonly etag: string; readonly sha256: string }
export interface SignedUrl { readonly url: string; readonly expiresAt: Instant }
export interface SignedUpload extends SignedUrl { readonly headers: Readonly<Record<string, string>> }

/** The user pools. Creating an account that exists returns it: inviting can be repeated after a crash. */
export interface Accounts {
  create(pool: Pool, email: string, firstPassword: string | null): Promise<{ readonly sub: string }>;
  setEnabled(pool: Pool, email: string, enabled: boolean): Promise<void>;
  signOut(pool: Pool, email: string): Promise<void>;
}

/** Secrets that are derived, never stored: the same input gives the same text as long as the key version lives. */
export interface Links {
  readonly currentVersion: () => Promise<string>;
  token(recipient: { readonly shareId: ShareId; readonly recipientId: RecipientId; readonly generation: number; readonly keyVersion: string }): Promise<string>;
  firstPassword(personId: MemberId | ContactId, keyVersion: string): Promise<string>;
}

/** Claims on work that must be done once, such as a mail. */
export interface Claims {
  /**
   * @returns whether this caller does the work now; false when it is done.
   * @throws Refusal `unavailable` while somebody else is at it, or was until a moment ago.
   */
  take(eventId: EventId, part: string, now: Instant): Promise<boolean>;
  done(eventId: EventId, part: string, now: Instant): Promise<void>;
}

/** Work that is done step by step, and what it found. */
export interface Jobs {
  get(id: JobId): Promise<Job | null>;
  /** Newest first. */
  startedBy(id: MemberId, page: PageRequest): Promise<Page<Job>>;
  results(id: JobId, page: PageRequest): Promise<Page<JobResult>>;
  start(it: Job): Change;
  advance(it: Job): Change;
  /** Under a name that the kind of job chooses: what a step says twice is there once. Listed in the order of names. */
  addResult(of: Job, name: string, it: JobResult): Change;
}

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly eventId: EventId;
}
export interface Mailer {
  send(mail: Mail): Promise<void>;
}
