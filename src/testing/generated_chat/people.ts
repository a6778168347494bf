import type { Random } from "../../ports/random.ts";
import { chance, intBelow, pick } from "../chance/seeded_random.ts";

/** A user who chats. */
export interface Person {
  /** In lower case. */
  readonly login: string;
  /** The login in other letters, or a name in another script. */
  readonly displayName: string;
  /** Twitch's number for them. */
  readonly userId: string;
  /** `#RRGGBB`, or empty. */
  readonly color: string;
  /** As in the tag: `moderator/1,subscriber/12`. */
  readonly badges: string;
  /** As in the tag: `subscriber/14`. */
  readonly badgeInfo: string;
  /** Whether they moderate the channel. */
  readonly isMod: boolean;
  /** Whether they have subscribed to it. */
  readonly isSubscriber: boolean;
}

const BEGINNINGS = "dark salty tiny mega lazy angry cozy pixel turbo neo lost glitch frosty".split(
  " ",
);
const ENDINGS = "otter wizard toast panda sniper goblin noodle raven cactus yeti beacon".split(" ");
const FOREIGN_NAMES = ["はるか", "김치볶음밥", "小狐狸", "Ёжик", "مشاهد", "ヨッシー_"];
const COLORS = ["", "#FF0000", "#8A2BE2", "#1E90FF", "#00FF7F", "#DAA520", "#FF69B4"];

/** People with different logins, the channel's owner first. */
export function makeViewers(
  random: Random,
  { size, channel }: { readonly size: number; readonly channel: string },
): Person[] {
  const people: Person[] = [person(random, { login: channel, role: "broadcaster" })];
  for (let i = 1; i < size; i++) {
    const login = `${pick(random, BEGINNINGS)}${pick(random, ENDINGS)}${i}`;
    const role = i <= 4 ? "moderator" : undefined;
    people.push(person(random, role === undefined ? { login } : { login, role }));
  }
  return people;
}

function person(
  random: Random,
  { login, role }: { readonly login: string; readonly role?: "broadcaster" | "moderator" },
): Person {
  const isSubscriber = chance(random, 0.35);
  const months = 1 + intBelow(random, 60);
  const badges = [
    ...(role === undefined ? [] : [`${role}/1`]),
    ...(isSubscriber ? [`subscriber/${months - months % 3}`] : []),
    ...(chance(random, 0.3) ? ["premium/1"] : []),
  ];
  return {
    login,
    displayName: displayNameOf(random, login),
    userId: String(20_000_000 + intBelow(random, 900_000_000)),
    color: pick(random, COLORS),
    badges: badges.join(","),
    badgeInfo: isSubscriber ? `subscriber/${months}` : "",
    isMod: role === "moderator",
    isSubscriber,
  };
}

function displayNameOf(random: Random, login: string): string {
  if (chance(random, 0.05)) return pick(random, FOREIGN_NAMES);
  if (chance(random, 0.01)) return `${login}\\s`; // Seen on the wire: a blank at the end.
  return chance(random, 0.5) ? login : login[0]!.toUpperCase() + login.slice(1);
}

/** A random one of `people`: a few say most. */
export function talker(random: Random, people: readonly Person[]): Person {
  return people[Math.floor(random.next() ** 3 * people.length)]!;
}
