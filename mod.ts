/**
 * The portable part of chatloom: parsing chat, writing and reading batches, and the work of
 * recording and checking an archive over whatever store, clock and connection it is handed. Runs
 * as it is in Deno, in Node and in a browser page.
 *
 * @example Parse a line
 * ```ts
 * import { parseIrcLine } from "@chatloom/chatloom";
 *
 * const parsed = parseIrcLine("@tmi-sent-ts=1785587645123 :ada!ada@ada.tmi.twitch.tv PRIVMSG #forsen :hi");
 * if (parsed.ok) console.log(parsed.message.sender, parsed.message.params); // ada [ "#forsen", "hi" ]
 * ```
 * @module
 */

// What an archive is made of.
export type { StoredAtOnce } from "./src/engine/record/batch_puts.ts";
export {
  type ArchiveKey,
  type ArchiveKeyParts,
  batchKey,
  formatArchiveKey,
  isChannelName,
  parseArchiveKey,
} from "./src/core/archive/archive_key.ts";
export { decodeBatch, encodeBatch } from "./src/core/batch/batch.ts";
export { fromDigestText, isDigestText, toDigestText } from "./src/core/archive/digest_text.ts";
export {
  BatchSyntaxError,
  ChatloomError,
  type ErrorCode,
  type UnreadableEntry,
  UnreadableEntryError,
} from "./src/core/errors/errors.ts";
export type { IrcMessage, Message, OwnRange } from "./src/core/batch/message.ts";
export type { JsonValue } from "./src/core/json/json_value.ts";
export { FactsCollector, isIndexedId, isIndexedLogin } from "./src/core/index/facts_collector.ts";
export type {
  HourFacts,
  MinuteWords,
  PersonFacts,
  PersonMinute,
  PersonName,
  PersonRole,
  RoomFacts,
} from "./src/core/index/hour_facts.ts";
export { foldText, wordsOf } from "./src/core/text/fold_words.ts";
export type { Moment, Timestamp } from "./src/core/recording/server_time.ts";
export type { ServerClockState } from "./src/core/recording/server_clock.ts";
export type { RedactedMessage, RedactedUser, Redaction } from "./src/core/redaction/redaction.ts";
export { type RedactionMatcher, redactionMatcher } from "./src/core/redaction/redaction_matcher.ts";
export { type Micros, toSeconds } from "./src/core/time.ts";

export { mergeBatches, type MergedMinute, mergeMinutes } from "./src/core/merge/merge_batches.ts";

// What comes from chat.
export { type ParsedLine, parseIrcLine, type UnreadableReason } from "./src/core/irc/irc_line.ts";

// What the outside has to promise.
export type { ArchiveChange, ArchiveChanges } from "./src/ports/archive/archive_changes.ts";
export type { LiveLines } from "./src/ports/archive/live_lines.ts";
export type { ArchiveLock } from "./src/ports/archive_lock.ts";
export type { HourPacks, PackedHour } from "./src/ports/archive/hour_packs.ts";
export type { AbortOptions, BatchStore, Stray } from "./src/ports/batch_store.ts";
export type {
  ChatIndex,
  HourToIndex,
  IndexedHour,
  IndexedMinute,
  IndexedPerson,
  IndexedRoom,
  IndexHours,
  IndexQuery,
  IndexSpan,
  IndexStamp,
} from "./src/ports/index/chat_index.ts";
export type { Clock } from "./src/ports/clock.ts";
export type { FolderVersions } from "./src/ports/index/folder_versions.ts";
export type { Hasher, HashStream } from "./src/ports/hasher.ts";
export type {
  DeadRun,
  JournalReader,
  JournalRun,
  JournalStore,
  ReadableRun,
} from "./src/ports/journal_store.ts";
export type { HourNotes } from "./src/ports/notes/hour_notes.ts";
export type {
  LivePeerOptions,
  Peer,
  PeerChannelDigest,
  PeerEvent,
  ReadPeerOptions,
  SinceOptions,
} from "./src/ports/peer.ts";
export type {
  Broker,
  BrokerConsumer,
  BrokerLink,
  BrokerMessage,
  BrokerTopology,
  ConnectOptions,
  ConsumeOptions,
  Death,
  Delivery,
  ExchangeDeclaration,
  Publication,
  PublishOutcome,
  QueueDeclaration,
  QueueState,
} from "./src/ports/remote/broker.ts";
export type { OrderNotes } from "./src/ports/notes/order_notes.ts";
export type { PruneMarks } from "./src/ports/notes/prune_marks.ts";
export type { SettledNotes } from "./src/ports/notes/settled_notes.ts";
export type { UnsettledNotes, UnsettledPlace } from "./src/ports/notes/unsettled_notes.ts";
export type { Random } from "./src/ports/random.ts";
export type { ListeningState } from "./src/engine/coverage/listening_tracker.ts";
export {
  noopReporter,
  type Reporter,
  type ReportFields,
  type Severity,
} from "./src/ports/reporter.ts";
export type { Chunk, Connection, Transport } from "./src/ports/transport.ts";

