import {
  chance,
  intBelow,
  pick,
  type SeededRandom,
} from "../../src/testing/chance/seeded_random.ts";

/** Pieces that parsers trip over. */
const PIECES = [
  ...' :;=!@#\\"{}[],\r\n\0\u007f\u0085\u2028',
  "  ",
  ";;",
  "\\",
  "\\s\\",
  "\\ud800",
  "\\u0041",
  "\ud83d", // Half of a pair.
  "\ud83d\ude00",
  "\ufffd",
  "\ufeff",
  "__proto__",
  "constructor",
  '"__proto__":',
  '"time":',
  '"time_range":60.5,',
  "null",
  "true",
  "-0",
  "-1",
  "0.0",
  "1e400",
  "1e-7",
  "5e-05",
  "1.0",
  "01",
  "0.1234567",
  "4294967296",
  "9007199254740993",
  "99999999999999999999",
  "tmi-sent-ts=",
  "tmi-sent-ts=9999999999999",
  "PRIVMSG",
  "@",
  ":a!b@c ",
  "\t",
];

/** `text` with one to four changes, each of which keeps most of it. */
export function mutateText(random: SeededRandom, text: string, others: readonly string[]): string {
  let result = text;
  for (let left = 1 + intBelow(random, 4); left > 0; left--) {
    result = CHANGES[intBelow(random, CHANGES.length)]!(random, result, others);
  }
  return result.slice(0, LENGTH_MAX);
}

/** `bytes` with one to four bytes changed, put in or taken out. */
export function mutateBytes(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const result = [...bytes];
  for (let left = 1 + intBelow(random, 4); left > 0; left--) {
    const at = intBelow(random, result.length + 1);
    const byte = chance(random, 0.5)
      ? intBelow(random, 256)
      : (result[at] ?? 0) ^ (1 << intBelow(random, 8));
    result.splice(at, intBelow(random, 2), ...(chance(random, 0.3) ? [] : [byte]));
  }
  return new Uint8Array(result);
}

/** Cuts `whole` into pieces at random places; empty ones among them. */
export function cutAnywhere<T extends string | Uint8Array>(random: SeededRandom, whole: T): T[] {
  const cuts = Array.from(
    { length: intBelow(random, 8) },
    () => intBelow(random, whole.length + 1),
  );
  const edges = [0, ...cuts.sort((a, b) => a - b), whole.length];
  return edges.slice(1).map((end, i) => whole.slice(edges[i]!, end) as T);
}

/** Nothing needs to be longer, and long ones make a run slow. */
const LENGTH_MAX = 20_000;

type Change = (random: SeededRandom, text: string, others: readonly string[]) => string;

const CHANGES: readonly Change[] = [
  function takeOut(random, text) {
    const at = intBelow(random, text.length + 1);
    return text.slice(0, at) + text.slice(at + 1 + intBelow(random, chance(random, 0.2) ? 100 : 3));
  },
  function putIn(random, text) {
    const at = intBelow(random, text.length + 1);
    return text.slice(0, at) + pick(random, PIECES) + text.slice(at);
  },
  function replace(random, text) {
    const at = intBelow(random, text.length + 1);
    return text.slice(0, at) + pick(random, PIECES) + text.slice(at + 1);
  },
  function anySign(random, text) {
    const at = intBelow(random, text.length + 1);
    const code = chance(random, 0.7) ? intBelow(random, 128) : intBelow(random, 0x10000);
    return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
  },
  function repeatPart(random, text) {
    const at = intBelow(random, text.length + 1);
    const part = text.slice(at, at + 1 + intBelow(random, 20));
    return text.slice(0, at) + part.repeat(1 + intBelow(random, chance(random, 0.05) ? 200 : 3)) +
      text.slice(at);
  },
  function cross(random, text, others) {
    const other = pick(random, others);
    return text.slice(0, intBelow(random, text.length + 1)) +
      other.slice(intBelow(random, other.length + 1));
  },
  function turnCase(random, text) {
    const at = intBelow(random, text.length + 1);
    const part = text.slice(at, at + 8);
    return text.slice(0, at) + (chance(random, 0.5) ? part.toUpperCase() : part.toLowerCase()) +
      text.slice(at + 8);
  },
  function cutOff(random, text) {
    return text.slice(0, intBelow(random, text.length + 1));
  },
];
