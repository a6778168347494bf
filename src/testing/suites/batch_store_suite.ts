import assert from "node:assert/strict";
import { areBytesEqual, hexBytes } from "../../core/bytes.ts";
import { type ArchiveKey, formatArchiveKey } from "../../core/archive/archive_key.ts";
import { sha256 } from "../../core/redaction/sha256.ts";
import { UnreadableEntryError } from "../../core/errors/errors.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import { assertRejectsWith, collect, someBytes, type TestFunction } from "./suite.ts";

/** A store that is being tested. */
export interface OpenBatchStore {
  /** The store, empty at first. */
  readonly store: BatchStore;
  /** The same archive as another process would open it; left out where there can be none. */
  again?(): BatchStore | Promise<BatchStore>;
  /**
   * Puts an entry in the place of `key` that cannot be read, such as a folder on a disk; left out where
   * there is no such entry. What was under `key` may be gone.
   */
  spoil?(key: ArchiveKey): void | Promise<void>;
  /**
   * Puts bytes in the place of `key` that are not the file it names, as a failing disk does; left out where
   * `put` stores what it is given.
   */
  damage?(key: ArchiveKey, bytes: Uint8Array): void | Promise<void>;
  /** Removes all that was made for the test. */
  close?(): void | Promise<void>;
}

/** What {@link batchStoreSuite} needs. */
export interface BatchStoreSuiteOptions {
  /** Registers one test. */
  readonly test: TestFunction;
  /** Opens a new, empty store for each test. */
  open(): OpenBatchStore | Promise<OpenBatchStore>;
}

const NOON_US = Date.UTC(2026, 7, 1, 12) * 1000;
const MINUTE_US = 60_000_000;

/**
 * Checks that a {@link BatchStore} keeps every promise of its port. What it puts is what its keys say: their
 * digests are those of the bytes, and tombstones are empty.
 */
export function batchStoreSuite({ test, open }: BatchStoreSuiteOptions): void {
  const check = (name: string, body: (opened: OpenBatchStore) => Promise<void>) =>
    test(`BatchStore ${name}`, async () => {
      const opened = await open();
      try {
        await body(opened);
      } finally {
        await opened.close?.();
      }
    });
  checkBytes(check);
  checkReplacing(check);
  checkListing(check);
  checkKeys(check);
  checkConcurrency(check);
  checkSignals(check);
  checkUnreadable(check);
}

type Check = (name: string, body: (opened: OpenBatchStore) => Promise<void>) => unknown;

/** A file for tests, whose key has the digest of its bytes. */
interface SomeFile {
  readonly key: ArchiveKey;
  readonly bytes: Uint8Array;
}

/** A file for tests. Equal arguments, equal file; a tombstone hides the batch of the same arguments. */
function fileOf(
  n: number,
  { channel = "forsen", minute = 0, kind = "batch", bytes = someBytes(50, n * 2 + 1) }: {
    readonly channel?: string;
    readonly minute?: number;
    readonly kind?: "batch" | "tombstone" | "redaction" | "coverage";
    readonly bytes?: Uint8Array;
  } = {},
): SomeFile {
  const digest = hexBytes(sha256(bytes));
  if (kind === "redaction") return { key: formatArchiveKey({ kind, channel, digest }), bytes };
  if (kind === "coverage") {
    const hourUs = NOON_US + Math.floor(minute / 60) * 60 * MINUTE_US;
    return { key: formatArchiveKey({ kind, channel, hourUs, digest }), bytes };
  }
  const minuteUs = NOON_US + minute * MINUTE_US;
  const key = formatArchiveKey({ kind, channel, minuteUs, digest });
  return { key, bytes: kind === "tombstone" ? new Uint8Array(0) : bytes };
}

/** The key of {@link fileOf}. */
function keyOf(...args: Parameters<typeof fileOf>): ArchiveKey {
  return fileOf(...args).key;
}

async function putFile(store: BatchStore, { key, bytes }: SomeFile): Promise<void> {
  await store.put(key, bytes);
}

async function assertHas(store: BatchStore, { key, bytes }: SomeFile): Promise<void> {
  assert.deepEqual(plain(await store.get(key)), plain(bytes), key);
}

