// A program of the tests: settles the archive in the folder given over and over, until it is killed.
import process from "node:process";
import { fileSystemLock } from "../../src/adapters/file_system_lock.ts";
import { fileSystemStore } from "../../src/adapters/file_system_store.ts";
import { wasmHasher } from "../../src/adapters/wasm_hasher.ts";
import { settleArchive } from "../../src/engine/settle/settle_archive.ts";
import { SILENT } from "../../src/ports/reporter.ts";
import { isProgram } from "./child_process.ts";

if (isProgram(import.meta.url)) {
  const folder = process.argv[2]!;
  const store = fileSystemStore(folder);
  const lock = fileSystemLock(folder);
  const hasher = await wasmHasher();
  console.log("settling");
  while (true) {
    await settleArchive({ store, hasher, lock, reporter: SILENT });
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
