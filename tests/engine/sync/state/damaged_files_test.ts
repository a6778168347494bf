import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryNotes } from "../../../../src/adapters/memory/memory_notes.ts";
import { memoryStore } from "../../../../src/adapters/memory/memory_store.ts";
import { formatArchiveKey } from "../../../../src/core/archive/archive_key.ts";
import { hourOf, MINUTE_US } from "../../../../src/core/time.ts";
import { DamagedFiles, findDamagedFiles } from "../../../../src/engine/sync/state/damaged_files.ts";
import { SupersededFiles } from "../../../../src/engine/sync/state/superseded_files.ts";
import { noopReporter } from "../../../../src/ports/reporter.ts";
import { hasher, WORLD_US } from "../../../simulation/settle/settle_world.ts";

const FOLDER = "forsen/chat/2026-08-01T12";

test("DamagedFiles keeps each file once, by folder, until it is whole again or beyond help", () => {
  const damage = new DamagedFiles();
  const [a, b, c] = [`${FOLDER}/a`, `${FOLDER}/b`, "forsen/chat/2026-08-01T13/c"] as const;
  assert.ok(!damage.isIn("forsen"));
  for (const key of [a, b, a, c]) damage.add(key);
  assert.deepEqual([...damage.of(FOLDER)], [a, b]);
  assert.ok(damage.isIn("forsen"));
  assert.ok(!damage.isIn("fors"));
  damage.leave(a);
  damage.delete(b);
  assert.deepEqual([...damage.of(FOLDER)], []);
  assert.ok(damage.isIn("forsen"));
  damage.delete(c);
  damage.delete(c);
  assert.ok(!damage.isIn("forsen"));
});

test("DamagedFiles tells once of a file, and again once it was whole", () => {
  const damage = new DamagedFiles();
  let told = 0;
  const reporter = { ...noopReporter, report: () => void told++ };
  const tell = () => [damage.tell("f/a", "why", reporter), told];
  assert.deepEqual(tell(), [true, 1]);
  assert.deepEqual(tell(), [false, 1]);
  damage.leave("f/a"); // No news either: no peer could help.
  assert.deepEqual(tell(), [false, 1]);
  damage.delete("f/a");
  assert.deepEqual(tell(), [true, 2]);
});

test("DamagedFiles knows 100,000 files at a time, and takes more when some are mended", () => {
  const damage = new DamagedFiles();
  let told = 0;
  const reporter = { ...noopReporter, report: () => void told++ };
  for (let i = 0; i < 100_001; i++) {
    damage.add(`f/${i}`);
    damage.tell(`f/${i}`, "why", reporter);
  }
  assert.deepEqual([damage.of("f").size, told], [100_000, 100_000]);
  damage.delete("f/0");
  damage.delete("f/none");
  damage.add("f/1");
  damage.add("f/x");
  damage.add("f/y");
  assert.deepEqual([damage.of("f").size, damage.of("f").has("f/x")], [100_000, true]);
});

test("findDamagedFiles names what is damaged, counts what it read, and tells of crowded minutes", async () => {
  const store = memoryStore();
  const minuteUs = hourOf(WORLD_US) + 3 * MINUTE_US;
  const put = async (minute: number, text: string, isWhole = true): Promise<string> => {
    const bytes = new TextEncoder().encode(text);
    const parts = { kind: "batch", channel: "c", minuteUs: minuteUs + minute * MINUTE_US } as const;
    const key = formatArchiveKey({ ...parts, digest: hasher.digest(bytes) });
    await store.put(key, isWhole ? bytes : bytes.subarray(1));
    return key;
  };
  const whole = await put(0, "one");
  const minute1 = [await put(1, "two"), await put(1, "three"), await put(1, "four")].sort();
  const bad = await put(2, "five", false);
  await put(3, "six");
  const hidden = whole.replace(".json", ".tombstone");
  await store.put(hidden, new Uint8Array());
  const folder = whole.slice(0, whole.lastIndexOf("/"));
  const hour = folder.split("/").at(-1)!;
  const notes = memoryNotes();
  const superseded = new SupersededFiles(notes, noopReporter);
  const damage = new DamagedFiles();
  const crowded: string[] = [];
  const find = async (): Promise<{ count: number; isForgotten: boolean }> => {
    await superseded.noteDeleted(whole);
    const onCrowded = (key: string) => void crowded.push(key);
    const options = { store, hasher, reporter: noopReporter, superseded, damage, onCrowded };
    const count = await findDamagedFiles({ channel: "c", folder, hour }, options);
    return { count, isForgotten: await notes.read("c", hour) === "" };
  };
  damage.add(whole);
  assert.deepEqual(await find(), { count: 6, isForgotten: true });
  assert.deepEqual([...damage.of(folder)], [bad]);
  assert.deepEqual(crowded, [minute1[1]]);
  // The second time it is no news, so what is known of the hour stays.
  assert.deepEqual(await find(), { count: 6, isForgotten: false });
  damage.delete(bad);
  const orders = { store, hasher, reporter: noopReporter, superseded, damage };
  await findDamagedFiles({ channel: "c", folder, hour: undefined }, orders);
  assert.deepEqual([...damage.of(folder)], [bad]);
  assert.notEqual(await notes.read("c", hour), "");
});
