/**
 * Kits for testing what stands on chatloom's ports, and whoever implements them: a suite for each
 * port, and stand-ins that fail on demand.
 *
 * @example Check a store of your own
 * ```ts no-eval
 * import { test } from "node:test";
 * import { batchStoreSuite } from "@chatloom/chatloom/testing";
 * import { myStore } from "./my_store.ts";
 *
 * batchStoreSuite({ test, open: () => ({ store: myStore() }) });
 * ```
 * @module
 */

export {
  batchStoreSuite,
  type BatchStoreSuiteOptions,
  type OpenBatchStore,
} from "./batch_store_suite.ts";
export { clockSuite, type ClockSuiteOptions, type OpenClock } from "./clock_suite.ts";
export { hasherSuite, type HasherSuiteOptions } from "./hasher_suite.ts";
export {
  journalStoreSuite,
  type JournalStoreSuiteOptions,
  type OpenJournalStore,
} from "./journal_store_suite.ts";
export type { TestFunction } from "./suite.ts";

export {
  failNth,
  type FallibleCall,
  type Fault,
  type FaultPlan,
  seededFaults,
  SimulatedCrash,
} from "./faults.ts";
export { type FaultyJournal, faultyJournal, type FaultyJournalOptions } from "./faulty_journal.ts";
export { type FaultyStore, faultyStore, type FaultyStoreOptions } from "./faulty_store.ts";
