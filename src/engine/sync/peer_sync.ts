import type { ArchiveKey } from "../../core/archive_key.ts";
import { ChatloomError, UnreadableEntryError } from "../../core/errors.ts";
import type { Micros } from "../../core/time.ts";
import type { Peer } from "../../ports/peer.ts";
import { faultsOf } from "../read/faults_told.ts";
import type { Claims, Taken } from "./claims.ts";
import type { Damage } from "./damage.ts";
import { eachAtOnce } from "./each_at_once.ts";
import { fetchFile } from "./fetch_file.ts";
import { LargeTurn } from "./large_turn.ts";
import type { LocalDigests } from "./plan/local_digests.ts";
import type { PeerFile } from "./peer_keys.ts";
import { PeerTally } from "./peer_tally.ts";
import { planHours, type PlannedHour } from "./plan/plan_hours.ts";
import { BATCH_MAX_BYTES, type SyncOptions } from "./sync_options.ts";
import { wantedFiles } from "./plan/wanted_files.ts";

/** What all who pull into one archive share. */
export interface SharedSync {
  readonly claims: Claims;
  readonly damage: Damage;
  readonly localDigests: LocalDigests;
}

/** One pass over what a peer has. */
export interface PassOptions {
  readonly signal: AbortSignal;
  /** Leaves out the hours before this one; `""` leaves out none. */
  readonly since: string;
  /** Goes on where a pass stopped: only this hour and those before it. */
  readonly upTo?: string;
  /** Begins no hour after this moment of elapsed time. */
  readonly untilUs?: Micros;
  /** Told before each hour how many are left. */
  readonly onHour?: (hour: PlannedHour, left: number) => void;
}

/** How a pass ended. */
export interface PassResult {
  /** The hour at which it ran out of time; `undefined` if it came to the end. */
  readonly stoppedAt: string | undefined;
  /** How often the peer failed or gave wrong bytes. */
  readonly faults: number;
}

/** After so many faults a peer is left alone for a while. */
const FAULTS_MAX = 16;
const FILES_AT_ONCE = 8;
const FINISHED_MAX = 100_000;

/** Pulls what one peer has and we lack. One pass at a time. */
export class PeerSync {
  /** Whom it pulls from. */
  readonly peer: Peer;
  /** What came, and what went wrong. */
  readonly tally: PeerTally;
  readonly #options: SyncOptions;
  readonly #shared: SharedSync;
  readonly #largeTurn = new LargeTurn();
  /** Hours of which nothing was wanted, while peer and we had this. */
  readonly #finished = new Map<string, string>();
  #faults = 0;

  /** Nothing is asked before the first pass. */
  constructor(peer: Peer, options: SyncOptions, shared: SharedSync) {
    this.peer = peer;
    this.tally = new PeerTally(peer.name, options.reporter);
    this.#options = options;
    this.#shared = shared;
  }

