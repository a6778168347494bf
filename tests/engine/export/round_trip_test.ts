import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nodeHasher } from "../../../src/adapters/hashers/node_hasher.ts";
import { formatIrcLine } from "../../../src/core/irc/format_irc_line.ts";
import { cutAtEmotes } from "../../../src/core/text/emote_pieces.ts";
import { chatExport, exportChat } from "../../../src/engine/export/export_chat.ts";
import type { TEXT_FORMATS } from "../../../src/engine/export/file_types.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { LAWS_SEED } from "../../laws/fixed_seed.ts";
import { DAY_MS, ImportedArchive, messageId } from "../import/formats/invented_chat.ts";
import { checkTdJson } from "./td_rules.ts";

async function exported(
  archive: ImportedArchive,
  format: (typeof TEXT_FORMATS)[number],
): Promise<string> {
  const options = { store: archive.store, hasher: nodeHasher(), reporter: noopReporter };
  let text = "";
  for await (const piece of exportChat("lovelace", chatExport(format), options)) text += piece;
  return text;
}

/** Texts with what formats trip over: quotes, separators, emoji, marks of other formats. */
const word = fc.constantFrom(
  "Kappa",
  "😀",
  "漢字",
  '"',
  ",",
  ";",
  "\\",
  "<b>",
  "&amp;",
  "-->",
  "{\\b}",
  ":",
  "=",
  "é",
  "]",
  "\u0001",
);
const text = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(" "));

interface Invented {
  readonly ms: number;
  readonly text: string;
  readonly name: string;
  readonly bits: number;
  readonly badges: string;
}

const invented: fc.Arbitrary<Invented> = fc.record({
  ms: fc.integer({ min: 0, max: 200_000 }),
  text,
  name: fc.constantFrom("Ada", "アダ", "Ada B"),
  bits: fc.constantFrom(0, 1, 100),
  badges: fc.constantFrom("", "vip/1", "a/b/2,subscriber/12"),
});

/** Places of every `Kappa` in a text, by code points. */
function emotesOf(said: string): string {
  const letters = [...said];
  const places = letters.flatMap((_, at) =>
    letters.slice(at, at + 5).join("") === "Kappa" ? [`${at}-${at + 4}`] : []
  );
  return places.length === 0 ? "" : `25:${places.join(",")}`;
}

function toLine({ ms, text: said, name, bits, badges }: Invented, n: number): string {
  const tags = {
    ...(badges === "" ? {} : { badges }),
    ...(bits === 0 ? {} : { bits: `${bits}` }),
    color: "#00FF00",
    "display-name": name,
    ...(emotesOf(said) === "" ? {} : { emotes: emotesOf(said) }),
    id: messageId(n),
    "room-id": "123",
    "tmi-sent-ts": `${DAY_MS + ms}`,
    "user-id": "7",
  };
  const from = { sender: "ada", user: "ada", host: "ada.tmi.twitch.tv" };
  return formatIrcLine({ command: "PRIVMSG", params: ["#lovelace", said], tags, ...from });
}

/** What formats keep of messages: everything but receivers. */
async function contents(archive: ImportedArchive): Promise<unknown[]> {
  const messages = await archive.messages();
  return messages.map(({ receivers: _, ...content }) => content)
    .sort((a, b) => a.time - b.time || (a.tags!["id"]! < b.tags!["id"]! ? -1 : 1));
}

const property = fc.asyncProperty(
  fc.array(invented, { minLength: 1, maxLength: 12 }),
  async (chat) => {
    const archive = new ImportedArchive();
    const lines = chat.map(toLine).join("\n");
    await archive.import(lines, { format: "justlog", origin: "123" });
    const expected = await contents(archive);
    assert.equal(expected.length, chat.length);

    const td = await exported(archive, "td-json");
    checkTdJson(td);
    for (
      const [format, written] of [
        ["twitchdownloader", td],
        ["justlog", await exported(archive, "raw")],
        ["chatloom", await exported(archive, "ndjson")],
      ] as const
    ) {
      const again = new ImportedArchive();
      await again.import(written, { format, chunkBytes: 97 });
      assert.deepEqual(await contents(again), expected, format);
    }
    for (const format of ["vtt", "ass", "csv", "html", "td-text", "rustlog", "justlog"] as const) {
      assert.ok((await exported(archive, format)).length > 0);
    }
  },
);

test("what is exported and imported again is what the format can hold", async () => {
  await fc.assert(property, { seed: LAWS_SEED, numRuns: 60 });
});

test("pieces of a text at any emote places are the text", () => {
  const place = fc.tuple(fc.nat(12), fc.nat(12)).map(([from, to]) => `${from}-${to}`);
  const tag = fc.array(place, { maxLength: 5 }).map((places) => `25:${places.join(",")}`);
  fc.assert(
    fc.property(text, tag, (said, emotes) => {
      const pieces = cutAtEmotes(said, emotes);
      assert.equal(pieces.map((piece) => piece.text).join(""), said);
      assert.ok(pieces.every((piece) => piece.text !== ""));
    }),
    { seed: LAWS_SEED },
  );
});
