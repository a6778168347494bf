import process from "node:process";
import { fileSystemLock } from "../../../src/adapters/file_system/file_system_lock.ts";
import { type Child, isProgram, startChild } from "../child_process.ts";

/** Starts a process that holds the lock of "forsen" in the archive `folder`, until it is killed. */
export function startLockHolder(folder: string): Child {
  return startChild(import.meta.url, [folder]);
}

if (isProgram(import.meta.url)) {
  await fileSystemLock(process.argv[2]!).hold("forsen", async () => {
    console.log("held");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });
}
