import type { Random } from "../../ports/random.ts";
import { chance, intBelow, pick, pickWeighted } from "../chance/seeded_random.ts";

/** The text of a message. */
export interface Utterance {
  /** As on the wire: `/me` is an ACTION in U+0001, trailing blanks are kept. */
  readonly text: string;
  /** The tag: which emotes are where, counted in code points. */
  readonly emotes: string;
}

/** Twitch refuses longer messages. Documented. */
const LENGTH_MAX = 500;

const EMOTES = new Map([["Kappa", "25"], ["LUL", "425618"], ["HeyGuys", "30259"], [":)", "1"]]);
const EMOTE_NAMES = [...EMOTES.keys()];

const WORDS =
  "the a is this what how why not just play game so good bad lol no way he she chat stream run win lost clip mods please again today wait look at that boss level speed glitch insane first last never back from to in of and but if then you we they"
    .split(" ");

const EMOJI = ["😂", "❤️", "👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪", "💀", "🫡"];

const STRANGE = [
  ": starts with a colon",
  " two  blanks   inside ",
  "semi;colons; and \\backslashes\\ and = signs",
  "\\s\\:\\r\\n is not an escape here",
  "@everyone #hash ~tilde `tick` {brace} |pipe| <tag> &amp; \"quoted\" 'single'",
  "tab\there",
  "\u200bzero\u200dwidth\ufeff",
  "bell\u0007 and delete\u007f and next line\u0085",
  "line\u2028separator and paragraph\u2029separator",
  "👏".repeat(120),
  "__proto__ constructor toString",
  "null undefined NaN 0 -0 1e5",
  "PRIVMSG #other :not a command",
];

const FOREIGN = [
  "これはすごい！もう一回お願いします",
  "진짜 대박 ㅋㅋㅋㅋㅋㅋ",
  "这也太厉害了吧",
  "это просто невероятно",
  "هذا رائع جدا! كيف فعلت ذلك؟",
  "זה ממש טוב \u202eהפוך\u202c ועוד",
  "ไปต่อเลย 555",
  "ação não é façanha, né?",
];

const KINDS = {
  sentence: 60,
  emotes: 14,
  spam: 6,
  emoji: 6,
  foreign: 5,
  short: 5,
  mention: 4,
  strange: 3,
  zalgo: 1,
};

/** Makes a text. `names` are people whom it may mention. */
export function utterance(random: Random, names: readonly string[]): Utterance {
  const words = wordsOf(random, names);
  const plain = words.length > LENGTH_MAX ? [...words].slice(0, LENGTH_MAX).join("") : words;
  const emotes = emotesIn(plain);
  if (chance(random, 0.02)) return { text: `\u0001ACTION ${plain}\u0001`, emotes };
  // Clients add these to send the same text twice.
  if (chance(random, 0.02)) return { text: `${plain} \u{E0000}`, emotes };
  return chance(random, 0.01) ? { text: `${plain}  `, emotes } : { text: plain, emotes };
}

function wordsOf(random: Random, names: readonly string[]): string {
  switch (pickWeighted(random, KINDS)) {
    case "sentence":
      return sentence(random);
    case "emotes":
      return repeat(() => pick(random, EMOTE_NAMES), 1 + intBelow(random, 6));
    case "spam":
      return repeat(() => "WHERE IS THE CLIP Kappa", 1 + intBelow(random, 22));
    case "emoji":
      return `${sentence(random)} ${repeat(() => pick(random, EMOJI), 1 + intBelow(random, 5))}`;
    case "foreign":
      return pick(random, FOREIGN);
    case "short":
      return pick(random, ["?", "W", "L", "o7", "+1", "gg", "."]);
    case "mention":
      return `@${pick(random, names)} ${sentence(random)}`;
    case "strange":
      return pick(random, STRANGE);
    case "zalgo":
      return zalgo(random, sentence(random));
  }
}

function sentence(random: Random): string {
  return repeat(() => pick(random, WORDS), 1 + intBelow(random, 14));
}

function repeat(word: () => string, count: number): string {
  return Array.from({ length: count }, word).join(" ");
}

function zalgo(random: Random, text: string): string {
  const mark = (): string => String.fromCharCode(0x300 + intBelow(random, 0x70));
  return [...text].map((letter) => letter + Array.from({ length: 4 }, mark).join("")).join("");
}

function emotesIn(text: string): string {
  if (!EMOTE_NAMES.some((name) => text.includes(name))) return "";
  const places = new Map<string, string[]>();
  let at = 0;
  for (const word of text.split(" ")) {
    const length = [...word].length;
    const id = EMOTES.get(word);
    if (id !== undefined) {
      const list = places.get(id) ?? [];
      list.push(`${at}-${at + length - 1}`);
      places.set(id, list);
    }
    at += length + 1;
  }
  return [...places].map(([id, list]) => `${id}:${list.join(",")}`).join("/");
}
