import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeHasher } from "../../../src/adapters/hashers/node_hasher.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import {
  checkEd25519,
  ed25519Signer,
  newSigningKey,
} from "../../../src/adapters/signatures/ed25519.ts";
import { systemClock } from "../../../src/adapters/system/system_clock.ts";
import { batchKey } from "../../../src/core/archive/archive_key.ts";
import { encodeBatch } from "../../../src/core/batch/batch.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import { DAY_US, MINUTE_US } from "../../../src/core/time.ts";
import { checkManifest } from "../../../src/engine/manifest/check_manifest.ts";
import { makeManifest } from "../../../src/engine/manifest/make_manifest.ts";
import { openManifest } from "../../../src/engine/manifest/open_manifest.ts";
import { redact } from "../../../src/engine/redact/redact.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { seededRandom } from "../../../src/testing/chance/seeded_random.ts";

const DAY = Date.parse("2026-08-01") * 1000;
const hasher = nodeHasher();
const reporter = noopReporter;
const clock = systemClock();
const pem = await newSigningKey();
const signer = await ed25519Signer(pem);

/** A message `second` seconds into the day. */
function said(second: number, user: string, receiver = "alpha.AbCdE.0"): Message {
  const time = DAY / 1e6 + second;
  const tags = {
    id: `m-${user}-${second}`,
    "tmi-sent-ts": `${time * 1000}`,
    "user-id": `9${user}`,
  };
  const receivers = { [receiver]: time + 0.5 };
  const base = { command: "PRIVMSG", sender: user, user, host: `${user}.tmi.twitch.tv` };
  return { ...base, params: ["#forsen", `text ${second}`], tags, receivers, time, time_range: 0 };
}

function joined(second: number, range: number, user: string, receiver: string): Message {
  const time = DAY / 1e6 + second;
  const base = { command: "JOIN", sender: user, user, host: null, params: ["#forsen"], tags: null };
  return { ...base, receivers: { [receiver]: time + 1 }, time, time_range: range };
}

async function put(store: BatchStore, messages: readonly Message[]): Promise<string> {
  const bytes = encodeBatch(messages);
  const timeUs = Math.floor(messages[0]!.time * 1e6 / MINUTE_US) * MINUTE_US;
  const key = batchKey("forsen", { timeUs, digest: await hasher.digest(bytes) });
  await store.put(key, bytes);
  return key;
}

async function world(): Promise<{ store: BatchStore; keys: string[] }> {
  const store = memoryStore();
  const keys = [
    await put(store, [said(10, "ada"), said(20, "bob"), said(30, "ada")]),
    await put(store, [said(70, "bob"), joined(100, 30, "carl", "alpha.AbCdE.0")]),
    await put(store, [said(86_399, "ada")]),
  ];
  return { store, keys };
}

async function sign(store: BatchStore, listsMessages = true): Promise<string> {
  const options = { store, hasher, reporter, clock, signer, listsMessages };
  let text = "";
  const day = { dayUs: DAY, random: seededRandom(1) };
  for await (const line of makeManifest("forsen", { ...options, ...day })) text += line;
  return text;
}

async function open(text: string) {
  const bytes = new TextEncoder().encode(text);
  return await openManifest(bytes, { hasher, checkSignature: checkEd25519 });
}

/** What differs, as `kind path reason`. */
async function check(text: string, store: BatchStore): Promise<string[]> {
  const opened = await open(text);
  assert.ok(opened.ok, opened.ok ? "" : opened.reason);
  const found: string[] = [];
  for await (const each of checkManifest(opened.manifest, { store, hasher, reporter })) {
    found.push(`${each.kind} ${each.path.slice("forsen/chat/".length)} ${each.reason}`);
  }
  return found;
}

test("an unchanged day meets its manifest, with messages and without", async () => {
  const { store } = await world();
  for (const listsMessages of [true, false]) {
    assert.deepEqual(await check(await sign(store, listsMessages), store), []);
  }
});

