import { Lru } from "../../../core/lru.ts";
import { type Micros, SECOND_US } from "../../../core/time.ts";

/** How fast one address may send requests. */
export interface RateLimit {
  /** This many requests a second in the long run … */
  readonly perSecond: number;
  /** … and this many at once. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  filledUs: Micros;
}

/** At most this many addresses are told apart at a time. */
const ADDRESSES_MAX = 10_000;

/** A token bucket for each address. */
export class AddressRates {
  readonly #limit: () => RateLimit;
  /** Those of addresses that asked longest ago are full again: they are let go first. */
  readonly #buckets = new Lru<string, Bucket>({ countMax: ADDRESSES_MAX });

  /** All buckets are full at first. `limit` is asked each time: it may change. */
  constructor(limit: () => RateLimit) {
    this.#limit = limit;
  }

  /** Takes a token of `address`: 0, or the seconds until there is one again. */
  take(address: string, elapsedUs: Micros): number {
    const { perSecond, burst } = this.#limit();
    const group = addressGroup(address);
    const bucket = this.#buckets.get(group) ?? { tokens: burst, filledUs: elapsedUs };
    const grown = (elapsedUs - bucket.filledUs) / SECOND_US * perSecond;
    bucket.tokens = Math.min(burst, bucket.tokens + grown);
    bucket.filledUs = elapsedUs;
    this.#buckets.set(group, bucket);
    if (bucket.tokens >= 1) {
      bucket.tokens--;
      return 0;
    }
    return (1 - bucket.tokens) / perSecond;
  }
}

/**
 * What counts as one address: an IPv4 address, or the 64 bits of an IPv6 address that one customer
 * gets whole.
 */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1]!;
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("%")[0]!.toLowerCase().split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const all = [...left, ...Array<string>(zeros).fill("0"), ...right];
  return `${all.slice(0, 4).map((part) => part.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}
