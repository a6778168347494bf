/** Emotes as pictures of the node that serves the page. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { fileSystemMedia } from "../../src/adapters/file_system/file_system_media.ts";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { nodeHasher } from "../../src/adapters/hashers/node_hasher.ts";
import { toDigestText } from "../../src/core/archive/digest_text.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { twitchEmoteUrl } from "../../src/engine/media/emote_addresses.ts";
import type { MediaStore } from "../../src/ports/media/media_store.ts";
import { withWordEmotes } from "../../src/web/chat/message/word_emotes.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { violationsOf } from "./page/axe.ts";
import { rowsLoaded } from "./page/page_actions.ts";
import { putMessages, said } from "./page/page_archives.ts";
import { type OpenPage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";

const folder = tempFolder();
const DAY_US = 86_400_000_000;
const START_MS = Date.UTC(2026, 7, 2, 12);
let browser: PageBrowser;

before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
});
after(async () => {
  await browser?.close();
  folder.close();
});

function saidAt(ms: number, text: string, emotes = ""): Message {
  const message = said(text, { tags: { "tmi-sent-ts": `${ms}`, id: `id-${text}`, emotes } });
  return { ...message, time: ms / 1000, receivers: { "a.AAAAA.0": ms / 1000 + 0.5 } };
}

/** Pictures of one colour, each with its own bytes. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

async function save(media: MediaStore, url: string, text: string, bytes = PNG): Promise<string> {
  // What follows the end of a PNG is ignored, and makes another hash.
  const picture = new Uint8Array(Buffer.concat([bytes, Buffer.from(text)]));
  const hash = toDigestText(await nodeHasher().digest(picture));
  await media.putObject(hash, picture);
  const version = { fetchedUs: 0, hash, type: "image/png" } as const;
  await media.putSource({ url, versions: [version], places: [] });
  return hash;
}

async function mediaOf(name: string): Promise<MediaStore> {
  const media = fileSystemMedia(join(folder.path, name));
  await save(media, twitchEmoteUrl("25"), "kappa");
  await save(media, twitchEmoteUrl("86"), "damaged", Buffer.from("\x89PNG\r\n\x1a\n", "latin1"));
  const word = async (provider: "bttv" | "7tv", word: string, id: string, isOverlay = false) => {
    const url = `https://cdn.example/${id}`;
    await save(media, url, id);
    return { provider, emote: { name: word, id, url, isOverlay } };
  };
  const [old, young, hat] = [
    await word("bttv", "OMEGALUL", "old"),
    await word("bttv", "OMEGALUL", "new"),
    await word("7tv", "RainTime", "rain", true),
  ];
  const put = (takenUs: number, { provider, emote }: typeof old) =>
    media.putSet("search", { provider, takenUs, emotes: [emote] });
  await put(START_MS * 1000 - 10 * DAY_US, old);
  await put(START_MS * 1000 + 2 * DAY_US, young);
  await put(START_MS * 1000 - 10 * DAY_US, hat);
  return media;
}

async function storeOf(messages: readonly Message[]): Promise<ReturnType<typeof memoryStore>> {
  const store = memoryStore();
  for (const message of messages) await putMessages(store, "search", [message]);
  return store;
}

/** The words of the pictures that stand in the rows, and whether each came. */
async function drawn(page: Page, row: string): Promise<string[]> {
  return await page.locator(".row", { hasText: row }).locator("img.emote").evaluateAll((images) =>
    (images as HTMLImageElement[]).map((image) =>
      `${image.alt} ${image.title} ${image.complete && image.naturalWidth > 0}`
    )
  );
}

/** Browsers tell by themselves of what is not there, and of what a locked node refuses; anything else is a fault. */
async function closeWithoutFault({ page, complaints }: OpenPage): Promise<void> {
  await page.context().close();
  assert.deepEqual(complaints.filter((each) => !/status of 40[14]/.test(each)), []);
}

const MESSAGES = [
  saidAt(START_MS, "first Kappa Keepo ResidentSleeper", "25:6-10/1902:12-16/86:18-32"),
  saidAt(START_MS + 120_000, "second OMEGALUL RainTime omegalul RainTime"),
  saidAt(START_MS + 3 * 86_400_000, "third OMEGALUL"),
];

