import { type Micros, MILLISECOND_US } from "../../core/time.ts";
import type { Random } from "../../ports/random.ts";
import type { Person } from "./people.ts";
import type { Utterance } from "./text.ts";
import { chance, intBelow, pick } from "../chance/seeded_random.ts";

/** A message that others may answer or delete. */
export interface SaidMessage extends Utterance {
  /** Its author. */
  readonly person: Person;
  /** Its `id`. */
  readonly id: string;
}

/** Where and when an event happens. */
export interface LinePlace {
  /** Without `#`. */
  readonly channel: string;
  /** The channel's number. */
  readonly roomId: string;
  /** A whole number of milliseconds for lines that carry `tmi-sent-ts`. */
  readonly timeUs: Micros;
}

/** Names and values, escaped. */
export type TagList = readonly (readonly [key: string, value: string])[];

const SERVER = ":tmi.twitch.tv";

/** A tag's value in the form of IRCv3: `;`, space, `\`, CR and LF are escaped. */
function escapeTag(value: string): string {
  return value.replace(/[; \\\r\n]/g, (letter) => ESCAPES.get(letter)!);
}

const ESCAPES = new Map([[";", "\\:"], [" ", "\\s"], ["\\", "\\\\"], ["\r", "\\r"], ["\n", "\\n"]]);

/** An `id` as Twitch makes them: a random UUID of version 4. */
export function randomId(random: Random): string {
  const digits = (count: number): string =>
    intBelow(random, 16 ** count).toString(16).padStart(count, "0");
  const variant = pick(random, VARIANTS);
  return `${digits(8)}-${digits(4)}-4${digits(3)}-${variant}${digits(3)}-${digits(12)}`;
}

const VARIANTS = ["8", "9", "a", "b"];

/** A person sends a message, perhaps in answer to `parent`. */
export function privmsgLine(
  said: SaidMessage,
  { place, random, parent }: {
    readonly place: LinePlace;
    readonly random: Random;
    readonly parent?: SaidMessage;
  },
): string {
  const { person } = said;
  const tags: [string, string][] = [
    ...personTags(person),
    ["emotes", said.emotes],
    ["first-msg", chance(random, 0.01) ? "1" : "0"],
    ["flags", ""],
    ["id", said.id],
    ["returning-chatter", "0"],
    ...sentTags(place),
    ["turbo", "0"],
  ];
  if (parent !== undefined) tags.push(...replyTags(parent));
  if (chance(random, 0.01)) tags.push(...sharedChatTags(random));
  if (chance(random, 0.02)) tags.push(["client-nonce", randomId(random).replaceAll("-", "")]);
  const address = parent === undefined ? "" : `@${parent.person.login} `;
  const { login } = person;
  return `${render(tags)} :${login}!${login}@${login}.tmi.twitch.tv PRIVMSG #${place.channel} :${
    address + said.text
  }`;
}

/** A sub, a raid, an announcement …: `kind` is its `msg-id`, `more` its own tags. */
export function usernoticeLine(
  person: Person,
  { place, id, kind, systemMessage, more, said }: {
    readonly place: LinePlace;
    readonly id: string;
    readonly kind: string;
    readonly systemMessage: string;
    readonly more: TagList;
    readonly said?: Utterance;
  },
): string {
  const tags: TagList = [
    ...personTags(person),
    ["emotes", said?.emotes ?? ""],
    ["flags", ""],
    ["id", id],
    ["login", person.login],
    ["msg-id", kind],
    ...more.map(([key, value]) => [key, escapeTag(value)] as const),
    ...sentTags(place),
    ["system-msg", escapeTag(systemMessage)],
    ["vip", "0"],
  ];
  const text = said === undefined ? "" : ` :${said.text}`;
  return `${render(tags)} ${SERVER} USERNOTICE #${place.channel}${text}`;
}

