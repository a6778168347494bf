import { nodeCompressor } from "../../adapters/compressors/node_compressor.ts";
import { fileSystemJournalReader } from "../../adapters/file_system/journal/journal_reader.ts";
import { JournalFollower } from "../../engine/live/journal_follower.ts";
import { LiveFeed } from "../../engine/live/live_feed.ts";
import { OverlayStore } from "../../engine/live/overlay_store.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { ReadableRun } from "../../ports/journal_store.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { Random } from "../../ports/random.ts";
import type { Reporter } from "../../ports/reporter.ts";

/** What a {@link LiveArchive} works with. */
export interface LiveArchiveOptions {
  /** The archive's folder: in it recorders keep their journals. */
  readonly folder: string;
  /** The archive's files. */
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly random: Random;
  readonly reporter: Reporter;
  readonly metrics?: Metrics | undefined;
  /** Which journals are not followed. @default none */
  readonly skips?: (run: ReadableRun) => boolean;
}

/** An archive with what recorders on this machine have received and not stored, and a feed of it. */
export class LiveArchive {
  /** The archive for readers of chat. */
  readonly chatStore: OverlayStore;
  /** Messages as they come. */
  readonly feed: LiveFeed;
  readonly #follower: JournalFollower;

  /** Reads nothing yet. */
  constructor({ folder, ...options }: LiveArchiveOptions) {
    this.feed = new LiveFeed(options);
    this.chatStore = new OverlayStore(options);
    this.#follower = new JournalFollower({
      ...options,
      journals: fileSystemJournalReader(folder),
      compressor: nodeCompressor(),
      feed: this.feed,
    });
    this.chatStore.add(this.#follower);
  }

  /** Reads the journals that are there. Call it before anything recovers those of dead recorders. */
  async begin(): Promise<void> {
    await this.#follower.poll();
  }

  /** Follows journals until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#follower.run(signal);
  }
}
