import * as z from "zod/mini";
import type { Ports } from "../../usecases/ports.ts";
import { clientBindings } from "../bindings/client.ts";
import { staffBindings } from "../bindings/staff.ts";
import type { Bound } from "../route.ts";
import type { RouteNameOf } from "../routes.ts";
import { doorView, listQuery, sharedFileView, sharedView as sharedListView } from "../share-views.ts";
import * as views from "../views.ts";

/** What the document reads of a route's code. */
export type Documented = Pick<Bound<never>, "schemas" | "status" | "ifMatch" | "list" | "orJob">;
export type Json = Readonly<Record<string, unknown>>;
type Schema = z.ZodMiniType;

// Bindings look at their ports when a route runs, and none runs here.
const noPorts = {} as Ports & { readonly malwareScan: boolean };

export const bindings: Readonly<Record<RouteNameOf<"staff" | "client">, Documented>> = {
  ...staffBindings(noPorts), ...clientBindings(noPorts),
};

/** The shapes that have a name of their own in the document. */
const named: Readonly<Record<string, Schema>> = {
  Member: views.memberView, Client: views.clientView, Contact: views.contactView, Case: views.caseView, TimelineEntry: views.entryView, Folder: views.folderView,
  RefiledFolder: views.refiledView, Deleted: views.deletedView, Document: views.documentView, Version: views.versionView, Item: views.itemView, AnnouncedDocument: views.announcedView, HandOut: views.handOutView,
  SignedParts: views.signedPartsView, ClientVersion: views.clientVersionView, ClientAnnouncedDocument: views.clientAnnouncedView,
  Job: views.jobView, JobResult: views.resultView, Grant: views.grantView, Share: views.shareView, SharedWithRecipients: views.sharedView,
  ClientCase: views.clientCaseView, ClientTimelineEntry: views.clientEntryView, ClientItem: views.clientItemView, Given: views.givenView,
  SharePageDoor: doorView, SharePageList: sharedListView, SharePageFile: sharedFileView,
};

const uri = (id: string): string => `#/components/schemas/${id}`;
const ids = new Map<Schema, string>(Object.entries(named).map(([id, schema]) => [schema, id]));
for (const { schemas } of Object.values(bindings))
  for (const schema of [schemas.params, schemas.query, schemas.body, schemas.reply]) if (schema && !isNothing(schema) && !ids.has(schema)) ids.set(schema, `anonymous${ids.size}`);
ids.set(listQuery, "listQuery");

const registry = z.registry<{ readonly id: string }>();
for (const [schema, id] of ids) registry.add(schema, { id });

/**
 * The schemas of requests and of replies, both from their input side: what a pipe makes of a text (trimmed, branded) has no other shape
 * in JSON, and its checks stand before the pipe.
 */
const generated = z.toJSONSchema(registry, {
  io: "input", uri,
  override: ({ jsonSchema }) => {
    // The range of every integer of JavaScript says nothing.
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  },
}).schemas;

const bare = (id: string): Json => {
  const { $schema: _dialect, $id: _id, ...schema } = generated[id] ?? {};
  return schema;
};

export const namedSchemas: Readonly<Record<string, Json>> = Object.fromEntries(Object.keys(named).map((id) => [id, bare(id)]));

/** A schema as the document writes it: by name, or in place. */
export const describe = (schema: Schema): Json => {
  const id = ids.get(schema);
  if (id === undefined) throw new Error("A schema that the document does not know.");
  return id in named ? { $ref: uri(id) } : bare(id);
};

/** Reads through a name. */
export const shapeOf = (schema: Schema): { readonly properties?: Readonly<Record<string, Json>>; readonly required?: readonly string[] } => bare(ids.get(schema) ?? "");

export function isNothing(schema: Schema): boolean {
  return schema._zod.def.type === "void";
}
