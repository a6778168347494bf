import { fileSystemMedia } from "../../adapters/file_system/file_system_media.ts";
import type { Command } from "commander";
import {
  type PrometheusMetrics,
  prometheusMetrics,
} from "../../adapters/metrics/prometheus_metrics.ts";
import { systemRandom } from "../../adapters/system/system_random.ts";
import { measuredStore } from "../../engine/metrics/measured_store.ts";
import { watchRecording } from "../../engine/metrics/watch_recording.ts";
import { SupersededFiles } from "../../engine/sync/state/superseded_files.ts";
import { rememberingStore } from "../../engine/sync/remembering_store.ts";
import type { SyncOptions } from "../../engine/sync/state/sync_options.ts";
import { Syncer } from "../../engine/sync/syncer.ts";
import type { ArchiveParts } from "../../node/wiring/parts/archive_parts.ts";
import type { ReceivedMessage } from "../../engine/record/received_message.ts";
import type { RecordingWork } from "../../node/wiring/recording.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hasher } from "../../ports/hasher.ts";
import type { HttpListener } from "../../ports/http.ts";
import type { VerbContext } from "../frame/context.ts";
import type { ChannelAdmin } from "../../engine/admin/channel_admin.ts";
import type { OpenOptOuts } from "../../node/wiring/opt_outs.ts";
import type { Access } from "../../engine/api/gate/access.ts";
import {
  addPeerFlags,
  LIVE_PEER_FLAGS,
  type PeerFlags,
  peerSource,
} from "../arguments/peer_flags.ts";
import { type OpenPeers, type PeerSource, readPeers, watchPeers } from "../arguments/peer_list.ts";
import {
  addLogFlags,
  addNetworkFlags,
  ADMIN_KEY_VARIABLE,
  type LogFlags,
  type NetworkFlags,
  parseListenFlag,
  readAccess,
  readAdminKey,
} from "../arguments/serve_flags.ts";
import { watchedStore } from "../../engine/index/watched_store.ts";
import { type NodeIndex, openNodeIndex } from "../../node/wiring/index_parts.ts";
import { LiveSender } from "../../engine/live/live_sender.ts";
import { followChanges } from "../../node/wiring/live/follow_changes.ts";
import type { Peer } from "../../ports/peer.ts";
import { PeerFeeds } from "../../engine/live/peers/peer_feeds.ts";
import { PeerMessages } from "../../engine/live/peers/peer_messages.ts";
import { LiveArchive } from "../../node/wiring/live/live_archive.ts";
import { serveNode } from "../../node/wiring/serve_node.ts";

/** What a recording node serves to peers and pulls from them, as flags say. */
export interface ReplicationFlags extends PeerFlags, NetworkFlags, LogFlags {
  /** Where to serve the archive. By default nowhere. */
  readonly serve?: string;
  readonly serveTokenFile?: string;
  readonly metricsTokenFile?: string;
  readonly openMetrics?: boolean;
  readonly operatorTokenFile?: string;
  /** The key in this file changes which channels are recorded. */
  readonly adminKeyFile?: string;
  /** Whether users may opt out by a code that they say in chat. */
  readonly optOuts?: boolean;
  /** Whether readers may see which peers there are, and what they have otherwise. */
  readonly peerComparison: boolean;
  /** The file that these flags may stand in. */
  readonly config?: string;
}

/** Adds {@link ReplicationFlags} to a verb. */
export function addReplicationFlags(command: Command): Command {
  return addLogFlags(addNetworkFlags(addPeerFlags(command)))
    .option("--serve <address>", "serve the archive at this address meanwhile", parseListenFlag)
    .option("--serve-token-file <file>", "let only readers in who send the token in this file")
    .option("--metrics-token-file <file>", "the same for /metrics")
    .option("--open-metrics", "let any caller see /metrics")
    .option(
      "--admin-key-file <file>",
      `let who sends the key in this file, or in $${ADMIN_KEY_VARIABLE}, change the channels at /admin/channels`,
    )
    .option(
      "--no-peer-comparison",
      "keep from readers which peers there are: no /peers.json, no /CHANNEL/compare.json, and none in the page",
    )
    .option(
      "--opt-outs",
      "let users have themselves erased, or export what they wrote: POST /optout and /optout/export give a code to say in chat",
    );
}

/** Flags of {@link ReplicationFlags} that a running node can change, and the contents of the files they name. */
export const LIVE_REPLICATION_FLAGS = [
  ...LIVE_PEER_FLAGS,
  "serveTokenFile",
  "metricsTokenFile",
  "openMetrics",
  "operatorTokenFile",
  "adminKeyFile",
] as const;

