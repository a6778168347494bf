import { Command } from "commander";
import { abortWith } from "../../async/abort.ts";
import type { CounterReading, Counters } from "../../adapters/metrics/counters.ts";
import { BLOCKING_READ_CALLS } from "../../adapters/file_system/calls/file_calls.ts";
import { hideUser } from "../../adapters/http_peer/hide_user.ts";
import { hostName } from "../../node/host_name.ts";
import { type ArchiveParts, openParts } from "../../node/wiring/parts/archive_parts.ts";
import { addConfigFlag, loadedConfig } from "../config/loaded_config.ts";
import { nodeHasher } from "../../adapters/hashers/node_hasher.ts";
import type { Imported } from "../../engine/import/import_capture.ts";
import {
  importFile,
  type ImportNews,
  type ImportOutcome,
  type ImportPool,
  importThreads,
} from "../../node/wiring/import_thread.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { FormatImports, FormatOutcome } from "../importing/import_formats.ts";
import { addFormatFlags, checkFlags, type FormatFlags } from "../importing/import_flags.ts";
import { reportText } from "../importing/report_text.ts";
import { THREADS_HELP } from "../arguments/threads_help.ts";
import { contextOf, type VerbContext } from "../frame/context.ts";
import { EXIT, QuietExit, toOneLine } from "../frame/exit.ts";
import type { Progress } from "../frame/progress.ts";
import { examplesOf } from "../frame/program.ts";

interface ImportFlags extends FormatFlags {
  readonly archive: string;
}

/** `chatloom import`: archives captures of raw lines, and what other tools keep. */
export function importCommand(): Command {
  const verb = new Command("import")
    .description("put chat that other tools kept into an archive")
    .argument(
      "<inputs...>",
      "files, folders, and addresses of rustlog or justlog; - is standard input. Raw lines of IRC, " +
        "journals, justlog's tree and files of TwitchDownloader, chat-downloader, Chatterino, Chatty, " +
        "recent-messages and chatloom are recognised",
    )
    .requiredOption("-a, --archive <dir|url>", "the archive; made if it is not there");
  return addConfigFlag(addFormatFlags(verb))
    .addHelpText(
      "after",
      "\nFiles may be packed by gzip or zstd, and stand in a zip or tar, which is unpacked to a temporary\n" +
        "folder first. A server is asked for one day at a time, a second apart; days that are done are not\n" +
        "asked for again. --channel is then the only one that is imported.\n" +
        "\nImporting again changes nothing: a message that the archive has gains the importer as a receiver,\n" +
        "and one whose id stands there with other tags is left out. So import the fullest source first.\n" +
        "Imports never count as listening: coverage stays as it is. What was imported, doubled or refused\n" +
        "is printed by day.\n" +
        "\nIn raw captures a received time in front of a line is seconds, milliseconds, microseconds or\n" +
        "nanoseconds since 1970, or a date and time, in UTC unless it names its offset; or the tag\n" +
        "rm-received-ts of services that replay recent messages. Anything else in front is skipped.\n" +
        "Messages of a capture that carry no timestamp of Twitch and have no received time get the range\n" +
        "between the timestamps around them; where that is longer than a minute they are only counted.\n" +
        "\nA file that cannot be read does not stop the others. Of a torn or damaged gzip the readable\n" +
        "part is archived. Both end with exit code 1. A pipe is copied to a temporary file.\n" +
        THREADS_HELP +
        examplesOf([
          "chatloom import forsen.log --archive chat",
          "chatloom import captures/*.log.gz --archive chat",
          "chatloom import /var/lib/justlog/logs --archive chat",
          "chatloom import vod-chat.json.gz --archive chat",
          "chatloom import justlog-2026.tar.zst --archive chat",
          "chatloom import Logs/Twitch/Channels --zone Europe/Berlin --archive chat",
          "chatloom import https://logs.example.org --channel forsen --archive chat",
          "chatloom import live.jsonl --channel forsen --archive chat",
          "xzcat forsen.log.xz | chatloom import - --archive chat",
        ]),
    )
    .action(async (paths: string[], flags: ImportFlags, command: Command) => {
      const context = contextOf(command);
      const { archive } = flags;
      const formats = checkFlags(flags, command);
      const folder = { calls: BLOCKING_READ_CALLS };
      const broker = loadedConfig(command)?.broker;
      const { reporter } = context;
      const remote = broker === undefined ? undefined : { broker, sender: hostName(), reporter };
      const parts = await openParts(archive, { create: true, folder, remote });
      try {
        await importInto(parts, paths, { archive, formats, context });
      } finally {
        await parts.close();
      }
    });
}

