import assert from "node:assert/strict";
import { test } from "node:test";
import { assertGrowsAsInput } from "../../../waiting/growth.ts";
import { DAY_MS, ImportedArchive, messageId, refusedOf } from "./invented_chat.ts";

const at = (ms: number) => new Date(DAY_MS + ms).toISOString();

function comment(n: number, more: Record<string, unknown> = {}, message = {}): unknown {
  return {
    _id: messageId(n),
    created_at: at(n * 1_001),
    channel_id: "123",
    content_type: "video",
    content_id: "987",
    content_offset_seconds: n,
    commenter: { display_name: "Ada", _id: "7", name: "ada", bio: null },
    message: {
      body: `text ${n}`,
      bits_spent: 0,
      fragments: [{ text: `text ${n}`, emoticon: null }],
      user_badges: [{ _id: "bits/leader", version: "1" }],
      user_color: "#00FF00",
      emoticons: [],
      ...message,
    },
    ...more,
  };
}

test("TwitchDownloader's JSON of any version becomes messages, with what it tells", async () => {
  const emoted = {
    body: "😀 Kappa 漢字 Kappa",
    bits_spent: 100,
    fragments: [
      { text: "😀 " },
      { text: "Kappa", emoticon: { emoticon_id: "25" } },
      { text: " 漢字 ", emoticon: null },
      { text: "Kappa", emoticon: { emoticon_id: "25" } },
    ],
  };
  const resub = "Ada subscribed at Tier 1. They've subscribed for 7 months! hello again";
  const comments = [
    comment(0, { created_at: "2026-08-01T00:00:00Z" }),
    comment(1, {}, emoted),
    comment(1, {}, emoted),
    comment(2, { commenter: null }),
    comment(3, { commenter: { display_name: "アダ", _id: "8", name: "ada_jp" } }),
    comment(4, {}, { body: resub, fragments: [{ text: resub }] }),
    comment(5, { created_at: "yesterday" }),
    "no comment",
    comment(6, {}, { body: null, fragments: [] }),
  ];
  const streamers = [
    { name: "Lovelace", login: "lovelace", id: 123 },
    { name: "Lovelace", id: 123 },
  ];
  for (const streamer of streamers) {
    const archive = new ImportedArchive();
    const file = {
      FileInfo: { Version: { Major: 1, Minor: 4, Patch: 0 } },
      streamer,
      clipper: null,
      video: { id: "987", chapters: [{ description: '{"comments":[1]}' }] },
      comments,
      embeddedData: { thirdParty: [{ data: "A".repeat(3_000_000) }] },
    };
    const report = await archive.import("\ufeff" + JSON.stringify(file), { chunkBytes: 4_097 });
    const { lines, messages, doubles } = report.total();
    assert.deepEqual({ lines, messages, doubles }, { lines: 9, messages: 5, doubles: 1 });
    assert.deepEqual(refusedOf(report), { "no time": 1, "unreadable entry": 1, "no text": 1 });

    const [unknown, emotes, deleted, localised, sub] = await archive.messages();
    assert.equal(
      unknown!.time_range.toFixed(6),
      "0.999999",
      "a second is all that its clock tells",
    );
    assert.equal(unknown!.tags?.["tmi-sent-ts"], undefined);
    assert.deepEqual(emotes!.tags, {
      badges: "bits/leader/1",
      bits: "100",
      color: "#00FF00",
      "display-name": "Ada",
      emotes: "25:2-6,11-15",
      id: messageId(1),
      "room-id": "123",
      "tmi-sent-ts": `${DAY_MS + 1_001}`,
      "user-id": "7",
    });
    assert.deepEqual(emotes!.params, ["#lovelace", emoted.body]);
    assert.equal(deleted!.sender, null);
    assert.equal(localised!.sender, "ada_jp");
    assert.equal(localised!.tags?.["display-name"], "アダ");
    assert.equal(sub!.command, "USERNOTICE");
    assert.equal(sub!.tags?.["msg-id"], "resub");
    assert.deepEqual(sub!.params, ["#lovelace", "hello again"]);
  }
});

