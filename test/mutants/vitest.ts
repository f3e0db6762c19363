import { isDeepStrictEqual, inspect } from "node:util";

/** As much of Vitest as the tests of pure rules use, so that a mutant costs milliseconds: the first test that fails throws. */
const same = (value: unknown, wanted: unknown, isSame: boolean): void => {
  if (!isSame) throw new Error(`${inspect(value)} is not ${inspect(wanted)}`);
};
export const expect = (value: unknown) => ({
  toBe: (wanted: unknown) => { same(value, wanted, Object.is(value, wanted)); },
  toEqual: (wanted: unknown) => { same(value, wanted, isDeepStrictEqual(value, wanted)); },
});
export const describe = (_name: string, run: () => void): void => { run(); };
export const it = (name: string, run: () => void): void => {
  try {
    run();
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : "failed"}`, { cause: error });
  }
};
