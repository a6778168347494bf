import {
  type ArchiveKey,
  parseArchiveKey,
  redactionFolder,
} from "../../core/archive/archive_key.ts";
import { ChatloomError, UnreadableEntryError } from "../../core/errors/errors.ts";
import type { Micros } from "../../core/time.ts";
import type { Peer } from "../../ports/peer.ts";
import { faultsOf } from "../read/files/fault_reporter.ts";
import type { FetchesInFlight, FetchOutcome } from "./state/fetches_in_flight.ts";
import type { DamagedFiles } from "./state/damaged_files.ts";
import { forEachConcurrent } from "../../async/for_each_concurrent.ts";
import { FailedFiles } from "./state/failed_files.ts";
import { type FetchBudget, FetchShare } from "./state/fetch_budget.ts";
import { type FetchedFile, fetchFile } from "./fetch_file.ts";
import type { OrderGate } from "./orders/order_gate.ts";
import { admitRedactions, admitTombstones, type RedactionFile } from "./orders/take_orders.ts";
import { PassLimit } from "./state/pass_limit.ts";
import type { LocalDigests } from "./plan/local_digests.ts";
import { PeerStats } from "./state/peer_stats.ts";
import { type HoursPlan, planHours, type PlannedHour } from "./plan/plan_hours.ts";
import { BATCH_MAX_BYTES, type SyncOptions } from "./state/sync_options.ts";
import { wantedFiles } from "./plan/wanted_files.ts";

/** What all pulls into one archive share. */
export interface SharedSync {
  readonly fetches: FetchesInFlight;
  readonly damage: DamagedFiles;
  readonly localDigests: LocalDigests;
  readonly budget: FetchBudget;
  readonly gate: OrderGate;
}

/** One pass over a peer's archive. */
export interface PassOptions {
  readonly signal: AbortSignal;
  /** Leaves out the hours before this one; `""` leaves out none. */
  readonly since: string;
  /** Continues where a pass stopped: only this hour and those before it. */
  readonly upTo?: string | undefined;
  /** Starts no fetch after this moment of elapsed time. */
  readonly untilUs?: Micros;
  /** Called before each hour with the number of hours left. */
  readonly onHour?: ((hour: PlannedHour, left: number) => void) | undefined;
}

/** The end of a pass. */
export interface PassResult {
  /** The hour with which the next pass continues; `undefined` if the pass is complete. */
  readonly stoppedAt: string | undefined;
  /** Files and lists of the peer that could not be fetched, now or lately. They are tried again later. */
  readonly missing: number;
}

/** A peer that fails this often in a row is left alone for a while. */
const FAULTS_MAX = 16;
/** A refusal costs less than a response that breaks off or is wrong. */
const REFUSAL = 1 / 16;
/** How many files are fetched at once from a peer, where there are few peers. */
export const FILES_AT_ONCE = 8;
const FINISHED_MAX = 10_000;
/** Redactions that are read at once before any of them is in force. */
const REDACTIONS_MAX = 500;
const REDACTIONS_MAX_BYTES = 4 * 1024 * 1024;

/** Pulls the files of one peer that this archive lacks. One pass at a time. */
export class PeerSync {
  /** The peer that it pulls from. */
  readonly peer: Peer;
  /** The counts of files and failures. */
  readonly stats: PeerStats;
  /** Whether redactions and tombstones of this peer are taken at all. */
  obeysOrders = true;
  readonly #options: SyncOptions;
  readonly #shared: SharedSync;
  readonly #failed: FailedFiles;
  /** Hours of which no file was wanted, with the digests of both sides at that time. */
  readonly #finished = new Map<string, string>();
  #faults = 0;
  #missing = 0;
  #limit: PassLimit;

  /** Sends no request before the first pass. */
  constructor(peer: Peer, options: SyncOptions, shared: SharedSync) {
    this.peer = peer;
    this.stats = new PeerStats(peer.name, options.reporter);
    this.#options = options;
    this.#shared = shared;
    this.#failed = new FailedFiles(options.clock);
    this.#limit = new PassLimit(peer.name, options.clock);
  }

  /**
   * Compares the peer's archive with this one, latest hours first, and stores missing files. Stored files are
   * not fetched again, so an interrupted pass costs nothing. A file that cannot be fetched is left for a
   * later pass, and the others are fetched.
   *
   * @throws {ChatloomError} when the peer cannot be reached or fails too often, or the store fails.
   */
  async pass(options: PassOptions): Promise<PassResult> {
    this.#faults = 0;
    this.#missing = 0;
    this.#limit = new PassLimit(this.peer.name, this.#options.clock);
    return await this.#limit.run(options.signal, (signal) => this.#pass({ ...options, signal }));
  }

