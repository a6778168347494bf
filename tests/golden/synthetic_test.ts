import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { decodeBatch, encodeBatch } from "../../src/core/batch/batch.ts";
import { mergeBatches } from "../../src/core/merge/merge_batches.ts";
import { runCli } from "../cli/run_cli.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";

const SYNTHETIC = fileURLToPath(new URL("synthetic/", import.meta.url));
const CHAT = join("loomtest", "chat");

/** The batches of a tree: hour and name, with the colon that the tree may lack, and their text. */
function readTree(root: string): Map<string, string> {
  const chat = join(root, CHAT);
  const files = readdirSync(chat).sort().flatMap((hour) =>
    readdirSync(join(chat, hour)).sort().map((name) => join(hour, name))
  );
  return new Map(files.map((path) => [
    path.replace(/(\d\d)_(00-)/, "$1:$2"),
    readFileSync(join(chat, path), "utf8"),
  ]));
}

function bytesOf(node: string): Uint8Array[] {
  return [...readTree(join(SYNTHETIC, node)).values()].map((text) =>
    new TextEncoder().encode(text)
  );
}

for (
  const [first, second] of [["alpha", "beta"], ["beta", "alpha"], ["merged", "alpha"]] as const
) {
  test(`settle of ${first} and ${second} gives the very files of settled`, async (t) => {
    const folder = tempFolder();
    t.after(folder.close);
    const nodes = first === "merged" ? [first, second, "beta"] : [first, second];
    for (const node of nodes) cpSync(join(SYNTHETIC, node), folder.path, { recursive: true });
    const settled = readTree(join(SYNTHETIC, "settled"));
    for (const time of ["first", "second"]) {
      const { exitCode, stderr } = await runCli(["settle", "--archive", folder.path]);
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(readTree(folder.path), settled, `${time} time`);
    }
  });
}

test("the settled files are canonical and a fixed point of our merge", () => {
  for (const bytes of bytesOf("settled")) {
    assert.deepEqual(encodeBatch(decodeBatch(bytes)), bytes);
    assert.deepEqual(mergeBatches([bytes, bytes]), bytes);
  }
});

test("verify notes the files of the reference's recorder as not canonical, and calls none wrong", async (t) => {
  const folder = tempFolder();
  t.after(folder.close);
  cpSync(join(SYNTHETIC, "alpha"), folder.path, { recursive: true });
  const { exitCode, stdout, stderr } = await runCli(["verify", "--archive", folder.path]);
  assert.equal(exitCode, 0, stdout + stderr);
  assert.match(stdout, /not-canonical/);
});