function checkBytes(check: Check): void {
  check("returns the bytes that were put", async ({ store }) => {
    const allBytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const files = [
      fileOf(1, { bytes: allBytes }),
      fileOf(2, { bytes: new Uint8Array(0) }),
      fileOf(3, { kind: "tombstone" }),
      fileOf(4, { kind: "redaction" }),
      fileOf(5, { kind: "coverage" }),
    ];
    for (const file of files) await putFile(store, file);
    for (const file of files) await assertHas(store, file);
  });

  check("stores and returns several megabytes", async ({ store }) => {
    const { key, bytes } = fileOf(1, { bytes: someBytes(3_000_011) });
    await store.put(key, bytes);
    assert.ok(areBytesEqual((await store.get(key))!, bytes));
  });

  check("returns undefined for a missing key", async ({ store }) => {
    assert.equal(await store.get(keyOf(1)), undefined);
    await putFile(store, fileOf(1));
    assert.equal(await store.get(keyOf(2)), undefined);
    assert.equal(await store.get(keyOf(1, { channel: "forse" })), undefined);
    assert.equal(await store.get(keyOf(1, { minute: 1 })), undefined);
    assert.equal(await store.get(keyOf(1, { kind: "tombstone" })), undefined);
  });

  check("stores only the part of a buffer that it is given", async ({ store }) => {
    const whole = someBytes(100);
    const { key } = fileOf(1, { bytes: whole.slice(10, 20) });
    await store.put(key, whole.subarray(10, 20));
    assert.deepEqual(plain(await store.get(key)), plain(whole.slice(10, 20)));
  });

  check("keeps its bytes when the caller changes those that were put", async ({ store }) => {
    const bytes = fileOf(1).bytes.slice();
    await store.put(keyOf(1), bytes);
    bytes.fill(0);
    await assertHas(store, fileOf(1));
  });

  check("returns bytes that the caller may change", async ({ store }) => {
    await putFile(store, fileOf(1));
    (await store.get(keyOf(1)))!.fill(0);
    await assertHas(store, fileOf(1));
  });
}

function checkReplacing(check: Check): void {
  check("puts a file that is already there without harm", async ({ store }) => {
    for (let i = 0; i < 3; i++) await putFile(store, fileOf(1));
    await assertHas(store, fileOf(1));
    assert.deepEqual(await collect(store.list("")), [keyOf(1)]);
  });

  check("replaces a damaged file, whatever its length", async ({ store, damage }) => {
    const plant = damage ?? ((key, bytes) => store.put(key, bytes));
    for (const damaged of [someBytes(49), someBytes(51), new Uint8Array(0), someBytes(50, 9)]) {
      await store.delete(keyOf(1));
      await plant(keyOf(1), damaged);
      await putFile(store, fileOf(1));
      await assertHas(store, fileOf(1));
    }
    assert.deepEqual(await collect(store.list("")), [keyOf(1)]);
  });

  check("deletes, also a missing key", async ({ store }) => {
    await store.delete(keyOf(1));
    await putFile(store, fileOf(1));
    await putFile(store, fileOf(2));
    await store.delete(keyOf(1));
    await store.delete(keyOf(1));
    assert.equal(await store.get(keyOf(1)), undefined);
    assert.deepEqual(await collect(store.list("")), [keyOf(2)]);
    await putFile(store, fileOf(1));
    await assertHas(store, fileOf(1));
  });

  check(
    "deletes a batch and not the tombstone that hides it, and the other way",
    async ({ store }) => {
      const tombstone = fileOf(1, { kind: "tombstone" });
      await putFile(store, fileOf(1));
      await putFile(store, tombstone);
      await store.delete(keyOf(1));
      assert.deepEqual(await collect(store.list("")), [tombstone.key]);
      await putFile(store, fileOf(1));
      await store.delete(tombstone.key);
      assert.deepEqual(await collect(store.list("")), [keyOf(1)]);
    },
  );

  check("has what another process put, and loses what it deleted", async ({ store, again }) => {
    if (again === undefined) return;
    const other = await again();
    await putFile(store, fileOf(1));
    await assertHas(other, fileOf(1));
    assert.deepEqual(await collect(other.list("")), [keyOf(1)]);
    await other.delete(keyOf(1));
    assert.equal(await store.get(keyOf(1)), undefined);
    await putFile(other, fileOf(2));
    assert.deepEqual(await collect(store.list("")), [keyOf(2)]);
  });
}

// Names of which one begins like another, or sorts another way once a slash follows.
const CHANNELS = ["a", "a-b", "a0", "a_b", "aa", "b", "forsen", "forsen1"];