// Recording.
export type { ByteCompressor } from "./src/core/recording/byte_compressor.ts";
export { JournalWriter } from "./src/engine/journal/journal_writer.ts";
export {
  type Recovered,
  recoverJournals,
  type RecoverOptions,
} from "./src/engine/recovery/recover_journals.ts";
export {
  type Capture,
  importCapture,
  type Imported,
  type ImportOptions,
} from "./src/engine/import/import_capture.ts";
export {
  Recorder,
  type RecorderOptions,
  type RecorderState,
} from "./src/engine/record/recorder.ts";
export {
  type ChatPool,
  chatPool,
  type ChatPoolOptions,
  TWITCH_CHAT_URL,
} from "./src/engine/session/chat_pool.ts";
export type { ChatListener, ReceivedLine } from "./src/engine/session/lines/listener.ts";
export type { Login } from "./src/engine/session/login.ts";
export type { MembershipState, WantedChannel } from "./src/engine/session/membership.ts";
export type { ConnectionPhase } from "./src/engine/session/chat_connection.ts";
export type { ChannelState, ConnectionState, PoolState } from "./src/engine/session/pool_state.ts";

// What can be done with an archive.
export {
  type ReadMinute,
  readMinutes,
  type ReadMinutesOptions,
} from "./src/engine/read/read_minutes.ts";
export { type MinuteSpan } from "./src/engine/read/minute_closure.ts";
export {
  type UnstoredMinute,
  type UnstoredSource,
} from "./src/engine/record/unstored/unstored_source.ts";
export { type ReceivedMessage } from "./src/engine/record/received_message.ts";
export { type FeedReading, LiveFeed, type LiveFeedOptions } from "./src/engine/live/live_feed.ts";
export { type Content } from "./src/core/batch/content.ts";
export { type Cursor } from "./src/engine/live/cursor.ts";
export { LiveEvent } from "./src/engine/live/event_ring.ts";
export { type OverlayOptions, OverlayStore } from "./src/engine/live/overlay_store.ts";
export { type SnapshotOptions } from "./src/engine/live/unstored_snapshot.ts";
export {
  type ReadEvent,
  readEvents,
  type ReadEventsOptions,
} from "./src/engine/read/read_events.ts";
export type { BatchFault } from "./src/engine/read/files/load_batch.ts";
export type { LoadedRedaction } from "./src/engine/read/files/load_redactions.ts";
export {
  settleArchive,
  type SettleArchiveOptions,
  type SettledArchive,
} from "./src/engine/settle/settle_archive.ts";
export type { SettleOptions, SettleTotals } from "./src/engine/settle/settle_channel.ts";
export { Settler, type SettlerOptions } from "./src/engine/settle/settler.ts";
export { Unsettled, type UnsettledOptions } from "./src/engine/settle/unsettled.ts";
export {
  findLogins,
  listRedactions,
  previewRedaction,
  redact,
  type Redacted,
  type RedactOptions,
} from "./src/engine/redact/redact.ts";
export type { ScannedMinute } from "./src/engine/redact/scan_channel.ts";
export { type HealOptions, rewriteBatch } from "./src/engine/verify/rewrite_batch.ts";
export { type Finding, type FindingKind, NOTE_KINDS } from "./src/engine/verify/finding.ts";
export {
  verifyArchive,
  type VerifyOptions,
  type VerifyTotals,
} from "./src/engine/verify/verify_archive.ts";

export {
  type HourOutcome,
  packArchive,
  type PackOptions,
  unpackArchive,
} from "./src/engine/pack/pack_archive.ts";
export {
  pruneArchive,
  type PrunedHour,
  type PruneOptions,
} from "./src/engine/prune/prune_archive.ts";
export {
  type ReadCoverageOptions,
  readHourCoverage,
  spanOf,
} from "./src/engine/coverage/read_coverage.ts";
export type { Coverage, ListenedSpan } from "./src/core/coverage/coverage.ts";

