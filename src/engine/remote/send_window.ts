/** Bounds of a {@link SendWindow}. */
export interface SendWindowLimits {
  /** How many messages are in it, at the most. */
  readonly countMax: number;
  /** How many bytes they hold together, at the most; one message alone may hold more. */
  readonly bytesMax: number;
}

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

/** Bounds what is on its way; who comes later waits in line, first come, first served. */
export class SendWindow {
  /** Its bounds. */
  readonly limits: SendWindowLimits;
  readonly #line: Waiting[] = [];
  #count = 0;
  #bytes = 0;

  /** An empty window. */
  constructor(limits: SendWindowLimits) {
    this.limits = limits;
  }

  /** How many messages are in it. */
  get count(): number {
    return this.#count;
  }

  /** How many bytes they hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Resolves once there is room for `bytes`, which {@link SendWindow.leave} frees; rejects as `signal` aborts. */
  async enter(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#line.length === 0 && this.#hasRoomFor(bytes)) return this.#take(bytes);
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#line.splice(this.#line.indexOf(waiting), 1);
        reject(signal.reason);
        this.#admit(); // It may have been too large for the room that those behind it need.
      };
      const waiting = {
        bytes,
        enter: () => {
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      this.#line.push(waiting);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  /** Frees room. */
  leave(bytes: number): void {
    this.#count--;
    this.#bytes -= bytes;
    this.#admit();
  }

  #admit(): void {
    while (this.#line.length > 0 && this.#hasRoomFor(this.#line[0]!.bytes)) {
      const { bytes, enter } = this.#line.shift()!;
      this.#take(bytes);
      enter();
    }
  }

  #take(bytes: number): void {
    this.#count++;
    this.#bytes += bytes;
  }

  #hasRoomFor(bytes: number): boolean {
    const { countMax, bytesMax } = this.limits;
    return this.#count === 0 || (this.#count < countMax && this.#bytes + bytes <= bytesMax);
  }
}
