import { abortWith } from "../../async/abort.ts";
import { TaskGroup } from "../../async/task_group.ts";
import { formatHour, parseHour } from "../../core/archive/archive_key.ts";
import { ChatloomError } from "../../core/errors/errors.ts";
import { HOUR_US, type Micros, MILLISECOND_US, SECOND_US } from "../../core/time.ts";
import type { Peer } from "../../ports/peer.ts";
import { faultsOf } from "../read/files/fault_reporter.ts";
import { tolerantStore } from "../read/files/tolerant_store.ts";
import { FetchesInFlight } from "./state/fetches_in_flight.ts";
import { DamagedFiles } from "./state/damaged_files.ts";
import { FetchBudget } from "./state/fetch_budget.ts";
import { OrderGate } from "./orders/order_gate.ts";
import { LocalDigests } from "./plan/local_digests.ts";
import {
  FILES_AT_ONCE,
  isPeerError,
  type PassOptions,
  PeerSync,
  type SharedSync,
} from "./peer_sync.ts";
import type { PeerTotals } from "./state/peer_stats.ts";
import { checkFolders, newestHour } from "./plan/own_folders.ts";
import type { SyncOptions } from "./state/sync_options.ts";

/** How often a {@link Syncer} makes a pass, all in milliseconds. */
export interface SyncPace {
  /** Between two passes over the last hours. @default 10 s */
  readonly lookMs?: number;
  /** Between two passes over everything. @default 10 min */
  readonly fullLookMs?: number;
  /**
   * Between two hours of own files that are checked for damage, by default 5 s. When all are
   * checked, the next round waits for `fullLookMs`.
   */
  readonly checkMs?: number;
}

/** How {@link Syncer.once} makes its pass. */
export interface SyncOnceOptions {
  /** Aborts the pass. */
  readonly signal: AbortSignal;
  /** Whether the own files are checked for damage before. */
  readonly check: boolean;
  /** Called before each hour with the number of hours left. */
  readonly onHour?:
    | ((hour: { readonly channel: string; readonly hour: string }, left: number) => void)
    | undefined;
}

/** The state of one peer. */
export interface PeerState extends PeerTotals {
  /** Its name: its address. */
  readonly peer: string;
  /** What it is doing, or its last failure. */
  readonly status: string;
  /** How long ago a pass ended without a failure, in milliseconds. */
  readonly goodMsAgo: number | undefined;
}

const LOOK_MS = 10_000;
const FULL_LOOK_MS = 600_000;
const CHECK_MS = 5_000;
/** A long pass is interrupted after this time, for a pass over the last hours. */
const PASS_MAX_US = 60 * SECOND_US;
/** The length of the last hours: a batch is late by minutes, a node's clock by hours. */
const RECENT_US = 3 * HOUR_US;
const BACKOFF_MIN_MS = 1_000;
const BACKOFF_MAX_MS = 300_000;

interface PassEnd {
  /** Whether it ended or ran out of time; not whether all files could be fetched. */
  readonly isGood: boolean;
  readonly stoppedAt: string | undefined;
  /** The failure of the own store, if there was one. */
  readonly ownError?: ChatloomError;
}

const BAD: PassEnd = { isGood: false, stoppedAt: undefined };

interface Runner {
  readonly sync: PeerSync;
  readonly stop: AbortController;
  status: string;
  goodUs: Micros | undefined;
}

/**
 * Keeps an archive filled with what peers have. Each peer has passes of its own, so that none holds
 * up the others: over the last hours often, over everything now and then, and after a failure with a
 * growing wait.
 */
export class Syncer {
  readonly #options: SyncOptions;
  /** The same, for checking the own files: folders that cannot be read are left out. */
  readonly #readable: SyncOptions;
  readonly #pace: SyncPace;
  readonly #shared: SharedSync;
  readonly #runners = new Map<string, Runner>();
  readonly #stopAll = new AbortController();
  /** A bug in one of them ends everything, and is thrown by {@link Syncer.run}. */
  readonly #tasks = new TaskGroup((error) => this.#stopAll.abort(error));
  #isRunning = false;