test("a torn or hostile JSON gives what stands before, and memory stays bounded", async () => {
  const good = JSON.stringify(comment(1));
  const head = '{"streamer":{"login":"lovelace"},"comments":[';
  const bad: Record<string, readonly [text: string, refused: Record<string, number>]> = {
    torn: [`${head}${good},{"_id":`, { "the file ends too early": 1 }],
    deep: [`${head}${good},${"[".repeat(100_000)}${"]".repeat(100_000)}]}`, {
      "entry too long or too deep": 1,
    }],
    long: [`${head}${good},{"a":"${"x".repeat(2_000_000)}"}]}`, {
      "entry too long or too deep": 1,
    }],
    types: [`${head}${good},5,null,[],{"created_at":7,"message":[]}]}`, {
      "unreadable entry": 3,
      "no time": 1,
    }],
    "no JSON": [`${head}${good}]} trailing`, {}],
    prototype: [`{"__proto__":{"login":"x"},${head.slice(1)}${good}]}`, {}],
  };
  for (const [name, [text, expected]] of Object.entries(bad)) {
    const archive = new ImportedArchive();
    const report = await archive.import(text, { format: "twitchdownloader", chunkBytes: 999 });
    assert.equal(report.total().messages, 1, name);
    assert.deepEqual(refusedOf(report), expected, name);
  }
});

const LIVE_ITEMS = [
  {
    action_type: "text_message",
    author: {
      badges: [{ name: "moderator", version: 1, title: "Moderator" }],
      display_name: "Ada",
      id: "7",
      name: "ada",
    },
    channel_id: "123",
    colour: "#FF0000",
    emotes: [{ id: "25", locations: ["0-4", "8-12"], name: "Kappa" }],
    message: "Kappa, Kappa",
    message_id: messageId(1),
    message_type: "text_message",
    timestamp: (DAY_MS + 1_234) * 1000,
  },
  {
    author: { display_name: "アダ", id: "8", name: "アダ" },
    message: 'a "quoted", text\nof two lines',
    message_id: messageId(2),
    message_type: "text_message",
    timestamp: (DAY_MS + 2_000) * 1000,
  },
  {
    ban_duration: 600,
    banned_user: "bob",
    message_type: "ban_user",
    target_author_id: "9",
    timestamp: (DAY_MS + 3_000) * 1000,
  },
  { message: "no time", message_id: messageId(4), message_type: "text_message" },
];

function flattened(value: unknown, front = "", into: Record<string, string> = {}) {
  if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) flattened(inner, `${front}${key}.`, into);
  } else into[front.slice(0, -1)] = String(value);
  return into;
}

function toCsv(items: readonly unknown[]): string {
  const rows = items.map((item) => flattened(item));
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].sort();
  const quote = (text: string) => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return [columns, ...rows.map((row) => columns.map((name) => row[name] ?? ""))]
    .map((row) => row.map(quote).join(",") + "\r\n").join("");
}

test("chat-downloader's array, lines and CSV give the same messages", async () => {
  const forms = {
    "chat-downloader": JSON.stringify(LIVE_ITEMS),
    "chat-downloader-lines": LIVE_ITEMS.map((item) => JSON.stringify(item)).join("\n"),
    "chat-downloader-csv": toCsv(LIVE_ITEMS),
  };
  for (const [format, text] of Object.entries(forms)) {
    const archive = new ImportedArchive();
    const report = await archive.import(text, { channel: "lovelace", chunkBytes: 777 });
    assert.equal(report.total().messages, 3, format);
    assert.deepEqual(refusedOf(report), { "no time": 1 }, format);
    const [first, second, ban] = await archive.messages();
    assert.equal(first!.tags?.["emotes"], "25:0-4,8-12", format);
    assert.equal(first!.tags?.["badges"], "moderator/1", format);
    assert.equal(first!.tags?.["tmi-sent-ts"], `${DAY_MS + 1_234}`, format);
    assert.equal(second!.sender, null, `${format}: the login of a localised name is lost`);
    assert.match(second!.params[1]!, /^a "quoted", text/, format);
    assert.deepEqual(ban!.params, ["#lovelace", "bob"], format);
    assert.equal(ban!.tags?.["ban-duration"], "600", format);
    const unnamed = await new ImportedArchive().import(text);
    assert.equal(unnamed.total().messages, 0, `${format} does not name its channel`);
  }
});

