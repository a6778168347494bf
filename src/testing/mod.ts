/**
 * Kits for testing code that uses chatloom's ports or implements them: a suite for each
 * port, and stand-ins that fail on demand.
 *
 * @example Check a store of your own
 * ```ts ignore
 * import { test } from "node:test";
 * import { batchStoreSuite } from "@chatloom/chatloom/testing";
 * import { myStore } from "./my_store.ts";
 *
 * batchStoreSuite({ test, open: () => ({ store: myStore() }) });
 * ```
 * @module
 */

export {
  archiveLockSuite,
  type ArchiveLockSuiteOptions,
  type OpenArchiveLock,
} from "./suites/archive_lock_suite.ts";
export {
  batchStoreSuite,
  type BatchStoreSuiteOptions,
  type OpenBatchStore,
} from "./suites/batch_store_suite.ts";
export { brokerSuite, type BrokerSuiteOptions, type OpenBroker } from "./suites/broker_suite.ts";
export {
  chatIndexSuite,
  type ChatIndexSuiteOptions,
  type OpenChatIndex,
} from "./suites/chat_index_suite.ts";
export { clockSuite, type ClockSuiteOptions, type OpenClock } from "./suites/clock_suite.ts";
export { hasherSuite, type HasherSuiteOptions } from "./suites/hasher_suite.ts";
export {
  journalStoreSuite,
  type JournalStoreSuiteOptions,
  type OpenJournalStore,
} from "./suites/journal_store_suite.ts";
export { type OpenPeer, peerSuite, type PeerSuiteOptions } from "./suites/peer_suite.ts";
export type { TestFunction } from "./suites/suite.ts";
export {
  type TransportFixture,
  type TransportServerEnd,
  transportSuite,
  type TransportSuiteOptions,
} from "./suites/transport_suite.ts";

export {
  failNth,
  type FallibleCall,
  type Fault,
  type FaultPlan,
  killProcess,
  type ProcessState,
  seededFaults,
  SimulatedCrash,
} from "./faults/faults.ts";
export {
  type BrokerTrouble,
  faultyBroker,
  type FaultyBrokerOptions,
} from "./faults/faulty_broker.ts";
export {
  type FaultyJournal,
  faultyJournal,
  type FaultyJournalOptions,
} from "./faults/faulty_journal.ts";
export { type FaultyStore, faultyStore, type FaultyStoreOptions } from "./faults/faulty_store.ts";
export { slowListing } from "./faults/slow_listing.ts";
export {
  type NetworkTrouble,
  SeededNetwork,
  type SeededNetworkOptions,
} from "./chance/seeded_network.ts";

export type { Micros } from "../core/time.ts";
export type { Clock } from "../ports/clock.ts";
export type { Random } from "../ports/random.ts";
export type { Chunk, Connection, Transport } from "../ports/transport.ts";
export {
  between,
  chance,
  exponential,
  intBelow,
  pick,
  pickWeighted,
  type SeededRandom,
  seededRandom,
  shuffled,
} from "./chance/seeded_random.ts";
export {
  type VirtualClock,
  virtualClock,
  type VirtualClockOptions,
  type VirtualHost,
  type VirtualRunOptions,
} from "./time/virtual_clock.ts";

export {
  type ChatOptions,
  type ChatStart,
  generatedChat,
} from "./generated_chat/generated_chat.ts";
export type { ChatEventKind } from "./generated_chat/chat_events.ts";
export type { ChannelChat, ChatSource, TimedLine } from "./generated_chat/chat_source.ts";
export {
  type ConnectionFault,
  parseFaults,
  type ScheduledFault,
  type TwitchFaults,
} from "./simulated_twitch/faults.ts";
export type { Framing } from "./simulated_twitch/trouble/framing.ts";
export type { GarbageKind } from "./simulated_twitch/trouble/garbage.ts";
export { type Playback, playback, type PlaybackOptions } from "./generated_chat/playback.ts";
export type { AccountKind } from "./simulated_twitch/join_limit.ts";
export type { RoomAccess } from "./simulated_twitch/room.ts";
export type {
  ConnectionSettings,
  SimulatedConnection,
} from "./simulated_twitch/server_connection.ts";
export type { RoomState } from "./twitch_lines/server_lines.ts";
export type { Admission, LinkListener, ServerLink } from "./simulated_twitch/server_link.ts";
export {
  type SimulatedChannel,
  SimulatedTwitch,
  type SimulatedTwitchOptions,
} from "./simulated_twitch/simulated_twitch.ts";
export type {
  ConnectionRecord,
  Delivery,
  TrueEvent,
  Truth,
  TruthOptions,
  TruthRecord,
  Violation,
  ViolationKind,
} from "./simulated_twitch/truth.ts";
