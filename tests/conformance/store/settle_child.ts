import process from "node:process";
import { fileSystemLock } from "../../../src/adapters/file_system/file_system_lock.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { wasmHasher } from "../../../src/adapters/hashers/wasm_hasher.ts";
import { settleArchive } from "../../../src/engine/settle/settle_archive.ts";
import { settleThreads } from "../../../src/node/wiring/settle_thread.ts";
import { noopReporter } from "../../../src/ports/reporter.ts";
import { type Child, isProgram, startChild } from "../child_process.ts";

/**
 * Starts a process that settles the archive in `folder` over and over, until it is killed; with
 * `threadCount` threads that plan from the first minute on.
 */
export function startSettler(folder: string, threadCount = 0): Child {
  return startChild(import.meta.url, [folder, String(threadCount)]);
}

if (isProgram(import.meta.url)) {
  const folder = process.argv[2]!;
  process.env["CHATLOOM_THREADS"] = process.argv[3];
  const { workers } = settleThreads(folder);
  const store = fileSystemStore(folder);
  const lock = fileSystemLock(folder);
  const hasher = await wasmHasher();
  console.log("settling");
  while (true) {
    await settleArchive({ store, hasher, lock, reporter: noopReporter, workers });
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