  /**
   * Looks through what the peer has, latest hours first, and stores what we lack. What was stored is
   * not fetched again, so a pass that was broken off costs nothing.
   *
   * @throws {ChatloomError} when the peer fails altogether or too often, or the store fails.
   */
  async pass(options: PassOptions): Promise<PassResult> {
    const { signal, since, upTo, untilUs = Infinity, onHour } = options;
    this.#faults = 0;
    const plan = await this.#plan(since, signal);
    const hours = upTo === undefined ? plan : plan.filter(({ hour }) => hour <= upTo);
    let stoppedAt: string | undefined;
    const wanted = async function* (this: PeerSync): AsyncGenerator<WantedFile> {
      for (const [i, planned] of hours.entries()) {
        if (this.#options.clock.elapsedUs() >= untilUs) return void (stoppedAt = planned.hour);
        onHour?.(planned, hours.length - i);
        yield* this.#wantedIn(planned, signal);
      }
    }.bind(this);
    const { filesAtOnce = FILES_AT_ONCE } = this.#options;
    await eachAtOnce(wanted(), filesAtOnce, (file) => this.#take(file, signal));
    return { stoppedAt, faults: this.#faults };
  }

  async #plan(since: string, signal: AbortSignal): Promise<PlannedHour[]> {
    const { channels, marks } = this.#options;
    const { damage, localDigests } = this.#shared;
    return await planHours(this.peer, {
      since,
      channels,
      marks,
      damage,
      signal,
      localDigest: (channel, from) => localDigests.get(channel, from),
      takeRedactions: async (channel) => {
        for (const file of await this.#list({ channel, ...REDACTIONS }, signal)) {
          await this.#take({ file, finished: undefined }, signal);
        }
      },
    });
  }

  async *#wantedIn(
    { channel, hour, folder, digests }: PlannedHour,
    signal: AbortSignal,
  ): AsyncGenerator<WantedFile> {
    const name = `${channel}/${folder}`;
    if (digests !== undefined && this.#finished.get(name) === digests) return;
    const files = await this.#list({ channel, folder, hour }, signal);
    const finished = { name, digests, left: files.length, isUnchanged: true };
    for (const file of files) yield { file, finished };
    if (files.length === 0) this.#finish(finished);
  }

  #list(place: PeerFolder, signal: AbortSignal): Promise<PeerFile[]> {
    return wantedFiles(place, this.peer, {
      ...this.#options,
      damage: this.#shared.damage,
      tally: this.tally,
      signal,
    });
  }

  async #take({ file, finished }: WantedFile, signal: AbortSignal): Promise<void> {
    const { claims } = this.#shared;
    const taken = await claims.run(file.key, () => this.#fetch(file, signal), signal);
    if (finished === undefined) return;
    if (taken !== "nothing to have") finished.isUnchanged = false;
    if (--finished.left === 0) this.#finish(finished);
  }

  /** Remembers an hour that gave nothing: until something changes there or here, nor will it again. */
  #finish({ name, digests, isUnchanged }: Finished): void {
    if (digests === undefined || !isUnchanged) return;
    if (this.#finished.size >= FINISHED_MAX) this.#finished.clear();
    this.#finished.set(name, digests);
  }

  async #fetch(file: PeerFile, signal: AbortSignal): Promise<Taken> {
    const { hasher, batchMaxBytes = BATCH_MAX_BYTES, mergedAway } = this.#options;
    const { key, parts } = file;
    if (parts.kind === "tombstone") return await this.#store(key, new Uint8Array(), signal);
    let fetched;
    try {
      const limits = { batchMaxBytes, largeTurn: this.#largeTurn };
      fetched = await fetchFile(file, this.peer, { hasher, ...limits, signal });
    } catch (error) {
      if (!isPeerError(error)) throw error;
      this.tally.failed(error, { key });
      this.#countFault();
      return "failed";
    }
    if (fetched.ok) return await this.#store(key, fetched.bytes, signal);
    if (fetched.why === "gone") return "nothing to have";
    if (fetched.why === "mismatch") {
      this.tally.mismatched(key, fetched.reason);
      this.#countFault();
      return "failed";
    }
    this.tally.refused(key, fetched);
    await mergedAway.noteUnreadable(key);
    return "nothing to have";
  }

  async #store(key: ArchiveKey, bytes: Uint8Array, signal: AbortSignal): Promise<Taken> {
    const { store, onStored, reporter } = this.#options;
    try {
      await store.put(key, bytes, { signal });
    } catch (error) {
      if (!(error instanceof UnreadableEntryError)) throw error;
      this.#shared.damage.leave(key);
      faultsOf(reporter).tell(key, { why: "blocked", reason: error.entries[0].reason });
      return "nothing to have";
    }
    this.#shared.damage.delete(key);
    this.tally.stored(bytes.length);
    onStored?.(key);
    return "stored";
  }

  #countFault(): void {
    if (++this.#faults < FAULTS_MAX) return;
    throw new ChatloomError(
      "PEER_REFUSED",
      `Cannot go on with "${this.peer.name}" for now: it failed ${FAULTS_MAX} times in one pass`,
    );
  }
}

/** Whether it is the peer that failed, and not this machine. */
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
  readonly file: PeerFile;
  readonly finished: Finished | undefined;
}
