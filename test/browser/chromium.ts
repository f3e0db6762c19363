import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";

const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Debian's own, where `run.ts` put it. */
export const startChromium = (): Promise<Browser> => chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });

/** What a phone and a desk show: every state is looked at in both. */
export const widths = [360, 1280] as const;

const pictures = join(import.meta.dirname, "..", "..", ".local", "pictures");

/** The whole page as a picture in `.local/pictures/`, for people to look at. */
export const takePicture = async (page: Page, name: string): Promise<void> => {
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
};

export const scrollsSideways = (page: Page): Promise<boolean> => page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth");