  async #pass(options: PassOptions): Promise<PassResult> {
    const { signal, untilUs = Infinity, onHour } = options;
    const { hours, restUpTo } = await this.#plan(options);
    let stoppedAt = restUpTo;
    let begun = 0;
    // Each pass fetches at least one file, however long the list takes.
    const isOver = () => begun > 0 && this.#options.clock.elapsedUs() >= untilUs;
    const wanted = async function* (this: PeerSync): AsyncGenerator<WantedFile> {
      for (const [i, planned] of hours.entries()) {
        onHour?.(planned, hours.length - i);
        for await (const file of this.#wantedIn(planned, signal)) {
          if (isOver()) return void (stoppedAt = planned.hour);
          begun++;
          yield file;
        }
        begun++;
        if (isOver() && i + 1 < hours.length) return void (stoppedAt = hours[i + 1]!.hour);
      }
    }.bind(this);
    await forEachConcurrent(
      wanted(),
      this.#shared.budget.perPeer,
      (file) => this.#take(file, signal),
    );
    return { stoppedAt, missing: this.#missing };
  }

  async #plan({ signal, since, upTo }: PassOptions): Promise<HoursPlan> {
    const { channels, isRefused, marks } = this.#options;
    const { damage, localDigests } = this.#shared;
    return await planHours(this.peer, {
      since,
      upTo,
      channels,
      isRefused,
      marks,
      damage,
      signal,
      localDigest: (channel, from) => localDigests.get(channel, from),
      takeRedactions: (channel) => this.#takeRedactions(channel, signal),
      onFailure: (channel, error) => this.#miss(channel, error, signal),
    });
  }

  async *#wantedIn(
    { channel, hour, folder, digests }: PlannedHour,
    signal: AbortSignal,
  ): AsyncGenerator<WantedFile> {
    const name = `${channel}/${folder}`;
    if (digests !== undefined && this.#finished.get(name) === digests) return;
    if (this.#failed.isWaiting(name)) return void this.#missing++;
    let keys: readonly ArchiveKey[];
    try {
      keys = await this.#list({ channel, folder, hour }, signal);
    } catch (error) {
      this.#failed.add(name);
      return this.#miss(name, error, signal);
    }
    this.#failed.delete(name);
    const finished = { name, digests, left: keys.length, isUnchanged: true };
    for (const key of keys) yield { key, finished };
    if (keys.length === 0) this.#finish(finished);
  }

  async #list(place: PeerFolder, signal: AbortSignal): Promise<ArchiveKey[]> {
    const { channel } = place;
    const keys = await wantedFiles(place, this.peer, {
      ...this.#options,
      damage: this.#shared.damage,
      stats: this.stats,
      takeTombstones: (keys, here) => this.#takeTombstones(keys, { channel, here, signal }),
      signal,
    });
    this.#limit.earn(0);
    return keys;
  }

  async #takeRedactions(channel: string, signal: AbortSignal): Promise<void> {
    const { gate, damage } = this.#shared;
    const keys = await this.#list({ channel, ...REDACTIONS }, signal);
    const damaged = damage.of(redactionFolder(channel));
    const healed = keys.filter((key) => damaged.has(key));
    // An order that was obeyed before is not new.
    for (const key of healed) await this.#take({ key, finished: undefined }, signal);
    if (!this.obeysOrders) return;
    const fresh = await gate.undecided(channel, keys.filter((key) => !damaged.has(key)));
    if (fresh.length === 0) return;
    const files: RedactionFile[] = [];
    let bytes = 0;
    for (const key of fresh.slice(0, REDACTIONS_MAX)) {
      await this.#claim(key, signal, (fetched) => {
        files.push({ key, bytes: fetched });
        bytes += fetched.length;
        return Promise.resolve("unavailable");
      });
      if (bytes > REDACTIONS_MAX_BYTES) break;
    }
    const orders = { peer: this.peer.name, channel, listed: fresh.length };
    if (files.length === 0) return;
    if (!await admitRedactions(files, orders, { ...this.#options, gate, signal })) {
      return this.stats.held(files.length);
    }
    for (const { key, bytes } of files) await this.#store(key, bytes, signal);
  }

  async #takeTombstones(
    keys: readonly ArchiveKey[],
    { channel, here, signal }: {
      readonly channel: string;
      readonly here: ReadonlySet<ArchiveKey>;
      readonly signal: AbortSignal;
    },
  ): Promise<readonly ArchiveKey[]> {
    if (!this.obeysOrders) return [];
    const { gate } = this.#shared;
    const fresh = await gate.undecided(channel, keys);
    if (fresh.length === 0) return [];
    const orders = { peer: this.peer.name, channel, here };
    if (!await admitTombstones(fresh, orders, { ...this.#options, gate })) {
      this.stats.held(fresh.length);
      return [];
    }
    for (const key of fresh) await this.#store(key, new Uint8Array(), signal);
    return fresh;
  }

  async #take({ key, finished }: WantedFile, signal: AbortSignal): Promise<void> {
    const taken = await this.#claim(key, signal, (bytes) => this.#store(key, bytes, signal));
    if (finished === undefined) return;
    if (taken !== "unavailable") finished.isUnchanged = false;
    if (--finished.left === 0) this.#finish(finished);
  }

  /** Remembers an hour without wanted files: it is skipped until one side changes. */
  #finish({ name, digests, isUnchanged }: Finished): void {
    if (digests === undefined || !isUnchanged) return;
    if (this.#finished.size >= FINISHED_MAX) this.#finished.clear();
    this.#finished.set(name, digests);
  }

  /** Fetches `key`, unless it failed lately, and hands its bytes to `use`. */
  async #claim(
    key: ArchiveKey,
    signal: AbortSignal,
    use: (bytes: Uint8Array) => Promise<FetchOutcome>,
  ): Promise<FetchOutcome> {
    if (this.#failed.isWaiting(key)) {
      this.#missing++;
      return "failed";
    }
    return await this.#shared.fetches.run(key, () => this.#fetch(key, signal, use), signal);
  }

  async #fetch(
    key: ArchiveKey,
    signal: AbortSignal,
    use: (bytes: Uint8Array) => Promise<FetchOutcome>,
  ): Promise<FetchOutcome> {
    const { batchMaxBytes = BATCH_MAX_BYTES } = this.#options;
    const parts = parseArchiveKey(key)!;
    const share = new FetchShare(this.#shared.budget);
    try {
      const options = { ...this.#options, batchMaxBytes, share, signal };
      const fetched = await fetchFile({ key, parts }, this.peer, options);
      if (!fetched.ok) return await this.#refuse(key, fetched);
      this.#failed.delete(key);
      this.#faults = 0;
      this.#limit.earn(fetched.bytes.length);
      return await use(fetched.bytes);
    } catch (error) {
      if (signal.aborted || !isPeerError(error)) throw error;
      this.#failed.add(key);
      this.#miss(key, error, signal);
      return "failed";
    } finally {
      share.release();
    }
  }

  async #refuse(
    key: ArchiveKey,
    fetched: Extract<FetchedFile, { readonly ok: false }>,
  ): Promise<FetchOutcome> {
    const { why, reason } = fetched;
    if (why === "gone") {
      this.#failed.delete(key);
      return "unavailable";
    }
    if (why === "unreadable" || why === "misplaced") {
      this.stats.refused(key, fetched);
      await this.#options.superseded.noteUnreadable(key);
      return "unavailable";
    }
    this.#failed.add(key);
    this.#missing++;
    if (why === "mismatch") this.stats.mismatched(key, reason);
    else this.stats.failed(new ChatloomError("PEER_REFUSED", reason), { key });
    this.#countFault(why === "mismatch" ? 1 : REFUSAL);
    return "failed";
  }

  /** Handles a failure of the peer with `what`, a file, a folder or a channel: continues if it may. */
  #miss(what: string, error: unknown, signal: AbortSignal): void {
    if (signal.aborted || !isPeerError(error)) throw error;
    this.#missing++;
    this.stats.failed(error, { key: what });
    this.#countFault(error.code === "PEER_REFUSED" ? REFUSAL : 1);
  }

  async #store(key: ArchiveKey, bytes: Uint8Array, signal: AbortSignal): Promise<FetchOutcome> {
    const { store, onStored, reporter } = this.#options;
    try {
      await store.put(key, bytes, { signal });
    } catch (error) {
      if (!(error instanceof UnreadableEntryError)) throw error;
      this.#shared.damage.leave(key);
      faultsOf(reporter).tell(key, { why: "blocked", reason: error.entries[0].reason });
      return "unavailable";
    }
    this.#shared.damage.delete(key);
    this.stats.stored(bytes.length);
    onStored?.(key);
    return "stored";
  }

  #countFault(weight: number): void {
    this.#faults += weight;
    if (this.#faults < FAULTS_MAX) return;
    throw new ChatloomError(
      "PEER_REFUSED",
      `Cannot sync with "${this.peer.name}" for now: it fails repeatedly`,
    );
  }
}

/** Whether the peer failed, and not this machine. */
export function isPeerError(error: unknown): error is ChatloomError {
  return error instanceof ChatloomError &&
    (error.code === "PEER_REFUSED" || error.code === "CONNECTION_LOST");
}

interface PeerFolder {
  readonly channel: string;
  readonly folder: string;
  readonly hour: string | undefined;
}

/** Where redactions are in a channel. */
const REDACTIONS = { folder: ".chatloom/redactions", hour: undefined };

interface Finished {
  readonly name: string;
  readonly digests: string | undefined;
  left: number;
  isUnchanged: boolean;
}

interface WantedFile {
  readonly key: ArchiveKey;
  readonly finished: Finished | undefined;
}