/** All of chat is cleared; or a user is banned, or timed out for some seconds. */
export function clearchatLine(
  place: LinePlace,
  { target, seconds }: { readonly target?: Person; readonly seconds?: number } = {},
): string {
  const tags: TagList = [
    ...(seconds === undefined ? [] : [["ban-duration", String(seconds)] as const]),
    ["room-id", place.roomId],
    ...(target === undefined ? [] : [["target-user-id", target.userId] as const]),
    ["tmi-sent-ts", sentMs(place)],
  ];
  const who = target === undefined ? "" : ` :${target.login}`;
  return `${render(tags)} ${SERVER} CLEARCHAT #${place.channel}${who}`;
}

/** One message is deleted. */
export function clearmsgLine(place: LinePlace, target: SaidMessage): string {
  const tags: TagList = [
    ["login", target.person.login],
    ["room-id", ""], // Seen on the wire: empty.
    ["target-msg-id", target.id],
    ["tmi-sent-ts", sentMs(place)],
  ];
  return `${render(tags)} ${SERVER} CLEARMSG #${place.channel} :${target.text}`;
}

/** A notice of the server to all. */
export function noticeLine(
  channel: string,
  { kind, text }: { readonly kind: string; readonly text: string },
): string {
  return `@msg-id=${kind} ${SERVER} NOTICE #${channel} :${text}`;
}

/** The channel hosts another for this many viewers, or none any more (`-`). */
export function hosttargetLine(
  channel: string,
  { target, viewers }: { readonly target: string; readonly viewers: number },
): string {
  return `${SERVER} HOSTTARGET #${channel} :${target} ${viewers}`;
}

/** A person's part in the channel. Twitch sends it to that person alone; the simulation to all. */
export function userstateLine(channel: string, person: Person): string {
  const tags = [
    ...personTags(person).filter(([key]) => key !== "user-id"),
    ["emote-sets", "0,300374282"] as const,
  ];
  return `${render(tags)} ${SERVER} USERSTATE #${channel}`;
}

/** A person comes or goes. */
export function membershipLine(
  channel: string,
  { command, login }: { readonly command: "JOIN" | "PART"; readonly login: string },
): string {
  return `:${login}!${login}@${login}.tmi.twitch.tv ${command} #${channel}`;
}

function personTags(person: Person): [string, string][] {
  return [
    ["badge-info", person.badgeInfo],
    ["badges", person.badges],
    ["color", person.color],
    ["display-name", person.displayName],
    ["mod", person.isMod ? "1" : "0"],
    ["subscriber", person.isSubscriber ? "1" : "0"],
    ["user-id", person.userId],
    ["user-type", person.isMod ? "mod" : ""],
  ];
}

function sentTags(place: LinePlace): [string, string][] {
  return [["room-id", place.roomId], ["tmi-sent-ts", sentMs(place)]];
}

function sentMs(place: LinePlace): string {
  return String(place.timeUs / MILLISECOND_US);
}

function replyTags({ person, id, text }: SaidMessage): [string, string][] {
  return [
    ["reply-parent-display-name", person.displayName],
    ["reply-parent-msg-body", escapeTag(text)],
    ["reply-parent-msg-id", id],
    ["reply-parent-user-id", person.userId],
    ["reply-parent-user-login", person.login],
    ["reply-thread-parent-msg-id", id],
    ["reply-thread-parent-user-login", person.login],
  ];
}

function sharedChatTags(random: Random): [string, string][] {
  return [
    ["source-badge-info", ""],
    ["source-badges", "vip/1"],
    ["source-id", randomId(random)],
    ["source-room-id", String(30_000_000 + intBelow(random, 1_000))],
  ];
}

/** Sorted by name, as Twitch does. */
function render(tags: TagList): string {
  const sorted = [...tags].sort(([a], [b]) => a < b ? -1 : 1);
  return `@${sorted.map(([key, value]) => `${key}=${value}`).join(";")}`;
}
