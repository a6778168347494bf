import type { JournalStore } from "../../ports/journal_store.ts";
import { newRunName } from "../file_system/journal/journal_names.ts";

/** A journal that keeps nothing, for users who prefer losing lines to writing them twice. */
export function noJournal(): JournalStore {
  return {
    openRun(node) {
      let segment = 1;
      return Promise.resolve({
        name: newRunName(node),
        get segment() {
          return segment;
        },
        append() {},
        sync: () => Promise.resolve(),
        rotate: () => ++segment,
        release: () => Promise.resolve(),
        close: () => Promise.resolve(),
      });
    },
    async *deadRuns() {},
  };
}