async function fill(store: BatchStore): Promise<ArchiveKey[]> {
  const files: SomeFile[] = [];
  for (const [i, channel] of CHANNELS.entries()) {
    const n = 10 * i;
    // Minutes of three hours, two files in one of them.
    for (const [j, minute] of [59, 0, 61, 0, 121].entries()) {
      files.push(fileOf(n + j, { channel, minute }));
    }
    if (i % 2 === 0) files.push(fileOf(n + 5, { channel, kind: "redaction" }));
    if (i % 3 === 0) files.push(fileOf(n + 3, { channel, minute: 0, kind: "tombstone" }));
    if (i % 4 === 0) files.push(fileOf(n + 6, { channel, minute: 61, kind: "coverage" }));
  }
  // In no order, so that none comes out by itself.
  const shuffled = files.toSorted((a, b) => a.key.slice(-12) < b.key.slice(-12) ? -1 : 1);
  await Promise.all(shuffled.map((file) => putFile(store, file)));
  return files.map(({ key }) => key).toSorted();
}

function checkListing(check: Check): void {
  check("lists nothing when empty", async ({ store }) => {
    assert.deepEqual(await collect(store.list("")), []);
    assert.deepEqual(await collect(store.list("forsen/chat/")), []);
    assert.deepEqual(await collect(store.folders("")), []);
    assert.deepEqual(await collect(store.folders("forsen/chat")), []);
    assert.deepEqual(await collect(store.strays("")), []);
  });

  check("lists all keys in the order of their text", async ({ store }) => {
    const keys = await fill(store);
    assert.deepEqual(await collect(store.list("")), keys);
  });

  check("lists by prefix, letter by letter", async ({ store }) => {
    const keys = await fill(store);
    const hour = "forsen/chat/2026-08-01T12";
    const prefixes = [
      ...["a", "a/", "a-", "a_b/", "aa/", "forsen", "forsen/", "forsen1/", "missing/", "A/"],
      ...["a/c", "a/chat", "a/chat/", "a/chat/2", "a/chat/r", "a/chat/redactions/", "a/x/"],
      ...["a/.", "a/.chatloom", "a/.chatloom/", "a/.chatloom/redactions/", "a/.chatloom/r"],
      ...["a/.chatloom/coverage/", "a/.chatloom/coverage/2026-08-01T1", "a/.chatloom/x/"],
      ...["a/.chatloom/coverage/2026-08-01T13/", "a/.chatloom/coverage/2026-08-01T13/x"],
      ...["a/.chatloom/redactions/2026-08-01T13/", "a/.chatloom/coverage/2026-08-01T12/"],
      ...["forsen/chat/2026-08-01T1", hour, `${hour}/`, `${hour}/5`, `${hour}/00:00-`],
      ...[`${hour}/00:`, `${hour}/00_`, `${hour}/00:00-/`, keys[0]!, `${keys[0]}/`, `${keys[0]}x`],
      ...["/", "//", ".", "..", "../", "./", "a/../a/", "/a", " ", "\0", ".chatloom/", "*", "é"],
    ];
    for (const prefix of prefixes) {
      const wanted = keys.filter((key) => key.startsWith(prefix));
      assert.deepEqual(
        await collect(store.list(prefix)),
        wanted,
        `prefix ${JSON.stringify(prefix)}`,
      );
    }
  });

  check("names the folders of each level, not deeper", async ({ store }) => {
    await fill(store);
    assert.deepEqual(await collect(store.folders("")), CHANNELS);
    assert.deepEqual(await collect(store.folders("forsen1")), ["chat"]);
    assert.deepEqual(await collect(store.folders("a")), [".chatloom", "chat"]);
    assert.deepEqual(await collect(store.folders("a/.chatloom")), ["coverage", "redactions"]);
    assert.deepEqual(await collect(store.folders("a/.chatloom/coverage")), ["2026-08-01T13"]);
    const hours = ["2026-08-01T12", "2026-08-01T13", "2026-08-01T14"];
    assert.deepEqual(await collect(store.folders("aa/chat")), hours);
    assert.deepEqual(await collect(store.folders("b/chat")), hours);
    for (
      const folder of [
        ...["aa/chat/2026-08-01T12", "aa/.chatloom/redactions", "aa/chat/redactions"],
        ...["a/.chatloom/coverage/2026-08-01T13", "missing", "f", "..", "/"],
      ]
    ) {
      assert.deepEqual(await collect(store.folders(folder)), [], folder);
    }
  });

  check("has no strays of its own making", async ({ store }) => {
    for (const key of await fill(store)) await store.delete(key);
    await fill(store);
    assert.deepEqual(await collect(store.strays("")), []);
  });

  check("lets a listing be left early and begun again", async ({ store }) => {
    const keys = await fill(store);
    for await (const key of store.list("")) {
      assert.equal(key, keys[0]);
      break;
    }
    assert.deepEqual(await collect(store.list("")), keys);
  });
}

