import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import type { Words } from "../../src/web/words/english.ts";
import { LANGUAGES } from "../../src/web/words/words.ts";
import { seriousOf } from "./page/axe.ts";
import { fieldHolds, mergeToZip, sourcesReady } from "./page/page_actions.ts";
import {
  generatedArchive,
  type GeneratedOptions,
  storeTree,
  writeTree,
} from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";

// With SCREENSHOTS=folder it keeps what it looks at.
const pictures = process.env["SCREENSHOTS"];
const folder = tempFolder();
let browser: PageBrowser;
const recorders = ["amsterdam", "seattle"];

const CHAT: GeneratedOptions = {
  channel: "forsen",
  seed: "page look",
  startMs: Date.UTC(2026, 7, 1, 18, 2),
  messages: 5_000,
  ratePerSecond: 1.2,
};
const isMissed: Record<string, (line: number) => boolean> = {
  amsterdam: (line) => line % 53 === 0 || (line > 2_000 && line < 2_700),
  seattle: (line) => line % 41 === 0 || (line > 2_500 && line < 3_100) || line > 4_700,
};

before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  for (const name of recorders) {
    const store = await generatedArchive({ ...CHAT, name, isMissed: isMissed[name]! });
    writeTree(join(folder.path, name), await storeTree(store));
  }
});
after(async () => {
  await browser?.close();
  folder.close();
});

/** What axe finds that is serious or worse. */
async function serious(page: Page): Promise<string[]> {
  return (await seriousOf(page))
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

async function picture(page: Page, name: string): Promise<void> {
  const bytes = await page.screenshot();
  assert.ok(bytes.length > 5_000, `${name} is blank`);
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** Shows a view of `look` after the other, of a page in the language of `told`. */
async function tour(
  page: Page,
  { told, look }: { readonly told: Words; readonly look: (name: string) => Promise<void> },
): Promise<void> {
  const { app } = told;
  const go = (view: string) => page.click(`nav >> text="${view}"`);
  const isRead = (reading: string) =>
    page.waitForFunction((reading) => !document.body.innerText.includes(reading), reading);
  await look("empty");
  for (const name of recorders) {
    await page.setInputFiles("[data-pick=folder]", join(folder.path, name));
  }
  await sourcesReady(page, 2);
  await page.waitForSelector(".compare");
  await mergeToZip(page);
  await page.waitForSelector(".result .good");
  await page.evaluate(() => scrollTo(0, 0));
  await look("merge");
  await go(app.calendar);
  await page.waitForSelector(".calendar");
  await isRead(app.reading);
  await look("calendar");
  await go(app.timeline);
  await page.waitForSelector(".gaps");
  await isRead(app.reading);
  await look("timeline");
  await go(app.chat);
  await page.waitForSelector(".row .speech");
  await page.waitForFunction(() =>
    document.querySelector(".chat-scroll")?.getAttribute("aria-busy") === "false"
  );
  await page.locator(".row .speech").nth(6).click();
  await page.waitForSelector(".detail");
  await look("chat");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: told.video.button, exact: true }).click();
  const start = page.getByLabel(told.video.began);
  await start.fill("?");
  await start.press("Enter");
  await page.locator(".video-bar .bad", { hasText: told.video.beganWrong }).waitFor();
  await look("video, not understood");
  await start.fill("0h10m00s");
  await start.press("Enter");
  await fieldHolds(page, told.video.position, "0h10m00s");
  await page.waitForSelector(".row.is-linked");
  await look("video");
  await page.getByRole("button", { name: told.video.button, exact: true }).click();
  await page.locator(".row .name").first().click();
  await page.waitForSelector(".person-card");
  await look("person");
  await page.keyboard.press("Escape");
  await page.waitForSelector(".person-card", { state: "detached" });
  await go(app.search);
  await page.fill(`[aria-label="${told.filter.text}"]`, "good stream");
  await page.waitForSelector(".hit");
  await page.getByRole("button", { name: told.search.stop, exact: true })
    .waitFor({ state: "detached" });
  await look("search");
}

