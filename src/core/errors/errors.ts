import type { ArchiveKey } from "../archive/archive_key.ts";

/**
 * What kind of failure. Codes are API: they stay as they are, and docs/reference/errors.md explains each.
 *
 * - `STORE_FULL`: no room left (ENOSPC, EDQUOT)
 * - `STORE_DENIED`: the file system refuses (EACCES, EPERM, EROFS)
 * - `STORE_IO`: any other failure of a store
 * - `STORE_UNREACHABLE`: a message broker, or the workers behind it, cannot be reached or do not answer
 * - `STORE_REFUSED`: a message broker, or a worker, answers with a refusal
 * - `JOURNAL_IO`: the journal cannot be written or read
 * - `JOURNAL_LOST`: the journal was lost: another process treated its recorder as dead, or its
 *   files were deleted
 * - `LOGIN_REFUSED`: Twitch does not take nick and token
 * - `CONNECTION_LOST`: a connection broke or could not be made
 * - `PEER_REFUSED`: a peer answered with something other than what was asked
 * - `INPUT_UNREADABLE`: a file given by the user cannot be read
 */
export type ErrorCode =
  | "STORE_FULL"
  | "STORE_DENIED"
  | "STORE_IO"
  | "STORE_UNREACHABLE"
  | "STORE_REFUSED"
  | "JOURNAL_IO"
  | "JOURNAL_LOST"
  | "LOGIN_REFUSED"
  | "CONNECTION_LOST"
  | "PEER_REFUSED"
  | "INPUT_UNREADABLE";

/** A failure outside chatloom: a disk, a network, a peer. Its `cause` is the runtime's own error. */
export class ChatloomError extends Error {
  /** What kind of failure it is, for programs. */
  readonly code: ErrorCode;

  /** An error with its code, a sentence to read, and its cause. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ChatloomError";
    this.code = code;
  }
}

/** A file or folder of an archive that is there and cannot be read. */
export interface UnreadableEntry {
  /** A key, or the path of a folder: relative to the archive, with `/` between the parts. */
  readonly path: string;
  /** Why, in words: too large, permission denied, a folder in its place. */
  readonly reason: string;
}

/**
 * Some entries of an archive cannot be read, while others can: the verdict of a store on each of
 * them. Name them, leave them alone and go on. Its code says what the cause was: `STORE_DENIED` or
 * `STORE_IO`.
 */
export class UnreadableEntryError extends ChatloomError {
  /** At least one. */
  readonly entries: readonly [UnreadableEntry, ...UnreadableEntry[]];

  /** A verdict that `entries` cannot be read. */
  constructor(
    code: "STORE_DENIED" | "STORE_IO",
    entries: readonly [UnreadableEntry, ...UnreadableEntry[]],
    options?: ErrorOptions & {
      /** What was attempted, after "Cannot"; `read "PATH"` is the default. */
      readonly attempt?: string;
    },
  ) {
    const [{ path, reason }, ...rest] = entries;
    const more = rest.length === 0 ? "" : `, nor ${rest.length} more`;
    super(code, `Cannot ${options?.attempt ?? `read "${path}"`}${more}: ${reason}`, options);
    this.name = "UnreadableEntryError";
    this.entries = entries;
  }
}

/** A stored file that is not a valid batch. Chatloom leaves the whole file alone. */
export class BatchSyntaxError extends SyntaxError {
  /** The faulty line, counted from 1. */
  readonly line: number;
  /** What is wrong with it. */
  readonly reason: string;
  /** The file, where it is known. */
  readonly key: ArchiveKey | undefined;

  /** An error at `line` of `key`, for `reason`. */
  constructor(line: number, reason: string, options?: ErrorOptions & { key?: ArchiveKey }) {
    const where = options?.key === undefined ? "batch" : `batch "${options.key}"`;
    super(`Cannot read ${where}: line ${line}: ${reason}`, options);
    this.name = "BatchSyntaxError";
    this.line = line;
    this.reason = reason;
    this.key = options?.key;
  }
}
