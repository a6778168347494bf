import { toByteText } from "../scan/byte_text.ts";
import {
  contentBytes,
  contentText,
  copyContent,
  hashContent,
  haveEqualContent,
  type LineMarks,
} from "../scan/line_marks.ts";
import { groupSightings } from "../grouping/group_sightings.ts";
import { RangedEvent } from "./ranged_event.ts";
import type { RangedLine } from "../scan/ranged_line.ts";
import { RangedMessage } from "./ranged_message.ts";
import type { ScannedSighting } from "../scan/scanned_sighting.ts";

// Looking through more messages of one hash than this is slower than keeping their text.
const SAME_HASH_MAX = 16;

/** Ranged messages, each content once. */
export class RangedStore {
  /** In the order in which they came. */
  readonly messages: RangedMessage[] = [];
  /** Hash of the content → the last message that came. */
  readonly #byHash = new Map<number, RangedMessage>();
  /** Where a hostile file crowds one hash: content → message. */
  readonly #byContent = new Map<number, Map<string, RangedMessage>>();

  /** Whether there is none. */
  isEmpty(): boolean {
    return this.messages.length === 0;
  }

  /** The message that has the content of `line`. */
  find(line: LineMarks): RangedMessage | undefined {
    return this.#find(line, hashContent(line));
  }

  #find(line: LineMarks, hash: number): RangedMessage | undefined {
    const byContent = this.#byContent.size === 0 ? undefined : this.#byContent.get(hash);
    if (byContent !== undefined) return byContent.get(contentText(line));
    let message = this.#byHash.get(hash);
    while (message !== undefined && !haveEqualContent(message.line, line)) {
      message = message.sameHash;
    }
    return message;
  }

  /** Joins the sightings of a line, and keeps its bytes. */
  join(line: RangedLine): void {
    this.#join(line, hashContent(line), line.sightings);
  }

  #join(line: LineMarks, hash: number, sightings: readonly ScannedSighting[]): void {
    const message = this.#find(line, hash);
    if (message === undefined) {
      this.#insert(new RangedMessage(line, hash, sightings));
      return;
    }
    for (let i = 0; i < sightings.length; i++) message.join(sightings[i]!);
  }

  /** Takes in a message whose content this does not have. */
  #insert(message: RangedMessage): void {
    this.messages.push(message);
    const { hash } = message;
    const byContent = this.#byContent.size === 0 ? undefined : this.#byContent.get(hash);
    if (byContent !== undefined) {
      byContent.set(contentText(message.line), message);
      return;
    }
    message.sameHash = this.#byHash.get(hash);
    this.#byHash.set(hash, message);
    if (message.sameHash === undefined) return;
    const messages = sameHashOf(message);
    if (messages.length <= SAME_HASH_MAX) return;
    this.#byContent.set(hash, new Map(messages.map((one) => [contentText(one.line), one])));
  }

  /** Joins all of `other`. */
  joinAll(other: RangedStore): void {
    for (const { line, hash, sightings } of other.messages) this.#join(line, hash, sightings);
  }

  /** Whether this knows all that `other` knows. */
  includes(other: RangedStore): boolean {
    return other.messages.every(({ line, hash, sightings }) => {
      const known = this.#find(line, hash);
      return known !== undefined && sightings.every((sighting) => known.includes(sighting));
    });
  }

  /** The same in bytes of its own, and no more of them than it takes. */
  copy(): RangedStore {
    const copy = new RangedStore();
    const bytesMax = this.messages.reduce(
      (sum, { line, sightings }) =>
        sightings.reduce((sum, sighting) => sum + sighting.bytes, sum + contentBytes(line)),
      0,
    );
    const target = toByteText(new Uint8Array(bytesMax));
    let at = 0;
    for (const { line, hash, sightings } of this.messages) {
      const copied = copyContent(line, target, at);
      at = copied.to;
      const own = sightings.map((sighting) => {
        const copied = sighting.copyTo(target, at);
        at = copied.to;
        return copied;
      });
      copy.#insert(new RangedMessage(copied, hash, own));
    }
    return copy;
  }

  /** The events of all messages, in no order. */
  events(): RangedEvent[] {
    const events: RangedEvent[] = [];
    for (const { line, sightings } of this.messages) {
      if (sightings.length === 1) events.push(new RangedEvent(line, sightings));
      else for (const event of groupSightings(sightings)) events.push(new RangedEvent(line, event));
    }
    return events;
  }
}

function sameHashOf(message: RangedMessage): RangedMessage[] {
  const messages = [];
  for (let one: RangedMessage | undefined = message; one !== undefined; one = one.sameHash) {
    messages.push(one);
  }
  return messages;
}
