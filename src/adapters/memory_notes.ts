import type { HourNotes } from "../ports/hour_notes.ts";
import type { PruneMarks } from "../ports/prune_marks.ts";

/** Notes that are gone with the process. */
export function memoryNotes(): HourNotes {
  const notes = new Map<string, string>();
  const nameOf = (channel: string, hour: string) => `${channel}/${hour}`;
  return {
    read(channel, hour, { signal } = {}) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      return Promise.resolve(notes.get(nameOf(channel, hour)) ?? "");
    },
    append(channel, hour, lines) {
      const name = nameOf(channel, hour);
      notes.set(name, (notes.get(name) ?? "") + lines);
      return Promise.resolve();
    },
    replace(channel, hour, lines) {
      if (lines === "") notes.delete(nameOf(channel, hour));
      else notes.set(nameOf(channel, hour), lines);
      return Promise.resolve();
    },
  };
}

/** Marks that are gone with the process. */
export function memoryMarks(): PruneMarks {
  const marks = new Map<string, string>();
  return {
    get(channel, { signal } = {}) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      return Promise.resolve(marks.get(channel) ?? "");
    },
    set(channel, hour) {
      if (hour === "") marks.delete(channel);
      else marks.set(channel, hour);
      return Promise.resolve();
    },
  };
}
