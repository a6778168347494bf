/**
 * What can be found in an archive.
 *
 * - `damaged`: a file's bytes do not match its name
 * - `unreadable`: a file or folder cannot be read at all; a line is no message; a redaction is none
 * - `unsorted`: its lines are well, but not in order
 * - `misplaced`: a message belongs to another channel or minute
 * - `repeated-receiver`: a line names a receiver twice, and only the last counts
 * - `redacted`: it holds something that somebody asked to forget
 * - `stray`: something that does not belong in an archive at all
 *
 * And what is worth knowing, though nothing is wrong:
 *
 * - `not-canonical`: its messages are valid, but chatloom writes them otherwise: settling does
 * - `unsettled`: the files of a minute are not what settling makes of them
 * - `repeated-id`: messages that differ have the same id
 * - `hidden`: a tombstone hides a file
 * - `old-place`: a file is where the first version of chatloom put it, and counts
 * - `foreign`: something of another program that keeps its files beside ours, as wubloader does
 * - `unfinished`: a scratch file of a writer that is at work or has crashed
 */
export type FindingKind =
  | "damaged"
  | "unreadable"
  | "not-canonical"
  | "unsorted"
  | "misplaced"
  | "repeated-receiver"
  | "redacted"
  | "stray"
  | "unsettled"
  | "repeated-id"
  | "hidden"
  | "foreign"
  | "unfinished"
  | "old-place";

/** Kinds of findings that are worth knowing, but nothing is wrong. */
export const NOTE_KINDS: ReadonlySet<FindingKind> = new Set([
  ...["not-canonical", "unsettled", "repeated-id", "hidden"] as const,
  ...["foreign", "unfinished", "old-place"] as const,
]);

/** One thing that was found. */
export interface Finding {
  /** Of which kind. */
  readonly kind: FindingKind;
  /** Where: relative to the archive, with `/`. Of a minute, how the names of its files begin. */
  readonly path: string;
  /** In which line of the file, counted from 1; the first one where several are at fault. */
  readonly line?: number;
  /** What exactly, for people. */
  readonly reason: string;
}
