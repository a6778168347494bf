import type { UnstoredMinutes } from "../../engine/index/channel_states.ts";
import { dropStale } from "../../engine/index/drop_stale.ts";
import { HourStamps } from "../../engine/index/hour_stamps.ts";
import { IndexFinder } from "../../engine/index/index_finder.ts";
import { IndexKeeper } from "../../engine/index/index_keeper.ts";
import { verifyIndex } from "../../engine/index/verify_index.ts";
import type { Finding } from "../../engine/verify/finding.ts";
import type { AbortOptions, BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { ChatIndex } from "../../ports/index/chat_index.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { SettledNotes } from "../../ports/notes/settled_notes.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { IndexPlace } from "./parts/archive_parts.ts";

/** An index, and what tells whether it still knows an hour. */
export interface IndexParts {
  readonly index: ChatIndex;
  readonly stamps: HourStamps;
}

/** What {@link openIndex} opens. */
export interface OpenIndexOptions {
  /** Where the index is. */
  readonly place: IndexPlace;
  /** Its files. */
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly reporter: Reporter;
}

/**
 * The index of an archive, which is made when it is first used; `undefined`, and reported, where the runtime
 * has no SQLite for it.
 */
export async function openIndex(
  { place, store, hasher, reporter }: OpenIndexOptions,
): Promise<IndexParts | undefined> {
  const opened = await place.open();
  if (opened === undefined) {
    const message =
      "This runtime has no SQLite, so there is no index: logs are read from the files";
    reporter.report("info", message, { needs: "Deno, or Node 22.16 or newer" });
    return undefined;
  }
  const { index, versions } = opened;
  return { index, stamps: new HourStamps({ store, hasher, versions }) };
}

/** An index of a node that serves. */
export interface NodeIndex {
  readonly finder: IndexFinder;
  readonly keeper: IndexKeeper;
  /** Keeps the index up to date until `signal` aborts, then closes it. */
  run(signal: AbortSignal): Promise<void>;
}

/** As {@link openIndex}, with a finder for questions and a keeper that follows the files. */
export async function openNodeIndex(
  options: OpenIndexOptions & {
    readonly clock: Clock;
    readonly settled: SettledNotes;
    readonly metrics?: Metrics | undefined;
    /** What is not stored yet. */
    readonly unstored?: UnstoredMinutes;
  },
): Promise<NodeIndex | undefined> {
  const opened = await openIndex(options);
  if (opened === undefined) return undefined;
  const { index } = opened;
  const finder: IndexFinder = new IndexFinder({
    ...options,
    ...opened,
    onGap: (channel, hourUs) => keeper.onGap(channel, hourUs),
  });
  const keeper = new IndexKeeper({
    ...options,
    ...opened,
    onChanged: (channel, hourUs) => finder.changed(channel, hourUs),
  });
  options.metrics?.gauge("index_waiting_hours", () => [{ value: keeper.waiting }]);
  return {
    finder,
    keeper,
    async run(signal) {
      try {
        await keeper.run(signal);
      } catch (error) {
        // A fault of the index must not end a recording; the archive answers without it.
        if (signal.aborted) return;
        const message = "The index ended by a fault: logs are read from the files until a restart";
        options.reporter.report("error", message, { error: `${error}` });
      } finally {
        await index.close();
      }
    },
  };
}

/**
 * Has the index of an archive, if there is one, forget the hours of a channel whose files changed. An index
 * that cannot be opened here is deleted: it is made again where it can.
 *
 * @throws {ChatloomError} when the index fails.
 */
export async function dropStaleHours(
  channel: string,
  { signal, ...options }: OpenIndexOptions & AbortOptions,
): Promise<void> {
  const { place } = options;
  if (!await place.exists()) return;
  const opened = await openIndex(options);
  if (opened === undefined) return await place.remove();
  try {
    await dropStale(channel, { ...opened, signal });
  } finally {
    await opened.index.close();
  }
}

/**
 * The hours of which the index of an archive tells something else than the files; of all channels, if none is
 * named.
 *
 * @throws {ChatloomError} when the store or the index fails.
 */
export async function* indexFindings(
  { channels, signal, onProgress = () => {}, ...options }: OpenIndexOptions & AbortOptions & {
    readonly channels: readonly string[];
    readonly onProgress?: (hours: number, hour: string) => void;
  },
): AsyncIterable<Finding> {
  const opened = await openIndex(options);
  if (opened === undefined) return;
  try {
    const all = channels.length > 0 ? channels : await opened.index.channels({ signal });
    for (const channel of all) {
      yield* verifyIndex(channel, { ...options, ...opened, signal, onProgress });
    }
  } finally {
    await opened.index.close();
  }
}
