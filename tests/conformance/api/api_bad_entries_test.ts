import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  errnoError,
  type FileCalls,
  NODE_FILE_CALLS,
} from "../../../src/adapters/file_system/calls/file_calls.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import {
  type ArchiveKey,
  formatArchiveKey,
  minutePrefix,
} from "../../../src/core/archive/archive_key.ts";
import { encodeCoverage } from "../../../src/core/coverage/coverage.ts";
import { encodeRedaction } from "../../../src/core/redaction/redaction.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter, type Reporter } from "../../../src/ports/reporter.ts";
import { Settler } from "../../../src/engine/settle/settler.ts";
import { faultyStore } from "../../../src/testing/faults/faulty_store.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { type ApiWorld, apiWorld, NOON_S, said } from "./api_world.ts";
import {
  type BadArchive,
  badArchive,
  type BadEntry,
  FORGOTTEN,
  HIDDEN,
} from "../disk/bad_entries.ts";
import { tempFolder } from "../disk/temp_folder.ts";

const hasher = await wasmHasher();
const TEN_MINUTES = "start=2026-08-01T12:00&end=2026-08-01T12:10";

/** A file system that denies these files, or cannot read them, to root as well. */
function failing(paths: ReadonlySet<string>, errno: string): FileCalls {
  return {
    ...NODE_FILE_CALLS,
    open: (path) =>
      paths.has(path) ? Promise.reject(errnoError(errno, path)) : NODE_FILE_CALLS.open(path),
  };
}

async function open(
  t: TestContext,
  errno: string,
): Promise<{ root: string; archive: BadArchive; world: ApiWorld; calls: FileCalls }> {
  const { path: root, close } = tempFolder();
  t.after(close);
  const archive = await badArchive(root);
  const calls = failing(new Set(archive.denied.map((key) => join(root, key))), errno);
  const world = apiWorld({ store: fileSystemStore(root, { calls }) });
  return { root, archive, world, calls };
}

function textsOf(messages: unknown): string[] {
  return (messages as { params: string[] }[]).map(({ params }) => params[1]!);
}

/** Asserts that each of these was warned of once. */
function assertTold({ reports }: ApiWorld, bad: readonly BadEntry[]): void {
  assert.ok(bad.length > 0);
  for (const { key, what } of bad) {
    const lines = reports.filter((line) => line.includes(key));
    assert.equal(lines.length, 1, `${what} ${key}: ${lines.join("\n")}`);
    assert.match(lines[0]!, /^warning .* reason=./, what);
  }
}

function of(kinds: readonly BadEntry["kind"][], { bad }: BadArchive): BadEntry[] {
  return bad.filter(({ kind }) => kinds.includes(kind));
}

for (const errno of ["EACCES", "EIO"]) {
  test(`all routes give what is good beside bad entries, and tell each once (${errno})`, async (t) => {
    const { archive, world } = await open(t, errno);
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(
        textsOf(await world.json(`/forsen/chat.json?${TEN_MINUTES}`)),
        archive.good,
      );
      for (const query of ["", "?reverse=true", `?${TEN_MINUTES}`]) {
        const lines = (await world.text(`/forsen/chat.ndjson${query}`)).trim().split("\n");
        const texts = textsOf(lines.map((line) => JSON.parse(line))).sort();
        assert.deepEqual(texts, [...archive.good].sort(), query);
      }
    }
    assertTold(world, of(["batch", "redaction"], archive));
    for (let i = 0; i < 2; i++) {
      const minutes = await world.json(`/forsen/coverage.json?${TEN_MINUTES}`) as {
        listened: object;
      }[];
      assert.equal(minutes.length, 10);
      assert.deepEqual(Object.keys(minutes[0]!.listened), ["alpha.AbCdE.0", "beta.AbCdE.0"]);
    }
    assertTold(world, of(["batch", "redaction", "coverage"], archive));

    assert.deepEqual(await world.json("/files"), ["forsen"]);
    assert.deepEqual(await world.json("/files/forsen/chat"), ["2026-08-01T12"]);
    const query = "?tombstones=true&coverage=true";
    const names = await world.json(`/files/forsen/chat/2026-08-01T12${query}`) as string[];
    for (const key of archive.servable) assert.ok(names.includes(key.split("/").at(-1)!), key);
    assert.ok(Object.keys(await world.json("/digests") as object).includes("forsen"));
    assert.match(await world.text("/digests/forsen"), /"2026-08-01T12":/);

    for (let i = 0; i < 2; i++) {
      for (const key of archive.servable) {
        assert.equal((await world.ask(pathOf(key))).status, 200, key);
      }
      for (const { key, what } of archive.bad) {
        assert.equal((await world.ask(pathOf(key))).status, 404, `${what} ${key}`);
      }
    }
    for (const { key, what } of of(["tombstone"], archive)) {
      const warnings = world.reports.filter((line) =>
        line.startsWith("warning") && line.includes(key)
      );
      assert.equal(warnings.length, 1, what);
    }
    const failures = world.reports.filter((line) => line.startsWith("error"));
    assert.deepEqual(failures, []);
  });
}

