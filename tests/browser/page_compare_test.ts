import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { httpPeer } from "../../src/adapters/http_peer/http_peer.ts";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import type { HttpListener } from "../../src/ports/http.ts";
import type { Page } from "playwright-core";
import type { Peer } from "../../src/ports/peer.ts";
import { violationsOf } from "./page/axe.ts";
import { putMessages, said } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

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

/** Breaches of accessibility that axe finds. */
async function breachesOf(page: Page): Promise<string[]> {
  return (await violationsOf(page)).map(({ id }) => id);
}

/** `peer`, which answers nothing about a channel before `isReady`. */
function waiting(peer: Peer, isReady: Promise<void>): Peer {
  return {
    name: peer.name,
    channels: (options) => peer.channels(options),
    hours: (channel, options) => peer.hours(channel, options),
    files: (channel, folder, options) => peer.files(channel, folder, options),
    digests: (options) => peer.digests(options),
    read: (key, options) => peer.read(key, options),
    async channelDigest(channel, options) {
      await isReady;
      return await peer.channelDigest(channel, options);
    },
  };
}

const DAY_S = 86_400;

/** Both have 2 August; both differ on the 3rd, the other alone has the 4th, this one alone the 6th. */
async function twoNodes() {
  const [here, there] = [memoryStore(), memoryStore()];
  const put = async (store: BatchStore, day: number, ...seconds: readonly number[]) =>
    await putMessages(
      store,
      "search",
      seconds.map((second) => said(`${second}`, { second: second + (day - 2) * DAY_S })),
    );
  for (const store of [here, there]) await put(store, 2, 0);
  await put(here, 3, 0);
  await put(there, 3, 1, 2);
  await put(there, 4, 0);
  await put(here, 6, 0);
  await putMessages(here, "else", [said("x")]);
  const other = await startNode(there, { html: "" });
  nodes.push(other);
  return { here, other: httpPeer(other.url) };
}

