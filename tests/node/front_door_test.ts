import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ChatloomError, type ErrorCode } from "../../mod.ts";
import { serveSimulatedTwitch } from "../../src/cli/main.ts";
import {
  type Archive,
  importFile,
  type Instant,
  openArchive,
  read,
  type ReadOptions,
  record,
  redact,
  serve,
  settle,
  sync,
  verify,
} from "../../src/node/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "chatloom-front-door-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** A new archive in which Ada said these words, a second apart, from 2026-08-01T12:34:00 on. */
async function archiveOf(...words: readonly string[]): Promise<Archive> {
  const path = join(folder, String(count++));
  const archive = await openArchive(join(path, "chat"), { create: true });
  const lines = words.map((word, i) => {
    const tags = `id=${word};user-id=7;tmi-sent-ts=${1_785_587_640_000 + 1_000 * i}`;
    return `@${tags} :ada!ada@h PRIVMSG #forsen :${word}\n`;
  });
  const capture = join(path, "capture.log");
  writeFileSync(capture, lines.join(""));
  const { messages } = await importFile(archive, capture);
  assert.equal(messages, words.length);
  return archive;
}

async function wordsOf(archive: Archive, options?: ReadOptions): Promise<string[]> {
  const words: string[] = [];
  for await (const { message } of read(archive, "forsen", options)) words.push(message.params[1]!);
  return words;
}

function failsWith(code: ErrorCode, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ChatloomError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}

test("a folder that is not there or is no archive is an error, not an empty archive", async () => {
  const missing = openArchive(join(folder, "missing"));
  await assert.rejects(missing, failsWith("INPUT_UNREADABLE", /no such folder/));
  const other = join(folder, "other");
  mkdirSync(join(other, "src"), { recursive: true });
  writeFileSync(join(other, "README.md"), "");
  await assert.rejects(openArchive(other), failsWith("INPUT_UNREADABLE", /create: true/));
  const file = openArchive(join(other, "README.md"));
  await assert.rejects(file, failsWith("INPUT_UNREADABLE", /it is a file/));
  await openArchive(other, { create: true });
  mkdirSync(join(other, "forsen", "chat"), { recursive: true });
  assert.equal((await openArchive(other)).folder, other);
});

test("a time is a Date or ISO text", async () => {
  const archive = await archiveOf("one", "two", "three");
  const second: Instant[] = [
    new Date(1_785_587_641_000),
    "2026-08-01T12:34:01",
    "2026-08-01T12:34:01.000000Z",
    "2026-08-01T14:34:01+02:00",
  ];
  for (const from of second) {
    assert.deepEqual(await wordsOf(archive, { from }), ["two", "three"], String(from));
    assert.deepEqual(await wordsOf(archive, { until: from }), ["one"], String(from));
  }
  assert.deepEqual(await wordsOf(archive, { from: "2026-08-01T12:34:01.000001" }), ["three"]);
  assert.deepEqual(await wordsOf(archive, { from: "2026-08-01", until: "2026-08-02" }), [
    "one",
    "two",
    "three",
  ]);
});

test("a number is no time, at once and in every function", async () => {
  const archive = await archiveOf("one");
  const from = 1_785_587_640_000_000 as unknown as Instant;
  const isRefused = { name: "TypeError", message: /the number 1785587640000000 as "from".*Date/ };
  assert.throws(() => read(archive, "forsen", { from }), isRefused);
  await assert.rejects(settle(archive, { from }), isRefused);
  await assert.rejects(sync(archive, ["http://127.0.0.1:1"], { from }), isRefused);
  const order = { userId: "7", before: from, reason: "" };
  await assert.rejects(redact(archive, "forsen", order), {
    name: "TypeError",
    message: /"before"/,
  });
  const wrong = ["yesterday", "2026-02-30", "1785587640", "12:34", "1969-12-31", new Date(NaN)];
  for (const until of wrong) {
    assert.throws(() => read(archive, "forsen", { until }), RangeError, String(until));
  }
});

