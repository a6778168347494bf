import { Command, Option } from "commander";
import { BLOCKING_READ_CALLS } from "../../../adapters/file_system/calls/file_calls.ts";
import { nodeHasher } from "../../../adapters/hashers/node_hasher.ts";
import type { Micros } from "../../../core/time.ts";
import { chatExport, exportChat, type ExportOptions } from "../../../engine/export/export_chat.ts";
import { TEXT_FORMATS } from "../../../engine/export/file_types.ts";
import {
  COLUMNS,
  type TableRow,
  tableRow,
  TEXT_TIMES,
} from "../../../engine/export/line_exports.ts";
import { readEvents } from "../../../engine/read/read_events.ts";
import { openParts } from "../../../node/wiring/parts/archive_parts.ts";
import { checkChannels } from "../../arguments/channel_names.ts";
import { parseTimeFlag } from "../../arguments/time_flag.ts";
import { contextOf } from "../../frame/context.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { examplesOf } from "../../frame/program.ts";
import { writeOutput } from "../../frame/write_output.ts";

const FORMATS = [...TEXT_FORMATS, "parquet"] as const;

interface ExportFlags {
  readonly archive: string;
  readonly from?: Micros;
  readonly to?: Micros;
  readonly start?: Micros;
  readonly format: (typeof FORMATS)[number];
  readonly times?: (typeof TEXT_TIMES)[number];
  readonly output?: string;
}

/** `chatloom export`: writes chat in the formats of other tools. */
export function exportCommand(): Command {
  return new Command("export")
    .description("write chat of a channel in the format of another tool")
    .argument("<channel>", "the channel's login")
    .requiredOption("-a, --archive <dir|url>", "the archive")
    .addOption(
      new Option("-f, --format <format>", "the format").choices(FORMATS).makeOptionMandatory(),
    )
    .addOption(
      new Option("--from <time>", "messages that may have been sent at this time or later")
        .argParser(parseTimeFlag).default(undefined, "the first"),
    )
    .addOption(
      new Option("--to <time>", "messages that may have been sent before this")
        .argParser(parseTimeFlag).default(undefined, "the end"),
    )
    .addOption(
      new Option("--start <time>", "when the video begins: offsets and subtitles count from here")
        .argParser(parseTimeFlag).default(undefined, "--from, or the first message"),
    )
    .addOption(
      new Option("--times <form>", "the times in td-text").choices(TEXT_TIMES)
        .default(undefined, "relative"),
    )
    .option("-o, --output <file>", "write this file, all of it or nothing")
    .addHelpText(
      "after",
      "\nndjson is all that the archive has, a line a message, json the same as one list; raw is lines of\n" +
        "IRC. rustlog, justlog and td-text are those tools' lines of text, td-json is TwitchDownloader's\n" +
        "JSON. vtt and ass are subtitles, html is one page that needs no network, csv and parquet are\n" +
        "tables.\n" +
        "Redacted messages are left out of all of them.\n" +
        examplesOf([
          "chatloom export forsen -a chat -f td-json --from 2026-08-01T18:00 --to 2026-08-01T22:00 -o chat.json",
          "chatloom export forsen -a chat -f vtt --start 2026-08-01T18:03:12Z --to 2026-08-01T22:00 -o chat.vtt",
          "chatloom export forsen -a chat -f html --from 2026-08-01 --to 2026-08-02 -o day.html",
          "chatloom export forsen -a chat -f raw | gzip > forsen.txt.gz",
          "chatloom export forsen -a chat -f parquet -o forsen.parquet",
        ]),
    )
    .action(async (channel: string, flags: ExportFlags, command: Command) => {
      const context = contextOf(command);
      const { reporter, counters, signal } = context;
      checkChannels([channel], command);
      const { archive, from, to, start, format, times, output } = flags;
      const { files: store, settled } = await openParts(archive, {
        folder: { calls: BLOCKING_READ_CALLS },
      });
      const isSubtitle = format === "vtt" || format === "ass";
      const options: ExportOptions = {
        store,
        settled,
        hasher: nodeHasher(),
        reporter,
        signal,
        fromUs: from ?? (isSubtitle ? start : undefined),
        untilUs: to,
        startUs: start,
      };
      const pieces = format === "parquet"
        ? await parquetPieces(channel, options)
        : exportChat(channel, chatExport(format, { times }), options);
      await writeOutput(pieces, output, context);
      if (counters.total("files_left_out") > 0) {
        throw new QuietExit(EXIT.failed, "Some files were left out");
      }
    });
}

async function parquetPieces(
  channel: string,
  options: ExportOptions,
): Promise<AsyncIterable<Uint8Array>> {
  const { parquetTable } = await import("../../../adapters/parquet/parquet_table.ts");
  const columns = COLUMNS.map((name) => ({ name, type: TYPES.get(name) ?? "text" as const }));
  return parquetTable(rowsOf(channel, options), columns);
}

const TYPES: ReadonlyMap<string, "time" | "number"> = new Map([
  ["time", "time"],
  ["time_range", "number"],
  ["bits", "number"],
]);

async function* rowsOf(channel: string, options: ExportOptions): AsyncGenerator<TableRow> {
  for await (const event of readEvents(channel, options)) yield tableRow(event);
}
