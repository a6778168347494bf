import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { httpPeer } from "../../src/adapters/http_peer/http_peer.ts";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import type { Peer } from "../../src/ports/peer.ts";
import { putMessages, said } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
let browser: PageBrowser;
const nodes: HttpListener[] = [];

before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
});
after(async () => {
  for (const node of nodes) await node.close();
  await browser?.close();
});

test(
  "a year is compared with a peer's, and a difference leads to its hour",
  { skip: skipPage },
  async () => {
    const [here, there] = [memoryStore(), memoryStore()];
    await putMessages(here, "search", [said("both"), said("mine", { second: 1 })]);
    await putMessages(there, "search", [
      said("both"),
      said("a", { second: 2 }),
      said("b", { second: 3 }),
    ]);
    const other = await startNode(there, { html: "" });
    const peers: Peer[] = [httpPeer(other.url), httpPeer("http://127.0.0.1:9")];
    const node = await startNode(here, { peers: () => peers });
    nodes.push(other, node);
    const opened = await browser.open({
      origin: node.url as `http://${string}`,
      hash: "#/calendar/search/2026-08-02",
    });
    const { page } = opened;
    const choice = page.locator(".peer-compare select");
    // A peer that cannot be reached is told of, with its reason.
    await choice.selectOption(peers[1]!.name);
    await page.locator(".peer-compare .bad", { hasText: "Cannot" }).waitFor();
    await choice.selectOption(peers[0]!.name);
    await page.locator(".peer-compare", { hasText: "1 hour with differences, 0 without" })
      .waitFor();
    const hour = page.locator(".compared-hour");
    assert.match(await hour.innerText(), /12:00\s*1 message only here, 2 only there$/);
    // It is legible to all, also on a phone.
    await page.setViewportSize({ width: 390, height: 780 });
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } }).axe
        .run()
    );
    assert.deepEqual(violations.map(({ id }) => id), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await hour.click();
    await page.waitForSelector(".receiver-rows li");
    assert.match(
      page.url(),
      /#\/timeline\/search\/2026-08-02T12:00:00.000Z~2026-08-02T13:00:00.000Z$/,
    );
    await page.goBack();
    await page.waitForSelector(".peer-compare");
    // The same archive has no difference.
    await putMessages(here, "search", [
      said("both"),
      said("a", { second: 2 }),
      said("b", { second: 3 }),
    ]);
    await putMessages(there, "search", [said("both"), said("mine", { second: 1 })]);
    await choice.selectOption(peers[0]!.name);
    await page.locator(".peer-compare", { hasText: "Both have the same: 1 hour compared" })
      .waitFor();
    await closePage({
      page,
      complaints: opened.complaints.filter((each) => !each.includes("502")),
    });
  },
);
