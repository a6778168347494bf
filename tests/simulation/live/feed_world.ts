import { memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { splitBatch } from "../../../src/core/batch/batch.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import type { MessageFilter } from "../../../src/core/text/message_filter.ts";
import { SharedChatReader } from "../../../src/engine/api/chat/shared_chat_reader.ts";
import { type Cursor, formatCursor, parseCursor } from "../../../src/engine/live/cursor.ts";
import { JournalFollower } from "../../../src/engine/live/journal_follower.ts";
import { LiveFeed } from "../../../src/engine/live/live_feed.ts";
import { followChat } from "../../../src/engine/live/live_stream.ts";
import { OverlayStore } from "../../../src/engine/live/overlay_store.ts";
import { RedactionWatch } from "../../../src/engine/live/redaction_watch.ts";
import { replaySource } from "../../../src/engine/live/replay.ts";
import { readMinutes } from "../../../src/engine/read/read_minutes.ts";
import type { JournalStore } from "../../../src/ports/journal_store.ts";
import type { SimulatedTwitchOptions } from "../../../src/testing/simulated_twitch/simulated_twitch.ts";
import { RecordingWorld } from "../recording/recording_world.ts";

export const CHANNELS = ["forsen", "ada_lovelace"] as const;
const hasher = await wasmHasher();
const NO_FILTER: MessageFilter = { users: new Set(), commands: new Set(), text: "" };

/** One life of a process that gives what is live: a recorder's, or that of a server beside it. */
export class LiveProcess {
  readonly feed: LiveFeed;
  readonly overlay: OverlayStore;
  readonly follower: JournalFollower;
  readonly #world: FeedWorld;
  readonly #reader: SharedChatReader;
  readonly #redactions: RedactionWatch;
  readonly #stop = new AbortController();

  constructor(world: FeedWorld, options: { isRecorder: boolean; ringMaxBytes?: number }) {
    this.#world = world;
    const { clock, reporter, store, random, journals } = world.recording;
    const { ringMaxBytes } = options;
    this.feed = new LiveFeed({ clock, random, reporter, ringMaxBytes });
    this.overlay = new OverlayStore({ store, hasher, clock, reporter });
    this.follower = new JournalFollower({
      ...{ journals, clock, reporter, feed: this.feed },
      skips: ({ name }) => options.isRecorder && name === world.runName,
    });
    this.overlay.add(this.follower);
    this.#redactions = new RedactionWatch({ store, hasher, clock });
    this.#reader = new SharedChatReader({
      ...{ store: this.overlay, hasher, clock, reporter },
      cacheMaxBytes: 8_000_000,
      bootName: "test",
    });
  }

  /** Reads the journals that are there, and follows them from then on. */
  async begin(): Promise<void> {
    await this.follower.poll();
    this.follower.run(this.#stop.signal).catch((error) => this.#world.failures.push(error));
  }

  /** The messages that readers of the channel are given. */
  async read(channel: string): Promise<Message[]> {
    const nowUs = this.#world.recording.clock.wallUs();
    const range = { startUs: nowUs - 7_200e6, endUs: nowUs + 600e6, isReversed: false };
    const { minutes } = await this.#reader.read(channel, range);
    return await messagesOf(minutes);
  }

  /** A stream of one client, which ends with the process. */
  follow(
    channels: readonly string[] | undefined,
    { after, filter = NO_FILTER, signal }: {
      readonly after: Cursor | undefined;
      readonly filter?: MessageFilter | undefined;
      readonly signal: AbortSignal;
    },
  ): ReturnType<typeof followChat> {
    const { clock } = this.#world.recording;
    return followChat({
      feed: this.feed,
      source: replaySource({ store: this.overlay, reader: this.#reader, clock }),
      redactionsOf: (channel) => this.#redactions.of(channel),
      ...{ channels, after, filter, signal },
    });
  }

  /** Ends it at once. */
  die(): void {
    this.#stop.abort();
    this.feed.close();
  }
}

/** A recorder of a simulated Twitch, which dies and begins anew, with its feed. */
export class FeedWorld {
  readonly recording: RecordingWorld;
  readonly failures: unknown[] = [];
  /** The run that the recorder writes. */
  runName = "";
  #process: LiveProcess | undefined;

  constructor(
    seed: string,
    options: { readonly copies?: number; readonly twitch?: Partial<SimulatedTwitchOptions> } = {},
  ) {
    const journals = memoryJournal();
    const recordersJournals: JournalStore = {
      deadRuns: () => journals.deadRuns(),
      openRun: async (node) => {
        const run = await journals.openRun(node);
        this.runName = run.name;
        return run;
      },
    };
    this.recording = new RecordingWorld({
      ...{ seed, channels: CHANNELS, store: memoryStore(), journals, recordersJournals },
      twitch: { chat: { ratePerSecond: 3 }, faults: { perSecond: { drop: 0.01 } } },
      onMessage: (received) => this.#process?.feed.publish(received),
      ...options,
    });
  }

  /** The life of the recorder's process; `undefined` while it is dead. */
  get process(): LiveProcess | undefined {
    return this.#process;
  }

  async start(options: { readonly ringMaxBytes?: number } = {}): Promise<void> {
    const process = new LiveProcess(this, { isRecorder: true, ...options });
    await process.begin();
    await this.recording.start();
    process.overlay.add(this.recording.recorder.unstored);
    this.#process = process;
  }

  /** Kills the recorder: from this instant on its process does nothing more. */
  async crash(): Promise<void> {
    this.#process?.die();
    this.#process = undefined;
    await this.recording.crash();
  }

  async stop(): Promise<void> {
    await this.recording.stop();
    this.#process?.die();
    this.#process = undefined;
  }

  /** What the settled archive has of a channel. */
  async archived(channel: string): Promise<Message[]> {
    const { store, reporter } = this.recording;
    return await messagesOf(readMinutes(channel, { store, hasher, reporter }));
  }
}

/** A client that comes back with the id of its last event. */
export class FeedClient {
  readonly world: FeedWorld;
  readonly channels: readonly string[] | undefined;
  readonly options: { readonly pauseMs?: number; readonly filter?: MessageFilter };
  readonly messages: Message[] = [];
  readonly told: string[] = [];
  last: Cursor | undefined;
  connections = 0;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  /** `pauseMs` is what it takes for each piece that it reads. */
  constructor(
    world: FeedWorld,
    channels: readonly string[] | undefined,
    options: { readonly pauseMs?: number; readonly filter?: MessageFilter } = {},
  ) {
    this.world = world;
    this.channels = channels;
    this.options = options;
  }

  connect(process: LiveProcess): void {
    this.connections++;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const stop = () => this.#stop.abort();
    process.feed.closed.addEventListener("abort", stop, { once: true });
    this.#running = this.#read(process, signal).catch((error) => {
      if (!signal.aborted) this.world.failures.push(error);
    });
  }

  async disconnect(): Promise<void> {
    this.#stop.abort();
    await this.world.recording.clock.run(this.#running);
  }

  async #read(process: LiveProcess, signal: AbortSignal): Promise<void> {
    const { filter, pauseMs = 0 } = this.options;
    const stream = process.follow(this.channels, { after: this.last, filter, signal });
    for await (const items of stream) {
      for (const item of items) {
        if (signal.aborted) return;
        if (item.kind === "missed") this.told.push(item.kind);
        const cursor = item.kind === "message"
          ? item.event.cursor
          : item.kind === "alive"
          ? item.cursor
          : undefined;
        // As it goes over the wire.
        if (cursor !== undefined) this.last = parseCursor(formatCursor(cursor));
        if (item.kind === "message") this.messages.push(JSON.parse(item.event.line) as Message);
      }
      if (pauseMs > 0) await this.world.recording.clock.sleep(pauseMs, signal);
    }
  }
}

async function messagesOf(
  minutes: AsyncIterable<{ readonly bytes: Uint8Array }>,
): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const { bytes } of minutes) {
    messages.push(...splitBatch(bytes).map((line) => JSON.parse(line) as Message));
  }
  return messages;
}

/** Each sighting of a message, as a text. */
export function sightingsOf(message: Message): string[] {
  const { receivers, time: _, time_range: __, ...content } = message;
  return Object.entries(receivers).map(([receiver, entry]) => {
    const receivedS = typeof entry === "number" ? entry : entry.received;
    return JSON.stringify([content, receiver, receivedS]);
  });
}

/** When a message was received for the first time, in seconds. */
export function firstReceivedS(message: Message): number {
  const times = Object.values(message.receivers)
    .map((entry) => typeof entry === "number" ? entry : entry.received);
  return Math.min(...times);
}
