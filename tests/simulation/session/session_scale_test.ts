import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ChatPool,
  chatPool,
  type ChatPoolOptions,
} from "../../../src/engine/session/chat_pool.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { between, chance, pick, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import {
  SimulatedTwitch,
  type SimulatedTwitchOptions,
} from "../../../src/testing/simulated_twitch/simulated_twitch.ts";
import { type VirtualClock, virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { BlockedMachine } from "./blocked_machine.ts";
import { manyChannels, SEED, SessionWorld, wanted } from "./session_world.ts";

/** A pool that listens to many channels of a simulated Twitch with one account. */
class ManyChannels {
  readonly clock: VirtualClock = virtualClock();
  readonly machine = new BlockedMachine(this.clock);
  readonly twitch: SimulatedTwitch;
  readonly pool: ChatPool;
  /** When each channel was joined for the first time, in seconds. */
  readonly joinedS = new Map<string, number>();
  readonly #channels: readonly string[];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(count: number, { seed = SEED, server = {}, pool = {}, delayMs = () => 0 }: {
    readonly seed?: string;
    readonly server?: Partial<SimulatedTwitchOptions>;
    readonly pool?: Partial<ChatPoolOptions>;
    readonly delayMs?: () => number;
  } = {}) {
    const { clock } = this;
    const startUs = clock.elapsedUs();
    const random = seededRandom(seed);
    this.twitch = new SimulatedTwitch({
      clock,
      random: random.fork("twitch"),
      chat: false,
      onJoin: (channel) => {
        if (this.joinedS.has(channel)) return;
        this.joinedS.set(channel, (clock.elapsedUs() - startUs) / 1e6);
      },
      ...server,
    });
    this.pool = chatPool({
      url: "ws://simulated",
      transport: this.machine.transport(this.twitch.transport(), delayMs),
      clock: this.machine.clock,
      random: random.fork("pool"),
      reporter: noopReporter,
      listener: { opened: () => {}, received: () => {}, closed: () => {} },
      runName: "test.abcde",
      login: { nick: "mybot", readToken: () => Promise.resolve("simulated") },
      ...pool,
    });
    this.#channels = manyChannels(count);
    this.pool.setChannels(wanted(this.#channels));
    this.#running = this.pool.run(this.#stop.signal);
  }

  /** Lets time pass until all are joined, as the pool sees it, or `limitS` seconds are over. */
  async joinAll(limitS: number, eachSecond: () => void = () => {}): Promise<void> {
    for (let second = 0; second < limitS; second++) {
      eachSecond();
      await this.clock.advance(1_000);
      if (this.joinedS.size < this.#channels.length) continue;
      if (this.pool.state().channels.every(({ joinedBy }) => joinedBy.length > 0)) return;
    }
    const { length } = this.#channels;
    const joined = this.pool.state().channels.filter(({ joinedBy }) => joinedBy.length > 0).length;
    assert.fail(`${joined} of ${length} channels joined after ${limitS} s, SIM_SEED=${SEED}`);
  }

  /** The most first joins in any 10 s. */
  mostIn10s(): number {
    const times = [...this.joinedS.values()].sort((a, b) => a - b);
    return Math.max(...times.map((fromS, i) => {
      let end = i;
      while (end < times.length && times[end]! < fromS + 10) end++;
      return end - i;
    }));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.clock.run(this.#running);
    this.twitch.close();
    await this.clock.runUntilIdle();
  }
}

test("chatPool joins 10,000 channels in 50 s with a verified bot's rate", async () => {
  const world = new ManyChannels(10_000, {
    server: { account: "verified" },
    pool: { joinRate: 2_000 },
  });
  await world.joinAll(50);
  assert.deepEqual(world.twitch.truth.violations, []);
  assert.ok(world.mostIn10s() <= 2_000, `${world.mostIn10s()} in 10 s`);
  const { connections } = world.pool.state();
  assert.equal(connections.length, 200);
  await world.stop();
});

test("chatPool logs in at most 200 times in 10 s with a verified bot's rate, 20 times with 200", async () => {
  for (const [joinRate, logins] of [[2_000, 200], [200, 20], [20, 20], [5, 20]] as const) {
    const world = new SessionWorld({ joinRate });
    await world.start(manyChannels(50 * (logins + 10)), 10_000);
    assert.equal(world.server.attemptsMs.length, logins, `${joinRate}`);
    await world.clock.advance(1_000);
    assert.equal(world.server.attemptsMs.length, logins + 10, `${joinRate}`);
    await world.stop();
  }
});

test("chatPool joins no more than 20 channels in 10 s by default, all its connections together", async () => {
  const world = new ManyChannels(130);
  await world.joinAll(65);
  assert.deepEqual(world.twitch.truth.violations, []);
  assert.equal(world.mostIn10s(), 20);
  await world.stop();
});

test("chatPool breaks a plain account's limit with a verified bot's rate, and Twitch notes it", async () => {
  const world = new ManyChannels(40, { pool: { joinRate: 40 } });
  await world.clock.advance(5_000);
  assert.equal(world.twitch.truth.violations.filter(({ kind }) => kind === "join-rate").length, 20);
  assert.equal(world.joinedS.size, 20);
  await world.stop();
});

test("chatPool joins 1,000 channels in its time on a machine that stands still and with a slow server", async () => {
  for (const seed of [SEED, `${SEED} 2`]) {
    const random = seededRandom(`${seed} trouble`);
    const world = new ManyChannels(1_000, {
      seed,
      server: { lagMs: [100, 1_500] },
      delayMs: () => chance(random, 0.1) ? between(random, [0, 3_000]) : 20,
    });
    world.machine.onSend = (text) => {
      // The worst moment: JOINs have been sent and have not left.
      if (text.startsWith("JOIN") && chance(random, 0.01)) {
        world.machine.block(between(random, [1_000, 8_000]));
      }
    };
    const pacingS = 1_000 / 20 * 10.25;
    await world.joinAll(1.5 * pacingS, () => {
      if (chance(random, 0.05)) world.machine.block(between(random, [500, 6_000]));
      const channel = pick(random, [...world.joinedS.keys(), "elsewhere"]);
      world.twitch.say(channel, { text: "hello" });
    });
    const { violations } = world.twitch.truth;
    assert.deepEqual(violations.slice(0, 3), [], `${violations.length} in all, SIM_SEED=${seed}`);
    await world.stop();
  }
});
