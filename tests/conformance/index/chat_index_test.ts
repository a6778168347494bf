import { test } from "node:test";
import { memoryIndex } from "../../../src/adapters/memory/memory_index.ts";
import { loadSqlite } from "../../../src/adapters/sqlite/load_sqlite.ts";
import { sqliteIndex } from "../../../src/adapters/sqlite/sqlite_index.ts";
import { chatIndexSuite } from "../../../src/testing/suites/chat_index_suite.ts";
import { tempFolder } from "../disk/temp_folder.ts";

chatIndexSuite({
  test: (name, body) => test(`memory: ${name}`, body),
  open() {
    const index = memoryIndex();
    return { index, other: index };
  },
});

const sqlite = loadSqlite();

if (sqlite === undefined) {
  test("sqlite: ChatIndex", { skip: "this runtime has no node:sqlite" }, () => {});
} else {
  chatIndexSuite({
    test: (name, body) => test(`sqlite: ${name}`, body),
    open() {
      const folder = tempFolder();
      const index = sqliteIndex(folder.path)!;
      const other = sqliteIndex(folder.path)!;
      return {
        index,
        other,
        async close() {
          await index.close();
          await other.close();
          folder.close();
        },
      };
    },
  });
}
