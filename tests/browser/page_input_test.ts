import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createGzip, gzipSync } from "node:zlib";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { closePage, PageBrowser, skipPage } from "./page/page_browser.ts";

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

/** 300 MB of one line, in some 300 kB. */
async function gzipBomb(): Promise<Uint8Array> {
  const gzip = createGzip({ level: 9 });
  const chunks: Uint8Array[] = [];
  gzip.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
  const ended = new Promise((resolve) => gzip.on("end", resolve));
  const megabyte = new Uint8Array(1 << 20).fill(0x61);
  for (let i = 0; i < 300; i++) {
    if (!gzip.write(megabyte)) await new Promise((resolve) => gzip.once("drain", resolve));
  }
  gzip.end();
  await ended;
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

test("a file that unpacks without end is refused, in words", { skip: skipPage }, async () => {
  const path = join(folder.path, "bomb.log.gz");
  writeFileSync(path, await gzipBomb());
  const opened = await browser.open();
  const { page } = opened;
  await page.setInputFiles("[data-pick=files]", path);
  await page.waitForSelector(".source.is-failed");
  assert.match(
    await page.locator(".source.is-failed").innerText(),
    /bomb\.log\.gz.*300 times as long.*no recording of chat/s,
  );
  await closePage(opened);
});

test("a capture in gzip is read whole, piece by piece", { skip: skipPage }, async () => {
  const startMs = Date.UTC(2026, 7, 2, 12);
  const lines = Array.from({ length: 3_000 }, (_, i) => {
    const tags = `@id=${i};tmi-sent-ts=${startMs + i * 10};user-id=7`;
    return `${tags} :ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen :${(i * 7919).toString(36)}\r\n`;
  });
  const path = join(folder.path, "good.log.gz");
  writeFileSync(path, gzipSync(lines.join("")));
  const opened = await browser.open();
  const { page } = opened;
  await page.setInputFiles("[data-pick=files]", path);
  await page.waitForSelector(".source.is-ready");
  assert.match(await page.locator(".source").innerText(), /forsen[^]*3,000/);
  await closePage(opened);
});

const NO_RECORDINGS: readonly (readonly [name: string, text: string, told: RegExp])[] = [
  ["empty.txt", "", /"empty\.txt" is empty/],
  ["noise.bin", "\u0001\u0002\u0003 not chat\n".repeat(50), /no recording of chat/],
  ["td.json", '{"FileInfo":{"Version":{"Major":1}},"comments":[]}', /TwitchDownloader/],
];

for (const [name, text, told] of NO_RECORDINGS) {
  test(`${name} is told in words that say what it is`, { skip: skipPage }, async () => {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    const opened = await browser.open();
    const { page } = opened;
    await page.setInputFiles("[data-pick=files]", path);
    await page.waitForSelector(".source.is-failed");
    assert.match(await page.locator(".source.is-failed").innerText(), told);
    await closePage(opened);
  });
}
