import type { JournalRun, JournalStore } from "../../ports/journal_store.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { ChatloomError } from "../../core/errors.ts";
import { type Checkpoint, formatEntry, type JournalEntry } from "./entry.ts";

// What may wait in memory while the journal's disk is full: minutes of the busiest chat.
const BACKLOG_MAX_BYTES = 64 * 1024 * 1024;

const UTF8 = new TextEncoder();

/**
 * Writes a journal, come what may: while its disk fails, entries wait in memory and are written, in
 * order, as soon as it works again. Nothing here throws for a failing disk; it is reported.
 */
export class JournalWriter {
  readonly #store: JournalStore;
  readonly #run: JournalRun;
  readonly #reporter: Reporter;
  readonly #backlog: Uint8Array[] = [];
  #backlogBytes = 0;
  #segmentBytes = 0;
  #checkpointBytes = 0;
  #firstSegment: number;
  #isFailing = false;
  #isOverflowing = false;

  /** Writes to `run`, a run of `store` which it owns from now on. */
  constructor(
    run: JournalRun,
    options: { readonly store: JournalStore; readonly reporter: Reporter },
  ) {
    this.#store = options.store;
    this.#run = run;
    this.#reporter = options.reporter;
    this.#firstSegment = run.segment;
  }

  /** The name of the run. */
  get name(): string {
    return this.#run.name;
  }

  /** The number of the segment that is written to. */
  get segment(): number {
    return this.#run.segment;
  }

  /** How many bytes the segment that is written to holds beyond its checkpoint. */
  get segmentBytes(): number {
    return this.#segmentBytes - this.#checkpointBytes;
  }

  /** How many bytes wait for the disk to work again. */
  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  /** Writes entries. When it returns, a kill of the process cannot lose them, or it was reported. */
  write(entries: readonly JournalEntry[]): void {
    const bytes = UTF8.encode(entries.map(formatEntry).join(""));
    if (this.#backlogBytes + bytes.length > BACKLOG_MAX_BYTES) {
      if (!this.#isOverflowing) {
        this.#reporter.report(
          "error",
          "The journal has no room in memory either: it has a gap now",
        );
      }
      this.#isOverflowing = true;
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
    try {
      await this.#run.sync();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Begins the journal, or a segment of it. */
  begin(checkpoint: Checkpoint): void {
    this.write([{ kind: "checkpoint", checkpoint }]);
    this.#checkpointBytes = this.#segmentBytes;
  }

  /** Begins a new segment, unless the disk fails; returns whether it did. */
  rotate(checkpoint: Checkpoint): boolean {
    if (this.#backlog.length > 0) return false;
    try {
      this.#run.rotate();
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#segmentBytes = 0;
    this.begin(checkpoint);
    return true;
  }

  /** Lets go of all segments before `segment`: what they hold is safely stored. */
  async releaseBefore(segment: number): Promise<void> {
    // While the note that a batch was stored still waits, its lines must not go.
    if (this.#backlog.length > 0) return;
    while (this.#firstSegment < Math.min(segment, this.#run.segment)) {
      const released = this.#firstSegment++;
      try {
        await this.#run.release(released);
      } catch (error) {
        this.#reporter.report("warning", "Cannot delete a journal segment that is done with", {
          segment: released,
          error: String(error),
        });
      }
    }
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
    await this.#run.close();
  }

  /** After {@link JournalWriter.close}: forgets the journal, because all it holds is stored. */
  async forget(): Promise<void> {
    for await (const dead of this.#store.deadRuns()) {
      if (dead.name === this.#run.name) await dead.remove();
    }
  }

  #drain(): void {
    let next;
    while ((next = this.#backlog[0]) !== undefined) {
      try {
        this.#run.append(next);
      } catch (error) {
        return this.#fail(error);
      }
      this.#backlog.shift();
      this.#backlogBytes -= next.length;
      this.#segmentBytes += next.length;
    }
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#isOverflowing = false;
    this.#reporter.report("info", "The journal can be written again");
  }

  #fail(error: unknown): void {
    if (!(error instanceof ChatloomError)) throw error;
    this.#reporter.count("journal_errors", { code: error.code });
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#reporter.report("error", "The journal cannot be written: lines are kept in memory", {
      code: error.code,
      error: error.message,
    });
  }
}
