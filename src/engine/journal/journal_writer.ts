import type { JournalRun, JournalStore } from "../../ports/journal_store.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { type Checkpoint, formatEntry, type JournalEntry } from "./entry.ts";
import { JournalHealth } from "./journal_health.ts";

// How much may wait in memory while the journal's disk is full: minutes of the busiest chat.
const BACKLOG_MAX_BYTES = 64 * 1024 * 1024;

const UTF8 = new TextEncoder();

/** What a {@link JournalWriter} works with. */
export interface JournalWriterOptions {
  /** Holds the run, and new runs if that one is lost. */
  readonly store: JournalStore;
  readonly reporter: Reporter;
}

/**
 * Writes a journal whatever happens: while its disk fails, entries wait in memory and are written, in
 * order, as soon as it works again. Nothing here throws for a failing disk; it is reported.
 *
 * A lost journal, whose files were removed, takes nothing more: {@link JournalWriter.isLost} says so, and
 * {@link JournalWriter.renew} begins another.
 */
export class JournalWriter {
  /** The name of the recorder's run: part of its receivers' ids. Stays when the journal is renewed. */
  readonly name: string;
  readonly #store: JournalStore;
  readonly #reporter: Reporter;
  readonly #health: JournalHealth;
  #run: JournalRun;
  #backlog: Uint8Array[] = [];
  #backlogBytes = 0;
  #segmentBytes = 0;
  #checkpointBytes = 0;
  #firstSegment: number;
  /** The last segment with a gap. */
  #gapSegment = 0;
  #isOverflowing = false;
  #isLost = false;

  /** Writes to `run`, a run of `store` which it owns from now on. */
  constructor(run: JournalRun, { store, reporter }: JournalWriterOptions) {
    this.name = run.name;
    this.#store = store;
    this.#run = run;
    this.#reporter = reporter;
    this.#health = new JournalHealth(reporter);
    this.#firstSegment = run.segment;
  }

  /** The number of the current segment. */
  get segment(): number {
    return this.#run.segment;
  }

  /** The first segment that was not deleted. */
  get firstSegment(): number {
    return this.#firstSegment;
  }

  /** How many bytes the current segment holds beyond its first entries. */
  get segmentBytes(): number {
    return this.#segmentBytes - this.#checkpointBytes;
  }

  /** How many bytes wait for the disk to work again. */
  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  /** Whether the journal is lost: entries are dropped until it is renewed. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Writes entries. When it returns, a kill of the process cannot lose them, or the failure was reported.
   *
   * @internal
   */
  write(entries: readonly JournalEntry[]): void {
    if (this.#isLost) return;
    const bytes = encodeEntries(entries);
    if (this.#backlogBytes + bytes.length > BACKLOG_MAX_BYTES) {
      if (!this.#isOverflowing) {
        this.#reporter.report(
          "error",
          "The journal has no room in memory either: it has a gap now",
        );
      }
      this.#isOverflowing = true;
      this.#gapSegment = this.segment;
      this.#reporter.count("journal_bytes_lost", {}, bytes.length);
      return;
    }
    this.#backlog.push(bytes);
    this.#backlogBytes += bytes.length;
    this.#drain();
  }

