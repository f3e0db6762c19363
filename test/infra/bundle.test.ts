import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawnSync } from "node:child_process";
import { afterAll, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { bundle } from "../../infra/bundling/bundle.ts";
import { environments } from "../../lib/config.ts";
import { ferrer, resourcesOf, root, synthesize } from "./synth.ts";

const folder = mkdtempSync(join(tmpdir(), "legajo-bundle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const bundled = (entry: string, name: string): string => {
  const outfile = join(folder, `${name}.mjs`);
  bundle(entry, outfile);
  return outfile;
};
/** Runs a bundle on the runtime that Lambda has, in a process of its own. */
const run = (code: string, env: Record<string, string>) => spawnSync(join(root, "node_modules/.bin/node"), ["--input-type=module", "-e", code], { encoding: "utf8", env: { PATH: process.env["PATH"] ?? "", ...env } });

describe("A bundle", () => {
  const source = fileURLToPath(import.meta.resolve("./fixture.ts"));
  const fixture = bundled(source, "fixture");
  const credentials = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key", AWS_SESSION_TOKEN: "token" };

  it("takes its credentials from the environment, as a Lambda does", () => {
    const { stdout, stderr } = run(`console.log(JSON.stringify(await (await import(${JSON.stringify(fixture)})).handler()))`, credentials);
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ accessKeyId: "id", secretAccessKey: "key", sessionToken: "token" });
  });
  it("carries none of the SDK's other places to look for credentials", () => {
    const traces = ["sso_session", "AssumeRoleWithWebIdentity", "GetRoleCredentials", "credential_process"];
    const code = readFileSync(fixture, "utf8");
    expect(traces.filter((trace) => code.includes(trace))).toEqual([]);
  });
  it("is the same, byte for byte, each time it is made", () => {
    expect(readFileSync(bundled(source, "again"))).toEqual(readFileSync(fixture));
  });
});

describe("Each deployed function", () => {
  const { templates } = synthesize(ferrer);
  it.each(Object.keys(environments))("%s is one file of ESM under a megabyte, and starts with the environment that its stack gives it", (name) => {
    const outfile = bundled(join(root, "functions", `${name}.ts`), name);
    expect(readFileSync(outfile).byteLength).toBeLessThan(1_000_000);
    const lambda = [...resourcesOf(templates.api, "AWS::Lambda::Function"), ...resourcesOf(templates.events, "AWS::Lambda::Function")].find(([, { Properties }]) => Properties["FunctionName"] === `legajo-ferrer-${name}`);
    const { Variables } = z.object({ Variables: z.record(z.string(), z.unknown()) }).parse(lambda?.[1].Properties["Environment"]);
    const deployed = Object.fromEntries(Object.entries(Variables).map(([variable, value]) => [variable, asDeployed(value)]));
    const { stdout, stderr } = run(`console.log(typeof (await import(${JSON.stringify(outfile)})).handler)`, { ...deployed, AWS_REGION: "eu-west-1" });
    expect(stderr).toBe("");
    expect(stdout.trim()).toBe("function");
  });
});

const reference = z.object({ "Fn::Join": z.tuple([z.string(), z.array(z.unknown())]) });
/** What CloudFormation would put in the place of a reference, as far as a function's start can tell. */
const asDeployed = (value: unknown): string => {
  const joined = reference.safeParse(value);
  if (joined.success) return joined.data["Fn::Join"][1].map(asDeployed).join(joined.data["Fn::Join"][0]);
  return typeof value === "string" ? value : "eu-west-1_a1B2c3D4e";
};
