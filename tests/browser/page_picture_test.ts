/** A picture of some lines of chat, and their text. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { fileSystemMedia } from "../../src/adapters/file_system/file_system_media.ts";
import { nodeHasher } from "../../src/adapters/hashers/node_hasher.ts";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { toDigestText } from "../../src/core/archive/digest_text.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { formatText } from "../../src/core/batch/message_text.ts";
import { twitchEmoteUrl } from "../../src/engine/media/emote_addresses.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { violationsOf } from "./page/axe.ts";
import { openView, rowsLoaded, sourcesReady } from "./page/page_actions.ts";
import { putMessages, said, storeTree, writeTree } from "./page/page_archives.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";
import { startNode } from "./page/page_node.ts";
import { pictureFacts } from "./page/picture_facts.ts";

const folder = tempFolder();
let browser: PageBrowser;

before(async () => {
  if (skipPage) return console.log(`skipped: ${skipPage}`);
  browser = await PageBrowser.start();
});
after(async () => {
  await browser?.close();
  folder.close();
});

async function storeOf(messages: readonly Message[]): Promise<ReturnType<typeof memoryStore>> {
  const store = memoryStore();
  await putMessages(store, "search", messages);
  return store;
}

/** Chat of many kinds, of one minute. */
const MOMENT: readonly Message[] = [
  said("out of the picture", { second: 0 }),
  said("Look at https://example.org/a/long/way and then \u202e back", {
    second: 1,
    tags: { color: "#1e90ff", badges: "moderator/1,subscriber/12", "first-msg": "1" },
  }),
  said("\u0001ACTION waves Kappa\u0001", {
    second: 2,
    tags: { color: "#FF69B4", emotes: "25:6-10", "display-name": "Ada" },
  }),
  said("this was too much", { second: 3, tags: { color: "#b22222" } }),
  said("שלום!?! (world) עולם!?! wrapped ".repeat(12), {
    second: 4,
    tags: {
      "reply-parent-msg-id": "id1",
      "reply-parent-msg-body": "Look at https://example.org/a/long/way",
      "reply-parent-user-login": "user1",
    },
  }),
  {
    ...said("this was too much", { second: 5, tags: { login: "user3", "target-msg-id": "id3" } }),
    command: "CLEARMSG",
  },
  said("out of the picture, too", { second: 6 }),
];

/** A message of this many milliseconds behind the full minute. */
function saidAt(afterMs: number, text: string, tags: Record<string, string> = {}): Message {
  const message = said(text);
  const ms = message.time * 1000 + afterMs;
  return {
    ...message,
    tags: { ...message.tags, "tmi-sent-ts": `${ms}`, id: `id${afterMs / 100}`, ...tags },
    receivers: { "a.AAAAA.0": ms / 1000 + 0.5 },
    time: ms / 1000,
  };
}

async function openDialog(page: Page, row: string): Promise<void> {
  await page.locator(".row", { hasText: row }).first().click();
  await page.click(".detail >> text=Picture");
  await page.waitForSelector("dialog[open] .moment-line");
}

async function choose(page: Page, before: number, after: number): Promise<void> {
  await page.fill("dialog label:has-text('before') input", `${before}`);
  await page.fill("dialog label:has-text('after') input", `${after}`);
  await page.waitForFunction(
    (count) => document.querySelectorAll("dialog .moment-line .row").length === count,
    before + 1 + after,
  );
}

async function savePicture(page: Page): Promise<{ name: string; png: Uint8Array }> {
  const waiting = page.waitForEvent("download");
  await page.click("dialog >> text=Save picture");
  const download = await waiting;
  await page.waitForSelector("dialog >> text=went to your downloads");
  return { name: download.suggestedFilename(), png: readFileSync(await download.path()) };
}

