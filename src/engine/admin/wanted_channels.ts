import type { ChannelChanges } from "../../ports/notes/channel_changes.ts";
import type { WantedChannel } from "../session/membership.ts";

/** No change. */
const NO_CHANGES: ChannelChanges = { added: [], removed: [] };

/** Which channels are recorded, from all sources together: each may change at any time. */
export class WantedChannels {
  #named: readonly WantedChannel[] = [];
  #listed: readonly WantedChannel[] = [];
  #changes: ChannelChanges = NO_CHANGES;
  #isRefused: (name: string) => boolean = () => false;
  #onChange: (channels: readonly WantedChannel[]) => void = () => {};

  /** The channels to record now; one may stand there twice. */
  get channels(): readonly WantedChannel[] {
    const { added, removed } = this.#changes;
    const without = new Set(removed);
    return [
      ...[...this.#named, ...this.#listed].filter(({ name }) => !without.has(name)),
      ...added.map((name) => ({ name, isImportant: false })),
    ].filter(({ name }) => !this.#isRefused(name));
  }

  /** What the operator has changed. */
  get changes(): ChannelChanges {
    return this.#changes;
  }

  /** Calls `onChange` with all channels after each change, the last function that was given. */
  watch(onChange: (channels: readonly WantedChannel[]) => void): void {
    this.#onChange = onChange;
  }

  /** Sets what the command line or the configuration names. */
  setNamed(channels: readonly WantedChannel[]): void {
    this.#named = channels;
    this.#onChange(this.channels);
  }

  /** Sets what a file lists. */
  setListed(channels: readonly WantedChannel[]): void {
    this.#listed = channels;
    this.#onChange(this.channels);
  }

  /** Sets what the operator has changed. */
  setChanges(changes: ChannelChanges): void {
    this.#changes = changes;
    this.#onChange(this.channels);
  }

  /** Sets which channels are not recorded, whatever names them: they have opted out. Call it again when that changes. */
  setRefused(isRefused: (name: string) => boolean): void {
    this.#isRefused = isRefused;
    this.#onChange(this.channels);
  }
}
