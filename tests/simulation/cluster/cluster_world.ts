import { type ArchiveKey, parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { decodeBatch } from "../../../src/core/batch/batch.ts";
import type { RedactedMessage, RedactedUser } from "../../../src/core/redaction/redaction.ts";
import { fromSeconds, MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import { findLogins } from "../../../src/engine/redact/redact.ts";
import {
  between,
  chance,
  intBelow,
  pick,
  pickWeighted,
} from "../../../src/testing/chance/seeded_random.ts";
import { type SeededRandom, seededRandom } from "../../../src/testing/chance/seeded_random.ts";
import { SeededNetwork } from "../../../src/testing/chance/seeded_network.ts";
import { SimulatedTwitch } from "../../../src/testing/simulated_twitch/simulated_twitch.ts";
import { type VirtualClock, virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { ClusterNode } from "./cluster_node.ts";
import { CHANNEL, HOURS, INDEXED_HOURS, MINUTES, type Pace } from "./pace.ts";
import { damageLetter, keysOf, type Letter } from "./exchange.ts";
import { hasher } from "./node_disk.ts";
import type { ChatIndex } from "../../../src/ports/index/chat_index.ts";
import type { Bug } from "./node_process.ts";

/** How a world is made. */
export interface ClusterOptions {
  readonly seed: string;
  readonly nodeCount?: number;
  readonly bug?: Bug;
  /** Whether nodes keep an index, lose it now and then, and prune. @default false */
  readonly isIndexed?: boolean;
  /** Makes the index of a node. @default in memory */
  readonly newIndex?: () => ChatIndex;
}

// Few people who come and go and a room whose settings change: equal lines, again and again.
const MIX = { MEMBERSHIP: 500, NOTICE: 80, ROOMSTATE: 120, USERSTATE: 40, HOSTTARGET: 40 };

const STEP_MS = 1_000;

/** What may happen to a node in a second, and how likely it is among a thousand. */
const EVENTS = {
  kill: 10,
  stop: 2,
  sleep: 2,
  "step clock": 10,
  redact: 5,
  "settle besides": 5,
  nothing: 966,
};

/** What may happen besides to a node that keeps an index. */
const INDEX_EVENTS = { ...EVENTS, redact: 40, "prune besides": 10, "lose the index": 4 };

/** Some nodes, their Twitch and what is between them, all on one clock and decided by one seed. */
export class ClusterWorld {
  readonly seed: string;
  readonly random: SeededRandom;
  readonly pace: Pace;
  readonly clock: VirtualClock;
  readonly twitch: SimulatedTwitch;
  readonly network: SeededNetwork<Letter>;
  readonly nodes: readonly ClusterNode[];
  /** Orders to forget whose making was confirmed. */
  readonly promised: ArchiveKey[] = [];

  /** What asking came to, in worlds with an index. */
  readonly asked = { moments: 0, questions: 0, knownHours: 0 };
  readonly #isIndexed: boolean;

  constructor({ seed, nodeCount = 3, bug = {}, isIndexed = false, newIndex }: ClusterOptions) {
    this.seed = seed;
    this.#isIndexed = isIndexed;
    const random = seededRandom(seed);
    this.random = random;
    const isLong = chance(random, 0.05);
    this.pace = isIndexed ? INDEXED_HOURS : isLong ? HOURS : MINUTES;
    // Five minutes before midnight, give or take: hours and days end while it goes on.
    const startUs = Date.UTC(2026, 7, 1, 23, 50) * 1000 + intBelow(random, 600) * SECOND_US +
      345_678;
    const clock = virtualClock({ startUs });
    this.clock = clock;
    const lagMs = [15, pick(random, [80, 80, 5_000])] as const;
    const twitch = new SimulatedTwitch({
      clock,
      random: random.fork("twitch"),
      channels: [CHANNEL],
      chat: { ratePerSecond: this.pace.linesPerSecond, mix: MIX, peopleCount: 6 },
      lagMs,
      faults: {
        perSecond: { close: 0.002, drop: 0.003, "half-open": 0.001, reconnect: 0.002, stall: 0.01 },
        refuseChance: 0.05,
      },
      framing: { splitChance: 0.1 },
      truth: { isKept: false },
    });
    this.twitch = twitch;
    const network = new SeededNetwork<Letter>({ clock, random: random.fork("network") });
    this.network = network;
    network.trouble = {
      lossChance: pick(random, [0, 0.05, 0.3]),
      repeatChance: pick(random, [0, 0.1]),
      delayMs: [1, pick(random, [50, 2_000, 40_000])],
      damageChance: pick(random, [0, 0.1]),
      damage: damageLetter,
    };
    const names = Array.from({ length: nodeCount }, (_, i) => `node${String.fromCharCode(97 + i)}`);
    this.nodes = names.map((name) =>
      new ClusterNode({
        name,
        peers: names.filter((other) => other !== name),
        clock,
        twitch,
        network,
        random: random.fork(name),
        pace: this.pace,
        bug,
        isIndexed,
      })
    );
    if (newIndex !== undefined) { for (const { disk } of this.nodes) disk.index.use(newIndex); }
  }

  /** Lets everything go wrong for a while. */
  async trouble(): Promise<void> {
    const random = this.random.fork("trouble");
    for (const node of this.nodes) node.start();
    const secondsPerEvent = this.pace.seconds / MINUTES.seconds;
    for (let second = 0; second < this.pace.seconds; second++) {
      for (const node of this.nodes) {
        if (!chance(random, 1 / secondsPerEvent)) continue;
        await this.#befall(node, random);
      }
      if (chance(random, 0.02 / secondsPerEvent)) this.#partition(random);
      await this.clock.advance(STEP_MS);
      if (this.#isIndexed && chance(random, 1 / 300)) await this.#askAll(random, second);
    }
  }

  /** Asks each node at this moment. */
  async #askAll(random: SeededRandom, second: number): Promise<void> {
    this.asked.moments++;
    for (const node of this.nodes) {
      const { questions, knownHours } = await node.ask(random, `second ${second}`);
      this.asked.questions += questions;
      this.asked.knownHours += knownHours;
    }
  }

  /** What may happen to a node in one second. */
  async #befall(node: ClusterNode, random: SeededRandom): Promise<void> {
    if (node.process?.isOver) await node.bury();
    if (node.process === undefined) {
      if (chance(random, 0.1)) node.start();
      return;
    }
    if (node.isAsleep) return; // It wakes when it wakes.
    const events: Partial<typeof INDEX_EVENTS> = this.#isIndexed ? INDEX_EVENTS : EVENTS;
    switch (pickWeighted(random, events)) {
      case "kill":
        if (node.process.backlogBytes === 0) await node.kill();
        return;
      case "stop":
        return await node.stop();
      case "sleep":
        return node.fallAsleep(between(random, this.pace.sleepS));
      case "step clock":
        return node.clock.stepWall(Math.round(between(random, [-2, 2]) * MINUTE_US));
      case "redact":
        return await this.#redact(node, random);
      case "settle besides":
        return node.settleBesides(random);
      case "prune besides":
        return await node.pruneBesides(random);
      case "lose the index":
        await node.stop();
        return node.disk.index.lose();
    }
  }

  #partition(random: SeededRandom): void {
    const names = this.nodes.map(({ name }) => name);
    if (chance(random, 0.5)) this.network.join();
    else this.network.partition([names.filter(() => chance(random, 0.5))]);
  }

  /** Lets a node forget a message or a user that it knows. */
  async #redact(node: ClusterNode, random: SeededRandom): Promise<void> {
    const target = await this.#target(node, random);
    if (target === undefined) return;
    const order = node.process!.redact(target).then(async (key) => {
      if (key === undefined || node.process?.isOver) return;
      this.promised.push(key);
      await node.assertForgotten();
    });
    node.watch(order);
  }

  async #target(
    node: ClusterNode,
    random: SeededRandom,
  ): Promise<RedactedMessage | RedactedUser | undefined> {
    const { store } = node.disk;
    const batches = (await keysOf(store)).filter((key) => parseArchiveKey(key)?.kind === "batch");
    if (batches.length === 0) return undefined;
    const messages = decodeBatch((await store.get(pick(random, batches)))!);
    const { tags, time } = pick(random, messages);
    if (tags?.["id"] !== undefined && chance(random, 0.7)) {
      return { kind: "message", id: tags["id"] };
    }
    const userId = tags?.["user-id"];
    if (userId === undefined) return undefined;
    const beforeUs = chance(random, 0.7) ? fromSeconds(time) : undefined;
    const user = { userId, beforeUs };
    const logins = chance(random, 0.5) ? await findLogins(CHANNEL, user, { store, hasher }) : [];
    return { kind: "user", logins, ...user };
  }

  /** Ends all trouble and all processes, and lets every journal be replayed. */
  async calm(): Promise<void> {
    const random = this.random.fork("calm");
    for (const node of this.nodes) {
      // A crash loses what waits in memory for a journal that fails: that is allowed.
      const isRisky = (node.process?.backlogBytes ?? 0) > 0;
      if (chance(random, 0.5) || isRisky) await node.stop();
      else await node.kill();
    }
    this.twitch.close();
    this.network.join();
    this.network.trouble = {};
    await this.clock.runUntilIdle();
    for (const node of this.nodes) await this.clock.run(node.disk.recover());
  }

  /** Lets nodes exchange all they have, until nothing changes; some settle in between. */
  async exchangeAll({ isSettling }: { readonly isSettling: boolean }): Promise<void> {
    const random = this.random.fork("exchange all");
    const exchanges = this.nodes.map((node) => node.openExchange());
    let before = "";
    for (let round = 0;; round++) {
      if (round > 200) throw new RangeError("Cannot exchange all: it never ends");
      for (const [node, exchange] of exchanges) for (const peer of node.peers) exchange.ask(peer);
      await this.clock.runUntilIdle();
      if (isSettling && round < 10) {
        for (const node of this.nodes) if (chance(random, 0.3)) await node.settleAll();
      }
      const names = await Promise.all(this.nodes.map(async ({ disk }) => await keysOf(disk.store)));
      const now = JSON.stringify(names);
      if (now === before) return;
      before = now;
    }
  }

  /** Closes what is left. */
  end(): void {
    this.twitch.close();
    this.network.close();
  }
}
