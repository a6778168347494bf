import { decodeBatch, encodeBatch } from "../../src/core/batch/batch.ts";
import { contentKey, contentOfFields, sentUs } from "../../src/core/batch/content.ts";
import { groupSightings } from "../../src/core/grouping/group_sightings.ts";
import type { Message, OwnRange } from "../../src/core/batch/message.ts";
import type { Sighting } from "../../src/core/grouping/sighting.ts";
import { readRange, toRangeSeconds, toSeconds } from "../../src/core/time.ts";

interface Held {
  readonly message: Message;
  readonly sightings: Map<string, Sighting>;
}

/** The merge as the design states it, as plainly as it can be written: to compare with. */
export function mergePlainly(batches: readonly Uint8Array[]): Uint8Array {
  const state = new Map<string, Held>();
  for (const message of batches.flatMap(decodeBatch)) {
    const key = contentKey(contentOfFields({ ...message, receivers: {}, time: 0, time_range: 0 }));
    const held = state.get(key) ?? { message, sightings: new Map() };
    state.set(key, held);
    for (const sighting of sightingsOf(message)) join(held, sighting);
  }
  return encodeBatch([...state.values()].flatMap(({ message, sightings }) => {
    const all = [...sightings.values()];
    const events = sentUs(message.tags) === undefined ? groupSightings(all) : [all];
    return events.map((event) => ({ ...message, ...toFields(event) }));
  }));
}

function sightingsOf(message: Message): Sighting[] {
  return Object.entries(message.receivers).map(([receiver, value]) => {
    const own: OwnRange = typeof value === "number" ? { ...message, received: value } : value;
    return { receiver, receivedS: own.received, ...readRange(own) };
  });
}

function join({ message, sightings }: Held, sighting: Sighting): void {
  const sent = sentUs(message.tags);
  const { receiver, receivedS } = sighting;
  if (sent !== undefined) {
    const known = sightings.get(receiver)?.receivedS ?? Infinity;
    const isEarlier = receivedS < known || (receivedS === known && Object.is(receivedS, -0));
    if (isEarlier) sightings.set(receiver, { receiver, receivedS, startUs: sent, endUs: sent });
    return;
  }
  const key = JSON.stringify([receiver, Object.is(receivedS, -0) ? "-0" : receivedS]);
  const known = sightings.get(key);
  if (
    known === undefined || sighting.startUs < known.startUs ||
    (sighting.startUs === known.startUs && sighting.endUs > known.endUs)
  ) sightings.set(key, sighting);
}

function toFields(event: readonly Sighting[]): Pick<Message, "receivers" | "time" | "time_range"> {
  const startUs = Math.max(...event.map((each) => each.startUs));
  const endUs = Math.min(...event.map((each) => each.endUs));
  const receivers = event.map((each): [string, number | OwnRange] => {
    if (each.startUs === startUs && each.endUs === endUs) return [each.receiver, each.receivedS];
    return [each.receiver, {
      received: each.receivedS,
      time: toSeconds(each.startUs),
      time_range: toRangeSeconds(each),
    }];
  });
  return {
    receivers: Object.fromEntries(receivers),
    time: toSeconds(startUs),
    time_range: toRangeSeconds({ startUs, endUs }),
  };
}
