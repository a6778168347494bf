import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { batchKey, parseArchiveKey } from "../../../src/core/archive/archive_key.ts";
import { decodeBatch, encodeBatch } from "../../../src/core/batch/batch.ts";
import type { Message } from "../../../src/core/batch/message.ts";
import type { RedactedMessage, RedactedUser } from "../../../src/core/redaction/redaction.ts";
import { MINUTE_US, SECOND_US } from "../../../src/core/time.ts";
import {
  findLogins,
  listRedactions,
  previewRedaction,
  redact,
} from "../../../src/engine/redact/redact.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { collect } from "../../../src/testing/suites/suite.ts";
import { virtualClock } from "../../../src/testing/time/virtual_clock.ts";
import { hasher, WORLD_US } from "../../simulation/settle/settle_world.ts";

const CHANNEL = "c";

function messageOf(id: string, user: string, minute: number): Message {
  const timeUs = WORLD_US + minute * MINUTE_US;
  return {
    command: "PRIVMSG",
    host: "h",
    params: [`#${CHANNEL}`, `text of ${id}`],
    receivers: { "n.aaaaa.1": timeUs / SECOND_US },
    sender: `name${user}`,
    tags: {
      "display-name": `Name${user}`,
      id,
      "tmi-sent-ts": `${timeUs / 1_000}`,
      "user-id": user,
    },
    time: timeUs / SECOND_US,
    time_range: 0,
    user: `name${user}`,
  };
}

/** Two users in three minutes: `1` wrote a, b and d, `2` wrote c. */
async function world() {
  const store = memoryStore();
  const minutes = [
    [messageOf("a", "1", 0)],
    [messageOf("b", "1", 1), messageOf("c", "2", 1)],
    [messageOf("d", "1", 2)],
  ];
  for (const [minute, messages] of minutes.entries()) {
    const bytes = encodeBatch(messages);
    const timeUs = WORLD_US + minute * MINUTE_US;
    await store.put(batchKey(CHANNEL, { timeUs, digest: hasher.digest(bytes) }), bytes);
  }
  const options = { store, hasher, clock: virtualClock(), reporter: noopReporter };
  const obey = (target: RedactedMessage | RedactedUser) =>
    redact(CHANNEL, { target, reason: "asked" }, options);
  const left = async (): Promise<string> => {
    const ids: string[] = [];
    for await (const key of store.list("")) {
      if (parseArchiveKey(key)?.kind !== "batch") continue;
      ids.push(...decodeBatch((await store.get(key))!).map(({ tags }) => tags!["id"]!));
    }
    return ids.sort().join("");
  };
  return { store, options, obey, left };
}

const USER: RedactedUser = { kind: "user", userId: "1", logins: [], beforeUs: undefined };

test("redact forgets a message, or all that a user wrote, and counts both", async () => {
  const { obey, left } = await world();
  const one = await obey({ kind: "message", id: "b" });
  assert.deepEqual([one.messages, one.minutes, await left()], [1, 1, "acd"]);
  assert.deepEqual(one.settled, { minutes: 1, written: 1, deleted: 1 });
  const all = await obey(USER);
  assert.deepEqual([all.messages, all.minutes, await left()], [2, 2, "c"]);
  assert.deepEqual(all.settled, { minutes: 2, written: 0, deleted: 2 });
  const again = await obey(USER);
  assert.deepEqual([again.messages, again.minutes, again.orders[0]!.isNew], [0, 0, false]);
  assert.equal(again.orders[0]!.key, all.orders[0]!.key);
});

test("redact makes no second order for what one covers", async () => {
  const { obey, options } = await world();
  const isNew = async (target: RedactedMessage | RedactedUser): Promise<boolean> =>
    (await obey(target)).orders[0]!.isNew;
  const [early, late] = [WORLD_US, WORLD_US + MINUTE_US];
  assert.equal(await isNew({ kind: "message", id: "b" }), true);
  assert.equal(await isNew({ kind: "message", id: "b" }), false);
  assert.equal(await isNew({ kind: "message", id: "1" }), true);
  assert.equal(await isNew({ ...USER, beforeUs: late, logins: ["x", "y"] }), true);
  assert.equal(await isNew({ ...USER, beforeUs: late, logins: ["x"] }), false);
  assert.equal(await isNew({ ...USER, beforeUs: early, logins: [] }), false);
  assert.equal(await isNew({ ...USER, beforeUs: late, logins: ["z"] }), true);
  assert.equal(await isNew({ ...USER, beforeUs: late + 1, logins: ["x"] }), true);
  assert.equal(await isNew({ ...USER, userId: "2", beforeUs: late }), true);
  assert.equal(await isNew({ ...USER, logins: ["x", "y", "z"] }), true);
  assert.equal(await isNew({ ...USER, beforeUs: late, logins: ["z"] }), false);
  assert.equal((await listRedactions(CHANNEL, options)).length, 7);
});

test("redact splits the names of a user over orders of 128", async () => {
  const { obey } = await world();
  const names = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `n${String(i).padStart(3, "0")}`);
  for (const [count, orders] of [[128, 1], [129, 2], [256, 2], [257, 3]] as const) {
    const target = { ...USER, userId: `${count}`, logins: names(count) };
    assert.equal((await obey(target)).orders.length, orders, `${count} names`);
  }
});

test("redact keeps to what is older than it is told", async () => {
  const { obey, left } = await world();
  const done = await obey({ ...USER, beforeUs: WORLD_US + MINUTE_US });
  assert.deepEqual([done.messages, await left()], [1, "bcd"]);
});

test("previewRedaction tells what would go, minute by minute, and changes nothing", async () => {
  const { options, left } = await world();
  const minutes = await collect(previewRedaction(CHANNEL, USER, options));
  const found = minutes.map(({ minuteUs, matches }) => [
    (minuteUs - WORLD_US) / MINUTE_US,
    matches.map(({ tags }) => tags!["id"]),
  ]);
  assert.deepEqual(found, [[0, ["a"]], [1, ["b"]], [2, ["d"]]]);
  assert.equal(await left(), "abcd");
});

test("findLogins gives the names of one user, in order, each once", async () => {
  const { store, options } = await world();
  const renamed = { ...messageOf("e", "1", 3), sender: "a_name", user: "a_name" };
  // Of those whom a message names beside its author, each has names of their own.
  const reply = {
    ...renamed,
    tags: {
      ...renamed.tags,
      id: "g",
      "reply-parent-user-id": "7",
      "reply-parent-user-login": "someone",
    },
  };
  const long = { ...messageOf("f", "1", 3), sender: "x".repeat(65), user: "y".repeat(64) };
  const bytes = encodeBatch([renamed, reply, long]);
  const key = batchKey(CHANNEL, { timeUs: WORLD_US + 3 * MINUTE_US, digest: hasher.digest(bytes) });
  await store.put(key, bytes);
  let scanned = 0;
  const find = (userId: string, beforeUs?: number) =>
    findLogins(CHANNEL, { userId, beforeUs }, { ...options, onScanned: () => scanned++ });
  assert.deepEqual(await find("1"), ["a_name", "name1", "y".repeat(64)]);
  assert.equal(scanned, 4);
  assert.deepEqual(await find("1", WORLD_US + MINUTE_US), ["name1"]);
  assert.deepEqual(await find("2"), ["name2"]);
  assert.deepEqual(await find("7"), ["someone"]);
  assert.deepEqual(await find("3"), []);
});
