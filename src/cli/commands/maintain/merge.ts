import { Command } from "commander";
import { FILE_MAX_BYTES } from "../../../adapters/file_system/file_system_store.ts";
import { mergeBatches } from "../../../core/merge/merge_batches.ts";
import { contextOf } from "../../frame/context.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { readInput, reportUnreadable } from "../../arguments/input_file.ts";
import { examplesOf } from "../../frame/program.ts";

/** `chatloom merge`: prints the merge of batch files. */
export function mergeCommand(): Command {
  return new Command("merge")
    .description("merge batch files of one channel and print the result")
    .argument("<files...>", "files (- is standard input, gzip is fine)")
    .addHelpText(
      "after",
      "\nThe order of the files, and how often each is given, do not matter.\n" +
        examplesOf([
          "chatloom merge alpha/forsen/chat/2026-08-01T12/34:00-*.json beta.json.gz > merged.json",
        ]),
    )
    .action(async (paths: string[], _flags: unknown, command: Command) => {
      const { print, reporter, signal } = contextOf(command);
      const batches: Uint8Array[] = [];
      let isComplete = true;
      for (const path of paths) {
        try {
          const bytes = await readInput(path, { maxBytes: FILE_MAX_BYTES, signal });
          mergeBatches([bytes]);
          batches.push(bytes);
        } catch (error) {
          if (!reportUnreadable(path, { error, reporter, isOnly: paths.length === 1 })) throw error;
          isComplete = false;
        }
      }
      // Half a merge looks like a whole one, so there is none at all.
      if (!isComplete) throw new QuietExit(EXIT.failed, "Some files cannot be read");
      await print(mergeBatches(batches));
    });
}
