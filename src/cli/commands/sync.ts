import { Command } from "commander";
import { systemClock } from "../../adapters/system/system_clock.ts";
import { bestHasher } from "../../adapters/hashers/web_crypto_hasher.ts";
import type { Micros } from "../../core/time.ts";
import type { Settler } from "../../engine/settle/settler.ts";
import type { PeerTotals } from "../../engine/sync/state/peer_stats.ts";
import type { PeerState, Syncer } from "../../engine/sync/syncer.ts";
import { type Archive, openArchive } from "../../node/wiring/archive.ts";
import { keepArchivePacked, packArchiveOnce } from "../../node/wiring/packs/keep_archive_packed.ts";
import { openSyncing } from "../../node/wiring/syncing.ts";
import { checkChannels } from "../arguments/channel_names.ts";
import { collect } from "../arguments/collect.ts";
import { contextOf, type VerbContext } from "../frame/context.ts";
import { EXIT, QuietExit } from "../frame/exit.ts";
import {
  addPeerFlags,
  LIVE_PEER_FLAGS,
  type PeerFlags,
  peerSource,
} from "../arguments/peer_flags.ts";
import { ConfigFaults } from "../frame/config_faults.ts";
import { addPackAfterFlag, type PackAfterFlag } from "../arguments/age_flag.ts";
import { addConfigFlag, loadedConfig } from "../config/loaded_config.ts";
import { type LiveFlags, watchConfig } from "../config/watch_config.ts";
import { type OpenPeers, readPeers, watchPeers } from "../arguments/peer_list.ts";
import { examplesOf } from "../frame/program.ts";
import { parseTimeFlag } from "../arguments/time_flag.ts";

interface SyncFlags extends PeerFlags, PackAfterFlag {
  readonly archive: string;
  readonly once?: boolean;
  readonly since?: Micros;
  readonly channel: readonly string[];
  readonly check: boolean;
}

/** `chatloom sync`: pulls from peers what an archive lacks. */
export function syncCommand(): Command {
  const command = new Command("sync")
    .description("pull from peers what an archive lacks, and settle it, until stopped")
    .requiredOption("-a, --archive <dir|url>", "the archive; made if it is not there");
  return addPackAfterFlag(addPeerFlags(addConfigFlag(command)))
    .option("--once", "pull once all that they have, then end")
    .option("--since <time>", "only hours from this time on", parseTimeFlag)
    .option("--channel <name>", "only this channel; may be given several times", collect, [])
    .option("--no-check", "with --once: do not check this archive for damaged files first")
    .addHelpText(
      "after",
      "\nRedactions and tombstones of peers are obeyed, up to a number a day; more are held for\n" +
        "chatloom orders. With orders=none behind its address a peer may give none.\n" +
        "With --once it exits with 1 if a peer failed.\n" +
        examplesOf([
          "chatloom sync --archive chat --peer http://alpha:8080 --peer http://beta:8080",
          "chatloom sync --archive chat --peer http://strangers.example:8080,orders=none",
          "chatloom sync --archive chat --peers peers.txt --once --since 2026-08-01",
        ]),
    )
    .action(async (flags: SyncFlags, command: Command) => {
      checkChannels(flags.channel, command);
      if (flags.peer.length === 0 && flags.peers === undefined) {
        command.error("error: name at least one peer, or a file of them with --peers");
      }
      await syncArchive(flags, { command, context: contextOf(command) });
    });
}

async function syncArchive(
  flags: SyncFlags,
  { command, context }: { readonly command: Command; readonly context: VerbContext },
): Promise<void> {
  const { reporter } = context;
  context.watchCtrlC();
  const clock = systemClock();
  const { broker } = loadedConfig(command) ?? {};
  const archive = await openArchive(flags.archive, { create: true, reporter, clock, broker });
  try {
    await syncInto(archive, flags, { command, context });
  } finally {
    await archive.parts.close();
  }
}