const NO_KEYS = [
  ...["", "a", "a/chat", "../../a", "/etc/passwd", "a/chat/2026-08-01T12/../../x.json"],
  keyOf(1).replace("/chat/", "/source/"),
  keyOf(1).replace("forsen", "../../forsen"),
  keyOf(1).replace("forsen", "Forsen"),
  keyOf(1).replace(":", "_"),
  keyOf(1, { kind: "redaction" }).replace(".chatloom", "chat"),
  keyOf(1, { kind: "coverage" }).replace(".chatloom/coverage", "chat"),
  keyOf(1, { kind: "coverage" }).replace("coverage", "redactions"),
  keyOf(1).replace("T12", "T24"),
  `/${keyOf(1)}`,
  `${keyOf(1)}\0`,
  `${keyOf(1)}.tmp`,
];

function checkKeys(check: Check): void {
  check("takes no key that names no file of an archive", async ({ store }) => {
    for (const key of NO_KEYS) {
      await assert.rejects(store.put(key, someBytes(3)), RangeError, `put ${key}`);
      await assert.rejects(store.get(key), RangeError, `get ${key}`);
      await assert.rejects(store.delete(key), RangeError, `delete ${key}`);
    }
    assert.deepEqual(await collect(store.list("")), []);
    assert.deepEqual(await collect(store.strays("")), []);
  });
}

function checkConcurrency(check: Check): void {
  check("takes many puts at once", async ({ store }) => {
    const files = Array.from(
      { length: 200 },
      (_, n) => fileOf(n, { minute: n % 70, bytes: someBytes(100 + n, 2 * n + 1) }),
    );
    await Promise.all(files.map((file) => putFile(store, file)));
    assert.deepEqual(await collect(store.list("")), files.map(({ key }) => key).toSorted());
    for (const file of files) await assertHas(store, file);
  });

  check("takes the same put from many callers at once", async ({ store, again }) => {
    const other = await again?.() ?? store;
    const { key, bytes } = fileOf(1, { bytes: someBytes(100_000) });
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? store : other).put(key, bytes)),
    );
    assert.ok(areBytesEqual((await store.get(key))!, bytes));
    assert.deepEqual(await collect(store.list("")), [key]);
    assert.deepEqual(await collect(store.strays("")), []);
  });

  check("never shows a part of a file", async ({ store, again }) => {
    const reader = await again?.() ?? store;
    for (let n = 0; n < 3; n++) {
      const { key, bytes } = fileOf(n, { bytes: someBytes(2_000_000, 2 * n + 1) });
      let isPut = false;
      const put = store.put(key, bytes).finally(() => isPut = true);
      for (let looks = 0; !isPut && looks < 1000; looks++) {
        const found = await reader.get(key);
        if (found !== undefined) assert.ok(areBytesEqual(found, bytes), `${found.length} bytes`);
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      await put;
    }
  });

  check("lists files that stay while others come and go", async ({ store }) => {
    const keys = await fill(store);
    const listed: ArchiveKey[] = [];
    const come: ArchiveKey[] = [];
    const gone = keys.filter((_, n) => n % 4 === 3);
    for await (const key of store.list("")) {
      listed.push(key);
      // One that was listed and one that was not, as far as there are any.
      if (gone.includes(key)) await store.delete(key);
      const ahead = gone[listed.length];
      if (ahead !== undefined) await store.delete(ahead);
      if (come.length === 30) continue; // Otherwise a listing that sees them all would never end.
      const file = fileOf(1000 + listed.length, { channel: "forsen", minute: listed.length });
      come.push(file.key);
      await putFile(store, file);
    }
    assert.deepEqual(listed, [...new Set(listed)].sort(), "ascending, each once");
    for (const key of keys) assert.ok(gone.includes(key) || listed.includes(key), key);
    for (const key of listed) assert.ok(keys.includes(key) || come.includes(key), key);
  });

  check("deletes a file that another caller deletes at the same time", async ({ store, again }) => {
    const other = await again?.() ?? store;
    await putFile(store, fileOf(1));
    await Promise.all([store, other, store, other].map((each) => each.delete(keyOf(1))));
    assert.equal(await store.get(keyOf(1)), undefined);
  });
}

