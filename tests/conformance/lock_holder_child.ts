// A program of the tests: holds the lock of the archive in the folder given, until it is killed.
import process from "node:process";
import { fileSystemLock } from "../../src/adapters/file_system_lock.ts";
import { isProgram } from "./child_process.ts";

if (isProgram(import.meta.url)) {
  await fileSystemLock(process.argv[2]!).hold("forsen", async () => {
    console.log("held");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });
}
