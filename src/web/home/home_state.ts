import { type Signal, signal } from "@preact/signals";
import type { ChannelOverview } from "../../adapters/browser/node/json/overview_json.ts";
import { reasonOf } from "../state/archives_state.ts";
import type { Library } from "../state/library.ts";

/** How many channels are shown at first, and asked for at once. */
export const SHOWN_AT_ONCE = 50;

/** The overviews of a node's channels, fetched as they are shown. */
export class HomeState {
  /** By channel; `undefined` for one that the node has nothing of. */
  readonly overviews: Signal<ReadonlyMap<string, ChannelOverview | undefined>> = signal(new Map());
  readonly failure: Signal<string | undefined> = signal(undefined);
  readonly #call: Library["call"];
  readonly #asked = new Set<string>();

  /** Nothing is fetched yet. */
  constructor(call: Library["call"]) {
    this.#call = call;
  }

  /** Fetches those that were not fetched before. */
  async show(channels: readonly string[]): Promise<void> {
    const missing = channels.filter((channel) => !this.#asked.has(channel));
    for (const channel of missing) this.#asked.add(channel);
    for (let i = 0; i < missing.length; i += SHOWN_AT_ONCE) {
      const some = missing.slice(i, i + SHOWN_AT_ONCE);
      try {
        const found = await this.#call("overview", some);
        const byName = new Map(found.map((each) => [each.channel, each]));
        const fresh = some.map((channel) => [channel, byName.get(channel)] as const);
        this.overviews.value = new Map([...this.overviews.value, ...fresh]);
        this.failure.value = undefined;
      } catch (error) {
        for (const channel of some) this.#asked.delete(channel);
        this.failure.value = reasonOf(error);
      }
    }
  }
}
