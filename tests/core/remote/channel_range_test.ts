import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { ChannelRanges, rangeOfChannel } from "../../../src/core/remote/channel_range.ts";
import {
  deadLetterName,
  isRemoteName,
  rangeKey,
  rangeQueue,
  remoteTopology,
} from "../../../src/core/remote/remote_topology.ts";

const CHANNELS = Array.from({ length: 4096 }, (_, n) => `channel_${n}`);

test("rangeOfChannel gives the pinned ranges", () => {
  const pinned = { forsen: 10, xqc: 14, ada: 13, a: 10, "a-b": 4, "0": 15 };
  for (const channel of Object.keys(pinned)) {
    const [byte] = createHash("sha256").update(channel).digest();
    assert.equal(rangeOfChannel(channel), byte! % 16, channel);
  }
  // A change of these would bring one channel to two workers while versions mix.
  const found = Object.fromEntries(Object.keys(pinned).map((name) => [name, rangeOfChannel(name)]));
  assert.deepEqual(found, pinned);
});

test("rangeOfChannel gives each channel one range, and spreads channels evenly", () => {
  for (const rangeCount of [1, 2, 3, 16, 64, 256]) {
    const sizes = new Array<number>(rangeCount).fill(0);
    for (const channel of CHANNELS) {
      const range = rangeOfChannel(channel, rangeCount);
      assert.equal(range, rangeOfChannel(channel, rangeCount));
      sizes[range]!++;
    }
    const expected = CHANNELS.length / rangeCount;
    assert.ok(Math.min(...sizes) > expected / 4, `${rangeCount}: ${sizes}`);
    assert.ok(Math.max(...sizes) < 2.5 * expected, `${rangeCount}: ${sizes}`);
  }
});

test("ChannelRanges says what rangeOfChannel says, also of channels that it has forgotten", () => {
  const ranges = new ChannelRanges(64);
  for (let i = 0; i < 17_000; i++) ranges.of(`c${i}`);
  for (const channel of ["forsen", "forsen", "c0", "c16999", "c0"]) {
    assert.equal(ranges.of(channel), rangeOfChannel(channel, 64));
  }
});

test("rangeOfChannel takes no count that is none", () => {
  for (const count of [0, -1, 1.5, 257, NaN, Infinity]) {
    assert.throws(() => rangeOfChannel("forsen", count), RangeError, String(count));
  }
});

test("remoteTopology leads each range to one queue, and the dead to theirs", () => {
  const { exchanges, queues } = remoteTopology({ archive: "main", queueKind: "quorum" });
  assert.deepEqual(exchanges, [
    { name: "chatloom.main.put", kind: "direct" },
    { name: "chatloom.main.dead", kind: "fanout" },
  ]);
  assert.equal(queues.length, 17);
  for (const [range, queue] of queues.slice(0, 16).entries()) {
    assert.equal(queue.name, rangeQueue("main", { range }));
    assert.deepEqual(queue.bindings, [
      { exchange: "chatloom.main.put", routingKey: rangeKey(range) },
    ]);
    assert.equal(queue.hasSingleConsumer, true);
    assert.equal(queue.deadLetterExchange, "chatloom.main.dead");
    assert.equal(queue.deliveryLimit, 20);
  }
  assert.equal(new Set(queues.map(({ name }) => name)).size, 17);
  assert.equal(queues.at(-1)!.name, deadLetterName("main"));
  assert.equal(queues.at(-1)!.deadLetterExchange, undefined);
  assert.equal(rangeQueue("main", { range: 3 }), "chatloom.main.put.3of16");
  assert.ok(
    remoteTopology({ archive: "a" }).queues.every(({ kind, deliveryLimit }) =>
      kind === "classic" && deliveryLimit === undefined
    ),
  );
});

test("remoteTopology has no queue of one count of ranges in another", () => {
  const keys = [1, 8, 16].map((rangeCount) =>
    remoteTopology({ archive: "main", rangeCount }).queues.slice(0, -1)
      .map(({ name, bindings }) => `${name} ${bindings[0]!.routingKey}`)
  ).flat();
  assert.equal(new Set(keys).size, 25);
});

test("isRemoteName takes names that are safe in those of queues", () => {
  for (const name of ["main", "a", "0-_", "x".repeat(64)]) assert.ok(isRemoteName(name), name);
  for (const name of ["", "Main", "a.b", "a b", "é", "a\n", "*", "#", "x".repeat(65)]) {
    assert.ok(!isRemoteName(name), name);
    assert.throws(() => remoteTopology({ archive: name }), RangeError);
  }
});
