import process from "node:process";
import { fileSystemLock } from "../../../src/adapters/file_system/file_system_lock.ts";
import { packedStore } from "../../../src/adapters/file_system/packs/packed_store.ts";
import { packArchive, unpackArchive } from "../../../src/engine/pack/pack_archive.ts";
import { type Child, isProgram, startChild } from "../child_process.ts";

/** Starts a process that packs and unpacks the archive in `folder` over and over, until it is killed. */
export function startPacker(folder: string): Child {
  return startChild(import.meta.url, [folder]);
}

if (isProgram(import.meta.url)) {
  const folder = process.argv[2]!;
  const store = packedStore(folder);
  const options = { store, packs: store, lock: fileSystemLock(folder) };
  console.log("packing");
  while (true) {
    for (const outcomes of [packArchive({ ...options, beforeUs: 8e15 }), unpackArchive(options)]) {
      for await (const { fault } of outcomes) if (fault !== undefined) throw new Error(fault);
    }
  }
}
