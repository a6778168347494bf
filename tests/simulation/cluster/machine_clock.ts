import type { Micros } from "../../../src/core/time.ts";
import type { Clock } from "../../../src/ports/clock.ts";
import type { Transport } from "../../../src/ports/transport.ts";
import type { VirtualHost } from "../../../src/testing/time/virtual_clock.ts";

/** The clock of a machine that may fall asleep: then nothing on it wakes up, and no network is heard. */
export class MachineClock implements Clock {
  /** Whether its monotonic clock counts on while it sleeps, as some do. */
  readonly #countsSleep: boolean;
  readonly #host: VirtualHost;
  #asleep: { readonly sinceUs: Micros; readonly over: Promise<void> } | undefined;
  #sleptUs = 0;
  #wake = () => {};

  constructor(host: VirtualHost, { countsSleep }: { readonly countsSleep: boolean }) {
    this.#host = host;
    this.#countsSleep = countsSleep;
  }

  get isAsleep(): boolean {
    return this.#asleep !== undefined;
  }

  wallUs(): Micros {
    return this.#host.wallUs();
  }

  elapsedUs(): Micros {
    if (this.#countsSleep) return this.#host.elapsedUs();
    return (this.#asleep?.sinceUs ?? this.#host.elapsedUs()) - this.#sleptUs;
  }

  async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    await this.#host.sleep(delayMs, signal);
    await this.awake();
    signal?.throwIfAborted();
  }

  stepWall(us: Micros): void {
    this.#host.stepWall(us);
  }

  /** Resolves as soon as the machine is awake. */
  async awake(): Promise<void> {
    while (this.#asleep !== undefined) await this.#asleep.over;
  }

  fallAsleep(): void {
    if (this.#asleep !== undefined) return;
    const over = new Promise<void>((resolve) => this.#wake = resolve);
    this.#asleep = { sinceUs: this.#host.elapsedUs(), over };
  }

  wakeUp(): void {
    if (this.#asleep === undefined) return;
    this.#sleptUs += this.#host.elapsedUs() - this.#asleep.sinceUs;
    this.#asleep = undefined;
    this.#wake();
  }
}

/** Connections of a machine: while it sleeps, what comes in waits. */
export function sleepyTransport(inner: Transport, clock: MachineClock): Transport {
  return {
    async connect(url, options) {
      await clock.awake();
      const connection = await inner.connect(url, options);
      return {
        incoming: (async function* () {
          for await (const chunk of connection.incoming) {
            await clock.awake();
            yield chunk;
          }
        })(),
        send: (text) => connection.send(text),
        close: () => connection.close(),
      };
    },
  };
}
