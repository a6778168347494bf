import { Command, Option } from "commander";
import { systemClock } from "../../../adapters/system/system_clock.ts";
import { HOUR_US, type Micros } from "../../../core/time.ts";
import { type HourOutcome, packArchive, unpackArchive } from "../../../engine/pack/pack_archive.ts";
import { openPacking } from "../../../node/wiring/packs/open_packing.ts";
import { parseAge } from "../../arguments/age_flag.ts";
import { checkChannels } from "../../arguments/channel_names.ts";
import { THREADS_HELP } from "../../arguments/threads_help.ts";
import { contextOf, type VerbContext } from "../../frame/context.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { examplesOf } from "../../frame/program.ts";

interface UnpackFlags {
  readonly archive: string;
}

interface PackFlags extends UnpackFlags {
  readonly olderThan: Micros;
}

/** `chatloom pack`: packs old hours of an archive. */
export function packCommand(): Command {
  return new Command("pack")
    .description(
      "compress old hours of an archive, each into one file; all verbs read them as before",
    )
    .argument("[channels...]", "only these channels")
    .requiredOption("-a, --archive <dir>", "the archive; other processes may use it meanwhile")
    .addOption(
      new Option("--older-than <age>", "hours older than this: 36h, 30d, 8w or 2y")
        .argParser(parseAge).default(7 * 24 * HOUR_US, "7d"),
    )
    .addHelpText(
      "after",
      "\nAn hour becomes CHANNEL/.chatloom/packs/HOUR.tar.zst, about a ninth as large: tar --zstd -x gives back\n" +
        "its files. Hours that are not settled, and hours with a damaged file, are named and left alone; then it\n" +
        "exits with 1. It needs Deno, or Node 22.15 or later, as does reading what is packed.\n" +
        THREADS_HELP +
        examplesOf([
          "chatloom pack --archive chat",
          "chatloom pack forsen --archive chat --older-than 30d",
          "chatloom record forsen --archive chat --pack-after 7d",
        ]),
    )
    .action(async (channels: string[], flags: PackFlags, command: Command) => {
      checkChannels(channels, command);
      const context = contextOf(command);
      const archive = await openPacking(flags.archive);
      try {
        const beforeUs = systemClock().wallUs() - flags.olderThan;
        const only = channels.length === 0 ? undefined : channels;
        const { signal } = context;
        const outcomes = packArchive({ ...archive, beforeUs, channels: only, signal });
        await report(outcomes, { verb: "packed", context });
      } finally {
        await archive.close();
      }
    });
}

/** `chatloom unpack`: gives back plain files. */
export function unpackCommand(): Command {
  return new Command("unpack")
    .description("give back the plain files of packed hours")
    .argument("[channels...]", "only these channels")
    .requiredOption("-a, --archive <dir>", "the archive; other processes may use it meanwhile")
    .addHelpText(
      "after",
      "\nA pack with a damaged file stays as it is and is named; then it exits with 1. A sync from a peer that\n" +
        "has the file mends it.\n" +
        examplesOf(["chatloom unpack --archive chat", "chatloom unpack forsen --archive chat"]),
    )
    .action(async (channels: string[], flags: UnpackFlags, command: Command) => {
      checkChannels(channels, command);
      const context = contextOf(command);
      const archive = await openPacking(flags.archive);
      const only = channels.length === 0 ? undefined : channels;
      const outcomes = unpackArchive({ ...archive, channels: only, signal: context.signal });
      await report(outcomes, { verb: "unpacked", context });
    });
}

async function report(
  outcomes: AsyncIterable<HourOutcome>,
  { verb, context }: { readonly verb: "packed" | "unpacked"; readonly context: VerbContext },
): Promise<void> {
  const { print, progress, reporter } = context;
  const shown = progress(`Hours ${verb}`);
  const totals = { hours: 0, files: 0, bytes: 0, packedBytes: 0, unsettled: 0, failed: 0 };
  try {
    for await (const { channel, hour, done, fault, isUnsettled = false } of outcomes) {
      if (fault !== undefined) {
        totals.failed++;
        const message = `Cannot have an hour ${verb}: it was left alone`;
        reporter.report("warning", message, { channel, hour, reason: fault });
      }
      if (isUnsettled) totals.unsettled++;
      if (done === undefined) continue;
      totals.hours++;
      totals.files += done.files;
      totals.bytes += done.bytes;
      totals.packedBytes += done.packedBytes;
      shown.update(totals.hours, `${channel} ${hour}`);
    }
  } finally {
    shown.end();
  }
  const { hours, files, bytes, packedBytes, unsettled, failed } = totals;
  const sizes = verb === "packed" ? [bytes, packedBytes] : [packedBytes, bytes];
  await print(
    [
      `${hours} hours ${verb}: ${files} files, ${sizes[0]} bytes became ${sizes[1]}`,
      ...(unsettled > 0 ? [`${unsettled} hours are not settled: run chatloom settle first`] : []),
      ...(failed > 0 ? [`${failed} hours left alone`] : []),
    ].join("; ") + "\n",
  );
  if (unsettled + failed > 0) throw new QuietExit(EXIT.failed, `Not all could be ${verb}`);
}