function checkUnreadable(check: Check): void {
  const verdictOn = (key: ArchiveKey) => (error: unknown) =>
    error instanceof UnreadableEntryError && error.entries[0].path === key &&
    error.entries[0].reason.length > 0;

  check(
    "gives a verdict on an entry that cannot be read, and reads its neighbours",
    async (opened) => {
      const { store, spoil } = opened;
      if (spoil === undefined) return;
      const files = [1, 2, 3, 4].map((n) => fileOf(n)).toSorted((a, b) => a.key < b.key ? -1 : 1);
      for (const file of files.slice(0, 3)) await putFile(store, file);
      const keys = files.map(({ key }) => key);
      const [first, bad, third, absent] = keys as [string, string, string, string];
      await spoil(bad);
      assert.deepEqual(await collect(store.list("")), [first, bad, third]);
      assert.deepEqual(await collect(store.list(bad)), [bad]);
      assert.deepEqual(await collect(store.strays("")), [], "it has a key, so it is no stray");
      for (let i = 0; i < 2; i++) await assert.rejects(store.get(bad), verdictOn(bad));
      for (const file of [files[0]!, files[2]!]) await assertHas(store, file);
      assert.equal(await store.get(absent), undefined, "a missing entry is not unreadable");
    },
  );

  check(
    "replaces an entry that cannot be read, or gives the verdict on it",
    async ({ store, spoil }) => {
      if (spoil === undefined) return;
      await spoil(keyOf(1));
      await putFile(store, fileOf(2));
      const isReplaced = await putFile(store, fileOf(1)).then(() => true, (error) => {
        assert.ok(verdictOn(keyOf(1))(error), String(error));
        return false;
      });
      if (isReplaced) await assertHas(store, fileOf(1));
      else await assert.rejects(store.get(keyOf(1)), verdictOn(keyOf(1)));
      await assertHas(store, fileOf(2));
      assert.deepEqual(await collect(store.list("")), [keyOf(1), keyOf(2)].toSorted());
    },
  );

  check("deletes an entry that cannot be read, or leaves it as it is", async ({ store, spoil }) => {
    if (spoil === undefined) return;
    await putFile(store, fileOf(2));
    await spoil(keyOf(1));
    await store.delete(keyOf(1)).catch((error) => assert.ok(verdictOn(keyOf(1))(error)));
    const left = await collect(store.list(""));
    if (left.length === 1) assert.equal(await store.get(keyOf(1)), undefined);
    else await assert.rejects(store.get(keyOf(1)), verdictOn(keyOf(1)));
    assert.ok(left.includes(keyOf(2)));
    await store.delete(keyOf(2));
    assert.equal(await store.get(keyOf(2)), undefined);
  });
}

function checkSignals(check: Check): void {
  check(
    "rejects with the reason of a signal that has aborted, and does nothing",
    async ({ store }) => {
      await putFile(store, fileOf(1));
      const reason = { why: "the test says so" };
      const signal = AbortSignal.abort(reason);
      await assertRejectsWith(store.put(keyOf(2), fileOf(2).bytes, { signal }), reason);
      await assertRejectsWith(store.get(keyOf(1), { signal }), reason);
      await assertRejectsWith(store.delete(keyOf(1), { signal }), reason);
      await assertRejectsWith(collect(store.list("", { signal })), reason);
      await assertRejectsWith(collect(store.folders("", { signal })), reason);
      await assertRejectsWith(collect(store.strays("", { signal })), reason);
      assert.deepEqual(await collect(store.list("")), [keyOf(1)]);
    },
  );

  check("does a put that is aborted midway whole or not at all", async ({ store }) => {
    for (let n = 0; n < 10; n++) {
      const { key, bytes } = fileOf(n, { bytes: someBytes(1_000_000, 2 * n + 1) });
      const aborter = new AbortController();
      const reason = new Error("enough");
      const put = store.put(key, bytes, { signal: aborter.signal }).then(() => "done");
      setTimeout(() => aborter.abort(reason), n);
      const outcome = await put.catch((error) => error);
      assert.ok(outcome === "done" || outcome === reason, String(outcome));
      const found = await store.get(key);
      if (found !== undefined || outcome === "done") assert.ok(areBytesEqual(found!, bytes));
    }
    // What another process does for a put goes on for a moment, one put after the other: what stays stays in each look.
    let strays = await collect(store.strays(""));
    for (let looks = 0; looks < 1_200 && strays.length > 0; looks++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      strays = await collect(store.strays(""));
    }
    assert.deepEqual(strays, []);
  });

  check("ends a listing whose signal aborts between two keys, or ends well", async ({ store }) => {
    await fill(store);
    const aborter = new AbortController();
    const reason = new Error("enough");
    const listing = (async () => {
      for await (const _ of store.list("", { signal: aborter.signal })) aborter.abort(reason);
    })();
    await listing.catch((error) => assert.equal(error, reason));
  });
}

function plain(bytes: Uint8Array | undefined): number[] | undefined {
  // Views of other buffers, and their subclasses, hold equal bytes all the same.
  return bytes && Array.from(bytes);
}
