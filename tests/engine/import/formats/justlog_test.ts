import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBatch } from "../../../../src/core/batch/batch.ts";
import { batchKey } from "../../../../src/core/archive/archive_key.ts";
import { nodeHasher } from "../../../../src/adapters/hashers/node_hasher.ts";
import { parseIrcLine } from "../../../../src/core/irc/irc_line.ts";
import type { Message } from "../../../../src/core/batch/message.ts";
import { DAY_MS, ImportedArchive, messageId, rawLine, refusedOf } from "./invented_chat.ts";

const DAY_US = DAY_MS * 1000;
const JUSTLOG = { format: "justlog", origin: "123" } as const;

/** A day out of order, with doubles, a ban twice, a line of 2017, and rubbish. */
function inventedDay(): { readonly text: string; readonly unique: number; readonly lines: number } {
  const lines: string[] = [];
  for (let i = 0; i < 500; i++) {
    const ms = DAY_MS + i * 400 + (i % 7) * 150;
    lines.push(rawLine({ id: messageId(i), ms, text: `message ${i} 😀` }));
  }
  const ban = `@ban-duration=600;room-id=123;target-user-id=9;tmi-sent-ts=${DAY_MS + 5_000} ` +
    ":tmi.twitch.tv CLEARCHAT #lovelace :bob";
  lines.splice(20, 0, ban, ban);
  lines.splice(200, 0, lines[10]!, lines[11]!);
  lines.push(rawLine({ ms: DAY_MS + 7_000, text: "without an id" }));
  lines.push(":ada!ada@ada.tmi.twitch.tv PRIVMSG #lovelace :no time, at the end");
  lines.push("this is no line :of IRC", "x".repeat(70_000));
  return { text: lines.join("\n") + "\n", unique: 502, lines: lines.length };
}

test("justlog's lines become messages once each, and the report adds up", async () => {
  const archive = new ImportedArchive();
  const { text, unique, lines } = inventedDay();
  const report = await archive.import(text, { ...JUSTLOG, chunkBytes: 1_000 });
  const total = report.total();
  assert.equal(total.lines, lines);
  assert.equal(total.messages, unique);
  assert.equal(total.doubles, 3);
  assert.deepEqual(refusedOf(report), {
    "no time near enough": 1,
    "command not kept": 1,
    "line too long": 1,
  });
  assert.deepEqual(report.days().map(([day]) => day), ["2026-08-01", "no date"]);
  assert.equal((await archive.messages()).length, unique);
  for (const { receivers, time_range } of await archive.messages()) {
    assert.match(Object.keys(receivers).join(), /^import\.[A-Za-z0-9]{5}\.1$/);
    assert.equal(time_range, 0);
  }
});

test("importing again, whole or in other chunks, changes no file", async () => {
  const archive = new ImportedArchive();
  const { text, unique } = inventedDay();
  await archive.import(text, JUSTLOG);
  const keys = await archive.keys();
  const again = await archive.import(text, { ...JUSTLOG, chunkBytes: 333 });
  assert.deepEqual(await archive.keys(), keys);
  assert.equal(again.total().messages, 0);
  assert.equal(again.total().doubles, unique + 3);
});

test("an import that was interrupted and is repeated leaves the same files", async () => {
  const { text } = inventedDay();
  const whole = new ImportedArchive();
  await whole.import(text, JUSTLOG);
  const keys = await whole.keys();
  for (let stored = 0; stored <= keys.length; stored++) {
    const archive = new ImportedArchive();
    for (const key of keys.slice(0, stored)) {
      await archive.store.put(key, (await whole.store.get(key))!);
    }
    await archive.import(text, JUSTLOG);
    assert.deepEqual(await archive.keys(), keys, `${stored} files were there`);
  }
});