/** The colours that the browser gives some elements of the preview. */
function colorsOf(page: Page): Promise<Record<string, string>> {
  return page.evaluate(() => {
    const color = (selector: string, property = "color"): string =>
      getComputedStyle(document.querySelector(`.moment-sheet ${selector}`)!)
        .getPropertyValue(property);
    return {
      ground: getComputedStyle(document.querySelector(".moment-sheet")!).backgroundColor,
      ink: color(".text"),
      soft: color("footer"),
      name: color(".name"),
      action: color(".is-action .text"),
      badge: color(".badge", "background-color"),
      link: color(".link"),
      removed: color(".note.is-mark"),
      first: color(".note.is-first", "background-color"),
      line: color("header", "border-bottom-color"),
    };
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`a moment is saved as a picture that looks as the page does: ${colorScheme}`, {
    skip: skipPage,
  }, async () => {
    const name = `moment ${colorScheme}`;
    writeTree(join(folder.path, name), await storeTree(await storeOf(MOMENT)));
    const opened = await browser.open({ origin: "file", colorScheme });
    const { page } = opened;
    await page.setInputFiles("[data-pick=folder]", join(folder.path, name));
    await sourcesReady(page, 1);
    await openView(page, "Chat");
    await rowsLoaded(page);
    await openDialog(page, "wrapped");
    await choose(page, 3, 1);
    assert.equal(
      await page.locator(".moment-sheet header").innerText(),
      "search 2026-08-02 12:00:01 to 12:00:05, UTC",
    );
    const colors = await colorsOf(page);
    assert.equal(
      colors["ground"],
      colorScheme === "light" ? "rgb(250, 249, 247)" : "rgb(21, 22, 26)",
    );
    const saved = await savePicture(page);
    assert.equal(saved.name, "search 2026-08-02 12.00.04.png");
    if (process.env["SHOTS"]) {
      const { writeFileSync } = await import("node:fs");
      writeFileSync(join(process.env["SHOTS"], `moment-${colorScheme}.png`), saved.png);
      await page.screenshot({ path: join(process.env["SHOTS"], `dialog-${colorScheme}.png`) });
    }
    const sheet = (await page.locator(".moment-sheet").boundingBox())!;
    const facts = await pictureFacts(page, saved.png, Object.values(colors));
    assert.ok(Math.abs(facts.width - 2 * sheet.width) <= 2, `${facts.width} for ${sheet.width}`);
    assert.ok(Math.abs(facts.height - 2 * sheet.height) <= 4, `${facts.height}, ${sheet.height}`);
    // Every colour is there, and most of it is ground.
    for (const [i, part] of Object.keys(colors).entries()) {
      assert.ok(facts.pixels[i]! > 20, `${part}: ${facts.pixels[i]} pixels of ${colors[part]}`);
    }
    const share = facts.pixels[0]! / (facts.width * facts.height);
    assert.ok(share > 0.6 && share < 0.98, `${share} of it is blank`);
    // A picture must not tell where on a reader's disk the page lies.
    assert.equal(
      await page.locator(".moment-sheet footer").innerText(),
      "#/chat/search/2026-08-02T12:00:04.000Z?id=id4",
    );
    await closePage(opened);
  });
}

test("a picture draws letters where the page has them", { skip: skipPage }, async () => {
  const node = await startNode(await storeOf(MOMENT));
  try {
    // At this size a screenshot has the pixels of the picture.
    const opened = await browser.open({
      origin: node.url as `http://${string}`,
      hash: "#/chat/search/2026-08-02T12:00:01.000Z",
      viewport: { width: 900, height: 1200 },
      deviceScaleFactor: 2,
    });
    const { page } = opened;
    await rowsLoaded(page);
    await openDialog(page, "wrapped");
    await choose(page, 3, 1);
    const { png } = await savePicture(page);
    const shot = await page.locator(".moment-sheet").screenshot();
    const differing = await page.evaluate(async (pictures) => {
      const [one, other] = await Promise.all(pictures.map(async (base64) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
        const { width, height } = bitmap;
        const ctx = new OffscreenCanvas(width, height).getContext("2d")!;
        ctx.drawImage(bitmap, 0, 0);
        return { width, height, data: ctx.getImageData(0, 0, width, height).data };
      }));
      // Darkness of cells of 8 pixels: letters that lie elsewhere change it, smoothing of edges does not.
      const cells = (
        { width, data }: NonNullable<typeof one>,
        columns: number,
        rows: number,
      ): number[] => {
        const sums = Array.from({ length: columns * rows }, () => 0);
        for (let y = 0; y < rows * 8; y++) {
          for (let x = 0; x < columns * 8; x++) {
            const at = 4 * (y * width + x);
            const cell = Math.floor(y / 8) * columns + Math.floor(x / 8);
            sums[cell]! += (data[at]! + data[at + 1]! + data[at + 2]!) / 3 / 64;
          }
        }
        return sums;
      };
      const columns = Math.floor(Math.min(one!.width, other!.width) / 8);
      const rows = Math.floor(Math.min(one!.height, other!.height) / 8);
      const [a, b] = [cells(one!, columns, rows), cells(other!, columns, rows)];
      return a.filter((value, i) => Math.abs(value - b[i]!) > 0.3 * 255).length / a.length;
    }, [png, shot].map((bytes) => Buffer.from(bytes).toString("base64")));
    assert.ok(differing < 0.0003, `${differing} of the cells differ`);
    await closePage(opened);
  } finally {
    await node.close();
  }
});