/** What replication works with. */
export interface ReplicationOptions {
  /** The archive's notes. */
  readonly parts: Pick<
    ArchiveParts,
    "notes" | "marks" | "orders" | "settled" | "index" | "changes" | "liveLines" | "versions"
  >;
  readonly flags: ReplicationFlags;
  /** The folder in whose `.chatloom` journals are. */
  readonly journalFolder: string;
  readonly hasher: Hasher;
  readonly clock: Clock;
  readonly context: VerbContext;
  /** Changes which channels are recorded. */
  readonly channels: ChannelAdmin;
  /** Who has opted out. */
  readonly optOuts: OpenOptOuts;
  /** What `/metrics` shows, where it is served. */
  readonly metrics: PrometheusMetrics | undefined;
}

/** The metrics of a recorder that serves them; they are made first, for the archive is measured too. */
export function replicationMetrics(
  flags: ReplicationFlags,
  { counters }: VerbContext,
): PrometheusMetrics | undefined {
  return flags.serve === undefined ? undefined : prometheusMetrics({ counters });
}

/** Serves an archive that is being recorded into, and pulls into it from peers. */
export class Replication {
  /** The archive, for all writes and deletes of this process. */
  readonly store: BatchStore;
  readonly #options: ReplicationOptions;
  readonly #superseded: SupersededFiles;
  readonly #metrics: PrometheusMetrics | undefined;
  readonly #live: LiveArchive | undefined;
  readonly #peerMessages: PeerMessages | undefined;
  readonly #peerFeeds: PeerFeeds | undefined;
  #source: PeerSource;
  #access: Partial<Access> = {};
  #adminKey: string | undefined;
  #syncer: Syncer | undefined;
  #peers: readonly Peer[] = [];
  readonly #sender: LiveSender | undefined;
  #indexed: NodeIndex | undefined;

