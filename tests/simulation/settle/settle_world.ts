import assert from "node:assert/strict";
import {
  type ArchiveKey,
  batchKey,
  formatArchiveKey,
  parseArchiveKey,
} from "../../../src/core/archive/archive_key.ts";
import { contentOf } from "../../../src/core/batch/content.ts";
import { encodeRedaction } from "../../../src/core/redaction/redaction.ts";
import { toDigestText } from "../../../src/core/archive/digest_text.ts";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import { type Micros, MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import { inlinePool } from "../../../src/adapters/memory/inline_pool.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { type SyncHasher, wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import {
  noopReporter,
  type Reporter,
  type ReportFields,
  type Severity,
} from "../../../src/ports/reporter.ts";
import { intBelow, pick, type SeededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { readMinutes } from "../../../src/engine/read/read_minutes.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import { SpanPlanner, SpanWorkers } from "../../../src/engine/settle/span_workers.ts";

/** The hour in which the small worlds play: five minutes before its end, so that edges matter. */
export const WORLD_US: Micros = Date.UTC(2026, 7, 1, 23, 57) * 1000;

export const CHANNEL = "c";
export const hasher: SyncHasher = await wasmHasher();

/** A sighting of one of a few contents; `exact` ones have the instant `startS`. */
export interface SmallSighting {
  readonly content: number;
  readonly isExact?: boolean;
  readonly receiver: number;
  readonly receivedS: number;
  /** Seconds since {@link WORLD_US}. */
  readonly startS: number;
  readonly lengthS: number;
}

export function addSmall(set: SightingSet, small: SmallSighting): void {
  const startUs = WORLD_US + small.startS * SECOND_US;
  const isExact = small.isExact === true;
  const content = contentOf({
    command: isExact ? "PRIVMSG" : "JOIN",
    params: [`#${CHANNEL}`],
    sender: `user${small.content}`,
    user: `user${small.content}`,
    host: "h",
    tags: isExact
      ? {
        id: String(small.content),
        "tmi-sent-ts": String(startUs / 1000),
        "user-id": String(small.content),
      }
      : null,
  });
  set.addSighting(content, {
    receiver: `n.aaaaa.${small.receiver}`,
    receivedS: WORLD_US / SECOND_US + small.receivedS,
    startUs,
    endUs: startUs + (isExact ? 0 : small.lengthS * SECOND_US),
    sentUs: isExact ? startUs : undefined,
  });
}

export function truthOf(sightings: readonly SmallSighting[]): SightingSet {
  const set = new SightingSet();
  for (const each of sightings) addSmall(set, each);
  return set;
}

export function randomSightings(random: SeededRandom, count: number): SmallSighting[] {
  return Array.from({ length: count }, () => {
    const isExact = random.next() < 0.3;
    const startS = intBelow(random, 60) * 5;
    return {
      content: intBelow(random, 3),
      isExact,
      receiver: intBelow(random, 3),
      receivedS: startS + pick(random, [0, 1, 2]),
      startS,
      lengthS: pick(random, [0, 5, 10, 55, 60]),
    };
  });
}

/** The files that a node which knows `sightings` writes. */
export function filesOf(sightings: readonly SmallSighting[]): Map<ArchiveKey, Uint8Array> {
  const set = new SightingSet();
  for (const each of sightings) addSmall(set, each);
  return filesOfSet(set);
}

export function filesOfSet(set: SightingSet): Map<ArchiveKey, Uint8Array> {
  return new Map(
    [...set.encodeMinutes()].map(([timeUs, bytes]) => [
      batchKey(CHANNEL, { timeUs, digest: hasher.digest(bytes) }),
      bytes,
    ]),
  );
}

/** An order to forget the message with this id. */
export async function redactionFile(id: string): Promise<[ArchiveKey, Uint8Array]> {
  const bytes = encodeRedaction({ target: { kind: "message", id }, madeUs: WORLD_US, reason: "" });
  const digest = await hasher.digest(bytes);
  return [formatArchiveKey({ kind: "redaction", channel: CHANNEL, digest }), bytes];
}

export async function storeWith(
  files: Iterable<readonly [ArchiveKey, Uint8Array]>,
): Promise<BatchStore> {
  const store = memoryStore();
  for (const [key, bytes] of files) await store.put(key, bytes);
  return store;
}

export async function contentsOf(store: BatchStore): Promise<Map<ArchiveKey, string>> {
  const files = new Map<ArchiveKey, string>();
  for await (const key of store.list("")) {
    const bytes = await store.get(key);
    assert.ok(bytes);
    const parts = parseArchiveKey(key);
    if (parts?.kind === "batch") {
      assert.equal(toDigestText(hasher.digest(bytes)), toDigestText(parts.digest));
    }
    files.set(key, text(bytes));
  }
  return files;
}

/** All that the batches of a store know. */
export async function knownBy(store: BatchStore): Promise<SightingSet> {
  const set = new SightingSet();
  for await (const key of store.list("")) {
    if (parseArchiveKey(key)?.kind === "batch") set.add((await store.get(key))!, { key });
  }
  return set;
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function textsOf(files: ReadonlyMap<ArchiveKey, Uint8Array>): Map<ArchiveKey, string> {
  return new Map(
    [...files].sort(([a], [b]) => a < b ? -1 : 1).map(([key, bytes]) => [key, text(bytes)]),
  );
}

export async function settleAll(
  store: BatchStore,
  reporter: Reporter = noopReporter,
): Promise<void> {
  await settleArchive({ store, hasher, reporter });
}

/** Workers that plan from the first span on, in this thread, and get and give copies only. */
export function workersOn(store: BatchStore): SpanWorkers {
  const planner = new SpanPlanner({ store, hasher });
  return new SpanWorkers(inlinePool((task) => planner.plan(task), { size: 1 }), { inlineCount: 0 });
}

export async function readAll(store: BatchStore): Promise<Map<Micros, string>> {
  const minutes = new Map<Micros, string>();
  for await (
    const { minuteUs, bytes } of readMinutes(CHANNEL, { store, hasher, reporter: noopReporter })
  ) {
    assert.ok(!minutes.has(minuteUs));
    minutes.set(minuteUs, text(bytes));
  }
  return minutes;
}

/** A reporter that remembers. */
export function listening(): Reporter & { readonly told: [Severity, string, ReportFields][] } {
  const told: [Severity, string, ReportFields][] = [];
  return {
    told,
    report: (severity, message, fields = {}) => void told.push([severity, message, fields]),
    count() {},
  };
}

export { MINUTE_US };
