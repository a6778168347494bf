import assert from "node:assert/strict";
import { test } from "node:test";
import { deferred } from "../../deferred.ts";
import { memoryNotes } from "../../../../src/adapters/memory/memory_notes.ts";
import { ChatloomError } from "../../../../src/core/errors/errors.ts";
import { noteName, SupersededFiles } from "../../../../src/engine/sync/state/superseded_files.ts";
import type { HourNotes } from "../../../../src/ports/notes/hour_notes.ts";

const HOUR = "2026-08-01T12";
const HASH = "A".repeat(43);
const name = (minute: number): string => `${minute}:00-${HASH}.json`;
const key = (minute: number): string => `forsen/chat/${HOUR}/${name(minute)}`;
const COVERAGE = `forsen/.chatloom/coverage/${HOUR}/${HASH}.json`;

function world(notes: HourNotes = memoryNotes()) {
  const reports: string[] = [];
  const counts: string[] = [];
  const superseded = new SupersededFiles(notes, {
    report: (severity, message, fields) =>
      void reports.push(`${severity} ${message} ${JSON.stringify(fields)}`),
    count: (counter, labels) => void counts.push(`${counter} ${JSON.stringify(labels)}`),
  });
  const recall = (...present: string[]) =>
    superseded.recall("forsen", HOUR, { present: new Set(present) });
  return { superseded, notes, reports, counts, recall };
}

function setsOf(memory: Awaited<ReturnType<SupersededFiles["recall"]>>): string[][] {
  return [[...memory.superseded], [...memory.unreadable], [...memory.present]];
}

test("SupersededFiles recalls what it noted of batches and coverage, hour by hour", async () => {
  const { superseded, recall, notes } = world();
  await superseded.noteDeleted(key(10));
  await superseded.noteDeleted(COVERAGE);
  await superseded.noteUnreadable(key(11));
  // Of orders there is nothing to note, nor of what is no key.
  await superseded.noteDeleted(`forsen/.chatloom/redactions/${HASH}.json`);
  await superseded.noteDeleted(key(12).replace(".json", ".tombstone"));
  await superseded.noteDeleted("forsen/chat/x");
  await superseded.noteDeleted(key(13).replace("T12", "T13"));
  assert.deepEqual(setsOf(await recall()), [[name(10), `coverage-${HASH}.json`], [name(11)], []]);
  assert.equal(noteName(COVERAGE), `coverage-${HASH}.json`);
  assert.equal(await notes.read("forsen", "2026-08-01T13"), `-${name(13)}\n`);
  assert.deepEqual(setsOf(await superseded.recall("other", HOUR, { present: new Set() })), [
    [],
    [],
    [],
  ]);
});

test("SupersededFiles writes what is noted in one go together, and waits for no other hour", async () => {
  const notes = memoryNotes();
  const written: string[] = [];
  const stuck = deferred<void>();
  const { superseded } = world({
    read: (...place) => notes.read(...place),
    replace: (...change) => notes.replace(...change),
    async append(channel, hour, lines) {
      if (hour.endsWith("T13")) await stuck.promise;
      written.push(`${hour} ${lines.split("\n").length - 1}`);
      await notes.append(channel, hour, lines);
    },
  });
  const other = superseded.noteDeleted(key(10).replace("T12", "T13"));
  await Promise.all([10, 11, 12].map((minute) => superseded.noteDeleted(key(minute))));
  assert.deepEqual(written, [`${HOUR} 3`]);
  stuck.resolve();
  await other;
  assert.deepEqual(written, [`${HOUR} 3`, "2026-08-01T13 1"]);
});

test("SupersededFiles forgets the hour when a file has vanished that was not merged away", async () => {
  const { superseded, recall, reports } = world();
  await superseded.noteDeleted(key(10));
  await superseded.noteUnreadable(key(11));
  const present = new Set([name(20), name(21)]);
  await superseded.notePresent("forsen", HOUR, { memory: await recall(), present });
  assert.deepEqual(setsOf(await recall(name(20), name(21), name(22))), [
    [name(10)],
    [name(11)],
    [name(20), name(21)],
  ]);
  await superseded.noteDeleted(key(21));
  assert.deepEqual((await recall(name(20))).superseded, new Set([name(10), name(21)]));
  assert.deepEqual(reports, []);
  // The other one is gone, and nobody said why.
  assert.deepEqual(setsOf(await recall()), [[], [name(11)], []]);
  assert.deepEqual(reports, [
    "warning Files vanished from the archive, asking peers for the hour " +
    JSON.stringify({ channel: "forsen", hour: HOUR, files: 1 }),
  ]);
  assert.deepEqual(setsOf(await recall()), [[], [name(11)], []]);
  assert.equal(reports.length, 1);
});

