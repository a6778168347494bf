import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { memoryStore } from "../../src/adapters/memory/memory_store.ts";
import { wasmHasher } from "../../src/adapters/hashers/wasm_hasher.ts";
import { parseArchiveKey } from "../../src/core/archive/archive_key.ts";
import { decodeBatch, encodeBatch } from "../../src/core/batch/batch.ts";
import { toDigestText } from "../../src/core/archive/digest_text.ts";
import { importCapture } from "../../src/engine/import/import_capture.ts";
import type { BatchStore } from "../../src/ports/batch_store.ts";
import { noopReporter } from "../../src/ports/reporter.ts";
import { goldenBatches, goldenMissing, withFloatRanges } from "./golden_batches.ts";

const capture = new URL(
  "../../../shared/data/lines/go-twitch-irc-channel-xqcow.txt",
  import.meta.url,
);
const skip = existsSync(capture) ? false : `${capture.pathname} is missing`;

async function importInto(store: BatchStore, bytes: Uint8Array, pieceBytes = 65_536) {
  const hasher = await wasmHasher();
  return await importCapture({
    name: "capture",
    async *open() {
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        yield bytes.subarray(at, at + pieceBytes);
        await Promise.resolve();
      }
    },
  }, { store, hasher, reporter: noopReporter });
}

async function filesOf(store: BatchStore): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for await (const key of store.list("")) files.set(key, (await store.get(key))!);
  return files;
}

test("importCapture archives all 5,000 lines of a real capture, each once", { skip }, async () => {
  const store = memoryStore();
  const bytes = readFileSync(capture);
  const done = await importInto(store, bytes);
  assert.deepEqual({ lines: done.lines, messages: done.messages }, {
    lines: 5_000,
    messages: 5_000,
  });
  const files = await filesOf(store);
  let messages = 0;
  for (const [key, file] of files) {
    const digest = createHash("sha256").update(file).digest();
    assert.equal(toDigestText(parseArchiveKey(key)!.digest), toDigestText(digest), key);
    messages += decodeBatch(file).length;
  }
  assert.equal(messages, 5_000);

  await importInto(store, bytes, 777);
  assert.deepEqual(await filesOf(store), files, "importing it again, in other pieces, changed it");
});

function concat(pieces: readonly Uint8Array[]): string {
  return pieces.map((piece) => new TextDecoder().decode(piece)).join("");
}

// What the design says a canonical line is: exactly what Python prints.
const PYTHON = `
import json, sys
count = 0
for line in sys.stdin.buffer.read().decode("ascii").split("\\n")[:-1]:
    printed = json.dumps(json.loads(line), separators=(",", ":"), sort_keys=True)
    if printed != line: sys.exit(line + " is not " + printed)
    count += 1
print(count)
`;
const hasPython = spawnSync("python3", ["--version"]).status === 0;
const skipPython = skip || (hasPython ? false : "python3 is missing");

test("importCapture writes every line as Python prints it", { skip: skipPython }, async () => {
  const store = memoryStore();
  await importInto(store, readFileSync(capture));
  for (const name of ["chatterino2-samples", "dank-twitch-irc", "tmi.js", "twitch4j", "tmi-rs"]) {
    await importInto(store, readFileSync(new URL(`${name}.txt`, capture)));
  }
  const input = concat([...(await filesOf(store)).values()]);
  const printed = execFileSync("python3", ["-c", PYTHON], { input, encoding: "utf8" });
  assert.ok(Number(printed) > 5_100, printed);
});

test("decodeBatch and encodeBatch give back the reference's own batches, whole ranges as floats", {
  skip: goldenMissing,
}, () => {
  const batches = goldenBatches();
  assert.ok(batches.length >= 8);
  for (const { name, bytes } of batches) {
    const text = new TextDecoder().decode(encodeBatch(decodeBatch(bytes)));
    assert.equal(text, withFloatRanges(new TextDecoder().decode(bytes)), name);
  }
});
