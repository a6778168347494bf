import assert from "node:assert/strict";
import { test } from "node:test";
import { type ArchiveKey, batchKey } from "../../../src/core/archive/archive_key.ts";
import type { Finding, FindingKind } from "../../../src/engine/verify/finding.ts";
import { rewriteBatch } from "../../../src/engine/verify/rewrite_batch.ts";
import { HOUR_US } from "../../../src/core/time.ts";
import { findRepeatedReceiver } from "../../../src/engine/verify/repeated_receiver.ts";
import { verifyArchive, type VerifyTotals } from "../../../src/engine/verify/verify_archive.ts";
import { verifyHour, verifyHours } from "../../../src/engine/verify/verify_hours.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import {
  CHANNEL,
  contentsOf,
  filesOf,
  hasher,
  redactionFile,
  settleAll,
  type SmallSighting,
  storeWith,
  text,
  textsOf,
  WORLD_US,
} from "../settle/settle_world.ts";

const WORDS: SmallSighting[] = [0, 1, 2].map((content) => ({
  content,
  isExact: true,
  receiver: 0,
  receivedS: content,
  startS: content,
  lengthS: 0,
}));

/** What hour after hour gives, as text, in order; the last is how much was looked at. */
async function hourlyIn(store: BatchStore, ran: string[] = []): Promise<string[]> {
  const pool = {
    size: 2,
    run: (prefix: string) => {
      ran.push(prefix);
      return verifyHour(prefix, { store, hasher });
    },
    close: () => Promise.resolve(),
  };
  return await listOf(verifyHours({ store, hasher, pool }));
}

async function listOf(found: AsyncGenerator<Finding, VerifyTotals>): Promise<string[]> {
  const lines: string[] = [];
  let step = await found.next();
  for (; !step.done; step = await found.next()) lines.push(JSON.stringify(step.value));
  return [...lines.sort(), JSON.stringify(step.value)];
}

async function findingsIn(store: BatchStore): Promise<Map<FindingKind, string>> {
  assert.deepEqual(await hourlyIn(store), await listOf(verifyArchive({ store, hasher })));
  const found = new Map<FindingKind, string>();
  for await (const { kind, path, reason } of verifyArchive({ store, hasher })) {
    assert.ok(!found.has(kind), `${kind} twice: ${path} ${reason}`);
    found.set(kind, path);
  }
  return found;
}

function named(content: string): [ArchiveKey, Uint8Array] {
  const bytes = new TextEncoder().encode(content);
  return [batchKey(CHANNEL, { timeUs: WORLD_US, digest: hasher.digest(bytes) }), bytes];
}

const MINUTE = [...filesOf(WORDS).keys()][0]!.slice(0, -48);

test("verifyArchive finds nothing in a settled archive, and notes one that is not", async () => {
  const store = await storeWith(WORDS.flatMap((each) => [...filesOf([each])]));
  assert.deepEqual(await findingsIn(store), new Map([["unsettled", MINUTE]]));
  await settleAll(store);
  assert.deepEqual(await findingsIn(store), new Map());
});

test("verifyArchive notes a minute that is one file, but not with those beside it", async () => {
  const join = { content: 0, lengthS: 30 };
  const store = await storeWith([
    ...filesOf([{ ...join, receiver: 0, receivedS: 55, startS: 50 }]),
    ...filesOf([{ ...join, receiver: 1, receivedS: 65, startS: 61 }]),
  ]);
  const unsettled: string[] = [];
  for await (const { kind, path } of verifyArchive({ store, hasher })) {
    assert.equal(kind, "unsettled");
    unsettled.push(path);
  }
  assert.equal(unsettled.length, 2);
  await settleAll(store);
  assert.deepEqual(await findingsIn(store), new Map());
});

test("verifyArchive finds redacted messages until they are settled away", async () => {
  const [order, bytes] = await redactionFile("1");
  const store = await storeWith([...filesOf(WORDS), [order, bytes]]);
  assert.deepEqual(
    await findingsIn(store),
    new Map([["redacted", [...filesOf(WORDS).keys()][0]!]]),
  );
  await settleAll(store);
  assert.deepEqual(await findingsIn(store), new Map());
});

test("verifyArchive finds redactions that are damaged or unreadable", async () => {
  const [order, bytes] = await redactionFile("1");
  const store = await storeWith([[order, bytes.subarray(1)]]);
  assert.deepEqual(await findingsIn(store), new Map([["damaged", order]]));
});

test("verifyArchive notes one id with two contents", async () => {
  const [line = ""] = [...textsOf(filesOf(WORDS.slice(0, 1))).values()];
  const store = await storeWith([
    named(line + line.replace('"sender":"user0"', '"sender":"userX"')),
  ]);
  assert.deepEqual(await findingsIn(store), new Map([["repeated-id", MINUTE]]));
});

const TWICE = '{"receivers": {"a":1,"b":2,"\\u0061":3}}';

test("findRepeatedReceiver finds a key that stands twice, however it is written", () => {
  assert.equal(findRepeatedReceiver(TWICE), "a");
  const none = [
    '{"receivers":{"a":1,"b":{"received":1,"time":2,"time_range":3},"c":{"received":1,"time":2}}}',
    '{"other":{"a":1,"a":2},"receivers":{"a":"a"}}',
    '{"x":"\\"receivers\\":{","receivers":{"a:":1,"a":["a",{"a":1}]}}',
  ];
  for (const line of none) assert.equal(findRepeatedReceiver(line), undefined, line);
});

test("rewriteBatch writes anew what is valid, keeps what it would lose, and crashes into no loss", async () => {
  const lines = [...textsOf(filesOf(WORDS)).values()].join("");
  const sloppy = named(lines.replaceAll(",", ", "));
  const doubled = named(lines.replace(/"receivers":\{("[^}]*)\}/, '"receivers":{$1,$1}'));
  const unreadable = named("{}\n");
  const store = await storeWith([sloppy, doubled, unreadable]);
  const healed = await rewriteBatch(sloppy[0], { store, hasher });
  assert.ok(healed !== undefined);
  assert.equal(text((await store.get(healed))!), lines);
  assert.equal(await rewriteBatch(doubled[0], { store, hasher }), undefined);
  assert.equal(await rewriteBatch(unreadable[0], { store, hasher }), undefined);
  assert.equal(await rewriteBatch(healed, { store, hasher }), undefined);
  const expected = new Map([...filesOf(WORDS), doubled, unreadable]);
  assert.deepEqual(await contentsOf(store), textsOf(expected));
  const findings = new Set<FindingKind>();
  for await (const { kind } of verifyArchive({ store, hasher })) findings.add(kind);
  assert.deepEqual(findings, new Set(["not-canonical", "repeated-receiver", "unreadable"]));
});

test("verifyHours gives workers what is more than a few hours, and finds the same", async () => {
  const store = await storeWith(WORDS.flatMap((each) => [...filesOf([each])]));
  const bytes = new TextEncoder().encode("no batch\n");
  for (let hour = 0; hour < 9; hour++) {
    const timeUs = WORLD_US - hour * HOUR_US;
    await store.put(batchKey("other", { timeUs, digest: hasher.digest(bytes) }), bytes);
  }
  const ran: string[] = [];
  assert.deepEqual(await hourlyIn(store, ran), await listOf(verifyArchive({ store, hasher })));
  assert.equal(ran.length, 2 + 1 + 9 - 4, "of two channels with one and nine hours, but for four");
});
