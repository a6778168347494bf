import type { ByteCompressor } from "../../core/recording/byte_compressor.ts";
import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { BatchSyntaxError, ChatloomError } from "../../core/errors/errors.ts";
import { parseIrcLine } from "../../core/irc/irc_line.ts";
import type { RedactionMatcher } from "../../core/redaction/redaction_matcher.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { DeadRun, JournalStore } from "../../ports/journal_store.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { ListeningTracker, mayConcernListening } from "../coverage/listening_tracker.ts";
import { writeCoverage } from "../coverage/write_coverage.ts";
import { BatchPuts, type StoredAtOnce } from "../record/batch_puts.ts";
import { Recording } from "../record/recording.ts";
import { replayEntry } from "../record/replay_entry.ts";
import { formatEntry, type JournalEntry } from "../journal/entry.ts";
import { freed, readEntries } from "../journal/read_journal.ts";

/** What {@link recoverJournals} works with. */
export interface RecoverOptions {
  /** Where the journals are. */
  readonly journals: JournalStore;
  /** Their archive. */
  readonly store: BatchStore;
  /** Names the batches. */
  readonly hasher: Hasher;
  /** Matches messages that are left out: their users opted out. @default none */
  readonly unwanted?: (() => RedactionMatcher | undefined) | undefined;
  /** Compresses batches in memory. @default no compression */
  readonly compressor?: ByteCompressor | undefined;
  /** Gets a report of each recovered run, and of what cannot be read. */
  readonly reporter: Reporter;
  /** Aborts between two entries; recovered batches stay, and the next try does the rest. */
  readonly signal?: AbortSignal | undefined;
  /** What is stored at a time. @default 16 batches, 8 MiB */
  readonly storedAtOnce?: StoredAtOnce | undefined;
  /** Called for each batch that is safely stored. */
  readonly onStored?: (key: ArchiveKey) => void;
}

/** The result of a recovery. */
export interface Recovered {
  /** Runs that had died. */
  readonly runs: number;
  /** Lines in their journals. */
  readonly lines: number;
  /** Batches that were stored; each may have been there already. */
  readonly batches: number;
}

/**
 * Replays the journals of all dead runs into the store and forgets them: what a recorder had
 * received when it died is in the archive afterwards, in the same batches that it would have written.
 *
 * A crash at any step leaves the journal, and recovering it again stores the same bytes under the
 * same names. Bytes of a journal that cannot be read go into quarantine and are reported.
 *
 * @throws {ChatloomError} when the store or a journal fails; then that journal stays, and the others
 * have been recovered.
 */
export async function recoverJournals(options: RecoverOptions): Promise<Recovered> {
  let total: Recovered = { runs: 0, lines: 0, batches: 0 };
  let failure: { readonly error: unknown } | undefined;
  for await (const run of options.journals.deadRuns()) {
    options.signal?.throwIfAborted();
    try {
      const { lines, batches } = await recoverRun(run, options);
      total = {
        runs: total.runs + 1,
        lines: total.lines + lines,
        batches: total.batches + batches,
      };
    } catch (error) {
      // A journal that cannot be read, or a channel that cannot be written, must not stop other runs.
      if (!(error instanceof ChatloomError)) throw error;
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
  return total;
}

async function recoverRun(run: DeadRun, options: RecoverOptions): Promise<Omit<Recovered, "runs">> {
  const { onStored } = options;
  const puts = new BatchPuts({ ...options, onStored: onStored && (({ key }) => onStored(key)) });
  try {
    return await replayRun(run, { ...options, puts });
  } finally {
    await puts.settled(); // Where it failed: another try must not meet its writes.
  }
}

async function replayRun(
  run: DeadRun,
  { puts, ...options }: RecoverOptions & { readonly puts: BatchPuts },
): Promise<Omit<Recovered, "runs">> {
  const stored = await storedBatches(run);
  const recording = new Recording({
    run: run.name,
    reporter: options.reporter,
    compressor: options.compressor,
  });
  const listening = new ListeningTracker();
  let wallOffsetUs = 0;
  let lines = 0;
  let batches = 0;
  let expected = 0;
  for await (const number of run.segments()) {
    // A checkpoint matters only at the start and behind a gap.
    let wantsCheckpoint = number !== expected;
    expected = number + 1;
    for await (const read of readEntries(freed(run.read(number)))) {
      options.signal?.throwIfAborted();
      if (!read.ok) {
        await keepAside(read.bytes, { run, number, reporter: options.reporter });
        continue;
      }
      const { entry } = read;
      if (entry.kind === "checkpoint") {
        if (wantsCheckpoint) {
          recording.restore(entry.checkpoint);
          const moment = entry.checkpoint.connections[0]?.moment;
          if (moment !== undefined) wallOffsetUs = moment.receivedUs - moment.elapsedUs;
          if (entry.checkpoint.listening) listening.restore(entry.checkpoint.listening);
        }
        wantsCheckpoint = false;
        continue;
      }
      if (entry.kind === "line" || entry.kind === "kept") lines++;
      if ("moment" in entry) wallOffsetUs = entry.moment.receivedUs - entry.moment.elapsedUs;
      replayListening(listening, entry);
      let batch;
      try {
        batch = replayEntry(recording, entry, options.unwanted?.());
      } catch (error) {
        // A kept line that a bad disk changed: the others are still good.
        if (!(error instanceof BatchSyntaxError)) throw error;
        const bytes = new TextEncoder().encode(formatEntry(entry));
        await keepAside(bytes, { run, number, reporter: options.reporter });
      }
      if (batch === undefined || (entry.kind === "batch" && stored.has(entry.id))) continue;
      await puts.put(batch);
      batches++;
    }
  }
  for (const { channel, minuteUs } of recording.openBatches()) {
    const batch = recording.closeBatch(channel, minuteUs);
    if (batch === undefined) continue;
    await puts.put(batch);
    batches++;
  }
  await puts.stored();
  const { serverClock } = recording.checkpoint();
  const base = { run: recording.run, serverClock, wallOffsetUs };
  await writeCoverage(listening.take(), { ...options, ...base });
  await run.remove();
  options.reporter.report("info", "Recovered the journal of a run that ended too soon", {
    run: run.name,
    lines,
    batches,
  });
  return { lines, batches };
}

function replayListening(listening: ListeningTracker, entry: JournalEntry): void {
  switch (entry.kind) {
    case "open":
      return listening.open(entry.n, entry.moment.elapsedUs);
    case "line": {
      listening.heard(entry.n, entry.moment.elapsedUs);
      const parsed = mayConcernListening(entry.line) ? parseIrcLine(entry.line) : undefined;
      if (parsed?.ok) listening.message(entry.n, parsed.message);
      return;
    }
    case "close":
      return listening.close(entry.n);
  }
}

/** The ids of the batches that were stored before the run died. */
async function storedBatches(run: DeadRun): Promise<Set<number>> {
  const stored = new Set<number>();
  for await (const number of run.segments()) {
    for await (const read of readEntries(freed(run.read(number)))) {
      if (read.ok && read.entry.kind === "stored") stored.add(read.entry.id);
    }
  }
  return stored;
}

async function keepAside(
  bytes: Uint8Array,
  { run, number, reporter }: {
    readonly run: DeadRun;
    readonly number: number;
    readonly reporter: Reporter;
  },
): Promise<void> {
  const where = await run.setAside(bytes);
  reporter.count("journal_lines_set_aside");
  reporter.report(
    "warning",
    "A journal holds bytes that are no entry, as after a power cut; put into quarantine",
    {
      run: run.name,
      segment: number,
      bytes: bytes.length,
      where,
    },
  );
}
