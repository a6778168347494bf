import {
  type ArchiveKey,
  chatFolder,
  formatHour,
  hourPrefix,
  parseArchiveKey,
} from "../../core/archive/archive_key.ts";
import { Coalescer } from "../../async/coalescer.ts";
import { Lru } from "../../core/lru.ts";
import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { UnstoredSource } from "../record/unstored/unstored_source.ts";
import { type SnapshotOptions, takeSnapshot, type UnstoredSnapshot } from "./unstored_snapshot.ts";

/** What an {@link OverlayStore} works with. */
export interface OverlayOptions extends SnapshotOptions {
  /** The files. */
  readonly store: BatchStore;
  /** Measures what a snapshot costs. */
  readonly clock: Clock;
}

/** A snapshot serves this long, so that a crowd of readers costs one. */
const SNAPSHOT_MIN_US = 200 * MILLISECOND_US;
/** The longest that a new message is not seen, besides the time that a snapshot takes. */
const SNAPSHOT_MAX_US = 800 * MILLISECOND_US;
/** Snapshots take at most one part in this many of the time, while they take less than the longest. */
const COST_FACTOR = 6;
/** How much is held of channels that were read lately. */
const HELD_MAX_BYTES = 64 * 1024 * 1024;

interface Taken {
  readonly snapshot: UnstoredSnapshot;
  readonly before: UnstoredSnapshot | undefined;
  /** When it was taken. */
  readonly sinceUs: Micros;
  /** How long it serves readers. */
  readonly untilUs: Micros;
  readonly heldBytes: number;
}

/**
 * The archive with what is received and not stored: a store of files, and over it a batch in canonical
 * form, under the key of its bytes, for each minute that is not stored yet. A message may be in a file
 * and in such a batch; reading gives the normal form of all, in which it is one.
 *
 * Such a batch grows: each snapshot has it under another key. A snapshot serves readers for 0.2 s, or six
 * times as long as it took, but at most 0.8 s: so it costs a sixth of a core at most, and only of
 * channels that are read. A key of the last two snapshots can be read.
 *
 * Puts and deletes go to the files. Nothing that lists or copies files may be given this store.
 */