async function syncInto(
  archive: Archive,
  flags: SyncFlags,
  { command, context }: { readonly command: Command; readonly context: VerbContext },
): Promise<void> {
  const { signal, reporter } = context;
  const { clock, parts: { settles } } = archive;
  // Workers pack what they store.
  const ageUs = settles ? flags.packAfter : undefined;
  const { syncer, settler } = await openSyncing({ ...archive, hasher: await bestHasher() }, {
    channels: flags.channel,
    signal,
    sinceUs: flags.since,
  });
  let source = peerSource(flags);
  const found = await readPeers(source, reporter);
  syncer.setPeers(found.peers, found);
  if (flags.once === true) {
    try {
      return await syncOnce({ syncer, settler, check: flags.check }, context);
    } finally {
      if (!signal.aborted) await packArchiveOnce(flags.archive, { ageUs, clock, reporter, signal });
    }
  }
  const onChange = (found: OpenPeers) => syncer.setPeers(found.peers, found);
  const apply = async (now: LiveFlags<SyncFlags>) => {
    if (now.flags.peer.length === 0 && now.flags.peers === undefined) {
      throw new ConfigFaults(["No peer is named any more"]);
    }
    const next = peerSource(now.flags);
    onChange(await readPeers(next, reporter));
    source = next;
  };
  const besides = [
    settler.run(signal),
    watchPeers(() => source, { clock, signal, reporter, onChange }),
    watchConfig(
      loadedConfig(command),
      { clock, signal, flags, live: LIVE_PEER_FLAGS, apply },
      context,
    ),
    showPeers(syncer, context),
    keepArchivePacked(flags.archive, { ageUs, clock, reporter, signal }),
  ];
  for (const task of besides) task.catch(() => {}); // Awaited once the syncer has ended.
  await syncer.run(signal);
  await Promise.all(besides);
  await settler.settleNoted();
  await context.print(summaryOf(syncer.state()));
}

async function syncOnce(
  { syncer, settler, check }: {
    readonly syncer: Syncer;
    readonly settler: Settler;
    readonly check: boolean;
  },
  { signal, progress, print }: VerbContext,
): Promise<void> {
  const shown = progress("Files from peers");
  let states;
  try {
    states = await syncer.once({
      signal,
      check,
      onHour: ({ channel, hour }, left) =>
        shown.update(totalOf(syncer.state(), "files"), `${channel} ${hour}, ${left} hours left`),
    });
  } finally {
    shown.end();
    await settler.settleNoted(); // Also when it was stopped: the fetched files are settled.
  }
  await print(summaryOf(states));
  if (
    states.some(({ errors, mismatches, goodMsAgo }) =>
      errors + mismatches > 0 || goodMsAgo === undefined
    )
  ) {
    throw new QuietExit(EXIT.failed, "Some files could not be fetched");
  }
}

async function showPeers(syncer: Syncer, { signal, progress }: VerbContext): Promise<void> {
  const clock = systemClock();
  const shown = progress("Files from peers");
  while (!signal.aborted) {
    const states = syncer.state();
    const good = states.filter(({ status }) => status === "up to date").length;
    shown.update(totalOf(states, "files"), `${good} of ${states.length} peers up to date`);
    await clock.sleep(1_000, signal).catch(() => {}); // Aborted: the loop ends.
  }
  shown.end();
}

function totalOf(states: readonly PeerState[], field: keyof PeerTotals): number {
  return states.reduce((sum, state) => sum + state[field], 0);
}

function summaryOf(states: readonly PeerState[]): string {
  return states.map(({ peer, files, bytes, errors, mismatches, refused, held, status }) => {
    const troubles = [
      ...(errors > 0 ? [`${errors} errors`] : []),
      ...(mismatches > 0 ? [`${mismatches} files with wrong bytes`] : []),
      ...(refused > 0 ? [`${refused} names or files refused`] : []),
      ...(held > 0 ? [`${held} orders held, see chatloom orders`] : []),
    ];
    return `${[`${peer}: ${files} files, ${bytes} bytes`, ...troubles].join(", ")}: ${status}\n`;
  }).join("");
}
