import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { BlobSpool } from "../../src/adapters/browser/blob_spool.ts";
import { BlobStore } from "../../src/adapters/browser/blob_store.ts";
import { UnionStore } from "../../src/adapters/browser/union_store.ts";
import {
  type ArchiveKey,
  formatArchiveKey,
  parseArchiveKey,
} from "../../src/core/archive/archive_key.ts";
import { decodeBatch } from "../../src/core/batch/batch.ts";
import type { Message } from "../../src/core/batch/message.ts";
import { encodeRedaction } from "../../src/core/redaction/redaction.ts";
import type { Micros } from "../../src/core/time.ts";
import {
  intBelow,
  pick,
  type SeededRandom,
  seededRandom,
} from "../../src/testing/chance/seeded_random.ts";
import { type Comparable, compareSources } from "../../src/web/sources/compare_sources.ts";
import {
  CHANNEL,
  filesOf,
  hasher,
  randomSightings,
  readAll,
  redactionFile,
  WORLD_US,
} from "../simulation/settle/settle_world.ts";

const UTF8 = new TextEncoder();
const SEEDS = Number(process.env["SIM_SEEDS"] ?? 100);

test("compareSources counts and shows just what readMinutes gives of all sources", async () => {
  let [shown, lonely] = [0, 0];
  for (let seed = 0; seed < SEEDS; seed++) {
    const random = seededRandom(`compare ${seed}`);
    const sources = await randomSources(random);
    const archive = new UnionStore(sources.map(({ store }) => store));
    const signal = new AbortController().signal;
    const comparison = await compareSources(sources, { archive, hasher, signal, onProgress() {} });
    const why = `replay with seed ${seed}`;

    const given = [...(await readAll(archive)).values()].flatMap((text) =>
      decodeBatch(UTF8.encode(text))
    );
    const texts = new Set(given.map((message) => JSON.stringify(message)));
    assert.equal(comparison.messages, given.length, why);
    const known = await Promise.all(sources.map(({ store }) => sightingsOf(store, archive)));
    const holders = given.map((message) =>
      known.map((sightings) => namesOf(message).some((name) => sightings.has(name)))
    );
    assert.equal(comparison.common, holders.filter((each) => each.every(Boolean)).length, why);
    for (const [i, source] of comparison.sources.entries()) {
      const isOnlyHere = (each: boolean[]) => each[i]! && each.filter(Boolean).length === 1;
      assert.equal(source.onlyHere, holders.filter(isOnlyHere).length, why);
      assert.equal(source.missingHere, holders.filter((each) => !each[i]).length, why);
      const minutes = lonelyMinutes(given, holders, i);
      assert.equal(source.minutesOnlyHere, minutes.size, why);
      for (const line of source.examples) {
        assert.ok(texts.has(JSON.stringify(JSON.parse(line))), `${why}: ${line}`);
        shown++;
      }
      lonely += source.minutesOnlyHere;
    }
  }
  assert.ok(shown > SEEDS / 2 && lonely > SEEDS / 10, `only ${shown} shown, ${lonely} lonely`);
});

async function randomSources(random: SeededRandom): Promise<Comparable[]> {
  const truth = randomSightings(random, 12);
  const count = 2 + intBelow(random, 2);
  const sources: Comparable[] = [];
  for (let id = 1; id <= count; id++) {
    const store = new BlobStore(new BlobSpool());
    for (let file = 0; file < 1 + intBelow(random, 3); file++) {
      const heard = truth.filter(() => random.next() < 0.5);
      for (const [key, bytes] of filesOf(heard)) {
        await store.put(key, bytes);
        if (random.next() < 0.1) {
          await store.put(key.replace(/json$/, "tombstone"), new Uint8Array());
        }
      }
    }
    if (random.next() < 0.4) await store.put(...await redactionFile(pick(random, ["0", "1", "2"])));
    if (random.next() < 0.4) await store.put(...await forgetUser(random));
    const minutes = new Set<Micros>();
    for await (const key of store.list(`${CHANNEL}/`)) {
      const parts = parseArchiveKey(key);
      if (parts?.kind === "batch") minutes.add(parts.minuteUs);
    }
    sources.push({
      id,
      store,
      channels: minutes.size > 0 ? [CHANNEL] : [],
      minutes: () => minutes,
    });
  }
  return sources;
}

async function forgetUser(random: SeededRandom): Promise<[ArchiveKey, Uint8Array]> {
  const userId = pick(random, ["0", "1", "2"]);
  const beforeUs = random.next() < 0.5 ? undefined : WORLD_US + intBelow(random, 300) * 1_000_000;
  const target = { kind: "user", userId, logins: [`user${userId}`], beforeUs } as const;
  const bytes = encodeRedaction({ target, madeUs: WORLD_US, reason: "" });
  const digest = await hasher.digest(bytes);
  return [formatArchiveKey({ kind: "redaction", channel: CHANNEL, digest }), bytes];
}

/** What a source knows and no order of any source forgets, found without windows or caches. */
async function sightingsOf(store: BlobStore, archive: UnionStore): Promise<Set<string>> {
  const keys: ArchiveKey[] = [];
  for await (const key of archive.list(`${CHANNEL}/`)) keys.push(key);
  const names = new Set<string>();
  for (const key of keys.filter((each) => store.has(each))) {
    if (parseArchiveKey(key)?.kind !== "batch") continue;
    if (keys.includes(key.replace(/json$/, "tombstone"))) continue;
    for (const message of decodeBatch((await store.get(key))!)) {
      for (const name of namesOf(message)) names.add(name);
    }
  }
  return names;
}

function namesOf(message: Message): string[] {
  const { receivers, time: _time, time_range: _range, ...content } = message;
  const name = JSON.stringify(content);
  if (message.tags !== null) return [name];
  return Object.entries(receivers).map(([receiver, each]) =>
    `${name} ${receiver} ${typeof each === "number" ? each : each.received}`
  );
}

function lonelyMinutes(given: readonly Message[], holders: boolean[][], i: number): Set<number> {
  const byMinute = new Map<number, boolean[]>();
  for (const [at, { time }] of given.entries()) {
    const minute = Math.floor(time / 60);
    const before = byMinute.get(minute) ?? holders[at]!.map(() => false);
    byMinute.set(minute, before.map((each, place) => each || holders[at]![place]!));
  }
  const alone = [...byMinute].filter(([, each]) => each[i] && each.filter(Boolean).length === 1);
  return new Set(alone.map(([minute]) => minute));
}
