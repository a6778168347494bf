import { collect } from "../../../src/async/collect.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { memoryIndex } from "../../../src/adapters/memory/memory_index.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { batchKey, formatArchiveKey, hourPrefix } from "../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import type { IrcMessage, Message } from "../../../src/core/batch/message.ts";
import { FactsCollector } from "../../../src/core/index/facts_collector.ts";
import type { HourFacts } from "../../../src/core/index/hour_facts.ts";
import { encodeRedaction } from "../../../src/core/redaction/redaction.ts";
import { runSteps } from "../../../src/core/steps.ts";
import { HOUR_US, hourOf, type Micros, MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import { fillChannel, type FillTotals } from "../../../src/engine/index/fill_channel.ts";
import { HourStamps } from "../../../src/engine/index/hour_stamps.ts";
import { IndexFinder } from "../../../src/engine/index/index_finder.ts";
import { readMinutes } from "../../../src/engine/read/read_minutes.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { ChatIndex } from "../../../src/ports/index/chat_index.ts";
import type { FolderVersions } from "../../../src/ports/index/folder_versions.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { intBelow, pick, type SeededRandom } from "../../../src/testing/chance/seeded_random.ts";

export const hasher = await wasmHasher();

/** When the small archives begin. */
export const WORLD_US: Micros = 1_785_585_600 * SECOND_US; // 2026-08-01T12:00Z
export const WORLD_HOURS = 5;
export const CHANNELS = ["forsen", "nymn"] as const;

/** A few users, of whom two were renamed and one has no id in the messages. */
const USERS = [
  { id: "1", login: "ada" },
  { id: "1", login: "lovelace" },
  { id: "2", login: "bob" },
  { id: "3", login: "ada" },
  { id: "", login: "eve" },
] as const;
export const IDS = ["1", "2", "3", "4"] as const;
export const LOGINS = ["ada", "lovelace", "bob", "eve", "mallory"] as const;
export const WORDS = ["kappa", "straße", "STRASSE", "lul", "日本", "ada", "subscribed"] as const;

/** What an index is tried with: an archive, and what of it changes. */
export interface IndexWorldOptions {
  readonly random: SeededRandom;
  readonly store?: BatchStore;
  readonly index?: ChatIndex;
  readonly versions?: FolderVersions;
}

/** A small archive that changes, and an index of it. */
export class IndexWorld {
  readonly random: SeededRandom;
  readonly store: BatchStore;
  index: ChatIndex;
  readonly stamps: HourStamps;
  finder: IndexFinder;
  /** Which hours are settled. */
  readonly settled = settledNotes();
  readonly #readings = new Map<string, { names: string; minutes: Map<Micros, Message[]> }>();
  #count = 0;

  constructor(
    { random, store = memoryStore(), index = memoryIndex(), versions }: IndexWorldOptions,
  ) {
    this.random = random;
    this.store = store;
    this.index = index;
    this.stamps = new HourStamps({ store, hasher, versions });
    this.finder = this.#newFinder();
  }

  /** A file of a few messages in some minute, near an edge of an hour as often as not. */
  async addFile(): Promise<void> {
    const { random } = this;
    const channel = pick(random, CHANNELS);
    const hourUs = WORLD_US + intBelow(random, WORLD_HOURS) * HOUR_US;
    const minuteUs = hourUs + pick(random, [0, 59, intBelow(random, 60)]) * MINUTE_US;
    const messages = Array.from(
      { length: 1 + intBelow(random, 3) },
      () => this.#message(channel, minuteUs),
    );
    messages.sort((a, b) => a.time - b.time);
    const bytes = encodeBatch(messages);
    const digest = await hasher.digest(bytes);
    await this.store.put(batchKey(channel, { timeUs: minuteUs, digest }), bytes);
  }

  async settle(): Promise<void> {
    const { store } = this;
    await settleArchive({ store, hasher, reporter: noopReporter, notes: this.settled });
  }

  /** Stores an order, as one that comes from a peer: files are rewritten when they are settled. */
  async redact(messageId?: string): Promise<void> {
    const { random } = this;
    const channel = pick(random, CHANNELS);
    const user = pick(random, USERS.filter(({ id }) => id !== ""));
    const target = messageId === undefined && random.next() < 0.6
      ? { kind: "user" as const, userId: user.id, logins: [user.login], beforeUs: undefined }
      : {
        kind: "message" as const,
        id: messageId ?? `message-${intBelow(random, Math.max(1, this.#count))}`,
      };
    const bytes = encodeRedaction({ target, madeUs: WORLD_US, reason: "test" });
    const digest = await hasher.digest(bytes);
    await this.store.put(formatArchiveKey({ kind: "redaction", channel, digest }), bytes);
  }

  /** Deletes all files of an hour. */
  async prune(): Promise<void> {
    const channel = pick(this.random, CHANNELS);
    const hourUs = WORLD_US + intBelow(this.random, WORLD_HOURS) * HOUR_US;
    for await (const key of this.store.list(hourPrefix(channel, hourUs))) {
      await this.store.delete(key);
    }
  }

  /** Fills all of the index. */
  async fill(only?: ReadonlySet<Micros>): Promise<FillTotals[]> {
    const totals: FillTotals[] = [];
    for (const channel of new Set([...CHANNELS, ...await this.index.channels()])) {
      const { index, store, stamps } = this;
      const reporter = noopReporter;
      const settled = this.settled;
      totals.push(
        await fillChannel(channel, { index, store, stamps, hasher, reporter, settled, only }),
      );
    }
    return totals;
  }

  /** Another process: it knows nothing yet. */
  restart(index: ChatIndex = this.index): void {
    this.index = index;
    this.finder = this.#newFinder();
  }

  /** All messages of a channel, minute by minute, in normal form; read once until files change. */
  async read(channel: string): Promise<Map<Micros, Message[]>> {
    const names = (await collect(this.store.list(`${channel}/`))).join();
    const known = this.#readings.get(channel);
    if (known?.names === names) return known.minutes;
    const minutes = new Map<Micros, Message[]>();
    for await (
      const { minuteUs, bytes } of readMinutes(channel, {
        store: this.store,
        hasher,
        reporter: noopReporter,
      })
    ) {
      const lines = new TextDecoder().decode(bytes).trimEnd().split("\n");
      minutes.set(minuteUs, lines.map((line) => JSON.parse(line)));
    }
    this.#readings.set(channel, { names, minutes });
    return minutes;
  }

  /** The facts of the hours of a channel that `isMeant`, by reading them. */
  async facts(
    channel: string,
    isMeant: (hourUs: Micros) => boolean,
  ): Promise<Map<Micros, HourFacts>> {
    const collectors = new Map<Micros, FactsCollector>();
    for await (
      const minute of readMinutes(channel, { store: this.store, hasher, reporter: noopReporter })
    ) {
      const hourUs = hourOf(minute.minuteUs);
      if (!isMeant(hourUs)) continue;
      let collector = collectors.get(hourUs);
      if (collector === undefined) collectors.set(hourUs, collector = new FactsCollector());
      runSteps(collector.adding(minute));
    }
    return new Map([...collectors].map(([hourUs, collector]) => [hourUs, collector.facts()]));
  }

  #newFinder(): IndexFinder {
    const { index, store, stamps } = this;
    return new IndexFinder({ index, store, stamps, clock: systemClock() });
  }

  #message(channel: string, minuteUs: Micros): Message {
    const { random } = this;
    const time = minuteUs / SECOND_US + intBelow(random, 60);
    const user = pick(random, USERS);
    const [other, text] = [pick(random, USERS), `${pick(random, WORDS)} ${pick(random, WORDS)}`];
    const id = `message-${this.#count++}`;
    const tags = {
      id,
      "room-id": channel === "forsen" ? "22" : "62",
      "tmi-sent-ts": `${time * 1000}`,
      ...(user.id === "" ? {} : { "user-id": user.id }),
    };
    const said = { params: [`#${channel}`, text], sender: user.login, user: user.login, host: "h" };
    const server = { sender: "tmi.twitch.tv", user: null, host: "tmi.twitch.tv" };
    const kinds: readonly IrcMessage[] = [
      { command: "PRIVMSG", ...said, tags },
      {
        command: "PRIVMSG",
        ...said,
        tags: { ...tags, "reply-parent-user-id": other.id, "reply-parent-user-login": other.login },
      },
      {
        command: "CLEARCHAT",
        ...server,
        params: [`#${channel}`, other.login],
        tags: { ...tags, "target-user-id": other.id },
      },
      {
        command: "USERNOTICE",
        ...server,
        params: [`#${channel}`],
        tags: { ...tags, login: user.login, "system-msg": `${user.login} subscribed` },
      },
      { command: "JOIN", ...said, params: [`#${channel}`], tags: null },
    ];
    const message = pick(random, kinds);
    // A JOIN may hang over into the next minute, or the next hour.
    const time_range = message.command === "JOIN" ? 10 * intBelow(random, 5) : 0;
    return { ...message, receivers: { "a.AbCdE.0": time + 0.5 }, time, time_range };
  }
}

/** Notes in memory. */
export function settledNotes() {
  const notes = new Map<string, ReadonlyMap<string, string>>();
  return {
    read: (channel: string) => Promise.resolve(notes.get(channel) ?? new Map()),
    write: (channel: string, hours: ReadonlyMap<string, string>) =>
      Promise.resolve(void notes.set(channel, new Map(hours))),
  };
}
