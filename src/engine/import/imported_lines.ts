import { sentUs } from "../../core/batch/content.ts";
import type { Moment } from "../../core/recording/server_time.ts";
import { HOUR_US, type Micros } from "../../core/time.ts";
import type { Reporter } from "../../ports/reporter.ts";
import { LINE_LENGTH_MAX } from "../session/lines/line_splitter.ts";
import { type CaptureLine, parseCaptureLine } from "./capture_line.ts";
import { CapturedConnections } from "../record/captured_connections.ts";
import type { TextLine } from "./capture_text.ts";
import type { Importer } from "./import_capture.ts";
import { type RecordedBatch, Recording } from "../record/recording.ts";
import { type PlacedLine, SteadyTimes } from "../record/steady_times.ts";

type TimedLine = CaptureLine & { readonly sentUs: Micros | undefined };

/** How many lines are taken between two checks for batches that can be closed. */
const LOOK_EVERY = 1_000;

/** An importer of raw lines. */
export class ImportedLines implements Importer {
  #lineCount = 0;
  readonly #reporter: Reporter;
  readonly #recording: Recording;
  readonly #connections: CapturedConnections;
  readonly #times = new SteadyTimes<TimedLine>();
  #closed: RecordedBatch[] = [];
  #sinceLook = 0;
  #last: Moment | undefined;

  /** Receivers are `<run>.<n>`. */
  constructor({ run, reporter }: { readonly run: string; readonly reporter: Reporter }) {
    this.#reporter = reporter;
    this.#recording = new Recording({ run, reporter, isMidway: true });
    this.#connections = new CapturedConnections(this.#recording);
  }

  /** See {@link Importer}. */
  get lineCount(): number {
    return this.#lineCount;
  }

  /** See {@link Importer}. */
  take(lines: readonly TextLine[]): void {
    for (const { text, isPiece } of lines) {
      if (!isPiece) this.#takeText(text);
    }
  }

  /** See {@link Importer}. */
  end(): void {
    for (const placed of this.#times.end()) this.#record(placed);
    for (const { channel, minuteUs } of this.#recording.openBatches()) {
      this.#close(channel, minuteUs);
    }
  }

  /** See {@link Importer}. */
  closed(): RecordedBatch[] {
    const closed = this.#closed;
    this.#closed = [];
    return closed;
  }

  #takeText(text: string): void {
    this.#lineCount++;
    const captured = parseCaptureLine(text);
    if (captured.line.length > LINE_LENGTH_MAX) {
      return this.#reporter.count("lines_ignored", { reason: "line too long" });
    }
    const { parsed } = captured;
    const sent = parsed.ok ? sentUs(parsed.message.tags) : undefined;
    const placed = this.#times.push({ ...captured, sentUs: sent });
    for (const each of placed) this.#record(each);
  }

  #record({ line: { line, parsed }, atUs, between }: PlacedLine<TimedLine>): void {
    const moment = this.#momentOf(atUs);
    const n = this.#connections.of(parsed, moment);
    this.#recording.line(n, moment, line, between === undefined ? { parsed } : { parsed, between });
    if (++this.#sinceLook < LOOK_EVERY) return;
    this.#sinceLook = 0;
    for (const { channel, minuteUs } of this.#recording.closable(moment)) {
      this.#close(channel, minuteUs);
    }
  }

  #close(channel: string, minuteUs: Micros): void {
    const batch = this.#recording.closeBatch(channel, minuteUs);
    if (batch !== undefined) this.#closed.push(batch);
  }

  /** Moments only grow. A capture that jumps back by an hour is a second one appended to the first. */
  #momentOf(timeUs: Micros): Moment {
    const before = this.#last;
    if (before === undefined) return this.#last = { receivedUs: timeUs, elapsedUs: 0 };
    const isAnother = timeUs < before.receivedUs - HOUR_US;
    if (isAnother) this.#connections.forget();
    const isFresh = timeUs > before.receivedUs || isAnother;
    const receivedUs = isFresh ? timeUs : before.receivedUs + 1;
    const elapsedUs = before.elapsedUs + Math.max(0, receivedUs - before.receivedUs);
    return this.#last = { receivedUs, elapsedUs };
  }
}