/** Imports `paths` into an archive, and prints what became of them. */
async function importInto(
  { files: store, journalFolder, settles, storedAtOnce }: ArchiveParts,
  paths: readonly string[],
  { archive, formats, context }: {
    readonly archive: string;
    readonly formats: ReturnType<typeof checkFlags>;
    readonly context: VerbContext;
  },
): Promise<void> {
  const { print, counters } = context;
  // A thread would open the archive where it is, and not through the broker.
  const canUseThreads = settles;
  let isComplete = true;
  // Captures have all tags: they come first, as the first message with an id stays.
  // The formats of other tools are many modules: they are loaded when there is something to import.
  const { FormatImports, sortInputs } = await import("../importing/import_formats.ts");
  const inputs = await sortInputs(paths, formats, context);
  const imports = new FormatImports(store, { flags: formats, context });
  const tell = (outcome: ImportOutcome | FormatOutcome) =>
    tellOutcome(outcome, { context, named: inputs.named });
  try {
    for (const outcome of inputs.failed) if (!await tell(outcome)) isComplete = false;
    for await (
      const outcome of importAll(inputs.captures, {
        archive,
        store,
        context,
        canUseThreads,
        storedAtOnce,
      })
    ) {
      if (!await tell(outcome)) isComplete = false;
    }
    for (const input of inputs.others) {
      for await (const outcome of imports.import(input)) {
        if (!await tell(outcome)) isComplete = false;
      }
    }
  } finally {
    await inputs[Symbol.asyncDispose]();
  }
  if (!await importServers(inputs.servers, imports, { folder: journalFolder, context })) {
    isComplete = false;
  }
  await print(reportText(imports.report));
  await print(ignoredLines(counters));
  if (!isComplete) throw new QuietExit(EXIT.failed, "Not all inputs could be read");
}

/** Imports what servers of logs have. Returns whether all of it could be had. */
async function importServers(
  addresses: readonly string[],
  imports: FormatImports,
  { folder, context }: { readonly folder: string; readonly context: VerbContext },
): Promise<boolean> {
  let isComplete = true;
  for (const address of addresses) {
    const { days, skipped, failed } = await imports.importServer(address, folder);
    const parts = [`${days} days`];
    if (skipped > 0) parts.push(`${skipped} imported before`);
    if (failed > 0) parts.push(`${failed} failed`);
    await context.print(`${toOneLine(hideUser(address))}: ${parts.join(", ")}\n`);
    if (failed > 0) isComplete = false;
  }
  return isComplete;
}

/** Imports the files, several at a time where that pays; yields what became of each, in their order. */
async function* importAll(
  paths: readonly string[],
  { archive, store, context, canUseThreads, storedAtOnce }: {
    readonly archive: string;
    readonly store: BatchStore;
    readonly storedAtOnce: ArchiveParts["storedAtOnce"];
    readonly context: VerbContext;
    readonly canUseThreads: boolean;
  },
): AsyncGenerator<ImportOutcome, void> {
  const { reporter, signal } = context;
  const lines = new LineProgress(context);
  const pool = canUseThreads ? await importThreads(archive, paths) : undefined;
  if (pool !== undefined) return yield* importInThreads(paths, { pool, lines, context });
  const options = { store, hasher: nodeHasher(), reporter, signal, storedAtOnce };
  try {
    for (const path of paths) {
      const outcome = await importFile(path, { ...options, onProgress: lines.of(path) });
      lines.end();
      yield outcome;
    }
  } finally {
    lines.end();
  }
}

