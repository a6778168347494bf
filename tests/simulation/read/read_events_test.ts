import assert from "node:assert/strict";
import { test } from "node:test";
import { readEvents } from "../../../src/engine/read/read_events.ts";
import { readMinutes } from "../../../src/engine/read/read_minutes.ts";
import { SECOND_US } from "../../../src/core/time.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import {
  CHANNEL,
  filesOf,
  hasher,
  listening,
  type SmallSighting,
  storeWith,
  WORLD_US,
} from "../settle/settle_world.ts";

const SEEN: SmallSighting[] = [
  { content: 0, receiver: 0, receivedS: 60, startS: 50, lengthS: 30 },
  { content: 1, isExact: true, receiver: 0, receivedS: 61, startS: 61, lengthS: 0 },
  { content: 2, isExact: true, receiver: 0, receivedS: 190, startS: 190, lengthS: 0 },
];

async function starts(fromS: number, untilS: number): Promise<number[]> {
  const found: number[] = [];
  const options = { store: await storeWith(filesOf(SEEN)), hasher, reporter: noopReporter };
  const range = { fromUs: WORLD_US + fromS * SECOND_US, untilUs: WORLD_US + untilS * SECOND_US };
  for await (const event of readEvents(CHANNEL, { ...options, ...range })) {
    assert.equal(JSON.parse(event.line).time * SECOND_US, event.startUs);
    assert.equal(event.message.time * SECOND_US, event.startUs);
    found.push((event.startUs - WORLD_US) / SECOND_US);
  }
  return found;
}

test("readEvents yields what overlaps the range, its start included and its end not", async () => {
  assert.deepEqual(await starts(0, 300), [50, 61, 190]);
  assert.deepEqual(await starts(61, 62), [50, 61]);
  assert.deepEqual(await starts(62, 190), [50]);
  assert.deepEqual(await starts(80, 81), [50]);
  assert.deepEqual(await starts(81, 191), [190]);
  assert.deepEqual(await starts(0, 50), []);
});

test("readMinutes tells once of files that it leaves out, and yields the rest", async () => {
  const [[key, bytes], [other]] = filesOf(SEEN) as unknown as [[string, Uint8Array], [string]];
  const store = await storeWith(filesOf(SEEN));
  await store.put(other, bytes);
  const reporter = listening();
  const found: Uint8Array[] = [];
  for await (const minute of readMinutes(CHANNEL, { store, hasher, reporter })) {
    found.push(minute.bytes);
  }
  assert.equal(found.length, 2);
  assert.deepEqual(found[0], bytes, key);
  assert.deepEqual(reporter.told.map(([, , fields]) => [fields["key"], fields["why"]]), [
    [other, "damaged"],
  ]);
});

test("readMinutes stops when told to", async () => {
  const aborter = new AbortController();
  const store = await storeWith(filesOf(SEEN));
  const options = { store, hasher, reporter: noopReporter, signal: aborter.signal };
  const reason = new Error("enough");
  let count = 0;
  await assert.rejects(async () => {
    for await (const _ of readMinutes(CHANNEL, options)) {
      count++;
      aborter.abort(reason);
    }
  }, (error) => error === reason);
  assert.equal(count, 1);
});
