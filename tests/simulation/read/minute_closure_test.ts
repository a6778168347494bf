import assert from "node:assert/strict";
import { test } from "node:test";
import { SightingSet } from "../../../src/core/merge/sighting_set.ts";
import { type Micros, MINUTE_US } from "../../../src/core/time.ts";
import { type MinuteFiles, readClosure } from "../../../src/engine/read/minute_closure.ts";
import type { LoadedBatch } from "../../../src/engine/read/files/load_batch.ts";
import { addSmall, type SmallSighting, text, truthOf, WORLD_US } from "../settle/settle_world.ts";

/** Minutes after the world's first, each with one file that holds these sightings. */
function minutesOf(files: ReadonlyMap<number, SmallSighting>) {
  const loadedMinutes: number[] = [];
  const load = (minuteUs: Micros): Promise<MinuteFiles> => {
    const minute = (minuteUs - WORLD_US) / MINUTE_US;
    loadedMinutes.push(minute);
    const small = files.get(minute);
    const sightings = new SightingSet();
    if (small !== undefined) addSmall(sightings, small);
    const ranged = sightings.ranged();
    const whole = { sightings, ranged, scanned: undefined } as LoadedBatch;
    const batch = { key: `${minute}`, minuteUs, ranged, whole };
    return Promise.resolve({
      minuteUs,
      batches: [],
      hidden: new Set(),
      loaded: small === undefined ? [] : [batch],
    });
  };
  return { load, loadedMinutes };
}

const JOIN = { content: 0, lengthS: 60 };

test("readClosure reads as far as an unknown sighting could touch the chain, 60 s either side", async () => {
  // 10 s … 70 s … 130 s … 190 s: each touches the next by an instant, and the last two stand two and
  // three minutes behind the minute in question.
  const chain = [10, 70, 130, 190].map((startS, receiver) => ({
    ...JOIN,
    startS,
    receiver,
    receivedS: startS + 50,
  }));
  const forward = minutesOf(new Map(chain.map((small, minute) => [minute, small])));
  const atStart = await readClosure({ fromUs: WORLD_US, toUs: WORLD_US }, forward.load);
  const truth = truthOf(chain).encodeMinutes();
  assert.deepEqual([...atStart.normal.values()].map(text), [text(truth.get(WORLD_US)!)]);
  assert.deepEqual(forward.loadedMinutes.sort((a, b) => a - b), [-1, 0, 1, 2, 3, 4, 5]);

  const backward = minutesOf(new Map(chain.map((small, minute) => [minute, small])));
  const lastUs = WORLD_US + 3 * MINUTE_US;
  const atEnd = await readClosure({ fromUs: lastUs, toUs: lastUs }, backward.load);
  assert.deepEqual(
    [...atEnd.normal].map(([at, bytes]) => [at, text(bytes)]),
    [...truth].filter(([at]) => at === lastUs).map(([at, bytes]) => [at, text(bytes)]),
  );
  assert.ok(Math.min(...backward.loadedMinutes) < 0, `${backward.loadedMinutes}`);
});

test("readClosure reads no further than the neighbours where nothing hangs over", async () => {
  const { load, loadedMinutes } = minutesOf(
    new Map([[1, { ...JOIN, startS: 70, lengthS: 5, receiver: 0, receivedS: 72 }]]),
  );
  const fromUs = WORLD_US + MINUTE_US;
  await readClosure({ fromUs, toUs: fromUs }, load);
  assert.deepEqual(loadedMinutes.sort((a, b) => a - b), [0, 1, 2]);
});
