/**
 * Adapters for Deno and Node: files, clocks, hashes, logs. Each keeps the promise of
 * a port, which the suites in `@chatloom/chatloom/testing` check. Programs that want an archive in a
 * folder and the default adapters begin with `@chatloom/chatloom/node`.
 *
 * @example Import a capture into memory
 * ```ts
 * import { importCapture, noopReporter } from "@chatloom/chatloom";
 * import { bestHasher, memoryStore } from "@chatloom/chatloom/adapters";
 *
 * const line = "@tmi-sent-ts=1785587645123 :ada!ada@h PRIVMSG #forsen :hi";
 * const open = async function* () {
 *   yield await Promise.resolve(new TextEncoder().encode(line));
 * };
 * const store = memoryStore();
 * const options = { store, hasher: await bestHasher(), reporter: noopReporter };
 * console.log((await importCapture({ name: "line.log", open }, options)).messages); // 1
 * ```
 *
 * @module
 */

export { amqpBroker, type AmqpBrokerOptions } from "./amqp/amqp_broker.ts";
export { type CounterReading, Counters } from "./metrics/counters.ts";
export {
  FILE_MAX_BYTES,
  type FileSystemStore,
  fileSystemStore,
  type FileSystemStoreOptions,
} from "./file_system/file_system_store.ts";
export {
  type PackedStore,
  packedStore,
  type PackedStoreOptions,
} from "./file_system/packs/packed_store.ts";
export type { CompressFrame } from "./file_system/packs/pack_files.ts";
export { fileSystemLock, type FileSystemLockOptions } from "./file_system/file_system_lock.ts";
export {
  fileSystemJournal,
  type FileSystemJournalOptions,
  type ReserveChange,
} from "./file_system/file_system_journal.ts";
export type {
  FileCalls,
  FileFacts,
  FileKind,
  GrowingFile,
  OpenFile,
} from "./file_system/calls/file_calls.ts";
export { type MemoryBroker, memoryBroker } from "./memory/memory_broker.ts";
export {
  type AsideBytes,
  type CrashOptions,
  type MemoryJournal,
  memoryJournal,
} from "./memory/memory_journal.ts";
export {
  memoryMarks,
  memoryNotes,
  memoryOrders,
  memorySettled,
  type MemoryUnsettled,
  memoryUnsettled,
} from "./memory/memory_notes.ts";
export { fileSystemOrders } from "./file_system/file_system_orders.ts";
export { fileSystemSettled } from "./file_system/file_system_settled.ts";
export { fileSystemVersions } from "./file_system/file_system_versions.ts";
export { fileSystemUnsettled } from "./file_system/file_system_unsettled.ts";
export { fileSystemMarks, fileSystemNotes } from "./file_system/file_system_notes.ts";
export { memoryIndex } from "./memory/memory_index.ts";
export { memoryStore } from "./memory/memory_store.ts";
export { sqliteIndex } from "./sqlite/sqlite_index.ts";
export type { MachineClocks } from "./system/sleep_meter.ts";
export { systemClock } from "./system/system_clock.ts";
export { systemRandom } from "./system/system_random.ts";
export { nodeBodyCoders } from "./compressors/node_body_coders.ts";
export { nodeCompressor } from "./compressors/node_compressor.ts";
export { nodeGzip } from "./compressors/node_gzip.ts";
export { nodeHasher } from "./hashers/node_hasher.ts";
export { type SyncHasher, wasmHasher } from "./hashers/wasm_hasher.ts";
export { bestHasher, webCryptoHasher } from "./hashers/web_crypto_hasher.ts";
export {
  LOG_CATEGORY,
  type LogFormat,
  logtapeReporter,
  type LogtapeReporterOptions,
  type LogWriterOptions,
  writeLog,
} from "./log/logtape_reporter.ts";
export {
  UNREAD_MAX,
  type WebSocketEvent,
  type WebSocketLike,
  webSocketTransport,
  type WebSocketTransportOptions,
} from "./websocket/websocket_transport.ts";
export { runtimeTransport, wsTransport } from "./websocket/ws_transport.ts";
export {
  DEFAULT_PEER_TIMES,
  httpPeer,
  type HttpPeerOptions,
  type PeerTimes,
} from "./http_peer/http_peer.ts";
export { honoRouter } from "./http/hono_router.ts";
export { nodeServer, type ServeOptions } from "./http/node_server.ts";
export {
  type PrometheusMetrics,
  prometheusMetrics,
  type PrometheusPage,
} from "./metrics/prometheus_metrics.ts";
