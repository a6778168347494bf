import { join } from "node:path";
import { nodeHasher } from "../../adapters/hashers/node_hasher.ts";
import type { Recorder } from "../../engine/record/recorder.ts";
import type { ChatPool } from "../../engine/session/chat_pool.ts";
import type { Login } from "../../engine/session/login.ts";
import { ChannelAdmin } from "../../engine/admin/channel_admin.ts";
import { fileSystemChannels } from "../../adapters/file_system/file_system_channels.ts";
import type { WantedChannels } from "../../engine/admin/wanted_channels.ts";
import { openOptOuts } from "../../node/wiring/opt_outs.ts";
import { type ArchiveParts, openParts } from "../../node/wiring/parts/archive_parts.ts";
import { dropPicturesIn } from "../../node/wiring/parts/media_parts.ts";
import type { BrokerChoice } from "../../node/wiring/parts/broker_choice.ts";
import { runRecording } from "../../node/wiring/recording.ts";
import type { Clock } from "../../ports/clock.ts";
import { watchChannelList } from "../arguments/channel_list.ts";
import type { Micros } from "../../core/time.ts";
import type { VerbContext } from "../frame/context.ts";
import { commandClock } from "./command_clock.ts";
import { reportProxies } from "../arguments/proxy_notice.ts";
import { keepArchivePacked } from "../../node/wiring/packs/keep_archive_packed.ts";
import { Replication, type ReplicationFlags, replicationMetrics } from "./replication.ts";

/** What to record, and where. */
export interface RecordChatOptions {
  readonly archive: string;
  /** Which channels are recorded. */
  readonly wanted: WantedChannels;
  /** A file of channels, which is watched. */
  readonly channelFile?: string | undefined;
  readonly connections: number;
  readonly joinRate: number;
  readonly node: string;
  readonly login?: Login | undefined;
  readonly url: string;
  /** What the archive is written through. @default it is written where it is */
  readonly broker?: BrokerChoice | undefined;
  readonly useJournal: boolean;
  /** Where the journal is; by default in the archive's folder, or for a database in this user's state folder. */
  readonly journalDir?: string | undefined;
  /** What is served to peers and pulled from them. */
  readonly replication: ReplicationFlags;
  /** How old an hour is when it is packed; by default none is. */
  readonly packAfter?: Micros;
  /** Work beside the recording that changes what is replicated. */
  readonly beside?: (work: RecordingBeside) => Promise<void>;
}

/** A recording that runs. */
export interface RecordingBeside {
  readonly replication: Replication;
  readonly clock: Clock;
  /** Aborts when the recording ends. */
  readonly signal: AbortSignal;
}

const STATUS_MS = 1_000;

/**
 * Records until the context's signal aborts; then finishes and resolves.
 *
 * @throws {ChatloomError} when the archive cannot be written, before anything is connected to, except that a
 * database may be away or full; when Twitch refuses the login; when the last batches cannot be stored (they stay in the journal).
 */
export async function recordChat(options: RecordChatOptions, context: VerbContext): Promise<void> {
  const { reporter } = context;
  context.watchCtrlC();
  const { broker, node: sender } = options;
  const metrics = replicationMetrics(options.replication, context);
  const remote = broker === undefined ? undefined : { broker, sender, reporter, metrics };
  const parts = await openParts(options.archive, { create: true, remote, mayBeAway: reporter });
  try {
    await recordInto({ parts, metrics }, options, context);
  } finally {
    await parts.close();
  }
}

