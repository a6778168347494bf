/** Archives in both layouts as the page takes them in, without a browser. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { wasmHasher } from "../../src/adapters/hashers/wasm_hasher.ts";
import { firstPathOf } from "../../src/core/archive/first_layout.ts";
import { mergeCoverage, parseCoverage } from "../../src/core/coverage/coverage.ts";
import type { SourceInput } from "../../src/web/sources/report.ts";
import { SourceCollection } from "../../src/web/sources/source_collection.ts";
import { apiWorld, said } from "../conformance/api/api_world.ts";
import {
  coverageFile,
  type KeyedFile,
  redactionFile,
} from "../conformance/store/first_layout_archive.ts";
import { tempFolder } from "../conformance/disk/temp_folder.ts";
import { readTree } from "./page/page_archives.ts";

const HOUR = "2026-08-01T12";
const OPTIONS = { signal: new AbortController().signal, onProgress: () => {} };
const world = apiWorld();
const batch = await world.put("forsen", [
  said(1, "stays"),
  said(2, "goes", { tags: { id: "forget-me" } }),
]);
const FILES: readonly KeyedFile[] = [
  { key: batch, bytes: (await world.store.get(batch))! },
  redactionFile("forsen", "forget-me"),
  coverageFile("forsen", HOUR, "a.AAAAA.0"),
  coverageFile("forsen", HOUR, "b.AAAAA.0"),
];

/** Merges what one source holds, as the page does; the files of the result by their paths in its zip. */
async function merged(input: SourceInput): Promise<Map<string, Uint8Array>> {
  const collection = new SourceCollection(await wasmHasher());
  const report = await collection.add(input, OPTIONS);
  assert.deepEqual(report.problems, []);
  assert.equal(report.redactions, 1);
  await collection.merge(OPTIONS);
  const zip = await collection.zip(":", OPTIONS);
  // What the page gives is what it takes.
  const read = new SourceCollection(await wasmHasher());
  const file = new File([zip], "out.zip");
  assert.deepEqual((await read.add({ kind: "packed", name: "zip", file }, OPTIONS)).problems, []);
  const files = new Map<string, Uint8Array>();
  for await (const key of read.archive.list("")) files.set(key, (await read.archive.get(key))!);
  return files;
}

for (const isFirst of [true, false]) {
  const pathOf = (key: string) => isFirst ? firstPathOf(key) ?? key : key;
  const what = isFirst ? "the first layout" : "today's layout";
  test(`the page obeys and passes on what an archive in ${what} knows`, async (t) => {
    const { path: root, close } = tempFolder();
    t.after(close);
    for (const { key, bytes } of FILES) {
      const path = join(root, "archive", pathOf(key));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, bytes);
    }
    const tree = readTree(join(root, "archive"));
    const files = [...tree].map(([path, bytes]) => ({
      path: `archive/${path}`,
      file: new File([bytes as Uint8Array<ArrayBuffer>], path.split("/").at(-1)!),
    }));
    assert.equal(spawnSync("tar", ["-czf", join(root, "a.tgz"), "-C", root, "archive"]).status, 0);
    const tar = new File([readFileSync(join(root, "a.tgz"))], "a.tgz");
    const inputs: SourceInput[] = [
      { kind: "files", name: "archive", files },
      { kind: "packed", name: "a.tgz", file: tar },
    ];
    for (const input of inputs) {
      const result = await merged(input);
      const keys = [...result.keys()];
      const [heard, order, chat, ...more] = keys;
      assert.deepEqual(more, [], `${keys}`);
      assert.equal(order, FILES[1]!.key);
      assert.match(heard!, new RegExp(`^forsen/\\.chatloom/coverage/${HOUR}/`));
      const parsed = parseCoverage(result.get(heard!)!);
      assert.deepEqual(parsed.ok && [...mergeCoverage([parsed.coverage]).keys()], [
        "a.AAAAA.0",
        "b.AAAAA.0",
      ]);
      const text = new TextDecoder().decode(result.get(chat!));
      assert.match(text, /stays/);
      assert.doesNotMatch(text, /goes/);
    }
  });
}
