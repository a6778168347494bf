/** What axe finds wrong with a page for people who see, hear or point otherwise. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const SCRIPT = readFileSync(
  createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
  "utf8",
);

/** A rule that a page breaks, and where. */
export interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** All rules that the page breaks as it stands. */
export async function violationsOf(page: Page): Promise<readonly Violation[]> {
  await page.evaluate(SCRIPT);
  return await page.evaluate(async () => {
    type Axe = { axe: { run(): Promise<{ readonly violations: readonly Violation[] }> } };
    return (await (globalThis as unknown as Axe).axe.run()).violations;
  });
}

/** Those that axe calls serious or critical. */
export async function seriousOf(page: Page): Promise<readonly Violation[]> {
  return (await violationsOf(page)).filter(({ impact }) =>
    impact === "serious" || impact === "critical"
  );
}
