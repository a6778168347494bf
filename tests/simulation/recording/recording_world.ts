import assert from "node:assert/strict";
import { type ArchiveKey, parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import {
  type CrashOptions,
  type MemoryJournal,
  memoryJournal,
} from "../../../src/adapters/memory/memory_journal.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { nodeCompressor } from "../../../src/adapters/compressors/node_compressor.ts";
import { type SyncHasher, wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { decodeBatch } from "../../../src/core/batch/batch.ts";
import { sentUs } from "../../../src/core/batch/content.ts";
import { type IrcMessage, KEPT_COMMANDS, type Message } from "../../../src/core/batch/message.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { JournalWriter } from "../../../src/engine/journal/journal_writer.ts";
import { recoverJournals } from "../../../src/engine/recovery/recover_journals.ts";
import type { ReceivedMessage } from "../../../src/engine/record/received_message.ts";
import { Recorder } from "../../../src/engine/record/recorder.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import { type ChatPool, chatPool } from "../../../src/engine/session/chat_pool.ts";
import type { ChatListener } from "../../../src/engine/session/lines/listener.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { JournalStore } from "../../../src/ports/journal_store.ts";
import type { Reporter } from "../../../src/ports/reporter.ts";
import type { Transport } from "../../../src/ports/transport.ts";
import { type SeededRandom, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import {
  SimulatedTwitch,
  type SimulatedTwitchOptions,
} from "../../../src/testing/simulated_twitch/simulated_twitch.ts";
import {
  type VirtualClock,
  virtualClock,
  type VirtualHost,
} from "../../../src/testing/time/virtual_clock.ts";

const hasher: SyncHasher = await wasmHasher();
const compressor = nodeCompressor();

/** Whether a process is still there. */
interface Life {
  isOver: boolean;
}

/** A store as a process sees it that may die between any two calls. */
function mortal(store: BatchStore, life: Life): BatchStore {
  function alive(): BatchStore {
    if (life.isOver) throw new ChatloomError("STORE_IO", "Cannot call: the process is gone");
    return store;
  }
  return {
    list: (...args) => alive().list(...args),
    folders: (...args) => alive().folders(...args),
    strays: (...args) => alive().strays(...args),
    get: async (...args) => await alive().get(...args),
    put: async (...args) => await alive().put(...args),
    delete: async (...args) => await alive().delete(...args),
  };
}

/** How a {@link RecordingWorld} is made. */
export interface RecordingWorldOptions {
  readonly seed: string;
  readonly channels: readonly string[];
  readonly twitch?: Partial<SimulatedTwitchOptions>;
  readonly copies?: number;
  /** The clock, for a store that shares it. */
  readonly clock?: VirtualClock;
  readonly store?: BatchStore;
  readonly journals?: MemoryJournal;
  /** How a recorder opens its runs, if not in `journals` themselves. */
  readonly recordersJournals?: JournalStore;
  readonly waitingMaxBytes?: number;
  readonly onStored?: (key: ArchiveKey, soleReceiver?: string) => void;
  readonly onMessage?: (received: ReceivedMessage) => void;
  /** Stands between the recorder and Twitch. */
  readonly wrapTransport?: (transport: Transport) => Transport;
}

/** A recorder that listens to a simulated Twitch, on a virtual clock, writing to memory. */
export class RecordingWorld {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly twitch: SimulatedTwitch;
  readonly store: BatchStore;
  readonly journals: MemoryJournal;
  readonly counts = new Map<string, number>();
  readonly reports: string[] = [];
  /** By receiver: every line that reached a recorder, in order. */
  readonly heard = new Map<string, string[]>();
  /** Told of lines as they reach the recorder. */
  onReceived: (receiver: string, lines: readonly string[]) => void = () => {};
  readonly #options: RecordingWorldOptions;
  #pool: ChatPool | undefined;
  #recorder: Recorder | undefined;
  #host: VirtualHost | undefined;
  #life: Life = { isOver: true };
  #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: RecordingWorldOptions) {
    const { seed, channels, twitch } = options;
    this.#options = options;
    this.clock = options.clock ?? virtualClock();
    this.random = seededRandom(seed);
    this.store = options.store ?? memoryStore();
    this.journals = options.journals ?? memoryJournal();
    this.twitch = new SimulatedTwitch({
      clock: this.clock,
      random: this.random.fork("twitch"),
      channels,
      chat: { ratePerSecond: 5 },
      ...twitch,
    });
  }

  get reporter(): Reporter {
    return {
      report: (severity, message) => void this.reports.push(`${severity} ${message}`),
      count: (name, labels = {}, amount = 1) => {
        const key = [name, ...Object.values(labels)].join(" ");
        this.counts.set(key, (this.counts.get(key) ?? 0) + amount);
      },
    };
  }

  get recorder(): Recorder {
    return this.#recorder!;
  }

  /** Starts a recorder, on a wall clock `wallOffsetUs` from Twitch's. */
  async start({ wallOffsetUs = 0 }: { readonly wallOffsetUs?: number } = {}): Promise<void> {
    const { reporter, journals } = this;
    const {
      copies = 1,
      wrapTransport = (it) => it,
      channels,
      recordersJournals = journals,
      waitingMaxBytes,
    } = this.#options;
    const life = { isOver: false };
    this.#life = life;
    const store = mortal(this.store, life);
    const clock = this.clock.host(wallOffsetUs);
    this.#host = clock;
    const run = await recordersJournals.openRun("node");
    const journal = new JournalWriter(run, { store: recordersJournals, reporter });
    const limits = {
      waitingMaxBytes,
      onStored: this.#options.onStored,
      onMessage: this.#options.onMessage,
    };
    const recorder = new Recorder({
      store,
      hasher,
      clock,
      reporter,
      journal,
      compressor,
      ...limits,
    });
    this.#recorder = recorder;
    const pool = chatPool({
      url: "ws://simulated",
      transport: wrapTransport(this.twitch.transport()),
      clock,
      random: this.random.fork(`pool of ${run.name}`),
      reporter,
      listener: this.#overhear(recorder, life),
      runName: run.name,
      connectionsPerChannel: copies,
    });
    this.#pool = pool;
    pool.setChannels(channels.map((name) => ({ name, isImportant: false })));
    const stop = new AbortController();
    this.#stop = stop;
    const stopRecorder = new AbortController();
    const recording = recorder.run(stopRecorder.signal);
    this.#running = pool.run(stop.signal)
      .finally(() => stopRecorder.abort())
      .then(() => recording);
    this.#running.catch(() => {});
  }

  #overhear(listener: ChatListener, life: Life): ChatListener {
    return {
      opened: (receiver) => {
        if (life.isOver) return;
        this.heard.set(receiver, []);
        listener.opened(receiver);
      },
      received: (receiver, lines) => {
        if (life.isOver) return;
        const safe = listener.received(receiver, lines);
        const texts = lines.map(({ line }) => line);
        this.heard.get(receiver)!.push(...texts);
        this.onReceived(receiver, texts);
        return safe;
      },
      closed: (receiver, fragment) => {
        if (!life.isOver) listener.closed(receiver, fragment);
      },
    };
  }

  /** The clock of the recorder's machine. */
  get hostClock(): VirtualHost {
    return this.#host!;
  }

  get pool(): ChatPool {
    return this.#pool!;
  }

  /** Lets this many seconds pass, one at a time. */
  async pass(seconds: number, each: (second: number) => void = () => {}): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      each(second);
      await this.clock.advance(1_000);
    }
  }

  /** Stops the recorder by its signal; rejects as it does. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.clock.run(this.#running);
  }

  /** Kills the recorder's process: from this instant on it does nothing more. */
  async crash(options?: CrashOptions): Promise<void> {
    this.#life.isOver = true;
    this.journals.crash(options);
    this.#stop.abort();
    await this.clock.run(this.#running.catch(() => {})); // The dead say nothing.
  }

  /** Replays what dead runs left. */
  async recover(): Promise<void> {
    const { journals, store, reporter } = this;
    await this.clock.run(recoverJournals({ journals, store, hasher, compressor, reporter }));
  }

  /** Makes one file of each minute. */
  async settle(): Promise<void> {
    const { store, reporter } = this;
    await this.clock.run(settleArchive({ store, hasher, reporter }));
  }

  /** Ends Twitch too. */
  async end(): Promise<void> {
    this.twitch.close();
    await this.clock.runUntilIdle();
  }

  /** All messages of the archive, file by file. */
  async archived(): Promise<Message[]> {
    const messages: Message[] = [];
    for await (const key of this.store.list("")) {
      if (parseArchiveKey(key)?.kind !== "batch") continue;
      messages.push(...decodeBatch((await this.store.get(key))!));
    }
    return messages;
  }

  /** The sightings that must be in the archive: each archived line that any recorder was given. */
  expectedSightings(): string[] {
    return [...this.heard].flatMap(([receiver, lines]) =>
      archivedOf(lines).map((message) => sightingText(message, receiver))
    ).sort();
  }

  /** The sightings that are in the archive, once for each time they stand there. */
  async archivedSightings(): Promise<string[]> {
    return (await this.archived()).flatMap((message) =>
      Object.keys(message.receivers).map((receiver) => sightingText(message, receiver))
    ).sort();
  }

  /** Checks that what was heard, and nothing else, is archived, each once. */
  async assertComplete(): Promise<number> {
    const expected = this.expectedSightings();
    const found = await this.archivedSightings();
    const context = `replay with SIM_SEED=${this.#options.seed}`;
    assert.equal(found.length, expected.length, context);
    assert.deepEqual(found, expected, context);
    return found.length;
  }
}