// Writing through a message broker.
export {
  ChannelRanges,
  DEFAULT_RANGE_COUNT,
  rangeOfChannel,
} from "./src/core/remote/channel_range.ts";
export {
  type EnvelopeHeaders,
  type ExpectedRequest,
  formatReply,
  formatRequest,
  type ParsedRequest,
  parseReply,
  parseRequest,
  type ReadRequest,
  routeOf,
  type StoreReply,
  type StoreRequest,
} from "./src/core/remote/envelope.ts";
export {
  putExchange,
  remoteTopology,
  type RemoteTopologyOptions,
} from "./src/core/remote/remote_topology.ts";
export { compressBody, platformGzip, type SentBody } from "./src/engine/remote/compressed_body.ts";
export type { Gzip } from "./src/ports/remote/gzip.ts";

export { keepLink, type KeepLinkOptions } from "./src/engine/remote/keep_link.ts";
export { RemoteStore } from "./src/engine/remote/remote_store.ts";
export type { RemoteStoreOptions } from "./src/engine/remote/remote_store_options.ts";

// Pulling from other nodes.
export { type HourMemory, SupersededFiles } from "./src/engine/sync/state/superseded_files.ts";
export type { PeerTotals } from "./src/engine/sync/state/peer_stats.ts";
export { rememberingStore } from "./src/engine/sync/remembering_store.ts";
export type { SyncOptions } from "./src/engine/sync/state/sync_options.ts";
export {
  type PeerState,
  Syncer,
  type SyncOnceOptions,
  type SyncPace,
} from "./src/engine/sync/syncer.ts";

// Questions about logs.
export type {
  ChannelSpan,
  Findings,
  HourCounts,
  MinuteFinder,
  MinuteQuestion,
  PersonSpan,
  RoomName,
  TimeSpan,
} from "./src/engine/logs/minute_finder.ts";
export type { OptOuts } from "./src/engine/optout/opt_outs.ts";

// What a node answers over HTTP.
export { type ApiResponse } from "./src/engine/api/route/api_response.ts";
export {
  type ApiRoute,
  type Audience,
  type ParameterNote,
  type ResponseNote,
} from "./src/engine/api/route/api_route.ts";
export { type Access, type AccessRule, DEFAULT_ACCESS } from "./src/engine/api/gate/access.ts";
export type { RateLimit } from "./src/engine/api/gate/address_rates.ts";
export { DEFAULT_LIMITS, type GateLimits } from "./src/engine/api/gate/gate.ts";
export type { LogDialect } from "./src/core/logs/format_log.ts";
export type { LogApiOptions } from "./src/engine/api/logs/log_context.ts";
export type { TextPatterns } from "./src/ports/text_patterns.ts";
export type { AdminOptions, ChannelChanger } from "./src/engine/api/routes/admin_routes.ts";
export { type NodeApi, nodeApi, type NodeApiOptions } from "./src/engine/api/node_api.ts";
export { pageRoute } from "./src/engine/api/routes/page_route.ts";
export type {
  LogLevel,
  MetricsPage,
  OperatorOptions,
} from "./src/engine/api/routes/operator_routes.ts";
export { measuredStore, type MeasuredStoreOptions } from "./src/engine/metrics/measured_store.ts";
export type {
  BodyCoder,
  Caller,
  HttpHandler,
  HttpListener,
  HttpRoute,
  RoutedRequest,
} from "./src/ports/http.ts";
export { type GaugeReading, type Metrics, noopMetrics } from "./src/ports/metrics.ts";
export type {
  MediaPlace,
  MediaSource,
  MediaStore,
  MediaVersion,
  TakenSet,
} from "./src/ports/media/media_store.ts";
export type { EmoteProvider, WordEmote } from "./src/core/media/emote_set.ts";
export type { PictureType } from "./src/core/media/picture_type.ts";

// The index.
export {
  fillChannel,
  type FillChannelOptions,
  type FillOptions,
  type FillTotals,
} from "./src/engine/index/fill_channel.ts";
export {
  HourStamps,
  type HourStampsOptions,
  type UnchangedHour,
} from "./src/engine/index/hour_stamps.ts";
export type { UnstoredMinutes } from "./src/engine/index/channel_states.ts";
export { IndexFinder, type IndexFinderOptions } from "./src/engine/index/index_finder.ts";
export { IndexKeeper, type IndexKeeperOptions } from "./src/engine/index/index_keeper.ts";