test("recent-messages come as Twitch sent them, without the tags that the service added", async () => {
  const line = `id=${messageId(1)};room-id=123;tmi-sent-ts=${DAY_MS} ` +
    ":ada!ada@ada.tmi.twitch.tv PRIVMSG #lovelace hello";
  const messages = [
    `@historical=1;rm-received-ts=${DAY_MS + 300};${line}`,
    `@rm-deleted=1;historical=1;rm-received-ts=${DAY_MS + 300};${line}`,
    `@historical=1;rm-received-ts=${DAY_MS + 20_000} :tmi.twitch.tv NOTICE #lovelace :Slow mode.`,
    7,
  ];
  const archive = new ImportedArchive();
  const text = JSON.stringify({ messages, error: null, error_code: null });
  const report = await archive.import(text);
  assert.equal(report.total().messages, 2);
  assert.equal(report.total().doubles, 1);
  assert.deepEqual(refusedOf(report), { "unreadable entry": 1 });
  const [said, notice] = await archive.messages();
  assert.deepEqual(Object.keys(said!.tags!), ["id", "room-id", "tmi-sent-ts"]);
  assert.deepEqual(Object.values(said!.receivers), [(DAY_MS + 300) / 1000]);
  assert.ok(notice!.time <= DAY_MS / 1000 + 20 && notice!.time_range <= 60);
});

const CHATTERINO = `# Start logging at 2026-10-25 00:00:01 CEST
[23:59:59] ada: still yesterday
[00:00:02] ada: today
[00:00:02] ada: today
[02:59:58] アダ ada_jp: before the clock is set back
[02:00:01] ada: after it
[13:00:00] bob has been timed out for 1m 30s.
[13:00:01] bob has been permanently banned.
[13:00:02] A message from bob was deleted: bad: words
[13:00:03] ada: @bob: a: b
[13:00:04] Connected
no time at all
[25:00:00] ada: no such time
# Stop logging at 2026-10-25 23:59:59 CET
# Start logging at 2026-10-25 23:59:59 CET
[00:00:00] ada: tomorrow
`;

test("Chatterino's lines get their day and zone, and a range as wide as the clock", async () => {
  const archive = new ImportedArchive();
  const facts = { channel: "lovelace", date: "2026-10-25", zone: "Europe/Berlin" };
  const report = await archive.import(CHATTERINO, { ...facts, chunkBytes: 50 });
  assert.deepEqual(refusedOf(report), { "no time": 2, "sentence without a sender": 1 });
  const messages = await archive.messages();
  const seen = messages.map(({ time, time_range, command, params }) =>
    `${new Date(time * 1000).toISOString().slice(0, 19)} ${time_range.toFixed(6)} ${command} ${
      params[1]
    }`
  );
  assert.deepEqual(seen, [
    "2026-10-24T21:59:59 0.999999 PRIVMSG still yesterday",
    "2026-10-24T22:00:02 0.999999 PRIVMSG today",
    "2026-10-24T22:00:02 0.999999 PRIVMSG today",
    "2026-10-25T00:59:58 0.999999 PRIVMSG before the clock is set back",
    "2026-10-25T01:00:01 0.999999 PRIVMSG after it",
    "2026-10-25T12:00:00 0.999999 CLEARCHAT bob",
    "2026-10-25T12:00:01 0.999999 CLEARCHAT bob",
    "2026-10-25T12:00:02 0.999999 CLEARMSG bad: words",
    "2026-10-25T12:00:03 0.999999 PRIVMSG @bob: a: b",
    "2026-10-25T23:00:00 0.999999 PRIVMSG tomorrow",
  ]);
  assert.equal(messages[5]!.tags?.["ban-duration"], "90");
  assert.equal(messages[3]!.tags?.["display-name"], "アダ");
  assert.equal(messages[3]!.sender, "ada_jp");
  const keys = await archive.keys();
  await archive.import(CHATTERINO, facts);
  assert.deepEqual(await archive.keys(), keys, "again");
  const longer = await archive.import(`${CHATTERINO}[00:00:05] ada: more\n`, facts);
  assert.equal(longer.total().messages, 1, "of a log that was written on, only what is new");
});

