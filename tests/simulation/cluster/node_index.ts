import { memoryIndex } from "../../../src/adapters/memory/memory_index.ts";
import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { SharedChatReader } from "../../../src/engine/api/chat/shared_chat_reader.ts";
import { HourStamps } from "../../../src/engine/index/hour_stamps.ts";
import { IndexFinder } from "../../../src/engine/index/index_finder.ts";
import { IndexKeeper } from "../../../src/engine/index/index_keeper.ts";
import { verifyIndex } from "../../../src/engine/index/verify_index.ts";
import { OverlayStore } from "../../../src/engine/live/overlay_store.ts";
import { ChatLog } from "../../../src/engine/logs/chat_log.ts";
import type { Finding } from "../../../src/engine/verify/finding.ts";
import type { UnstoredSource } from "../../../src/engine/record/unstored/unstored_source.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { ChatIndex } from "../../../src/ports/index/chat_index.ts";
import type { FolderVersions } from "../../../src/ports/index/folder_versions.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import type { SeededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { CHANNEL } from "./pace.ts";
import { hasher } from "./node_disk.ts";

/** The index of a node on its disk: it stays when processes go. */
export class IndexOnDisk {
  index: ChatIndex = memoryIndex();
  #make: () => ChatIndex = memoryIndex;
  /** While a question is asked, its moment lasts: disks neither wait nor fail. */
  isAsked = false;
  readonly #versions = new Map<string, number>();

  /** Notes that files of an hour came or went. */
  onFileChanged(key: ArchiveKey): void {
    const folder = key.slice(0, key.lastIndexOf("/"));
    this.#versions.set(folder, (this.#versions.get(folder) ?? 0) + 1);
  }

  /** Tells that folders are as they were, as a file system does. */
  readonly versions: FolderVersions = {
    of: (folders) => folders.map((folder) => `${this.#versions.get(folder) ?? ""}`),
  };

  /** Makes indexes in this way from now on. */
  use(make: () => ChatIndex): void {
    this.#make = make;
    this.lose();
  }

  /** Loses all that the index holds. */
  lose(): void {
    this.index = this.#make();
  }
}

/** What a {@link NodeIndex} works with. */
export interface NodeIndexOptions {
  /** The files, as the process of the index gets at them. */
  readonly store: BatchStore;
  readonly onDisk: IndexOnDisk;
  readonly clock: Clock;
  readonly random: SeededRandom;
}

/** The index as one process uses it: what keeps it, what asks it, and what answers without it. */
export class NodeIndex {
  readonly keeper: IndexKeeper;
  readonly #options: NodeIndexOptions;
  readonly #index: ChatIndex;
  readonly #stamps: HourStamps;
  readonly #finder: IndexFinder;
  readonly #overlay: OverlayStore;
  readonly #reader: SharedChatReader;
  readonly #clock: Clock;

  constructor(options: NodeIndexOptions) {
    const { store, onDisk: { index, versions }, clock } = options;
    this.#options = options;
    this.#index = index;
    // A question lets no time pass.
    this.#clock = {
      wallUs: () => clock.wallUs(),
      elapsedUs: () => clock.elapsedUs(),
      sleep: () => Promise.resolve(),
    };
    const parts = { store, hasher, reporter: noopReporter };
    this.#stamps = new HourStamps({ store, hasher, versions });
    this.#overlay = new OverlayStore({ ...parts, clock: this.#clock });
    this.#reader = this.#newReader();
    this.#finder = new IndexFinder({
      ...{ index, store, stamps: this.#stamps, clock: this.#clock, unstored: this.#overlay },
      onGap: (channel, hourUs) => this.keeper.onGap(channel, hourUs),
    });
    this.keeper = new IndexKeeper({
      ...{ ...parts, index, stamps: this.#stamps, clock },
      onChanged: (channel, hourUs) => this.#finder.changed(channel, hourUs),
    });
  }

  /** Answers are to hold what a recorder has not stored yet. */
  add(source: UnstoredSource): void {
    this.#overlay.add(source);
  }

  /** Answers by the index. */
  byIndex(): ChatLog {
    return this.#log(this.#reader, this.#finder);
  }

  /** Answers by reading all, and remembers nothing. */
  byReading(): ChatLog {
    return this.#log(this.#newReader(), undefined);
  }

  /** What the index claims and the files do not say; and how many hours it claims to know. */
  async verify(): Promise<{ readonly hours: number; readonly findings: readonly Finding[] }> {
    const findings: Finding[] = [];
    const found = verifyIndex(CHANNEL, {
      ...{ index: this.#index, store: this.#options.store, stamps: this.#stamps },
      ...{ hasher, reporter: noopReporter },
    });
    for (;;) {
      const { done, value } = await found.next();
      if (done === true) return { hours: value, findings };
      findings.push(value);
    }
  }

  #newReader(): SharedChatReader {
    return new SharedChatReader({
      ...{ store: this.#overlay, hasher, clock: this.#clock, random: this.#options.random },
      ...{ reporter: noopReporter, cacheMaxBytes: 1_000_000, bootName: "" },
    });
  }

  #log(reader: SharedChatReader, finder: IndexFinder | undefined): ChatLog {
    return new ChatLog({
      ...{ store: this.#overlay, reader, finder, hasher, clock: this.#clock },
      ...{ random: this.#options.random, reporter: noopReporter },
    });
  }
}
