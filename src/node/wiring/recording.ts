import { nodeCompressor } from "../../adapters/compressors/node_compressor.ts";
import {
  fileSystemJournal,
  type ReserveChange,
} from "../../adapters/file_system/file_system_journal.ts";
import { noJournal } from "../../adapters/memory/no_journal.ts";
import { systemRandom } from "../../adapters/system/system_random.ts";
import { runtimeTransport } from "../../adapters/websocket/ws_transport.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { HOUR_US } from "../../core/time.ts";
import { JournalWriter } from "../../engine/journal/journal_writer.ts";
import { recoverJournals, type RecoverOptions } from "../../engine/recovery/recover_journals.ts";
import { countCovered } from "../../engine/metrics/count_covered.ts";
import type { ReceivedMessage } from "../../engine/record/received_message.ts";
import { Recorder, type RecorderOptions } from "../../engine/record/recorder.ts";
import { type ChatPool, chatPool } from "../../engine/session/chat_pool.ts";
import type { Login } from "../../engine/session/login.ts";
import type { WantedChannel } from "../../engine/session/membership.ts";
import { settleArchive } from "../../engine/settle/settle_archive.ts";
import { Settler, type SettlerOptions } from "../../engine/settle/settler.ts";
import { Unsettled } from "../../engine/settle/unsettled.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { Random } from "../../ports/random.ts";
import type { Reporter } from "../../ports/reporter.ts";
import type { ArchiveParts } from "./parts/archive_parts.ts";

/** What {@link runRecording} records, and where. */
export interface RecordingOptions {
  /** The archive's lock and notes. */
  readonly parts: Pick<ArchiveParts, "lock" | "unsettled" | "settles" | "storedAtOnce">;
  /** The folder in whose `.chatloom` the journal is. */
  readonly journalFolder: string;
  /** The archive, for all writes and deletes of this process. */
  readonly store: BatchStore;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly random?: Random;
  readonly reporter: Reporter;
  /** Ends the recording after its last batches are stored. */
  readonly signal: AbortSignal;
  readonly channels: readonly WantedChannel[];
  /** How many connections listen to each channel. */
  readonly connections: number;
  /** How many JOINs Twitch takes from the account in 10 s. */
  readonly joinRate: number;
  /** This node's name, the first part of its receivers' ids. */
  readonly node: string;
  readonly login?: Login | undefined;
  /** The chat server. */
  readonly url: string;
  readonly useJournal: boolean;
  /** Called for each message that is recorded. */
  readonly onMessage?: ((received: ReceivedMessage) => void) | undefined;
  /** See `RecorderOptions.unwanted`. */
  readonly unwanted?: RecorderOptions["unwanted"];
  /** See `RecorderOptions.onCommand`. */
  readonly onCommand?: RecorderOptions["onCommand"];
  /** Starts further work on the recorded archive, before the first connection. */
  readonly begin?: (parts: RecordingWork) => Promise<Companions>;
}

/** A recording that is about to begin. */
export interface RecordingWork {
  readonly recorder: Recorder;
  readonly pool: ChatPool;
  readonly settler: Settler;
  /** The archive, for work that stores batches: they are noted, so that they are settled. */
  readonly store: BatchStore;
  /** Aborts when the recording ends, for any reason. */
  readonly signal: AbortSignal;
}

/** Work beside a recording. */
export interface Companions {
  /** Tasks that end when the recording does. If one fails, so does the recording. */
  readonly tasks: readonly Promise<void>[];
  /** Called once, when the last connection is closed. */
  readonly close?: () => Promise<void>;
}

const RECOVERY_INTERVAL_MS = 30_000;
const LAST_SETTLING_MS = 3_000;
// What a crash left longer ago than this stays for `settle`.
const UNSETTLED_MAX_US = 6 * HOUR_US;

/**
 * Records until `signal` aborts; then finishes its work and resolves. Recovers the journals of
 * dead recorders and settles minutes as they change.
 *
 * @throws {ChatloomError} when the journal cannot be written, before anything is connected to; when
 * Twitch refuses the login; when the last batches cannot be stored (they stay in the journal).
 */
