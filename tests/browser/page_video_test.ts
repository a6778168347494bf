import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { SECOND_US } from "../../src/core/time.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import { formatOffset, parseOffset, parseVideoStart } from "../../src/web/chat/video/video_time.ts";
import { fieldHolds } from "./page/page_actions.ts";
import { putMessages, said } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

let browser: PageBrowser;
let node: HttpListener;

before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  const store = memoryStore();
  const seconds = Array.from({ length: 60 }, (_, second) => second);
  await putMessages(store, "search", seconds.map((second) => said(`line ${second}`, { second })));
  node = await startNode(store);
});
after(async () => {
  await node?.close();
  await browser?.close();
});

test("parseOffset reads what people write, and formatOffset undoes it", () => {
  const seconds = (text: string): number | undefined => {
    const us = parseOffset(text);
    return us === undefined ? undefined : us / SECOND_US;
  };
  assert.equal(seconds("1h02m03s"), 3_723);
  assert.equal(seconds(" 1H2M "), 3_720);
  assert.equal(seconds("90s"), 90);
  assert.equal(seconds("1:02:03"), 3_723);
  assert.equal(seconds("62:03"), 3_723);
  assert.equal(seconds("https://www.twitch.tv/videos/2211?t=0h10m0s"), 600);
  for (const text of ["", "h", "soon", "1h2h", "-5s", "12", "999h", "1:2:3:4"]) {
    assert.equal(seconds(text), undefined, text);
  }
  for (const text of ["0h00m00s", "1h02m03s", "25h59m59s"]) {
    assert.equal(formatOffset(parseOffset(text)!), text);
  }
  assert.equal(formatOffset(-5 * SECOND_US), "-0h00m05s");
});

test("parseVideoStart reads a time, a day and time, and how far the video is", () => {
  const at = (text: string): string | undefined => {
    const us = parseVideoStart(text, {
      shownUs: Date.UTC(2026, 7, 2, 12, 0, 30) * 1_000,
      dayUs: Date.UTC(2026, 7, 2) * 1_000,
      zone: "utc",
    });
    return us === undefined ? undefined : new Date(us / 1_000).toISOString();
  };
  assert.equal(at("11:30"), "2026-08-02T11:30:00.000Z");
  assert.equal(at("23:10:05"), "2026-08-01T23:10:05.000Z", "the evening before");
  assert.equal(at("2026-08-01 18:02"), "2026-08-01T18:02:00.000Z");
  assert.equal(at("2026-08-01T18:02:09.442Z"), "2026-08-01T18:02:09.000Z");
  assert.equal(at("1h00m30s"), "2026-08-02T11:00:00.000Z");
  for (const text of ["", "yesterday", "2026-13-01 10:00", "25:00"]) {
    assert.equal(at(text), undefined, text);
  }
});

test("chat goes beside a video: its clock runs, rests, is set by typing, and a link holds it", {
  skip: skipPage,
}, async () => {
  const origin = node.url as `http://${string}`;
  const opened = await browser.open({ origin, hash: "#/chat/search/2026-08-02T12:00:20Z" });
  const { page } = opened;
  const marked = (text: string) =>
    page.locator(".row.is-linked", { hasText: new RegExp(`: ${text}$`) });
  await page.getByRole("button", { name: "Video", exact: true }).click();
  const start = page.getByLabel("Video began");
  await start.fill("rubbish");
  await start.press("Enter");
  await page.locator(".video-bar [aria-invalid=true]").waitFor();
  // By how far it is at what is shown, then by a time.
  await start.fill("0h00m05s");
  await start.press("Enter");
  const position = page.getByLabel("At", { exact: true });
  await fieldHolds(page, "At", "0h00m05s");
  await start.fill("2026-08-02 12:00:10");
  await start.press("Enter");
  await position.fill("0:10");
  await position.press("Enter");
  await marked("line 20").waitFor();
  await position.fill("30s");
  await position.press("Enter");
  await marked("line 40").waitFor();
  await page.getByRole("button", { name: "−10 s" }).click();
  await marked("line 30").waitFor();
  // A fresh browser shows the same from the link.
  await page.waitForURL(/2026-08-02T12:00:30.000Z\?video=2026-08-02T12%3A00%3A10.000Z$/);
  const link = page.url();
  const other = await browser.open({ origin, hash: new URL(link).hash });
  await other.page.locator(".row.is-linked", { hasText: "line 30" }).waitFor();
  await fieldHolds(other.page, "At", "0h00m20s");
  await closePage(other);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.waitForFunction(() => {
    const text = document.querySelector(".row.is-linked .text")?.textContent ?? "";
    return Number(/line (\d+)/.exec(text)?.[1]) >= 32;
  });
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Go on" }).waitFor();
  const rested = await position.inputValue();
  assert.notEqual(rested, "0h00m20s");
  // It rests: a whole tick later it is where it was.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 700)));
  assert.equal(await position.inputValue(), rested);
  await page.getByRole("button", { name: "Video", exact: true }).click();
  await page.waitForSelector(".video-bar", { state: "detached" });
  await page.waitForURL((url) => !url.href.includes("video="));
  await closePage(opened);
});
