import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";

/** The most memory that a process has had at once; 0 if it has ended. */
export function peakBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0; // It has just ended.
  }
}

/** The most memory that any page's process has had at once. */
export async function rendererPeakBytes(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const peaks = processInfo.filter(({ type }) => type === "renderer").map(({ id }) =>
    peakBytes(id)
  );
  return Math.max(...peaks);
}
