import { BatchSyntaxError } from "../../core/errors/errors.ts";
import type { ByteCompressor } from "../../core/recording/byte_compressor.ts";
import type { ReadableRun } from "../../ports/journal_store.ts";
import { noopReporter } from "../../ports/reporter.ts";
import type { JournalEntry } from "../journal/entry.ts";
import { freed, LINE_MAX_BYTES, parseEntryBytes, splitAtLf } from "../journal/read_journal.ts";
import type { PendingBatch } from "../record/waiting_batches.ts";
import type { ReceivedMessage } from "../record/received_message.ts";
import { Recording } from "../record/recording.ts";
import { replayEntry } from "../record/replay_entry.ts";
import type { SpilledBatch } from "../record/spilled_batches.ts";
import { RecordedMinutes } from "../record/recorded_minutes.ts";
import type { UnstoredSource } from "../record/unstored/unstored_source.ts";

/** What a {@link FollowedRun} works with. */
export interface FollowedRunOptions {
  /** Called for each message of the journal, in its order. */
  readonly onMessage: (received: ReceivedMessage) => void;
  /** Compresses batches in memory. @default no compression */
  readonly compressor?: ByteCompressor | undefined;
  /** How much memory batches may take that were closed and not stored. @default 40 MiB */
  readonly waitingMaxBytes?: number | undefined;
}

/** How far a journal was read. */
export interface RunProgress {
  /** Whether the run is there. */
  readonly isThere: boolean;
  /**
   * Whether the archive or {@link FollowedRun.unstored} may have messages that were not told one by one: those
   * of entries that went before they were read, and of a journal that this one replaces.
   */
  readonly hasGap: boolean;
}

const WAITING_MAX_BYTES = 40 * 1024 * 1024;

/**
 * The journal of another process, read as it grows, and replayed through the code that recorded it: so what
 * that process has not stored is known here, with the same receivers.
 */
export class FollowedRun {
  readonly #run: ReadableRun;
  readonly #options: FollowedRunOptions;
  #recording: Recording;
  #minutes: RecordedMinutes;
  #hasCheckpoint = false;
  /** The segment that is read; 0 before the first. */
  #segment = 0;
  #offset = 0;
  #hasGap = false;
  /** Closed batches that are not stored, in memory and spilled, by their ids. */
  readonly #waiting = new Map<number, PendingBatch>();
  readonly #spilled = new Map<number, SpilledBatch>();

  /** Nothing is read yet. */
  constructor(run: ReadableRun, options: FollowedRunOptions) {
    this.#run = run;
    this.#options = options;
    [this.#recording, this.#minutes] = this.#begin();
  }

  /** What its process has received and not stored, as far as the journal was read. */
  get unstored(): UnstoredSource {
    return this.#minutes;
  }

  /**
   * Reads on, to the end of the journal.
   *
   * @throws {ChatloomError} when the journal cannot be read; a later call goes on.
   */
  async readOn(): Promise<RunProgress> {
    this.#hasGap = false;
    for (;;) {
      // Listed first: when a next segment is there, this one is complete.
      const numbers = await this.#run.segments();
      const first = numbers[0];
      if (first === undefined) return { isThere: false, hasGap: true };
      if (!numbers.includes(this.#segment)) {
        if (this.#segment > 0) this.#forget();
        this.#hasGap ||= this.#segment > 0 || first > 1;
        this.#enter(first);
      }
      await this.#readSegment();
      const next = numbers.find((number) => number > this.#segment);
      if (next === undefined) return { isThere: true, hasGap: this.#hasGap };
      this.#enter(next);
    }
  }

  /** Frees the memory of all batches. */
  free(): void {
    this.#forget();
  }

  #begin(): [Recording, RecordedMinutes] {
    const { compressor, onMessage } = this.#options;
    const { name } = this.#run;
    const recording = new Recording({ run: name, reporter: noopReporter, compressor, onMessage });
    const run = this.#run;
    const lastSegment = () => this.#segment;
    const journal = {
      get name() {
        return recording.run;
      },
      get segment() {
        return lastSegment();
      },
      read: (number: number) => run.read(number, 0),
    };
    const waiting = this.#waiting;
    const spilled = this.#spilled;
    const writer = {
      get waiting() {
        return [...waiting.values()];
      },
      get spilled() {
        return [...spilled.values()];
      },
    };
    return [recording, new RecordedMinutes(recording, writer, { journal, compressor })];
  }

  #enter(segment: number): void {
    this.#segment = segment;
    this.#offset = 0;
    this.#recording.segment = segment;
  }

  /** Begins anew: what was read before is stored, or stands in the segments that are left. */
  #forget(): void {
    for (const { channel, minuteUs } of this.#recording.openBatches()) {
      this.#recording.closeBatch(channel, minuteUs)?.buffer.free();
    }
    for (const { batch } of this.#waiting.values()) batch.buffer.free();
    this.#waiting.clear();
    this.#spilled.clear();
    this.#hasCheckpoint = false;
    [this.#recording, this.#minutes] = this.#begin();
  }

  async #readSegment(): Promise<void> {
    const pieces = freed(this.#run.read(this.#segment, this.#offset));
    for await (const { bytes, isTorn } of splitAtLf(pieces)) {
      // More of it may come.
      if (isTorn && bytes.length <= LINE_MAX_BYTES) return;
      this.#offset += bytes.length + (isTorn ? 0 : 1);
      const entry = isTorn ? undefined : parseEntryBytes(bytes);
      if (entry !== undefined) this.#take(entry);
    }
  }

  #take(entry: JournalEntry): void {
    if (entry.kind === "checkpoint") {
      if (!this.#hasCheckpoint) this.#recording.restore(entry.checkpoint);
      this.#hasCheckpoint = true;
      return;
    }
    if (entry.kind === "stored") return this.#stored(entry.id);
    if (entry.kind === "kept") this.#hasGap = true;
    const batch = this.#replay(entry);
    if (batch === undefined || entry.kind !== "batch") return;
    const { id } = entry;
    this.#waiting.set(id, { id, batch, firstSegment: batch.firstSegment });
    this.#spill();
  }

  #replay(
    entry: Exclude<JournalEntry, { readonly kind: "checkpoint" }>,
  ): ReturnType<typeof replayEntry> {
    try {
      return replayEntry(this.#recording, entry);
    } catch (error) {
      if (!(error instanceof BatchSyntaxError)) throw error;
      return undefined; // A bad disk: recovery puts it into quarantine and reports it.
    }
  }

  #stored(id: number): void {
    this.#waiting.get(id)?.batch.buffer.free();
    this.#waiting.delete(id);
    this.#spilled.delete(id);
  }

  /** Keeps memory bounded: the journal has the youngest. */
  #spill(): void {
    const { waitingMaxBytes = WAITING_MAX_BYTES } = this.#options;
    let bytes = 0;
    for (const { batch } of this.#waiting.values()) bytes += batch.buffer.heldBytes;
    for (const { id, batch, firstSegment } of [...this.#waiting.values()].reverse()) {
      if (bytes <= waitingMaxBytes || this.#waiting.size === 1) return;
      const { channel, minuteUs, buffer } = batch;
      const { heldBytes, identity, version } = buffer;
      this.#waiting.delete(id);
      this.#spilled.set(id, { id, channel, minuteUs, firstSegment, identity, version, heldBytes });
      bytes -= heldBytes;
      buffer.free();
    }
  }
}
