import { test } from "node:test";
import { fileSystemStore } from "../../src/adapters/file_system_store.ts";
import { memoryStore } from "../../src/adapters/memory_store.ts";
import {
  batchStoreSuite,
  type BatchStoreSuiteOptions,
  faultyStore,
} from "../../src/testing/mod.ts";
import { tempFolder } from "./temp_folder.ts";

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

check("faultyStore over memoryStore", () => ({ store: faultyStore(memoryStore()) }));

check("faultyStore that is slow", () => {
  const delay = () => new Promise<void>((resolve) => setTimeout(resolve, 0));
  return { store: faultyStore(memoryStore(), { delay }) };
});
