import { type Micros, MILLISECOND_US } from "../../../src/core/time.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Chunk, Connection, Transport } from "../../../src/ports/transport.ts";

/** From a call of `send` until the bytes leave the process. A block in between holds them back. */
const WRITE_MS = 1;

/**
 * A machine whose event loop stands still for a while: no timer fires, nothing is read, and what was
 * sent just before leaves the process only afterwards. When it goes on, overdue timers come first, then
 * what waits to be written and read, as in the runtimes.
 */
export class BlockedMachine {
  /** The machine's clock. */
  readonly clock: Clock;
  /** Told of each text as the process sends it. */
  onSend: (text: string) => void = () => {};
  readonly #world: Clock;
  #untilUs: Micros = 0;

  constructor(world: Clock) {
    this.#world = world;
    this.clock = {
      wallUs: () => world.wallUs(),
      elapsedUs: () => world.elapsedUs(),
      sleep: async (delayMs, signal) => {
        await world.sleep(delayMs, signal);
        await this.#free(signal);
      },
    };
  }

  /** Blocks the event loop from now on. */
  block(ms: number): void {
    this.#untilUs = Math.max(this.#untilUs, this.#world.elapsedUs() + ms * MILLISECOND_US);
  }

  /** The machine's way to `transport`. Texts reach the server `delayMs()` after they left, in order. */
  transport(transport: Transport, delayMs: () => number): Transport {
    return {
      connect: async (url, options) => {
        const inner = await transport.connect(url, options);
        await this.#free();
        return this.#wrap(inner, delayMs);
      },
    };
  }

  #wrap(inner: Connection, delayMs: () => number): Connection {
    let written = Promise.resolve();
    let arrived = Promise.resolve();
    let isClosed = false;
    const send = (text: string): void => {
      if (isClosed) return;
      this.onSend(text);
      written = written.then(() => this.#io()).then(() => {
        const travel = this.#world.sleep(delayMs());
        arrived = arrived.then(() => travel).then(() => inner.send(text));
      });
    };
    const close = (): void => {
      isClosed = true;
      inner.close();
    };
    return { incoming: this.#read(inner.incoming), send, close };
  }

  async *#read(incoming: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
    for await (const chunk of incoming) {
      await this.#io();
      yield chunk;
    }
  }

  /** Resolves when the loop gets round to reading and writing. */
  async #io(): Promise<void> {
    do {
      await this.#free();
      await this.#world.sleep(WRITE_MS);
    } while (this.#world.elapsedUs() < this.#untilUs);
  }

  async #free(signal?: AbortSignal): Promise<void> {
    for (;;) {
      const leftUs = this.#untilUs - this.#world.elapsedUs();
      if (leftUs <= 0) return;
      await this.#world.sleep(leftUs / MILLISECOND_US, signal);
    }
  }
}