test("a message that a recorder has gains a receiver; with other tags it is left out", async () => {
  const archive = new ImportedArchive();
  const recorded = [0, 1].map((n): Message => {
    const line = rawLine({ id: messageId(n), ms: DAY_MS + n * 1_000 });
    const parsed = parseIrcLine(line);
    assert.ok(parsed.ok);
    const time = (DAY_MS + n * 1_000) / 1000;
    return { ...parsed.message, receivers: { "node.abcde.1": time + 0.2 }, time, time_range: 0 };
  });
  const bytes = encodeBatch(recorded);
  const key = batchKey("lovelace", { timeUs: DAY_US, digest: await nodeHasher().digest(bytes) });
  await archive.store.put(key, bytes);

  const same = rawLine({ id: messageId(0), ms: DAY_MS });
  const fewerTags = `@id=${messageId(1)};room-id=123;tmi-sent-ts=${DAY_MS + 1_000} ` +
    ":ada!ada@ada.tmi.twitch.tv PRIVMSG #lovelace :hello";
  const otherClock = fewerTags.replace(`${DAY_MS + 1_000}`, `${DAY_MS - 3_000}`);
  const report = await archive.import([same, fewerTags, otherClock].join("\n"), JUSTLOG);
  const { messages, confirmed, held } = report.total();
  assert.deepEqual({ messages, confirmed, held }, { messages: 0, confirmed: 1, held: 2 });
  const all = await archive.messages();
  assert.equal(all.length, 2 + 1, "the confirmed one stands in a file of its own until it settles");
  const receivers = all.filter(({ tags }) => tags?.["id"] === messageId(0))
    .flatMap((message) => Object.keys(message.receivers));
  assert.equal(receivers.length, 2);
});

test("a line without a time gets the range between its neighbours", async () => {
  const archive = new ImportedArchive();
  const lines = [
    rawLine({ id: messageId(1), ms: DAY_MS }),
    "@msg-id=slow_on;room-id=123 :tmi.twitch.tv NOTICE #lovelace :This room is now in slow mode.",
    rawLine({ id: messageId(2), ms: DAY_MS + 10_000 }),
    ":bob!bob@bob.tmi.twitch.tv PRIVMSG #lovelace :an hour of silence around",
    rawLine({ id: messageId(3), ms: DAY_MS + 3_600_000 }),
  ];
  const report = await archive.import(lines.join("\r\n"), JUSTLOG);
  const notice = (await archive.messages()).find(({ command }) => command === "NOTICE")!;
  assert.equal(notice.time, DAY_MS / 1000 - 1);
  assert.equal(notice.time_range, 12);
  assert.deepEqual(refusedOf(report), { "no time near enough": 1 });
});

test("a redacted message does not come back by an import", async () => {
  const { redact } = await import("../../../../src/engine/redact/redact.ts");
  const { inProcessLock } = await import("../../../../src/engine/settle/in_process_lock.ts");
  const { systemClock } = await import("../../../../src/adapters/system/system_clock.ts");
  const { noopReporter } = await import("../../../../src/ports/reporter.ts");
  const archive = new ImportedArchive();
  const text = [1, 2].map((n) => rawLine({ id: messageId(n), ms: DAY_MS + n })).join("\n");
  await archive.import(text, JUSTLOG);
  await redact("lovelace", { target: { kind: "message", id: messageId(1) }, reason: "asked" }, {
    store: archive.store,
    hasher: nodeHasher(),
    clock: systemClock(),
    reporter: noopReporter,
    lock: inProcessLock(archive.store),
  });
  const report = await archive.import(text, JUSTLOG);
  assert.deepEqual(refusedOf(report), { redacted: 1 });
  assert.equal(report.total().doubles, 1);
});

test("doubles are found over more hours than are known at a time", async () => {
  const archive = new ImportedArchive();
  const lines = Array.from(
    { length: 120 },
    (_, i) => rawLine({ id: messageId(i % 40), ms: DAY_MS + (i % 40) * 3_600_000 + 1_800_000 }),
  );
  const report = await archive.import(lines.join("\n"), JUSTLOG);
  const { messages, doubles } = report.total();
  assert.deepEqual({ messages, doubles }, { messages: 40, doubles: 80 });
  assert.equal((await archive.keys()).length, 40);
});
