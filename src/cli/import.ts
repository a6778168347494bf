import { Command } from "commander";
import { fileSystemStore } from "../adapters/file_system_store.ts";
import { bestHasher } from "../adapters/web_crypto_hasher.ts";
import { importCapture } from "../engine/record/import_capture.ts";
import { fileCapture } from "../node/wiring/capture_file.ts";
import { contextOf } from "./frame/context.ts";
import { examplesOf } from "./frame/program.ts";

/** `chatloom import`: records captures of raw lines. */
export function importCommand(): Command {
  return new Command("import")
    .description("put raw captures of chat into an archive, as if they had been recorded live")
    .argument(
      "<files...>",
      "a raw line of IRC in each line, gzipped or not, with or without its received time in front; or a journal",
    )
    .requiredOption("-a, --archive <dir>", "the archive; made if it is not there")
    .addHelpText(
      "after",
      "\nImporting the same capture again changes nothing. A received time is seconds or\n" +
        "milliseconds since 1970, or a date and time of ISO 8601; without one, messages that\n" +
        "carry no timestamp of Twitch get a range of up to a minute.\n" +
        examplesOf([
          "chatloom import forsen.log --archive chat",
          "chatloom import captures/*.log.gz --archive chat",
        ]),
    )
    .action(async (paths: string[], { archive }: { archive: string }, command: Command) => {
      const { print, progress, reporter, counters, signal } = contextOf(command);
      const store = fileSystemStore(archive, { movesFirstLayout: true });
      await store.checkWritable({ signal });
      const hasher = await bestHasher();
      for (const path of paths) {
        const shown = progress(`Importing ${path}`);
        try {
          const onProgress = (lines: number) => shown.update(lines);
          const done = await importCapture(fileCapture(path), {
            store,
            hasher,
            reporter,
            signal,
            onProgress,
          });
          await print(
            `${path}: ${done.lines} lines, ${done.messages} messages in ${done.batches} batches\n`,
          );
        } finally {
          shown.end();
        }
      }
      for (const { name, labels, amount } of counters.readings()) {
        if (name !== "lines_ignored") continue;
        const { reason, command = "" } = labels;
        await print(
          `not archived: ${amount} lines: ${reason}${command === "" ? "" : ` (${command})`}\n`,
        );
      }
    });
}
