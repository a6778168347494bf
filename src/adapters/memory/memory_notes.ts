import type { HourNotes } from "../../ports/notes/hour_notes.ts";
import type { OrderNotes } from "../../ports/notes/order_notes.ts";
import type { SettledNotes } from "../../ports/notes/settled_notes.ts";
import type { PruneMarks } from "../../ports/notes/prune_marks.ts";
import type { UnsettledNotes, UnsettledPlace } from "../../ports/notes/unsettled_notes.ts";

/** Notes in memory. */
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

/** Notes of what is settled that are gone with the process. */
export function memorySettled(): SettledNotes {
  const notes = new Map<string, ReadonlyMap<string, string>>();
  return {
    read(channel, { signal } = {}) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      return Promise.resolve(notes.get(channel) ?? new Map());
    },
    write(channel, hours) {
      notes.set(channel, new Map(hours));
      return Promise.resolve();
    },
  };
}

/** Marks in memory. */
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

/** Notes of one process, in memory that several processes of a test share: `next` is the next one. */
export interface MemoryUnsettled extends UnsettledNotes {
  /** The notes of the process that starts after this one was killed. */
  next(): MemoryUnsettled;
}

/** Notes in memory, which a test may hand on. */
export function memoryUnsettled(left: Iterable<UnsettledPlace> = []): MemoryUnsettled {
  const nameOf = ({ channel, hour }: UnsettledPlace) => `${channel}/${hour}`;
  const taken = new Map([...left].map((place) => [nameOf(place), place]));
  const noted = new Map<string, UnsettledPlace>();
  return {
    add(place) {
      noted.set(nameOf(place), place);
      return Promise.resolve();
    },
    remove(place) {
      noted.delete(nameOf(place));
      return Promise.resolve();
    },
    takeOver() {
      const places = [...taken.values()];
      for (const place of places) noted.set(nameOf(place), place);
      taken.clear();
      return Promise.resolve(places);
    },
    next: () => memoryUnsettled([...noted.values(), ...taken.values()]),
  };
}

/** Notes about orders in memory. */
export function memoryOrders(): OrderNotes {
  const notes = new Map<string, string>();
  return {
    channels({ signal } = {}) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      return Promise.resolve([...notes.keys()].sort());
    },
    read(channel, { signal } = {}) {
      if (signal?.aborted) return Promise.reject(signal.reason);
      return Promise.resolve(notes.get(channel) ?? "");
    },
    append(channel, lines) {
      notes.set(channel, (notes.get(channel) ?? "") + lines);
      return Promise.resolve();
    },
    sizeBytes: () =>
      Promise.resolve([...notes.values()].reduce((sum, text) => sum + text.length, 0)),
  };
}