test("a comparison marks the days of the calendar, and stands in the address", {
  skip: skipPage,
}, async () => {
  const { here, other } = await twoNodes();
  let begin = () => {};
  const peer = waiting(other, new Promise((resolve) => begin = resolve));
  const node = await startNode(here, { peers: () => [peer] });
  nodes.push(node);
  const origin = node.url as `http://${string}`;
  const opened = await browser.open({ origin, hash: "#/calendar/search/2026-08-02" });
  const { page } = opened;
  const day = (date: string) => page.locator(`.cal-day[aria-label*="${date}"]`);
  const labelOf = async (date: string) => (await day(date).getAttribute("aria-label")) ?? "";
  assert.equal(await page.locator("[class*=is-peer-]").count(), 0);
  await page.locator(".peer-compare select").selectOption(peer.name);
  const address = `#/calendar/search/2026-08-02T00:00:00.000Z?${new URLSearchParams({
    peer: peer.name,
  })}`;
  assert.equal(new URL(page.url()).hash, address);
  // What is not compared yet looks otherwise than what is the same.
  await page.locator(".cal-day.is-peer-waiting").nth(300).waitFor();
  assert.match(await labelOf("2026-08-02"), /messages not counted · not compared yet$/);
  assert.equal(await page.locator(".is-peer-same").count(), 1, "more than the legend says so");
  assert.deepEqual(await breachesOf(page), []);
  begin();
  await page.locator(".cal-day.is-peer-empty").nth(300).waitFor();
  const marks = async (): Promise<string[]> =>
    await Promise.all(
      [2, 3, 4, 6].map(async (each) => {
        const marked = await day(`2026-08-0${each}`).getAttribute("class");
        return /is-peer-\w+/.exec(marked ?? "")?.[0] ?? "";
      }),
    );
  const MARKS = ["is-peer-same", "is-peer-differs", "is-peer-there", "is-peer-here"];
  assert.deepEqual(await marks(), MARKS);
  assert.match(
    await labelOf("2026-08-03"),
    /messages not counted · 1 message only here, 2 only there$/,
  );
  assert.match(
    await labelOf("2026-08-04"),
    /nothing recorded · 0 messages only here, 1 only there · 1 minute lacking here$/,
  );
  assert.match(await labelOf("2026-08-02"), /messages not counted · the same$/);
  const legend = await page.locator(".compared-legend").innerText();
  assert.match(
    legend,
    /more here: 1 day\s+more there: 1 day\s+different files: 1 day\s+the same: 1 day\s+not compared yet: 0/,
  );
  // The other colours are still there, and so are the days' own texts.
  await page.getByRole("button", { name: "Messages", exact: true }).click();
  assert.equal(await page.locator(".cal-day[class*=is-peer-]").count(), 0);
  await page.getByRole("button", { name: "Differences" }).click();
  assert.deepEqual(await marks(), MARKS);
  await page.emulateMedia({ colorScheme: "dark" });
  assert.deepEqual(await breachesOf(page), []);
  // A day leads where it led, also one that only the other node has.
  await day("2026-08-04").click();
  await page.waitForURL(/#\/timeline\/search\/2026-08-04T00:00:00.000Z$/);
  await page.goBack();
  await page.locator(".cal-day.is-peer-there").waitFor();
  assert.deepEqual(await marks(), MARKS);
  // Back ends the comparison, forth takes it up.
  await page.goBack();
  await page.locator(".cal-day.is-messages").first().waitFor();
  assert.equal(await page.locator(".peer-compare select").inputValue(), "");
  await page.goForward();
  await page.locator(".cal-day.is-peer-there").waitFor();
  assert.equal(await page.locator(".peer-compare select").inputValue(), peer.name);
  await closePage(opened);

  // The link shows the same to another reader, in their language.
  const shared = await browser.open({
    origin,
    hash: address,
    locale: "de-DE",
    viewport: { width: 390, height: 780 },
  });
  await shared.page.locator(".cal-day.is-peer-there[title$='1 nur dort · 1 Minute fehlt hier']")
    .waitFor();
  assert.equal(await shared.page.locator(".compared-hour").count(), 3);
  assert.deepEqual(await breachesOf(shared.page), []);
  assert.ok(await shared.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  // Another channel is another question.
  await shared.page.locator("select.channel").selectOption("else");
  await shared.page.waitForURL(/#\/calendar\/else$/);
  await closePage(shared);
});

test("a link with a name that is none of the node's peers compares with nothing", {
  skip: skipPage,
}, async () => {
  const { here, other } = await twoNodes();
  const node = await startNode(here, { peers: () => [other] });
  const alone = await startNode(here);
  nodes.push(node, alone);
  const links = [[node, "<img src=x onerror=alert(1)>"], [node, `${other.name}/`], [
    alone,
    other.name,
  ]];
  for (const [{ url }, peer] of links as [HttpListener, string][]) {
    const opened = await browser.open({
      origin: url as `http://${string}`,
      hash: `#/calendar/search?${new URLSearchParams({ peer })}`,
    });
    const { page, complaints } = opened;
    const requests: string[] = [];
    page.context().on("request", (request) => requests.push(request.url()));
    await page.reload();
    const told = page.locator(".peer-compare [role=alert]");
    await told.filter({ hasText: "There is no node of this name to compare with" }).waitFor();
    await page.locator(".cal-day.is-messages").first().waitFor();
    assert.equal(await page.locator("[class*=is-peer-], .peer-compare img").count(), 0);
    assert.equal(await page.locator(".peer-compare select").count(), url === alone.url ? 0 : 1);
    assert.ok(requests.some((each) => each.endsWith("/peers.json")));
    assert.deepEqual(requests.filter((each) => each.includes("compare.json")), []);
    // The node that compares with none has no list of peers either.
    const others = complaints.filter((each) => url !== alone.url || !each.includes("404"));
    await closePage({ page, complaints: others });
  }
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
    assert.deepEqual(await breachesOf(page), []);
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
    await choice.selectOption("");
    await choice.selectOption(peers[0]!.name);
    await page.locator(".peer-compare", { hasText: "Both have the same: 1 hour compared" })
      .waitFor();
    await closePage({
      page,
      complaints: opened.complaints.filter((each) => !each.includes("502")),
    });
  },
);