export class OverlayStore implements BatchStore {
  readonly #options: OverlayOptions;
  readonly #sources = new Set<UnstoredSource>();
  readonly #taking = new Coalescer<Taken>();
  readonly #taken = new Lru<string, Taken>({
    costMax: HELD_MAX_BYTES,
    costOf: ({ heldBytes }) => Math.min(heldBytes, HELD_MAX_BYTES),
  });

  /** The files alone, until sources are added. */
  constructor(options: OverlayOptions) {
    this.#options = options;
  }

  /** Adds what `source` has to the files; returns what removes it again. */
  add(source: UnstoredSource): () => void {
    this.#sources.add(source);
    return () => void this.#sources.delete(source);
  }

  /** How many bytes of snapshots are held. */
  get heldBytes(): number {
    return this.#taken.cost;
  }

  /** The minutes of a channel of which something is not stored yet, each once. */
  minutesOf(channel: string): ReadonlySet<Micros> {
    const minutes = [...this.#sources].flatMap((source) => [...source.minutesOf(channel)]);
    return new Set(minutes.map(({ minuteUs }) => minuteUs));
  }

  /** See {@link BatchStore}. */
  async *list(prefix: string, options?: AbortOptions): AsyncIterable<ArchiveKey> {
    const slash = prefix.indexOf("/");
    const channels = slash >= 0
      ? [prefix.slice(0, slash)]
      : this.channels().filter((channel) => channel.startsWith(prefix));
    const keys: ArchiveKey[] = [];
    for (const channel of channels) {
      if (this.#mayHold(channel, prefix)) keys.push(...(await this.#snapshot(channel)).keys());
    }
    yield* union(keys, prefix, this.#options.store.list(prefix, options));
  }

  /** See {@link BatchStore}. */
  async *folders(folder: string, options?: AbortOptions): AsyncIterable<string> {
    const inside = this.#options.store.folders(folder, options);
    yield* union(this.#foldersIn(folder), "", inside);
  }

  /** See {@link BatchStore}. */
  async get(key: ArchiveKey, options?: AbortOptions): Promise<Uint8Array | undefined> {
    const parts = parseArchiveKey(key);
    if (parts?.kind === "batch") {
      options?.signal?.throwIfAborted();
      const taken = this.#taken.get(parts.channel);
      const bytes = await (taken?.snapshot.get(key) ?? taken?.before?.get(key))?.read();
      if (bytes !== undefined) return bytes.slice();
    }
    return await this.#options.store.get(key, options);
  }

  /** See {@link BatchStore}. */
  put(key: ArchiveKey, bytes: Uint8Array, options?: AbortOptions): Promise<void> {
    return this.#options.store.put(key, bytes, options);
  }

  /** See {@link BatchStore}. */
  delete(key: ArchiveKey, options?: AbortOptions): Promise<void> {
    return this.#options.store.delete(key, options);
  }

  /** See {@link BatchStore}. */
  strays(prefix: string, options?: AbortOptions): ReturnType<BatchStore["strays"]> {
    return this.#options.store.strays(prefix, options);
  }

  /** Resolves when all that the sources had of `channel` at the call can be read here. */
  async freshen(channel: string): Promise<void> {
    const { clock } = this.#options;
    const nowUs = clock.elapsedUs();
    for (;;) {
      const known = this.#taken.get(channel);
      const waitUs = (known?.untilUs ?? 0) - clock.elapsedUs();
      if (known !== undefined && known.sinceUs >= nowUs) return;
      if (known !== undefined && waitUs > 0) await clock.sleep(Math.ceil(waitUs / MILLISECOND_US));
      const taken = await this.#taking.run(channel, () => this.#take(channel));
      if (taken.sinceUs >= nowUs) return;
    }
  }

  /** See {@link BatchStore}. The bytes of the moment stay in memory as long as the result does. */
  freeze(channel: string): Promise<BatchStore> {
    const files = this.#options.store;
    let taken: Promise<UnstoredSnapshot> | undefined;
    // Not before it is needed: most of what is asked for is long stored.
    const keysFor = async (prefix: string) => {
      if (taken === undefined && !this.#mayHold(channel, prefix)) return [];
      taken ??= this.#snapshot(channel);
      return [...(await taken).keys()];
    };
    return Promise.resolve({
      async *list(prefix, options) {
        yield* union(await keysFor(prefix), prefix, files.list(prefix, options));
      },
      folders: (folder, options) => this.folders(folder, options),
      async get(key, options) {
        options?.signal?.throwIfAborted();
        const bytes = await (await taken)?.get(key)?.read();
        return bytes?.slice() ?? await files.get(key, options);
      },
      put: (key, bytes, options) => files.put(key, bytes, options),
      delete: (key, options) => files.delete(key, options),
      strays: (prefix, options) => files.strays(prefix, options),
    });
  }

  /** Whether a key of something that is not stored may start with `prefix`. */
  #mayHold(channel: string, prefix: string): boolean {
    const chat = `${chatFolder(channel)}/`;
    if (!prefix.startsWith(chat)) return chat.startsWith(prefix);
    for (const source of this.#sources) {
      for (const { minuteUs } of source.minutesOf(channel)) {
        const hour = hourPrefix(channel, minuteUs);
        if (hour.startsWith(prefix) || prefix.startsWith(hour)) return true;
      }
    }
    return false;
  }

  /** The channels of which there is anything in a source. */
  channels(): string[] {
    const channels = new Set<string>();
    for (const source of this.#sources) for (const each of source.channels()) channels.add(each);
    return [...channels];
  }

  #foldersIn(folder: string): string[] {
    if (folder === "") return this.channels();
    const channel = folder.split("/", 1)[0]!;
    const minutes = this.minutesOf(channel);
    if (minutes.size === 0) return [];
    if (folder === channel) return ["chat"];
    return folder === chatFolder(channel) ? [...minutes].map(formatHour) : [];
  }

  async #snapshot(channel: string): Promise<UnstoredSnapshot> {
    const { clock } = this.#options;
    const known = this.#taken.get(channel);
    if (known !== undefined && clock.elapsedUs() < known.untilUs) return known.snapshot;
    return (await this.#taking.run(channel, () => this.#take(channel))).snapshot;
  }

  async #take(channel: string): Promise<Taken> {
    const { clock, hasher, reporter } = this.#options;
    const before = this.#taken.get(channel);
    const sinceUs = clock.elapsedUs();
    // A reader that waited for another's snapshot may take that.
    if (before !== undefined && sinceUs < before.untilUs) return before;
    const sources = this.#sources;
    const options = { sources, before: before?.snapshot, hasher, reporter };
    const snapshot = await takeSnapshot(channel, options);
    const nowUs = clock.elapsedUs();
    const lifeUs = Math.max(SNAPSHOT_MIN_US, COST_FACTOR * (nowUs - sinceUs));
    const taken = {
      snapshot,
      before: before?.snapshot,
      sinceUs,
      untilUs: nowUs + Math.min(lifeUs, SNAPSHOT_MAX_US),
      heldBytes: heldBytesOf(snapshot, before?.snapshot),
    };
    if (snapshot.size > 0 || before !== undefined) this.#taken.set(channel, taken);
    return taken;
  }
}

function heldBytesOf(...snapshots: readonly (UnstoredSnapshot | undefined)[]): number {
  const batches = new Set(snapshots.flatMap((each) => [...each?.values() ?? []]));
  let bytes = 0;
  for (const batch of batches) bytes += batch.heldBytes;
  return bytes;
}

/** Both in ascending order, each once; of `more` those that start with `prefix`. */
async function* union(
  more: readonly string[],
  prefix: string,
  sorted: AsyncIterable<string>,
): AsyncIterable<string> {
  const left = [...new Set(more)].filter((each) => each.startsWith(prefix)).sort();
  let at = 0;
  for await (const each of sorted) {
    while (at < left.length && left[at]! < each) yield left[at++]!;
    if (left[at] === each) at++;
    yield each;
  }
  while (at < left.length) yield left[at++]!;
}
