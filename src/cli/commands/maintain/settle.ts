import { Command, Option } from "commander";
import { bestHasher } from "../../../adapters/hashers/web_crypto_hasher.ts";
import { type Micros, MILLISECOND_US } from "../../../core/time.ts";
import { settleArchive } from "../../../engine/settle/settle_archive.ts";
import { checkChannels } from "../../arguments/channel_names.ts";
import { THREADS_HELP } from "../../arguments/threads_help.ts";
import { contextOf } from "../../frame/context.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { examplesOf } from "../../frame/program.ts";
import { openSettling } from "../../../node/wiring/open_settling.ts";
import { settleThreads } from "../../../node/wiring/settle_thread.ts";
import { parseTimeFlag } from "../../arguments/time_flag.ts";

interface SettleFlags {
  readonly archive: string;
  readonly from: Micros;
  readonly recheck?: boolean;
}

/** `chatloom settle`: brings an archive to its normal form. */
export function settleCommand(): Command {
  return new Command("settle")
    .description("merge the files of each minute of an archive into one, in the normal form")
    .argument("[channels...]", "only these channels")
    .requiredOption(
      "-a, --archive <dir|url>",
      "the archive; other processes may record into it meanwhile",
    )
    .addOption(
      new Option("--from <time>", "only hours from this time on")
        .argParser(parseTimeFlag).default(0, "the first hour"),
    )
    .option("--recheck", "read all hours, also those that were found settled and have not changed")
    .addHelpText(
      "after",
      "\nFiles that cannot be used are named and left alone; then it exits with 1. Redactions and\n" +
        "coverage that the first version of chatloom kept among the batches are moved.\n" +
        THREADS_HELP +
        examplesOf([
          "chatloom settle --archive chat",
          "chatloom settle --archive chat forsen --from 2026-08-01",
        ]),
    )
    .action(
      async (channels: string[], { archive, from, recheck }: SettleFlags, command: Command) => {
        checkChannels(channels, command);
        const { print, progress, reporter, counters, signal } = contextOf(command);
        const { store, lock, settled: notes } = await openSettling(archive, { reporter });
        const shown = progress("Settled minutes");
        const threads = settleThreads(archive);
        let settled;
        try {
          settled = await settleArchive({
            store,
            hasher: await bestHasher(),
            lock,
            workers: threads.workers,
            reporter,
            signal,
            fromUs: from,
            notes: recheck ? undefined : notes,
            channels: channels.length === 0 ? undefined : channels,
            onProgress: ({ minutes }, { channel, minuteUs }) =>
              shown.update(minutes, `${channel} ${formatMinute(minuteUs)}`),
          });
        } finally {
          shown.end();
          await threads.close();
        }
        const { minutes, written, deleted, failed } = settled;
        const leftOut = counters.total("files_left_out");
        const troubles = [
          ...(leftOut > 0 ? [`${leftOut} files left alone`] : []),
          ...(failed > 0 ? [`${failed} minutes failed`] : []),
        ];
        const did = `${minutes} minutes: ${written} batches written, ${deleted} files merged away`;
        await print(`${[did, ...troubles].join(", ")}\n`);
        if (troubles.length > 0) throw new QuietExit(EXIT.failed, "Not all could be settled");
      },
    );
}

function formatMinute(minuteUs: Micros): string {
  return new Date(minuteUs / MILLISECOND_US).toISOString().slice(0, 16);
}
