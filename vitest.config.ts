import { defineConfig } from "vitest/config";

// `cloud` tests run the real handlers against the emulators, which one global set-up starts; `plain` tests need nothing. A worker keeps its modules from one
// `cloud` file to the next, and with them its DynamoDB (`test/api/firm.ts`): so no such test replaces a module.
const cloud = ["test/api/**/*.test.ts", "test/model/**/*.test.ts"];
const browser = ["test/browser/**/*.test.ts"];
const emulated = { globalSetup: ["test/api/emulators.ts"], testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2, isolate: false };
// The browser's tests are asked for by name: they need Chromium and Firefox.
const withBrowser = process.argv.includes("browser");
export default defineConfig({
  test: {
    passWithNoTests: false,
    reporters: ["default", "./test/closing-line.ts"],
    projects: [
      { test: { name: "plain", include: ["test/**/*.test.ts"], exclude: [...cloud, ...browser], testTimeout: 30_000, hookTimeout: 60_000, maxWorkers: 2 } },
      { test: { name: "cloud", include: cloud, ...emulated } },
      ...(withBrowser ? [{ test: { name: "browser", include: browser, ...emulated } }] : []),
    ],
  },
});
