import { Buffer } from "node:buffer";
import process from "node:process";
import { fileSystemJournal } from "../../../src/adapters/file_system/file_system_journal.ts";
import { type Child, isProgram, startChild } from "../child_process.ts";

/**
 * Starts a process that opens a journal under `root`, appends the pieces, rotating after each but
 * the last, prints the run's name and then does nothing.
 */
export function startJournalWriter(root: string, pieces: readonly Uint8Array[]): Child {
  const texts = pieces.map((piece) => Buffer.from(piece).toString("base64"));
  return startChild(import.meta.url, [root, ...texts]);
}

if (isProgram(import.meta.url)) {
  const [root = "", ...texts] = process.argv.slice(2);
  const run = await fileSystemJournal(root).openRun("child");
  for (const [n, text] of texts.entries()) {
    if (n > 0) run.rotate();
    run.append(Buffer.from(text, "base64"));
  }
  console.log(run.name);
  setInterval(() => {}, 1_000_000); // Until it is killed.
}
