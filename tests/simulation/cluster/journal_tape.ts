import type { JournalRun, JournalStore } from "../../../src/ports/journal_store.ts";

/** A journal that deletes nothing: all that was ever appended is known at the end. */
export interface JournalTape extends JournalStore {
  /** By run: its entries, as one text, without checkpoints apart from the first. */
  readonly runs: ReadonlyMap<string, string>;
}

/** Keeps all that is appended to `inner`, whatever becomes of it there. */
export function journalTape(inner: JournalStore): JournalTape {
  const tapes = new Map<string, string>();
  return {
    runs: tapes,
    deadRuns: () => inner.deadRuns(),
    async openRun(node) {
      const run = await inner.openRun(node);
      tapes.set(run.name, "");
      return taped(run, (bytes) => {
        tapes.set(run.name, tapes.get(run.name)! + new TextDecoder().decode(bytes));
      });
    },
  };
}

function taped(run: JournalRun, keep: (bytes: Uint8Array) => void): JournalRun {
  return {
    name: run.name,
    get segment() {
      return run.segment;
    },
    append(bytes) {
      run.append(bytes);
      keep(bytes);
    },
    sync: () => run.sync(),
    rotate: () => run.rotate(),
    read: (number) => run.read!(number),
    release: (number) => run.release(number),
    close: () => run.close(),
  };
}
