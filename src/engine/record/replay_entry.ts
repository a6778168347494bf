import type { JournalEntry } from "../journal/entry.ts";
import type { RecordedBatch, Recording } from "./recording.ts";

/**
 * Does once more what the recorder did; returns the batch that it closed, if it closed one.
 *
 * @throws {BatchSyntaxError} when what was kept is no line of a batch.
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
