import { tableShape } from "../../lib/adapters/dynamo/shape.ts";

/**
 * DynamoDB's documented arithmetic, written without looking at the emulator: sizes of items, write units with their indexes, read units.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html and …/read-write-operations.html
 */
export type Item = Readonly<Record<string, unknown>>;

const textBytes = (text: string): number => Buffer.byteLength(text, "utf8");

/** One byte for every two significant digits, and one more. */
const numberBytes = (value: number): number => Math.ceil(String(Math.abs(value)).replace(/^0+|\.|0+$/g, "").length / 2) + 1;

const valueBytes = (value: unknown): number => {
  if (typeof value === "string") return textBytes(value);
  if (typeof value === "number") return numberBytes(value);
  if (Array.isArray(value)) return 3 + value.reduce((sum: number, each) => sum + 1 + valueBytes(each), 0);
  if (value !== null && typeof value === "object") return 3 + Object.entries(value).reduce((sum, [name, each]) => sum + 1 + textBytes(name) + valueBytes(each), 0);
  return 1;
};

export const itemBytes = (item: Item): number => Object.entries(item).reduce((sum, [name, value]) => sum + textBytes(name) + valueBytes(value), 0);

const writeUnits = (item: Item): number => Math.max(1, Math.ceil(itemBytes(item) / 1024));

/** The attributes that put an item into each index; all of our indexes project everything. */
const indexes: readonly (readonly string[])[] = [
  ...Object.values(tableShape.localIndexes).map((sort) => [sort]),
  ...Object.values(tableShape.globalIndexes).map((it) => [it.partitionKey, it.sortKey]),
];
const entryOf = (item: Item | null, attributes: readonly string[]): Item | null => (item && attributes.every((name) => item[name] !== undefined) ? item : null);

/**
 * What one write costs: the larger of the item before and after, twice in a transaction; and in each index one entry written, one taken out,
 * or both where its key changed. Index entries count once, in a transaction too.
 */
export const unitsOfWrite = (before: Item | null, after: Item | null, transactional: boolean): number => {
  const base = Math.max(...[before, after].map((item) => (item ? writeUnits(item) : 1)));
  const inIndexes = indexes.reduce((sum, attributes) => {
    const [was, is] = [entryOf(before, attributes), entryOf(after, attributes)];
    if (was && is && attributes.every((name) => was[name] === is[name])) return sum + Math.max(writeUnits(was), writeUnits(is));
    return sum + (was ? writeUnits(was) : 0) + (is ? writeUnits(is) : 0);
  }, 0);
  return base * (transactional ? 2 : 1) + inIndexes;
};

/** A check writes nothing and costs what a write of its item would, without indexes. */
export const unitsOfCheck = (item: Item | null): number => 2 * (item ? writeUnits(item) : 1);

/** 4 KB to a unit, half where eventual consistency does. Query rounds the sum of its items, BatchGetItem each; what is not there costs the least. */
export const unitsOfRead = (items: readonly Item[], rounding: "sum" | "each", consistent: boolean, asked = items.length): number => {
  const units = rounding === "sum"
    ? Math.max(1, Math.ceil(items.reduce((sum, item) => sum + itemBytes(item), 0) / 4096))
    : items.reduce((sum, item) => sum + Math.max(1, Math.ceil(itemBytes(item) / 4096)), Math.max(0, asked - items.length));
  return consistent ? units : units / 2;
};
