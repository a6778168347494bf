/**
 * Reading the last seconds of a channel that brings 200 lines a second, again and again, as a page does
 * that shows chat as it comes: what one such reading costs while the recorder has not stored the last minutes.
 *
 * On the back of an envelope: a minute of such chat is 12,000 lines and 7 MB. With each snapshot the open
 * minute has other bytes, which are put together, hashed twice, and scanned: several times what hashing takes
 * in all. What does not change, the minutes before it, must cost next to nothing, although equal JOINs and
 * PARTs link the minutes of a channel in chains, so that all of them decide what the last one reads as.
 */
import { createHash } from "node:crypto";
import process from "node:process";
import { nodeHasher } from "../../src/adapters/hashers/node_hasher.ts";
import { MINUTE_US, SECOND_US } from "../../src/core/time.ts";
import { SharedChatReader } from "../../src/engine/api/chat/shared_chat_reader.ts";
import { OverlayStore } from "../../src/engine/live/overlay_store.ts";
import { RecordingWorld } from "../simulation/recording/recording_world.ts";
import { tellRow } from "./bench_row.ts";

const CHANNEL = "forsen";
const RATE = 200;
const MINUTES = 8;
const READINGS_A_MINUTE = 6;
const BACK_US = 12 * SECOND_US;
/** Longer than a snapshot of the open minutes serves. */
const APART_MS = 900;

const hasher = nodeHasher();
const world = new RecordingWorld({
  seed: "live read",
  channels: [CHANNEL],
  twitch: { chat: { ratePerSecond: RATE } },
});
const { store, clock, reporter } = world;
const overlay = new OverlayStore({ store, hasher, clock, reporter });
const reader = new SharedChatReader({
  ...{ store: overlay, hasher, clock, reporter, bootName: "bench" },
  cacheMaxBytes: 64_000_000,
});

function cpuMs(sinceUs?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(sinceUs);
  return (user + system) / 1_000;
}

/** The CPU of one reading, and of hashing what it gave, in ms. */
async function readLast(): Promise<{ readonly readMs: number; readonly hashMs: number }> {
  const nowUs = clock.wallUs();
  const pieces: Uint8Array[] = [];
  const before = process.cpuUsage();
  await clock.run((async () => {
    const range = { startUs: nowUs - BACK_US, endUs: nowUs + MINUTE_US, isReversed: false };
    const { minutes } = await reader.read(CHANNEL, range);
    for await (const { bytes } of minutes) pieces.push(bytes);
  })());
  const readMs = cpuMs(before);
  const between = process.cpuUsage();
  const hash = createHash("sha256");
  for (const bytes of pieces) hash.update(bytes);
  hash.digest();
  return { readMs, hashMs: cpuMs(between) };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

await world.start();
overlay.add(world.recorder.unstored);
let readMs: number[] = [];
let hashMs: number[] = [];
for (let minute = 1; minute <= MINUTES; minute++) {
  readMs = [];
  hashMs = [];
  for (let i = 0; i < READINGS_A_MINUTE; i++) {
    await clock.advance(60_000 / READINGS_A_MINUTE - APART_MS);
    await readLast();
    await clock.advance(APART_MS);
    const taken = await readLast();
    readMs.push(taken.readMs);
    hashMs.push(taken.hashMs);
  }
  console.log(`minute ${minute}: ${median(readMs).toFixed(0)} ms of CPU a reading`);
}
await world.stop();
await world.end();
tellRow({
  name: `read the last seconds of ${RATE} lines a second, in minute ${MINUTES}`,
  figure: median(readMs) / median(hashMs),
  unit: "× hashing the minutes read",
  atMost: 40,
  detail: `${median(readMs).toFixed(0)} ms against ${median(hashMs).toFixed(0)} ms`,
});
