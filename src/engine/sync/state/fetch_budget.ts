import { Mutex } from "../../../async/mutex.ts";
import { concatBytes, copyPieces } from "../../../core/bytes.ts";
import { BATCH_MAX_BYTES } from "./sync_options.ts";

/** Most bytes that all fetches without the turn hold together. */
const SMALL_TOTAL_BYTES = 24 * 1024 * 1024;
const SMALL_MIN_BYTES = 64 * 1024;
/** Most fetches of all peers together, if that leaves each a few. */
const FETCHES_MAX = 64;
const PER_PEER_MIN = 2;
const SMALL_MAX_BYTES = 1024 * 1024;
/** A larger buffer is freed when no fetch waits for it. */
const IDLE_MAX_BYTES = 8 * 1024 * 1024;

/**
 * Bounds the memory of all fetches from all peers: each may hold a little, so that no
 * peer can block others, and one at a time may hold more, a whole file. The turn goes to the
 * fetch that has waited longest.
 */
export class FetchBudget {
  readonly #turn = new Mutex();
  #perPeer = 1;
  #fetches = 1;
  /** For the fetch with the turn: garbage of successive buffers would take as much as many at once. */
  #buffer = new Uint8Array(0);

  /** Shares the budget among `count` peers, each with at most `perPeerMax` fetches at once. */
  setPeers(count: number, { perPeerMax }: { readonly perPeerMax: number }): void {
    const share = Math.max(PER_PEER_MIN, Math.floor(FETCHES_MAX / Math.max(1, count)));
    this.#perPeer = Math.min(perPeerMax, share);
    this.#fetches = Math.max(1, count * this.#perPeer);
  }

  /** How many files are fetched at once from each peer. */
  get perPeer(): number {
    return this.#perPeer;
  }

  /** How many bytes a fetch may hold without the turn. */
  get smallMaxBytes(): number {
    const share = Math.floor(SMALL_TOTAL_BYTES / this.#fetches);
    return Math.min(SMALL_MAX_BYTES, Math.max(SMALL_MIN_BYTES, share));
  }

  /** Whether a fetch waits for the turn. */
  get isWanted(): boolean {
    return this.#turn.waitingCount > 0;
  }

  /** Takes the turn if it is free. */
  tryTake(): boolean {
    return this.#turn.tryAcquire();
  }

  /** Resolves when it is the caller's turn; rejects with `signal.reason` if that aborts first. */
  async take(signal: AbortSignal): Promise<void> {
    await this.#turn.acquire(signal);
  }

  /** Passes the turn to the fetch that has waited longest. */
  giveBack(): void {
    const isIdle = !this.isWanted;
    if (isIdle && this.#buffer.length > IDLE_MAX_BYTES) this.#buffer = new Uint8Array(0);
    this.#turn.release();
  }

  /** The buffer of the fetch with the turn, with room for `length` bytes; its contents stay. */
  grow(length: number): Uint8Array {
    if (this.#buffer.length < length) {
      const old = this.#buffer;
      // Memory that is not written yet costs nothing; a buffer that grows leaves garbage.
      this.#buffer = new Uint8Array(Math.max(length, 2 * old.length, BATCH_MAX_BYTES));
      this.#buffer.set(old);
    }
    return this.#buffer;
  }
}

/** One fetch's share of a {@link FetchBudget}: the bytes of a file as they come. */
export class FetchShare {
  readonly #budget: FetchBudget;
  #pieces: Uint8Array[] = [];
  #length = 0;
  #isLarge = false;

  /** An empty share without the turn. */
  constructor(budget: FetchBudget) {
    this.#budget = budget;
  }

  /** How many bytes it holds. */
  get length(): number {
    return this.#length;
  }

  /** Whether it has the turn, and another fetch waits for it. */
  get isInTheWay(): boolean {
    return this.#isLarge && this.#budget.isWanted;
  }

  /** Holds `piece` too, if the budget allows: takes the turn for it if it is free. */
  tryAdd(piece: Uint8Array): boolean {
    const length = this.#length + piece.length;
    if (!this.#isLarge && length > this.#budget.smallMaxBytes) {
      if (!this.#budget.tryTake()) return false;
      this.#enlarge();
    }
    if (this.#isLarge) this.#budget.grow(length).set(piece, this.#length);
    else this.#pieces.push(piece.slice());
    this.#length = length;
    return true;
  }

  /** Frees all bytes and resolves with the turn; rejects with `signal.reason` if that aborts first. */
  async growLarge(signal: AbortSignal): Promise<void> {
    this.#pieces = [];
    this.#length = 0;
    if (this.#isLarge) return;
    await this.#budget.take(signal);
    this.#enlarge();
  }

  /** The bytes, which are valid until {@link FetchShare.release}. */
  bytes(): Uint8Array {
    if (this.#isLarge) return this.#budget.grow(0).subarray(0, this.#length);
    return concatBytes(this.#pieces);
  }

  /** Frees all. May be called again. */
  release(): void {
    this.#pieces = [];
    if (!this.#isLarge) return;
    this.#isLarge = false;
    this.#budget.giveBack();
  }

  #enlarge(): void {
    this.#isLarge = true;
    copyPieces(this.#pieces, this.#budget.grow(this.#length));
    this.#pieces = [];
  }
}
