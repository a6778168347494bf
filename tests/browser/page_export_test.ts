import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import { runCli } from "../cli/run_cli.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { seriousOf } from "./page/axe.ts";
import { openView, sourcesReady } from "./page/page_actions.ts";
import { generatedArchive, storeTree, writeTree } from "./page/page_archives.ts";
import { closePage, type OpenPage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

const folder = tempFolder();
const archive = join(folder.path, "chat");
let browser: PageBrowser;
let store: BatchStore;
let node: HttpListener;

before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  // From before midnight to after the next, so that the day is cut out of more.
  store = await generatedArchive({
    channel: "forsen",
    seed: "page export",
    startMs: Date.UTC(2026, 7, 1, 23, 30),
    messages: 3_000,
    ratePerSecond: 0.03,
  });
  writeTree(archive, await storeTree(store));
  node = await startNode(store);
});
after(async () => {
  await node?.close();
  await browser?.close();
  folder.close();
});

const FORMATS = [
  ["td-text", "Text", "txt"],
  ["csv", "CSV table", "csv"],
  ["json", "JSON", "json"],
  ["ndjson", "NDJSON, all that is known", "ndjson"],
  ["td-json", "TwitchDownloader JSON", "json"],
  ["raw", "Raw lines of IRC", "txt"],
  ["html", "Page to read", "html"],
] as const;

/** What `chatloom export` gives of the day. */
async function cliExport(format: string): Promise<string> {
  const range = ["--from", "2026-08-02", "--to", "2026-08-03"];
  const { stdout, stderr, exitCode } = await runCli(
    ["export", "forsen", "--archive", archive, "--format", format, ...range],
  );
  assert.equal(exitCode, 0, stderr);
  return stdout;
}

async function save(page: Page, label: string): Promise<{ name: string; text: string }> {
  if (!await page.locator(".export-menu").getAttribute("open").then((open) => open !== null)) {
    await page.click(".export-menu > summary");
  }
  const waiting = page.waitForEvent("download");
  await page.click(`.export-panel button >> text="${label}"`);
  const download = await waiting;
  await page.waitForSelector(".export-panel >> text=went to your downloads");
  return {
    name: download.suggestedFilename(),
    text: readFileSync(await download.path(), "utf8"),
  };
}

async function openDay(source: "dropped" | "node", filter = ""): Promise<OpenPage> {
  const hash = `#/chat/forsen/2026-08-02T12:00:00.000Z${filter}`;
  if (source === "node") {
    return await browser.open({ origin: node.url as `http://${string}`, hash });
  }
  const opened = await browser.open({ origin: "file" });
  await opened.page.setInputFiles("[data-pick=folder]", archive);
  await sourcesReady(opened.page, 1);
  await openView(opened.page, "Chat");
  await opened.page.evaluate((hash) => void (location.hash = hash), hash);
  await opened.page.waitForSelector("text=2026-08-02");
  return opened;
}

for (const source of ["dropped", "node"] as const) {
  test(`a day is saved as chatloom export writes it: ${source}`, { skip: skipPage }, async () => {
    const opened = await openDay(source);
    for (const [format, label, ending] of FORMATS) {
      const { name, text } = await save(opened.page, label);
      assert.equal(name, `forsen 2026-08-02.${ending}`);
      const wanted = await cliExport(format);
      assert.ok(wanted.length > 10_000, format);
      assert.ok(text === wanted, `${format}: ${text.length} of ${wanted.length}`);
    }
    await closePage(opened);
  });

  test(`an export holds what the filter shows, no more: ${source}`, {
    skip: skipPage,
  }, async () => {
    const lines = (await cliExport("ndjson")).split("\n").slice(0, -1);
    const notices = lines.filter((line) => JSON.parse(line).command === "USERNOTICE");
    assert.ok(notices.length > 0 && notices.length < lines.length);
    const opened = await openDay(source, "?command=USERNOTICE");
    const { text } = await save(opened.page, "NDJSON, all that is known");
    assert.equal(text, notices.map((line) => `${line}\n`).join(""));
    // A pattern is matched in the page alone.
    const said = /[aeiou]{3}/iu;
    const matching = lines.filter((line) => {
      const { params, tags } = JSON.parse(line);
      return said.test(`${tags?.["system-msg"] ?? ""} ${params.slice(1).join(" ")}`);
    });
    assert.ok(matching.length < lines.length);
    await opened.page.evaluate(() =>
      void (location.hash = "#/chat/forsen/2026-08-02T12:00:00.000Z?text=[aeiou]{3}&regex=")
    );
    await opened.page.waitForFunction(() =>
      !document.querySelector(".export-panel")?.textContent?.includes("went to")
    );
    const matched = await save(opened.page, "NDJSON, all that is known");
    assert.equal(matched.text, matching.map((line) => `${line}\n`).join(""));
    await closePage(opened);
  });
}

test("the menu of exports works by keyboard, fits a phone and has nothing that axe finds", {
  skip: skipPage,
}, async () => {
  const opened = await browser.open({
    origin: node.url as `http://${string}`,
    hash: "#/chat/forsen/2026-08-02T12:00:00.000Z",
    viewport: { width: 390, height: 780 },
  });
  const { page } = opened;
  await page.waitForSelector(".row[aria-posinset]");
  await page.focus(".export-menu > summary");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await page.locator(".export-panel button").first().innerText(), "Text");
  const box = (await page.locator(".export-panel").boundingBox())!;
  assert.ok(box.x >= 0 && box.x + box.width <= 390, JSON.stringify(box));
  assert.deepEqual(await seriousOf(page), []);
  const waiting = page.waitForEvent("download");
  await page.keyboard.press("Enter");
  assert.equal((await waiting).suggestedFilename(), "forsen 2026-08-02.txt");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".export-menu").getAttribute("open"), null);
  await closePage(opened);
});
