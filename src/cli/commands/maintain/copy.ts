import { Command } from "commander";
import { BLOCKING_READ_CALLS } from "../../../adapters/file_system/calls/file_calls.ts";
import { bestHasher } from "../../../adapters/hashers/web_crypto_hasher.ts";
import { copyArchive } from "../../../engine/copy/copy_archive.ts";
import { openParts } from "../../../node/wiring/parts/archive_parts.ts";
import { checkChannels } from "../../arguments/channel_names.ts";
import { collect } from "../../arguments/collect.ts";
import { contextOf } from "../../frame/context.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { examplesOf } from "../../frame/program.ts";

interface CopyFlags {
  readonly channel: readonly string[];
  readonly check: boolean;
}

/** `chatloom copy`: copies an archive into another one. */
export function copyCommand(): Command {
  return new Command("copy")
    .description("copy an archive into another one: folders and databases, either way")
    .argument("<from>", "a folder or postgres://HOST/DATABASE, which is only read")
    .argument("<to>", "another one; made if it is not there")
    .option("--channel <name>", "only this channel; may be given several times", collect, [])
    .option("--no-check", "do not read back and compare what the other archive holds")
    .addHelpText(
      "after",
      "\nCopies what the other archive lacks: redactions first, then tombstones, batches and coverage.\n" +
        "The hash of each file is compared before it is stored and as the other archive gives it back.\n" +
        "Interrupted, the same command goes on. Both archives may be in use; run it once more when the\n" +
        "recorder writes to the new one. Journals and a node's own notes stay where they are. A file that\n" +
        "is damaged or cannot be read is named and left out; then it exits with 1. Where the other archive\n" +
        "had files of the same minutes, chatloom settle merges them.\n" +
        examplesOf([
          "chatloom copy chat postgres://chatloom@db/chat",
          "chatloom copy postgres://chatloom@db/chat /backup/chat --channel forsen",
          "chatloom copy chat 'postgres://chatloom@db/chat?schema=archive' && chatloom verify -a chat",
        ]),
    )
    .action(async (from: string, to: string, flags: CopyFlags, command: Command) => {
      checkChannels(flags.channel, command);
      await copy({ from, to, ...flags }, command);
    });
}

async function copy(
  { from, to, channel, check }: CopyFlags & { readonly from: string; readonly to: string },
  command: Command,
): Promise<void> {
  const { print, progress, reporter, signal } = contextOf(command);
  const folder = { calls: BLOCKING_READ_CALLS };
  const source = await openParts(from, { folder });
  const target = await openParts(to, { create: true, folder });
  const shown = progress("Files copied");
  let totals;
  try {
    totals = await copyArchive({
      ...{ from: source.files, to: target.files, hasher: await bestHasher(), check, signal },
      channels: channel.length === 0 ? undefined : channel,
      onFile: (key, { copied, present }) => shown.update(copied + present, key),
      onFault: (path, reason) =>
        reporter.report("warning", "Left out what cannot be copied", { path, reason }),
    });
  } finally {
    shown.end();
    await Promise.allSettled([source.close(), target.close()]);
  }
  const { copied, copiedBytes, present, faults } = totals;
  const left = faults === 0 ? "" : `, ${faults} left out`;
  await print(`${copied} files copied, ${copiedBytes} bytes; ${present} were there${left}\n`);
  if (faults > 0) throw new QuietExit(EXIT.failed, "Not all could be copied");
}
