import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileSystemMedia } from "../../../src/adapters/file_system/file_system_media.ts";
import { nodeHasher } from "../../../src/adapters/hashers/node_hasher.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { HOUR_US, MINUTE_US } from "../../../src/core/time.ts";
import { honoRouter } from "../../../src/adapters/http/hono_router.ts";
import { dropUnlinked } from "../../../src/engine/media/drop_unlinked.ts";
import { twitchEmoteUrl } from "../../../src/engine/media/emote_addresses.ts";
import {
  saveChannelMedia,
  type SaveMediaOptions,
  setsAt,
} from "../../../src/engine/media/save_channel_media.ts";
import { redact } from "../../../src/engine/redact/redact.ts";
import { mediaRoutes } from "../../../src/engine/api/routes/media_routes.ts";
import type { FetchedMedia } from "../../../src/ports/media/media_fetcher.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";

const folder = mkdtempSync(join(tmpdir(), "chatloom-media-test-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const START = 1785587640_000_000; // 2026-08-01T12:34:00Z
const hasher = nodeHasher();
const reporter = noopReporter;

function said(second: number, text: string, emotes = ""): Message {
  const time = START / 1e6 + second;
  const tags = { emotes, id: `m${second}`, "room-id": "22", "tmi-sent-ts": `${time * 1000}` };
  const base = { command: "PRIVMSG", sender: "ada", user: "ada", host: null };
  const receivers = { "alpha.AbCdE.0": time + 0.5 };
  return { ...base, params: ["#forsen", text], tags, receivers, time, time_range: 0 };
}

function png(text: string): FetchedMedia {
  const bytes = Uint8Array.from(`\x89PNG\r\n\x1a\n${text}`, (each) => each.charCodeAt(0));
  return { ok: true, bytes };
}

function json(value: unknown): FetchedMedia {
  return { ok: true, bytes: new TextEncoder().encode(JSON.stringify(value)) };
}

let worlds = 0;

async function world(messages: readonly Message[]) {
  const store = memoryStore();
  for (const message of messages) {
    const bytes = encodeBatch([message]);
    const timeUs = Math.floor(message.time * 1e6 / MINUTE_US) * MINUTE_US;
    await store.put(batchKey("forsen", { timeUs, digest: await hasher.digest(bytes) }), bytes);
  }
  const place = join(folder, `${worlds++}`);
  const media = fileSystemMedia(place);
  const clock = virtualClock({ startUs: START + HOUR_US });
  const asked: string[] = [];
  const served = new Map<string, FetchedMedia>();
  const options: SaveMediaOptions = {
    ...{ store, hasher, reporter, media, clock },
    fetcher(url) {
      asked.push(url);
      return Promise.resolve(served.get(url) ?? { ok: false, reason: "the server answers 404" });
    },
    ...{ savesTwitch: true, providers: [], savesLinks: false, linkMaxBytes: 1_000 },
  };
  return { store, media, clock, asked, served, options, place };
}

function objects(place: string): string[] {
  return readdirSync(join(place, ".chatloom", "media", "objects"), {
    recursive: true,
    encoding: "utf8",
  })
    .filter((name) => name.length > 40).map((name) => name.slice(3));
}

test("emotes of Twitch are saved once; one that fails is asked again after a day", async () => {
  const { options, asked, served, media, clock, place } = await world([
    said(1, "Kappa hi", "25:0-4"),
    said(2, "Kappa Gone", "25:0-4/9:6-9/../../x:0-1"),
  ]);
  served.set(twitchEmoteUrl("25"), png("kappa"));
  await saveChannelMedia("forsen", options);
  // Several are fetched at a time, in any order.
  assert.deepEqual([...asked].sort(), [twitchEmoteUrl("25"), twitchEmoteUrl("9")].sort());
  await saveChannelMedia("forsen", options);
  assert.equal(asked.length, 2, "a failure is not asked again at once");
  assert.equal(
    (await media.source(twitchEmoteUrl("9")))?.failure?.reason,
    "the server answers 404",
  );
  await clock.advance(24 * HOUR_US / 1_000);
  served.set(twitchEmoteUrl("9"), png("gone"));
  await saveChannelMedia("forsen", options);
  assert.deepEqual(asked.slice(2), [twitchEmoteUrl("9")]);
  assert.equal(objects(place).length, 2);
});

test("a set is taken when it changed, and only what was said is fetched; old chat keeps old emotes", async () => {
  const { options, served, media, clock } = await world([said(1, "so OMEGALUL today", "")]);
  const set = (id: string) => json([{ id, code: "OMEGALUL" }, { id: "u", code: "unsaid" }]);
  const address = "https://api.betterttv.net/3/cached/users/twitch/22";
  const all = "https://api.betterttv.net/3/cached/emotes/global";
  const withSets = { ...options, providers: ["bttv"] as const };
  served.set(all, json([]));
  served.set("https://cdn.betterttv.net/emote/old/1x", png("old"));
  served.set("https://cdn.betterttv.net/emote/new/1x", png("new"));
  served.set(address, set("old"));
  await saveChannelMedia("forsen", withSets);
  await saveChannelMedia("forsen", withSets);
  assert.equal((await media.sets("forsen")).length, 1, "the same set is no new one");
  await clock.advance(HOUR_US / 1_000);
  served.set(address, set("new"));
  await saveChannelMedia("forsen", withSets);
  const sets = await media.sets("forsen");
  const idAt = (timeUs: number) => setsAt(sets, timeUs)[0]?.emotes[0]?.id;
  assert.equal(idAt(START), "old", "before the first set the first one holds");
  assert.equal(idAt(START + HOUR_US), "old");
  assert.equal(idAt(START + 3 * HOUR_US), "new");
  assert.equal(await media.source("https://cdn.betterttv.net/emote/u/1x"), undefined);

  const ask = honoRouter(
    mediaRoutes({ media, hasher }).map((route) => ({
      ...route,
      async answer(routed) {
        const { status, headers, body } = await route.answer(routed);
        return new Response(body as BodyInit, { status, headers });
      },
    })),
  );
  const get = async (path: string) =>
    await ask(new Request(`http://node${path}`), { address: "127.0.0.1" });
  const [emote] = await (await get("/forsen/emotes.json?at=2026-08-01T12:34:00")).json();
  assert.equal(emote.name, "OMEGALUL");
  const picture = await get(`/media/${emote.hash}`);
  assert.equal(picture.headers.get("content-type"), "image/png");
  assert.match(picture.headers.get("content-security-policy")!, /sandbox/);
  assert.match(await picture.text(), /old/);
  assert.equal((await get(`/media/${"A".repeat(43)}`)).status, 404);
  assert.equal((await get("/media/..%2f..%2fx")).status, 404);
});

test("what is no picture is not kept, whatever the server calls it", async () => {
  const { options, served, media } = await world([said(1, "https://e.example/x.png", "")]);
  served.set("https://e.example/x.png", json("<script>"));
  await saveChannelMedia("forsen", { ...options, savesLinks: true });
  const source = await media.source("https://e.example/x.png");
  assert.deepEqual(source?.versions, []);
  assert.match(source?.failure?.reason ?? "", /no picture/);
});

test("a linked picture goes with the last message that links to it, and a shared one stays", async () => {
  const { options, served, media, place, store, clock } = await world([
    said(1, "https://e.example/a.png"),
    said(70, "again https://e.example/a.png"),
    said(130, "https://e.example/b.png"),
    said(131, "https://e.example/c.png"),
  ]);
  for (const [name, text] of [["a", "one"], ["b", "two"], ["c", "two"]]) {
    served.set(`https://e.example/${name}.png`, png(text!));
  }
  const withLinks = { ...options, savesLinks: true };
  await saveChannelMedia("forsen", withLinks);
  assert.equal((await media.source("https://e.example/a.png"))?.places.length, 2);
  assert.equal(objects(place).length, 2, "equal bytes are kept once");
  const forget = (id: string) =>
    redact("forsen", { target: { kind: "message", id }, reason: "" }, {
      store,
      hasher,
      reporter,
      clock,
    });
  await forget("m1");
  assert.equal(await dropUnlinked(media, options), 0, "one message still links to it");
  await forget("m70");
  await forget("m130");
  assert.equal(await dropUnlinked(media, options), 2);
  assert.equal(await media.source("https://e.example/a.png"), undefined);
  assert.equal(objects(place).length, 1);
  assert.equal((await media.source("https://e.example/c.png"))?.versions.length, 1);
});
