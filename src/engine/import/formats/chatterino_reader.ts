import { DAY_US, type Micros, MINUTE_US, SECOND_US } from "../../../core/time.ts";
import { type FoundEntry, refused, toFoundMessage } from "./format_reader.ts";
import { LineReader } from "./line_reader.ts";
import { toLogin } from "./parts/json_fields.ts";
import { type LocalClock, localTime } from "./parts/local_clock.ts";
import { Ordinals } from "./parts/ordinals.ts";

/** What a reader of logs of clients is told. */
export interface LogOptions {
  /** The channel's login; as a rule the file's name tells it. */
  readonly channel: string | undefined;
  /** Turns the clock of the file into UTC. */
  readonly clock: LocalClock;
  /** The day of the file, as `2026-08-01`; without it, headers tell the day. */
  readonly date?: string | undefined;
}

const HEADER = /^# Start logging at (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/;
const LINE = /^\[(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,3}))?)?(?: ?([AaPp])\.?[Mm]\.?)?\] (.*)$/s;
/** A clock falls back by an hour when daylight saving ends, and by seconds at any time. */
const BACK_MAX_US = 90 * MINUTE_US;

/**
 * A reader of Chatterino's logs: `[hh:mm:ss] login: text`, in a file a day. A line has no date, so the day
 * changes where its clock jumps by half a day. Its range is as wide as its clock is precise.
 */
export class ChatterinoReader extends LineReader {
  readonly #channel: string | undefined;
  readonly #clock: LocalClock;
  #dayUs: Micros | undefined;
  #lastLocalUs: Micros | undefined;
  readonly #ordinals = new Ordinals();

  /** See {@link LogOptions}. */
  constructor({ channel, clock, date }: LogOptions) {
    super();
    this.#channel = channel;
    this.#clock = clock;
    this.#dayUs = date === undefined ? undefined : localTime(date, "00:00:00");
  }

  protected override *take(line: string): Iterable<FoundEntry> {
    const header = HEADER.exec(line);
    if (header !== null) return this.#begin(header[1]!, header[2]!);
    if (line.startsWith("# ")) return;
    const channel = this.#channel;
    if (channel === undefined) return yield refused("no channel: name it with --channel");
    const found = LINE.exec(line);
    const localUs = found === null ? undefined : this.#place(found);
    if (found === null || localUs === undefined) return yield refused("no time");
    const [, , , seconds, fraction] = found;
    const precisionUs = seconds === undefined
      ? MINUTE_US
      : fraction === undefined
      ? SECOND_US
      : SECOND_US / 10 ** fraction.length;
    const startUs = this.#clock.toUtc(localUs);
    if (startUs < 0) return yield refused("no time");
    yield this.#tell(found[6]!, { channel, startUs, endUs: startUs + precisionUs - 1 });
  }

  #begin(date: string, time: string): void {
    const localUs = localTime(date, time);
    if (localUs === undefined) return;
    this.#dayUs ??= localTime(date, "00:00:00");
    this.#lastLocalUs = localUs;
    this.#clock.forget();
  }

  /** The local time of a line: on the first day on which it does not precede the line before by hours. */
  #place([, hour, minute, second = "0", fraction = "", half]: RegExpExecArray): Micros | undefined {
    if (this.#dayUs === undefined) return undefined;
    const isAfternoon = half?.toLowerCase() === "p";
    const hours = half === undefined ? Number(hour) : Number(hour) % 12 + (isAfternoon ? 12 : 0);
    if (hours > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
    const timeUs = (hours * 60 + Number(minute)) * MINUTE_US + Number(second) * SECOND_US +
      Number(fraction.padEnd(6, "0"));
    const last = this.#lastLocalUs ?? this.#dayUs + timeUs;
    const days = Math.ceil((last - BACK_MAX_US - this.#dayUs - timeUs) / DAY_US);
    return this.#lastLocalUs = this.#dayUs + days * DAY_US + timeUs;
  }

  #tell(
    said: string,
    at: { readonly channel: string; readonly startUs: Micros; readonly endUs: Micros },
  ): FoundEntry {
    const receivedUs = at.startUs + this.#ordinals.next(at.startUs, said);
    const told = { ...at, receivedUs };
    const ban = BAN.exec(said);
    if (ban !== null) {
      const [, login, duration] = ban;
      const seconds = duration === undefined ? undefined : `${secondsOf(duration)}`;
      const tags = [["ban-duration", seconds]] as const;
      return toFoundMessage({ ...told, command: "CLEARCHAT", login: null, text: login, tags });
    }
    const deleted = DELETED.exec(said);
    if (deleted !== null) {
      const [, login, text = ""] = deleted;
      const tags = [["login", login]] as const;
      return toFoundMessage({ ...told, command: "CLEARMSG", login: null, text, tags });
    }
    const colon = said.indexOf(": ");
    const words = colon < 0 ? [] : said.slice(0, colon).split(" ");
    const login = toLogin(words.at(-1));
    if (login === undefined) return refused("sentence without a sender", at.startUs);
    const display = words.length > 1 ? words.slice(0, -1).join(" ") : undefined;
    const tags = [["display-name", display]] as const;
    const text = said.slice(colon + 2);
    return toFoundMessage({ ...told, command: "PRIVMSG", login, text, tags });
  }
}

const BAN =
  /^(\w{1,25}) has been (?:permanently banned|timed out for ((?:\d+ ?[wdhms] ?)+))\.?(?: .*)?$/;
const DELETED = /^A message from (\w{1,25}) was deleted: (.*)$/s;

const UNITS: ReadonlyMap<string, number> = new Map([
  ["w", 604_800],
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
]);

function secondsOf(duration: string): number {
  let seconds = 0;
  for (const [, amount, unit] of duration.matchAll(/(\d{1,9}) ?([wdhms])/g)) {
    seconds += Number(amount) * UNITS.get(unit!)!;
  }
  return seconds;
}
