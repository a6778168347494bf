import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import {
  clearchatLine,
  clearmsgLine,
  hosttargetLine,
  type LinePlace,
  noticeLine,
  privmsgLine,
  randomId,
  type SaidMessage,
  usernoticeLine,
  userstateLine,
} from "./lines.ts";
import { type Person, talker } from "./people.ts";
import { utterance } from "./text.ts";
import { subscription } from "./usernotices.ts";
import { chance, intBelow, pick, type SeededRandom } from "../chance/seeded_random.ts";
import { type RoomState, roomStateLine } from "../twitch_lines/server_lines.ts";

/** What can happen in a channel, other than people coming and going. */
export type ChatEventKind =
  | "PRIVMSG"
  | "USERNOTICE"
  | "CLEARCHAT"
  | "CLEARMSG"
  | "NOTICE"
  | "ROOMSTATE"
  | "HOSTTARGET"
  | "USERSTATE";

/** The channel and its people. */
export interface ChatEventsOptions {
  /** Without `#`. */
  readonly channel: string;
  /** The channel's number. */
  readonly roomId: string;
  /** The channel's owner first. */
  readonly people: readonly Person[];
  /** Where chance comes from. */
  readonly random: SeededRandom;
}

/** A line and when it happens: a whole number of milliseconds if it carries `tmi-sent-ts`. */
export interface ChatEvent {
  /** Without CR LF. */
  readonly line: string;
  /** Never before the requested time. */
  readonly timeUs: Micros;
}

const RECENT_MAX = 50;

/** The settings that are switched: the values they take (the first is off), their names in NOTICEs. */
const SWITCHES = [
  { setting: "emote-only", values: [0, 1], kind: "emote_only", mode: "emote-only" },
  { setting: "subs-only", values: [0, 1], kind: "subs", mode: "subscribers-only" },
  { setting: "slow", values: [0, 5, 30], kind: "slow", mode: "slow" },
  { setting: "r9k", values: [0, 1], kind: "r9k", mode: "unique-chat" },
  { setting: "followers-only", values: [-1, 0, 10], kind: "followers", mode: "followers-only" },
] as const;

const NOTICES = [
  { kind: "host_on", text: "Now hosting tinyotter7." },
  { kind: "host_off", text: "Exited host mode." },
  { kind: "no_mods", text: "There are no moderators of this channel." },
  { kind: "unraid_success", text: "The raid has been canceled." },
];

