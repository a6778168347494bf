import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { splitBatch } from "../../../src/core/batch/batch.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { HOUR_US, hourOf, MINUTE_US } from "../../../src/core/time.ts";
import { SharedChatReader } from "../../../src/engine/api/chat/shared_chat_reader.ts";
import { OverlayStore } from "../../../src/engine/live/overlay_store.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { readEvents } from "../../../src/engine/read/read_events.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { archivedOf, RecordingWorld, sightingText } from "../recording/recording_world.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "overlay";
const CHANNEL = "forsen";
const hasher = await wasmHasher();

interface Trouble {
  isDenied: boolean;
  onGet?: (key: string) => void;
}

/** A store whose calls take a moment each, and that can be told to refuse batches. */
function slowStore(seed: string) {
  const inner = memoryStore();
  const random = seededRandom(seed);
  const trouble: Trouble = { isDenied: false };
  const pause = async () => {
    for (let i = Math.floor(random.next() * 6); i > 0; i--) await Promise.resolve();
  };
  const store: BatchStore = {
    async *list(...args) {
      await pause();
      for await (const key of inner.list(...args)) {
        if (random.next() < 0.1) await pause();
        yield key;
      }
    },
    folders: (...args) => inner.folders(...args),
    strays: (...args) => inner.strays(...args),
    async get(key, ...rest) {
      await pause();
      trouble.onGet?.(key);
      return await inner.get(key, ...rest);
    },
    async put(key, ...rest) {
      await pause();
      if (trouble.isDenied) throw new ChatloomError("STORE_DENIED", "Cannot store");
      await inner.put(key, ...rest);
    },
    async delete(...args) {
      await pause();
      await inner.delete(...args);
    },
  };
  return { store, trouble };
}

/** A recorder with an overlay over its store, and a reader of both. */
class LiveWorld {
  readonly recording: RecordingWorld;
  readonly trouble: Trouble;
  readonly overlay: OverlayStore;
  readonly reader: SharedChatReader;
  readonly #seed: string;

  constructor(seed: string, options: { copies?: number; waitingMaxBytes?: number } = {}) {
    const { store, trouble } = slowStore(seed);
    this.#seed = seed;
    this.trouble = trouble;
    this.recording = new RecordingWorld({
      ...{ seed, channels: [CHANNEL, "ada_lovelace"], store, ...options },
      twitch: { chat: { ratePerSecond: 4 }, faults: { perSecond: { drop: 0.01 } } },
    });
    const { clock, reporter } = this.recording;
    this.overlay = new OverlayStore({ store, hasher, clock, reporter });
    this.reader = new SharedChatReader({
      ...{ store: this.overlay, hasher, clock, reporter },
      cacheMaxBytes: 8_000_000,
      bootName: "test",
    });
  }

  async start(): Promise<void> {
    await this.recording.start();
    this.overlay.add(this.recording.recorder.unstored);
  }

  /** The messages that readers of the last two hours are given. */
  async read(): Promise<Message[]> {
    const nowUs = this.recording.clock.wallUs();
    const range = { startUs: hourOf(nowUs) - HOUR_US, endUs: nowUs + HOUR_US, isReversed: false };
    const messages: Message[] = [];
    const reading = (async () => {
      const { minutes } = await this.reader.read(CHANNEL, range);
      for await (const { bytes } of minutes) {
        messages.push(...splitBatch(bytes).map((line) => JSON.parse(line) as Message));
      }
    })();
    await this.recording.clock.run(reading);
    return messages;
  }

  /** Checks that all that was heard until now, and nothing else, is read, each once. */
  async assertAllRead(): Promise<number> {
    // The last snapshot may be a moment old.
    await this.recording.clock.advance(1_000);
    const expected = [...this.recording.heard].flatMap(([receiver, lines]) =>
      archivedOf(lines).filter(({ params }) => params[0] === `#${CHANNEL}`)
        .map((message) => sightingText(message, receiver))
    ).sort();
    const messages = await this.read();
    const found = messages.flatMap((message) =>
      Object.keys(message.receivers).map((receiver) => sightingText(message, receiver))
    ).sort();
    const context = `replay with SIM_SEED=${this.#seed}`;
    const missing = expected.filter((each) => !found.includes(each));
    // What came while the answer was made may be in it.
    assert.deepEqual(missing, [], context);
    const ids = messages.map(({ tags }) => tags?.["id"]).filter((id) => id !== undefined);
    assert.equal(new Set(ids).size, ids.length, `${context}: an exact message came twice`);
    const counts = new Map<string, number>();
    for (const each of found) counts.set(each, (counts.get(each) ?? 0) + 1);
    for (const each of expected) counts.set(each, counts.get(each)! - 1);
    const repeated = [...counts].filter(([, count]) => count > 0);
    assert.deepEqual(repeated, [], `${context}: more sightings than were heard`);
    return messages.length;
  }
}

