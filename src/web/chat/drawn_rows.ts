import { h, type JSX } from "preact";
import { MessageRow, type MessageRowProps } from "./message/message_row.ts";
import type { RowPlace } from "./row_layout.ts";

/** What of a row decides how it looks, and how tall it is. */
type Looks = Pick<MessageRowProps, "message" | "mark" | "receiverCount" | "startsDay">;

interface Drawn {
  readonly props: MessageRowProps;
  readonly element: JSX.Element;
}

/**
 * The rows that stand in the document. A row that looks as before is the same element as before, so that drawing
 * the list anew costs nothing for it, and its height need not be asked for again.
 */
export class DrawnRows {
  #rows = new Map<string, Drawn>();
  #next = new Map<string, Drawn>();
  #measured = new Set<string>();

  /** Draws the message at a place, counted within all messages of its minute. */
  draw(place: RowPlace, props: MessageRowProps): JSX.Element {
    const name = nameOf(place);
    const before = this.#rows.get(name);
    if (before === undefined || !looksSame(before.props, props)) this.#measured.delete(name);
    const drawn = before !== undefined && isSame(before.props, props)
      ? before
      : { props, element: h(MessageRow, { key: name, ...props }) };
    this.#next.set(name, drawn);
    return drawn.element;
  }

  /** Ends drawing: rows that were not drawn since are forgotten. */
  end(): void {
    for (const name of this.#measured) if (!this.#next.has(name)) this.#measured.delete(name);
    this.#rows = this.#next;
    this.#next = new Map();
  }

  /** Notes that a row is measured. Returns whether it was before, as it looks now. */
  measure(place: RowPlace): boolean {
    const name = nameOf(place);
    if (this.#measured.has(name)) return true;
    this.#measured.add(name);
    return false;
  }

  /** All rows have to be measured again. */
  remeasure(): void {
    this.#measured.clear();
  }
}

function nameOf({ minuteUs, row }: RowPlace): string {
  return `${minuteUs} ${row}`;
}

function looksSame(one: Looks, other: Looks): boolean {
  return one.message === other.message && one.receiverCount === other.receiverCount &&
    one.startsDay === other.startsDay &&
    one.mark?.label === other.mark?.label && one.mark?.atUs === other.mark?.atUs;
}

function isSame(one: MessageRowProps, other: MessageRowProps): boolean {
  return looksSame(one, other) && one.index === other.index && one.total === other.total &&
    one.isTabStop === other.isTabStop && one.isSelected === other.isSelected &&
    one.isLinked === other.isLinked;
}
