import { nodeCompressor } from "../../../adapters/compressors/node_compressor.ts";
import { fileSystemJournalReader } from "../../../adapters/file_system/journal/journal_reader.ts";
import { JournalFollower } from "../../../engine/live/journal_follower.ts";
import { LiveFeed } from "../../../engine/live/live_feed.ts";
import { PeerMessages } from "../../../engine/live/peers/peer_messages.ts";
import type { ArchiveKey } from "../../../core/archive/archive_key.ts";
import type { LiveLines } from "../../../ports/archive/live_lines.ts";
import { OverlayStore } from "../../../engine/live/overlay_store.ts";
import { rememberedListings } from "../../../engine/read/files/remembered_listings.ts";
import type { BatchStore } from "../../../ports/batch_store.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { FolderVersions } from "../../../ports/index/folder_versions.ts";
import type { Hasher } from "../../../ports/hasher.ts";
import type { ReadableRun } from "../../../ports/journal_store.ts";
import type { Metrics } from "../../../ports/metrics.ts";
import type { Random } from "../../../ports/random.ts";
import type { Reporter } from "../../../ports/reporter.ts";

/** What a {@link LiveArchive} works with. */
export interface LiveArchiveOptions {
  /** The archive's folder: in it recorders keep their journals. */
  readonly folder: string;
  /** The archive's files. */
  readonly store: BatchStore;
  /** Tells that its folders have the files that they had. @default they are listed each time */
  readonly versions?: FolderVersions | undefined;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly random: Random;
  readonly reporter: Reporter;
  readonly metrics?: Metrics | undefined;
  /** What recorders elsewhere have received. @default none */
  readonly lines?: LiveLines | undefined;
  /** Which journals are not followed. @default none */
  readonly skips?: (run: ReadableRun) => boolean;
}

/** An archive with what recorders have received and not stored, and a feed of it. */
export class LiveArchive {
  /** The archive for readers of chat. */
  readonly chatStore: OverlayStore;
  /** Messages as they come. */
  readonly feed: LiveFeed;
  readonly #follower: JournalFollower;
  readonly #lines: LiveLines | undefined;
  readonly #received: PeerMessages;

  /** Reads nothing yet. */
  constructor({ folder, lines, versions, ...options }: LiveArchiveOptions) {
    this.feed = new LiveFeed(options);
    const { store: files } = options;
    const store = versions === undefined ? files : rememberedListings(files, versions);
    this.chatStore = new OverlayStore({ ...options, store });
    this.#follower = new JournalFollower({
      ...options,
      journals: fileSystemJournalReader(folder),
      compressor: nodeCompressor(),
      feed: this.feed,
    });
    this.chatStore.add(this.#follower);
    this.#lines = lines;
    const onMessage = this.feed.publish.bind(this.feed);
    this.#received = new PeerMessages({ clock: options.clock, onMessage });
    this.chatStore.add(this.#received);
  }

  /** Reads the journals that are there. Call it before anything recovers those of dead recorders. */
  async begin(): Promise<void> {
    await this.#follower.poll();
  }

  /** Notes that the archive has this file now. */
  noteStored(key: ArchiveKey): void {
    this.#received.noteStored(key);
  }

  /** Follows journals and lines until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    // Lines are checked as those of peers are.
    const onLine = (sender: string, line: string) => void this.#received.take(sender, line);
    await Promise.all([this.#follower.run(signal), this.#lines?.follow(onLine, signal)]);
  }
}
