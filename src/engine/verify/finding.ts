/**
 * The kinds of findings in an archive.
 *
 * - `damaged`: a file's bytes do not match its name
 * - `unreadable`: a file or folder cannot be read at all; a line is no message; a redaction is invalid
 * - `unsorted`: its lines are valid, but not in order
 * - `misplaced`: a message belongs to another channel or minute
 * - `repeated-receiver`: a line names a receiver twice, and only the last counts
 * - `redacted`: it holds a match of a redaction
 * - `stray`: an entry that does not belong in an archive at all
 * - `index-differs`: an index does not tell of an hour what its files hold
 * - `manifest-invalid`: a manifest was changed, or not signed with its key
 * - `missing`: a manifest lists it, it is not there, and no order says so
 * - `added`: messages that the manifest of their day does not list
 *
 * And notes, which are no faults:
 *
 * - `not-canonical`: its messages are valid, but chatloom writes them otherwise: settling does
 * - `unsettled`: the files of a minute are not what settling makes of them
 * - `repeated-id`: messages that differ have the same id
 * - `hidden`: a tombstone hides a file
 * - `old-place`: a file is where the first version of chatloom put it, and counts
 * - `foreign`: an entry of another program that keeps its files beside chatloom's, as wubloader does
 * - `forgotten`: a manifest lists messages that were removed by order
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
  | "index-differs"
  | "manifest-invalid"
  | "missing"
  | "added"
  | "forgotten"
  | "unsettled"
  | "repeated-id"
  | "hidden"
  | "foreign"
  | "unfinished"
  | "old-place";

/** The kinds of findings that are notes, not faults. */
export const NOTE_KINDS: ReadonlySet<FindingKind> = new Set([
  ...["not-canonical", "unsettled", "repeated-id", "hidden"] as const,
  ...["foreign", "unfinished", "old-place", "forgotten"] as const,
]);

/** One finding. */
export interface Finding {
  /** Its kind. */
  readonly kind: FindingKind;
  /** Where: relative to the archive, with `/`. Of a minute, how the names of its files begin. */
  readonly path: string;
  /** The line of the file, counted from 1; the first if several are faulty. */
  readonly line?: number;
  /** The details, in words. */
  readonly reason: string;
}
