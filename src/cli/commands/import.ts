import { Command } from "commander";
import type { CounterReading, Counters } from "../../adapters/metrics/counters.ts";
import { BLOCKING_READ_CALLS } from "../../adapters/file_system/calls/file_calls.ts";
import { bestHasher } from "../../adapters/hashers/web_crypto_hasher.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import {
  importCapture,
  type Imported,
  type ImportOptions,
} from "../../engine/import/import_capture.ts";
import { openParts } from "../../node/wiring/parts/archive_parts.ts";
import { type CaptureFile, openCapture } from "../../node/wiring/captures/capture_file.ts";
import { contextOf, type VerbContext } from "../frame/context.ts";
import { EXIT, QuietExit, toOneLine } from "../frame/exit.ts";
import { examplesOf } from "../frame/program.ts";

/** `chatloom import`: records captures of raw lines. */
export function importCommand(): Command {
  return new Command("import")
    .description("put raw captures of chat into an archive, as if they had been recorded live")
    .argument(
      "<files...>",
      "a raw line of IRC in each line, gzipped or not, with or without its received time in front; or a journal; - is standard input",
    )
    .requiredOption("-a, --archive <dir|url>", "the archive; made if it is not there")
    .addHelpText(
      "after",
      "\nImporting the same capture again changes nothing. A received time is seconds,\n" +
        "milliseconds, microseconds or nanoseconds since 1970, or a date and time, in UTC unless\n" +
        "it names its offset; or the tag rm-received-ts of services that replay recent messages.\n" +
        "Anything else in front of a line is skipped. Messages that carry no timestamp of Twitch\n" +
        "and have no received time get the range between the timestamps around them; where that\n" +
        "is longer than a minute they are only counted.\n" +
        "\nA file that cannot be read does not stop the others. Of a torn or damaged gzip the readable\n" +
        "part is archived. Both end with exit code 1. A pipe is copied to a temporary file.\n" +
        examplesOf([
          "chatloom import forsen.log --archive chat",
          "chatloom import captures/*.log.gz --archive chat",
          "xzcat forsen.log.xz | chatloom import - --archive chat",
        ]),
    )
    .action(async (paths: string[], { archive }: { archive: string }, command: Command) => {
      const context = contextOf(command);
      const { print, reporter, counters, signal } = context;
      const folder = { calls: BLOCKING_READ_CALLS };
      const { files: store } = await openParts(archive, { create: true, folder });
      const options = { store, hasher: await bestHasher(), reporter, signal };
      let isComplete = true;
      for (const path of paths) {
        if (!await importFile(path, { options, context })) isComplete = false;
      }
      await print(ignoredLines(counters));
      if (!isComplete) throw new QuietExit(EXIT.failed, "Not all captures could be read");
    });
}

/** Imports one file, and prints the outcome. Returns whether all of it could be read. */
async function importFile(
  path: string,
  { options, context }: { readonly options: ImportOptions; readonly context: VerbContext },
): Promise<boolean> {
  const { print, progress, reporter, signal } = context;
  const shown = progress(`Importing ${path}`);
  try {
    const onProgress = (lines: number) => shown.update(lines);
    const capture = await openCapture(path, signal);
    try {
      const done = await importCapture(capture, { ...options, onProgress });
      shown.end();
      await print(summary(capture, done));
      return tellFault(capture, context);
    } finally {
      await capture[Symbol.asyncDispose]();
    }
  } catch (error) {
    const isHere = error instanceof ChatloomError && error.code === "INPUT_UNREADABLE";
    if (!isHere) throw error;
    reporter.report("error", error.message);
    return false;
  } finally {
    shown.end();
  }
}

function summary({ name }: CaptureFile, done: Imported): string {
  const { lines, messages, repeats, batches, replaced } = done;
  const parts = [`${lines} lines`, `${messages} messages in ${batches} batches`];
  if (repeats > 0) parts.push(`${repeats} lines repeated others`);
  if (replaced > 0) parts.push(`${replaced} characters that were not UTF-8 were replaced`);
  return `${toOneLine(name)}: ${parts.join(", ")}\n`;
}

/** Warns of what is wrong with a file. Returns whether all of it could be read. */
function tellFault({ name, fault }: CaptureFile, { reporter }: VerbContext): boolean {
  switch (fault) {
    case undefined:
      return true;
    case "rubbish":
      reporter.report("warning", "Data behind the gzip in this file was left out", { name });
      return true;
    case "torn":
      reporter.report(
        "warning",
        "This file ends too early: the part that could be decompressed was archived",
        {
          name,
        },
      );
      return false;
    case "damaged":
      reporter.report(
        "warning",
        "This file is damaged: the part that could be decompressed was archived",
        {
          name,
        },
      );
      return false;
  }
}

/** At most this many commands are named: they come from outside. */
const COMMANDS_MAX = 12;

/** Says how many lines were not archived, for each reason; the most common commands by name. */
function ignoredLines(counters: Counters): string {
  const readings = counters.readings();
  const ignored = readings.filter(({ name }) => name === "lines_ignored");
  const isCommand = ({ labels }: CounterReading) => labels["command"] !== undefined;
  const commands = ignored.filter(isCommand).sort((a, b) => b.amount - a.amount);
  const named = [...ignored.filter((each) => !isCommand(each)), ...commands.slice(0, COMMANDS_MAX)];
  const rows = named.map(({ labels: { reason, command }, amount }) =>
    `not archived: ${amount} lines: ${reason}${command === undefined ? "" : ` (${command})`}`
  );
  const left = sum(commands.slice(COMMANDS_MAX));
  if (left > 0) rows.push(`not archived: ${left} lines: command not kept (others)`);
  const wild = sum(readings.filter(({ name }) => name === "wild_timestamps"));
  if (wild > 0) {
    rows.push(`${wild} timestamps contradict the others: they count for their own lines only`);
  }
  return rows.map((row) => `${toOneLine(row)}\n`).join("");
}

function sum(readings: readonly CounterReading[]): number {
  return readings.reduce((total, { amount }) => total + amount, 0);
}