async function recordInto(
  { parts, metrics }: {
    readonly parts: ArchiveParts;
    readonly metrics: ReturnType<typeof replicationMetrics>;
  },
  options: RecordChatOptions,
  context: VerbContext,
): Promise<void> {
  const { signal, reporter } = context;
  const files = await parts.writableFiles({ signal });
  const journalFolder = options.journalDir ?? parts.journalFolder;
  const clock = commandClock();
  const hasher = nodeHasher();
  const optOuts = await openOptOuts(parts.journalFolder, { clock, reporter });
  const changes = fileSystemChannels(parts.journalFolder);
  options.wanted.setChanges(await changes.read());
  const refuse = () =>
    options.wanted.setRefused((name) => optOuts.book.isChannelNameOptedOut(name));
  refuse();
  optOuts.book.watch(refuse);
  const replication = new Replication(files, {
    parts,
    journalFolder,
    flags: options.replication,
    hasher,
    clock,
    context,
    optOuts,
    metrics,
    channels: new ChannelAdmin(options.wanted, changes),
  });
  reportProxies([options.url], reporter);
  await runRecording({
    ...options,
    parts,
    journalFolder,
    channels: options.wanted.channels,
    store: replication.store,
    onMessage: (received) => replication.publish(received),
    unwanted: () => optOuts.book.matcher,
    onCommand: (message) => optOuts.hear(message),
    hasher,
    clock,
    reporter,
    signal,
    async begin(work) {
      const { recorder, pool, settler, store, signal } = work;
      context.setLastWords(() => lastWords({ ...options, journalFolder }, recorder));
      const syncer = await replication.syncer({ store, onStored: settler.onFileStored });
      const listener = await replication.listen(work);
      options.wanted.watch((channels) => pool.setChannels(channels));
      const keeping = optOuts.keep({
        ...{ store, hasher, clock, reporter, lock: parts.lock },
        storeReceived: () => recorder.storeReceived(signal),
        onErased: () => dropPicturesIn(parts.journalFolder, { store, hasher, reporter, signal }),
      }, signal);
      return {
        tasks: [
          keeping,
          replication.pull(syncer, signal),
          replication.follow(signal),
          replication.keepIndex(signal),
          keepArchivePacked(options.archive, {
            ageUs: parts.settles ? options.packAfter : undefined,
            clock,
            reporter,
            signal,
          }),
          watch(options, { clock, signal, context }),
          options.beside?.({ replication, clock, signal }) ?? Promise.resolve(),
          showStatus(pool, { clock, signal, context }),
        ],
        close: async () => await listener?.close(),
      };
    },
  });
}

/** What happens to received lines if the process ends now. */
function lastWords(
  { journalFolder, useJournal }: Pick<RecordChatOptions, "useJournal"> & {
    readonly journalFolder: string;
  },
  recorder: Recorder,
): string {
  const { openBatches, pendingBatches } = recorder.state();
  const count = openBatches + pendingBatches;
  if (count === 0) return "Stopped at once; all that was received is archived";
  const what = `Stopped at once: ${count} ${
    count === 1 ? "minute is" : "minutes are"
  } not archived`;
  if (!useJournal) return `${what} and lost, as there is no journal`;
  return `${what} yet. They are kept in the journal in "${join(journalFolder, ".chatloom")}"; ` +
    `the next "chatloom record" on this archive archives them`;
}

interface Beside {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly context: VerbContext;
}

async function watch(
  { channelFile, wanted }: RecordChatOptions,
  { clock, signal, context: { reporter } }: Beside,
): Promise<void> {
  if (channelFile === undefined) return;
  await watchChannelList(channelFile, {
    clock,
    signal,
    reporter,
    onChange: (listed) => wanted.setListed(listed),
  });
}

async function showStatus(
  pool: ChatPool,
  { clock, signal, context: { progress, counters } }: Beside,
): Promise<void> {
  const shown = progress("Lines recorded");
  let note = "";
  for (let round = 0, every = 1; shown.isShown && !signal.aborted; round++) {
    if (round % every === 0) {
      const { channels, connections } = pool.state();
      const joined = channels.filter(({ joinedBy }) => joinedBy.length > 0).length;
      note = `${joined} of ${channels.length} channels joined on ${connections.length} connections`;
      // To look at ten thousand channels takes a tenth of a second.
      every = 1 + Math.floor(channels.length / 1_000);
    }
    shown.update(counters.total("lines_received"), note);
    await clock.sleep(STATUS_MS, signal).catch(() => {}); // Aborted: the loop ends.
  }
  shown.end();
}