/** Generates the events of one channel, one at a time. Remembers messages and settings. */
export class ChatEvents {
  readonly #options: ChatEventsOptions;
  readonly #random: SeededRandom;
  readonly #recent: SaidMessage[] = [];
  readonly #settings: RoomState = {
    "emote-only": 0,
    "followers-only": -1,
    "r9k": 0,
    "slow": 0,
    "subs-only": 0,
  };
  #pendingNotice: { readonly kind: string; readonly text: string } | undefined;
  #lastClearUs: Micros = 0;

  /** A channel without events so far. */
  constructor(options: ChatEventsOptions) {
    this.#options = options;
    this.#random = options.random;
  }

  /** The room's settings now. */
  settings(): RoomState {
    return { ...this.#settings };
  }

  /** The kind of event that must follow the last one, if any. */
  followUp(): ChatEventKind | undefined {
    return this.#pendingNotice === undefined ? undefined : "NOTICE";
  }

  /** Makes an event at `atUs` or a little later. */
  make(kind: ChatEventKind, atUs: Micros): ChatEvent {
    switch (kind) {
      case "PRIVMSG":
        return this.#exact(atUs, (place) => this.#say(place));
      case "USERNOTICE":
        return this.#exact(atUs, (place) => this.#celebrate(place));
      case "CLEARCHAT":
        return this.#clear(atUs, (place) => this.#ban(place));
      case "CLEARMSG":
        return this.#clear(atUs, (place) => clearmsgLine(place, this.#someMessage()));
      case "NOTICE":
        return { line: this.#notice(), timeUs: atUs };
      case "ROOMSTATE":
        return { line: this.#switch(), timeUs: atUs };
      case "HOSTTARGET":
        return { line: this.#host(), timeUs: atUs };
      case "USERSTATE":
        return { line: userstateLine(this.#options.channel, this.#someone()), timeUs: atUs };
    }
  }

  #exact(atUs: Micros, makeLine: (place: LinePlace) => string): ChatEvent {
    const { channel, roomId } = this.#options;
    const timeUs = Math.ceil(atUs / MILLISECOND_US) * MILLISECOND_US;
    return { line: makeLine({ channel, roomId, timeUs }), timeUs };
  }

  /** Equal lines with equal times would be one event, so clears are a millisecond apart. */
  #clear(atUs: Micros, makeLine: (place: LinePlace) => string): ChatEvent {
    const event = this.#exact(Math.max(atUs, this.#lastClearUs + MILLISECOND_US), makeLine);
    this.#lastClearUs = event.timeUs;
    return event;
  }

  #say(place: LinePlace): string {
    const random = this.#random;
    const said = this.#someWords();
    const isReply = this.#recent.length > 0 && chance(random, 0.04);
    const parent = isReply ? { parent: pick(random, this.#recent) } : {};
    this.#remember(said);
    return privmsgLine(said, { place, random, ...parent });
  }

  #celebrate(place: LinePlace): string {
    const random = this.#random;
    const person = this.#someone();
    const { mayHaveText, ...what } = subscription(random, { person, other: this.#someone() });
    const said = mayHaveText && chance(random, 0.6) ? { said: this.#someWords() } : {};
    return usernoticeLine(person, { place, id: randomId(random), ...what, ...said });
  }

  #ban(place: LinePlace): string {
    const random = this.#random;
    if (chance(random, 0.03)) return clearchatLine(place);
    const target = this.#someMessage().person;
    if (chance(random, 0.3)) return clearchatLine(place, { target });
    return clearchatLine(place, { target, seconds: pick(random, [1, 10, 30, 600, 1_209_600]) });
  }

  #notice(): string {
    const notice = this.#pendingNotice ?? pick(this.#random, NOTICES);
    this.#pendingNotice = undefined;
    return noticeLine(this.#options.channel, notice);
  }

  /** Twitch tells the new setting, then says it in words. */
  #switch(): string {
    const { channel, roomId } = this.#options;
    const { setting, values, kind, mode } = pick(this.#random, SWITCHES);
    const value = pick(this.#random, values.filter((other) => other !== this.#settings[setting]));
    this.#settings[setting] = value;
    const isOff = value === values[0];
    this.#pendingNotice = {
      kind: `${kind}_${isOff ? "off" : "on"}`,
      text: `This room is ${isOff ? "no longer" : "now"} in ${mode} mode.`,
    };
    return roomStateLine(channel, { roomId, settings: { [setting]: value } });
  }

  #host(): string {
    const isOver = chance(this.#random, 0.5);
    const target = isOver ? "-" : this.#someone().login;
    const viewers = isOver ? 0 : intBelow(this.#random, 3);
    return hosttargetLine(this.#options.channel, { target, viewers });
  }

  #someone(): Person {
    return talker(this.#random, this.#options.people);
  }

  #someWords(): SaidMessage {
    const person = this.#someone();
    const names = [this.#options.channel, this.#someone().login];
    return { person, id: randomId(this.#random), ...utterance(this.#random, names) };
  }

  /** A message that was said of late, or one from before the first receiver listened. */
  #someMessage(): SaidMessage {
    return this.#recent.length > 0 ? pick(this.#random, this.#recent) : this.#someWords();
  }

  #remember(said: SaidMessage): void {
    this.#recent.push(said);
    if (this.#recent.length > RECENT_MAX) this.#recent.shift();
  }
}
