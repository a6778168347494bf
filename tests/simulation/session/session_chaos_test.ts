import assert from "node:assert/strict";
import { test } from "node:test";
import { chatPool } from "../../../src/engine/session/chat_pool.ts";
import type { ChatListener } from "../../../src/engine/session/lines/listener.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import {
  SimulatedTwitch,
  type SimulatedTwitchOptions,
} from "../../../src/testing/simulated_twitch/simulated_twitch.ts";
import { type VirtualClock, virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { SEED } from "./session_world.ts";

const CHANNELS = ["forsen", "xqc", "ada_lovelace"];
/** More in a long run: `SIM_SEEDS=100`. */
const SEED_COUNT = Number(globalThis.process?.env["SIM_SEEDS"] ?? 4);
const SEEDS = Array.from({ length: SEED_COUNT }, (_, i) => `${SEED} ${i}`);

interface Story {
  readonly clock: VirtualClock;
  readonly twitch: SimulatedTwitch;
  /** The lines of each receiver, in order. */
  readonly heard: Map<string, string[]>;
}

/** Listens to a simulated Twitch for `minutes`; in between, `meddle` may do what it likes. */
async function listen(
  seed: string,
  { copies = 1, minutes = 5, options, meddle = () => {} }: {
    readonly copies?: number;
    readonly minutes?: number;
    readonly options?: Partial<SimulatedTwitchOptions>;
    readonly meddle?: (twitch: SimulatedTwitch, second: number) => void;
  },
): Promise<Story> {
  const clock = virtualClock();
  const random = seededRandom(seed);
  const twitch = new SimulatedTwitch({
    clock,
    random: random.fork("twitch"),
    channels: CHANNELS,
    chat: { ratePerSecond: 5 },
    framing: { splitChance: 0.1, bytesChance: 0.1 },
    pingIntervalMs: 40_000,
    ...options,
  });
  const heard = new Map<string, string[]>();
  const listener: ChatListener = {
    opened: (receiver) => void heard.set(receiver, []),
    received: (receiver, lines) => {
      for (const { line } of lines) heard.get(receiver)!.push(line);
    },
    closed: () => {},
  };
  const pool = chatPool({
    url: "ws://simulated",
    transport: twitch.transport(),
    clock,
    random: random.fork("pool"),
    reporter: noopReporter,
    listener,
    runName: "test.abcde",
    connectionsPerChannel: copies,
  });
  pool.setChannels(CHANNELS.map((name) => ({ name, isImportant: name === "xqc" })));
  const stop = new AbortController();
  const running = pool.run(stop.signal);
  for (let second = 0; second < minutes * 60; second++) {
    meddle(twitch, second);
    await clock.advance(1_000);
  }
  const states = pool.state().channels.map(({ memberships }) => memberships);
  if (minutes > 2) assert.deepEqual(states, CHANNELS.map(() => Array(copies).fill("joined")));
  stop.abort();
  await clock.run(running);
  twitch.close();
  await clock.runUntilIdle();
  return { clock, twitch, heard };
}

/** Checks that each receiver heard exactly what its connection was sent, up to where it broke. */
function assertFaithful({ twitch, heard }: Story, seed: string): void {
  let lines = 0;
  for (const [receiver, all] of heard) {
    const nick = all.map((line) => / 001 (\S+) /.exec(line)?.[1]).find((found) => found);
    const record = twitch.truth.connections.find((one) => one.nick === nick);
    if (record === undefined) continue; // It died before it was let in.
    const sent = twitch.truth.deliveredTo(record.connection).map(({ line }) => line);
    const known = new Set(sent);
    const events = all.filter((line) => known.has(line));
    assert.deepEqual(events, sent.slice(0, events.length), `${receiver}, SIM_SEED=${seed}`);
    if (record.closedBecause === "gone") assert.equal(events.length, sent.length);
    lines += events.length;
  }
  assert.ok(lines > 100, `only ${lines} lines, SIM_SEED=${seed}`);
}

test("chatPool hears all that it is sent, in order, once, and breaks no rule", async () => {
  for (const seed of SEEDS.slice(0, 3)) {
    const story = await listen(seed, { copies: 2 });
    assertFaithful(story, seed);
    assert.deepEqual(story.twitch.truth.violations, [], `SIM_SEED=${seed}`);
    assert.equal(story.heard.size, 2);
  }
});

test("chatPool misses nothing when a server says RECONNECT, however often", async () => {
  for (const seed of SEEDS) {
    const random = seededRandom(seed);
    const joinedUs = { value: 0 };
    const story = await listen(seed, {
      minutes: 8,
      meddle: (twitch, second) => {
        if (second === 10) joinedUs.value = twitch.nowUs;
        if (second < 20 || second > 400 || random.next() > 0.02) return;
        // Twitch gives half a minute; 31 s is the longest that a successor may need at first.
        twitch.connections.at(-1)?.reconnect({ deathAfterMs: 35_000 });
      },
    });
    assertFaithful(story, seed);
    const heard = new Set([...story.heard.values()].flat());
    const endUs = story.twitch.truth.events.at(-1)!.timeUs - 2_000_000;
    const missing = story.twitch.truth.events.filter(({ line, timeUs }) =>
      // A delayed JOIN or PART may have arrived before we came, or not before we left.
      timeUs > joinedUs.value + 60_000_000 && timeUs < endUs - 60_000_000 && !heard.has(line)
    );
    assert.deepEqual(missing, [], `SIM_SEED=${seed}`);
    assert.ok(story.heard.size > 3, `${story.heard.size} connections, SIM_SEED=${seed}`);
    assert.deepEqual(story.twitch.truth.violations, [], `SIM_SEED=${seed}`);
  }
});

test("chatPool comes through every trouble, faithful and within the rules", async () => {
  for (const seed of SEEDS) {
    const perSecond = { close: 0.01, drop: 0.01, garbage: 0.05, "half-open": 0.005 };
    const random = seededRandom(seed);
    const story = await listen(seed, {
      copies: 3,
      minutes: 6,
      options: {
        faults: { refuseChance: 0.2, missingRoomStateChance: 0.1 },
      },
      meddle: (twitch, second) => {
        if (second >= 200) return twitch.refuse("open"); // Time to heal.
        for (const connection of twitch.connections) {
          if (random.next() < perSecond.close) connection.drop({ withCloseFrame: true });
          else if (random.next() < perSecond.drop) connection.drop();
          else if (random.next() < perSecond["half-open"]) connection.halfOpen();
          else if (random.next() < perSecond.garbage) connection.garbage();
          else if (random.next() < 0.01) connection.stall(3_000);
          else if (random.next() < 0.005) connection.reconnect({ deathAfterMs: 5_000 });
        }
      },
    });
    assertFaithful(story, seed);
    assert.deepEqual(story.twitch.truth.violations, [], `SIM_SEED=${seed}`);
  }
});

test("chatPool notices every half-open connection within half a minute", async () => {
  for (const seed of SEEDS.slice(0, 4)) {
    const silentSince = new Map<number, number>();
    const story = await listen(seed, {
      copies: 2,
      minutes: 4,
      meddle: (twitch, second) => {
        if (second % 40 !== 20) return;
        for (const connection of twitch.connections) {
          connection.halfOpen();
          silentSince.set(connection.number, twitch.nowUs);
        }
      },
    });
    assert.ok(silentSince.size >= 8);
    for (const [number, sinceUs] of silentSince) {
      const record = story.twitch.truth.connections.find((one) => one.connection === number);
      const noticedS = ((record?.closedUs ?? Infinity) - sinceUs) / 1e6;
      assert.ok(noticedS < 30, `noticed after ${noticedS} s, SIM_SEED=${seed}`);
    }
  }
});