test("Chatterino's minutes and twelve hours are as precise as they are", async () => {
  const archive = new ImportedArchive();
  const text = "# Start logging at 2026-08-01 12:00:00 UTC\n[1:05 pm] ada: hello\n";
  await archive.import(text, { channel: "lovelace", zone: "-03:00" });
  const [message] = await archive.messages();
  assert.equal(message!.time, Date.UTC(2026, 7, 1, 16, 5) / 1000);
  assert.equal(message!.time_range.toFixed(6), "59.999999");
});

const CHATTY = `# Log started: 2026-08-01 14:00:00 +0200
[2026-08-01 14:00:01] <@%Ada> hello
[2026-08-01 14:00:02] <アダ (ada_jp)> hi
[2026-08-01 14:00:03] <+Ada>* waves
[2026-08-01 14:00:09] BAN: bob (600s) [spam] {2 days}, eve
[2026-08-01 14:00:10] VIEWERS: 5
# Log closed: 2026-08-01 15:00:00 +0200
-
# Log started: 2026-11-01 14:00:00 +0100
[2026-11-01 14:00:01] <Ada> in winter
`;

test("Chatty's lines get the offset of the header before them", async () => {
  const archive = new ImportedArchive();
  const report = await archive.import(CHATTY, { channel: "lovelace" });
  assert.equal(report.total().messages, 6);
  assert.deepEqual(refusedOf(report), { "sentence without a sender": 1 });
  const messages = await archive.messages();
  assert.deepEqual(messages.map(({ time }) => new Date(time * 1000).toISOString().slice(5, 19)), [
    "08-01T12:00:01",
    "08-01T12:00:02",
    "08-01T12:00:03",
    "08-01T12:00:07",
    "08-01T12:00:07",
    "11-01T13:00:01",
  ]);
  assert.equal(messages[0]!.tags?.["badges"], "moderator/1");
  assert.equal(messages[1]!.sender, "ada_jp");
  assert.equal(messages[2]!.params[1], "\u0001ACTION waves\u0001");
});

test("no line of a log takes long, whatever it holds", async () => {
  const lines: readonly ((length: number) => string)[] = [
    (length) => `[2026-08-01 14:00:01] <${"~".repeat(length)}`,
    (length) => `[2026-08-01 14:00:01] <${" (aa".repeat(length / 4)}`,
    (length) => `[2026-08-01 14:00:09] BAN: ${"bob [".repeat(length / 5)}`,
    (length) => `[12:00:00] ${"1d".repeat(length / 2)}`,
    (length) => `[12:00:00] bob has been timed out for ${"1d ".repeat(length / 3)}x`,
  ];
  for (const format of ["chatty", "chatterino"] as const) {
    for (const line of lines) {
      const take = (length: number) =>
        new ImportedArchive().import(line(length), {
          format,
          channel: "lovelace",
          zone: "UTC",
          date: "2026-08-01",
        });
      await assertGrowsAsInput(take, { size: 60_000, what: `${format} ${line(40)}` });
    }
  }
});
