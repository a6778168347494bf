import assert from "node:assert/strict";
import { areBytesEqual } from "../../core/bytes.ts";
import { type ArchiveKey, formatArchiveKey } from "../../core/archive/archive_key.ts";
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

/** Checks that a {@link BatchStore} keeps every promise of its port. */
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

/** A key for tests. Equal arguments, equal key: `n` stands for the digest. */
function keyOf(
  n: number,
  { channel = "forsen", minute = 0, kind = "batch" }: {
    readonly channel?: string;
    readonly minute?: number;
    readonly kind?: "batch" | "tombstone" | "redaction" | "coverage";
  } = {},
): ArchiveKey {
  const digest = someBytes(32, n * 2 + 1);
  if (kind === "redaction") return formatArchiveKey({ kind, channel, digest });
  if (kind === "coverage") {
    const hourUs = NOON_US + Math.floor(minute / 60) * 60 * MINUTE_US;
    return formatArchiveKey({ kind, channel, hourUs, digest });
  }
  return formatArchiveKey({ kind, channel, minuteUs: NOON_US + minute * MINUTE_US, digest });
}

function checkBytes(check: Check): void {
  check("returns the bytes that were put", async ({ store }) => {
    const allBytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await store.put(keyOf(1), allBytes);
    await store.put(keyOf(2), new Uint8Array(0));
    await store.put(keyOf(3, { kind: "tombstone" }), someBytes(10));
    await store.put(keyOf(4, { kind: "redaction" }), someBytes(20));
    assert.deepEqual(plain(await store.get(keyOf(1))), plain(allBytes));
    assert.deepEqual(plain(await store.get(keyOf(2))), []);
    assert.deepEqual(plain(await store.get(keyOf(3, { kind: "tombstone" }))), plain(someBytes(10)));
    assert.deepEqual(plain(await store.get(keyOf(4, { kind: "redaction" }))), plain(someBytes(20)));
  });

  check("stores and returns several megabytes", async ({ store }) => {
    const bytes = someBytes(3_000_011);
    await store.put(keyOf(1), bytes);
    assert.ok(areBytesEqual((await store.get(keyOf(1)))!, bytes));
  });

  check("returns undefined for a missing key", async ({ store }) => {
    assert.equal(await store.get(keyOf(1)), undefined);
    await store.put(keyOf(1), someBytes(3));
    assert.equal(await store.get(keyOf(2)), undefined);
    assert.equal(await store.get(keyOf(1, { channel: "forse" })), undefined);
    assert.equal(await store.get(keyOf(1, { minute: 1 })), undefined);
    assert.equal(await store.get(keyOf(1, { kind: "tombstone" })), undefined);
  });

  check("stores only the part of a buffer that it is given", async ({ store }) => {
    const whole = someBytes(100);
    await store.put(keyOf(1), whole.subarray(10, 20));
    assert.deepEqual(plain(await store.get(keyOf(1))), plain(whole.slice(10, 20)));
  });

  check("keeps its bytes when the caller changes those that were put", async ({ store }) => {
    const bytes = someBytes(50);
    await store.put(keyOf(1), bytes);
    bytes.fill(0);
    assert.deepEqual(plain(await store.get(keyOf(1))), plain(someBytes(50)));
  });

  check("returns bytes that the caller may change", async ({ store }) => {
    await store.put(keyOf(1), someBytes(50));
    (await store.get(keyOf(1)))!.fill(0);
    assert.deepEqual(plain(await store.get(keyOf(1))), plain(someBytes(50)));
  });
}

