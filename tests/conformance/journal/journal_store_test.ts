import { test } from "node:test";
import { fileSystemJournal } from "../../../src/adapters/file_system/file_system_journal.ts";
import { memoryJournal } from "../../../src/adapters/memory/memory_journal.ts";
import {
  faultyJournal,
  journalStoreSuite,
  type JournalStoreSuiteOptions,
} from "../../../src/testing/mod.ts";
import { startJournalWriter } from "./journal_writer_child.ts";
import { tempFolder } from "../disk/temp_folder.ts";

function check(name: string, open: JournalStoreSuiteOptions["open"]): void {
  journalStoreSuite({ test: (title, body) => test(`${name}: ${title}`, body), open });
}

check("memoryJournal", () => {
  const journal = memoryJournal();
  return {
    journal,
    crash: async (pieces) => {
      const run = await journal.openRun("child");
      for (const [n, piece] of pieces.entries()) {
        if (n > 0) run.rotate();
        run.append(piece);
      }
      journal.crash();
      return run.name;
    },
  };
});

check("fileSystemJournal", () => {
  const { path, close } = tempFolder();
  const root = `${path}/not/there/yet`;
  return {
    journal: fileSystemJournal(root),
    again: () => fileSystemJournal(root),
    crash: async (pieces) => {
      const child = startJournalWriter(root, pieces);
      try {
        return await child.nextLine();
      } finally {
        await child.kill();
      }
    },
    close,
  };
});

check("faultyJournal over memoryJournal", () => ({ journal: faultyJournal(memoryJournal()) }));
