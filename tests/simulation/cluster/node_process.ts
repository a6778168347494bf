import type { ArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { HOUR_US } from "../../../src/core/time.ts";
import type { RedactedMessage, RedactedUser } from "../../../src/core/redaction/redaction.ts";
import { JournalWriter } from "../../../src/engine/journal/journal_writer.ts";
import { recoverJournals } from "../../../src/engine/recovery/recover_journals.ts";
import { watchedStore } from "../../../src/engine/index/watched_store.ts";
import { Recorder } from "../../../src/engine/record/recorder.ts";
import { redact } from "../../../src/engine/redact/redact.ts";
import { chatPool } from "../../../src/engine/session/chat_pool.ts";
import type { ChatListener } from "../../../src/engine/session/lines/listener.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import { Settler } from "../../../src/engine/settle/settler.ts";
import type { ArchiveLock } from "../../../src/ports/archive_lock.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { Reporter } from "../../../src/ports/reporter.ts";
import type { Transport } from "../../../src/ports/transport.ts";
import {
  type FallibleCall,
  type Fault,
  killProcess,
  type ProcessState,
} from "../../../src/testing/faults/faults.ts";
import { faultyJournal } from "../../../src/testing/faults/faulty_journal.ts";
import { faultyStore } from "../../../src/testing/faults/faulty_store.ts";
import type { SeededNetwork } from "../../../src/testing/chance/seeded_network.ts";
import type { SeededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { Exchange, type Letter } from "./exchange.ts";
import { type MachineClock, sleepyTransport } from "./machine_clock.ts";
import { hasher, type NodeDisk } from "./node_disk.ts";
import { NodeIndex } from "./node_index.ts";

/** A mistake that is planted, to see that it is found. */
export interface Bug {
  /** Plants it where all share the code; returns what takes it out again. */
  readonly plant?: () => () => void;
  /** What recovery writes through. */
  readonly recovering?: (store: BatchStore) => BatchStore;
  /** What settling reads and writes through when all trouble is over. */
  readonly settlingInPeace?: (store: BatchStore) => BatchStore;
  /** What settling reads and writes through before; dies with `fate`. */
  readonly settling?: (store: BatchStore, processState: ProcessState) => BatchStore;
  /** What recording writes through; dies with `fate`. */
  readonly recording?: (store: BatchStore, processState: ProcessState) => BatchStore;
}

/** What goes wrong with the disk under one process. */
export interface DiskTrouble {
  readonly store: (call: FallibleCall) => Fault | undefined;
  readonly journal: (call: FallibleCall) => Fault | undefined;
  /** How long a call to the archive takes: in the meantime everything else goes on. */
  readonly delay: () => Promise<void> | undefined;
}

export interface NodeProcessOptions {
  readonly name: string;
  readonly peers: readonly string[];
  readonly channel: string;
  readonly disk: NodeDisk;
  readonly lock: ArchiveLock;
  readonly clock: MachineClock;
  readonly random: SeededRandom;
  readonly transport: Transport;
  readonly network: SeededNetwork<Letter>;
  readonly reporter: Reporter;
  readonly trouble: DiskTrouble;
  /** Told of every line that reached the recorder, when it has taken it. */
  readonly onHeard: (receiver: string, lines: readonly string[]) => void;
  readonly flushIntervalMs: number;
  readonly exchangeEveryS: readonly [number, number];
  readonly bug: Bug;
  /** Whether it keeps an index, as `record --serve` does. */
  readonly isIndexed: boolean;
}

const RECOVERY_RETRY_MS = 5_000;

/** One life of a node: records, recovers, settles, exchanges, forgets, as `chatloom record` wires it. */
export class NodeProcess {
  /** Over when this says so. */
  readonly processState: ProcessState = { crash: undefined };
  /** Resolves when nothing of it is left. */
  readonly done: Promise<void>;
  readonly #options: NodeProcessOptions;
  readonly #stop = new AbortController();
  readonly #store: BatchStore;
  /** Answers by an index, and without. */
  readonly index: NodeIndex | undefined;
  readonly #tasks = new Set<Promise<unknown>>();
  #recorder: Recorder | undefined;
  /** What it ended with, if that was no order and no crash. */
  failure: unknown;

  constructor(options: NodeProcessOptions) {
    this.#options = options;
    const { disk, trouble, clock, isIndexed } = options;
    const { store: plan, delay } = trouble;
    const store = faultyStore(disk.store, { plan, delay, processState: this.processState });
    this.#store = isIndexed
      ? watchedStore(store, (key) => this.index?.keeper.onFileChanged(key))
      : store;
    if (isIndexed) {
      const random = options.random.fork("index");
      this.index = new NodeIndex({ store: this.#store, onDisk: disk.index, clock, random });
    }
    this.done = this.#run().catch((error) => this.#end(error));
  }

  get isOver(): boolean {
    return this.processState.crash !== undefined;
  }

  /** What waits in memory for a journal that fails: a crash would lose it. */
  get backlogBytes(): number {
    return this.#recorder?.state().journalBacklogBytes ?? 0;
  }

  /** Stops the process after its work is stored. */
  stop(): void {
    this.#stop.abort();
  }

  /** Kills the process, now. */
  kill(): void {
    killProcess(this.processState);
    this.#options.network.detach(this.#options.name);
    this.#stop.abort();
  }

  /** Makes an order to forget `target`; resolves with its key, or `undefined` if that failed. */
  async redact(target: RedactedMessage | RedactedUser): Promise<ArchiveKey | undefined> {
    const { channel, clock, reporter, lock } = this.#options;
    const work = { store: this.#store, hasher, clock, reporter, lock };
    try {
      return (await redact(channel, { target, reason: "seeded" }, work)).orders[0]!.key;
    } catch (error) {
      this.#tolerate(error);
      return undefined;
    }
  }

  /** A disk that fails is no reason to die. Anything else is. */
  #tolerate(error: unknown): void {
    if (!(error instanceof ChatloomError)) this.#end(error);
  }

  #end(error: unknown): void {
    // Also one who exits because the archive cannot be written.
    if (this.processState.crash === undefined && !(error instanceof ChatloomError)) {
      this.failure = error;
    }
    this.kill();
  }

  async #run(): Promise<void> {
    const { disk, name, trouble, reporter, clock, bug, lock } = this.#options;
    const { processState } = this;
    const store = this.#store;
    const journals = faultyJournal(disk.journals, { plan: trouble.journal, processState });
    const run = await journals.openRun(name);
    const journal = new JournalWriter(run, { store: journals, reporter });
    const settling = {
      store: bug.settling?.(store, processState) ?? store,
      hasher,
      clock,
      reporter,
      lock,
    };
    const settler = new Settler(settling);
    const onStored = settler.onFileStored;
    const recorder = new Recorder({
      store: bug.recording?.(store, processState) ?? store,
      hasher,
      clock,
      reporter,
      journal,
      onStored,
      flushIntervalMs: this.#options.flushIntervalMs,
    });
    this.#recorder = recorder;
    this.index?.add(recorder.unstored);
    const stopRecorder = new AbortController();
    const { signal } = this.#stop;
    this.#start(recorder.run(stopRecorder.signal));
    this.#start(this.#recover({ ...settling, journals, onStored }));
    this.#start(this.#settle(settler, settling));
    this.#start(this.#exchange(onStored));
    if (this.index !== undefined) this.#start(this.index.keeper.run(signal));
    try {
      await this.#listen(recorder, run.name);
    } finally {
      if (!signal.aborted) this.#stop.abort();
      stopRecorder.abort();
      await Promise.allSettled(this.#tasks);
    }
    this.kill(); // Its exit: nothing is left of it.
  }

  #start(task: Promise<unknown>): void {
    this.#tasks.add(task.catch((error) => this.#end(error)));
  }

  async #listen(recorder: Recorder, runName: string): Promise<void> {
    const { channel, clock, random, reporter, transport } = this.#options;
    const pool = chatPool({
      url: "ws://simulated",
      transport: sleepyTransport(transport, clock),
      clock,
      random: random.fork(`pool of ${runName}`),
      reporter,
      listener: this.#overhear(recorder),
      runName,
    });
    pool.setChannels([{ name: channel, isImportant: true }]);
    await pool.run(this.#stop.signal);
  }

  #overhear(listener: ChatListener): ChatListener {
    const { processState } = this;
    return {
      opened: (receiver) => {
        if (processState.crash === undefined) listener.opened(receiver);
      },
      received: (receiver, lines) => {
        if (processState.crash !== undefined) return;
        const safe = listener.received(receiver, lines);
        this.#options.onHeard(receiver, lines.map(({ line }) => line));
        return safe;
      },
      closed: (receiver, fragment) => {
        if (processState.crash === undefined) listener.closed(receiver, fragment);
      },
    };
  }

  async #recover(options: Parameters<typeof recoverJournals>[0]): Promise<void> {
    const { clock, bug } = this.#options;
    const { signal } = this.#stop;
    const store = bug.recovering?.(this.#store) ?? this.#store;
    while (!signal.aborted) {
      try {
        await recoverJournals({ ...options, store, signal });
        return;
      } catch (error) {
        if (!signal.aborted && !(error instanceof ChatloomError)) throw error;
      }
      await clock.sleep(RECOVERY_RETRY_MS, signal).catch(() => {}); // Aborted: the loop ends.
    }
  }

  async #settle(
    settler: Settler,
    options: Parameters<typeof settleArchive>[0],
  ): Promise<void> {
    const { signal } = this.#stop;
    const fromUs = this.#options.clock.wallUs() - 6 * HOUR_US;
    try {
      await settleArchive({ ...options, signal, fromUs });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ChatloomError)) throw error;
    }
    await settler.run(signal);
  }

  async #exchange(onStored: (key: ArchiveKey) => void): Promise<void> {
    const { random, exchangeEveryS } = this.#options;
    const exchange = new Exchange({
      ...this.#options,
      store: this.#store,
      hasher,
      random: random.fork("exchange"),
      onStored,
      onDeath: (error) => this.#end(error),
    });
    await exchange.run(this.#stop.signal, exchangeEveryS);
  }
}
