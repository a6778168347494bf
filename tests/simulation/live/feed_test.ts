import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../../../src/core/batch/message.ts";
import { intBelow, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import {
  CHANNELS,
  FeedClient,
  FeedWorld,
  firstReceivedS,
  LiveProcess,
  sightingsOf,
} from "./feed_world.ts";

const SEED = globalThis.process?.env["SIM_SEED"] ?? "feed";
const SEEDS = Number(globalThis.process?.env["LIVE_SEEDS"] ?? 2);
const [CHANNEL] = CHANNELS;

/** The messages of the archive since a moment that the client was not given. */
function missing(client: FeedClient, archived: readonly Message[], sinceS: number): Message[] {
  const given = new Set(client.messages.flatMap(sightingsOf));
  return archived.filter((message) =>
    firstReceivedS(message) > sinceS && !sightingsOf(message).some((each) => given.has(each))
  );
}

/**
 * How many messages were given once more than they are archived. Where a connection is replaced, the archive takes
 * equal messages without a time for one if their ranges overlap and different connections heard them. The feed gave the
 * first of them long before the second was heard, and cannot tell a second JOIN from a late copy: it skips neither.
 */
function repeatedIn(given: readonly Message[], archived: readonly Message[]): number {
  const ofSighting = new Map(
    archived.flatMap((each) => sightingsOf(each).map((sighting) => [sighting, each] as const)),
  );
  const heard = new Map<Message, string[]>();
  let count = 0;
  for (const message of given) {
    const one = sightingsOf(message).map((each) => ofSighting.get(each)).find((each) => each);
    assert.ok(one, "what was given is archived");
    const receivers = Object.keys(message.receivers);
    const known = heard.get(one);
    heard.set(one, [...known ?? [], ...receivers]);
    if (known === undefined) continue;
    count++;
    assert.equal(one.tags?.["tmi-sent-ts"], undefined, "an exact message was given twice");
    assert.ok(!receivers.some((each) => known.includes(each)), "one connection gave it twice");
  }
  return count;
}

for (const copies of [1, 2]) {
  test(`LiveFeed gives a client each message once, over closing, storing and settling, ${copies} connections`, async () => {
    const world = new FeedWorld(`${SEED} ${copies}`, { copies });
    await world.start();
    await world.recording.pass(5);
    const client = new FeedClient(world, [CHANNEL]);
    client.connect(world.process!);
    const sinceS = world.recording.clock.wallUs() / 1e6;
    for (let step = 0; step < 8; step++) {
      await world.recording.pass(50);
      await world.recording.settle();
    }
    await client.disconnect();
    await world.stop();
    await world.recording.settle();
    const archived = await world.archived(CHANNEL);
    const untilS = client.messages.map(firstReceivedS).reduce((a, b) => Math.max(a, b));
    const owed = archived.filter((each) => firstReceivedS(each) <= untilS);
    assert.deepEqual(missing(client, owed, sinceS), [], `SIM_SEED=${SEED}`);
    // One connection may hear a message just before the client comes, and the other just after: it is given, once.
    const before = new Set(
      archived.filter((each) => firstReceivedS(each) <= sinceS).flatMap(sightingsOf),
    );
    const given = client.messages.filter((each) =>
      !sightingsOf(each).some((sighting) => before.has(sighting))
    );
    const since = owed.filter((each) => firstReceivedS(each) > sinceS);
    assert.equal(given.length - since.length, repeatedIn(given, since), `SIM_SEED=${SEED}`);
    assert.ok(client.messages.length > 300);
    assert.deepEqual(client.told, []);
    assert.deepEqual(world.failures, []);
    await world.recording.end();
  });
}

test("LiveFeed skips nothing over kills and restarts at any point", async () => {
  for (let n = 0; n < SEEDS; n++) {
    const seed = `${SEED} kill ${n}`;
    const random = seededRandom(seed);
    const world = new FeedWorld(seed, { copies: 1 + intBelow(random, 2) });
    const clients = [
      new FeedClient(world, [CHANNEL]),
      new FeedClient(world, [...CHANNELS]),
      new FeedClient(world, undefined),
      // It takes longer than is kept for it.
      new FeedClient(world, [CHANNEL], { pauseMs: 4_000 }),
    ];
    await world.start();
    await world.recording.pass(4);
    for (const client of clients) client.connect(world.process!);
    const sinceS = world.recording.clock.wallUs() / 1e6;
    for (let life = 0; life < 4; life++) {
      await world.recording.pass(intBelow(random, 150));
      await world.recording.clock.advance(intBelow(random, 1_000));
      await world.crash();
      for (const client of clients) await client.disconnect();
      if (random.next() < 0.3) await world.recording.recover();
      await world.recording.pass(intBelow(random, 20));
      await world.start({ ringMaxBytes: 60_000 });
      const recovering = intBelow(random, 4);
      if (recovering === 0) await world.recording.recover();
      for (const client of clients) client.connect(world.process!);
      if (recovering === 1) await world.recording.recover();
      await world.recording.pass(intBelow(random, 30));
      if (random.next() < 0.5) await world.recording.settle();
      await world.recording.recover();
    }
    // The slow one has to catch up.
    await world.recording.pass(60);
    const untilS = world.recording.clock.wallUs() / 1e6;
    await world.recording.pass(300);
    for (const client of clients) await client.disconnect();
    await world.stop();
    await world.recording.settle();
    const archived = (await world.archived(CHANNEL)).filter((m) => firstReceivedS(m) <= untilS);
    assert.ok(archived.length > 100);
    for (const [i, client] of clients.entries()) {
      const left = missing(client, archived, sinceS);
      assert.deepEqual(left, [], `client ${i} missed ${left.length}: LIVE_SEEDS, SIM_SEED=${SEED}`);
    }
    assert.deepEqual(world.failures, []);
    await world.recording.end();
  }
});

test("LiveFeed tells a slow client what it missed, and continues from the archive", async () => {
  const world = new FeedWorld(`${SEED} slow`);
  await world.start({ ringMaxBytes: 20_000 });
  await world.recording.pass(5);
  const client = new FeedClient(world, [CHANNEL], { pauseMs: 30_000 });
  client.connect(world.process!);
  const sinceS = world.recording.clock.wallUs() / 1e6;
  await world.recording.pass(120);
  const untilS = world.recording.clock.wallUs() / 1e6;
  await world.recording.pass(600);
  assert.ok(client.told.length > 0);
  await client.disconnect();
  await world.stop();
  const archived = (await world.archived(CHANNEL)).filter((m) => firstReceivedS(m) <= untilS);
  assert.deepEqual(missing(client, archived, sinceS), []);
  assert.deepEqual(world.failures, []);
  await world.recording.end();
});

test("a process beside the recorder follows its journal: overlay and feed, over kills and restarts", async () => {
  for (let n = 0; n < SEEDS; n++) {
    const seed = `${SEED} beside ${n}`;
    const random = seededRandom(seed);
    const world = new FeedWorld(seed, { copies: 1 + intBelow(random, 2) });
    const beside = new LiveProcess(world, { isRecorder: false });
    await beside.begin();
    const client = new FeedClient(world, [CHANNEL]);
    client.connect(beside);
    let sinceS = world.recording.clock.wallUs() / 1e6;
    for (let life = 0; life < 4; life++) {
      await world.start();
      for (let step = 0; step < 3; step++) {
        await world.recording.pass(intBelow(random, 60));
        const now = await world.recording.clock.run(beside.read(CHANNEL));
        const given = new Set(now.flatMap(sightingsOf));
        assert.equal(given.size, now.flatMap(sightingsOf).length, "none comes twice");
        const heardS = world.recording.clock.wallUs() / 1e6 - 2;
        const lost = client.messages.filter((m) =>
          firstReceivedS(m) <= heardS && !sightingsOf(m).some((each) => given.has(each))
        );
        assert.deepEqual(lost, [], "what the feed told is read");
      }
      await world.crash();
      if (random.next() < 0.5) await world.recording.pass(2);
      await world.recording.recover();
      if (random.next() < 0.5) await world.recording.settle();
    }
    await world.recording.pass(3);
    await client.disconnect();
    beside.die();
    const archived = await world.archived(CHANNEL);
    sinceS += 0.001;
    const left = missing(client, archived, sinceS);
    assert.deepEqual(left, [], `${left.length} missed: SIM_SEED=${SEED}`);
    assert.ok(client.messages.length > 100);
    assert.deepEqual(world.failures, []);
    await world.recording.end();
  }
});