test("SupersededFiles.notePresent writes only what is news, and only where something is left out", async () => {
  const inner = memoryNotes();
  let writes = 0;
  const replace: HourNotes["replace"] = (...args) => (writes++, inner.replace(...args));
  const { superseded, recall } = world({ ...inner, replace });
  const note = async (...present: string[]): Promise<number> => {
    const before = writes;
    const memory = await recall(...present);
    await superseded.notePresent("forsen", HOUR, { memory, present: new Set(present) });
    return writes - before;
  };
  assert.equal(await note(name(20)), 0);
  await superseded.noteDeleted(key(10));
  assert.equal(await note(name(20)), 1);
  assert.equal(await note(name(20)), 0);
  assert.equal(await note(name(20), name(21)), 1);
  await superseded.noteDeleted(key(20));
  assert.equal(await note(name(21), name(22)), 1); // As many as before, but others.
  assert.deepEqual((await recall(name(21), name(22))).present, new Set([name(21), name(22)]));
});

test("SupersededFiles keeps the latest 50,000 names of a kind", async () => {
  const { superseded, notes, recall } = world();
  for (const sign of ["-", "!"]) {
    const lines = Array.from({ length: 50_001 }, (_, i) => `${sign}${i}\n`).join("");
    await notes.append("forsen", HOUR, lines);
  }
  const present = new Set(Array.from({ length: 50_001 }, (_, i) => `p${i}`));
  await superseded.notePresent("forsen", HOUR, { memory: await recall(), present });
  const memory = await recall(...present);
  for (const set of [memory.superseded, memory.unreadable, memory.present]) {
    assert.equal(set.size, 50_000);
    assert.ok(!set.has("0") && !set.has("p0"));
    assert.ok(set.has("1") || set.has("p1"));
  }
});

test("SupersededFiles takes no torn line for a name", async () => {
  const { notes, recall } = world();
  await notes.append("forsen", HOUR, `-whole\n?unknown\n\n-tor`);
  assert.deepEqual(setsOf(await recall()), [["whole"], [], []]);
});

test("SupersededFiles tells once of notes that cannot be kept, and goes on", async () => {
  const inner = memoryNotes();
  let isFailing = true;
  const mayFail = <T>(work: () => Promise<T>): Promise<T> =>
    isFailing ? Promise.reject(new ChatloomError("STORE_FULL", "Cannot write")) : work();
  const { superseded, recall, reports, counts } = world({
    read: (...args) => mayFail(() => inner.read(...args)),
    append: (...args) => mayFail(() => inner.append(...args)),
    replace: (...args) => mayFail(() => inner.replace(...args)),
  });
  await superseded.noteDeleted(key(10));
  assert.deepEqual(setsOf(await recall()), [[], [], []]);
  await superseded.forget("forsen", HOUR);
  assert.equal(counts.length, 3);
  assert.equal(counts[0], 'sync_note_errors {"code":"STORE_FULL"}');
  assert.equal(reports.length, 1);
  isFailing = false;
  await superseded.noteDeleted(key(11));
  assert.deepEqual(setsOf(await recall()), [[name(11)], [], []]);
  isFailing = true;
  await superseded.noteDeleted(key(12));
  assert.equal(reports.length, 2, "failing once more is news");
});

test("SupersededFiles passes on what is no failure of the notes, and works afterwards", async () => {
  const inner = memoryNotes();
  let isBroken = true;
  const append: HourNotes["append"] = (...args) =>
    isBroken ? Promise.reject(new TypeError("broken")) : inner.append(...args);
  const { superseded, recall } = world({ ...inner, append });
  await assert.rejects(superseded.noteDeleted(key(10)), TypeError);
  isBroken = false;
  await superseded.noteDeleted(key(11));
  assert.deepEqual((await recall()).superseded, new Set([name(11)]));
});

test("SupersededFiles.recall gives up with the caller", async () => {
  const { superseded } = world();
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(
    superseded.recall("forsen", HOUR, { present: new Set(), signal }),
    /enough/,
  );
});

test("SupersededFiles writes what is noted at the same time together, before each call resolves", async () => {
  const notes = memoryNotes();
  let appends = 0;
  const { superseded } = world({
    ...notes,
    async append(channel, hour, lines) {
      appends++;
      await Promise.resolve();
      await notes.append(channel, hour, lines);
    },
  });
  for (const minutes of [[10, 11, 12, 13, 14, 15, 16, 17], [20, 21, 22, 23, 24, 25, 26, 27]]) {
    await Promise.all(minutes.flatMap((minute) =>
      ["T12", "T13"].map(async (hour) => {
        const noted = key(minute).replace("T12", hour);
        await superseded.noteDeleted(noted);
        const text = await notes.read("forsen", HOUR.replace("T12", hour));
        assert.ok(text.includes(`-${noteName(noted)}\n`), `${noted} is written when it resolves`);
      })
    ));
  }
  assert.ok(appends <= 8, `${appends} appends for 32 notes of two hours`);
});