test("keys alone lead to the picture and its text, and back to the message", {
  skip: skipPage,
}, async () => {
  const node = await startNode(await storeOf(MOMENT));
  try {
    const opened = await browser.open({
      origin: node.url as `http://${string}`,
      hash: "#/chat/search/2026-08-02T12:00:01.000Z",
      locale: "de",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    const { page } = opened;
    await rowsLoaded(page);
    await page.locator(".row[tabindex='0']").focus();
    await page.keyboard.press("Home");
    for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".detail");
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? "");
    for (let i = 0; i < 12 && await focused() !== "Bild"; i++) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog[open] >> text=Bild dieses Moments");
    assert.deepEqual(await violationsOf(page), []);
    await page.keyboard.press("Tab");
    await page.keyboard.type("1"); // The field is selected: one line before.
    await page.keyboard.press("Tab");
    await page.keyboard.type("999"); // More than there may be, and than there are.
    await page.waitForFunction(() => document.querySelectorAll(".moment-line").length === 5);
    await page.keyboard.press("Tab");
    assert.equal(await page.inputValue("dialog label:has-text('danach') input"), "50");
    for (let i = 0; i < 5 && await focused() !== "Text kopieren"; i++) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.waitForSelector("dialog >> text=Kopiert");
    assert.equal(
      await page.evaluate(() => navigator.clipboard.readText()),
      MOMENT.slice(2).map((message) => `${formatText(message)}\n`).join(""),
    );
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    assert.equal(await focused(), "Bild");
    assert.equal(await page.locator(".detail").count(), 1);
    await closePage(opened);
  } finally {
    await node.close();
  }
});

test("selected rows are the lines of the picture", { skip: skipPage }, async () => {
  const node = await startNode(await storeOf(MOMENT));
  try {
    const opened = await browser.open({
      origin: node.url as `http://${string}`,
      hash: "#/chat/search/2026-08-02T12:00:01.000Z",
    });
    const { page } = opened;
    await rowsLoaded(page);
    const shown = (): Promise<string[]> => page.locator(".moment-line .row time").allTextContents();
    await page.locator(".row", { hasText: "waves" }).locator(".text").click();
    await page.locator(".row", { hasText: "A message of" }).locator(".notice-text")
      .click({ modifiers: ["Shift"] });
    await page.click(".detail >> text=Picture");
    await page.waitForSelector(".moment-line");
    assert.deepEqual(await shown(), ["12:00:02", "12:00:03", "12:00:04", "12:00:05"]);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    // Rows elsewhere: the link is the first one's.
    await page.evaluate(() => {
      const [first, second] = document.querySelectorAll(".row .text");
      getSelection()!.setBaseAndExtent(first!, 0, second!, 1);
    });
    await page.locator(".detail >> text=Picture").press("Enter");
    await page.waitForSelector(".moment-line");
    assert.deepEqual(await shown(), ["12:00:00", "12:00:01"]);
    assert.match(await page.locator(".moment-sheet footer").innerText(), /id=id0$/);
    await closePage(opened);
  } finally {
    await node.close();
  }
});

test("a picture that would be too tall leaves out the lines farthest off, and says so", {
  skip: skipPage,
}, async () => {
  const long = "many words in a line that goes on ".repeat(14).trim();
  const messages = Array.from({ length: 120 }, (_, i) => saidAt(i * 100, `number ${i} ${long}`));
  const node = await startNode(await storeOf(messages));
  try {
    const opened = await browser.open({
      origin: node.url as `http://${string}`,
      hash: "#/chat/search/2026-08-02T12:00:06.000Z?id=id60",
    });
    const { page } = opened;
    await page.waitForSelector(".row.is-linked");
    await openDialog(page, "number 60 ");
    await choose(page, 50, 50);
    await page.waitForSelector("dialog >> text=/can be no taller: it shows \\d+ of 101 lines/");
    const { png } = await savePicture(page);
    const { height } = await pictureFacts(page, png, []);
    assert.ok(height <= 12_000 && height > 11_000, `${height}`);
    assert.ok(await page.locator(".moment-line.is-left-out").count() > 20);
    assert.equal(
      await page.locator(".moment-line:has-text('number 60 ')").getAttribute("class"),
      "moment-line",
    );
    await closePage(opened);
  } finally {
    await node.close();
  }
});

