import { type Micros, MILLISECOND_US, SECOND_US } from "../../core/time.ts";
import { type ChatEventKind, ChatEvents } from "./chat_events.ts";
import { MembershipTraffic } from "./membership_traffic.ts";
import { makeViewers } from "./people.ts";
import { chance, exponential, pickWeighted, type SeededRandom } from "../chance/seeded_random.ts";
import type { ChannelChat, ChatSource, TimedLine } from "./chat_source.ts";

/** Which events happen in a channel, and how often. */
export interface ChatOptions {
  /** Lines a second, on average. @default 2 */
  readonly ratePerSecond?: number;
  /** The weight of each kind; a missing kind has its default. */
  readonly mix?: { readonly [kind in ChatEventKind | "MEMBERSHIP"]?: number };
  /** How many people there are. @default 300 */
  readonly peopleCount?: number;
  /** How likely a line arrives after the next one. @default 0.17 */
  readonly inversionChance?: number;
}

/** Where and when a channel's chat begins. */
export interface ChatStart {
  /** The channel's number. */
  readonly roomId: string;
  /** When it begins. */
  readonly startUs: Micros;
  /** The source of random numbers. */
  readonly random: SeededRandom;
}

const MIX = {
  PRIVMSG: 870,
  USERNOTICE: 15,
  CLEARCHAT: 12,
  CLEARMSG: 3,
  NOTICE: 3,
  ROOMSTATE: 4,
  HOSTTARGET: 2,
  USERSTATE: 2,
  MEMBERSHIP: 80,
};

/** Generates a channel's chat. The same start and options give the same bytes. */
export function generatedChat(channel: string, options: ChatOptions & ChatStart): ChannelChat {
  const { random, roomId, startUs, ratePerSecond = 2, peopleCount = 300 } = options;
  const { MEMBERSHIP: membershipWeight, ...mix } = { ...MIX, ...options.mix };
  const mixWeight = Object.values(mix).reduce((sum, weight) => sum + weight, 0);
  const total = mixWeight + membershipWeight;
  const people = makeViewers(random.fork("people"), { size: peopleCount, channel });
  const membership = new MembershipTraffic({
    channel,
    startUs,
    ratePerSecond: ratePerSecond * membershipWeight / total,
    people,
    random: random.fork("membership"),
  });
  const events = new ChatEvents({ channel, roomId, people, random: random.fork("lines") });
  const talk = new Talk(events, {
    channel,
    startUs,
    ratePerSecond: ratePerSecond * mixWeight / total,
    mix,
    inversionChance: options.inversionChance ?? 0.17,
    random: random.fork("talk"),
  });
  return {
    sources: [talk, membership],
    settings: () => events.settings(),
    chatters: () => membership.chatters(),
  };
}

// One second in twenty is a burst, with three times as many lines as the rest.
const BURST_FACTOR = 3;
const BURST_SECONDS = 1;
const QUIET_SECONDS = 18;
const CALM_SHARE = (QUIET_SECONDS + BURST_SECONDS) /
  (QUIET_SECONDS + BURST_SECONDS * BURST_FACTOR);

// A capture of 5,000 lines: 14 % adjacent inversions, by 37 ms on average, the worst by 403 ms.
const INVERSION_MEAN_US = 37 * MILLISECOND_US;
const LATE_MAX_US = 400 * MILLISECOND_US;

interface TalkOptions {
  readonly channel: string;
  readonly startUs: Micros;
  readonly ratePerSecond: number;
  readonly mix: { readonly [kind in ChatEventKind]: number };
  readonly inversionChance: number;
  readonly random: SeededRandom;
}

/** All events but JOINs and PARTs, in bursts, and not always in order. */
class Talk implements ChatSource {
  readonly #events: ChatEvents;
  readonly #options: TalkOptions;
  readonly #random: SeededRandom;
  // An event with `tmi-sent-ts` waits for the next whole millisecond; the time that
  // decides the rate does not.
  #passedUs: Micros;
  #lastUs: Micros = 0;
  #phaseEndUs: Micros;
  #isBurst = true;
  #upcoming: TimedLine | undefined;

  constructor(events: ChatEvents, options: TalkOptions) {
    this.#events = events;
    this.#options = options;
    this.#random = options.random;
    this.#passedUs = options.startUs;
    this.#phaseEndUs = options.startUs;
  }

  next(): TimedLine | undefined {
    if (!(this.#options.ratePerSecond > 0)) return undefined;
    const line = this.#upcoming ?? this.#make();
    this.#upcoming = this.#make();
    if (!chance(this.#random, this.#options.inversionChance)) return line;
    // It comes after the next one, which makes an inversion at any rate.
    const lateUs = Math.ceil(exponential(this.#random, INVERSION_MEAN_US));
    const arrivalUs = this.#upcoming.timeUs + lateUs;
    return arrivalUs - line.timeUs > LATE_MAX_US ? line : { ...line, arrivalUs };
  }

  #make(): TimedLine {
    const { channel, mix } = this.#options;
    const waiting = this.#events.followUp();
    if (waiting === undefined) this.#passTime();
    const kind = waiting ?? pickWeighted(this.#random, mix);
    const atUs = Math.max(this.#passedUs, this.#lastUs);
    const { line, timeUs } = this.#events.make(kind, atUs);
    this.#lastUs = timeUs;
    return { timeUs, arrivalUs: timeUs, channel, line };
  }

  #passTime(): void {
    while (this.#passedUs >= this.#phaseEndUs) {
      this.#isBurst = !this.#isBurst;
      const meanSeconds = this.#isBurst ? BURST_SECONDS : QUIET_SECONDS;
      this.#phaseEndUs += Math.ceil(exponential(this.#random, meanSeconds * SECOND_US));
    }
    const factor = CALM_SHARE * (this.#isBurst ? BURST_FACTOR : 1);
    const meanUs = SECOND_US / (this.#options.ratePerSecond * factor);
    this.#passedUs += Math.ceil(exponential(this.#random, meanUs));
  }
}