  /** A syncer without peers, which does nothing before {@link Syncer.run}. */
  constructor(options: SyncOptions, pace: SyncPace = {}) {
    this.#options = options;
    this.#pace = pace;
    const faults = faultsOf(options.reporter);
    const store = tolerantStore(options.store, (entry) => faults.tellFolder(entry));
    this.#readable = { ...options, store };
    this.#shared = {
      fetches: new FetchesInFlight(options.clock),
      damage: new DamagedFiles(),
      localDigests: new LocalDigests(this.#readable),
      budget: new FetchBudget(),
      gate: new OrderGate(options.orders, options),
    };
  }

  /**
   * Pulls from these peers and no others, from now on. Peers of a known name keep their state.
   *
   * @param options.withoutOrders names of peers whose redactions and tombstones are not taken
   */
  setPeers(
    peers: readonly Peer[],
    { withoutOrders }: { readonly withoutOrders?: ReadonlySet<string> } = {},
  ): void {
    const { filesAtOnce = FILES_AT_ONCE } = this.#options;
    this.#shared.budget.setPeers(peers.length, { perPeerMax: filesAtOnce });
    const names = new Set(peers.map(({ name }) => name));
    for (const [name, { stop }] of this.#runners) {
      if (names.has(name)) continue;
      stop.abort();
      this.#runners.delete(name);
    }
    for (const peer of peers) {
      const obeysOrders = !(withoutOrders?.has(peer.name) ?? false);
      const known = this.#runners.get(peer.name);
      if (known !== undefined) {
        known.sync.obeysOrders = obeysOrders;
        continue;
      }
      const sync = new PeerSync(peer, this.#options, this.#shared);
      sync.obeysOrders = obeysOrders;
      const runner: Runner = {
        sync,
        stop: new AbortController(),
        status: "new",
        goodUs: undefined,
      };
      this.#runners.set(peer.name, runner);
      if (this.#isRunning) this.#tasks.add(this.#follow(runner));
    }
  }

  /** The state of each peer. */
  state(): PeerState[] {
    const nowUs = this.#options.clock.elapsedUs();
    return [...this.#runners.values()].map(({ sync, status, goodUs }) => ({
      peer: sync.peer.name,
      status,
      goodMsAgo: goodUs === undefined ? undefined : (nowUs - goodUs) / MILLISECOND_US,
      ...sync.stats.totals,
    }));
  }

