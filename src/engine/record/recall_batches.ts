import type { ByteCompressor } from "../../core/recording/byte_compressor.ts";
import { BatchSyntaxError } from "../../core/errors/errors.ts";
import { noopReporter } from "../../ports/reporter.ts";
import { freed, readEntries } from "../journal/read_journal.ts";
import { replayEntry } from "./replay_entry.ts";
import { type RecordedBatch, Recording } from "./recording.ts";
import type { SpilledBatch } from "./spilled_batches.ts";

/** A journal that can be read while it is being written. */
export interface JournalSegments {
  /** The name of the recorder's run: part of its receivers' ids. */
  readonly name: string;
  /** The number of the last segment. */
  readonly segment: number;
  /** Yields the bytes of a segment in chunks that belong to the caller; none if it is not there. */
  read(segment: number): AsyncIterable<Uint8Array>;
}

/** A batch that was read back. */
export interface RecalledBatch {
  readonly id: number;
  readonly batch: RecordedBatch;
}

/**
 * Reads closed batches back from the journal that is being written, in the order in which they were
 * closed, each once: the same batches that were closed then. One that the journal does not have is
 * left out. Only minutes that are wanted take memory.
 *
 * @throws {ChatloomError} when the journal cannot be read.
 */
export async function* recallBatches(
  spilled: readonly SpilledBatch[],
  { journal, compressor }: {
    readonly journal: JournalSegments;
    readonly compressor?: ByteCompressor | undefined;
  },
): AsyncGenerator<RecalledBatch, void, undefined> {
  const wanted = new Map(spilled.map((each) => [each.id, each]));
  const minutes = new Set(spilled.map(minuteName));
  const recording = new Recording({
    run: journal.name,
    reporter: noopReporter,
    compressor,
    wants: (channel, minuteUs) => minutes.has(minuteName({ channel, minuteUs })),
  });
  let wantsCheckpoint = true;
  let number = Math.min(...spilled.map(({ firstSegment }) => firstSegment));
  for (; number <= journal.segment && wanted.size > 0; number++) {
    for await (const read of readEntries(freed(journal.read(number)))) {
      if (!read.ok) continue; // The end of a line that is being written.
      const { entry } = read;
      if (entry.kind === "checkpoint") {
        if (wantsCheckpoint) recording.restore(entry.checkpoint);
        wantsCheckpoint = false;
        continue;
      }
      const batch = replay(recording, entry);
      if (batch === undefined || entry.kind !== "batch" || !wanted.delete(entry.id)) continue;
      yield { id: entry.id, batch };
      if (wanted.size === 0) return;
    }
  }
}

function replay(
  recording: Recording,
  entry: Parameters<typeof replayEntry>[1],
): RecordedBatch | undefined {
  try {
    return replayEntry(recording, entry);
  } catch (error) {
    if (!(error instanceof BatchSyntaxError)) throw error;
    return undefined; // A bad disk: recovery will put it into quarantine.
  }
}

function minuteName({ channel, minuteUs }: Pick<SpilledBatch, "channel" | "minuteUs">): string {
  return `${channel} ${minuteUs}`;
}
