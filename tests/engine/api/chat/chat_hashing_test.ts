import assert from "node:assert/strict";
import { test } from "node:test";
import { wasmHasher } from "../../../../src/adapters/hashers/wasm_hasher.ts";
import type { Hasher } from "../../../../src/ports/hasher.ts";
import { apiWorld, joined, NOON_S, said } from "../../../conformance/api/api_world.ts";

const hasher = await wasmHasher();
const RANGE = "start=2026-08-01T12:10&end=2026-08-01T12:20";

/** Counts how often bytes as long as these are hashed. */
function countingHasher(lengths: Map<number, number>): Hasher {
  return {
    digest(bytes) {
      lengths.set(bytes.length, (lengths.get(bytes.length) ?? 0) + 1);
      return Promise.resolve(hasher.digest(bytes));
    },
    stream: () => Promise.resolve(hasher.stream()),
  };
}

test("serving chat hashes a settled file once, and what several files make together once more", async () => {
  const lengths = new Map<number, number>();
  const world = apiWorld({ hasher: countingHasher(lengths) });
  const settled = [10, 11, 12].map((minute) => [
    said(minute * 60 + 1, `minute ${minute} `.repeat(10 * minute)),
    joined(minute * 60 + 20, 3),
  ]);
  for (const messages of settled) await world.put("forsen", messages);
  const keys: string[] = [];
  for (const receiver of ["alpha.AbCdE.0", "beta.xYz12.0"]) {
    keys.push(await world.put("forsen", [said(901, "both heard this ".repeat(90), { receiver })]));
  }
  const sizes = [];
  for await (const key of world.store.list("forsen/chat/2026-08-01T12/")) {
    sizes.push({ key, length: (await world.store.get(key))!.length });
  }
  const text = await world.text(`/forsen/chat.ndjson?${RANGE}`);
  const lines = text.split("\n").slice(0, -1);
  assert.equal(lines.length, 7);
  assert.equal(JSON.parse(lines[0]!).time, NOON_S + 601);
  for (const { key, length } of sizes.filter(({ key }) => !keys.includes(key))) {
    assert.equal(lengths.get(length), 1, `${key} is hashed once`);
  }
  const merged = lines.at(-1)!.length + 1;
  assert.equal(lengths.get(merged), 1, "what two files make has no name yet");
});