test("another recording of the same messages is no difference, also where it moves one to another minute", async () => {
  const { store } = await world();
  const text = await sign(store);
  await put(store, [said(10, "ada", "beta.AbCdE.0"), said(20, "bob", "beta.AbCdE.0")]);
  // Heard twice, the JOIN is known to be of the minute after.
  await put(store, [joined(121, 20, "carl", "beta.AbCdE.0")]);
  assert.deepEqual(await check(text, store), []);
  await settleArchive({ store, hasher, reporter });
  assert.deepEqual(await check(text, store), []);
});

test("what an order removed is told from what a hand removed and added", async () => {
  const { store, keys } = await world();
  const text = await sign(store);
  await store.delete(keys[0]!);
  await put(store, [said(20, "bob"), said(31, "eve")]);
  assert.deepEqual(await check(text, store), [
    "missing 2026-08-01T00/00:00- 2 messages of the manifest, and no order says so",
    "added 2026-08-01T00/00:00- 1 message that the manifest does not list",
  ]);
  const target = { kind: "user", userId: "9ada", logins: ["ada"], beforeUs: undefined } as const;
  await redact("forsen", { target, reason: "asked" }, {
    ...{ store, hasher, reporter, clock },
  });
  assert.deepEqual(await check(text, store), [
    "added 2026-08-01T00/00:00- 1 message that the manifest does not list",
    "forgotten 2026-08-01T00/00:00- 2 messages of the manifest, by order",
    "forgotten 2026-08-01T23/59:00- 1 message of the manifest, by order",
  ]);
});

test("an order that forgets only what is older explains no later loss", async () => {
  const { store, keys } = await world();
  const text = await sign(store);
  const beforeUs = DAY + 10 * MINUTE_US;
  const target = { kind: "user", userId: "9ada", logins: [], beforeUs } as const;
  await redact("forsen", { target, reason: "asked" }, {
    ...{ store, hasher, reporter, clock },
  });
  await store.delete(keys[2]!);
  assert.deepEqual(await check(text, store), [
    "forgotten 2026-08-01T00/00:00- 2 messages of the manifest, by order",
    "missing 2026-08-01T23/59:00- 1 message of the manifest, and no order says so",
  ]);
});

test("a manifest without messages names the minutes whose files changed", async () => {
  const { store, keys } = await world();
  const text = await sign(store, false);
  await store.delete(keys[0]!);
  await put(store, [said(100, "eve")]);
  const found = await check(text, store);
  assert.deepEqual(found.map((each) => each.slice(0, 30)), [
    "missing 2026-08-01T00/00:00- 1",
    "added 2026-08-01T00/01:00- 0 f",
  ]);
});

test("the order itself may not go either", async () => {
  const { store } = await world();
  const target = { kind: "message", id: "m-ada-10" } as const;
  const done = await redact("forsen", { target, reason: "" }, {
    ...{ store, hasher, reporter, clock },
  });
  const text = await sign(store);
  await store.delete(done.orders[0]!.key);
  assert.match((await check(text, store)).join(), /^missing .*the manifest lists it$/);
});

test("no changed byte of a manifest passes, and no cut", async () => {
  const { store } = await world();
  const text = await sign(store);
  assert.ok((await open(text)).ok);
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = bytes.slice();
    changed[at]! ^= 1;
    const opened = await openManifest(changed, { hasher, checkSignature: checkEd25519 });
    assert.ok(!opened.ok, `byte ${at} of ${bytes.length}`);
  }
  const lines = text.split("\n");
  assert.ok(!(await open(lines.slice(1).join("\n"))).ok, "a line less");
  assert.ok(!(await open(text.slice(0, -20))).ok, "cut off");
  assert.ok(!(await open("")).ok, "empty");
});

test("a day with a file that cannot be read is not signed", async () => {
  const { store } = await world();
  const digest = new Uint8Array(32);
  await store.put(batchKey("forsen", { timeUs: DAY + DAY_US / 2, digest }), new Uint8Array(5));
  await assert.rejects(sign(store), /Cannot sign the day: 1 files cannot be read/);
});
