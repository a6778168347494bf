import { fromSeconds, type Micros, TIME_END_US } from "../../core/time.ts";

/** A line of a capture: what came, and when it was received if the capture says so. */
export interface CaptureLine {
  readonly line: string;
  /** By the clock of whoever captured it. */
  readonly receivedUs: Micros | undefined;
}

const SECONDS = /^(\d{9,10}(?:\.\d+)?) +/;
const MILLISECONDS = /^(\d{12,13}) +/;
const ISO = /^\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)?\]? +/;

/**
 * Takes the received time off the front of a line, if there is one: seconds or milliseconds since
 * 1970, or a date and time of ISO 8601, in brackets or not, of UTC unless it names its offset.
 */
export function parseCaptureLine(text: string): CaptureLine {
  const line = text.endsWith("\r") ? text.slice(0, -1) : text;
  const first = line.charCodeAt(0);
  // Lines of IRC as servers send them begin with @ or a colon: the usual case, at no cost.
  if (first === 0x40 || first === 0x3a) return { line, receivedUs: undefined };
  for (const [pattern, toUs] of FORMATS) {
    const match = pattern.exec(line);
    if (match === null) continue;
    const receivedUs = toUs(match);
    if (!(receivedUs >= 0 && receivedUs < TIME_END_US)) continue;
    return { line: line.slice(match[0].length), receivedUs };
  }
  return { line, receivedUs: undefined };
}

const FORMATS: readonly [RegExp, (match: RegExpExecArray) => Micros][] = [
  [SECONDS, (match) => fromSeconds(Number(match[1]))],
  [MILLISECONDS, (match) => Number(match[1]) * 1000],
  [
    ISO,
    ([, date, time, offset = "Z"]) => Math.round(Date.parse(`${date}T${time}${offset}`) * 1000),
  ],
];
