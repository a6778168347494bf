import assert from "node:assert/strict";
import { decodeBatch, encodeBatch } from "../../src/core/batch/batch.ts";
import { BatchSyntaxError } from "../../src/core/errors/errors.ts";
import { mergeBatches } from "../../src/core/merge/merge_batches.ts";
import {
  chance,
  intBelow,
  pick,
  type SeededRandom,
} from "../../src/testing/chance/seeded_random.ts";
import { BATCH_LINES } from "./corpus.ts";
import { mutateBytes, mutateText } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

/**
 * Batch files: what is not valid is refused with its line and reason, by decoding and merging alike;
 * what is valid survives both.
 */
export const batchTarget: FuzzTarget = {
  name: "batches",
  check(random) {
    const bytes = file(random);
    const decoded = orRefusal(() => decodeBatch(bytes));
    const merged = orRefusal(() => mergeBatches([bytes]));
    if (decoded instanceof BatchSyntaxError || merged instanceof BatchSyntaxError) {
      assert.ok(decoded instanceof BatchSyntaxError, `merged what cannot be decoded: ${merged}`);
      assert.ok(merged instanceof BatchSyntaxError, `decoded what cannot be merged: ${decoded}`);
      assert.ok(decoded.line >= 1 && decoded.reason !== "");
      return;
    }
    const encoded = encodeBatch(decoded);
    assert.deepEqual(encodeBatch(decodeBatch(encoded)), encoded, "encoding is not canonical");
    assert.ok(isAscii(encoded) && isAscii(merged));
    assert.deepEqual(mergeBatches([encoded]), merged, "the form of a line changes its meaning");
    assert.deepEqual(mergeBatches([merged]), merged, "not idempotent");
    assert.deepEqual(mergeBatches([bytes, merged]), merged, "merged does not hold its input");
    const other = orRefusal(() => mergeBatches([file(random)]));
    if (other instanceof BatchSyntaxError) return;
    assert.deepEqual(mergeBatches([merged, other]), mergeBatches([other, bytes]), "order matters");
  },
};

function file(random: SeededRandom): Uint8Array {
  const lines = Array.from({ length: 1 + intBelow(random, 4) }, () => {
    const line = pick(random, BATCH_LINES);
    return chance(random, 0.3) ? mutateText(random, line, BATCH_LINES) : line;
  });
  if (chance(random, 0.2)) lines.push(lines[0]!);
  const bytes = new TextEncoder().encode(lines.join("\n") + (chance(random, 0.9) ? "\n" : ""));
  return chance(random, 0.2) ? mutateBytes(random, bytes) : bytes;
}

function orRefusal<T>(work: () => T): T | BatchSyntaxError {
  try {
    return work();
  } catch (error) {
    if (error instanceof BatchSyntaxError) return error;
    throw error;
  }
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x0a || (byte >= 0x20 && byte < 0x7f));
}