const SIZES = { desk: { width: 1200, height: 800 }, phone: { width: 390, height: 780 } };
const LOOKS = [
  ["light", "desk", "en"],
  ["light", "phone", "en"],
  ["dark", "desk", "en"],
  ["dark", "phone", "en"],
  ["light", "desk", "de"],
  ["dark", "phone", "de"],
] as const;

for (const [colorScheme, device, locale] of LOOKS) {
  const name = `${colorScheme}, ${device}, ${locale}`;
  test(`the page is legible to all: ${name}`, { skip: skipPage }, async () => {
    const viewport = SIZES[device];
    const opened = await browser.open({ origin: "file", colorScheme, viewport, locale });
    const { page } = opened;
    const told = LANGUAGES[locale];
    const look = async (name: string) => {
      await picture(page, `${name}-${device}-${colorScheme}-${locale}`);
      assert.deepEqual(await serious(page), [], name);
      const overflow = await page.evaluate(() =>
        document.documentElement.scrollWidth - document.documentElement.clientWidth
      );
      assert.ok(overflow <= 0, `${name} is ${overflow} px too wide`);
    };
    await tour(page, { told, look });
    await closePage(opened);
  });
}

test(
  "what only colour told is told in colours of the reader's choice, too",
  { skip: skipPage },
  async () => {
    const opened = await browser.open({ origin: "file", forcedColors: "active" });
    const { page } = opened;
    const styles = (selector: string, property: string): Promise<string[]> =>
      page.locator(selector).evaluateAll(
        (elements, property) =>
          elements.map((each) => getComputedStyle(each).getPropertyValue(property)),
        property,
      );
    const isNavTold = async (): Promise<void> => {
      const [current] = await styles(".top nav a[aria-current]", "border-bottom-color");
      const others = await styles(".top nav a:not([aria-current])", "border-bottom-color");
      assert.ok(others.length > 0 && !others.includes(current!), `${current}: ${others}`);
    };
    const looks: Record<string, () => Promise<void>> = {
      timeline: async () => {
        const swatches = await styles(".legend .swatch", "background");
        assert.equal(new Set(swatches).size, swatches.length, swatches.join("\n"));
      },
      chat: async () => {
        await page.click(".row.is-privmsg time >> nth=6");
        await page.waitForSelector(".row.is-selected");
        assert.deepEqual(await styles(".row.is-selected", "outline-style"), ["solid"]);
        assert.ok((await styles(".badge", "border-top-width")).every((width) => width === "1px"));
      },
      search: async () => {
        const ground = (await styles("body", "background-color"))[0];
        const bars = await styles(".histogram-bar span", "background-color");
        assert.ok(bars.length > 0 && !bars.includes(ground!), bars.join());
      },
    };
    const look = async (name: string) => {
      assert.deepEqual(await serious(page), [], name);
      await isNavTold();
      await looks[name]?.();
      await picture(page, `${name}-forced-colours`);
    };
    await tour(page, { told: LANGUAGES.en, look });
    await closePage(opened);
  },
);

test("the theme can be chosen, and what was chosen is kept", { skip: skipPage }, async () => {
  const opened = await browser.open({ colorScheme: "light" });
  const { page } = opened;
  const ground = (): Promise<string> =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.click("[aria-label^='Theme follows']");
  assert.equal(await ground(), light);
  await page.click("[aria-label^='Theme is light']");
  const dark = await ground();
  assert.notEqual(dark, light);
  // What a canvas draws with must be a colour by itself.
  const drawn = await page.evaluate(() =>
    ["--soft", "--line", "--gap", "--one", "--two", "--three", "--four"].map((name) =>
      getComputedStyle(document.documentElement).getPropertyValue(name)
    )
  );
  assert.ok(drawn.every((color) => /^rgb\(\d+, \d+, \d+\)$/.test(color)), drawn.join());
  await page.reload();
  assert.equal(await ground(), dark);
  await closePage(opened);
});
