import { BatchSyntaxError } from "../../core/errors/errors.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { parseEntry } from "../journal/entry.ts";
import { replayEntry } from "../record/replay_entry.ts";
import type { TextLine } from "./capture_text.ts";
import type { Importer } from "./import_capture.ts";
import { type RecordedBatch, Recording } from "../record/recording.ts";

/** An importer of journals: replays them as after a crash. */
export class ImportedJournal implements Importer {
  #lineCount = 0;
  readonly #reporter: Reporter;
  readonly #recording: Recording;
  #closed: RecordedBatch[] = [];

  /** `run` names the receivers until a checkpoint does. */
  constructor({ run, reporter }: { readonly run: string; readonly reporter: Reporter }) {
    this.#reporter = reporter;
    this.#recording = new Recording({ run, reporter });
  }

  /** See {@link Importer}. */
  get lineCount(): number {
    return this.#lineCount;
  }

  /** See {@link Importer}. */
  take(lines: readonly TextLine[]): void {
    for (const line of lines) this.#takeEntry(line);
  }

  #takeEntry({ text, isPiece }: TextLine): void {
    const entry = isPiece ? undefined : parseEntry(text);
    if (entry === undefined) return this.#ignore();
    if (entry.kind === "checkpoint") {
      // A journal may have several segments: only the first begins a run.
      if (this.#lineCount === 0) this.#recording.restore(entry.checkpoint);
      return;
    }
    if (entry.kind === "line" || entry.kind === "piece" || entry.kind === "kept") this.#lineCount++;
    try {
      const batch = replayEntry(this.#recording, entry);
      if (batch !== undefined) this.#closed.push(batch);
    } catch (error) {
      if (!(error instanceof BatchSyntaxError)) throw error;
      this.#reporter.count("lines_ignored", { reason: "no journal entry" });
    }
  }

  #ignore(): void {
    this.#lineCount++;
    this.#reporter.count("lines_ignored", { reason: "no journal entry" });
  }

  /** See {@link Importer}. */
  end(): void {
    for (const { channel, minuteUs } of this.#recording.openBatches()) {
      const batch = this.#recording.closeBatch(channel, minuteUs);
      if (batch !== undefined) this.#closed.push(batch);
    }
  }

  /** See {@link Importer}. */
  closed(): RecordedBatch[] {
    const closed = this.#closed;
    this.#closed = [];
    return closed;
  }
}
