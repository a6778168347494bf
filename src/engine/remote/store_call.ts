import { ChatloomError } from "../../core/errors/errors.ts";
import type { ArchiveKey } from "../../core/archive/archive_key.ts";
import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import type { Clock } from "../../ports/clock.ts";

/** Why its signal aborts. An error of its own for each call would take as long as the call. */
const ENDED = "the call has ended";

interface Settle {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** A put or delete on its way. */
export class StoreCall {
  readonly method: "put" | "delete";
  readonly key: ArchiveKey;
  readonly range: number;
  readonly correlationId: string;
  /** Whether it is past the line for the window. */
  isSent = false;
  /** Aborts when it has ended, however. */
  readonly ended: AbortSignal;
  /** Settles as the call does. */
  readonly done: Promise<void>;
  readonly #ender = new AbortController();
  readonly #clock: Clock;
  readonly #settle: Settle;
  #progressUs: Micros;

  /** A call that begins now. */
  constructor(
    { method, key, range, correlationId, clock }:
      & Pick<StoreCall, "method" | "key" | "range" | "correlationId">
      & { readonly clock: Clock },
  ) {
    [this.method, this.key, this.range] = [method, key, range];
    this.correlationId = correlationId;
    this.ended = this.#ender.signal;
    this.#clock = clock;
    this.#progressUs = clock.elapsedUs();
    let settle: Settle | undefined;
    this.done = new Promise<void>((resolve, reject) => settle = { resolve, reject });
    this.#settle = settle!;
    this.done.catch(() => {}); // Who waits for it may have left.
  }

  /** It is done. */
  succeed(): void {
    this.#settle.resolve();
    this.#ender.abort(ENDED);
  }

  /** It ends without success. */
  fail(reason: unknown): void {
    this.#settle.reject(reason);
    this.#ender.abort(ENDED);
  }

  /** A sign that it goes on. */
  progress(): void {
    this.#progressUs = this.#clock.elapsedUs();
  }

  /**
   * Fails the call when it was without a sign of progress for `limitMs`, as that is then. While `isHeld`, as when
   * the broker takes no messages, time does not count.
   */
  async watch(
    { limitMs, isHeld, otherProgressUs, failure }: {
      limitMs(): number;
      isHeld(): boolean;
      /** When another call made progress that stands for this one's. */
      otherProgressUs(): Micros;
      /** What keeps it from going on, if that is known. */
      failure(): ChatloomError | undefined;
    },
  ): Promise<void> {
    while (!this.ended.aborted) {
      if (isHeld()) this.progress();
      const sinceUs = Math.max(this.#progressUs, otherProgressUs());
      const leftMs = limitMs() - (this.#clock.elapsedUs() - sinceUs) / MILLISECOND_US;
      if (leftMs <= 0) {
        return this.fail(
          failure() ?? new ChatloomError(
            "STORE_UNREACHABLE",
            `Cannot ${this.method === "put" ? "store" : "delete"} "${this.key}": no worker ` +
              `answered for ${Math.round(limitMs() / 1000)} s`,
          ),
        );
      }
      await this.#clock.sleep(leftMs, this.ended).catch(() => {}); // Ended: so does the loop.
    }
  }
}
