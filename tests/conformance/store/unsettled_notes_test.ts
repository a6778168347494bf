import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileSystemUnsettled } from "../../../src/adapters/file_system/file_system_unsettled.ts";
import { memoryUnsettled } from "../../../src/adapters/memory/memory_notes.ts";

const NOON = { channel: "c", hour: "2026-08-01T12" };
const ONE = { channel: "c", hour: "2026-08-01T13" };
const ALL = { channel: "d", hour: "" };

/** Notes as another process leaves them: one whose identity names a process that has ended. */
async function leave(root: string, lines: string): Promise<void> {
  await fileSystemUnsettled(root).add(NOON);
  const folder = join(root, ".chatloom", "unsettled");
  const [name = ""] = await readdir(folder);
  const text = await readFile(join(folder, name), "utf8");
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await once(child, "exit");
  const ended = text.replace(/"pid":\d+/, `"pid":${child.pid}`);
  await rm(join(folder, name));
  await appendFile(join(folder, "aaaaaaaaaaaa.txt"), ended + lines);
}

test("fileSystemUnsettled takes over what a process that has ended left, except a torn line", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-unsettled-"));
  t.after(() => rm(root, { recursive: true }));
  await leave(
    root,
    "+d \n+c 2026-08-01T13\n-c 2026-08-01T13\n+../x 2026-08-01T13\n+c 2026-08-01T14",
  );
  const notes = fileSystemUnsettled(root);
  assert.deepEqual(await notes.takeOver(), [NOON, ALL]);
  assert.deepEqual(await notes.takeOver(), []);
  const folder = join(root, ".chatloom", "unsettled");
  const [name = "", ...more] = await readdir(folder);
  assert.deepEqual(more, [], "the file of the process that has ended is still there");
  assert.match(await readFile(join(folder, name), "utf8"), /\n\+c 2026-08-01T12\n\+d \n$/);
  for (const place of [NOON, ALL]) await notes.remove(place);
  assert.deepEqual(await readdir(folder), []);
});

test("fileSystemUnsettled leaves the notes of processes that live, and keeps its own when they vanish", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "chatloom-unsettled-"));
  t.after(() => rm(root, { recursive: true }));
  const [one, other] = [fileSystemUnsettled(root), fileSystemUnsettled(root)];
  await one.add(NOON);
  assert.deepEqual(await other.takeOver(), []);
  const folder = join(root, ".chatloom", "unsettled");
  for (const name of await readdir(folder)) await rm(join(folder, name));
  await one.add(ONE);
  const [name = ""] = await readdir(folder);
  assert.match(
    await readFile(join(folder, name), "utf8"),
    /\n\+c 2026-08-01T12\n\+c 2026-08-01T13\n$/,
  );
});

test("memoryUnsettled hands the notes of a process that was killed to the next one", async () => {
  const notes = memoryUnsettled();
  for (const place of [NOON, ONE]) await notes.add(place);
  await notes.remove(ONE);
  assert.deepEqual(await notes.takeOver(), []);
  assert.deepEqual(await notes.next().takeOver(), [NOON]);
});
