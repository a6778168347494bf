import type { JournalRun, JournalStore } from "../../ports/journal_store.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { type Checkpoint, formatEntry, type JournalEntry } from "./entry.ts";
import { JournalHealth } from "./journal_health.ts";

// What may wait in memory while the journal's disk is full: minutes of the busiest chat.
const BACKLOG_MAX_BYTES = 64 * 1024 * 1024;

const UTF8 = new TextEncoder();

/** What a {@link JournalWriter} works with. */
export interface JournalWriterOptions {
  /** Where the run is, and others are opened if it is taken away. */
  readonly store: JournalStore;
  readonly reporter: Reporter;
}

/**
 * Writes a journal, come what may: while its disk fails, entries wait in memory and are written, in
 * order, as soon as it works again. Nothing here throws for a failing disk; it is reported.
 *
 * A journal that was taken away takes nothing more: {@link JournalWriter.isLost} tells, and
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
  /** The last segment that lacks something. */
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

  /** The number of the segment that is written to. */
  get segment(): number {
    return this.#run.segment;
  }

  /** How many bytes the segment that is written to holds beyond what it began with. */
  get segmentBytes(): number {
    return this.#segmentBytes - this.#checkpointBytes;
  }

  /** How many bytes wait for the disk to work again. */
  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  /** Whether the journal was taken away: what is written is dropped until it is renewed. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Writes entries. When it returns, a kill of the process cannot lose them, or it was reported.
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

  /** Makes what was written safe from a power cut; first writes what waited. */
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
    // What waits belongs to the old segment: behind a new checkpoint it would be read as later.
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

  /** Lets go of all segments before `segment`: what they hold is safely stored. */
  async releaseBefore(segment: number): Promise<void> {
    // While the note that a batch was stored still waits, its lines must not go.
    if (this.#backlog.length > 0 || this.#isLost) return;
    const run = this.#run;
    while (run === this.#run && this.#firstSegment < Math.min(segment, run.segment)) {
      const released = this.#firstSegment++;
      try {
        await run.release(released);
      } catch (error) {
        this.#reporter.report("warning", "Cannot delete a journal segment that is done with", {
          segment: released,
          error: String(error),
        });
      }
    }
  }

  /** Whether all that was written since `segment` began can be read back with {@link JournalWriter.read}. */
  canReadSince(segment: number): boolean {
    return this.#run.read !== undefined && !this.#isLost && this.#backlog.length === 0 &&
      segment > this.#gapSegment;
  }

  /** Yields the bytes of a segment, as {@link JournalRun.read} does; none where nothing is kept. */
  async *read(segment: number): AsyncIterable<Uint8Array> {
    yield* this.#run.read?.(segment) ?? [];
  }

  /**
   * Begins another journal in place of the one that was taken away; returns whether it did. Its first
   * segment holds `content`, which is asked for once the new run is open, and says all that is not
   * stored by then.
   *
   * @internal
   */
  async renew(content: () => Iterable<readonly JournalEntry[]>): Promise<boolean> {
    const lost = this.#run;
    // It knows best what became of it.
    const reason = await lost.sync().then(() => undefined, (error) => (error as Error).message);
    let run: JournalRun | undefined;
    try {
      run = await this.#store.openRun(this.name.slice(0, this.name.lastIndexOf(".")));
      // Without a pause up to the end, so that nothing comes between the content and what follows it.
      let bytes = 0;
      for (const entries of content()) {
        const piece = encodeEntries(entries);
        run.append(piece);
        bytes += piece.length;
      }
      this.#takeOver(run, bytes);
    } catch (error) {
      if (run !== undefined) await this.#discard(run);
      this.#fail(error, "begun again");
      return false;
    }
    this.#reporter.count("journal_renewals");
    this.#reporter.report(
      "error",
      "The journal was taken away: a new one holds what is not stored",
      {
        lost: lost.name,
        run: run.name,
        error: reason ?? "",
      },
    );
    await this.sync();
    await lost.close().catch(() => {}); // It is gone.
    return true;
  }

  /** Ends the journal. What it holds stays, for whoever recovers it. */
  async close(): Promise<void> {
    await this.sync();
    if (this.#backlogBytes > 0) {
      // Where the store failed as well nobody has these lines: who reads the log must know.
      this.#reporter.report("error", "The journal ends without what its disk did not take", {
        bytes: this.#backlogBytes,
      });
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

  /** Ends a run that could not be begun whole. What is left of it says nothing that is not true. */
  async #discard(run: JournalRun): Promise<void> {
    await run.close().catch(() => {}); // The first failure is the news.
    try {
      for await (const dead of this.#store.deadRuns()) {
        if (dead.name === run.name) await dead.remove();
      }
    } catch {
      // Recovered later, it adds nothing that is not archived anyway.
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

  #fail(error: unknown, attempt: "written" | "flushed" | "begun again"): void {
    if (!(error instanceof ChatloomError)) throw error;
    if (error.code === "JOURNAL_LOST") {
      // The open batches have all that waits, and the next journal gets it from them.
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
