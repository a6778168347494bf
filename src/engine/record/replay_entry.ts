import { parseIrcLine } from "../../core/irc/irc_line.ts";
import { SightingSet } from "../../core/merge/sighting_set.ts";
import type { RedactionMatcher } from "../../core/redaction/redaction_matcher.ts";
import type { JournalEntry } from "../journal/entry.ts";
import type { RecordedBatch, Recording } from "./recording.ts";

/**
 * Repeats what the recorder did for an entry; returns the batch that it closed, if any. Messages that
 * `unwanted` matches are left out: their users opted out after they were received.
 *
 * @throws {BatchSyntaxError} when a kept line is no line of a batch.
 */
export function replayEntry(
  recording: Recording,
  entry: Exclude<JournalEntry, { readonly kind: "checkpoint" }>,
  unwanted?: RedactionMatcher,
): RecordedBatch | undefined {
  switch (entry.kind) {
    case "open":
      return void recording.open(entry.n, entry.moment);
    case "line":
      return void replayLine(recording, entry, unwanted);
    case "piece":
      return void recording.piece(entry.n, entry.moment);
    case "close":
      return void recording.close(entry.n);
    case "kept":
      return isUnwanted(entry.line, unwanted) ? undefined : void recording.keep(entry.line, entry);
    case "batch":
      return recording.closeBatch(entry.channel, entry.minuteUs);
    case "stored":
      return undefined;
  }
}

function replayLine(
  recording: Recording,
  { n, moment, line }: Extract<JournalEntry, { readonly kind: "line" }>,
  unwanted: RedactionMatcher | undefined,
): void {
  if (unwanted === undefined) return recording.line(n, moment, line);
  const parsed = parseIrcLine(line);
  if (parsed.ok && unwanted(parsed.message, undefined)) {
    return recording.piece(n, moment, "opted out");
  }
  recording.line(n, moment, line, { parsed });
}

/**
 * Whether a kept line is of a user who opted out.
 *
 * @throws {BatchSyntaxError} when it is no line of a batch.
 */
function isUnwanted(line: string, unwanted: RedactionMatcher | undefined): boolean {
  if (unwanted === undefined) return false;
  const set = new SightingSet();
  set.add(new TextEncoder().encode(line), { isOwned: true });
  let isMatch = false;
  set.drop((message) => isMatch ||= unwanted(message, undefined));
  return isMatch;
}
