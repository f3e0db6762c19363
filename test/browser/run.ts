import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** `npm run test:browser`: installs Debian's Chromium where there is none, then drives the pages with it. */
const browser = "/usr/bin/chromium";
if (!existsSync(browser)) {
  console.log("Installing Chromium from Debian's packages …");
  for (const args of [["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-dejavu-core"]]) {
    const { status } = spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
    if (status !== 0) {
      console.error("Chromium could not be installed: install the package `chromium` so that /usr/bin/chromium is there, then run this again.");
      process.exit(1);
    }
  }
}
process.exit(spawnSync("vitest", ["run", "--project", "browser"], { stdio: "inherit" }).status ?? 1);
