import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { decodeBatch } from "../../../src/core/batch/batch.ts";
import { HOUR_US, SECOND_US } from "../../../src/core/time.ts";
import { importCapture, type ImportOptions } from "../../../src/engine/import/import_capture.ts";
import { ImportedLines } from "../../../src/engine/import/imported_lines.ts";
import { formatEntry, type JournalEntry } from "../../../src/engine/journal/entry.ts";
import { LINE_LENGTH_MAX } from "../../../src/engine/session/lines/line_splitter.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { hasher } from "../../simulation/settle/settle_world.ts";

const START_US = 1_785_587_640 * SECOND_US;

function said(seconds: number, text = "hi", channel = "c"): string {
  const sent = (START_US + seconds * SECOND_US) / 1_000;
  return `@id=${seconds};tmi-sent-ts=${sent} :u!u@u PRIVMSG #${channel} :${text}`;
}

/** Imports a text, and says what was stored and counted. */
async function imported(
  text: string,
  { isTorn, ...options }: Partial<ImportOptions> & { readonly isTorn?: boolean } = {},
) {
  const store = memoryStore();
  const counts = new Map<string, number>();
  const count = (name: string, labels: object = {}, amount = 1): void => {
    if (name !== "lines_ignored") return;
    const key = Object.values(labels).join(" ");
    counts.set(key, (counts.get(key) ?? 0) + amount);
  };
  const stored: string[] = [];
  const done = await importCapture({
    name: "capture",
    async *open() {
      yield await Promise.resolve(new TextEncoder().encode(text));
    },
    ...(isTorn === undefined ? {} : { isTorn: () => isTorn }),
  }, {
    store,
    hasher,
    reporter: { report() {}, count },
    onStored: (key) => void stored.push(key),
    ...options,
  });
  const messages = [];
  for (const key of stored) messages.push(...decodeBatch((await store.get(key))!));
  return { done, counts: Object.fromEntries(counts), stored, messages };
}

test("importCapture stores each message once, and counts repeats, batches and what it ignores", async () => {
  const text = [said(0), said(0), said(61, "héllo"), "PING :x", "nonsense", ""].join("\n");
  const { done, counts, stored, messages } = await imported(text);
  assert.deepEqual(done, { lines: 5, messages: 2, repeats: 1, batches: 2, replaced: 0 });
  assert.deepEqual(counts, { "command not kept PING": 1, "command not kept NONSENSE": 1 });
  assert.equal(stored.length, 2);
  assert.deepEqual(messages.map(({ params }) => params[1]), ["hi", "héllo"]);
  const [receiver] = Object.keys(messages[0]!.receivers);
  assert.match(receiver!, /^import\.[A-Za-z0-9]{5}\.0$/);
  const again = await imported(text);
  assert.deepEqual(again.stored, stored);
  assert.notDeepEqual(
    (await imported(`${text}\n`)).stored,
    stored,
    "other bytes, another receiver",
  );
});

test("importCapture counts lines that are too long, torn or not UTF-8", async () => {
  const tooLong = said(1, "x".repeat(LINE_LENGTH_MAX + 1_000));
  const longLine = said(2, "x".repeat(LINE_LENGTH_MAX - 50));
  const text = [said(0), tooLong, longLine, said(3)].join("\n");
  const { done, counts } = await imported(text, { isTorn: true });
  assert.deepEqual([done.lines, done.messages], [4, 1]);
  assert.deepEqual(counts, { "line too long": 2, "piece of a line": 1 });
  const whole = await imported(text, { isTorn: false });
  assert.deepEqual([whole.done.lines, whole.done.messages], [4, 2]);
});

test("importCapture refuses what tells no time, and gives up with its caller", async () => {
  const refused = imported(":u!u@u JOIN #c\nPING :x");
  await assert.rejects(refused, { code: "INPUT_UNREADABLE" });
  await assert.rejects(imported(""), { code: "INPUT_UNREADABLE" });
  // A piece of a line tells none either.
  await assert.rejects(imported(said(0), { isTorn: true }), { code: "INPUT_UNREADABLE" });
  const enough = AbortSignal.abort(new Error("enough"));
  await assert.rejects(imported(said(0), { signal: enough }), /enough/);
});

test("importCapture replays a journal, with its own receivers, and ignores what is no entry", async () => {
  const moment = (seconds: number) => ({
    receivedUs: START_US + seconds * SECOND_US,
    elapsedUs: seconds * SECOND_US,
  });
  const checkpoint = (run: string): JournalEntry => ({
    kind: "checkpoint",
    checkpoint: { run, serverClock: undefined, connections: [] },
  });
  const entries: JournalEntry[] = [
    checkpoint("node.AbCdE"),
    { kind: "open", n: 3, moment: moment(0) },
    { kind: "line", n: 3, moment: moment(1), line: said(1) },
    checkpoint("other.AbCdE"),
    { kind: "piece", n: 3, moment: moment(2), line: said(2) },
    { kind: "kept", channel: "c", minuteUs: START_US, line: "{}" },
    { kind: "line", n: 3, moment: moment(3), line: said(3) },
    { kind: "batch", id: 0, channel: "c", minuteUs: START_US },
    { kind: "line", n: 3, moment: moment(4), line: said(4) },
  ];
  const text = entries.map(formatEntry).join("") + "nonsense\n1785587645.5 1.5 3 torn";
  const { done, counts, messages } = await imported(text);
  assert.deepEqual(done, { lines: 7, messages: 3, repeats: 0, batches: 2, replaced: 0 });
  assert.deepEqual(counts, { "piece of a line": 1, "no journal entry": 3 });
  for (const { receivers } of messages) assert.deepEqual(Object.keys(receivers), ["node.AbCdE.3"]);
});

test("ImportedLines looks each thousand lines for minutes that nothing can join any more", () => {
  const lines = new ImportedLines({ run: "import.00000", reporter: noopReporter });
  const take = (count: number, fromS: number): number => {
    const some = Array.from(
      { length: count },
      (_, i) => ({ text: said(fromS + i), isPiece: false }),
    );
    lines.take(some);
    return lines.closed().length;
  };
  // A time is placed once three more have come.
  assert.equal(take(999, 0), 0);
  assert.equal(take(4, 999), 15);
  assert.equal(lines.lineCount, 1_003);
  lines.take([{ text: said(2_000), isPiece: true }]);
  assert.equal(lines.lineCount, 1_003);
  lines.end();
  assert.equal(lines.closed().length, 2);
  assert.equal(lines.closed().length, 0);
});

test("ImportedLines takes a leap back of more than an hour for another capture", () => {
  const receiversAfter = (backUs: number): number => {
    const lines = new ImportedLines({ run: "import.00000", reporter: noopReporter });
    const at = (us: number): string =>
      `${us / SECOND_US} ${said(us / SECOND_US - START_US / SECOND_US)}`;
    const timesUs = [0, 1, 2, 3, 4].map((s) => START_US + s * SECOND_US);
    for (const us of [...timesUs, ...timesUs.map((us) => us - backUs)]) {
      lines.take([{ text: at(us), isPiece: false }]);
    }
    lines.end();
    const receivers = new Set<string>();
    for (const { buffer } of lines.closed()) {
      for (const { receivers: each } of decodeBatch(buffer.encode().bytes)) {
        Object.keys(each).forEach((receiver) => receivers.add(receiver));
      }
    }
    return receivers.size;
  };
  // The first of the other is compared with the last of the one before, four seconds later.
  assert.equal(receiversAfter(HOUR_US - 4 * SECOND_US), 1);
  assert.equal(receiversAfter(HOUR_US - 4 * SECOND_US + 1_000), 2);
});
