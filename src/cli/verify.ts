import { Command, Option } from "commander";
import { bestHasher } from "../adapters/web_crypto_hasher.ts";
import { type Finding, verifyArchive } from "../engine/verify.ts";
import { checkChannels } from "./channel_names.ts";
import { contextOf } from "./context.ts";
import { existingArchive } from "./existing_archive.ts";
import { EXIT, QuietExit } from "./exit.ts";
import { examplesOf } from "./program.ts";

interface VerifyFlags {
  readonly archive: string;
  readonly format: "json" | "text";
}

/** `chatloom verify`: says what is wrong in an archive. */
export function verifyCommand(): Command {
  return new Command("verify")
    .description("check names, hashes, form and order of all files of an archive")
    .argument("[channels...]", "only these channels")
    .requiredOption("-a, --archive <dir>", "the archive, which is only read")
    .addOption(
      new Option("-f, --format <format>", "one finding a line, as JSON or for people")
        .choices(["json", "text"]).default("text"),
    )
    .addHelpText(
      "after",
      "\nExits with 1 if anything is wrong.\n" +
        examplesOf(["chatloom verify --archive chat", "chatloom verify -a chat forsen -f json"]),
    )
    .action(async (channels: string[], { archive, format }: VerifyFlags, command: Command) => {
      checkChannels(channels, command);
      const { print, progress, signal } = contextOf(command);
      const store = await existingArchive(archive);
      const hasher = await bestHasher();
      const shown = progress("Verified files");
      let [findings, files, messages] = [0, 0, 0];
      try {
        for (const prefix of channels.length === 0 ? [""] : channels.map((name) => `${name}/`)) {
          const found = verifyArchive({
            store,
            hasher,
            prefix,
            signal,
            onProgress: (totals, key) => shown.update(files + totals.files, key),
          });
          let step = await found.next();
          for (; !step.done; step = await found.next()) {
            findings++;
            await print(format === "json" ? `${JSON.stringify(step.value)}\n` : toText(step.value));
          }
          files += step.value.files;
          messages += step.value.messages;
        }
      } finally {
        shown.end();
      }
      if (format === "text") {
        const outcome = findings === 0 ? "nothing wrong" : `${findings} found wrong`;
        await print(`${files} files with ${messages} messages: ${outcome}\n`);
      }
      if (findings > 0) throw new QuietExit(EXIT.failed, "Something is wrong in the archive");
    });
}

function toText({ kind, path, line, reason }: Finding): string {
  const where = line === undefined ? path : `${path} line ${line}`;
  return `${kind}: ${where}: ${reason}\n`;
}