export async function runRecording(options: RecordingOptions): Promise<void> {
  const { parts, journalFolder, signal, reporter, store, hasher, clock, useJournal } = options;
  const onReserve = reserveTeller(reporter);
  const journals = useJournal ? fileSystemJournal(journalFolder, { onReserve }) : noJournal();
  const run = await journals.openRun(options.node);
  const journal = new JournalWriter(run, { store: journals, reporter });
  const { lock, settles } = parts;
  const unsettled = new Unsettled(parts.unsettled, { clock, reporter });
  const settler = new Settler({ store, hasher, clock, reporter, lock, unsettled, settles });
  const onStored = settler.onFileStored;
  const noted = settles ? unsettled.watch(store) : store;
  const compressor = nodeCompressor();
  const recorder = new Recorder({
    store: noted,
    hasher,
    clock,
    reporter,
    journal,
    compressor,
    onStored,
    storedAtOnce: parts.storedAtOnce,
    onMessage: options.onMessage,
    unwanted: options.unwanted,
    onCommand: options.onCommand,
  });
  const pool = chatPool({
    url: options.url,
    transport: runtimeTransport(),
    clock,
    random: options.random ?? systemRandom(),
    reporter,
    listener: recorder,
    runName: run.name,
    connectionsPerChannel: options.connections,
    joinRate: options.joinRate,
    login: options.login,
  });
  pool.setChannels(options.channels);

  // The recorder outlives the pool: it records all lines until the last connection is closed.
  const stopAll = new AbortController();
  const stopRecorder = new AbortController();
  const companions = await options.begin?.({
    recorder,
    pool,
    settler,
    store: noted,
    signal: stopAll.signal,
  });
  const stop = () => stopAll.abort(signal.reason);
  const stopAsAsked = () => {
    reporter.report("info", "Stopping: what was received is archived first");
    stop();
  };
  signal.addEventListener("abort", stopAsAsked, { once: true });
  const recording = recorder.run(stopRecorder.signal).finally(stop);
  const besides = [
    recover({
      ...{ journals, store: noted, hasher, compressor, reporter, onStored },
      unwanted: options.unwanted,
      storedAtOnce: parts.storedAtOnce,
      signal: stopAll.signal,
    }, clock),
    settle(settler, { clock, signal: stopAll.signal, store, hasher, reporter, lock, settles }),
    countCovered(pool, { clock, reporter, signal: stopAll.signal }),
    ...companions?.tasks ?? [],
  ];
  // Awaited once the pool has ended; until then a failure must not count as unhandled.
  for (const task of [recording, ...besides]) task.catch(() => {});
  if (signal.aborted) stop();
  try {
    await pool.run(stopAll.signal);
  } finally {
    stop();
    stopRecorder.abort();
    signal.removeEventListener("abort", stopAsAsked);
    await Promise.allSettled([...besides, recording, companions?.close?.()]);
  }
  await Promise.all([...besides, recording]);
  await settleAtLast(settler);
}

/** Reports once when a journal begins to use its reserve, and when that is whole again. */
function reserveTeller(reporter: Reporter): (change: ReserveChange) => void {
  let isWhole = true;
  return (change) => {
    reporter.count(change.isWhole ? "journal_reserve_made" : "journal_reserve_given_up");
    if (change.isWhole === isWhole) return;
    isWhole = change.isWhole;
    if (isWhole) return reporter.report("info", "The journal's reserve is whole again");
    reporter.report("error", "The disk is full: the journal uses its reserve; make room", {
      bytes: change.leftBytes,
    });
  };
}

/** Settles the minutes of the last batches, as far as possible within {@link LAST_SETTLING_MS}. */
async function settleAtLast(settler: Settler): Promise<void> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), LAST_SETTLING_MS);
  await settler.settleNoted({ signal: enough.signal }).catch((error: unknown) => {
    if (!enough.signal.aborted) throw error; // The next start settles the rest.
  });
  clearTimeout(timer);
}

/**
 * Recovers the journals of dead runs, now and when another process on this archive dies: some count
 * as dead only after minutes. Recording goes on meanwhile, also where recovery fails.
 */
async function recover(
  options: RecoverOptions & { signal: AbortSignal },
  clock: Clock,
): Promise<void> {
  const { reporter, signal } = options;
  while (!signal.aborted) {
    try {
      await recoverJournals(options);
    } catch (error) {
      if (signal.aborted) return; // The journals stay for the next start.
      if (!(error instanceof ChatloomError)) throw error;
      reporter.report("error", "Cannot recover a journal yet; it is kept and tried again", {
        code: error.code,
        error: error.message,
      });
    }
    await clock.sleep(RECOVERY_INTERVAL_MS, signal).catch(() => {}); // Aborted: the loop ends.
  }
}

/**
 * Settles first the last hours, in which a crash may have left minutes unsettled, then minutes as they
 * change.
 */
async function settle(
  settler: Settler,
  options: SettlerOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { clock, signal, reporter } = options;
  try {
    await settler.noteLeft({ signal });
    if (options.settles === false) return await settler.run(signal);
    await settleArchive({ ...options, fromUs: clock.wallUs() - UNSETTLED_MAX_US });
  } catch (error) {
    if (signal.aborted) return; // Unsettled is not lost: the next start settles it.
    if (!(error instanceof ChatloomError)) throw error;
    reporter.report("error", "Cannot settle the last hours of the archive", {
      code: error.code,
      error: error.message,
    });
  }
  await Promise.all([settler.run(signal), settler.keepNotingLeft(signal)]);
}
