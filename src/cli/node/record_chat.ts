import { join } from "node:path";
import { fileSystemJournal, type ReserveChange } from "../../adapters/file_system_journal.ts";
import { fileSystemLock } from "../../adapters/file_system_lock.ts";
import { fileSystemStore } from "../../adapters/file_system_store.ts";
import { nodeHasher } from "../../adapters/hashers/node_hasher.ts";
import { fileSystemUnsettled } from "../../adapters/notes/file_system_unsettled.ts";
import { noJournal } from "../../adapters/no_journal.ts";
import { systemRandom } from "../../adapters/system_random.ts";
import { runtimeTransport } from "../../adapters/websocket/ws_transport.ts";
import { ChatloomError } from "../../core/errors.ts";
import { HOUR_US } from "../../core/time.ts";
import { JournalWriter } from "../../engine/journal/journal_writer.ts";
import { recoverJournals, type RecoverOptions } from "../../engine/journal/recover_journals.ts";
import { countCovered } from "../../engine/measure/count_covered.ts";
import { Recorder } from "../../engine/record/recorder.ts";
import { type ChatPool, chatPool } from "../../engine/session/chat_pool.ts";
import type { Login } from "../../engine/session/login.ts";
import { settleArchive } from "../../engine/settle/settle_archive.ts";
import { Settler, type SettlerOptions } from "../../engine/settle/settler.ts";
import { Unsettled } from "../../engine/settle/unsettled.ts";
import type { WantedChannel } from "../../engine/session/membership.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { watchChannelList } from "../arguments/channel_list.ts";
import { commandClock } from "./command_clock.ts";
import type { VerbContext } from "../frame/context.ts";
import { reportProxies } from "./proxy_notice.ts";
import { Replication, type ReplicationFlags } from "./replication.ts";

/** What to record, and where. */
export interface RecordChatOptions {
  readonly archive: string;
  /** Channels that are always recorded. */
  readonly channels: readonly WantedChannel[];
  /** A file of more channels, which is watched, and what it says now. */
  readonly channelFile?: string;
  readonly listed: readonly WantedChannel[];
  readonly connections: number;
  readonly node: string;
  readonly login?: Login;
  readonly url: string;
  readonly useJournal: boolean;
  /** What is served to others and pulled from them. */
  readonly replication: ReplicationFlags;
}

const RECOVERY_INTERVAL_MS = 30_000;
const STATUS_MS = 1_000;
const LAST_SETTLING_MS = 3_000;
// Whoever crashed longer ago than this left it to `chatloom settle`.
const UNSETTLED_MAX_US = 6 * HOUR_US;

/**
 * Records until the context's signal aborts; then finishes what was begun and resolves.
 *
 * @throws {ChatloomError} when the archive cannot be written, before anything is connected to; when
 * Twitch refuses the login; when the last batches cannot be stored (they stay in the journal).
 */
export async function recordChat(options: RecordChatOptions, context: VerbContext): Promise<void> {
  const { signal, reporter } = context;
  context.watchCtrlC();
  const files = fileSystemStore(options.archive, { movesFirstLayout: true });
  await files.checkWritable({ signal });
  const onReserve = reserveTeller(reporter);
  const journals = options.useJournal
    ? fileSystemJournal(options.archive, { onReserve })
    : noJournal();
  const clock = commandClock();
  const hasher = nodeHasher();
  const replication = new Replication(files, {
    ...options,
    flags: options.replication,
    hasher,
    clock,
    context,
  });
  const { store } = replication;
  const run = await journals.openRun(options.node);
  const journal = new JournalWriter(run, { store: journals, reporter });
  const lock = fileSystemLock(options.archive);
  const unsettled = new Unsettled(fileSystemUnsettled(options.archive), { clock, reporter });
  const settler = new Settler({ store, hasher, clock, reporter, lock, unsettled });
  const onStored = settler.noteStored;
  const noted = unsettled.watch(store);
  const recorder = new Recorder({ store: noted, hasher, clock, reporter, journal, onStored });
  context.setLastWords(() => lastWords(options, recorder));
  reportProxies([options.url], reporter);
  const pool = chatPool({
    url: options.url,
    transport: runtimeTransport(),
    clock,
    random: systemRandom(),
    reporter,
    listener: recorder,
    runName: run.name,
    connectionsPerChannel: options.connections,
    ...(options.login === undefined ? {} : { login: options.login }),
  });
  pool.setChannels([...options.channels, ...options.listed]);
  const syncer = await replication.syncer({ store: noted, onStored });
  const listener = await replication.listen({ recorder, pool, settler });

  // The recorder outlives the pool: what comes in until the last connection is closed is recorded.
  const stopAll = new AbortController();
  const stopRecorder = new AbortController();
  const stop = () => stopAll.abort(signal.reason);
  const stopAsAsked = () => {
    reporter.report("info", "Stopping: what was received is archived first");
    stop();
  };
  signal.addEventListener("abort", stopAsAsked, { once: true });
  const recording = recorder.run(stopRecorder.signal).finally(stop);
  const besides = [
    recover({ journals, store: noted, hasher, reporter, onStored, signal: stopAll.signal }, clock),
    settle(settler, { clock, signal: stopAll.signal, store, hasher, reporter, lock }),
    replication.pull(syncer, stopAll.signal),
    watch(options, { pool, clock, signal: stopAll.signal, context }),
    countCovered(pool, { clock, reporter, signal: stopAll.signal }),
    showStatus(pool, { clock, signal: stopAll.signal, context }),
  ];
  // They are awaited once the pool has ended; until then a failure must not count as unhandled.
  for (const task of [recording, ...besides]) task.catch(() => {});
  if (signal.aborted) stop();
  try {
    await pool.run(stopAll.signal);
  } finally {
    stop();
    stopRecorder.abort();
    signal.removeEventListener("abort", stopAsAsked);
    await Promise.allSettled([...besides, recording, listener?.close()]);
  }
  await Promise.all([...besides, recording]);
  await settleAtLast(settler);
}

