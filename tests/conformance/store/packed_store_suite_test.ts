import { test } from "node:test";
import { join } from "node:path";
import { packedStore } from "../../../src/adapters/file_system/packs/packed_store.ts";
import type { BatchStore } from "../../../src/ports/batch_store.ts";
import { compressFrame } from "../../../src/adapters/file_system/packs/zstd.ts";
import { batchStoreSuite, type BatchStoreSuiteOptions } from "../../../src/testing/mod.ts";
import { SPOILERS } from "../disk/bad_entries.ts";
import { tempFolder } from "../disk/temp_folder.ts";

function check(name: string, open: BatchStoreSuiteOptions["open"]): void {
  batchStoreSuite({ test: (title, body) => test(`${name}: ${title}`, body), open });
}

check("packedStore without packs", () => {
  const { path, close } = tempFolder();
  const root = `${path}/not/there/yet`;
  return { store: packedStore(root), again: () => packedStore(root), close };
});

check("packedStore that packs after each put", () => {
  const { path, close } = tempFolder();
  return { store: packing(path), again: () => packing(path), close };
});

// Those of the plain store are tested with it.
for (const what of ["a folder", "a link to nowhere"]) {
  const spoilPath = SPOILERS[what]!;
  check(`packedStore with ${what}`, () => {
    const { path, close } = tempFolder();
    const spoil = async (key: string) => {
      // The one that is packed would still be good.
      await packedStore(path, { isIntact: () => true }).delete(key);
      await spoilPath(join(path, key));
    };
    return { store: packing(path), again: () => packing(path), spoil, close };
  });
}

/** A store in which files are packed as soon as they are stored, while other calls go on. */
function packing(root: string): BatchStore {
  // The suite's bytes are not those that its names promise.
  const store = packedStore(root, {
    isIntact: () => true,
    compress: (content) => Promise.resolve(compressFrame(content, 1)),
  });
  let last: Promise<unknown> = Promise.resolve();
  return {
    list: (prefix, options) => store.list(prefix, options),
    folders: (folder, options) => store.folders(folder, options),
    get: (key, options) => store.get(key, options),
    delete: (key, options) => store.delete(key, options),
    strays: (prefix, options) => store.strays(prefix, options),
    async put(key, bytes, options) {
      await store.put(key, bytes, options);
      const [channel, room, hour] = key.split("/");
      if (room !== "chat") return;
      // One at a time, as under the archive's lock.
      last = last.then(() => store.pack(channel!, hour!)).catch(() => {});
      await last;
    },
  };
}
