import { orAbort } from "../../async/abort.ts";
import type { BrokerLink } from "../../ports/remote/broker.ts";

/** The link that works now, for callers that wait for one. */
export class CurrentLink {
  #link: BrokerLink | undefined;
  #waiting: Promise<BrokerLink> | undefined;
  #wake: ((link: BrokerLink) => void) | undefined;

  /** The link, if one works. */
  get link(): BrokerLink | undefined {
    return this.#link?.lost.aborted === false ? this.#link : undefined;
  }

  /** Gives `link` to all that wait. */
  set(link: BrokerLink): void {
    this.#link = link;
    this.#wake?.(link);
    [this.#wake, this.#waiting] = [undefined, undefined];
  }

  /** Resolves with a link that works, as soon as there is one; rejects with `signal.reason`. */
  async get(signal: AbortSignal): Promise<BrokerLink> {
    signal.throwIfAborted();
    const { link } = this;
    if (link !== undefined) return link;
    this.#waiting ??= new Promise((resolve) => this.#wake = resolve);
    return await orAbort(this.#waiting, signal);
  }
}
