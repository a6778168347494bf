import type { ReadonlySignal } from "@preact/signals";
import type { Message } from "../../../core/batch/message.ts";
import type { Micros } from "../../../core/time.ts";
import { isSameDay } from "../../ui/day.ts";
import type { Zone } from "../../ui/settings.ts";
import type { Marks } from "../message/marks.ts";
import type { MessageRowProps } from "../message/message_row.ts";

/** How much of a text is drawn. Twitch takes 500 letters; a file may have a message of any length. */
const TEXT_MAX = 2_000;

/** How many lines a moment may have on each side of its message. */
export const LINES_MAX = 50;

/** A row of a list, counted from 0 within those of its minute. */
export interface LinePlace {
  readonly minuteUs: Micros;
  readonly row: number;
}

/** The list of a day's chat, as far as a moment asks it. */
export interface LineSource {
  readonly request: { readonly channel: string };
  readonly version: ReadonlySignal<number>;
  readonly layout: {
    readonly count: number;
    at(index: number): LinePlace | undefined;
    indexOf(place: LinePlace): number;
    rowInMinute(place: LinePlace): number;
    rowsByMinute(places: Iterable<LinePlace>): Map<Micros, number[]>;
  };
  readonly messages: {
    get(minuteUs: Micros, row: number): Message | undefined;
    want(minuteUs: Micros, rows: readonly number[]): Promise<void>;
    watch(onArrival: () => void): () => void;
  };
  readonly marks: Pick<Marks, "of">;
  receiverCount(minuteUs: Micros): number;
  approach(side: "start" | "end"): void;
}

/** Which lines of a list make a moment. */
export interface MomentChoice {
  /** The row of the message that it is about. */
  readonly place: LinePlace;
  /** How many rows before it, and after it, as far as there are any. */
  readonly before: number;
  readonly after: number;
}

/** A row of a moment. */
export interface MomentLine {
  readonly place: LinePlace;
  /** As it is; `undefined` until it is here. */
  readonly message: Message | undefined;
  /** Looks as in the list, but is neither marked nor reached by keys, and very long texts are cut. */
  readonly row: MessageRowProps;
}

/** Lines of the list, in its order. */
export interface MomentLines {
  readonly lines: readonly MomentLine[];
  /** Which of them the moment is about. */
  readonly at: number;
}

/** The lines that are chosen, as far as they were read. */
export function momentLines(day: LineSource, choice: MomentChoice, zone: Zone): MomentLines {
  const { layout } = day;
  const index = layout.indexOf(choice.place);
  const from = Math.max(0, index - choice.before);
  const lines: MomentLine[] = [];
  for (let i = from; i <= index + choice.after; i++) {
    const place = layout.at(i);
    if (place === undefined) break;
    const message = day.messages.get(place.minuteUs, layout.rowInMinute(place));
    const beforeUs = lines.at(-1)?.place.minuteUs ?? place.minuteUs;
    const row = {
      index: i,
      total: layout.count,
      message: message && shortened(message),
      mark: message === undefined ? undefined : day.marks.of(message),
      receiverCount: day.receiverCount(place.minuteUs),
      startsDay: !isSameDay(place.minuteUs, beforeUs, zone),
      isTabStop: false,
      isSelected: false,
      isLinked: false,
    };
    lines.push({ place, message, row });
  }
  return { lines, at: index - from };
}

/** Fetches what of the chosen lines is not here, and reads on where the list ends before they do. */
export function fetchMoment(day: LineSource, choice: MomentChoice, { lines }: MomentLines): void {
  const missing = lines.filter(({ message }) => message === undefined).map(({ place }) => place);
  for (const [minuteUs, rows] of day.layout.rowsByMinute(missing)) {
    void day.messages.want(minuteUs, rows);
  }
  const index = day.layout.indexOf(choice.place);
  if (index < choice.before) day.approach("start");
  else if (index + choice.after >= day.layout.count) day.approach("end");
}

/** The messages of lines, once all are here. */
export function messagesOf(lines: readonly MomentLine[]): readonly Message[] | undefined {
  const messages = lines.flatMap(({ message }) => message === undefined ? [] : [message]);
  return messages.length === lines.length ? messages : undefined;
}

/** Whether something of the message is not in its row. */
export function isShortened({ message, row }: MomentLine): boolean {
  return message !== row.message;
}

function shortened(message: Message): Message {
  const { params, tags } = message;
  const texts = [...params, ...Object.values(tags ?? {})];
  if (texts.every(({ length }) => length <= TEXT_MAX)) return message;
  return {
    ...message,
    params: params.map(cut),
    tags: tags && Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, cut(value)])),
  };
}

function cut(text: string): string {
  if (text.length <= TEXT_MAX) return text;
  // Half of a letter cannot be drawn.
  return `${text.slice(0, TEXT_MAX).replace(/[\ud800-\udbff]$/, "")}…`;
}
