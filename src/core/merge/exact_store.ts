import { areSpansEqual, type ByteSpan } from "../scan/byte_text.ts";
import { contentText } from "../scan/line_marks.ts";
import { type ExactLine, haveSameContent } from "../scan/exact_line.ts";
import {
  includesReceivers,
  joinReceivers,
  type ReceiverSpan,
  splitReceivers,
  toReceiverList,
} from "./receiver_list.ts";
import type { Micros } from "../time.ts";

// At most this many lists of receivers are kept before they become one.
const LISTS_MAX = 8;

/** An exact content, and its receivers. */
export class ExactMessage {
  /** A line that has this content. */
  readonly line: ExactLine;
  /** The next message in a file that has this one: most likely the next in other files, too. */
  next: ExactMessage | undefined;
  /** Another message of the same instant. */
  sameInstant: ExactMessage | undefined;
  /** Further receivers, beside those that the line names. */
  #others: ByteSpan[] | undefined;
  #othersMax = LISTS_MAX;

  /** The message of a line, with the receivers that it names. */
  constructor(line: ExactLine) {
    this.line = line;
  }

  /** As a line of the normal form: when it was sent. */
  get startUs(): Micros {
    return this.line.sentUs;
  }

  /** As a line of the normal form: no time at all. */
  get lengthUs(): Micros {
    return 0;
  }

  /** Its receivers, in order: each once, with its earliest time. */
  receivers(): ReceiverSpan[] {
    const list = toList(this.line);
    return this.#others === undefined
      ? splitReceivers(list)
      : joinReceivers([list, ...this.#others]);
  }

  /** The most bytes that the list of receivers takes, with its commas. */
  heardBytesMax(): number {
    let length = this.line.receiversTo - this.line.receiversFrom;
    for (const { from, to } of this.#others ?? []) length += to - from + 1;
    return length;
  }

  /** Joins receivers, as they stand between the braces of a canonical line. */
  join(list: ByteSpan): void {
    if (areSpansEqual(toList(this.line), list)) return;
    if (this.#others === undefined) {
      this.#others = [list];
      return;
    }
    for (let i = 0; i < this.#others.length && i < LISTS_MAX; i++) {
      if (areSpansEqual(this.#others[i]!, list)) return;
    }
    this.#others.push(list);
    if (this.#others.length <= this.#othersMax) return;
    // Doubling the limit keeps the whole cost proportional to the number of joins.
    const receivers = joinReceivers(this.#others);
    this.#others = [toReceiverList(receivers)];
    this.#othersMax = Math.max(LISTS_MAX, receivers.length);
  }
}

// Looking through more messages of one instant than this is slower than keeping their text.
const SAME_INSTANT_MAX = 16;

/** Exact messages, each content once, found by when they were sent. */
export class ExactStore {
  /** In the order in which they came. */
  readonly messages: ExactMessage[] = [];
  /** The last message of each instant, for instants that came in order: as in most files. */
  readonly #inOrder: ExactMessage[] = [];
  /** The same for the other instants. */
  readonly #outOfOrder = new Map<Micros, ExactMessage>();
  /** For an instant with many messages, as in a hostile file: content → message. */
  readonly #byContent = new Map<Micros, Map<string, ExactMessage>>();

  /** The message with the content of `line`. */
  find(line: ExactLine): ExactMessage | undefined {
    const byContent = this.#byContent.size === 0 ? undefined : this.#byContent.get(line.sentUs);
    if (byContent !== undefined) return byContent.get(contentText(line));
    let message = this.#lastOf(line.sentUs);
    while (message !== undefined && !haveSameContent(message.line, line)) {
      message = message.sameInstant;
    }
    return message;
  }

  #lastOf(sentUs: Micros): ExactMessage | undefined {
    const message = this.#inOrder[this.#placeOf(sentUs)];
    return message?.startUs === sentUs ? message : this.#outOfOrder.get(sentUs);
  }

  /** Where `sentUs` stands among the instants that came in order, or would stand. */
  #placeOf(sentUs: Micros): number {
    let from = 0;
    let to = this.#inOrder.length;
    if (to === 0 || this.#inOrder[to - 1]!.startUs < sentUs) return to;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#inOrder[middle]!.startUs < sentUs) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** Joins a line. Returns its message. */
  join(line: ExactLine): ExactMessage {
    const known = this.find(line);
    if (known !== undefined) {
      known.join(toList(line));
      return known;
    }
    const message = new ExactMessage(line);
    this.insert(message);
    return message;
  }

  /** Adds a message whose content is new. */
  insert(message: ExactMessage): void {
    this.messages.push(message);
    const { sentUs } = message.line;
    const byContent = this.#byContent.get(sentUs);
    if (byContent !== undefined) {
      byContent.set(contentText(message.line), message);
      return;
    }
    message.sameInstant = this.#lastOf(sentUs);
    const place = this.#placeOf(sentUs);
    const isInOrder = place === this.#inOrder.length || this.#inOrder[place]!.startUs === sentUs;
    if (isInOrder) this.#inOrder[place] = message;
    else this.#outOfOrder.set(sentUs, message);
    if (message.sameInstant === undefined) return;
    const messages = sameInstantOf(message);
    if (messages.length <= SAME_INSTANT_MAX) return;
    this.#byContent.set(sentUs, new Map(messages.map((one) => [contentText(one.line), one])));
  }

  /** Joins all of `other`. */
  joinAll(other: ExactStore): void {
    for (const message of other.messages) {
      const known = this.join(message.line);
      for (const one of message.receivers()) known.join(one);
    }
  }

  /** Whether this knows all that `other` knows. */
  includes(other: ExactStore): boolean {
    return other.messages.every((theirs) => {
      const ours = this.find(theirs.line);
      return ours !== undefined && includesReceivers(ours.receivers(), theirs.receivers());
    });
  }
}

function sameInstantOf(message: ExactMessage): ExactMessage[] {
  const messages = [];
  for (let one: ExactMessage | undefined = message; one !== undefined; one = one.sameInstant) {
    messages.push(one);
  }
  return messages;
}

function toList({ text, receiversFrom, receiversTo }: ExactLine): ByteSpan {
  return { text, from: receiversFrom, to: receiversTo };
}
