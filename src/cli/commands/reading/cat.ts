import { Command, Option } from "commander";
import { BLOCKING_READ_CALLS } from "../../../adapters/file_system/calls/file_calls.ts";
import { FILE_MAX_BYTES } from "../../../adapters/file_system/file_system_store.ts";
import { bestHasher } from "../../../adapters/hashers/web_crypto_hasher.ts";
import { decodeBatch, splitBatch } from "../../../core/batch/batch.ts";
import type { Message } from "../../../core/batch/message.ts";
import { concatBytes, LINE_FEED } from "../../../core/bytes.ts";
import { meetsFilter, passesAll } from "../../../core/text/message_filter.ts";
import {
  mayFallInto,
  type Micros,
  MINUTE_US,
  RANGE_MAX_US,
  readRange,
  TIME_END_US,
} from "../../../core/time.ts";
import { readMinutes } from "../../../engine/read/read_minutes.ts";
import { checkChannels } from "../../arguments/channel_names.ts";
import { addFilterFlags, type FilterFlags, filterOf } from "../../arguments/filter_flags.ts";
import { contextOf, type VerbContext } from "../../frame/context.ts";
import { openParts } from "../../../node/wiring/parts/archive_parts.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { readInput, reportUnreadable } from "../../arguments/input_file.ts";
import { formatText } from "../../../core/batch/message_text.ts";
import { examplesOf } from "../../frame/program.ts";
import { parseTimeFlag } from "../../arguments/time_flag.ts";

interface CatFlags extends FilterFlags {
  readonly archive?: string;
  readonly from: Micros;
  readonly until: Micros;
  readonly format: "json" | "text";
  readonly follow?: boolean;
}

/** `chatloom cat`: prints messages of batch files, or of channels of an archive. */
export function catCommand(): Command {
  const command = new Command("cat")
    .description("print messages of batch files, or of channels of an archive")
    .argument("<names...>", "files (- is standard input, gzip is fine); channels with --archive")
    .option(
      "-a, --archive <dir|url>",
      "print channels of this archive, in order, each message once",
    )
    .addOption(
      new Option("--from <time>", "print messages that may have been sent at this time or later")
        .argParser(parseTimeFlag).default(0, "the first"),
    )
    .addOption(
      new Option("--until <time>", "print messages that may have been sent before this")
        .argParser(parseTimeFlag).default(TIME_END_US, "the end"),
    )
    .addOption(
      new Option("-f, --format <format>", "the stored lines of JSON, or one line of text a message")
        .choices(["json", "text"]).default("json"),
    )
    .option("--follow", "with --archive: then print what comes, until stopped");
  return addFilterFlags(command)
    .addHelpText(
      "after",
      examplesOf([
        "chatloom cat --archive chat forsen --from 2026-08-01T12:00 --until 2026-08-01T13:00",
        "chatloom cat -f text chat/forsen/chat/2026-08-01T12/34:00-*.json",
        "chatloom cat -a chat forsen -f text --user ada,bob --command PRIVMSG --text hello",
        "chatloom cat -a chat forsen --from 2026-08-01T12:00 --follow",
        "zcat old.json.gz | chatloom cat - | grep badge-info",
      ]),
    )
    .action(async (names: string[], flags: CatFlags, command: Command) => {
      const context = contextOf(command);
      if (flags.follow === true) {
        if (flags.archive === undefined) command.error("error: --follow needs --archive");
        if (flags.until !== TIME_END_US) command.error("error: --follow takes no --until");
        return await followChannels(
          names,
          { flags, archive: flags.archive, verb: command },
          context,
        );
      }
      const isComplete = flags.archive === undefined
        ? await printFiles(names, flags, context)
        : await printChannels(names, { flags, archive: flags.archive, verb: command }, context);
      if (!isComplete) throw new QuietExit(EXIT.failed, "Some files were left out");
    });
}

/** For what is known to lie in the times that were asked for. */
const ALL_TIMES = { from: 0, until: TIME_END_US };