function checkReplacing(check: Check): void {
  check("puts a file that is already there without harm", async ({ store }) => {
    for (let i = 0; i < 3; i++) await store.put(keyOf(1), someBytes(50));
    assert.deepEqual(plain(await store.get(keyOf(1))), plain(someBytes(50)));
    assert.deepEqual(await collect(store.list("")), [keyOf(1)]);
  });

  check("replaces a damaged file, whatever its length", async ({ store }) => {
    for (const damaged of [someBytes(49), someBytes(51), new Uint8Array(0), someBytes(50, 9)]) {
      await store.delete(keyOf(1));
      await store.put(keyOf(1), damaged);
      await store.put(keyOf(1), someBytes(50));
      assert.deepEqual(plain(await store.get(keyOf(1))), plain(someBytes(50)));
    }
    assert.deepEqual(await collect(store.list("")), [keyOf(1)]);
  });

  check("deletes, also a missing key", async ({ store }) => {
    await store.delete(keyOf(1));
    await store.put(keyOf(1), someBytes(50));
    await store.put(keyOf(2), someBytes(60));
    await store.delete(keyOf(1));
    await store.delete(keyOf(1));
    assert.equal(await store.get(keyOf(1)), undefined);
    assert.deepEqual(await collect(store.list("")), [keyOf(2)]);
    await store.put(keyOf(1), someBytes(50));
    assert.deepEqual(plain(await store.get(keyOf(1))), plain(someBytes(50)));
  });

  check(
    "deletes a batch and not the tombstone that hides it, and the other way",
    async ({ store }) => {
      const tombstone = keyOf(1, { kind: "tombstone" });
      await store.put(keyOf(1), someBytes(50));
      await store.put(tombstone, new Uint8Array(0));
      await store.delete(keyOf(1));
      assert.deepEqual(await collect(store.list("")), [tombstone]);
      await store.put(keyOf(1), someBytes(50));
      await store.delete(tombstone);
      assert.deepEqual(await collect(store.list("")), [keyOf(1)]);
    },
  );

  check("has what another process put, and loses what it deleted", async ({ store, again }) => {
    if (again === undefined) return;
    const other = await again();
    await store.put(keyOf(1), someBytes(50));
    assert.deepEqual(plain(await other.get(keyOf(1))), plain(someBytes(50)));
    assert.deepEqual(await collect(other.list("")), [keyOf(1)]);
    await other.delete(keyOf(1));
    assert.equal(await store.get(keyOf(1)), undefined);
    await other.put(keyOf(2), someBytes(60));
    assert.deepEqual(await collect(store.list("")), [keyOf(2)]);
  });
}

// Names of which one begins like another, or sorts another way once a slash follows.
const CHANNELS = ["a", "a-b", "a0", "a_b", "aa", "b", "forsen", "forsen1"];