test("emotes are pictures of the node, as they were at the day; what is missing stays a word", {
  skip: skipPage,
}, async () => {
  const media = await mediaOf("media");
  const token = "let-me-in-please";
  for (const access of [undefined, { readers: { kind: "token", token } }] as const) {
    const node = await startNode(await storeOf(MESSAGES), {
      media,
      ...access === undefined ? {} : { access },
    });
    try {
      const opened = await browser.open({
        origin: node.url as `http://${string}`,
        hash: "#/chat/search/2026-08-02T12:00:00Z",
        ...access === undefined ? {} : { viewport: { width: 360, height: 740 } },
      });
      const { page } = opened;
      if (access !== undefined) {
        await page.fill("input[type=password]", token);
        await page.click("text=Open");
      }
      await rowsLoaded(page);
      assert.equal(await page.locator("img.emote").count(), 0, "off until allowed");
      await page.selectOption(".emote-setting", "node");
      await page.waitForFunction(() =>
        [...document.querySelectorAll<HTMLImageElement>("img.emote")]
          .filter(({ naturalWidth }) => naturalWidth > 0).length === 4
      );
      await page.waitForFunction(() => !document.querySelector('img.emote[alt="ResidentSleeper"]'));
      assert.deepEqual(await drawn(page, "first"), ["Kappa Kappa true"]);
      assert.deepEqual(
        await page.locator(".row", { hasText: "first" }).locator(".emote-name").allTextContents(),
        ["Keepo", "ResidentSleeper"],
      );
      // An overlay lies on the emote before it, and stands by itself behind a word.
      assert.deepEqual(await drawn(page, "second"), [
        "OMEGALUL OMEGALUL true",
        "RainTime RainTime true",
        "RainTime RainTime true",
      ]);
      const stack = page.locator(".emote-stack img");
      assert.equal(await stack.count(), 2);
      const [under, over] = [await stack.nth(0).boundingBox(), await stack.nth(1).boundingBox()];
      assert.equal(under!.x + under!.width / 2, over!.x + over!.width / 2);
      if (process.env["SHOTS"]) {
        await page.screenshot({ path: join(process.env["SHOTS"], `emotes-${access ? 1 : 0}.png`) });
      }
      const violations = await violationsOf(page);
      assert.deepEqual(violations.map(({ id }) => id), []);
      assert.ok(await page.evaluate(() => document.body.scrollWidth <= innerWidth));
      // Hits show them, too.
      await page.evaluate(() => location.hash = "#/search/search?text=first");
      await page.waitForSelector('.hit img.emote[alt="Kappa"]');
      await closeWithoutFault(opened);
    } finally {
      await node.close();
    }
  }
});

test("each day has the emotes of its time", { skip: skipPage }, async () => {
  const media = await mediaOf("days");
  const node = await startNode(await storeOf(MESSAGES), { media });
  try {
    const opened = await browser.open({
      origin: node.url as `http://${string}`,
      hash: "#/chat/search/2026-08-02T12:00:00Z",
    });
    const { page } = opened;
    const asked: string[] = [];
    page.on("request", (request) => void asked.push(request.url()));
    const hashes = async (day: string): Promise<string> => {
      const answer = await fetch(`${node.url}/search/emotes.json?at=${day}T23:59:59.999Z`);
      const emotes = await answer.json() as { name: string; hash: string }[];
      return emotes.find(({ name }) => name === "OMEGALUL")!.hash;
    };
    await page.selectOption(".emote-setting", "node");
    await page.waitForSelector('img.emote[alt="OMEGALUL"]');
    await page.evaluate(() => location.hash = "#/chat/search/2026-08-05T12:00:00Z");
    await page.waitForSelector('.row:has-text("third") img.emote[alt="OMEGALUL"]');
    const [old, young] = [await hashes("2026-08-02"), await hashes("2026-08-05")];
    assert.notEqual(old, young);
    for (const hash of [old, young]) {
      assert.ok(asked.some((url) => url.endsWith(`/media/${hash}`)), hash);
    }
    assert.ok(
      asked.every((url) => url.startsWith("blob:") || url.startsWith(node.url)),
      asked.join(),
    );
    await closeWithoutFault(opened);
  } finally {
    await node.close();
  }
});

test("withWordEmotes finds whole words, and stacks at most eight layers", () => {
  const words = new Map(
    [["LUL", false], ["Hat", true]].map(([name, isOverlay]) => [
      `${name}`,
      { name: `${name}`, hash: `h${name}`, isOverlay: isOverlay === true },
    ]),
  );
  const text = (text: string) => ({ kind: "text", text }) as const;
  const saved = (text: string) => ({ kind: "saved", text, hash: `h${text}` }) as const;
  const kappa = { kind: "emote", text: "Kappa", id: "25" } as const;
  assert.deepEqual(withWordEmotes([text("LULs xLUL lul")], words), [text("LULs xLUL lul")]);
  assert.deepEqual(withWordEmotes([text("a LUL b")], words), [
    text("a "),
    saved("LUL"),
    text(" b"),
  ]);
  assert.deepEqual(withWordEmotes([text("Hat a Hat")], words), [
    saved("Hat"),
    text(" a "),
    saved("Hat"),
  ]);
  assert.deepEqual(withWordEmotes([kappa, text("  Hat Hat!")], words), [
    { kind: "stack", layers: [kappa, saved("Hat")] },
    text(" Hat!"),
  ]);
  const drawn = withWordEmotes([text(`LUL${" Hat".repeat(20)}`)], words);
  const [stack] = drawn;
  assert.ok(stack?.kind === "stack" && stack.layers.length === 8);
  assert.deepEqual(withWordEmotes([text("LUL")], undefined), [text("LUL")]);
});