for (const copies of [1, 2]) {
  test(`OverlayStore gives each message once over closing, storing and settling, ${copies} connections`, async () => {
    const world = new LiveWorld(`${SEED} ${copies}`, { copies });
    await world.start();
    let most = 0;
    for (let step = 0; step < 40; step++) {
      await world.recording.pass(9);
      most = Math.max(most, await world.assertAllRead());
      if (step % 7 === 6) await world.recording.settle();
    }
    assert.ok(most > 500, `${most} messages`);
    await world.recording.stop();
    await world.assertAllRead();
    assert.deepEqual([...world.recording.recorder.unstored.channels()], []);
    await world.recording.end();
  });
}

test("OverlayStore reads back what memory has no room for, while the store fails", async () => {
  const world = new LiveWorld(`${SEED} spilled`, { waitingMaxBytes: 60_000 });
  await world.start();
  await world.recording.pass(70);
  world.trouble.isDenied = true;
  for (let step = 0; step < 8; step++) {
    await world.recording.pass(60);
    await world.assertAllRead();
  }
  const waiting = world.recording.recorder.state().pendingBatches;
  assert.ok(waiting > 8, `${waiting} batches waited`);
  world.trouble.isDenied = false;
  for (let step = 0; step < 4; step++) {
    await world.recording.pass(20);
    await world.assertAllRead();
  }
  assert.equal(world.recording.recorder.state().pendingBatches, 0);
  await world.recording.stop();
  await world.recording.end();
});

test("OverlayStore: a message is read within a second, and lists only its own channel anew", async () => {
  const world = new LiveWorld(`${SEED} fresh`);
  await world.start();
  await world.recording.pass(30);
  let seen = (await world.read()).length;
  for (let i = 0; i < 20; i++) {
    const heard = [...world.recording.heard.values()].flatMap(archivedOf)
      .filter(({ params }) => params[0] === `#${CHANNEL}`).length;
    await world.recording.clock.advance(250);
    const now = (await world.read()).length;
    assert.ok(now >= heard, `${heard} were heard, ${now} are read`);
    assert.ok(now >= seen, "what was read once is read again");
    seen = now;
  }
  await world.recording.stop();
  await world.recording.end();
});

test("OverlayStore keeps the promises of a store: its keys are read as they are listed", async () => {
  const world = new LiveWorld(`${SEED} store`);
  await world.start();
  await world.recording.pass(100);
  const { overlay, recording } = world;
  const keys: string[] = [];
  for await (const key of overlay.list(`${CHANNEL}/`)) keys.push(key);
  assert.ok(keys.length > 1);
  assert.deepEqual(keys, [...keys].sort());
  for (const key of keys) {
    const parts = parseArchiveKey(key);
    const bytes = await overlay.get(key);
    assert.ok(bytes !== undefined, key);
    if (parts?.kind === "batch") assert.deepEqual(await hasher.digest(bytes), parts.digest);
    bytes.fill(0); // It belongs to the caller.
    assert.notDeepEqual(await overlay.get(key), bytes);
  }
  const channels: string[] = [];
  for await (const name of overlay.folders("")) channels.push(name);
  assert.deepEqual(channels, ["ada_lovelace", CHANNEL]);
  // Of what is received and not stored, the files have nothing.
  const stored: string[] = [];
  for await (const key of recording.store.list("")) stored.push(key);
  assert.ok(stored.length < keys.length + 10);
  const events = [];
  const { reporter } = recording;
  for await (const event of readEvents(CHANNEL, { store: overlay, hasher, reporter })) {
    events.push(event);
  }
  assert.ok(events.length > 50);
  await recording.stop();
  await recording.end();
});

test("SharedChatReader reads a stored minute once, though lines come", async () => {
  const world = new LiveWorld(`${SEED} cache`);
  await world.start();
  await world.recording.pass(1_000);
  await world.assertAllRead();
  // Equal JOINs and PARTs chain some minutes before the last one to it.
  const lastUs = world.recording.clock.wallUs() - 9 * MINUTE_US;
  const gets: string[] = [];
  world.trouble.onGet = (key) => {
    const parts = parseArchiveKey(key);
    if (parts?.kind === "batch" && parts.minuteUs < lastUs) gets.push(key);
  };
  for (let i = 0; i < 20; i++) {
    await world.recording.pass(1);
    await world.assertAllRead();
  }
  assert.ok(gets.length <= 6, gets.join("\n")); // A chain may reach back, as a minute closes.
  await world.recording.stop();
  await world.recording.end();
});
