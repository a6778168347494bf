import { type Micros, MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import { type SeededRandom, seededRandom } from "../../../src/testing/chance/seeded_random.ts";

/** When the chat begins: a full hour, and a month. */
export const YEAR_BEGIN_US: Micros = 1_735_689_600 * SECOND_US; // 2025-01-01

/** The channel, and its room. */
export const YEAR_CHANNEL = "forsen";

/** Messages in a minute, on average: 20 million in a year. */
export const MESSAGES_PER_MINUTE = 20_000_000 / 525_600;

const VOCABULARY = 200_000;
const REGULARS = 60_000;
const STREAM_HOURS = 8;
const ENCODER = new TextEncoder();

/**
 * The chat of one busy channel by seed, minute by minute, as lines of settled batches. Eight hours a day are
 * a stream with most of the messages. Users and words are spread as in real chat: few do most (Zipf), and one in twelve
 * messages is of a user who is seen for the first time or hardly ever; one word in fifty is new or a misprint.
 */
export class ChatYear {
  readonly #random: SeededRandom;
  readonly #syllables = "ka po ri lu me to sa ni xe do gu fi ba ro wi ya".split(" ");
  readonly #perMinute: number;
  #count = 0;

  /**
   * Chat by `seed`.
   *
   * @param perMinute Messages in a minute, on average. @default {@link MESSAGES_PER_MINUTE}
   */
  constructor(seed: string, perMinute = MESSAGES_PER_MINUTE) {
    this.#random = seededRandom(seed);
    this.#perMinute = perMinute;
  }

  /** How many messages were made. */
  get count(): number {
    return this.#count;
  }

  /** The login of the user of this rank; 0 speaks most. */
  static login(rank: number): string {
    return `${"abcdefghijklmnop"[rank % 16]}user_${rank.toString(36)}`;
  }

  /** The id of the user of this rank. */
  static id(rank: number): string {
    return `${10_000_000 + rank * 977 % 880_000_000}`;
  }

  /**
   * The lines of the minute that starts at `minuteUs`, in order. Minutes have to be asked for in order.
   *
   * @param word One that the last message says beside its own.
   */
  minute(minuteUs: Micros, word?: string): Uint8Array {
    const hour = Math.floor(minuteUs / (60 * MINUTE_US)) % 24;
    // Two thirds of the messages are written while the stream is on.
    const isLive = hour >= 14 && hour < 14 + STREAM_HOURS;
    const rate = this.#perMinute * (isLive ? 2 : 0.5);
    const count = Math.max(1, Math.round(rate * (0.6 + 0.8 * this.#random.next())));
    const times = Array.from({ length: count }, () => Math.floor(this.#random.next() * 60_000));
    times.sort((a, b) => a - b);
    const lines = times.map((ms, i) =>
      this.#line(minuteUs / 1_000 + ms, i === times.length - 1 ? word : undefined)
    );
    return ENCODER.encode(lines.sort(byTime).join(""));
  }

  #line(sentMs: number, word?: string): string {
    this.#count++;
    const rank = this.#userRank();
    const [login, id] = [ChatYear.login(rank), ChatYear.id(rank)];
    const seconds = `${sentMs / 1_000}`.includes(".") ? `${sentMs / 1_000}` : `${sentMs / 1_000}.0`;
    const received = (sentMs + 120 + Math.floor(this.#random.next() * 90)) / 1_000;
    const receivedText = Number.isInteger(received) ? `${received}.0` : `${received}`;
    const months = 1 + rank % 60;
    const prefix = `"host":"${login}.tmi.twitch.tv","params":["#${YEAR_CHANNEL}"`;
    if (word === undefined && this.#random.next() < 0.004) {
      return `{"command":"CLEARCHAT","host":"tmi.twitch.tv","params":["#${YEAR_CHANNEL}","${login}"],` +
        `"receivers":{"alpha.AbCdE.0":${receivedText}},"sender":"tmi.twitch.tv","tags":{"ban-duration":"600",` +
        `"room-id":"22484632","target-user-id":"${id}","tmi-sent-ts":"${sentMs}"},` +
        `"time":${seconds},"time_range":0.0,"user":null}\n`;
    }
    return `{"command":"PRIVMSG",${prefix},"${this.#text()}${
      word === undefined ? "" : ` ${word}`
    }"],` +
      `"receivers":{"alpha.AbCdE.0":${receivedText}},"sender":"${login}","tags":{` +
      `"badge-info":"${rank % 3 === 0 ? `subscriber/${months}` : ""}",` +
      `"badges":"${rank % 3 === 0 ? `subscriber/${months - months % 6}` : ""}","client-nonce":"${
        this.#hex(32)
      }",` +
      `"color":"#${(rank * 7919 % 0xffffff).toString(16).toUpperCase().padStart(6, "0")}",` +
      `"display-name":"${login}","emotes":"","first-msg":"0","flags":"","id":"${this.#uuid()}","mod":"0",` +
      `"returning-chatter":"0","room-id":"22484632","subscriber":"${rank % 3 === 0 ? 1 : 0}",` +
      `"tmi-sent-ts":"${sentMs}","turbo":"0","user-id":"${id}","user-type":""},` +
      `"time":${seconds},"time_range":0.0,"user":"${login}"}\n`;
  }

  #userRank(): number {
    if (this.#random.next() < 1 / 12) {
      return REGULARS + Math.floor(this.#random.next() * (20_000 + this.#count / 12));
    }
    return zipf(this.#random.next(), REGULARS);
  }

  #text(): string {
    const length = 1 + Math.floor(-3.5 * Math.log(1 - this.#random.next() * 0.99));
    return Array.from({ length }, () => this.#word()).join(" ");
  }

  #word(): string {
    if (this.#random.next() < 0.02) {
      return this.#hex(8).replace(/\d/g, (digit) => "ghijklmnop"[Number(digit)]!);
    }
    return this.word(zipf(this.#random.next(), VOCABULARY));
  }

  /** The word of this rank; 0 is said most. */
  word(rank: number): string {
    let word = "";
    for (let rest = rank; word === "" || rest > 0; rest = Math.floor(rest / 16)) {
      word += this.#syllables[rest % 16];
    }
    return word;
  }

  #hex(length: number): string {
    let text = "";
    while (text.length < length) {
      text += Math.floor(this.#random.next() * 2 ** 32).toString(16).padStart(8, "0");
    }
    return text.slice(0, length);
  }

  #uuid(): string {
    const text = this.#hex(32);
    return [0, 8, 12, 16, 20].map((from, i) => text.slice(from, [8, 12, 16, 20, 32][i])).join("-");
  }
}

/** A rank below `count`, where the n-th is drawn about 1/n as often as the first. */
function zipf(chance: number, count: number): number {
  return Math.min(count - 1, Math.floor(count ** chance) - 1 + Math.floor(chance * 0.999));
}

/** Lines of a batch are ordered by time, then by text. */
function byTime(left: string, right: string): number {
  const timeOf = (line: string) => Number(/"time":([\d.]+)/.exec(line)![1]);
  return timeOf(left) - timeOf(right) || (left < right ? -1 : 1);
}
