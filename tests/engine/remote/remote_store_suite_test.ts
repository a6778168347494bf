import { memoryBroker } from "../../../src/adapters/memory/memory_broker.ts";
import { memoryStore } from "../../../src/adapters/memory/memory_store.ts";
import { fileSystemLock } from "../../../src/adapters/file_system/file_system_lock.ts";
import { fileSystemStore } from "../../../src/adapters/file_system/file_system_store.ts";
import { tempFolder } from "../../conformance/disk/temp_folder.ts";
import { remoteSuite } from "./remote_suite.ts";

const openBroker = () => ({ broker: memoryBroker(), archive: "main" });

remoteSuite({
  title: "a broker and a store in memory",
  openBroker,
  openArchive: () => ({ store: memoryStore(), close: () => {} }),
});

remoteSuite({
  title: "a broker in memory and a folder",
  openBroker,
  openArchive: folderArchive,
});

function folderArchive() {
  const folder = tempFolder();
  return {
    store: fileSystemStore(folder.path),
    lock: fileSystemLock(folder.path),
    close: () => folder.close(),
  };
}