/** Tells once when a journal begins to live on its reserve, and when that is whole again. */
function reserveTeller(reporter: Reporter): (change: ReserveChange) => void {
  let isWhole = true;
  return (change) => {
    reporter.count(change.isWhole ? "journal_reserve_made" : "journal_reserve_given_up");
    if (change.isWhole === isWhole) return;
    isWhole = change.isWhole;
    if (isWhole) return reporter.report("info", "The journal's reserve is whole again");
    reporter.report("error", "The disk is full: the journal lives on its reserve; make room", {
      bytes: change.leftBytes,
    });
  };
}

/** What becomes of what was received if the process ends now. */
function lastWords({ archive, useJournal }: RecordChatOptions, recorder: Recorder): string {
  const { openBatches, pendingBatches } = recorder.state();
  const count = openBatches + pendingBatches;
  if (count === 0) return "Stopped at once; all that was received is archived";
  const what = `Stopped at once: ${count} ${
    count === 1 ? "minute is" : "minutes are"
  } not archived`;
  if (!useJournal) return `${what} and lost, as there is no journal`;
  return `${what} yet. They are kept in the journal in "${join(archive, ".chatloom")}"; ` +
    `the next "chatloom record" on this archive archives them`;
}

/** Settles what the last batches left, as far as it goes in the time that people wait for an end. */
async function settleAtLast(settler: Settler): Promise<void> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), LAST_SETTLING_MS);
  await settler.settleNoted({ signal: enough.signal }).catch((error: unknown) => {
    if (!enough.signal.aborted) throw error; // The next start settles the rest.
  });
  clearTimeout(timer);
}

/**
 * Recovers what dead runs left, now and whenever another process on this archive has died: some are
 * only known for dead after minutes. Recording goes on meanwhile, also where recovering fails.
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

/** Settles minutes as they change, after the last hours, in which a crash may have left some. */
async function settle(
  settler: Settler,
  options: SettlerOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { clock, signal, reporter } = options;
  try {
    await settler.noteLeft({ signal });
    await settleArchive({ ...options, fromUs: clock.wallUs() - UNSETTLED_MAX_US });
  } catch (error) {
    if (signal.aborted) return; // Unsettled is not lost: the next start settles it.
    if (!(error instanceof ChatloomError)) throw error;
    reporter.report("error", "Cannot settle the last hours of the archive", {
      code: error.code,
      error: error.message,
    });
  }
  await settler.run(signal);
}

interface Beside {
  readonly pool: ChatPool;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly context: VerbContext;
}

async function watch(
  { channelFile, channels }: RecordChatOptions,
  { pool, clock, signal, context: { reporter } }: Beside,
): Promise<void> {
  if (channelFile === undefined) return;
  await watchChannelList(channelFile, {
    clock,
    signal,
    reporter,
    onChange: (listed) => pool.setChannels([...channels, ...listed]),
  });
}

async function showStatus(
  pool: ChatPool,
  { clock, signal, context: { progress, counters } }: Omit<Beside, "pool">,
): Promise<void> {
  const shown = progress("Lines recorded");
  while (!signal.aborted) {
    const { channels, connections } = pool.state();
    const joined = channels.filter(({ joinedBy }) => joinedBy.length > 0).length;
    shown.update(
      counters.total("lines_received"),
      `${joined} of ${channels.length} channels joined on ${connections.length} connections`,
    );
    await clock.sleep(STATUS_MS, signal).catch(() => {}); // Aborted: the loop ends.
  }
  shown.end();
}
