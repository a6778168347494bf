import { compareText, type Sighting } from "./sighting.ts";
import { alignReceiver } from "./align_receiver.ts";

// Bounds on the work of a block: see MERGE.md, "Cost".
const BLOCK_EVENTS_MAX = 64;
const BLOCK_WORK_MAX = 2 ** 14;
const ROUNDS_MAX = 4;

/**
 * Moves sightings between neighbouring events of a draft until the nearest ranges are together,
 * without ever making more events. `draft` is in the order of time.
 */
export function refineEvents<Kind extends Sighting>(draft: readonly Kind[][]): Kind[][] {
  return blocksOf(draft).flatMap((block) => polishBlock(block));
}

function polishBlock<Kind extends Sighting>(block: Kind[][]): Kind[][] {
  if (block.length === 1) return block;
  const receivers = [...new Set(block.flat().map((sighting) => sighting.receiver))];
  receivers.sort(compareText);
  let events = block;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    let hasMoved = false;
    for (const receiver of receivers) {
      const better = alignReceiver(events, receiver);
      if (better === undefined) continue;
      events = better;
      hasMoved = true;
    }
    if (!hasMoved) break;
  }
  return events;
}

/** Cuts a draft into runs of events that are cheap to refine. */
function blocksOf<Kind extends Sighting>(draft: readonly Kind[][]): Kind[][][] {
  const blocks: Kind[][][] = [];
  let block: Kind[][] = [];
  let receivers = new Set<string>();
  let count = 0;
  for (const event of draft) {
    for (const sighting of event) receivers.add(sighting.receiver);
    count += event.length;
    if (block.length === BLOCK_EVENTS_MAX || receivers.size * count > BLOCK_WORK_MAX) {
      if (block.length > 0) blocks.push(block);
      block = [];
      receivers = new Set(event.map((sighting) => sighting.receiver));
      count = event.length;
    }
    block.push(event);
  }
  blocks.push(block);
  return blocks;
}