/** Prints all files that can be read, reports the rest, and returns whether there was no rest. */
async function printFiles(
  paths: readonly string[],
  flags: CatFlags,
  { print, reporter, signal }: VerbContext,
): Promise<boolean> {
  let isComplete = true;
  const isOnly = paths.length === 1;
  for (const path of paths) {
    const printable = await readPrintable(path, { ...flags, signal, reporter, isOnly });
    if (printable === undefined) isComplete = false;
    else await print(printable);
  }
  return isComplete;
}

/** The text to print of a file; `undefined` if it cannot be read, which is reported. */
async function readPrintable(
  path: string,
  { signal, reporter, isOnly, ...flags }:
    & CatFlags
    & Pick<VerbContext, "signal" | "reporter">
    & { readonly isOnly: boolean },
): Promise<string | Uint8Array | undefined> {
  try {
    const bytes = await readInput(path, { maxBytes: FILE_MAX_BYTES, signal });
    // Also where nothing is filtered: no line of an unreadable file is printed.
    return present(bytes, flags, decodeBatch(bytes));
  } catch (error) {
    if (!reportUnreadable(path, { error, reporter, isOnly })) throw error;
    return undefined;
  }
}

async function printChannels(
  channels: readonly string[],
  { flags, archive, verb }: {
    readonly flags: CatFlags;
    readonly archive: string;
    readonly verb: Command;
  },
  { print, reporter, counters, signal }: VerbContext,
): Promise<boolean> {
  checkChannels(channels, verb);
  const { files: store, settled } = await openParts(archive, {
    folder: { calls: BLOCKING_READ_CALLS },
  });
  const hasher = await bestHasher();
  // A message that may have been sent later can stand in an earlier minute.
  const fromUs = Math.max(0, flags.from - RANGE_MAX_US);
  const untilUs = flags.until;
  for (const channel of channels) {
    const options = { store, hasher, reporter, signal, settled, fromUs, untilUs };
    const minutes = readMinutes(channel, options);
    for await (const { minuteUs, bytes } of minutes) {
      const isInside = minuteUs >= flags.from && minuteUs + MINUTE_US <= untilUs;
      await print(present(bytes, isInside ? { ...flags, ...ALL_TIMES } : flags));
    }
  }
  return counters.total("files_left_out") === 0;
}

/** Prints what is in the archive, then what comes. */
async function followChannels(
  channels: readonly string[],
  { flags, archive, verb }: {
    readonly flags: CatFlags;
    readonly archive: string;
    readonly verb: Command;
  },
  context: VerbContext,
): Promise<void> {
  checkChannels(channels, verb);
  context.watchCtrlC();
  const { archiveCursor, LATE_MAX_US } = await import("../../../engine/live/cursor.ts");
  const { printFollowed } = await import("../../node/print_followed.ts");
  // Behind a cursor come messages that are this much older.
  const after = archiveCursor(flags.from + LATE_MAX_US);
  const { format } = flags;
  await printFollowed(archive, { channels, filter: filterOf(flags), after, format }, context);
}

/**
 * The text to print of a batch. Its `messages` are decoded if the flags need them.
 *
 * @throws {BatchSyntaxError} when a line is no message, before anything of the file is printed.
 */
function present(
  bytes: Uint8Array,
  flags: CatFlags,
  messages?: readonly Message[],
): string | Uint8Array {
  const { format, from: fromUs, until: untilUs } = flags;
  const filter = filterOf(flags);
  if (format === "json" && passesAll(filter) && fromUs === 0 && untilUs === TIME_END_US) {
    return endsLine(bytes) ? bytes : concatBytes([bytes, Uint8Array.of(LINE_FEED)]);
  }
  const decoded = messages ?? decodeBatch(bytes);
  const lines = format === "json" ? splitBatch(bytes) : decoded.map(formatText);
  return decoded.map((message, i) =>
    meetsFilter(message, filter) && mayFallInto(readRange(message), { fromUs, untilUs })
      ? `${lines[i]!}\n`
      : ""
  ).join("");
}

function endsLine(bytes: Uint8Array): boolean {
  return bytes.length === 0 || bytes[bytes.length - 1] === LINE_FEED;
}
