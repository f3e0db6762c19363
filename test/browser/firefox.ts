import { spawn } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256Of } from "../../local/caller.ts";

/** A profile that saves without asking where, shows no welcome, and calls nobody but the addresses it is given. */
const preferences = (downloads: string): Readonly<Record<string, unknown>> => ({
  "browser.download.folderList": 2, "browser.download.dir": downloads, "browser.download.useDownloadDir": true, "browser.download.always_ask_before_handling_new_types": false,
  "browser.download.open_pdf_attachments_inline": false, "browser.aboutwelcome.enabled": false, "browser.shell.checkDefaultBrowser": false, "browser.startup.page": 0,
  "datareporting.policy.dataSubmissionEnabled": false, "toolkit.telemetry.enabled": false, "app.normandy.enabled": false, "app.update.enabled": false, "extensions.update.enabled": false,
  "browser.safebrowsing.downloads.enabled": false, "browser.safebrowsing.malware.enabled": false, "browser.safebrowsing.phishing.enabled": false,
  "network.captive-portal-service.enabled": false, "network.connectivity-service.enabled": false,
});

/** Firefox writes `….part` and keeps the final name taken with an empty file until the rest is there. */
const isWhole = (file: string): boolean => !file.endsWith(".part") && (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;

/**
 * Opens each address in a tab of Debian's Firefox, without a driver: Playwright speaks newer commands than the long-lived release knows. Root has no
 * home that Firefox would take, so it gets one. @returns the name and the hash of each file in its downloads, once there are as many as addresses.
 */
export const saveInFirefox = async (addresses: readonly string[], seconds = 60): Promise<Readonly<Record<string, string>>> => {
  const home = await mkdtemp(join(tmpdir(), "legajo-firefox-"));
  const [profile, downloads] = [join(home, "profile"), join(home, "downloads")];
  await Promise.all([mkdir(profile), mkdir(downloads)]);
  await writeFile(join(profile, "user.js"), Object.entries(preferences(downloads)).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`).join(""));
  const firefox = spawn("/usr/bin/firefox-esr", ["--headless", "--no-remote", "--profile", profile, ...addresses], { stdio: "ignore", env: { ...process.env, HOME: home } });
  const ended = new Promise<void>((resolve) => { firefox.once("close", () => resolve()).once("error", () => resolve()); });
  try {
    const files = () => readdirSync(downloads);
    const until = Date.now() + seconds * 1000;
    while (files().length !== addresses.length || !files().every((name) => isWhole(join(downloads, name)))) {
      if (Date.now() > until || firefox.pid === undefined || firefox.exitCode !== null) throw new Error(`Firefox should have saved ${addresses.length} files and saved ${files().join(", ") || "none"}.`);
      await sleep(200);
    }
    return Object.fromEntries(await Promise.all(files().map(async (name) => [name, sha256Of(await readFile(join(downloads, name)))] as const)));
  } finally {
    firefox.kill();
    await ended;
    await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
};
