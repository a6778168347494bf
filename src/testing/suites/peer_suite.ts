import assert from "node:assert/strict";
import { type ArchiveKey, batchKey, formatArchiveKey } from "../../core/archive/archive_key.ts";
import type { BatchStore } from "../../ports/batch_store.ts";
import type { Peer } from "../../ports/peer.ts";
import { assertRejectsWith, collect, someBytes, type TestFunction } from "./suite.ts";

/** A peer that is being tested. */
export interface OpenPeer {
  /** The peer itself. */
  readonly peer: Peer;
  /** The archive that it shows, empty at first. */
  readonly store: BatchStore;
  /** Removes all that was made for the test. */
  close?(): void | Promise<void>;
}

/** What {@link peerSuite} needs. */
export interface PeerSuiteOptions {
  /** Registers one test. */
  readonly test: TestFunction;
  /** Opens a new peer with an empty archive for each test. */
  open(): OpenPeer | Promise<OpenPeer>;
  /** SHA-256, so that batches can be named. */
  digest(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

const NOON_US = Date.UTC(2026, 7, 1, 12) * 1000;
const HOUR = "2026-08-01T12";
const LINE = '{"command":"JOIN","host":"h","params":["#forsen"],"receivers":' +
  '{"a.AbCdE.0":1785585600.5},"sender":"s","tags":null,"time":1785585600.0,"time_range":0,' +
  '"user":"u"}\n';

const HEARD = {
  kind: "coverage",
  channel: "forsen",
  hourUs: NOON_US,
  digest: someBytes(32, 3),
} as const;

function nameOf(key: ArchiveKey): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

/** Checks that a {@link Peer} keeps the promises of its port. */
export function peerSuite({ test, open, digest }: PeerSuiteOptions): void {
  const check: Check = (name, body) =>
    test(`Peer ${name}`, async () => {
      const opened = await open();
      try {
        await body(opened);
      } finally {
        await opened.close?.();
      }
    });
  const put = async (store: BatchStore): Promise<ArchiveKey> => {
    const bytes = new TextEncoder().encode(LINE);
    const key = batchKey("forsen", { timeUs: NOON_US, digest: await digest(bytes) });
    await store.put(key, bytes);
    return key;
  };
  checkLists(check, put);
  checkFiles(check, put);
}

type Check = (name: string, body: (opened: OpenPeer) => Promise<void>) => unknown;

/** Stores a batch of noon with {@link LINE} in it, and returns its key. */
type PutBatch = (store: BatchStore) => Promise<ArchiveKey>;

function checkLists(check: Check, put: PutBatch): void {
  check("lists nothing of an empty archive", async ({ peer }) => {
    assert.deepEqual(await peer.channels(), []);
    assert.deepEqual(await peer.hours("forsen"), []);
    for (const folder of [`chat/${HOUR}`, ".chatloom/redactions", `.chatloom/coverage/${HOUR}`]) {
      assert.deepEqual(await peer.files("forsen", folder), [], folder);
    }
  });

  check("lists channels, hours and files", async ({ peer, store }) => {
    const key = await put(store);
    assert.deepEqual(await peer.channels(), ["forsen"]);
    assert.deepEqual(await peer.hours("forsen"), [HOUR]);
    assert.deepEqual(await peer.files("forsen", `chat/${HOUR}`), [nameOf(key)]);
    assert.deepEqual(await peer.files("forsen", "chat/2026-08-01T13"), []);
  });

  check("lists tombstones, redactions and coverage too", async ({ peer, store }) => {
    const channel = "forsen";
    const files = {
      [`chat/${HOUR}`]: {
        kind: "tombstone",
        channel,
        minuteUs: NOON_US,
        digest: someBytes(32),
      },
      ".chatloom/redactions": { kind: "redaction", channel, digest: someBytes(32, 2) },
      [`.chatloom/coverage/${HOUR}`]: {
        kind: "coverage",
        channel,
        hourUs: NOON_US,
        digest: someBytes(32, 3),
      },
    } as const;
    for (const parts of Object.values(files)) {
      await store.put(formatArchiveKey(parts), new Uint8Array());
    }
    for (const [folder, parts] of Object.entries(files)) {
      const name = nameOf(formatArchiveKey(parts));
      assert.deepEqual(await peer.files(channel, folder), [name], folder);
    }
  });

  check("shows changes by its digests, if it has any", async ({ peer, store }) => {
    const before = await peer.digests({ since: "" });
    if (before === undefined) return;
    await put(store);
    const after = await peer.digests({ since: "" });
    assert.ok(after?.get("forsen"));
    assert.ok(before.get("forsen") === undefined);
    assert.deepEqual([...(await peer.channelDigest("forsen", { since: "" }))!.coverage.keys()], []);
    await store.put(formatArchiveKey(HEARD), new Uint8Array());
    const channel = await peer.channelDigest("forsen", { since: "" });
    assert.ok(channel !== undefined && after !== undefined);
    assert.notEqual(channel.digest, after.get("forsen"));
    assert.equal(channel.digest, (await peer.digests({ since: "" }))?.get("forsen"));
    assert.deepEqual([...channel.hours.keys()], [HOUR]);
    assert.deepEqual([...channel.coverage.keys()], [HOUR]);
    const later = await peer.channelDigest("forsen", { since: "2026-08-01T13" });
    assert.deepEqual([...later!.hours.keys(), ...later!.coverage.keys()], []);
  });
}

function checkFiles(check: Check, put: PutBatch): void {
  check("yields bytes whole and unchanged", async ({ peer, store }) => {
    const key = await put(store);
    const pieces = await peer.read(key, { maxBytes: LINE.length });
    assert.ok(pieces);
    const bytes: number[] = [];
    for await (const piece of pieces) bytes.push(...piece);
    assert.equal(new TextDecoder().decode(Uint8Array.from(bytes)), LINE);
  });

  check("resolves with undefined for a missing file", async ({ peer }) => {
    const key = batchKey("forsen", { timeUs: NOON_US, digest: someBytes(32) });
    assert.equal(await peer.read(key, { maxBytes: 1_000 }), undefined);
  });

  check("refuses a file that is longer than wanted", async ({ peer, store }) => {
    const key = await put(store);
    const reading = async () => {
      const pieces = await peer.read(key, { maxBytes: LINE.length - 1 });
      if (pieces !== undefined) await collect(pieces);
    };
    await assert.rejects(reading, { name: "ChatloomError", code: "PEER_REFUSED" });
  });

  check("lets the caller stop in the middle of a file", async ({ peer, store }) => {
    const pieces = await peer.read(await put(store), { maxBytes: 1_000 });
    for await (const _ of pieces ?? []) break;
    assert.deepEqual(await peer.channels(), ["forsen"]);
  });

  check("rejects with the reason of a signal that aborted", async ({ peer, store }) => {
    const key = await put(store);
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await assertRejectsWith(peer.channels({ signal }), reason);
    await assertRejectsWith(peer.files("forsen", `chat/${HOUR}`, { signal }), reason);
    await assertRejectsWith(peer.read(key, { maxBytes: 1_000, signal }), reason);
  });
}