async function* importInThreads(
  paths: readonly string[],
  { pool, lines, context }: {
    readonly pool: ImportPool;
    readonly lines: LineProgress;
    readonly context: VerbContext;
  },
): AsyncGenerator<ImportOutcome, void> {
  const stop = new AbortController();
  const unlink = abortWith(stop, context.signal);
  const outcomes = paths.map((path) => {
    const onLines = lines.of(path);
    const onNews = (news: ImportNews) => takeNews(news, onLines, context);
    return pool.run(path, { signal: stop.signal, onNews });
  });
  for (const outcome of outcomes) outcome.catch(() => {}); // It is thrown when its turn comes.
  try {
    for (const outcome of outcomes) {
      yield await outcome;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(outcomes); // What was begun is stored, or not, by then.
    unlink();
    lines.end();
    await pool.close();
  }
}

function takeNews(
  news: ImportNews,
  onLines: (lines: number) => void,
  { reporter }: VerbContext,
): void {
  if (news.kind === "lines") onLines(news.lines);
  else if (news.kind === "report") reporter.report(news.severity, news.message, news.fields);
  else for (const { name, labels, amount } of news.counts) reporter.count(name, labels, amount);
}

/** One line of progress for all files: the lines of all that are being imported, and the file that grew last. */
class LineProgress {
  readonly #context: VerbContext;
  #shown: Progress | undefined;
  #lines = 0;

  constructor(context: VerbContext) {
    this.#context = context;
  }

  /** What takes the number of lines of one file so far. */
  of(path: string): (lines: number) => void {
    let before = 0;
    return (lines) => {
      this.#lines += lines - before;
      before = lines;
      this.#shown ??= this.#context.progress("Imported lines");
      this.#shown.update(this.#lines, path);
    };
  }

  /** Removes it from the screen until there is more. */
  end(): void {
    this.#shown?.end();
    this.#shown = undefined;
  }
}

/** Prints what became of a file. Returns whether all of it could be read. */
async function tellOutcome(
  outcome: ImportOutcome | FormatOutcome,
  { context, named }: {
    readonly context: VerbContext;
    readonly named: (text: string) => string;
  },
): Promise<boolean> {
  const name = named(outcome.name);
  const done = "imported" in outcome ? outcome.imported : outcome;
  if ("refusal" in done) {
    context.reporter.report("error", named(done.refusal));
    return false;
  }
  if ("lines" in done) await context.print(summary(name, done));
  return tellFault({ ...outcome, name }, context);
}

function summary(name: string, done: Imported): string {
  const { lines, messages, repeats, batches, replaced } = done;
  const parts = [`${lines} lines`, `${messages} messages in ${batches} batches`];
  if (repeats > 0) parts.push(`${repeats} lines repeated others`);
  if (replaced > 0) parts.push(`${replaced} characters that were not UTF-8 were replaced`);
  return `${toOneLine(name)}: ${parts.join(", ")}\n`;
}

/** Warns of what is wrong with a file. Returns whether all of it could be read. */
function tellFault({ name, fault }: FormatOutcome, { reporter }: VerbContext): boolean {
  if (fault === undefined) return true;
  reporter.report("warning", FAULTS[fault], { name });
  return fault === "rubbish";
}

const FAULTS: { readonly [fault in NonNullable<FormatOutcome["fault"]>]: string } = {
  rubbish: "Data behind the gzip in this file was left out",
  torn: "This file ends too early: the part that could be decompressed was archived",
  damaged: "This file is damaged: the part that could be decompressed was archived",
};

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