  /** For an archive whose files are in `files`. It serves and pulls nothing yet. */
  constructor(files: BatchStore, options: ReplicationOptions) {
    const { parts, flags, context: { reporter } } = options;
    this.#options = options;
    this.#source = peerSource(flags);
    this.#superseded = new SupersededFiles(parts.notes, reporter);
    const { liveLines: lines } = parts;
    const { clock } = options;
    this.#sender = lines && new LiveSender({ lines, clock, reporter });
    const store = rememberingStore(files, this.#superseded);
    this.#metrics = options.metrics;
    if (flags.serve === undefined || this.#metrics === undefined) {
      this.store = store;
      return;
    }
    const measured = measuredStore(store, { reporter, metrics: this.#metrics });
    this.store = watchedStore(measured, (key) => this.#indexed?.keeper.onFileChanged(key));
    this.#live = new LiveArchive({
      ...{ folder: options.journalFolder, store: this.store, reporter, metrics: this.#metrics },
      ...{ hasher: options.hasher, clock: options.clock, random: systemRandom() },
      skips: (run) => run.isOwn,
      lines: parts.liveLines,
      versions: parts.versions,
    });
    const { feed } = this.#live;
    // What peers tell is not given on: their files come by sync.
    const onMessage = feed.publish.bind(feed);
    const messages = new PeerMessages({ clock: options.clock, onMessage });
    this.#live.chatStore.add(messages);
    this.#peerMessages = messages;
    this.#peerFeeds = new PeerFeeds({ clock: options.clock, reporter, messages });
  }

  /** Gives a recorded message to those who follow its channel. */
  publish(received: ReceivedMessage): void {
    this.#live?.feed.publish(received);
    this.#sender?.add(received);
  }

  /**
   * Serves what `parts` record, if an address is given.
   *
   * @throws {ChatloomError} `CONNECTION_LOST` when it cannot listen there; `INPUT_UNREADABLE` when a
   * token cannot be read.
   */
  async listen(parts: RecordingWork): Promise<HttpListener | undefined> {
    const { flags, context: { reporter, logLevel }, clock, hasher } = this.#options;
    const live = this.#live;
    if (flags.serve === undefined || this.#metrics === undefined || live === undefined) {
      return undefined;
    }
    watchRecording(this.#metrics, parts);
    const { operatorListen, trustProxy = [] } = flags;
    this.#access = await accessOf(flags);
    this.#adminKey = await readAdminKey(flags.adminKeyFile);
    live.chatStore.add(parts.recorder.unstored);
    await live.begin();
    const { settled, index } = this.#options.parts;
    if (flags.index) {
      const unstored = live.chatStore;
      const place = { place: index, store: this.store, settled, hasher, clock, reporter, unstored };
      this.#indexed = await openNodeIndex({ ...place, metrics: this.#metrics });
    }
    const listener = await serveNode({
      store: this.store,
      chatStore: live.chatStore,
      media: fileSystemMedia(this.#options.journalFolder),
      feed: live.feed,
      finder: this.#indexed?.finder,
      settled,
      hasher,
      clock,
      random: systemRandom(),
      reporter,
      logLevel,
      metrics: this.#metrics,
      listen: flags.serve,
      trustedProxies: trustProxy,
      operatorListen,
      logs: { ...flags, isRecording: (channel) => parts.pool.wants(channel) },
      optOuts: this.#options.optOuts.book,
      admin: { channels: this.#options.channels, apiKey: () => this.#adminKey },
      peers: flags.peerComparison ? () => this.#peers : undefined,
      moreRoutes: flags.optOuts === true
        ? this.#options.optOuts.routes({
          ...{ store: live.chatStore, hasher, reporter, trustedProxies: trustProxy },
        })
        : [],
      state: () => ({ recorder: parts.recorder.state(), pool: parts.pool.state() }),
      access: () => this.#access,
    });
    reporter.report("info", "Serving the archive", { url: listener.url });
    return {
      url: listener.url,
      close: async (closing) => {
        live.feed.close();
        await listener.close(closing);
      },
    };
  }

  /** Keeps the index up to date until `signal` aborts, if there is one. Call it after {@link Replication.listen}. */
  async keepIndex(signal: AbortSignal): Promise<void> {
    await this.#indexed?.run(signal);
  }

  /**
   * A syncer into `store`, with the peers as they are now; `undefined` if none are wanted.
   *
   * @throws {ChatloomError} `INPUT_UNREADABLE` when the list of peers or a token cannot be read.
   */
  async syncer(
    { store, onStored }: Pick<SyncOptions, "store"> & Required<Pick<SyncOptions, "onStored">>,
  ): Promise<Syncer | undefined> {
    const { flags, parts, hasher, clock, context: { reporter } } = this.#options;
    const isWanted = flags.peer.length > 0 || flags.peers !== undefined;
    // A configuration may name peers later.
    if (!isWanted && flags.config === undefined) return undefined;
    const syncer = this.#syncer = new Syncer({
      hasher,
      clock,
      store,
      random: systemRandom(),
      reporter,
      superseded: this.#superseded,
      isRefused: (channel) => this.#options.optOuts.book.isChannelNameOptedOut(channel),
      marks: parts.marks,
      orders: parts.orders,
      onStored: (key) => {
        this.#peerMessages?.noteStored(key);
        onStored(key);
      },
      onCrowded: onStored,
    });
    const found = await readPeers(this.#source, reporter);
    this.#setPeers(syncer, found);
    return syncer;
  }

  /**
   * If the archive is served, follows the journals of other recorders on it, and the feeds of peers, until
   * `signal` aborts.
   */
  async follow(signal: AbortSignal): Promise<void> {
    const live = this.#live;
    await Promise.all([
      live?.run(signal),
      this.#peerFeeds?.run(signal),
      this.#sender?.run(signal),
      live && followChanges(this.#options.parts.changes, { live, indexed: this.#indexed }, signal),
    ]);
  }

  /**
   * Changes peers and tokens to what `flags` say, of {@link LIVE_REPLICATION_FLAGS}: all, or none if one
   * cannot be read.
   *
   * @throws {ChatloomError} `INPUT_UNREADABLE` when a list or a token cannot be read.
   */
  async change(flags: ReplicationFlags): Promise<void> {
    const { context: { reporter } } = this.#options;
    const source = { ...peerSource(flags), file: this.#source.file };
    const found = this.#syncer === undefined ? undefined : await readPeers(source, reporter);
    const access = flags.serve === undefined ? {} : await accessOf(flags);
    const adminKey = await readAdminKey(flags.adminKeyFile);
    this.#source = source;
    this.#access = access;
    this.#adminKey = adminKey;
    if (found !== undefined && this.#syncer !== undefined) this.#setPeers(this.#syncer, found);
  }

  #setPeers(syncer: Syncer, found: OpenPeers): void {
    this.#peers = found.peers;
    syncer.setPeers(found.peers, found);
    this.#peerFeeds?.setPeers(found.peers);
  }

  /** Pulls until `signal` aborts, also from peers that are added to the list meanwhile. */
  async pull(syncer: Syncer | undefined, signal: AbortSignal): Promise<void> {
    if (syncer === undefined) return;
    const { clock, context: { reporter } } = this.#options;
    const onChange = (found: OpenPeers) => this.#setPeers(syncer, found);
    const watching = watchPeers(() => this.#source, { clock, signal, reporter, onChange });
    watching.catch(() => {}); // Awaited once the syncer has ended.
    await syncer.run(signal);
    await watching;
  }
}

async function accessOf(flags: ReplicationFlags): Promise<Partial<Access>> {
  const { serveTokenFile: tokenFile, metricsTokenFile, operatorTokenFile } = flags;
  const { openMetrics = false } = flags;
  return await readAccess({ openMetrics, tokenFile, metricsTokenFile, operatorTokenFile });
}
