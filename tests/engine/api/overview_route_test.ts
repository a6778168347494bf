import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { formatArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { type Coverage, encodeCoverage } from "../../../src/core/coverage/coverage.ts";
import { ChatloomError } from "../../../src/core/errors/errors.ts";
import { HOUR_US, SECOND_US } from "../../../src/core/time.ts";
import type { MinuteFinder } from "../../../src/engine/logs/minute_finder.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { apiWorld, NOON_S, said } from "../../conformance/api/api_world.ts";

const NOON_US = NOON_S * SECOND_US;

async function cover(store: BatchStore, afterNoonHours: number, coverage: Coverage): Promise<void> {
  const hourUs = NOON_US + afterNoonHours * HOUR_US;
  const bytes = encodeCoverage(hourUs, coverage);
  const digest = createHash("sha256").update(bytes).digest();
  await store.put(formatArchiveKey({ kind: "coverage", channel: "forsen", hourUs, digest }), bytes);
}

/** An index that counts 7 messages in the hour of noon, and knows of no other hour. */
const finder: MinuteFinder = {
  async *spans(_, { fromUs, untilUs }) {
    yield { fromUs, untilUs };
  },
  hours: () => Promise.reject(new ChatloomError("STORE_IO", "Cannot list: as a test wants it")),
  rooms: () =>
    Promise.resolve({ found: [], gaps: [{ channel: "forsen", fromUs: 0, untilUs: 4e15 }] }),
  people: () => Promise.resolve({ found: [], gaps: [] }),
  counts: () =>
    Promise.resolve({
      found: [{ hourUs: NOON_US, counts: new Map([["PRIVMSG", 5], ["JOIN", 2]]) }],
      gaps: [],
    }),
};

test("hours.json tells counts of an index and seconds of coverage, and null for neither", async () => {
  const world = apiWorld({ finder });
  await world.put("forsen", [said(1, "one")]);
  await world.put("forsen", [said(3_601, "two")]);
  await cover(world.store, 0, new Map([["a.AAAAA.0", [[0, 100]]], ["b.BBBBB.0", [[50, 200]]]]));
  await cover(world.store, 2, new Map([["a.AAAAA.0", [[0, 10]]]]));
  const all = [
    { hour: "2026-08-01T12", messages: 7, listened_seconds: 200 },
    { hour: "2026-08-01T13", messages: null, listened_seconds: null },
    { hour: "2026-08-01T14", messages: 0, listened_seconds: 10 },
  ];
  assert.deepEqual(await world.json("/forsen/hours.json"), all);
  const part = "/forsen/hours.json?start=2026-08-01T12:59&end=2026-08-01T13:01";
  assert.deepEqual(await world.json(part), all.slice(0, 2));
  assert.deepEqual(await world.json("/nymn/hours.json"), []);
  assert.equal((await world.ask("/forsen/hours.json?start=soon")).status, 400);
  assert.equal((await world.ask("/No-Channel/hours.json")).status, 404);
});

test("overview.json tells the last message, days, gaps and whether a channel is recorded", async () => {
  const clock = virtualClock({ startUs: NOON_US + 3 * HOUR_US });
  const world = apiWorld({ finder, clock });
  await world.put("forsen", [said(1, "one"), said(2, "\u0001ACTION two\u0001")]);
  await cover(world.store, 0, new Map([["a.AAAAA.0", [[600, 1_200], [1_800, 3_600]]]]));
  await cover(world.store, 2, new Map([["a.AAAAA.0", [[0, 3_600]]]]));
  const [forsen, ...more] = await world.json("/overview.json?channel=forsen,nymn,forsen") as {
    channel: string;
    days: unknown[];
  }[];
  assert.deepEqual(more, []);
  const { days, ...rest } = forsen!;
  assert.deepEqual(rest, {
    channel: "forsen",
    last: { time: "2026-08-01T12:00:02.000Z", name: "ada", text: "two" },
    listened_seconds: 6_000,
    gaps: [
      ["2026-08-01T12:20:00.000Z", "2026-08-01T12:30:00.000Z"],
      ["2026-08-01T13:00:00.000Z", "2026-08-01T14:00:00.000Z"],
    ],
    recording: true,
  });
  assert.deepEqual(days, [...new Array(29).fill(0), 7]);
  await clock.advance(2 * 3_600_000 + 1);
  const later = await world.json("/overview.json?channel=forsen") as { recording: boolean }[];
  assert.equal(later[0]!.recording, false);
  for (const channel of ["", "No-Channel", new Array(51).fill("a").map((a, i) => a + i).join()]) {
    assert.equal((await world.ask(`/overview.json?channel=${channel}`)).status, 400, channel);
  }
});

test("an overview reads coverage of the last day only", async () => {
  const inside = memoryStore();
  const read: string[] = [];
  const store: BatchStore = {
    list: (prefix, options) => inside.list(prefix, options),
    folders: (folder, options) => inside.folders(folder, options),
    strays: (prefix, options) => inside.strays(prefix, options),
    put: (key, bytes, options) => inside.put(key, bytes, options),
    delete: (key, options) => inside.delete(key, options),
    get(key, options) {
      if (key.includes("/coverage/")) read.push(key);
      return inside.get(key, options);
    },
  };
  const clock = virtualClock({ startUs: NOON_US + 200 * HOUR_US });
  const world = apiWorld({ clock, store });
  await world.put("forsen", [said(1, "one")]);
  for (let hour = 0; hour < 200; hour++) {
    await cover(store, hour, new Map([["a.AAAAA.0", [[0, 3_600]]]]));
  }
  await world.json("/overview.json?channel=forsen");
  assert.equal(read.length, 24);
});

test("a channel that has opted out is in no overview", async () => {
  const optOuts = {
    isUserOptedOut: () => false,
    isChannelOptedOut: (id: string) => id === "22484632",
    isChannelNameOptedOut: () => false,
    hasOptedOutChannels: true,
  };
  const world = apiWorld({ optOuts });
  await world.put("forsen", [said(1, "one", { tags: { "room-id": "22484632" } })]);
  await world.put("nymn", [said(1, "one", { channel: "nymn", tags: { "room-id": "62300805" } })]);
  const found = await world.json("/overview.json?channel=forsen,nymn") as { channel: string }[];
  assert.deepEqual(found.map(({ channel }) => channel), ["nymn"]);
  assert.equal((await world.ask("/forsen/hours.json")).status, 403);
});
