import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeHasher } from "../../../../src/adapters/hashers/node_hasher.ts";
import { memoryStore } from "../../../../src/adapters/memory/memory_store.ts";
import { batchKey } from "../../../../src/core/archive/archive_key.ts";
import { decodeBatch, encodeBatch } from "../../../../src/core/batch/batch.ts";
import { contentKey, contentOfFields } from "../../../../src/core/batch/content.ts";
import type { Message } from "../../../../src/core/batch/message.ts";
import { contentHash } from "../../../../src/engine/import/archiving/content_hash.ts";
import {
  KnownMessages,
  sightingNames,
} from "../../../../src/engine/import/archiving/known_messages.ts";
import { goldenBatches, goldenMissing } from "../../../golden/golden_batches.ts";

const NOON_US = 1785587640_000_000;
const hasher = nodeHasher();

/** What is known of an hour that holds this batch. */
async function known(bytes: Uint8Array) {
  const store = memoryStore();
  const digest = await hasher.digest(bytes);
  await store.put(batchKey("forsen", { timeUs: NOON_US, digest }), bytes);
  const messages = new KnownMessages({ store, hasher }, () => {});
  await messages.load("forsen", NOON_US);
  return messages.hour("forsen", NOON_US)!;
}

function check(name: string, bytes: Uint8Array, found: Awaited<ReturnType<typeof known>>): void {
  const contents = new Set<number>();
  const ids = new Set<string>();
  const sightings = new Set<string>();
  for (const message of decodeBatch(bytes)) {
    const hash = contentHash(contentKey(contentOfFields(message)));
    contents.add(hash);
    const { tags } = message;
    if (tags !== null && Object.hasOwn(tags, "id")) ids.add(tags["id"]!);
    for (const each of sightingNames(hash, message)) sightings.add(each);
  }
  assert.deepEqual(found, { ids, contents, sightings }, name);
}

test("what is known of batches is what their messages say, read as bytes or parsed", {
  skip: goldenMissing,
}, async () => {
  for (const { name, bytes } of goldenBatches()) check(name, bytes, await known(bytes));
});

test("ids and receivers with escapes are known by what they mean", async () => {
  const message = (id: string | undefined, extra: object = {}): Message => {
    const tags = { ...(id === undefined ? {} : { id }), "tmi-sent-ts": "1785587640000" };
    return {
      ...{ command: "PRIVMSG", params: ["#forsen", 'a \u2603 "b" \\'], sender: "ada", user: null },
      ...{ host: null, tags, receivers: { 'al"pha\\.A.0': 1, "b.B.1": 2 }, ...extra },
      ...{ time: 1785587640, time_range: 0 },
    };
  };
  const bytes = encodeBatch([
    ...[
      message("plain"),
      message('"quoted"\\'),
      message("\u2603"),
      message(""),
      message(undefined),
    ],
    message("x", { later: { a: [1, "time"] } }),
    { ...message(undefined), tags: null, time_range: 5 },
  ]);
  check("escapes", bytes, await known(bytes));
});
