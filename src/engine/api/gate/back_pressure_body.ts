import { MILLISECOND_US } from "../../../core/time.ts";
import type { Clock } from "../../../ports/clock.ts";

/** How a body ended. */
export type BodyEnding = "whole" | "caller gone" | "caller too slow" | "failed";

/** How a body is sent. */
export interface BackPressureBodyOptions {
  readonly clock: Clock;
  /** A caller that reads nothing for this long is dropped, in milliseconds. */
  readonly stallMs: number;
  /** Called once with how it ended, how many bytes were sent, and why it failed. */
  readonly onEnd: (ending: BodyEnding, sentBytes: number, error?: unknown) => void;
}

/** How much is sent at a time: small enough that a slow caller shows. */
const SLICE_BYTES = 128 * 1024;

/**
 * A body with back-pressure: it reads the next chunk only when there is room for it, and breaks off when
 * its reader takes nothing for too long.
 */
export function backPressureBody(
  pieces: AsyncIterator<Uint8Array>,
  options: BackPressureBodyOptions,
): ReadableStream<Uint8Array> {
  const body = new BackPressureBody(pieces, options);
  return new ReadableStream<Uint8Array>({
    start: (controller) => body.watch(controller),
    pull: (controller) => body.pull(controller),
    cancel: () => body.end("caller gone"),
  }, { highWaterMark: 0 });
}

class BackPressureBody {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #options: BackPressureBodyOptions;
  readonly #ended = new AbortController();
  #rest = new Uint8Array();
  #sentBytes = 0;
  /** Since when it is the caller's turn. */
  #givenUs: number | undefined;

  constructor(pieces: AsyncIterator<Uint8Array>, options: BackPressureBodyOptions) {
    this.#pieces = pieces;
    this.#options = options;
    this.#givenUs = options.clock.elapsedUs();
  }

  watch(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const { clock, stallMs } = this.#options;
    const { signal } = this.#ended;
    const watching = async () => {
      while (true) {
        await clock.sleep(stallMs / 4, signal);
        const sinceUs = this.#givenUs;
        if (sinceUs === undefined) continue; // The source is slow, not the caller.
        if (clock.elapsedUs() - sinceUs < stallMs * MILLISECOND_US) continue;
        controller.error(new Error("Cannot send on: the caller takes nothing"));
        this.end("caller too slow");
      }
    };
    watching().catch(() => {}); // Rejects with the end of the body, and with nothing else.
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#givenUs = undefined;
    try {
      while (this.#rest.length === 0) {
        const step = await this.#pieces.next();
        if (this.#ended.signal.aborted) return;
        if (step.done) {
          controller.close();
          return this.end("whole");
        }
        this.#rest = step.value as Uint8Array<ArrayBuffer>;
      }
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      controller.error(error);
      return this.end("failed", error);
    }
    const slice = this.#rest.subarray(0, SLICE_BYTES);
    this.#rest = this.#rest.subarray(slice.length);
    this.#sentBytes += slice.length;
    this.#givenUs = this.#options.clock.elapsedUs();
    controller.enqueue(slice);
  }

  end(ending: BodyEnding, error?: unknown): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#rest = new Uint8Array();
    // The response does not wait for the source to clean up; an earlier failure is the one that is reported.
    this.#pieces.return?.().catch(() => {});
    this.#options.onEnd(ending, this.#sentBytes, error);
  }
}
