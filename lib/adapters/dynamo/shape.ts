/**
 * The table's keys and indexes, read by `infra/` and by `local/`, which both create the table from it. Local indexes can only be made
 * together with the table. Every index is sparse: an item without its attributes is not in it and pays nothing for it.
 */
export const tableShape = {
  partitionKey: "pk",
  sortKey: "sk",
  timeToLive: "deleteAfter",
  localIndexes: {
    /** Staff's folder pages: folders first, then documents, by name. */
    byName: "nameKey",
    /** What clients may ever see, so that their pages never filter through drafts. */
    byNameForClients: "clientNameKey",
    /** Who holds grants on one place: whom a move or a stop would touch, and what goes with it for good. */
    byPlace: "placeKey",
  },
  globalIndexes: {
    /** Firm-wide lists: members, clients, collaborators, cases. Eventually consistent: candidates only, decisions read the base items. */
    lists: { partitionKey: "list", sortKey: "listKey" },
    /** The access register by the four keys that people ask by. */
    byPerson: { partitionKey: "auditPerson", sortKey: "auditKey" },
    byClient: { partitionKey: "auditClient", sortKey: "auditKey" },
    byCase: { partitionKey: "auditCase", sortKey: "auditKey" },
    byDocument: { partitionKey: "auditDocument", sortKey: "auditKey" },
  },
} as const;
export type GlobalIndex = keyof typeof tableShape.globalIndexes;
