import type { JournalEntry } from "../journal/entry.ts";
import type { RecordedBatch, Recording } from "./recording.ts";

/**
 * Repeats what the recorder did for an entry; returns the batch that it closed, if any.
 *
 * @throws {BatchSyntaxError} when a kept line is no line of a batch.
 */
export function replayEntry(
  recording: Recording,
  entry: Exclude<JournalEntry, { readonly kind: "checkpoint" }>,
): RecordedBatch | undefined {
  switch (entry.kind) {
    case "open":
      return void recording.open(entry.n, entry.moment);
    case "line":
      return void recording.line(entry.n, entry.moment, entry.line);
    case "piece":
      return void recording.piece(entry.n, entry.moment);
    case "close":
      return void recording.close(entry.n);
    case "kept":
      return void recording.keep(entry.line, entry);
    case "batch":
      return recording.closeBatch(entry.channel, entry.minuteUs);
    case "stored":
      return undefined;
  }
}
