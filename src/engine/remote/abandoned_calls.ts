import { Lru } from "../../core/lru.ts";
import type { BrokerLink } from "../../ports/remote/broker.ts";
import type { StoreCall } from "./store_call.ts";

/** A call whose caller left before the worker's answer. */
export interface AbandonedCall {
  readonly method: "put" | "delete";
  readonly correlationId: string;
  /** The link on which the broker took it and its reply would come; `undefined` when its message must be sent again. */
  readonly link: BrokerLink | undefined;
  /** Whether the reply has come: it is stored. */
  isStored: boolean;
}

const ABANDONED_MAX = 1_024;

/**
 * Calls whose callers left while their messages were on the way. A caller that asks again takes its message over
 * instead of sending another: else a queue that is worked off slowly would grow by each try.
 */
export class AbandonedCalls {
  readonly #byKey = new Lru<string, AbandonedCall>({
    countMax: ABANDONED_MAX,
    onEvict: (_, { correlationId }) => this.#keys.delete(correlationId),
  });
  readonly #keys = new Map<string, string>();

  /** Notes a call; `link` is where the broker took its message. */
  add({ method, key, correlationId }: StoreCall, link: BrokerLink | undefined): void {
    this.#forget(key);
    this.#byKey.set(key, { method, correlationId, link, isStored: false });
    this.#keys.set(correlationId, key);
  }

  /** Notes that the worker answered. Returns whether the message is one of these. */
  answered(correlationId: string, isStored: boolean): boolean {
    const key = this.#keys.get(correlationId);
    if (key === undefined) return false;
    const call = this.#byKey.get(key)!;
    if (isStored) call.isStored = true;
    else this.#forget(key);
    return true;
  }

  /** Takes the call for `key` over; one of the other method is dropped: its outcome is no news any more. */
  take(key: string, method: "put" | "delete"): AbandonedCall | undefined {
    const call = this.#byKey.get(key);
    this.#forget(key);
    return call?.method === method ? call : undefined;
  }

  #forget(key: string): void {
    const call = this.#byKey.get(key);
    if (call === undefined) return;
    this.#byKey.delete(key);
    this.#keys.delete(call.correlationId);
  }
}
