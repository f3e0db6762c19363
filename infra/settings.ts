import { readFileSync } from "node:fs";
import { firmSettings, type FirmSettings } from "../lib/domain/firm.ts";

/** A settings file that cannot be used: the message is one line for a person, naming the file and the field. */
export class SettingsError extends Error {}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code?: string | undefined;
  readonly expected?: unknown;
  readonly keys?: readonly string[];
  readonly values?: readonly unknown[];
  readonly input?: unknown;
}

const article = (noun: string) => (/^[aeio]/.test(noun) ? `an ${noun}` : `a ${noun}`);

/** zod/mini ships no sentences of its own for the wrong type, an unknown value or an unknown field. */
const sentence = (issue: Issue): string => {
  if (issue.code === "unrecognized_keys") return "Is not a setting.";
  if (issue.code === "invalid_value" && issue.values) return `Is not one of ${issue.values.join(", ")}.`;
  if (issue.code === "invalid_type" && typeof issue.expected === "string") return `Is missing or not ${article(issue.expected)}.`;
  return issue.message;
};

const fieldOf = (issue: Issue): string => [...issue.path, ...(issue.code === "unrecognized_keys" ? [(issue.keys ?? []).join(" and ")] : [])].map(String).join(".");

/** @throws SettingsError naming every wrong field. */
export const parseSettings = (file: string, json: string): FirmSettings => {
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch (error) {
    throw new SettingsError(`${file}: Is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = firmSettings.safeParse(raw);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => [fieldOf(issue), sentence(issue)].filter(Boolean).join(": "));
  throw new SettingsError(`${file}: ${wrong.join(" ")} Nothing was synthesized.`);
};

/** @throws SettingsError */
export const readSettings = (file: string): FirmSettings => {
  let json: string;
  try {
    json = readFileSync(file, "utf8");
  } catch {
    throw new SettingsError(`${file}: Cannot be read. Say which firm with -c firm=firms/<name>.json. Nothing was synthesized.`);
  }
  return parseSettings(file, json);
};
