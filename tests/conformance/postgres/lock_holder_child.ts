import process from "node:process";
import { openPostgresArchive } from "../../../src/adapters/postgres/postgres_archive.ts";
import { type Child, isProgram, startChild } from "../child_process.ts";

/** Starts a process that holds the lock of "forsen" in the archive at `address`, until it is killed. */
export function startLockHolder(address: string): Child {
  return startChild(import.meta.url, [address]);
}

if (isProgram(import.meta.url)) {
  const { lock } = await openPostgresArchive(process.argv[2]!);
  await lock.hold("forsen", async () => {
    console.log("held");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });
}