  /** Pulls until `signal` aborts; resolves when all running work has ended. May be called once. */
  async run(signal: AbortSignal): Promise<void> {
    this.#isRunning = true;
    const unlink = abortWith(this.#stopAll, signal);
    for (const runner of this.#runners.values()) this.#tasks.add(this.#follow(runner));
    this.#tasks.add(this.#checkOwn(this.#stopAll.signal));
    await this.#tasks.ended().finally(unlink);
  }

  /**
   * Makes one pass over everything that each peer has, over all peers at once. Failures of peers are in
   * the state.
   *
   * @throws {ChatloomError} when the store fails.
   */
  async once(options: SyncOnceOptions): Promise<PeerState[]> {
    const { since = "" } = this.#options;
    const { signal, onHour, check } = options;
    if (check) {
      const own = { ...this.#readable, damage: this.#shared.damage, signal };
      for await (const _ of checkFolders(own));
    }
    const pass = { signal, since, onHour };
    const passes = [...this.#runners.values()].map((runner) => this.#passes(runner, pass));
    for (const { ownError } of await Promise.all(passes)) {
      if (ownError !== undefined) throw ownError;
    }
    signal.throwIfAborted();
    return this.state();
  }

  /** Makes pass after pass over a peer. */
  async #follow(runner: Runner): Promise<void> {
    const { clock, random } = this.#options;
    const { lookMs = LOOK_MS, fullLookMs = FULL_LOOK_MS } = this.#pace;
    abortWith(runner.stop, this.#stopAll.signal);
    const { signal } = runner.stop;
    let fullUs: Micros | undefined;
    let upTo: string | undefined;
    for (let failures = 0; !signal.aborted;) {
      const nowUs = clock.elapsedUs();
      const isFull = upTo !== undefined || fullUs === undefined ||
        nowUs - fullUs >= fullLookMs * MILLISECOND_US;
      let end = await this.#pass(runner, { signal, since: await this.#recentHour() });
      if (end.isGood && isFull) {
        const { since = "" } = this.#options;
        const bounds = { since, untilUs: nowUs + PASS_MAX_US };
        end = await this.#pass(runner, {
          signal,
          ...bounds,
          upTo,
        });
        upTo = end.stoppedAt;
        if (end.isGood && upTo === undefined) fullUs = nowUs;
      }
      failures = end.isGood ? 0 : failures + 1;
      const waitMs = upTo === undefined ? lookMs * (0.75 + random.next() / 2) : 0;
      const backoffMs = Math.min(BACKOFF_MIN_MS * 2 ** failures, BACKOFF_MAX_MS);
      const delayMs = end.isGood ? waitMs : backoffMs * (0.5 + random.next() / 2);
      await clock.sleep(delayMs, signal).catch(() => {}); // Aborted: the loop ends.
    }
  }

  /** Runs passes until one ends or fails. */
  async #passes(runner: Runner, options: PassOptions): Promise<PassEnd> {
    let end = await this.#pass(runner, options);
    while (end.isGood && end.stoppedAt !== undefined) {
      end = await this.#pass(runner, { ...options, upTo: end.stoppedAt });
    }
    return end;
  }

  /** Runs one pass, and reports and counts its failure. */
  async #pass(runner: Runner, options: PassOptions): Promise<PassEnd> {
    const { sync } = runner;
    runner.status = "looking";
    try {
      const { stoppedAt, missing } = await sync.pass(options);
      if (missing > 0) {
        runner.status = `${missing} files could not be fetched yet`;
        return { isGood: true, stoppedAt };
      }
      runner.status = "up to date";
      runner.goodUs = this.#options.clock.elapsedUs();
      sync.stats.forgive();
      return { isGood: true, stoppedAt };
    } catch (error) {
      if (options.signal.aborted) return BAD;
      if (!(error instanceof ChatloomError)) throw error;
      runner.status = error.message;
      if (isPeerError(error)) {
        sync.stats.failed(error);
        return BAD;
      }
      const { code, message } = error;
      this.#options.reporter.count("sync_store_errors", { code });
      this.#options.reporter.report("error", "Cannot store what peers have", {
        code,
        error: message,
      });
      return { ...BAD, ownError: error };
    }
  }

  /** The first of the last hours: by the clock, unless the archive is ahead of it. */
  async #recentHour(): Promise<string> {
    const { clock, store, since = "", channels } = this.#readable;
    const wallHour = formatHour(Math.max(0, clock.wallUs() - RECENT_US));
    let newest = "";
    try {
      newest = await newestHour({ store, channels });
    } catch (error) {
      if (!(error instanceof ChatloomError)) throw error;
      // The next pass has the same failure, and reports it.
    }
    const newestUs = parseHour(newest);
    const ownHour = newestUs === undefined ? "" : formatHour(Math.max(0, newestUs - RECENT_US));
    const hour = ownHour < wallHour ? ownHour : wallHour;
    return hour > since ? hour : since;
  }

  /** Checks the own files for damage, an hour at a time, over and over. */
  async #checkOwn(signal: AbortSignal): Promise<void> {
    const { clock, reporter } = this.#options;
    const { checkMs = CHECK_MS, fullLookMs = FULL_LOOK_MS } = this.#pace;
    while (!signal.aborted) {
      try {
        for await (const _ of checkFolders({ ...this.#readable, ...this.#shared, signal })) {
          await clock.sleep(checkMs, signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ChatloomError)) throw error;
        reporter.report("warning", "Cannot check files for damage", { error: error.message });
      }
      await clock.sleep(fullLookMs, signal).catch(() => {}); // Aborted: the loop ends.
    }
  }
}