async function fill(store: BatchStore): Promise<ArchiveKey[]> {
  const keys: ArchiveKey[] = [];
  for (const [n, channel] of CHANNELS.entries()) {
    // Minutes of three hours, two files in one of them.
    for (const minute of [59, 0, 61, 0, 121]) {
      keys.push(keyOf(keys.length, { channel, minute }));
    }
    if (n % 2 === 0) keys.push(keyOf(keys.length, { channel, kind: "redaction" }));
    if (n % 3 === 0) keys.push(keyOf(keys.length - 1, { channel, minute: 0, kind: "tombstone" }));
    if (n % 4 === 0) keys.push(keyOf(keys.length, { channel, minute: 61, kind: "coverage" }));
  }
  // In no order, so that none comes out by itself.
  const shuffled = keys.toSorted((a, b) => a.slice(-12) < b.slice(-12) ? -1 : 1);
  await Promise.all(shuffled.map((key, n) => store.put(key, someBytes(10 + n))));
  return keys.toSorted();
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
    const keys = Array.from({ length: 200 }, (_, n) => keyOf(n, { minute: n % 70 }));
    await Promise.all(keys.map((key, n) => store.put(key, someBytes(100 + n))));
    assert.deepEqual(await collect(store.list("")), keys.toSorted());
    for (const [n, key] of keys.entries()) {
      assert.deepEqual(plain(await store.get(key)), plain(someBytes(100 + n)));
    }
  });

  check("takes the same put from many callers at once", async ({ store, again }) => {
    const other = await again?.() ?? store;
    const bytes = someBytes(100_000);
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 ? store : other).put(keyOf(1), bytes)),
    );
    assert.ok(areBytesEqual((await store.get(keyOf(1)))!, bytes));
    assert.deepEqual(await collect(store.list("")), [keyOf(1)]);
    assert.deepEqual(await collect(store.strays("")), []);
  });

  check("never shows a part of a file", async ({ store, again }) => {
    const reader = await again?.() ?? store;
    const bytes = someBytes(2_000_000);
    for (let n = 0; n < 3; n++) {
      let isPut = false;
      const put = store.put(keyOf(n), bytes).finally(() => isPut = true);
      for (let looks = 0; !isPut && looks < 1000; looks++) {
        const found = await reader.get(keyOf(n));
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
      come.push(keyOf(1000 + listed.length, { channel: "forsen", minute: listed.length }));
      await store.put(come.at(-1)!, someBytes(5));
    }
    assert.deepEqual(listed, [...new Set(listed)].sort(), "ascending, each once");
    for (const key of keys) assert.ok(gone.includes(key) || listed.includes(key), key);
    for (const key of listed) assert.ok(keys.includes(key) || come.includes(key), key);
  });

  check("deletes a file that another caller deletes at the same time", async ({ store, again }) => {
    const other = await again?.() ?? store;
    await store.put(keyOf(1), someBytes(10));
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
      const keys = [1, 2, 3, 4].map((n) => keyOf(n)).toSorted();
      const [first, bad, third, absent] = keys as [string, string, string, string];
      for (const key of [first, bad, third]) await store.put(key, someBytes(50));
      await spoil(bad);
      assert.deepEqual(await collect(store.list("")), [first, bad, third]);
      assert.deepEqual(await collect(store.list(bad)), [bad]);
      assert.deepEqual(await collect(store.strays("")), [], "it has a key, so it is no stray");
      for (let i = 0; i < 2; i++) await assert.rejects(store.get(bad), verdictOn(bad));
      for (const key of [first, third]) {
        assert.deepEqual(plain(await store.get(key)), plain(someBytes(50)));
      }
      assert.equal(await store.get(absent), undefined, "a missing entry is not unreadable");
    },
  );

  check(
    "replaces an entry that cannot be read, or gives the verdict on it",
    async ({ store, spoil }) => {
      if (spoil === undefined) return;
      await spoil(keyOf(1));
      await store.put(keyOf(2), someBytes(50));
      const isReplaced = await store.put(keyOf(1), someBytes(50)).then(() => true, (error) => {
        assert.ok(verdictOn(keyOf(1))(error), String(error));
        return false;
      });
      if (isReplaced) assert.deepEqual(plain(await store.get(keyOf(1))), plain(someBytes(50)));
      else await assert.rejects(store.get(keyOf(1)), verdictOn(keyOf(1)));
      assert.deepEqual(plain(await store.get(keyOf(2))), plain(someBytes(50)));
      assert.deepEqual(await collect(store.list("")), [keyOf(1), keyOf(2)].toSorted());
    },
  );

  check("deletes an entry that cannot be read, or leaves it as it is", async ({ store, spoil }) => {
    if (spoil === undefined) return;
    await store.put(keyOf(2), someBytes(50));
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
      await store.put(keyOf(1), someBytes(10));
      const reason = { why: "the test says so" };
      const signal = AbortSignal.abort(reason);
      await assertRejectsWith(store.put(keyOf(2), someBytes(10), { signal }), reason);
      await assertRejectsWith(store.get(keyOf(1), { signal }), reason);
      await assertRejectsWith(store.delete(keyOf(1), { signal }), reason);
      await assertRejectsWith(collect(store.list("", { signal })), reason);
      await assertRejectsWith(collect(store.folders("", { signal })), reason);
      await assertRejectsWith(collect(store.strays("", { signal })), reason);
      assert.deepEqual(await collect(store.list("")), [keyOf(1)]);
    },
  );

  check("does a put that is aborted midway whole or not at all", async ({ store }) => {
    const bytes = someBytes(1_000_000);
    for (let n = 0; n < 10; n++) {
      const aborter = new AbortController();
      const reason = new Error("enough");
      const put = store.put(keyOf(n), bytes, { signal: aborter.signal }).then(() => "done");
      setTimeout(() => aborter.abort(reason), n);
      const outcome = await put.catch((error) => error);
      assert.ok(outcome === "done" || outcome === reason, String(outcome));
      const found = await store.get(keyOf(n));
      if (found !== undefined || outcome === "done") assert.ok(areBytesEqual(found!, bytes));
    }
    assert.deepEqual(await collect(store.strays("")), []);
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
