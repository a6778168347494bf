import { type Command, InvalidArgumentError, Option } from "commander";
import { LocalClock } from "../../engine/import/formats/parts/local_clock.ts";
import { IMPORT_FORMATS, type ImportFormat } from "../../engine/import/formats/recognise_format.ts";
import { checkChannels } from "../arguments/channel_names.ts";

/** The flags that say what inputs do not. */
export interface FormatFlags {
  /** The format of all inputs. */
  readonly format?: ImportFormat;
  /** The channel of files that do not name it. */
  readonly channel?: string;
  /** The zone of clocks that do not tell theirs. */
  readonly zone?: string;
}

/** Adds these flags to a verb. */
export function addFormatFlags(verb: Command): Command {
  return verb
    .addOption(
      new Option("--format <format>", "the format of all files").choices(IMPORT_FORMATS)
        .default(undefined, "recognised by content and name"),
    )
    .option("--channel <login>", "the channel, for files that do not name it")
    .addOption(
      new Option(
        "--zone <zone>",
        "the zone of clocks that do not tell theirs: Europe/Berlin, +02:00",
      )
        .argParser(parseZone).default(undefined, "UTC, or the offset in a file's header"),
    );
}

/** Checks the name of the channel, and writes it as archives do. */
export function checkFlags({ channel, ...flags }: FormatFlags, verb: Command): FormatFlags {
  if (channel === undefined) return flags;
  const login = channel.replace(/^#/, "").toLowerCase();
  checkChannels([login], verb);
  return { ...flags, channel: login };
}

function parseZone(zone: string): string {
  try {
    new LocalClock(zone).toUtc(0);
    return zone;
  } catch {
    throw new InvalidArgumentError(
      "It is neither a zone as Europe/Berlin nor an offset as +02:00.",
    );
  }
}
