import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { systemClock } from "../../src/adapters/system/system_clock.ts";
import { contentOf } from "../../src/core/batch/content.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { LiveFeed } from "../../src/engine/live/live_feed.ts";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import { noopReporter } from "../../src/ports/reporter.ts";
import { seededRandom } from "../../src/testing/chance/seeded_random.ts";
import { scrolledToStart } from "./page/page_actions.ts";
import { putMessages, said } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

let browser: PageBrowser;
let store: BatchStore;
let feed: LiveFeed;
let node: HttpListener;
const startMs = Date.now() - 30_000;

function message(text: string, ms: number, receiver = "a.AAAAA.0"): Message {
  return {
    ...said(text, { tags: { "tmi-sent-ts": `${ms}`, id: text } }),
    params: ["#live", text],
    time: ms / 1000,
    receivers: { [receiver]: ms / 1000 + 0.5 },
  };
}

/** As a recorder does when a line comes. */
function publish(message: Message): void {
  const { receivers, time } = message;
  const [[receiver, receivedS]] = Object.entries(receivers) as [[string, number]];
  feed.publish({
    channel: "live",
    content: () => contentOf(message),
    receiver,
    receivedUs: receivedS * 1e6,
    startUs: Math.round(time * 1e6),
    endUs: Math.round(time * 1e6),
    isExact: true,
  });
}

before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
  store = memoryStore();
  const earlier = Array.from(
    { length: 60 },
    (_, i) => message(`earlier ${i}`, startMs - 120_000 + i),
  );
  await putMessages(store, "live", earlier);
  feed = new LiveFeed({ clock: systemClock(), random: seededRandom(1), reporter: noopReporter });
  node = await startNode(store, { feed });
});
after(async () => {
  await node?.close();
  await browser?.close();
});

test("messages show as the node receives them, once, also when they are stored", {
  skip: skipPage,
}, async () => {
  const following = new Promise<void>((resolve) => {
    const watch = setInterval(() => {
      // The page follows once its channel is one that the feed keeps.
      publish(message("probe", startMs));
      if (feed.seq === 0) return;
      clearInterval(watch);
      resolve();
    }, 20);
  });
  const opened = await browser.open({
    origin: node.url as `http://${string}`,
    hash: "#/chat/live",
  });
  const { page } = opened;
  await following;
  await page.waitForSelector("text=probe");
  const sent = message("just now", startMs + 1_000);
  const sinceMs = Date.now();
  publish(sent);
  await page.waitForSelector("text=just now");
  const tookMs = Date.now() - sinceMs;
  // By the feed: to wait for the next reading of the last minutes would take up to 15 s.
  assert.ok(tookMs < 12_000, `${tookMs} ms`);
  // Another receiver's report comes with the file that the recorder stores.
  await putMessages(store, "live", [{
    ...sent,
    receivers: { ...sent.receivers, "b.BBBBB.0": sent.time + 0.6 },
  }]);
  publish(message("after it was stored", startMs + 2_000));
  await page.waitForSelector("text=after it was stored");
  assert.equal(await page.locator(".row", { hasText: "just now" }).count(), 1);

  // A reader further up is not moved, and is told.
  await scrolledToStart(page);
  for (let i = 0; i < 3; i++) publish(message(`unseen ${i}`, startMs + 3_000 + i));
  await page.click("text=3 new messages");
  await page.waitForSelector("text=unseen 2");
  await page.waitForSelector(".unseen", { state: "detached" });
  await closePage(opened);
});

test("an archive whose recording ended offers nothing to follow", {
  skip: skipPage,
}, async () => {
  const old = memoryStore();
  await putMessages(old, "search", [said("long ago")]);
  const server = await startNode(old);
  try {
    const opened = await browser.open({
      origin: server.url as `http://${string}`,
      hash: "#/chat/search",
    });
    await opened.page.waitForSelector("text=long ago");
    assert.equal(await opened.page.locator("text=Live").count(), 0);
    await closePage(opened);
  } finally {
    await server.close();
  }
});
