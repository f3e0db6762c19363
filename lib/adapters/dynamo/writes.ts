import type { Refusal } from "../../domain/refusal.ts";
import type { Key } from "./keys.ts";
import { cannotFail, staleRevision, TableChange } from "./ledger.ts";
import type { Table } from "./table.ts";

type Item = Readonly<Record<string, unknown>>;
type Values = Readonly<Record<string, unknown>>;

/** The few kinds of write, and the check, that stores are made of; each is one item of a transaction. */
export const writesOf = (table: Table) => {
  const TableName = table.name;
  const one = (write: TableChange["writes"][number]["write"], otherwise: () => Refusal = cannotFail) => new TableChange([{ write, otherwise }]);
  return {
    /** A new item; `otherwise` is the refusal when there is one already. */
    create: (key: Key, item: Item, otherwise?: () => Refusal) =>
      one({ Put: { TableName, Item: { ...key, ...item }, ConditionExpression: "attribute_not_exists(pk)" } }, otherwise),

    /** The whole item anew, if it is still at the revision before `item.revision`. */
    replace: (key: Key, item: Item & { readonly revision: number }, otherwise: () => Refusal = staleRevision, also?: { readonly condition: string; readonly values: Values }) =>
      one({ Put: {
        TableName, Item: { ...key, ...item }, ConditionExpression: ["revision = :before", ...(also ? [also.condition] : [])].join(" AND "), ExpressionAttributeValues: { ":before": item.revision - 1, ...also?.values },
      } }, otherwise),

    /** Writes nothing: what is written beside it stands or falls with the condition. */
    check: (key: Key, condition: string, values: Values, otherwise: () => Refusal) =>
      one({ ConditionCheck: { TableName, Key: { ...key }, ConditionExpression: condition, ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: { ...values } }) } }, otherwise),

    put: (key: Key, item: Item) => one({ Put: { TableName, Item: { ...key, ...item } } }),

    update: (key: Key, expression: string, values: Values, condition?: string, otherwise?: () => Refusal) =>
      one({ Update: { TableName, Key: { ...key }, UpdateExpression: expression, ...(condition && { ConditionExpression: condition }), ExpressionAttributeValues: { ...values } } }, otherwise),

    /** Whether it is there or not: what is held under a key that is computed, of a name say, must not keep its holder when another Unicode computes another. */
    giveUp: (key: Key) => one({ Delete: { TableName, Key: { ...key } } }),

    remove: (key: Key, condition = "attribute_exists(pk)", values?: Values, otherwise?: () => Refusal) =>
      one({ Delete: { TableName, Key: { ...key }, ConditionExpression: condition, ...(values && { ExpressionAttributeValues: { ...values } }) } }, otherwise),
  };
};

/** Several changes that belong together. */
export const together = (...changes: readonly TableChange[]): TableChange => new TableChange(changes.flatMap((it) => it.writes));