test("a channel that the archive has not is an error that names those it has", async () => {
  const archive = await archiveOf("one");
  const isUnknown = failsWith("INPUT_UNREADABLE", /"forsne".*it has forsen$/);
  await assert.rejects(async () => {
    for await (const _ of read(archive, "forsne")) assert.fail();
  }, isUnknown);
  await assert.rejects(verify(archive, { channels: ["forsne"] }).next(), isUnknown);
  await assert.rejects(settle(archive, { channels: ["forsne"] }), isUnknown);
  await assert.rejects(redact(archive, "forsne", { id: "one", reason: "" }), isUnknown);
  assert.throws(() => read(archive, "../forsen"), RangeError);
  assert.deepEqual(await wordsOf(archive), ["one"]);
});

test("settle, verify and redact", async () => {
  const archive = await archiveOf("one", "two");
  await settle(archive, { channels: ["#Forsen"] });
  const findings = verify(archive);
  assert.deepEqual(await findings.next(), { done: true, value: { files: 1, messages: 2 } });
  const { messages } = await redact(archive, "forsen", { id: "one", reason: "asked" });
  assert.equal(messages, 1);
  assert.deepEqual(await wordsOf(archive), ["two"]);
  await redact(archive, "forsen", { userId: "7", reason: "asked" });
  assert.deepEqual(await wordsOf(archive), []);
  const both = { id: "1", userId: "2", reason: "" };
  await assert.rejects(redact(archive, "forsen", both), TypeError);
});

test("serve and sync", async () => {
  const [alpha, beta] = [await archiveOf("one", "two"), await archiveOf("three")];
  const server = await serve(alpha, { listen: ":0", token: "long-enough" });
  try {
    assert.equal((await fetch(`${server.url}/files`)).status, 401);
    const [state] = await sync(beta, [{ url: server.url, token: "long-enough" }]);
    assert.deepEqual([state?.files, state?.errors], [1, 0]);
    assert.deepEqual(await wordsOf(beta), ["one", "three", "two"]);
    const [refused] = await sync(await archiveOf("four"), [server.url]);
    assert.ok(refused!.errors > 0);
  } finally {
    await server[Symbol.asyncDispose]();
    await server.close();
  }
  await assert.rejects(fetch(server.url));
  await assert.rejects(serve(alpha, { token: "" }), RangeError);
  await assert.rejects(sync(alpha, ["ftp://alpha"]), RangeError);
});

test("record resolves when its signal aborts, and leaves a settled archive", async (t) => {
  const twitch = await serveSimulatedTwitch();
  t.after(() => twitch.close());
  const path = join(folder, "recorded");
  const archive = await openArchive(path, { create: true });
  const counts = new Map<string, number>();
  const stop = new AbortController();
  const reporter = {
    report() {},
    count(name: string, _labels?: unknown, amount = 1): void {
      counts.set(name, (counts.get(name) ?? 0) + amount);
      if ((counts.get("lines_received") ?? 0) > 60) stop.abort();
    },
  };
  const { signal } = stop;
  await record({ ...archive, reporter }, ["#Forsen", "nymn!"], {
    url: twitch.url,
    signal,
    node: "n",
  });
  assert.ok(signal.aborted);
  const words = await wordsOf(await openArchive(path));
  assert.ok(words.length > 0);
  for await (const { kind, path } of verify(archive)) assert.fail(`${kind} ${path}`);

  await assert.rejects(record(archive, []), RangeError);
  await assert.rejects(record(archive, ["no channel"]), RangeError);
  await assert.rejects(record(archive, ["forsen"], { connections: 0 }), RangeError);
  await assert.rejects(record(archive, ["forsen"], { joinRate: 2_001 }), RangeError);
  await assert.rejects(record(archive, ["forsen"], { url: "http://x" }), RangeError);
});
