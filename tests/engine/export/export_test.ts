import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { nodeHasher } from "../../../src/adapters/hashers/node_hasher.ts";
import { parquetTable } from "../../../src/adapters/parquet/parquet_table.ts";
import { chatExport, exportChat } from "../../../src/engine/export/export_chat.ts";
import { TEXT_FORMATS } from "../../../src/engine/export/file_types.ts";
import { cutAtEmotes } from "../../../src/core/text/emote_pieces.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { DAY_MS, ImportedArchive, messageId, rawLine } from "../import/formats/invented_chat.ts";
import { checkTdJson } from "./td_rules.ts";

const SYSTEM = "Ada\\ssubscribed\\sat\\sTier\\s1.\\sThey've\\ssubscribed\\sfor\\s7\\smonths!";

function notice(ms: number, msgId: string, system: string, text = ""): string {
  return `@badges=;color=;display-name=Ada;emotes=25:6-10;id=${messageId(ms)};login=ada;` +
    `msg-id=${msgId};room-id=123;system-msg=${system};tmi-sent-ts=${DAY_MS + ms};user-id=7 ` +
    `:tmi.twitch.tv USERNOTICE #lovelace${text === "" ? "" : ` :${text}`}`;
}

/** Chat with everything that an export must get right. */
const LINES = [
  rawLine({ id: messageId(1), ms: DAY_MS, text: "😀 Kappa x Kappa", emotes: "25:2-6,10-14" }),
  rawLine({
    id: messageId(2),
    ms: DAY_MS + 1_500,
    text: "\u0001ACTION Kappa!\u0001",
    emotes: "25:0-4",
  }),
  rawLine({ ms: DAY_MS + 2_000, text: "without an id" }),
  rawLine({
    ms: DAY_MS + 2_001,
    login: "eve",
    name: "\\sEve\\s",
    text: '<script>alert(1)</script> --> {\\b1} =1+1,"q" ',
  }),
  notice(3_000, "resub", SYSTEM, "hello Kappa"),
  notice(4_000, "raid", "15\\sraiders\\sfrom\\sBob\\shave\\sjoined!\\n"),
  notice(5_000, "announcement", "", "news"),
  `@ban-duration=600;room-id=123;target-user-id=9;tmi-sent-ts=${
    DAY_MS + 6_000
  } :tmi.twitch.tv CLEARCHAT #lovelace :bob`,
  rawLine({ id: messageId(7), ms: DAY_MS + 7_000, text: "cheer100 wow" }).replace(
    "@",
    "@bits=100;",
  ),
  rawLine({ id: messageId(8), ms: DAY_MS + 8_000 }).replace("@", "@msg-id=highlighted-message;"),
];

async function archived(text = LINES.join("\n")): Promise<ImportedArchive> {
  const archive = new ImportedArchive();
  await archive.import(text, { format: "justlog", origin: "123" });
  return archive;
}

async function exported(
  archive: ImportedArchive,
  format: (typeof TEXT_FORMATS)[number],
  more: { readonly fromUs?: number; readonly untilUs?: number; readonly startUs?: number } = {},
): Promise<string> {
  const options = { store: archive.store, hasher: nodeHasher(), reporter: noopReporter, ...more };
  let text = "";
  for await (const piece of exportChat("lovelace", chatExport(format), options)) text += piece;
  return text;
}

/** Fields of messages that TwitchDownloader's JSON can hold. */
async function tdFields(archive: ImportedArchive): Promise<unknown[]> {
  const kept = ["id", "user-id", "badges", "color", "emotes", "bits", "room-id", "tmi-sent-ts"];
  return (await archive.messages())
    .filter(({ command, params }) => command === "PRIVMSG" && params[1] !== "news")
    .map(({ params, sender, tags, time }) => ({
      time,
      sender,
      text: params[1]!.replace("\u0001ACTION ", "").replace("\u0001", ""),
      tags: kept.map((key) => tags?.[key] || undefined),
    }));
}

test("TwitchDownloader's JSON keeps that tool's rules, and comes back as it can", async () => {
  const archive = await archived();
  const text = await exported(archive, "td-json");
  const comments = checkTdJson(text);
  assert.equal(comments.length, LINES.length - 1, "the ban has no place");
  const [emoted] = comments as { message: { fragments: unknown } }[];
  assert.deepEqual(emoted!.message.fragments, [
    { text: "😀 ", emoticon: null },
    { text: "Kappa", emoticon: { emoticon_id: "25" } },
    { text: " x ", emoticon: null },
    { text: "Kappa", emoticon: { emoticon_id: "25" } },
  ]);
  const again = new ImportedArchive();
  const report = await again.import(text);
  assert.equal(report.total().messages, comments.length);
  assert.deepEqual(await tdFields(again), await tdFields(archive));
  const resub = (await again.messages()).find(({ tags }) => tags?.["msg-id"] === "resub")!;
  assert.deepEqual(resub.params, ["#lovelace", "hello Kappa"]);
  assert.equal(resub.tags?.["emotes"], "25:6-10");

  const merged = await archived();
  const { held, messages } = (await merged.import(text)).total();
  assert.deepEqual({ held, messages }, { held: 7, messages: 2 }, "only two have no id to know by");
});

test("TwitchDownloader's JSON names a room only by an id that the tool's 32 bits hold", () => {
  const idOf = (roomId: string): number => {
    const written = chatExport("td-json");
    const facts = { channel: "lovelace", roomId, startUs: 0, endUs: 1 };
    return JSON.parse(written.begin(facts) + written.end()).streamer.id;
  };
  assert.equal(idOf("2147483647"), 2_147_483_647);
  for (const roomId of ["2147483648", "", "x"]) assert.equal(idOf(roomId), 0, roomId);
});