function pathOf(key: ArchiveKey): string {
  return `/segments/${key}`;
}

test("a running settler merges beside bad entries, and tells each once, not at each minute", async (t) => {
  const { archive, world, root, calls } = await open(t, "EACCES");
  const clock = virtualClock();
  const reporter = { report: collectInto(world.reports), count() {} };
  const store = fileSystemStore(root, { calls });
  const settler = new Settler({ store, hasher, clock, reporter });
  for (let i = 0; i < 3; i++) {
    for (const key of archive.servable) settler.onFileStored(key);
    await settler.settleNoted();
    assert.equal(settler.pending, 0);
  }
  assertTold(world, of(["redaction"], archive));
  const minute = minutePrefix("forsen", (NOON_S + 120) * 1e6);
  const files: ArchiveKey[] = [];
  for await (const key of store.list(minute)) {
    if (await store.get(key).then((bytes) => bytes?.[0] === 0x7b, () => false)) files.push(key);
  }
  assert.equal(files.length, 1, "two good files became one");
  for (const { key } of archive.bad) {
    assert.ok(await isThere(store, key), key);
  }
});

function collectInto(reports: string[]): ApiWorldReport {
  return (severity, message, fields = {}) => {
    const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${value}`);
    reports.push(`${severity} ${message}${pairs.join("")}`);
  };
}
type ApiWorldReport = (severity: string, message: string, fields?: object) => void;

async function isThere(store: { list(prefix: string): AsyncIterable<string> }, key: string) {
  for await (const _ of store.list(key)) return true;
  return false;
}

test("a redaction that could not be read is applied once it can be, to chat and to files", async () => {
  const store = faultyStore(memoryStore());
  const world = apiWorld({ store });
  const batch = await world.put("forsen", [said(1, FORGOTTEN), said(2, "kept")]);
  const bytes = encodeRedaction({
    target: { kind: "message", id: `${FORGOTTEN}-${NOON_S + 1}` },
    madeUs: NOON_S * 1e6,
    reason: "asked us to",
  });
  const digest = await hasher.digest(bytes);
  const order = formatArchiveKey({ kind: "redaction", channel: "forsen", digest });
  await store.put(order, bytes);
  store.spoil(order);
  const chat = `/forsen/chat.json?${TEN_MINUTES}`;
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(textsOf(await world.json(chat)), [FORGOTTEN, "kept"]);
    assert.equal((await world.ask(pathOf(batch))).status, 200);
  }
  const told = world.reports.filter((line) => line.includes(order));
  assert.equal(told.length, 1);
  assert.match(told[0]!, /cannot be applied: what it forgets stays readable/);
  store.mend(order);
  assert.deepEqual(textsOf(await world.json(chat)), ["kept"]);
  assert.equal((await world.ask(pathOf(batch))).status, 404);
});

test("a bad entry does not keep answers from being held for the next who ask", async () => {
  const store = faultyStore(memoryStore());
  const world = apiWorld({ store });
  for (let i = 0; i < 10; i++) await world.put("forsen", [said(60 * i, `m${i}`)]);
  const bad = await world.put("forsen", [said(5, "bad")]);
  store.spoil(bad);
  const path = `/forsen/chat.json?${TEN_MINUTES}`;
  const first = await world.ask(path);
  await first.text();
  const headers = { "if-none-match": first.headers.get("etag")! };
  assert.equal((await world.ask(path, { headers })).status, 304);
  store.mend(bad);
  const mended = await world.ask(path, { headers });
  assert.equal(textsOf(await mended.json()).length, 11);
});

test("a tombstone that cannot be read hides by its name", async () => {
  const store = faultyStore(memoryStore());
  const world = apiWorld({ store });
  const hidden = await world.put("forsen", [said(1, "hidden")]);
  await world.put("forsen", [said(61, "shown")]);
  store.spoil(hidden.replace(/json$/, "tombstone"));
  assert.equal((await world.ask(pathOf(hidden))).status, 404);
  assert.deepEqual(textsOf(await world.json(`/forsen/chat.json?${TEN_MINUTES}`)), ["shown"]);
});

test("a settler names a place that it cannot write to, once, and settles the other minutes", async () => {
  const store = faultyStore(memoryStore());
  const world = apiWorld({ store });
  const other = apiWorld();
  for (const { put } of [world, other]) {
    for (const [at, text] of [[1, "a"], [2, "b"], [61, "c"], [62, "d"]] as const) {
      await put("forsen", [said(at, text)]);
    }
  }
  const settle = async (store: BatchStore, reporter: Reporter) => {
    const settler = new Settler({ store, hasher, clock: virtualClock(), reporter });
    for await (const key of store.list("")) settler.onFileStored(key);
    await settler.settleNoted();
    return settler.pending;
  };
  await settle(other.store, noopReporter);
  const [blocked, merged] = await keysOf(other.store);
  store.spoil(blocked!);
  const reporter = { report: collectInto(world.reports), count() {} };
  for (let i = 0; i < 3; i++) assert.equal(await settle(store, reporter), 0, "nothing waits");
  assert.equal(world.reports.filter((line) => line.includes(blocked!)).length, 1);
  const left = await keysOf(store);
  assert.equal(left.length, 4, "two files, the one in whose place something is, and a merged one");
  assert.ok(left.includes(merged!));
  store.mend(blocked!);
  await settle(store, reporter);
  assert.deepEqual(await keysOf(store), [blocked, merged]);
});

async function keysOf(store: BatchStore): Promise<ArchiveKey[]> {
  const keys: ArchiveKey[] = [];
  for await (const key of store.list("")) keys.push(key);
  return keys;
}

test("redactions and coverage leave with the bytes that were checked", async () => {
  const inner = memoryStore();
  const hourUs = NOON_S * 1e6;
  const files = [
    [
      "redaction",
      encodeRedaction({ target: { kind: "message", id: "x" }, madeUs: hourUs, reason: "so" }),
    ],
    ["coverage", encodeCoverage(hourUs, new Map([["alpha.AbCdE.0", [[0, 60]]]]))],
  ] as const;
  for (const [kind, bytes] of files) {
    const digest = await hasher.digest(bytes);
    const key = formatArchiveKey({ kind, channel: "forsen", hourUs, digest });
    await inner.put(key, bytes);
    // A disk that loses bytes between two reads.
    let reads = 0;
    const store = {
      list: inner.list.bind(inner),
      folders: inner.folders.bind(inner),
      put: inner.put.bind(inner),
      delete: inner.delete.bind(inner),
      strays: inner.strays.bind(inner),
      get: async (wanted: ArchiveKey) =>
        wanted === key && reads++ > 0 ? new Uint8Array(3) : await inner.get(wanted),
    };
    const response = await apiWorld({ store }).ask(pathOf(key));
    assert.equal(response.status, 200);
    assert.deepEqual(new Uint8Array(await response.arrayBuffer()), bytes, kind);
  }
});

test("an archive of bad entries hides and forgets what its good orders say", async (t) => {
  const { archive, world, root } = await open(t, "EACCES");
  const text = await world.text("/forsen/chat.ndjson");
  assert.ok(!text.includes(FORGOTTEN) && !text.includes(HIDDEN));
  assert.ok(existsSync(join(root, dirname(archive.servable[0]!))));
});
