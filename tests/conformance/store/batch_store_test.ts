import { join } from "node:path";
import { test } from "node:test";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { fileSystemVersions } from "../../../src/adapters/file_system/file_system_versions.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { rememberedListings } from "../../../src/engine/read/files/remembered_listings.ts";
import {
  batchStoreSuite,
  type BatchStoreSuiteOptions,
  faultyStore,
} from "../../../src/testing/mod.ts";
import { SPOILERS } from "../disk/bad_entries.ts";
import { tempFolder } from "../disk/temp_folder.ts";

function check(name: string, open: BatchStoreSuiteOptions["open"]): void {
  batchStoreSuite({ test: (title, body) => test(`${name}: ${title}`, body), open });
}

check("memoryStore", () => ({ store: memoryStore() }));

check("fileSystemStore", () => {
  const { path, close } = tempFolder();
  const root = `${path}/not/there/yet`;
  return { store: fileSystemStore(root), again: () => fileSystemStore(root), close };
});

check("fileSystemStore without colons", () => {
  const { path, close } = tempFolder();
  const open = () => fileSystemStore(path, { colon: "_" });
  return { store: open(), again: open, close };
});

check("rememberedListings over fileSystemStore", () => {
  const { path, close } = tempFolder();
  const open = () => rememberedListings(fileSystemStore(path), fileSystemVersions(path));
  return { store: open(), again: open, close };
});

check("faultyStore over memoryStore", () => {
  const store = faultyStore(memoryStore());
  return { store, spoil: store.spoil };
});

for (const [what, spoilPath] of Object.entries(SPOILERS)) {
  check(`fileSystemStore with ${what}`, () => {
    const { path, close } = tempFolder();
    const spoil = (key: string) => spoilPath(join(path, key));
    return { store: fileSystemStore(path), again: () => fileSystemStore(path), spoil, close };
  });
}

check("faultyStore that is slow", () => {
  const delay = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
  return { store: faultyStore(memoryStore(), { delay }) };
});
