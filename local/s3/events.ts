/**
 * The events that S3 sends to EventBridge, in the shape of "EventBridge event message structure" (S3 User Guide). They are sent after the
 * change is durable and do not hold up the answer; keys are as they are ("object keys are not URL encoded" in this shape, unlike in
 * notifications to SQS or Lambda).
 */
import { randomUUID } from "node:crypto";

interface EventOf<Type extends string, Detail> {
  readonly version: "0";
  readonly id: string;
  readonly "detail-type": Type;
  readonly source: "aws.s3";
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Detail;
}

interface CommonDetail {
  readonly version: "0";
  readonly bucket: { readonly name: string };
  readonly "request-id": string;
  readonly requester: string;
  readonly "source-ip-address": string;
}

export interface ObjectCreatedDetail extends CommonDetail {
  readonly object: {
    readonly key: string;
    readonly size: number;
    readonly etag: string;
    readonly "version-id": string;
    readonly sequencer: string;
  };
  readonly reason: "PutObject" | "CompleteMultipartUpload";
}

export interface ObjectDeletedDetail extends CommonDetail {
  readonly object: { readonly key: string; readonly etag?: string; readonly "version-id": string; readonly sequencer: string };
  readonly reason: "DeleteObject";
  readonly "deletion-type": "Delete Marker Created" | "Permanently Deleted";
}

export type EventBridgeEvent = EventOf<"Object Created", ObjectCreatedDetail> | EventOf<"Object Deleted", ObjectDeletedDetail>;

/** Who changed what, for the part of an event that is about the request. */
export interface Change {
  readonly bucket: string;
  readonly requestId: string;
  readonly sourceIp: string;
}

/** The account of every local resource. */
export const account = "000000000000";

export class Events {
  readonly #region: string;
  readonly #now: () => Date;
  readonly #onEvent: (event: EventBridgeEvent) => void | Promise<void>;
  readonly #underway = new Set<Promise<void>>();
  #lastSequence = 0n;

  constructor(region: string, now: () => Date, onEvent: (event: EventBridgeEvent) => void | Promise<void>) {
    this.#region = region;
    this.#now = now;
    this.#onEvent = onEvent;
  }

  /** `taken` is called when whoever listens has the event behind it. */
  created(change: Change, object: Omit<ObjectCreatedDetail["object"], "sequencer">, reason: ObjectCreatedDetail["reason"], taken: () => Promise<void>): void {
    const detail = { ...this.#common(change), object: { ...object, sequencer: this.#sequencer() }, reason };
    this.#send({ ...this.#envelope(change), "detail-type": "Object Created", detail }, taken);
  }

  deleted(change: Change, object: Omit<ObjectDeletedDetail["object"], "sequencer">, type: ObjectDeletedDetail["deletion-type"]): void {
    const detail = {
      ...this.#common(change),
      object: { ...object, sequencer: this.#sequencer() },
      reason: "DeleteObject",
      "deletion-type": type,
    } as const;
    this.#send({ ...this.#envelope(change), "detail-type": "Object Deleted", detail });
  }

  /** Waits until every event that was sent has been taken. */
  async settled(): Promise<void> {
    while (this.#underway.size > 0) await Promise.all(this.#underway);
  }

  #send(event: EventBridgeEvent, taken?: () => Promise<void>): void {
    const delivery = this.#deliver(event, taken);
    this.#underway.add(delivery);
    void delivery.then(() => this.#underway.delete(delivery));
  }

  async #deliver(event: EventBridgeEvent, taken?: () => Promise<void>): Promise<void> {
    await new Promise(setImmediate);
    try {
      await this.#onEvent(event);
      await taken?.();
    } catch (error) {
      // The object is stored whatever becomes of its event, which comes again after a restart; on AWS the failed delivery would be retried and nobody's PUT would notice.
      console.error(`S3 event ${event.id} (${event["detail-type"]}) was not taken:`, error);
    }
  }

  #envelope({ bucket }: Change) {
    const time = this.#now()
      .toISOString()
      .replace(/\.\d{3}Z$/, "Z");
    const resources = [`arn:aws:s3:::${bucket}`];
    return { version: "0", id: randomUUID(), source: "aws.s3", account, time, region: this.#region, resources } as const;
  }

  #common({ bucket, requestId, sourceIp }: Change) {
    return { version: "0", bucket: { name: bucket }, "request-id": requestId, requester: account, "source-ip-address": sourceIp } as const;
  }

  /** "To determine the sequence of two events for the same object key": larger is later, also when the local clock is moved back. */
  #sequencer(): string {
    const wanted = BigInt(this.#now().getTime()) << 16n;
    this.#lastSequence = wanted > this.#lastSequence ? wanted : this.#lastSequence + 1n;
    return this.#lastSequence.toString(16).toUpperCase().padStart(18, "0");
  }
}
