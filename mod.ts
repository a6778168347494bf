/**
 * The portable part of chatloom: parsing chat, writing and reading batches, and the work of
 * recording and checking an archive over whatever store, clock and connection it is handed. Runs
 * as it is in Deno, in Node and in a browser page.
 *
 * @example Parse a line
 * ```ts
 * import { parseIrcLine } from "@chatloom/chatloom";
 *
 * const parsed = parseIrcLine("@tmi-sent-ts=1785587645123 :ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen :hi");
 * if (parsed.ok) console.log(parsed.message.sender, parsed.message.params); // ada [ "#forsen", "hi" ]
 * ```
 * @module
 */

// What an archive is made of.
export {
  type ArchiveKey,
  type ArchiveKeyParts,
  batchKey,
  formatArchiveKey,
  isChannelName,
  parseArchiveKey,
} from "./src/core/archive_key.ts";
export { decodeBatch, encodeBatch } from "./src/core/batch.ts";
export { fromDigestText, isDigestText, toDigestText } from "./src/core/digest_text.ts";
export { BatchSyntaxError, ChatloomError, type ErrorCode } from "./src/core/errors.ts";
export type { IrcMessage, JsonValue, Message, OwnRange } from "./src/core/message.ts";
export { type Micros, toSeconds } from "./src/core/time.ts";

export { mergeBatches } from "./src/core/merge.ts";

// What comes from chat.
export { type ParsedLine, parseIrcLine, type UnreadableReason } from "./src/core/irc_line.ts";

// What the outside has to promise.
export type { AbortOptions, BatchStore, Stray } from "./src/ports/batch_store.ts";
export type { Clock } from "./src/ports/clock.ts";
export type { Hasher, HashStream } from "./src/ports/hasher.ts";
export type { DeadRun, JournalRun, JournalStore } from "./src/ports/journal_store.ts";
export type { Random } from "./src/ports/random.ts";
export { type Reporter, type ReportFields, type Severity, SILENT } from "./src/ports/reporter.ts";
export type { Chunk, Connection, Transport } from "./src/ports/transport.ts";

// What can be done with an archive.
export {
  type ReadMinute,
  readMinutes,
  type ReadMinutesOptions,
} from "./src/engine/read_minutes.ts";
export {
  type Finding,
  type FindingKind,
  verifyArchive,
  type VerifyOptions,
  type VerifyTotals,
} from "./src/engine/verify.ts";
