import { createCipheriv, createHash } from "node:crypto";

/** Chance that a seed repeats: the same numbers in the same order, and bytes by name. */
export interface Chance {
  readonly seed: number;
  /** From 0 to just below 1. */
  next(): number;
  /** So many different ones of these. */
  some<T>(of: readonly T[], count: number): T[];
  /** Always the same ones for a name. */
  bytes(name: string, size: number): Buffer;
}

export const chanceOf = (seed: number): Chance => {
  const keyOf = (name: string) => createHash("sha256").update(`${seed} ${name}`).digest();
  let drawn = 0;
  const next = (): number => keyOf(`draw ${++drawn}`).readUInt32LE() / 2 ** 32;
  return {
    seed, next,
    some(of, count) {
      const left = [...of];
      return Array.from({ length: Math.min(count, left.length) }, () => left.splice(Math.floor(next() * left.length), 1)).flat();
    },
    bytes: (name, size) => createCipheriv("aes-128-ctr", keyOf(name).subarray(0, 16), Buffer.alloc(16)).update(Buffer.alloc(size)),
  };
};

export const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(0)} s`;