test("raw lines and ndjson come back equal", async () => {
  const archive = await archived();
  const raw = new ImportedArchive();
  await raw.import(await exported(archive, "raw"), { format: "justlog", origin: "123" });
  assert.deepEqual(await raw.messages(), await archive.messages());

  const stored = new ImportedArchive();
  const text = await exported(archive, "ndjson");
  const report = await stored.import(text);
  assert.equal(report.total().messages, LINES.length);
  assert.deepEqual(await stored.keys(), await archive.keys(), "the same bytes");
  assert.equal((await stored.import(text)).total().doubles, LINES.length);
});

test("ranges and receivers come back from ndjson", async () => {
  const archive = new ImportedArchive();
  const log = "# Start logging at 2026-08-01 12:00:00 UTC\n[12:00:01] ada: a\n[12:00:01] ada: a\n";
  await archive.import(log, { channel: "lovelace" });
  const again = new ImportedArchive();
  await again.import(await exported(archive, "ndjson"));
  assert.deepEqual(await again.keys(), await archive.keys());
  assert.equal((await again.messages()).length, 2);
});

test("subtitles count from the start, leave out what came before, and let no text be a command", async () => {
  const archive = await archived();
  const startUs = (DAY_MS + 1_000) * 1000;
  const vtt = await exported(archive, "vtt", { startUs });
  assert.ok(vtt.startsWith("WEBVTT\n\n00:00:00.500 --> 00:00:06.500\n<v Ada>Ada: Kappa!\n\n"), vtt);
  assert.equal(vtt.match(/-->/g)!.length, LINES.length - 2);
  assert.ok(vtt.includes("&lt;script&gt;") && !vtt.includes("<script"));
  const ass = await exported(archive, "ass", { startUs });
  assert.ok(
    ass.includes(
      "Dialogue: 0,0:00:00.50,0:00:06.50,Chat,,0,0,0,,{\\c&H0000FF&\\b1}Ada{\\r}: Kappa!",
    ),
  );
  assert.ok(!ass.includes("{\\b1}") && ass.includes("｛＼b1｝"));
});

test("the page loads nothing, runs nothing, and shows every message", async () => {
  const html = await exported(await archived(), "html");
  assert.equal(html.match(/<p id="m\d+">/g)!.length, LINES.length);
  assert.match(
    html,
    /Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/,
  );
  assert.doesNotMatch(html, /<script|https?:|\ssrc=|\son\w+=/i);
  assert.ok(html.includes("&#60;script&#62;alert(1)&#60;/script&#62;"));
});

test("csv and text have a row a message", async () => {
  const archive = await archived();
  const csv = await exported(archive, "csv");
  assert.equal(csv.split("\r\n").length, LINES.length + 2);
  assert.ok(csv.includes('"<script>alert(1)</script> --> {\\b1} =1+1,""q"" "'));
  const td = await exported(archive, "td-text");
  assert.equal(td.split("\n")[1], "[0:00:01] Ada: Kappa!");
  const rustlog = await exported(archive, "rustlog");
  assert.ok(rustlog.endsWith("#lovelace ada: hello\r\n"));
  assert.ok(rustlog.includes("#lovelace bob: bob has been timed out for 600 seconds\r\n"));
  const range = { fromUs: (DAY_MS + 1_500) * 1000, untilUs: (DAY_MS + 2_001) * 1000 };
  assert.equal((await exported(archive, "justlog", range)).split("\n").length, 2 + 1);
});

test("an export of nothing is a file of its format", async () => {
  const archive = new ImportedArchive();
  checkTdJson(await exported(archive, "td-json"));
  for (const format of TEXT_FORMATS) await exported(archive, format);
});

test("a Parquet file has the rows of all its groups", async () => {
  const count = 45_000;
  async function* rows() {
    for (let n = 0; n < count; n++) {
      yield await Promise.resolve({
        time: new Date(DAY_MS + n).toISOString(),
        text: n === 7 ? "" : `漢 ${n}`,
        bits: `${n % 3}`,
      });
    }
  }
  const columns = [
    { name: "time", type: "time" },
    { name: "text", type: "text" },
    { name: "bits", type: "number" },
  ] as const;
  const pieces: Uint8Array[] = [];
  for await (const piece of parquetTable(rows(), columns)) pieces.push(piece);
  assert.ok(pieces.length >= 3, "it streams");
  const bytes = Buffer.concat(pieces);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  assert.equal(parquetMetadata(file).row_groups.length, 3);
  const read = await parquetReadObjects({ file });
  assert.equal(read.length, count);
  assert.deepEqual(read[40_000], { time: new Date(DAY_MS + 40_000), text: "漢 40000", bits: 1 });
  assert.equal(read[7]!["text"], null);
});

test("cutAtEmotes gives back the text, whatever the tag says", () => {
  const tags = [
    "25:0-4",
    "25:0-99",
    "25:3-1",
    "25:0-2,1-3",
    ":",
    "25:-1-2",
    "a:b:0-0",
    "25:0-0/26:1-1",
  ];
  for (const tag of tags) {
    const pieces = cutAtEmotes("😀Kappa", tag);
    assert.equal(pieces.map(({ text }) => text).join(""), "😀Kappa", tag);
  }
  assert.deepEqual(cutAtEmotes("😀Kappa", "25:1-5"), [{ text: "😀" }, {
    text: "Kappa",
    emoteId: "25",
  }]);
});
