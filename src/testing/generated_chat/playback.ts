import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import type { ChatSource, TimedLine } from "./chat_source.ts";
import { factsOfServerLine } from "../twitch_lines/client_line.ts";

/** How {@link playback} plays. */
export interface PlaybackOptions {
  /** When the first line happens. */
  readonly startUs: Micros;
  /** How many times as fast as it was. @default 1 */
  readonly speed?: number;
  /** How often all lines are played; `Infinity` for ever. @default 1 */
  readonly passes?: number;
}

/** A source of recorded lines, and their counts. */
export interface Playback extends ChatSource {
  /** How many lines can be played, in one pass. */
  readonly lineCount: number;
  /** How many were left out: no line of IRC, not about a channel, or no event of one. */
  readonly skippedCount: number;
  /** The channels it plays in. */
  readonly channels: readonly string[];
}

// A channel's own events. Other lines of a capture (001, 353, PING …) were for the client that captured it.
const PLAYABLE = new Set(
  ("PRIVMSG USERNOTICE CLEARCHAT CLEARMSG NOTICE ROOMSTATE USERSTATE HOSTTARGET JOIN PART")
    .split(" "),
);

/** Twitch delivers out of order by less than this, so a bigger jump is a gap in the recording. */
const BETWEEN_PASSES_MS = 1_000;
const RECENT_MAX = 2_000;

interface Recorded {
  readonly line: string;
  readonly channel: string;
  /** `tmi-sent-ts` less that of the first line, if the line has one. */
  readonly sentMs: number | undefined;
  /** When it arrived, in the same time: the latest `tmi-sent-ts` so far. */
  readonly arrivedMs: number;
}

/**
 * Plays raw lines again. Each `tmi-sent-ts` is moved so that the first is `startUs`; order and gaps
 * stay as they were, divided by `speed`. A line without happens when it arrives. Ids stay in the
 * first pass; later passes get new ones.
 *
 * @throws {RangeError} when no line can be played, or `speed` or `passes` is not above zero.
 */
export function playback(lines: Iterable<string>, options: PlaybackOptions): Playback {
  const { speed = 1, passes = 1 } = options;
  if (!(speed > 0)) throw new RangeError(`Cannot play at speed ${speed}`);
  if (!(passes > 0)) throw new RangeError(`Cannot play ${passes} times`);
  const { recorded, skippedCount } = read(lines);
  if (recorded.length === 0) throw new RangeError("Cannot play: no line is about a channel");
  return new Player(recorded, { startUs: options.startUs, speed, passes, skippedCount });
}

function read(lines: Iterable<string>): { recorded: Recorded[]; skippedCount: number } {
  const recorded: Recorded[] = [];
  let skippedCount = 0;
  let firstMs: number | undefined;
  let arrivedMs = 0;
  for (const raw of lines) {
    // Some captures have the received time before each line.
    const line = raw.replace(/^\d+(?:\.\d+)?\s+/, "").replace(/\r$/, "");
    if (line === "") continue;
    const facts = factsOfServerLine(line);
    if (facts?.channel === undefined || !PLAYABLE.has(facts.command)) {
      skippedCount++;
      continue;
    }
    if (facts.sentMs !== undefined) firstMs ??= facts.sentMs;
    const sentMs = facts.sentMs === undefined ? undefined : facts.sentMs - firstMs!;
    arrivedMs = Math.max(arrivedMs, sentMs ?? 0);
    recorded.push({ line, channel: facts.channel, sentMs, arrivedMs });
  }
  return { recorded, skippedCount };
}

class Player implements Playback {
  readonly lineCount: number;
  readonly skippedCount: number;
  readonly channels: readonly string[];
  readonly #recorded: readonly Recorded[];
  readonly #startMs: number;
  readonly #speed: number;
  readonly #passes: number;
  readonly #recent = new Set<string>();
  #pass = 0;
  #passStartMs = 0;
  #at = 0;

  constructor(
    recorded: readonly Recorded[],
    { startUs, speed, passes, skippedCount }: {
      readonly startUs: Micros;
      readonly speed: number;
      readonly passes: number;
      readonly skippedCount: number;
    },
  ) {
    this.#recorded = recorded;
    this.#startMs = Math.ceil(startUs / MILLISECOND_US);
    this.#speed = speed;
    this.#passes = passes;
    this.lineCount = recorded.length;
    this.skippedCount = skippedCount;
    this.channels = [...new Set(recorded.map(({ channel }) => channel))];
  }

  next(): TimedLine | undefined {
    if (this.#at === this.#recorded.length) this.#rewind();
    if (this.#pass >= this.#passes) return undefined;
    const { line, channel, sentMs, arrivedMs } = this.#recorded[this.#at++]!;
    const arrivalMs = this.#toNow(arrivedMs);
    const text = this.#pass === 0 ? line : withNewIds(line, this.#pass);
    if (sentMs === undefined) {
      const timeUs = arrivalMs * MILLISECOND_US;
      return { timeUs, arrivalUs: timeUs, channel, line: text };
    }
    const moved = this.#moved(text, this.#toNow(sentMs));
    const timeUs = moved.ms * MILLISECOND_US;
    // A line that was sent before others of its time but came after them is delivered when it came.
    const arrivalUs = Math.max(timeUs, arrivalMs * MILLISECOND_US);
    return { timeUs, arrivalUs, channel, line: moved.line };
  }

  #toNow(ms: number): number {
    return this.#startMs + this.#passStartMs + Math.round(ms / this.#speed);
  }

  /** The line with its new time: a millisecond later if it would equal another one otherwise. */
  #moved(line: string, ms: number): { line: string; ms: number } {
    for (;;) {
      const moved = line.replace(/((?:^@|;)tmi-sent-ts=)\d+/, `$1${ms}`);
      if (!this.#recent.has(moved)) {
        this.#recent.add(moved);
        if (this.#recent.size > RECENT_MAX) this.#recent.delete(first(this.#recent));
        return { line: moved, ms };
      }
      ms++;
    }
  }

  #rewind(): void {
    this.#at = 0;
    this.#pass++;
    const lastMs = this.#recorded.at(-1)!.arrivedMs;
    this.#passStartMs += Math.round(lastMs / this.#speed) + BETWEEN_PASSES_MS;
  }
}

function first<T>(set: ReadonlySet<T>): T {
  return set.values().next().value!;
}

/** Other ids for the same line, in all tags that name one, so that replies still fit. */
function withNewIds(line: string, pass: number): string {
  return line.replace(
    /((?:^@|;)(?:id|[a-z-]+-id)=)([0-9a-f]{8})(-[0-9a-f]{4}-)/g,
    (_all, tag: string, digits: string, rest: string) => {
      const changed = (Number.parseInt(digits, 16) ^ Math.imul(pass, 0x9e3779b1)) >>> 0;
      return `${tag}${changed.toString(16).padStart(8, "0")}${rest}`;
    },
  );
}