test("a message of any length is cut off in the picture, before the link, and not in the text", {
  skip: skipPage,
}, async () => {
  const wide = "W".repeat(2_000);
  const tags = { "system-msg": wide, "display-name": wide };
  const messages = [
    saidAt(100, "שלוםabc".repeat(9_000)), // More than is drawn of any text.
    { ...saidAt(100, wide, tags), command: "USERNOTICE" }, // Less, but too tall.
  ];
  for (const message of messages) {
    const node = await startNode(await storeOf([saidAt(0, "before"), message]));
    try {
      const opened = await browser.open({
        origin: node.url as `http://${string}`,
        hash: "#/chat/search/2026-08-02T12:00:00.000Z",
        viewport: { width: 390, height: 780 },
        permissions: ["clipboard-read", "clipboard-write"],
      });
      const { page } = opened;
      await rowsLoaded(page);
      await openDialog(page, message.params[1]!.slice(0, 7));
      await choose(page, 0, 0);
      await page.waitForSelector("dialog >> text=message is cut off");
      // A colour of its own tells that the link is there.
      await page.locator(".moment-sheet footer").evaluate((foot) =>
        foot.style.color = "rgb(1, 200, 3)"
      );
      const { png } = await savePicture(page);
      const { height, pixels } = await pictureFacts(page, png, ["rgb(1, 200, 3)"]);
      assert.ok(height <= 12_000, `${height}`);
      assert.ok(pixels[0]! > 50, `${pixels[0]} pixels of the link`);
      await page.click("dialog >> text=Copy text");
      await page.waitForSelector("dialog >> text=Copied");
      assert.equal(
        await page.evaluate(() => navigator.clipboard.readText()),
        `${formatText(message)}\n`,
      );
      await closePage(opened);
    } finally {
      await node.close();
    }
  }
});

/** A picture of one pixel. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgOBEAAAHkARkh4hVrAAAAAElFTkSuQmCC",
  "base64",
);

test("a picture has the emotes that are shown, and asks for no others", {
  skip: skipPage,
}, async () => {
  const media = fileSystemMedia(join(folder.path, "media"));
  for (const id of ["25", "1902"]) {
    const bytes = new Uint8Array(Buffer.concat([PNG, Buffer.from(id)]));
    const hash = toDigestText(await nodeHasher().digest(bytes));
    await media.putObject(hash, bytes);
    const version = { fetchedUs: 0, hash, type: "image/png" } as const;
    await media.putSource({ url: twitchEmoteUrl(id), versions: [version], places: [] });
  }
  const messages = Array.from({ length: 120 }, (_, i) => {
    if (i === 20) return saidAt(i * 100, "see Kappa", { emotes: "25:4-8" });
    if (i === 70) return saidAt(i * 100, "Keepo", { emotes: "1902:0-4" });
    return saidAt(i * 100, `number ${i}`);
  });
  const node = await startNode(await storeOf(messages), { media });
  try {
    const opened = await browser.open({
      origin: node.url as `http://${string}`,
      hash: "#/chat/search/2026-08-02T12:00:01.500Z",
      viewport: { width: 1000, height: 700 },
    });
    const { page } = opened;
    await rowsLoaded(page);
    await page.selectOption(".emote-setting", "node");
    await page.waitForFunction(() =>
      document.querySelector<HTMLImageElement>("img.emote")?.naturalWidth === 1
    );
    const asked: string[] = [];
    page.on("request", (request) => void asked.push(request.url()));
    await openDialog(page, "see");
    await choose(page, 1, 50);
    await page.waitForSelector(".moment-sheet .emote-name");
    assert.deepEqual(await page.locator(".moment-sheet .emote-name").allTextContents(), ["Keepo"]);
    assert.equal(await page.locator(".moment-sheet img.emote").count(), 1);
    const { png } = await savePicture(page);
    const color = await page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const ctx = new OffscreenCanvas(1, 1).getContext("2d")!;
      ctx.drawImage(await createImageBitmap(new Blob([bytes])), 0, 0);
      return `rgb(${[...ctx.getImageData(0, 0, 1, 1).data.slice(0, 3)].join(", ")})`;
    }, PNG.toString("base64"));
    const { pixels } = await pictureFacts(page, png, [color]);
    assert.ok(pixels[0]! > 500, `${pixels[0]} pixels of ${color}`);
    // The list may read a further hour meanwhile.
    const isOfChat = (url: string) => url.startsWith(`${node.url}/search/`) && !/emotes/.test(url);
    assert.deepEqual(asked.filter((url) => !url.startsWith("blob:") && !isOfChat(url)), []);
    await closePage(opened);
  } finally {
    await node.close();
  }
});