/** The messages among a connection's lines that a recorder keeps, by rules written down once more. */
export function archivedOf(lines: readonly string[]): IrcMessage[] {
  const ready = new Set<string>();
  const messages: IrcMessage[] = [];
  for (const line of lines) {
    const parsed = parseIrcLine(line);
    if (!parsed.ok || !KEPT_COMMANDS.has(parsed.message.command)) continue;
    const channel = parsed.message.params[0] ?? "";
    if (!/^#[a-z0-9_]+$/.test(channel)) continue;
    const isExact = sentUs(parsed.message.tags) !== undefined;
    if (isExact || ready.has(channel)) messages.push(parsed.message);
    if (parsed.message.command === "ROOMSTATE") ready.add(channel);
  }
  // One receiver has an exact message once, however often it came.
  const exact = new Set<string>();
  return messages.filter((message) => {
    if (sentUs(message.tags) === undefined) return true;
    const text = sightingText(message, "");
    return !exact.has(text) && exact.add(text);
  });
}

/** One sighting of a message, as a text. */
export function sightingText(message: IrcMessage, receiver: string): string {
  const { command, params, sender, user, host, tags } = message;
  const pairs = tags === null ? null : Object.entries(tags).sort();
  return JSON.stringify([receiver, command, params, sender, user, host, pairs]);
}
