import { contentKey, contentOfFields, sentUs } from "./content.ts";
import type { Message } from "./message.ts";

/** A receiver that a file names a second time for one exact message, at another received time. */
export interface DoubledReceiver {
  /** Its id: a connection gets a message once, so something has lied or written twice. */
  readonly receiver: string;
  /** The message that says so, counted from 0. */
  readonly index: number;
}

/**
 * Finds receivers that stand twice in one event among the messages of a file. A merge keeps the
 * earlier time, so the file is not lost, but no recorder or merge writes such a thing. Only exact
 * messages are looked at: ranged ones of one content are several events.
 */
export function findDoubledReceivers(messages: readonly Message[]): DoubledReceiver[] {
  const doubled: DoubledReceiver[] = [];
  const heard = new Map<string, Map<string, number>>();
  for (const [index, message] of messages.entries()) {
    if (sentUs(message.tags) === undefined) continue;
    const key = contentKey(contentOfFields(message));
    const times = heard.get(key) ?? new Map<string, number>();
    heard.set(key, times);
    for (const [receiver, value] of Object.entries(message.receivers)) {
      const receivedS = typeof value === "number" ? value : value.received;
      const before = times.get(receiver);
      if (before !== undefined && before !== receivedS) doubled.push({ receiver, index });
      times.set(receiver, Math.min(receivedS, before ?? Infinity));
    }
  }
  return doubled;
}
