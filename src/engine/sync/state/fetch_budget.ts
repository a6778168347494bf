import { Mutex } from "../../../async/mutex.ts";
import { concatBytes, copyPieces } from "../../../core/bytes.ts";
import { BATCH_MAX_BYTES } from "./sync_options.ts";

/** What all fetches that wait for no turn hold together, at most. */
const SMALL_TOTAL_BYTES = 24 * 1024 * 1024;
const SMALL_MIN_BYTES = 64 * 1024;
/** Fetches of all peers together, if that leaves each a few. */
const FETCHES_MAX = 64;
const PER_PEER_MIN = 2;
const SMALL_MAX_BYTES = 1024 * 1024;
/** A larger buffer is let go when it is not waited for. */
const IDLE_MAX_BYTES = 8 * 1024 * 1024;

/**
 * Bounds what all fetches from all peers hold in memory together: each may hold a little, so that no
 * peer can keep others from it, and one at a time may hold more, a whole file. The turn goes to the
 * fetch that waits longest.
 */
export class FetchBudget {
  readonly #turn = new Mutex();
  #perPeer = 1;
  #fetches = 1;
  /** For the one with the turn: garbage of one after the other would be as much as many at once. */
  #buffer = new Uint8Array(0);

  /** Shares what is there among `count` peers, of which each gets at most `perPeerMax` fetches at once. */
  setPeers(count: number, { perPeerMax }: { readonly perPeerMax: number }): void {
    const share = Math.max(PER_PEER_MIN, Math.floor(FETCHES_MAX / Math.max(1, count)));
    this.#perPeer = Math.min(perPeerMax, share);
    this.#fetches = Math.max(1, count * this.#perPeer);
  }

  /** How many files are fetched at once from each peer. */
  get perPeer(): number {
    return this.#perPeer;
  }

  /** What a fetch may hold without the turn. */
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

  /** Gives the turn to the fetch that waits longest. */
  giveBack(): void {
    const isIdle = !this.isWanted;
    if (isIdle && this.#buffer.length > IDLE_MAX_BYTES) this.#buffer = new Uint8Array(0);
    this.#turn.release();
  }

  /** The buffer of the one with the turn, with room for `length` bytes; it keeps what is in it. */
  grow(length: number): Uint8Array {
    if (this.#buffer.length < length) {
      const old = this.#buffer;
      // Memory that is not written to yet costs nothing; a buffer that grows leaves garbage.
      this.#buffer = new Uint8Array(Math.max(length, 2 * old.length, BATCH_MAX_BYTES));
      this.#buffer.set(old);
    }
    return this.#buffer;
  }
}

/** What one fetch holds of a {@link FetchBudget}: the bytes of a file as they come. */
export class FetchShare {
  readonly #budget: FetchBudget;
  #pieces: Uint8Array[] = [];
  #length = 0;
  #isLarge = false;

  /** A share without the turn, which holds nothing. */
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

  /** Holds `piece` too, if that may be: takes the turn for it if it is free. */
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

  /** Lets go of all bytes and resolves with the turn; rejects with `signal.reason` if that aborts first. */
  async growLarge(signal: AbortSignal): Promise<void> {
    this.#pieces = [];
    this.#length = 0;
    if (this.#isLarge) return;
    await this.#budget.take(signal);
    this.#enlarge();
  }

  /** The bytes, which are good until {@link FetchShare.release}. */
  bytes(): Uint8Array {
    if (this.#isLarge) return this.#budget.grow(0).subarray(0, this.#length);
    return concatBytes(this.#pieces);
  }

  /** Nothing is held any more. May be called again. */
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