  /** Flushes the journal, so that a power cut cannot lose it; first writes waiting entries. */
  async sync(): Promise<void> {
    this.#drain();
    if (this.#isLost) return;
    const run = this.#run;
    try {
      await run.sync();
      if (this.#backlog.length === 0) this.#health.worked();
    } catch (error) {
      if (run === this.#run) this.#fail(error, "flushed");
    }
  }

  /**
   * Begins the journal, or a segment of it.
   *
   * @internal
   */
  begin(checkpoint: Checkpoint): void {
    this.write([{ kind: "checkpoint", checkpoint }]);
    this.#checkpointBytes = this.#segmentBytes;
  }

  /**
   * Begins a new segment, unless the disk fails; returns whether it did.
   *
   * @internal
   */
  rotate(checkpoint: Checkpoint): boolean {
    // Waiting entries belong to the old segment: behind a new checkpoint they would be read as later.
    if (this.#backlog.length > 0 || this.#isLost) return false;
    try {
      this.#run.rotate();
    } catch (error) {
      this.#fail(error, "written");
      return false;
    }
    this.#segmentBytes = 0;
    this.begin(checkpoint);
    return true;
  }

  /** Deletes all segments before `segment`: their contents are safely stored. */
  async releaseBefore(segment: number): Promise<void> {
    // While the entry that a batch was stored still waits, its lines must stay.
    if (this.#backlog.length > 0 || this.#isLost) return;
    const run = this.#run;
    while (run === this.#run && this.#firstSegment < Math.min(segment, run.segment)) {
      const released = this.#firstSegment++;
      try {
        await run.release(released);
      } catch (error) {
        this.#reporter.report(
          "warning",
          "Cannot delete a journal segment that is no longer needed",
          {
            segment: released,
            error: String(error),
          },
        );
      }
    }
  }

  /** Whether all entries since `segment` began can be read back with {@link JournalWriter.read}. */
  canReadSince(segment: number): boolean {
    return this.#run.read !== undefined && !this.#isLost && this.#backlog.length === 0 &&
      segment > this.#gapSegment;
  }

  /** Yields the bytes of a segment, as {@link JournalRun.read} does; none if the journal keeps nothing. */
  async *read(segment: number): AsyncIterable<Uint8Array> {
    yield* this.#run.read?.(segment) ?? [];
  }

  /**
   * Begins a new journal in place of the lost one; returns whether it did. Its first
   * segment holds `content`, which is called once the new run is open, and covers all that is not
   * stored by then.
   *
   * @internal
   */
  async renew(content: () => Iterable<readonly JournalEntry[]>): Promise<boolean> {
    const lost = this.#run;
    // The run knows best why it was lost.
    const reason = await lost.sync().then(() => undefined, (error) => (error as Error).message);
    let run: JournalRun | undefined;
    try {
      run = await this.#store.openRun(this.name.slice(0, this.name.lastIndexOf(".")));
      // Without an await up to the end, so that nothing comes between the content and later entries.
      let bytes = 0;
      for (const entries of content()) {
        const piece = encodeEntries(entries);
        run.append(piece);
        bytes += piece.length;
      }
      this.#takeOver(run, bytes);
    } catch (error) {
      if (run !== undefined) await this.#discard(run);
      this.#fail(error, "renewed");
      return false;
    }
    this.#reporter.count("journal_renewals");
    this.#reporter.report(
      "error",
      "The journal was lost: a new one holds all that is not stored",
      {
        lost: lost.name,
        run: run.name,
        error: reason ?? "",
      },
    );
    await this.sync();
    await lost.close().catch(() => {}); // The old run is gone.
    return true;
  }

  /** Ends the journal. What it holds stays for recovery. */
  async close(): Promise<void> {
    await this.sync();
    if (this.#backlogBytes > 0) {
      // Where the store failed as well, these lines are lost: the log must say so.
      this.#reporter.report(
        "error",
        "The journal ends without entries that its disk did not take",
        {
          bytes: this.#backlogBytes,
        },
      );
      this.#reporter.count("journal_bytes_lost", {}, this.#backlogBytes);
    }
    this.#health.end();
    await this.#run.close().catch((error) => {
      if (!this.#isLost) throw error;
    });
  }

  /** After {@link JournalWriter.close}: forgets the journal, because all it holds is stored. */
  async forget(): Promise<void> {
    for await (const dead of this.#store.deadRuns()) {
      if (dead.name === this.#run.name) await dead.remove();
    }
  }

  #takeOver(run: JournalRun, bytes: number): void {
    this.#run = run;
    this.#isLost = false;
    this.#isOverflowing = false;
    this.#backlog = [];
    this.#backlogBytes = 0;
    this.#firstSegment = run.segment;
    this.#gapSegment = 0;
    this.#segmentBytes = this.#checkpointBytes = bytes;
  }

  /** Ends a run that could not be begun whole. Its entries are true, so they may stay. */
  async #discard(run: JournalRun): Promise<void> {
    await run.close().catch(() => {}); // The first failure is thrown.
    try {
      for await (const dead of this.#store.deadRuns()) {
        if (dead.name === run.name) await dead.remove();
      }
    } catch {
      // Recovered later, it adds only messages that are archived anyway.
    }
  }

  #drain(): void {
    let next;
    while ((next = this.#backlog[0]) !== undefined) {
      try {
        this.#run.append(next);
      } catch (error) {
        return this.#fail(error, "written");
      }
      this.#backlog.shift();
      this.#backlogBytes -= next.length;
      this.#segmentBytes += next.length;
    }
    this.#isOverflowing = false;
  }

  #fail(error: unknown, attempt: "written" | "flushed" | "renewed"): void {
    if (!(error instanceof ChatloomError)) throw error;
    if (error.code === "JOURNAL_LOST") {
      // The open batches hold all waiting entries, and the next journal gets them from there.
      this.#isLost = true;
      this.#backlog = [];
      this.#backlogBytes = 0;
      return;
    }
    this.#health.failed(attempt, error);
  }
}

function encodeEntries(entries: readonly JournalEntry[]): Uint8Array {
  return UTF8.encode(entries.map(formatEntry).join(""));
}
