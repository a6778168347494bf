import type { Sighting } from "../../../src/core/grouping/sighting.ts";

/** What the reference holds of an event: one range for all who heard it. */
interface Held {
  readonly members: readonly Sighting[];
  readonly startUs: number;
  readonly endUs: number;
}

/**
 * Groups as the reference does (wubloader, `common/chat.py`, 2026-08): file by file, each message
 * held so far takes the first of the new file, in the order of lines, whose range it meets, and
 * both become one with the range they share. What no one took stands for itself.
 */
export function groupLikeReference(files: readonly (readonly Sighting[])[]): Sighting[][] {
  let held: Held[] = [];
  for (const file of files) {
    const news = file.map((sighting) => ({ ...sighting, members: [sighting] })).sort(inFileOrder);
    held.sort(inFileOrder);
    const merged: Held[] = [];
    for (const old of held) {
      const at = news.findIndex((one) => one.startUs <= old.endUs && one.endUs >= old.startUs);
      if (at < 0) {
        merged.push(old);
        continue;
      }
      const [one] = news.splice(at, 1);
      merged.push({
        members: [...old.members, ...one!.members],
        startUs: Math.max(old.startUs, one!.startUs),
        endUs: Math.min(old.endUs, one!.endUs),
      });
    }
    held = [...merged, ...news];
  }
  return held.map((event) => [...event.members]);
}

function inFileOrder(left: Held, right: Held): number {
  return left.startUs - right.startUs ||
    (left.endUs - left.startUs) - (right.endUs - right.startUs);
}
