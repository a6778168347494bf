import { type BatchLine, encodeLines } from "./batch.ts";
import { compareCodePoints, formatSeconds, formatString } from "./canonical_json.ts";
import type { Content } from "./content.ts";
import { SightingSet } from "./sighting_set.ts";
import { type Micros, toSeconds } from "./time.ts";

/** A message as one connection got it. */
export interface HeardMessage {
  readonly content: Content;
  readonly receiver: string;
  /** By the receiver's clock, in whole microseconds. */
  readonly receivedUs: Micros;
  /** Its content says when it was sent: `startUs`, which is also `endUs`. */
  readonly isExact: boolean;
  readonly startUs: Micros;
  readonly endUs: Micros;
}

/** A batch, and how many lines it has. */
export interface EncodedBatch {
  readonly bytes: Uint8Array;
  readonly lineCount: number;
}

/**
 * The normal form of `messages` as one batch: what a {@link SightingSet} of them encodes to.
 *
 * This is where a recorder spends its time, and it knows more than a set does: exact messages can
 * only be equal where their times are, so a sort by time finds the few that must be compared.
 */
export function encodeHeard(messages: readonly HeardMessage[]): EncodedBatch {
  const exact: HeardMessage[] = [];
  const ranged = new SightingSet();
  let hasRanged = false;
  for (const message of messages) {
    if (message.isExact) {
      exact.push(message);
      continue;
    }
    const { content, receiver, receivedUs, startUs, endUs } = message;
    const receivedS = toSeconds(receivedUs);
    ranged.addSighting(content, { receiver, receivedS, startUs, endUs, sentUs: undefined });
    hasRanged = true;
  }
  const lines = exactLines(exact);
  if (hasRanged) lines.push(...ranged.lines());
  return { bytes: encodeLines(lines), lineCount: lines.length };
}

function exactLines(messages: HeardMessage[]): BatchLine[] {
  messages.sort((a, b) => a.startUs - b.startUs);
  const lines: BatchLine[] = [];
  for (let from = 0; from < messages.length;) {
    const { startUs } = messages[from]!;
    let end = from + 1;
    while (end < messages.length && messages[end]!.startUs === startUs) end++;
    if (end === from + 1) lines.push(toLine([messages[from]!]));
    else for (const event of eventsOf(messages.slice(from, end))) lines.push(toLine(event));
    from = end;
  }
  return lines;
}

/** Messages of one instant by content; of each receiver the one that it got first. */
function eventsOf(messages: readonly HeardMessage[]): HeardMessage[][] {
  const events: HeardMessage[][] = [];
  for (const message of messages) {
    const event = events.find(([first]) => isSameContent(first!.content, message.content));
    if (event === undefined) {
      events.push([message]);
      continue;
    }
    const at = event.findIndex(({ receiver }) => receiver === message.receiver);
    if (at === -1) event.push(message);
    else if (message.receivedUs < event[at]!.receivedUs) event[at] = message;
  }
  return events;
}

function isSameContent(x: Content, y: Content): boolean {
  return x.b === y.b && x.a === y.a && x.d === y.d && x.c === y.c;
}

function toLine(event: readonly HeardMessage[]): BatchLine {
  const { content: { a, b, c, d }, startUs } = event[0]!;
  const time = formatSeconds(startUs);
  if (event.length === 1) {
    const { receiver, receivedUs } = event[0]!;
    const text = `${a}{${formatString(receiver)}:${formatSeconds(receivedUs)}}${b}${time}${c}0${d}`;
    return { startUs, lengthUs: 0, text };
  }
  const receivers = [...event]
    .sort((x, y) => compareCodePoints(x.receiver, y.receiver))
    .map(({ receiver, receivedUs }) => `${formatString(receiver)}:${formatSeconds(receivedUs)}`);
  return { startUs, lengthUs: 0, text: `${a}{${receivers.join(",")}}${b}${time}${c}0.0${d}` };
}
