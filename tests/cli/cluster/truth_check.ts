import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type ArchiveKey, parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { decodeBatch } from "../../../src/core/batch/batch.ts";
import { contentKey, contentOf, contentOfFields } from "../../../src/core/batch/content.ts";
import { parseIrcLine } from "../../../src/core/irc/irc_line.ts";
import { MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import type { TrueEvent, Truth } from "../../../src/testing/simulated_twitch/truth.ts";

const LOOK_MS = 1_000;
/** A line that is older was stored before, or is found missing at the end. */
const RECENT_US = 5 * MINUTE_US;

/** What tells a line from others, if not always those that say the same: its id where it has one. */
function nameOfLine(line: string): string {
  const parsed = parseIrcLine(line);
  assert.ok(parsed.ok, line);
  return parsed.message.tags?.["id"] ?? contentKey(contentOf(parsed.message));
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** How often each line was sent to a connection, and how often one has surely read it. */
function countsOf(truth: Truth) {
  const [sent, read] = [new Map<string, number>(), new Map<string, number>()];
  const names = truth.events.map(({ line }) => nameOfLine(line));
  for (const { connection, acknowledgedCount } of truth.connections) {
    for (const { index, event } of truth.deliveriesTo(connection)) {
      add(sent, names[event]!);
      if (index < acknowledgedCount) add(read, names[event]!);
    }
  }
  return { sent, read };
}

/**
 * Checks that an archive has what connections had surely read, each as often as they had, and nothing that no
 * connection was sent. Returns how many lines connections had read.
 *
 * @param options.sinceUs lines before this are not those of `truth`
 */
export async function assertHasAll(
  store: BatchStore,
  { truth, sinceUs }: { readonly truth: Truth; readonly sinceUs: number },
): Promise<number> {
  const { sent, read } = countsOf(truth);
  const found = new Map<string, number>();
  for await (const key of store.list("")) {
    const parts = parseArchiveKey(key);
    if (parts?.kind !== "batch" || parts.minuteUs < sinceUs) continue;
    for (const message of decodeBatch((await store.get(key))!)) {
      const name = message.tags?.["id"] ?? contentKey(contentOfFields(message));
      found.set(name, (found.get(name) ?? 0) + Object.keys(message.receivers).length);
    }
  }
  let [lost, doubled, total] = [0, 0, 0];
  for (const [name, count] of read) {
    total += count;
    lost += Math.max(0, count - (found.get(name) ?? 0));
  }
  for (const [name, count] of found) doubled += Math.max(0, count - (sent.get(name) ?? 0));
  assert.deepEqual({ lost, doubled }, { lost: 0, doubled: 0 }, `of ${total} lines`);
  return total;
}

/**
 * Waits until every exact line that connections have surely read by now is in the archive, as often as they
 * read it. Returns after how many seconds that is so.
 */
export async function untilStored(
  store: BatchStore,
  { truth, maxS }: { readonly truth: Truth; readonly maxS: number },
): Promise<number> {
  const startMs = performance.now();
  const missing = recentlyRead(truth);
  const looked = new Set<ArchiveKey>();
  const found = new Map<string, Set<string>>();
  for (;;) {
    for (const key of await newKeys(store, looked)) {
      for (const { tags, receivers } of decodeBatch(await store.get(key) ?? new Uint8Array(0))) {
        const id = tags?.["id"] ?? "";
        const count = missing.get(id);
        if (count === undefined) continue;
        // Merging brings the same again.
        const heard = found.get(id) ?? new Set();
        for (const receiver of Object.keys(receivers)) heard.add(receiver);
        found.set(id, heard);
        if (heard.size < count) continue;
        missing.delete(id);
        found.delete(id);
      }
    }
    const passedS = (performance.now() - startMs) / 1_000;
    if (missing.size === 0) return passedS;
    assert.ok(passedS < maxS, `${missing.size} lines are not stored after ${maxS} s`);
    await sleep(LOOK_MS);
  }
}

async function newKeys(store: BatchStore, looked: Set<ArchiveKey>): Promise<ArchiveKey[]> {
  const fresh: ArchiveKey[] = [];
  const sinceUs = Date.now() * 1_000 - 2 * RECENT_US;
  for await (const key of store.list("")) {
    const parts = parseArchiveKey(key);
    if (parts?.kind !== "batch" || parts.minuteUs < sinceUs || looked.has(key)) continue;
    looked.add(key);
    fresh.push(key);
  }
  return fresh;
}

/** The ids of lines that connections read lately, with how many of them did. */
function recentlyRead(truth: Truth): Map<string, number> {
  const counts = new Map<string, number>();
  const sinceUs = Date.now() * 1_000 - RECENT_US;
  const isRecent = ({ timeUs }: TrueEvent) => timeUs >= sinceUs - SECOND_US;
  for (const { connection } of truth.connections) {
    for (const event of truth.acknowledgedBy(connection).filter(isRecent)) {
      const id = idOf(event.line);
      if (id !== undefined) add(counts, id);
    }
  }
  return counts;
}

function idOf(line: string): string | undefined {
  const parsed = parseIrcLine(line);
  return parsed.ok ? parsed.message.tags?.["id"] : undefined;
}
