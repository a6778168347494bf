import { Mutex } from "../../async/mutex.ts";
import type { ChannelChanges, ChannelChangesNotes } from "../../ports/notes/channel_changes.ts";
import type { WantedChannels } from "./wanted_channels.ts";

/** More channels cannot be added: no caller can fill the memory. */
const CHANGES_MAX = 10_000;

/** Changes which channels are recorded: at once, and also after a restart. */
export class ChannelAdmin {
  readonly #wanted: WantedChannels;
  readonly #notes: ChannelChangesNotes;
  readonly #changing = new Mutex();

  /** Changes `wanted`, and keeps in `notes` what was changed. */
  constructor(wanted: WantedChannels, notes: ChannelChangesNotes) {
    this.#wanted = wanted;
    this.#notes = notes;
  }

  /**
   * Records these channels, or records them no more; returns whether it did: false if there would be too many.
   *
   * @throws {ChatloomError} when the change cannot be stored; then nothing has changed.
   */
  async change(names: readonly string[], way: "add" | "remove"): Promise<boolean> {
    return await this.#changing.run(async () => {
      const next = changed(this.#wanted.changes, { names, way });
      if (next.added.length + next.removed.length > CHANGES_MAX) return false;
      // Stored first: what has taken effect must outlive a crash.
      await this.#notes.replace(next);
      this.#wanted.setChanges(next);
      return true;
    });
  }
}

function changed(
  { added, removed }: ChannelChanges,
  { names, way }: { readonly names: readonly string[]; readonly way: "add" | "remove" },
): ChannelChanges {
  const without = (list: readonly string[]) => list.filter((each) => !names.includes(each));
  const withNames = (list: readonly string[]) => [...new Set([...list, ...names])].sort();
  return way === "add"
    ? { added: withNames(added), removed: without(removed) }
    : { added: without(added), removed: withNames(removed) };
}
