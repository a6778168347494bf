import process from "node:process";
import { type Browser, chromium } from "playwright-core";
import { findProgram } from "../runtime/find_program.ts";

/** How Chromium is started. */
export const CHROMIUM_FLAGS: readonly string[] = [
  "--no-sandbox", // Containers of CI run as root, where Chromium cannot make one.
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A name that is not loopback to the browser, so that its pages lack what plain http lacks.
  "--host-resolver-rules=MAP plain.test 127.0.0.1",
];

const browserPath = findProgram("chromium", "chromium-browser", "google-chrome");

/** The program of Chromium. */
export const chromiumPath: string = browserPath ?? "chromium";

/** Why tests in a browser skip, or `false` if they can run. CI may not skip them. */
export const skipBrowser: string | false = browserPath === undefined &&
  process.env["CI"] !== "true" && "Chromium is not installed here";

/** Starts headless Chromium. Rejects where there is none. */
export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: chromiumPath, args: [...CHROMIUM_FLAGS] });
}
