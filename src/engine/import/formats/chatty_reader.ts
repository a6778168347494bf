import { type Micros, SECOND_US } from "../../../core/time.ts";
import type { LogOptions } from "./chatterino_reader.ts";
import { type FoundEntry, refused, toFoundMessage } from "./format_reader.ts";
import { LineReader } from "./line_reader.ts";
import { toLogin } from "./parts/json_fields.ts";
import { LocalClock, localTime } from "./parts/local_clock.ts";
import { Ordinals } from "./parts/ordinals.ts";

const HEADER = /^# Log started: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d ([+-]\d\d:?\d\d)/;
const LINE = /^\[(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?: ?([+-]\d\d:?\d\d))?\] (.*)$/s;
// Bounded at every place, so that no line takes long.
const SAID = /^<([~&@!%$+^]{0,12})([^<>]{0,100}?)(?: \(([a-z0-9_]{1,25})\))?>(\*?) (.*)$/s;
const BAN = /(\w{1,25})(?: \((\d+)s\))?(?: \[[^\]]{0,600}\])?(?: \{[^}]{0,100}\})?(?:, |$)/g;

/** Names are collected for this long before they are written. */
const PACKING_US = 2 * SECOND_US;

/**
 * A reader of Chatty's logs: `[date time] <symbols Name> text`, with the offset from UTC in the header.
 * A line's range is the second of its clock; of bans, which are collected, two more before it.
 */
export class ChattyReader extends LineReader {
  readonly #channel: string | undefined;
  readonly #isZoneGiven: boolean;
  #clock: LocalClock | undefined;
  readonly #ordinals = new Ordinals();

  /** See {@link LogOptions}. Without a clock, the file's headers tell the offset. */
  constructor(
    { channel, clock }: Pick<LogOptions, "channel"> & { readonly clock: LocalClock | undefined },
  ) {
    super();
    this.#channel = channel;
    this.#clock = clock;
    this.#isZoneGiven = clock !== undefined;
  }

  protected override *take(line: string): Iterable<FoundEntry> {
    const header = HEADER.exec(line);
    if (header !== null) {
      if (this.#isZoneGiven) this.#clock!.forget();
      else this.#clock = new LocalClock(header[1]!);
      return;
    }
    if (line.startsWith("# ") || line === "-") return;
    const channel = this.#channel;
    if (channel === undefined) return yield refused("no channel: name it with --channel");
    const [, date = "", time = "", offset, said = ""] = LINE.exec(line) ?? [];
    const localUs = localTime(date, time);
    if (localUs === undefined) return yield refused("no time");
    const clock = offset === undefined ? this.#clock : new LocalClock(offset);
    if (clock === undefined) return yield refused("no zone: name it with --zone");
    const startUs = clock.toUtc(localUs);
    if (startUs < PACKING_US) return yield refused("no time");
    yield* this.#tell(said, channel, startUs);
  }

  *#tell(said: string, channel: string, startUs: Micros): Iterable<FoundEntry> {
    const endUs = startUs + SECOND_US - 1;
    const receivedUs = startUs + this.#ordinals.next(startUs, said);
    const message = SAID.exec(said);
    if (message !== null) {
      const [, symbols = "", name = "", named, star, text = ""] = message;
      const login = toLogin(named ?? name);
      if (login === undefined) return yield refused("sentence without a sender", startUs);
      return yield toFoundMessage({
        command: "PRIVMSG",
        channel,
        login,
        text: star === "" ? text : `\u0001ACTION ${text}\u0001`,
        tags: [["badges", badgesOf(symbols)], ["display-name", name]],
        startUs,
        endUs,
        receivedUs,
      });
    }
    if (!said.startsWith("BAN: ")) return yield refused("sentence without a sender", startUs);
    for (const [, login = "", duration] of said.slice(5).matchAll(BAN)) {
      yield toFoundMessage({
        command: "CLEARCHAT",
        channel,
        login: null,
        text: login.toLowerCase(),
        tags: [["ban-duration", duration]],
        startUs: startUs - PACKING_US,
        endUs,
        receivedUs,
      });
    }
  }
}

/** What the symbols in front of a name stand for; their versions are unknown, as is a bot's badge. */
const BADGES: ReadonlyMap<string, string> = new Map([
  ["~", "broadcaster/1"],
  ["&", "staff/1"],
  ["@", "moderator/1"],
  ["!", "vip/1"],
  ["+", "turbo/1"],
]);

function badgesOf(symbols: string): string | undefined {
  const badges = [...symbols].flatMap((symbol) => BADGES.get(symbol) ?? []);
  return badges.length === 0 ? undefined : badges.join(",");
}
