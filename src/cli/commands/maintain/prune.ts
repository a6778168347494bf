import { Command } from "commander";
import { nodeHasher } from "../../../adapters/hashers/node_hasher.ts";
import { systemClock } from "../../../adapters/system/system_clock.ts";
import type { Micros } from "../../../core/time.ts";
import { pruneArchive } from "../../../engine/prune/prune_archive.ts";
import { parseAge } from "../../arguments/age_flag.ts";
import { checkChannels } from "../../arguments/channel_names.ts";
import { contextOf } from "../../frame/context.ts";
import { openParts } from "../../../node/wiring/parts/archive_parts.ts";
import { EXIT, QuietExit } from "../../frame/exit.ts";
import { examplesOf } from "../../frame/program.ts";

interface PruneFlags {
  readonly archive: string;
  readonly olderThan?: Micros;
  readonly dryRun?: boolean;
  readonly takeBack?: boolean;
}

/** `chatloom prune`: deletes old hours for good. */
export function pruneCommand(): Command {
  return new Command("prune")
    .description(
      "delete old hours of an archive; sync does not bring them back",
    )
    .argument("[channels...]", "only these channels")
    .requiredOption("-a, --archive <dir|url>", "the archive")
    .option("--older-than <age>", "hours older than this: 36h, 30d, 8w or 2y", parseAge)
    .option("--dry-run", "say what would be deleted, and change nothing")
    .option("--take-back", "let pruned hours come back with the next sync")
    .addHelpText(
      "after",
      "\nOnly this node forgets the hours: peers keep theirs. Redactions stay in force. A stray is named\n" +
        "and left alone. So is a file that cannot be deleted; then it exits with 1.\n" +
        examplesOf([
          "chatloom prune --archive chat --older-than 90d --dry-run",
          "chatloom prune forsen --archive chat --older-than 30d",
          "chatloom prune forsen --archive chat --take-back",
        ]),
    )
    .action(async (channels: string[], flags: PruneFlags, command: Command) => {
      checkChannels(channels, command);
      const { olderThan, takeBack = false } = flags;
      if ((olderThan === undefined) !== takeBack) {
        command.error("error: say how old with --older-than, or --take-back");
      }
      const { print, reporter, signal } = contextOf(command);
      const isDryRun = flags.dryRun === true;
      const { files: store, packs, lock, marks, notes, index } = await openParts(flags.archive, {
        folder: { movesFirstLayout: !isDryRun },
      });
      if (olderThan === undefined) {
        for await (
          const channel of channels.length > 0 ? channels : store.folders("", { signal })
        ) {
          await marks.set(channel, "");
          await print(`${channel}: the next sync fetches all that peers have\n`);
        }
        return;
      }
      const pruned = pruneArchive({
        store,
        packs,
        lock,
        marks,
        notes,
        beforeUs: systemClock().wallUs() - olderThan,
        isDryRun,
        signal,
        channels: channels.length === 0 ? undefined : channels,
      });
      let [hours, total, left] = [0, 0, 0];
      const pruneds = new Set<string>();
      for await (const { channel, hour, files, undeleted, strays } of pruned) {
        for (const { path, reason } of undeleted) {
          left++;
          reporter.report("warning", "Cannot delete a file: it was left alone", { path, reason });
        }
        for (const { path, reason } of strays) {
          const message = "Left alone something that is no file of an archive";
          reporter.report("warning", message, { path, reason });
        }
        if (files === 0) continue;
        hours++;
        total += files;
        pruneds.add(channel);
        await print(`${channel} ${hour}: ${files} files\n`);
      }
      if (total > 0 && !isDryRun) {
        const { dropStaleHours } = await import("../../../node/wiring/index_parts.ts");
        const dropped = { place: index, store, hasher: nodeHasher(), reporter, signal };
        for (const channel of pruneds) await dropStaleHours(channel, dropped);
      }
      await print(`${hours} hours, ${total} files ${isDryRun ? "would go" : "deleted"}\n`);
      if (left > 0) throw new QuietExit(EXIT.failed, "Not all could be deleted");
    });
}
