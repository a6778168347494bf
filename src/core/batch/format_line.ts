import {
  compareCodePoints,
  formatFloat,
  formatSeconds,
  formatString,
} from "../json/canonical_json.ts";
import { type MicrosRange, toRangeSeconds } from "../time.ts";
import type { Content } from "./content.ts";

/** A receiver of a message, and when by its own clock. */
export interface LineReceiver {
  /** Its id. */
  readonly receiver: string;
  /** In seconds. */
  readonly receivedS: number;
  /** Its own range, where the line is to name one. */
  readonly ownRange?: MicrosRange | undefined;
}

/** A canonical line, cut at the ends of the parts of its content. It has no line feed. */
export type LinePieces = readonly [
  beforeReceivers: string,
  /** All between the braces of `receivers`. */
  receivers: string,
  beforeTime: string,
  time: string,
  beforeRange: string,
  range: string,
  rest: string,
];

/**
 * The canonical line of a message, in parts.
 *
 * @param receivers each once, in any order
 */
export function linePieces(
  { a, b, c, d }: Content,
  receivers: readonly LineReceiver[],
  range: MicrosRange,
): LinePieces {
  const list = receivers.length === 1 ? formatReceiver(receivers[0]!) : [...receivers]
    .sort((left, right) => compareCodePoints(left.receiver, right.receiver))
    .map(formatReceiver).join(",");
  return [`${a}{`, list, `}${b}`, formatSeconds(range.startUs), c, formatLength(range), d];
}

/** The canonical line of a message, without line feed: {@link linePieces} as one text. */
export function formatLine(...line: Parameters<typeof linePieces>): string {
  return linePieces(...line).join("");
}

function formatReceiver({ receiver, receivedS, ownRange }: LineReceiver): string {
  const received = formatFloat(receivedS);
  if (ownRange === undefined) return `${formatString(receiver)}:${received}`;
  const time = formatSeconds(ownRange.startUs);
  const value = `{"received":${received},"time":${time},"time_range":${formatLength(ownRange)}}`;
  return `${formatString(receiver)}:${value}`;
}

/** Writes the length of a range as a float, in seconds. */
export function formatLength(range: MicrosRange): string {
  return range.startUs === range.endUs ? "0.0" : formatFloat(toRangeSeconds(range));
}
