import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** `npm run test:browser`: installs Debian's Chromium and Firefox where they are missing, then drives the pages and mails with them. */
const missing = ["chromium", "firefox-esr"].filter((name) => !existsSync(`/usr/bin/${name}`));
if (missing.length > 0) {
  console.log(`Installing ${missing.join(" and ")} from Debian's packages …`);
  for (const args of [["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", ...missing, "fonts-dejavu-core"]]) {
    const { status } = spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
    if (status !== 0) {
      console.error(`That failed: install the packages so that ${missing.map((name) => `/usr/bin/${name}`).join(" and ")} can be run, then try again.`);
      process.exit(1);
    }
  }
}
process.exit(spawnSync("vitest", ["run", "--project", "browser"], { stdio: "inherit" }).status ?? 1);
