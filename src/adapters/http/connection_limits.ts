import type { Socket } from "node:net";

/** How many connections there may be. */
export interface ConnectionBounds {
  /** Of all addresses together. @default 4096 */
  readonly connectionsMax?: number | undefined;
  /** Of one address. @default a quarter of `connectionsMax` */
  readonly connectionsPerAddressMax?: number;
  /** Whether the bound for one address does not hold for this one. @default for none */
  readonly isShared?: (address: string) => boolean;
}

/** Connections beyond the bounds that may still ask for a health check. */
const RESERVED_MAX = 16;
/** Each is for one short request. */
const RESERVED_MS = 2_000;

/**
 * Counts the connections of a server. Those beyond its bounds get a place among a few reserved ones,
 * where a newcomer takes the place of the oldest: a flood cannot hold them.
 */
export class ConnectionLimits {
  readonly #max: number;
  readonly #perAddressMax: number;
  readonly #isShared: (address: string) => boolean;
  readonly #countBy = new Map<string, number>();
  readonly #reserved = new Set<Socket>();
  #count = 0;

  /** No connection is open yet. */
  constructor({ connectionsMax = 4_096, ...bounds }: ConnectionBounds) {
    this.#max = connectionsMax;
    this.#perAddressMax = bounds.connectionsPerAddressMax ?? Math.ceil(connectionsMax / 4);
    this.#isShared = bounds.isShared ?? (() => false);
  }

  /** Whether this connection has one of the reserved places. */
  isReserved(socket: Socket): boolean {
    return this.#reserved.has(socket);
  }

  /** Counts a connection until it closes. */
  add(socket: Socket): void {
    const address = groupOf(socket.remoteAddress ?? "unknown");
    const ofAddress = this.#countBy.get(address) ?? 0;
    const isFull = this.#count >= this.#max ||
      (ofAddress >= this.#perAddressMax && !this.#isShared(address));
    if (isFull) return this.#reserve(socket);
    this.#count++;
    this.#countBy.set(address, ofAddress + 1);
    socket.once("close", () => {
      this.#count--;
      const left = this.#countBy.get(address)! - 1;
      if (left === 0) this.#countBy.delete(address);
      else this.#countBy.set(address, left);
    });
  }

  #reserve(socket: Socket): void {
    this.#reserved.add(socket);
    const timer = setTimeout(() => socket.destroy(), RESERVED_MS);
    socket.once("close", () => {
      clearTimeout(timer);
      this.#reserved.delete(socket);
    });
    const [oldest] = this.#reserved;
    if (this.#reserved.size > RESERVED_MAX && oldest !== undefined) {
      this.#reserved.delete(oldest);
      oldest.destroy();
    }
  }
}

/** One customer has the first 64 bits of an IPv6 address, and with them any number of addresses. */
function groupOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  return plain.includes(":") && !plain.startsWith("::") ? plain.split(":", 4).join(":") : plain;
}
