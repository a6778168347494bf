import { Command } from "commander";
import { bestHasher } from "../../../adapters/hashers/web_crypto_hasher.ts";
import { systemClock } from "../../../adapters/system/system_clock.ts";
import { formatHour } from "../../../core/archive/archive_key.ts";
import { addFilled, fillChannel, NOTHING_FILLED } from "../../../engine/index/fill_channel.ts";
import { WorkBreaks } from "../../../engine/read/work_breaks.ts";
import { openIndex } from "../../../node/wiring/index_parts.ts";
import { openParts } from "../../../node/wiring/parts/archive_parts.ts";
import { checkChannels } from "../../arguments/channel_names.ts";
import { contextOf } from "../../frame/context.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { examplesOf } from "../../frame/program.ts";

/** `chatloom index`: indexes what an archive holds. */
export function indexCommand(): Command {
  return new Command("index")
    .description("index an archive, so that questions about logs are answered at once")
    .argument("[channels...]", "only these channels")
    .requiredOption("-a, --archive <dir|url>", "the archive; other processes may use it meanwhile")
    .addHelpText(
      "after",
      "\nserve and record --serve do the same beside their other work; this is faster. It may be stopped at\n" +
        "any time and goes on where it was. The index is in .chatloom/index of the archive, or in tables of its\n" +
        "database, and holds nothing that the files do not: delete it, and it is made again. Hours that are not\n" +
        "over are not indexed yet. In a folder it needs Deno, or Node 22.16 or newer. It exits with 1 if files\n" +
        "that cannot be used kept hours out of it.\n" +
        examplesOf(["chatloom index --archive chat", "chatloom index --archive chat forsen"]),
    )
    .action(async (names: string[], { archive }: { archive: string }, command: Command) => {
      checkChannels(names, command);
      const { print, progress, reporter, signal } = contextOf(command);
      const { files: store, settled, index: place } = await openParts(archive);
      const hasher = await bestHasher();
      const opened = await openIndex({ place, store, hasher, reporter });
      if (opened === undefined) throw new QuietExit(EXIT.failed, "There is no index here");
      const { index } = opened;
      const clock = systemClock();
      const breaks = new WorkBreaks(clock);
      const shown = progress("Indexed messages");
      let totals = NOTHING_FILLED;
      try {
        const channels = new Set(names);
        if (names.length === 0) {
          for (const channel of await index.channels({ signal })) channels.add(channel);
          for await (const channel of store.folders("", { signal })) channels.add(channel);
        }
        for (const channel of channels) {
          const before = totals;
          const filled = await fillChannel(channel, {
            ...{ ...opened, store, settled, hasher, reporter, signal },
            nowUs: clock.wallUs(),
            isOldestFirst: true,
            rest: () => breaks.rest(),
            onProgress: (filled, hourUs) =>
              shown.update(before.messages + filled.messages, `${channel} ${formatHour(hourUs)}`),
          });
          totals = addFilled(totals, filled);
        }
        if (totals.replaced + totals.forgotten > 0) await index.purge({ signal });
      } finally {
        shown.end();
        await index.close();
      }
      const { hours, messages, forgotten, leftOut } = totals;
      const parts = [
        `${hours} hours with ${messages} messages indexed`,
        ...(forgotten > 0 ? [`${forgotten} hours forgotten`] : []),
        ...(leftOut > 0 ? [`${leftOut} hours left out`] : []),
      ];
      await print(`${parts.join(", ")}\n`);
      if (leftOut > 0) throw new QuietExit(EXIT.failed, "Not all could be indexed");
    });
}
