import process from "node:process";
import { fileSystemJournal } from "../../../src/adapters/file_system/file_system_journal.ts";
import { type Child, isProgram, startChild } from "../child_process.ts";

/**
 * Starts a process that opens a journal under `root`, prints the run's name and then for ever appends
 * the lines `0`, `1`, `2` …, rotates now and then, and prints how many it has appended.
 */
export function startJournalCounter(root: string): Child {
  return startChild(import.meta.url, [root]);
}

if (isProgram(import.meta.url)) {
  const run = await fileSystemJournal(process.argv[2] ?? "").openRun("counter");
  process.stdout.write(`${run.name}\n`);
  const text = new TextEncoder();
  for (let count = 0;;) {
    for (let i = 0; i < 100; i++) run.append(text.encode(`${count++}\n`));
    if (count % 5000 === 0) run.rotate();
    await new Promise<void>((resolve) => process.stdout.write(`${count}\n`, () => resolve()));
  }
}
