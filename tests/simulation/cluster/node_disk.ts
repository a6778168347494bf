import { type ArchiveKey, parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { redactionMatcher } from "../../../src/core/redaction/redaction_matcher.ts";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import { type MemoryJournal, memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { type SyncHasher, wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { recoverJournals } from "../../../src/engine/recovery/recover_journals.ts";
import { listRedactions } from "../../../src/engine/redact/redact.ts";
import { inProcessLock } from "../../../src/engine/settle/in_process_lock.ts";
import type { ArchiveLock } from "../../../src/ports/archive_lock.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { DeadRun } from "../../../src/ports/journal_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { keysOf } from "./exchange.ts";
import { type JournalTape, journalTape } from "./journal_tape.ts";
import { IndexOnDisk } from "./node_index.ts";
import { addTape } from "./plain_recording.ts";

export const hasher: SyncHasher = await wasmHasher();

/** What outlives the processes of a node: its archive and its journals. Remembers all it ever held. */
export class NodeDisk {
  readonly #files = memoryStore();
  readonly #runs: MemoryJournal = memoryJournal();
  readonly #everStored = new Map<ArchiveKey, Uint8Array>();
  /** The index, for worlds that have one. */
  readonly index: IndexOnDisk = new IndexOnDisk();
  /** The archive. */
  readonly store: BatchStore;
  /** Where all processes of the node that settle the archive take turns. */
  readonly lock: ArchiveLock;
  /** The journals. */
  readonly journals: JournalTape = journalTape(this.#runs);

  constructor() {
    const files = this.#files;
    this.store = {
      list: (...args) => files.list(...args),
      folders: (...args) => files.folders(...args),
      strays: (...args) => files.strays(...args),
      get: (...args) => files.get(...args),
      delete: async (key, ...rest) => {
        await files.delete(key, ...rest);
        this.index.onFileChanged(key);
      },
      put: async (key, bytes, ...rest) => {
        if (!this.#everStored.has(key)) this.#everStored.set(key, bytes.slice());
        await files.put(key, bytes, ...rest);
        this.index.onFileChanged(key);
      },
    };
    this.lock = inProcessLock(this.store);
  }

  /** All runs are over: their process is gone. */
  endRuns(): void {
    this.#runs.crash();
  }

  /** Replays what is left in journals into the archive. */
  async recover(): Promise<void> {
    const { journals, store } = this;
    await recoverJournals({ journals, store, hasher, reporter: noopReporter });
  }

  /** What all batches of the archive know. */
  async known(): Promise<SightingSet> {
    return await knownBy(this.store);
  }

  /** What the archive and the journals that are left know together, as a recovery would find it. */
  async kept(): Promise<SightingSet> {
    const kept = await this.known();
    const scratch = memoryStore();
    const runs = this.#runs;
    const journals = {
      openRun: (node: string) => runs.openRun(node),
      async *deadRuns(): AsyncIterable<DeadRun> {
        for await (const run of runs.deadRuns()) yield { ...run, remove: () => Promise.resolve() };
      },
    };
    await recoverJournals({ journals, store: scratch, hasher, reporter: noopReporter });
    kept.addAll(await knownBy(scratch));
    return kept;
  }

  /** All that ever was in the archive or in a journal. */
  everKnown(): SightingSet {
    const ever = new SightingSet();
    for (const [key, bytes] of this.#everStored) {
      if (parseArchiveKey(key)?.kind === "batch") ever.add(bytes, { key });
    }
    this.addTapes(ever);
    return ever;
  }

  /** Adds what was ever journaled, by the plain rules. */
  addTapes(to: SightingSet): void {
    for (const [run, tape] of this.journals.runs) addTape(tape, { run, to });
  }

  /** Drops from `set` what orders in this archive forget. */
  async forget(channel: string, set: SightingSet): Promise<void> {
    const orders = await listRedactions(channel, { store: this.store, hasher });
    const redactions = orders.flatMap((each) => each.ok ? [each.redaction] : []);
    if (redactions.length > 0) set.drop(redactionMatcher(redactions));
  }

  /** Every file, as text. */
  async files(): Promise<Map<ArchiveKey, string>> {
    const files = new Map<ArchiveKey, string>();
    for (const key of await keysOf(this.store)) {
      files.set(key, new TextDecoder().decode((await this.store.get(key))!));
    }
    return files;
  }
}

async function knownBy(store: BatchStore): Promise<SightingSet> {
  const set = new SightingSet();
  for (const key of await keysOf(store)) {
    if (parseArchiveKey(key)?.kind === "batch") set.add((await store.get(key))!, { key });
  }
  return set;
}
