import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { nodeHasher } from "../../../src/adapters/hashers/node_hasher.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { type ArchiveKey, formatArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { copyArchive, type CopyOptions } from "../../../src/engine/copy/copy_archive.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { collect } from "../../../src/testing/suites/suite.ts";

const NOON_US = Date.UTC(2026, 7, 1, 12) * 1000;
const MINUTE_US = 60_000_000;

type Kind = "batch" | "tombstone" | "redaction" | "coverage";

function fileOf(
  text: string,
  { channel = "forsen", minute = 0, kind = "batch" }: {
    readonly channel?: string;
    readonly minute?: number;
    readonly kind?: Kind;
  } = {},
): { readonly key: ArchiveKey; readonly bytes: Uint8Array } {
  const bytes = new TextEncoder().encode(text);
  const digest = new Uint8Array(createHash("sha256").update(bytes).digest());
  const minuteUs = NOON_US + minute * MINUTE_US;
  const key = kind === "redaction"
    ? formatArchiveKey({ kind, channel, digest })
    : kind === "coverage"
    ? formatArchiveKey({ kind, channel, digest, hourUs: minuteUs - minuteUs % (60 * MINUTE_US) })
    : formatArchiveKey({ kind, channel, digest, minuteUs });
  return { key, bytes };
}

const FILES = [
  ...Array.from({ length: 50 }, (_, n) => fileOf(`batch ${n}`, { minute: n * 7 })),
  fileOf("other", { channel: "nymn", minute: 3 }),
  fileOf("hidden", { minute: 5, kind: "tombstone" }),
  fileOf("order", { kind: "redaction" }),
  fileOf("listened", { kind: "coverage" }),
];

async function filled(files = FILES): Promise<BatchStore> {
  const store = memoryStore();
  for (const { key, bytes } of files) await store.put(key, bytes);
  return store;
}

function copy(from: BatchStore, to: BatchStore, options: Partial<CopyOptions> = {}) {
  return copyArchive({ from, to, hasher: nodeHasher(), ...options });
}

async function contents(store: BatchStore): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const key of store.list("")) {
    found.set(key, new TextDecoder().decode(await store.get(key)));
  }
  return found;
}

/** `store` with calls of the test's own. */
function changed(store: BatchStore, calls: Partial<BatchStore>): BatchStore {
  return {
    list: (prefix, options) => store.list(prefix, options),
    folders: (folder, options) => store.folders(folder, options),
    get: (key, options) => store.get(key, options),
    put: (key, bytes, options) => store.put(key, bytes, options),
    delete: (key, options) => store.delete(key, options),
    strays: (prefix, options) => store.strays(prefix, options),
    ...calls,
  };
}

test("copyArchive copies all that is missing, and nothing twice", async () => {
  const [from, to] = [await filled(), memoryStore()];
  const first = await copy(from, to);
  assert.deepEqual([first.copied, first.present, first.faults], [FILES.length, 0, 0]);
  assert.deepEqual(await contents(to), await contents(from));
  let puts = 0;
  const counting = changed(to, { put: () => Promise.reject(new Error(`put ${++puts}`)) });
  const again = await copy(from, counting);
  assert.deepEqual([again.copied, again.present], [0, FILES.length]);
});

test("copyArchive stores orders before what they are about", async () => {
  const put: ArchiveKey[] = [];
  const to = memoryStore();
  const watched = changed(to, {
    put: (key, bytes) => (put.push(key), to.put(key, bytes)),
  });
  await copy(await filled(), watched);
  const places = ["/redactions/", ".tombstone", ".json"].map((text) =>
    put.findIndex((key) => key.startsWith("forsen/") && key.includes(text))
  );
  assert.equal(places[0], 0, put.join("\n"));
  const firstBatch = put.findIndex((key) => /forsen\/chat\/.*json/.test(key));
  assert.ok(places[1]! < firstBatch, put.join("\n"));
});

test("copyArchive copies the channels that are named", async () => {
  const to = memoryStore();
  const totals = await copy(await filled(), to, { channels: ["nymn"] });
  assert.equal(totals.copied, 1);
  assert.deepEqual(await collect(to.folders("")), ["nymn"]);
});

test("copyArchive names damaged files, leaves them out, and mends those of the other archive", async () => {
  const [from, to] = [await filled(), await filled(FILES.slice(0, 3))];
  await from.put(FILES[7]!.key, new TextEncoder().encode("changed"));
  await to.put(FILES[1]!.key, new TextEncoder().encode("changed"));
  const faults: string[] = [];
  const totals = await copy(from, to, { onFault: (path) => faults.push(path) });
  assert.deepEqual(faults, [FILES[7]!.key]);
  assert.deepEqual([totals.copied, totals.present, totals.faults], [FILES.length - 3, 2, 1]);
  const wanted = await contents(await filled(FILES.filter((_, n) => n !== 7)));
  assert.deepEqual(await contents(to), wanted);
});

test("copyArchive notices a store that gives back something else", async () => {
  const to = memoryStore();
  const wrong = changed(to, { put: (key) => to.put(key, new Uint8Array(2)) });
  const totals = await copy(await filled(), wrong);
  assert.deepEqual([totals.copied, totals.faults], [0, FILES.length]);
  const unchecked = await copy(await filled(), wrong, { check: false });
  assert.equal(unchecked.present, FILES.length);
});

test("copyArchive goes on after an end at any file", async () => {
  const from = await filled();
  const to = memoryStore();
  const reason = new Error("enough");
  for (let n = 1; n < FILES.length; n += 9) {
    const aborter = new AbortController();
    let count = 0;
    const onFile = () => ++count >= n ? aborter.abort(reason) : undefined;
    await assert.rejects(copy(from, to, { signal: aborter.signal, onFile }), reason);
  }
  const totals = await copy(from, to);
  assert.equal(totals.copied + totals.present, FILES.length);
  assert.deepEqual(await contents(to), await contents(from));
});

test("copyArchive copies what is merged meanwhile, also into an hour that it has passed", async () => {
  const [early, late] = [fileOf("early", { minute: 59 }), fileOf("late", { minute: 60 })];
  const merged = fileOf("early and late", { minute: 59 });
  const from = await filled([early, late]);
  let isMerged = false;
  const settling = changed(from, {
    async get(key) {
      if (key === late.key && !isMerged) {
        isMerged = true;
        await from.put(merged.key, merged.bytes);
        for (const each of [early, late]) await from.delete(each.key);
      }
      return await from.get(key);
    },
  });
  const to = memoryStore();
  const totals = await copy(settling, to);
  assert.equal(totals.faults, 0);
  assert.deepEqual(
    new TextDecoder().decode(await to.get(merged.key)),
    "early and late",
  );
});

test("copyArchive says so when an archive changes all the time", async () => {
  const from = await filled([fileOf("a")]);
  const vanishing = changed(from, { get: () => Promise.resolve(undefined) });
  const faults: string[] = [];
  const onFault = (path: string, reason: string) => faults.push(`${path}: ${reason}`);
  await copy(vanishing, memoryStore(), { onFault });
  assert.match(faults.join(), /^forsen: it changes too fast/);
});
