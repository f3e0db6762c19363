import type { About } from "../domain/event.ts";
import type { ContactId } from "../domain/ids.ts";
import type { Principal } from "../domain/principal.ts";
import type { Instant } from "../domain/time.ts";

/** One handled request: who asks, when, and what its record in the access register will say. */
export interface Request<P extends Principal = Principal> {
  readonly principal: P;
  /** Fixed when the request began: one clock for its decisions, its conditions and its record. */
  readonly now: Instant;
  readonly trail: Trail;
  /** On requests that create: the caller's key, written with what is created. */
  readonly once?: Once | undefined;
}

/** The same key with the same request is the same object; with another request it is a mistake. */
export interface Once {
  readonly key: string;
  readonly fingerprint: string;
}

/** A page of a list: at most `limit` items after `after`, a position that a store gave out (sealed into a cursor on its way). */
export interface PageRequest {
  readonly limit: number;
  readonly after: string | null;
}
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/**
 * What a request turns out to be about, gathered while it is handled so that a refusal's record says as much as is known, and whether
 * its record is written: every handled request leaves exactly one.
 */
export class Trail {
  readonly action: string;
  readonly requestId: string;
  readonly source: { readonly ip: string; readonly userAgent: string } | undefined;
  #about: About;
  #onBehalfOf: ContactId | undefined;
  #recorded = false;
  #keyed = false;

  constructor(action: string, requestId: string, source?: { ip: string; userAgent: string }, about: About = {}) {
    this.action = action;
    this.requestId = requestId;
    this.source = source;
    this.#about = about;
  }

  get about(): About {
    return this.#about;
  }

  /** The contact whose view is looked at. */
  get onBehalfOf(): ContactId | undefined {
    return this.#onBehalfOf;
  }

  looksAs(contactId: ContactId): void {
    this.#onBehalfOf = contactId;
  }

  get recorded(): boolean {
    return this.#recorded;
  }

  concerns(more: About): void {
    this.#about = { ...this.#about, ...more };
  }

  markRecorded(): void {
    this.#recorded = true;
  }

  /** The caller's key is written: later steps of the same request do not write it again. */
  get keyed(): boolean {
    return this.#keyed;
  }

  markKeyed(): void {
    this.#keyed = true;
  }
}
