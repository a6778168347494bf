import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { MerkleRoot } from "../../../src/engine/manifest/merkle_root.ts";

function digest(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

function hash(prefix: number, ...pieces: readonly Uint8Array[]): Uint8Array {
  const all = createHash("sha256").update(Uint8Array.of(prefix));
  for (const piece of pieces) all.update(piece);
  return new Uint8Array(all.digest());
}

/** RFC 6962, as it defines the tree: from the whole list downward. */
function definedRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return digest(new Uint8Array());
  if (leaves.length === 1) return hash(0, leaves[0]!);
  let split = 1;
  while (2 * split < leaves.length) split *= 2;
  return hash(1, definedRoot(leaves.slice(0, split)), definedRoot(leaves.slice(split)));
}

test("the root is that of RFC 6962, for every count of leaves up to 70", async () => {
  const leaves: Uint8Array[] = [];
  for (let count = 0; count <= 70; count++) {
    const tree = new MerkleRoot(digest);
    for (const leaf of leaves) await tree.add(leaf);
    assert.deepEqual(await tree.root(), definedRoot(leaves), `${count} leaves`);
    assert.equal(tree.count, count);
    leaves.push(new TextEncoder().encode(`leaf ${count}`));
  }
});

test("the roots of no leaf and of an empty one are those that are known", async () => {
  const hex = async (tree: MerkleRoot) => Buffer.from(await tree.root()).toString("hex");
  const tree = new MerkleRoot(digest);
  assert.equal(
    await hex(tree),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  await tree.add(new Uint8Array());
  assert.equal(
    await hex(tree),
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  );
});
