import type { Random } from "../../../ports/random.ts";
import type { Chunk } from "../../../ports/transport.ts";
import { intBelow } from "../../chance/seeded_random.ts";

/**
 * A kind of garbage that no chat server should send: random bytes; a line that is broken UTF-8, in a
 * binary frame; a line that is barely IRC; one line far longer than any of IRC.
 */
export type GarbageKind = "bytes" | "utf8" | "lines" | "overlong";

/** Each {@link GarbageKind}, once. */
export const GARBAGE_KINDS: readonly GarbageKind[] = ["bytes", "utf8", "lines", "overlong"];

const OVERLONG_LENGTH = 1_200_000;

// Nothing here is a message that a recorder keeps, so an archive with one of them in it is wrong.
const ABSURD_LINES = [
  "",
  " ",
  ":",
  "@",
  "@ ",
  "@a=b",
  "@a=b;c",
  ": :",
  ":nick",
  "@a=\\:\\s\\\\\\r\\n\\ :x!y@z",
  "@;;;;=;=;a;=b :tmi.twitch.tv 999",
  ":tmi.twitch.tv",
  ":!@ WHAT",
  "\0",
  "\0\0\0 \u0001 \u007f",
  "WHAT " + "a ".repeat(500),
  "@" + "k=v;".repeat(2_000) + " WHAT",
  ":a!b!c@d@e WHAT :::: ::",
  "\u2028\u2029\ufeff",
  "PRIVMSG",
  ":x!x@x PRIVMSG",
  "@tmi-sent-ts=99999999999999999999 :x!x@x.tmi.twitch.tv WHISPER other :hello",
  "@tmi-sent-ts=NaN WHAT",
  '{"command":"PRIVMSG"}',
];

/** Garbage to send between two lines. It ends with CR LF, so that it damages no line but its own. */
export function garbageFrames(kind: GarbageKind, random: Random): Chunk[] {
  switch (kind) {
    case "bytes":
      return [endLine(randomBytes(1 + intBelow(random, 600), random))];
    case "utf8":
      return [brokenUtf8Line()];
    case "lines":
      return [`${ABSURD_LINES[intBelow(random, ABSURD_LINES.length)]!}\r\n`];
    case "overlong":
      return ["X".repeat(OVERLONG_LENGTH), "\r\n"];
  }
}

function randomBytes(length: number, random: Random): Uint8Array {
  // No letters: random ones could form a message, and then it would not be garbage.
  return Uint8Array.from({ length }, () => {
    const byte = intBelow(random, 256);
    return byte >= 0x40 && byte < 0x80 ? byte + 0x80 : byte;
  });
}

function endLine(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([...bytes, 0x0d, 0x0a]);
}

/** An overlong form, a lone continuation, a surrogate and a beginning without end. */
function brokenUtf8Line(): Uint8Array {
  const encoder = new TextEncoder();
  return Uint8Array.from([
    ...encoder.encode("@x="),
    ...[0xc0, 0xaf, 0x80, 0xed, 0xa0, 0x80],
    ...encoder.encode(" :a!a@a.tmi.twitch.tv WHAT #nowhere :"),
    ...[0xf0, 0x9f, 0x98],
    ...encoder.encode("\r\n"),
  ]);
}
